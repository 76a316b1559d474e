# SPDX-License-Identifier: GPL-2.0-only
"""Guests with several CPUs, of which some come and go."""
import live_update
import nic
from handover import command
from suite import test
from update_tests import execute, expect, expect_nics

CPUS = "/sys/devices/system/cpu/"


def take_offline(vm, cpu):
    vm.write(f"{CPUS}cpu{cpu}/online", "0")


def take_online(vm, cpu):
    vm.write(f"{CPUS}cpu{cpu}/online", "1")


def expect_online(vm, wanted):
    found = vm.read(CPUS + "online")
    expect(found == wanted, f"CPUs {found} are online, not {wanted}")


@test(cpus=4)
def whole_update_four_cpus(vm, notes):
    live_update.perform(vm, live_update.Story(notes))
    expect_online(vm, "0-3")


@test(cpus=4)
def cpus_come_and_go(vm, _notes):
    """In every state; the next kernel has all of them again."""
    nic.set_up(vm)
    take_offline(vm, 3)
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    take_offline(vm, 1)
    nic.change_settings(vm)
    before = nic.dump(vm)
    command(vm, "prepare", after="prepared")
    take_online(vm, 3)
    command(vm, "save", after="saved")
    take_offline(vm, 2)
    expect_online(vm, "0,3")
    execute(vm)
    expect_online(vm, "0-3")
    expect_nics(vm, before)
    take_offline(vm, 3)
    command(vm, "finish", after="idle")


@test(cpus=4)
def cpu_offline_while_called_off(vm, _notes):
    nic.set_up(vm)
    before = nic.dump(vm)
    for cpu in (1, 2, 3):
        command(vm, "prepare", after="prepared")
        take_offline(vm, cpu)
        command(vm, "save", after="saved")
        take_online(vm, cpu)
        command(vm, "abort", after="idle")
        expect_nics(vm, before)


@test(cpus=2, skip={"x86_64": "the first CPU never goes offline"})
def first_cpu_offline(vm, _notes):
    """The next kernel boots on another one."""
    nic.set_up(vm)
    vm.kexec_load()
    before = nic.dump(vm)
    take_offline(vm, 0)
    for _ in range(2):
        command(vm, "save", after="saved")
        execute(vm)
        expect_online(vm, "0-1")
        expect_nics(vm, before)
        command(vm, "finish", after="idle")
        vm.kexec_load()
