# SPDX-License-Identifier: GPL-2.0-only
"""Memory of every kind, carried by a module that knows mainline's API only."""
from handover import KHO
from suite import test
from update_tests import expect, refuse_execution
from vm import GuestError

MODULE = "/lib/modules/kho_carry.ko"
HOPS = "/sys/module/kho_carry/parameters/hops"
COUNT = KHO + "kexec_count"


def load(vm, hops, module=MODULE):
    """Loads the module, which checks what it was handed."""
    vm.sh(f"insmod {module} || {{ dmesg | tail -n 5 >&2; false; }}")
    found = int(vm.read(HOPS))
    if found != hops:
        raise GuestError(f"memory has come {found} hops, not {hops}")


def free_pages(vm):
    """Pages that nobody uses, once the page cache is empty."""
    vm.sh("echo 3 > /proc/sys/vm/drop_caches")
    return int(vm.sh("awk '/nr_free_pages/ {print $2}' /proc/vmstat"))


@test()
def carry_memory(vm, notes):
    for hop in range(3):
        load(vm, hop)
        if int(vm.read(COUNT)) != hop:
            raise GuestError(f"{vm.read(COUNT)} kexecs counted, not {hop}")
        vm.kexec_load()
        vm.kexec()
        print(f"hop {hop + 1}: {free_pages(vm)} pages free", file=notes)
    load(vm, 3)
    vm.sh("rmmod kho_carry")


@test()
def image_that_would_lose_memory(vm, _notes):
    """kexec_load(2) cannot carry what a user of the core has preserved."""
    load(vm, 0)
    vm.kexec_load(syscall="-c")
    refuse_execution(vm, "busy")
    expect("kexec_file_load" in vm.read(KHO + "last_error"),
           "last_error doesn't say why")
    vm.sh("rmmod kho_carry")
    vm.kexec()
    load(vm, 0)


@test()
def carry_nothing_that_was_unpreserved(vm, _notes):
    load(vm, 0)
    vm.sh("rmmod kho_carry")
    vm.kexec_load()
    vm.kexec()
    load(vm, 0)


@test()
def carry_past_a_kernel_that_does_not_ask(vm, _notes):
    """What came in for somebody who isn't there is handed on, whole."""
    load(vm, 0)
    vm.kexec_load()
    vm.kexec()
    vm.kexec_load(syscall="-c")
    refuse_execution(vm, "busy")
    vm.kexec_load()
    expect(b"kho_carry" in vm.read_binary(KHO + "dt"),
           "it is not part of the next handover")
    vm.kexec()
    load(vm, 1)
    vm.sh("rmmod kho_carry")


@test()
def carry_asked_for_late(vm, _notes):
    """It is handed on until its owner comes, who hands over something else."""
    load(vm, 0)
    vm.kexec_load()
    vm.kexec()
    vm.kexec_load()
    load(vm, 1)
    vm.kexec()
    load(vm, 2)
    vm.sh("rmmod kho_carry")
    expect(b"kho_carry" not in vm.read_binary(KHO + "dt"),
           "it is still handed over")
    vm.kexec_load()
    vm.kexec()
    load(vm, 0)
