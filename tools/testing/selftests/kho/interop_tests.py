# SPDX-License-Identifier: GPL-2.0-only
"""Handovers between this kernel and mainline's, both ways."""
import collections
import re

import nic
from carry_tests import load
from handover import KHO, command, expect_state
from suite import test
from update_tests import execute, expect, refuse_execution
from vm import GuestError

# told: how it says in its log who has handed over, and the number of kexecs
Kernel = collections.namedtuple("Kernel", "release path module told")

OURS = Kernel("6.12.", "/boot/ours", "/lib/modules/ours/kho_carry.ko",
              r"handed over by (\S+) \(kexec (\d+) since")
MAINLINE = Kernel("7.2.", "/boot/kernel", "/lib/modules/kho_carry.ko",
                  r"exec from: (\S+) \(count (\d+)\)")


def release(vm, kernel):
    """The release of the running kernel, which has to be this one."""
    found = vm.sh("uname -r").strip()
    if not found.startswith(kernel.release):
        raise GuestError(f"{found} is running, not {kernel.release}x")
    return found


def hop(vm, last, kernel, count):
    """Executes a kernel, which has to say that it was handed something."""
    wanted = (release(vm, last), str(count))
    vm.kexec_load(kernel.path)
    vm.kexec()
    release(vm, kernel)
    log = vm.sh("dmesg")
    told = re.search(kernel.told, log)
    if not told or told.groups() != wanted:
        raise GuestError(f"not handed over by {' as number '.join(wanted)}:\n"
                         + "\n".join(line for line in log.splitlines()
                                     if re.search("kho|exec", line, re.I)))


def carry(vm, kernels, notes):
    """Carries memory from each kernel to the one after it."""
    last = None
    for hops, kernel in enumerate(kernels):
        if last:
            hop(vm, last, kernel, hops)
        load(vm, hops, kernel.module)
        print(f"hop {hops}: {release(vm, kernel)}", file=notes)
        last = kernel
    vm.sh("rmmod kho_carry")


@test(packed="mainline", suite="interop")
def carry_from_ours(vm, notes):
    carry(vm, (OURS, MAINLINE, OURS, MAINLINE, OURS), notes)


@test("mainline", packed="mainline", suite="interop")
def carry_from_mainline(vm, notes):
    carry(vm, (MAINLINE, OURS, MAINLINE, OURS, MAINLINE), notes)


@test(packed="mainline", suite="interop")
def clients_are_not_lost(vm, notes):
    """Mainline restores no clients, so it can't be executed by accident."""
    nic.create(vm, nic.NIC)
    vm.kexec_load(MAINLINE.path)
    command(vm, "prepare", after="prepared")
    refuse_execution(vm, "Protocol error")
    error = vm.read(KHO + "last_error")
    print(error, file=notes)
    expect("can't restore clients" in error, "last_error doesn't say why")
    command(vm, "abort", after="idle")
    hop(vm, OURS, MAINLINE, 1)
    hop(vm, MAINLINE, OURS, 2)
    expect_state(vm, "idle")
    expect(not nic.ports(vm, nic.NIC), "a device has come from nowhere")

    nic.create(vm, nic.NIC)
    vm.kexec_load(OURS.path)
    command(vm, "save", after="saved")
    execute(vm)
    expect(nic.ports(vm, nic.NIC), "the device isn't back")
    command(vm, "finish", after="idle")
