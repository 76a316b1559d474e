# SPDX-License-Identifier: GPL-2.0-only
"""How long the blackout of many clients is that each take as long."""
import handover
import nic
from handover import command
from suite import test
from update_tests import execute, expect

FIRST_ID = 100
DELAY_MS = 100


def blackout(vm, count):
    """(save, restore) in ms of COUNT devices that take DELAY_MS for each."""
    knobs = f"{nic.DEBUGFS}netdevsim$id/kho/"
    vm.sh(f"""set -e
        for id in $(seq {FIRST_ID} {FIRST_ID + count - 1}); do
            echo "$id 1 1" > {nic.BUS}new_device
            echo {DELAY_MS} > {knobs}save_delay_ms
            echo {DELAY_MS} > {knobs}restore_delay_ms
        done""")
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    command(vm, "save", after="saved")
    execute(vm)
    line = handover.timeline(vm)
    vm.sh(f"""for id in $(seq {FIRST_ID} {FIRST_ID + count - 1}); do
            echo "$id" > {nic.BUS}del_device
        done""")
    return ((line["saved"] - line["save"]) / 1000,
            (line["restored"] - line["restore"]) / 1000)


def measure(vm, notes, cpus):
    print(f"{cpus} CPUs, {DELAY_MS} ms for each client to save and to restore",
          file=notes)
    for count in (1, 8, 64):
        save, restore = blackout(vm, count)
        print(f"{count} clients: saved in {save:.0f} ms, restored in "
              f"{restore:.0f} ms", file=notes)


@test(cpus=2)
def clients_side_by_side(vm, notes):
    """Eight take less than half of what they would take one by one."""
    for part, took in zip(("save", "restore"), blackout(vm, 8)):
        print(f"8 clients: {part} {took:.0f} ms, {DELAY_MS} ms of it idle",
              file=notes)
        expect(took < 8 * DELAY_MS / 2, f"{part} took {took:.0f} ms: they "
               "wait for each other")


@test(cpus=2, suite="parallel")
def parallel_on_two_cpus(vm, notes):
    measure(vm, notes, 2)


@test(cpus=4, suite="parallel")
def parallel_on_four_cpus(vm, notes):
    measure(vm, notes, 4)
