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
    """{phase: (ms it took, ms it took the clients in sum)} of COUNT devices."""
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
    line, clients = handover.timeline(vm), handover.clients(vm).values()
    command(vm, "finish", after="idle")
    vm.sh(f"""for id in $(seq {FIRST_ID} {FIRST_ID + count - 1}); do
            echo "$id" > {nic.BUS}del_device
        done""")
    return {"save": ((line["saved"] - line["save"]) / 1000,
                     sum(client.save_us for client in clients) / 1000),
            "restore": ((line["restored"] - line["restore"]) / 1000,
                        sum(client.restore_us for client in clients) / 1000)}


def report(notes, count, phases):
    for phase, (took, in_sum) in phases.items():
        print(f"{count} clients: {phase} {took:.0f} ms, {in_sum:.0f} ms in sum",
              file=notes)


def measure(vm, notes, cpus):
    print(f"{cpus} CPUs, {DELAY_MS} ms for each client to save and to restore",
          file=notes)
    for count in (1, 8, 64):
        report(notes, count, blackout(vm, count))


@test(cpus=2)
def clients_side_by_side(vm, notes):
    """One by one, it would take as long as it takes the clients in sum."""
    phases = blackout(vm, 8)
    report(notes, 8, phases)
    for phase, (took, in_sum) in phases.items():
        expect(in_sum > 2 * took, f"{phase}: they wait for each other")


@test(cpus=2, suite="parallel")
def parallel_on_two_cpus(vm, notes):
    measure(vm, notes, 2)


@test(cpus=4, suite="parallel")
def parallel_on_four_cpus(vm, notes):
    measure(vm, notes, 4)
