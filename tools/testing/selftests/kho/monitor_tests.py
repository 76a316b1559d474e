# SPDX-License-Identifier: GPL-2.0-only
"""The runtime verification's monitor, which the guest has on in every test."""
import re

from driver_tests import insert
from handover import command, expect_state
from suite import test
from update_tests import expect

TRACING = "/sys/kernel/tracing/"
SAVE = ("to_preparing prepare_starts prepare_succeeds to_prepared "
        "to_saving save_starts save_succeeds to_saved").split()
ABORT = "to_aborting abort_starts abort_succeeds to_idle".split()
RESTORE = "restore_starts restore_succeeds to_restored".split()
ROLLBACK = "to_restoring rollback_starts rollback_succeeds".split()
LEAVE = ["to_restoring"]
FINISH = "to_idle finish_starts finish_succeeds".split()


def expect_seen(vm, events):
    """Since the last time; the monitor itself has checked where they lead."""
    seen = re.findall(r"event_kho: kho-sample: \w+ x (\w+) -> \w+",
                      vm.read(TRACING + "trace"))
    expect(seen == events, f"seen: {seen}, not {events}")
    expect("error_kho" not in vm.read(TRACING + "trace"), "it complains")
    vm.write(TRACING + "trace", "")


def start(vm):
    expect("kho" in vm.read(TRACING + "rv/enabled_monitors").split(),
           "the monitor isn't on")
    vm.write(TRACING + "events/rv/enable", "1")
    insert(vm)


@test("debug")
def monitor_sees_clients(vm, _notes):
    start(vm)
    command(vm, "save", after="saved")
    expect_seen(vm, SAVE)
    command(vm, "abort", after="idle")
    expect_seen(vm, ABORT)
    vm.kexec_load()
    command(vm, "save", after="saved")
    vm.kexec()

    # A client isn't followed until its first change of state is over.
    start(vm)
    expect_state(vm, "restored")
    expect_seen(vm, [])
    command(vm, "abort", after="restoring")
    command(vm, "restore", after="restored")
    expect_seen(vm, ROLLBACK + RESTORE)
    vm.sh("rmmod kho_sample")
    expect_state(vm, "restoring")
    insert(vm)
    # After a rollback, nobody restores by itself.
    command(vm, "restore", after="restored")
    expect_seen(vm, LEAVE + RESTORE)
    command(vm, "finish", after="idle")
    expect_seen(vm, FINISH)


@test("debug")
def monitor_sees_discarded(vm, _notes):
    start(vm)
    vm.kexec_load()
    command(vm, "save", after="saved")
    vm.kexec()
    start(vm)
    vm.sh("rmmod kho_sample")
    expect_state(vm, "restoring")
    vm.write(TRACING + "trace", "")
    command(vm, "discard", after="idle", client="kho-sample")
    expect_seen(vm, "to_idle discard_starts discard_succeeds".split())
