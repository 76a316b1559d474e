# SPDX-License-Identifier: GPL-2.0-only
"""Updates that succeed, and updates that are called off."""
import os
import subprocess
import tempfile

import handover
import live_update
import nic
from handover import command, expect_refused, expect_state
from suite import test
from vm import CommandFailed, GuestError

MODULE = "/lib/modules/netdevsim.ko"
EARLY_CHECKS = "page_poison=1 "


def expect(condition, complaint):
    if not condition:
        raise GuestError(complaint)


def expect_nics(vm, before):
    """The NICs show what they showed before, and carry traffic."""
    nic.assert_same(before, nic.dump(vm))
    nic.ping(vm)


def expect_usable(vm, before):
    """The NICs are as before, and can still be set and set back."""
    expect_nics(vm, before)
    vm.sh("ethtool -G nic3 rx 777 && ip link set nic3 mtu 1234")
    changed = nic.compare(before, nic.dump(vm))
    names = {name for name, *_ in changed}
    expect("ip[nic3]/mtu" in names and
           "ethtool -g nic3/Current hardware settings/RX" in names,
           "settings do not take effect any more")
    old = before["ethtool -g nic3/Current hardware settings/RX"]
    vm.sh(f"ethtool -G nic3 rx {old} && "
          f"ip link set nic3 mtu {before['ip[nic3]/mtu']}")
    nic.assert_same(before, nic.dump(vm))


def execute(vm):
    """Executes the loaded kernel; the NICs have to be back in it."""
    vm.kexec()
    expect_state(vm, "restored")


def refuse_execution(vm, reason):
    try:
        vm.kexec()
    except CommandFailed as refusal:
        expect(reason in refusal.output, "kexec -e failed, but not with "
               f"'{reason}': {refusal.output}")
        return
    raise GuestError("the kernel was executed, it should have been refused")


# -- whole updates ------------------------------------------------------------

@test()
def whole_update(vm, notes):
    live_update.perform(vm, live_update.Story(notes))


@test(append=handover.KHO_ON + "nokaslr")
def whole_update_without_kaslr(vm, notes):
    live_update.perform(vm, live_update.Story(notes))


@test(cpus=2)
def whole_update_two_cpus(vm, notes):
    live_update.perform(vm, live_update.Story(notes))


@test(cpus=2, nodes=2, memory=1024, append="kho=on kho_scratch=16M,96M,32M")
def whole_update_two_numa_nodes(vm, notes):
    live_update.perform(vm, live_update.Story(notes))


@test(append="kho=on kho_scratch=300%")
def whole_update_relative_scratch(vm, notes):
    live_update.perform(vm, live_update.Story(notes))


@test(append=handover.KHO_ON + "kho=off")
def handover_switched_off(vm, _notes):
    nic.create(vm, nic.NIC)
    vm.kexec_load()
    vm.kexec()
    expect(vm.run("test -e /sys/firmware/kho")[0], "a handover was received")


@test("nokho", append="")
def kernel_without_handover(vm, _notes):
    expect(vm.run("test -e /sys/kernel/kho")[0], "/sys/kernel/kho is there")
    nic.set_up(vm)
    nic.ping(vm)
    vm.kexec_load()
    vm.kexec()
    expect("kho" not in vm.sh("dmesg"),
           "the kernel speaks of kho")


@test()
def three_updates_in_a_row(vm, notes):
    nic.set_up(vm)
    for number in range(1, 4):
        vm.sh(f"ip link set nic3 mtu {2000 + number}")
        vm.kexec_load()
        before = nic.dump(vm)
        command(vm, "save", after="saved")
        execute(vm)
        expect_nics(vm, before)
        command(vm, "finish", after="idle")
        free = vm.sh("awk '/MemFree/ {print $2}' /proc/meminfo").strip()
        print(f"update {number}: {free} KiB free afterwards", file=notes)


@test("debug", append=handover.KHO_ON + EARLY_CHECKS)
def module_loaded_late(vm, _notes):
    """Struct pages are initialized late here, and lockdep looks on."""
    vm.sh("insmod " + MODULE)
    nic.set_up(vm)
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    nic.change_settings(vm)
    command(vm, "prepare", after="prepared")
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    vm.kexec()
    expect_state(vm, "restoring")
    waiting = handover.clients(vm)
    expect(set(waiting) == set(live_update.NAMES),
           f"images that wait: {sorted(waiting)}")
    vm.sh("insmod " + MODULE)
    expect_state(vm, "restored")
    expect_nics(vm, before)
    command(vm, "finish", after="idle")


@test("debug", append=handover.KHO_ON + EARLY_CHECKS)
def unclaimed_images_travel_on(vm, _notes):
    vm.sh("insmod " + MODULE)
    nic.set_up(vm)
    vm.kexec_load()
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    for _ in range(2):
        vm.kexec()
        expect_state(vm, "restoring")
        vm.kexec_load()
    vm.sh("insmod " + MODULE)
    expect_state(vm, "restored")
    expect_nics(vm, before)


@test("debug", append=handover.KHO_ON + EARLY_CHECKS)
def discarded_image(vm, _notes):
    vm.sh("insmod " + MODULE)
    nic.set_up(vm)
    vm.kexec_load()
    command(vm, "save", after="saved")
    vm.kexec()
    command(vm, "discard", client=nic.SRIOV)
    expect(nic.SRIOV not in handover.clients(vm), "the image is still listed")
    vm.sh("insmod " + MODULE)
    expect_state(vm, "restored")
    expect("pf0" not in vm.sh("ls /sys/class/net").split(),
           "the device of the discarded image came back")
    nic.ping(vm)
    command(vm, "finish", after="idle")


@test()
def passes_converge(vm, notes):
    """khoctl prepares until the blackout would be short, or says it can't be."""
    nic.create(vm, nic.NIC)
    knobs = f"{nic.DEBUGFS}{nic.NIC}/kho/"
    vm.write(knobs + "extra_kib", str(16 << 10))
    vm.write(knobs + "dirty_kib_per_s", "200")
    out = vm.sh("khoctl converge 100000")
    print(out, file=notes)
    expect("within the limit" in out, "it doesn't say that it has succeeded")
    expect_state(vm, "prepared")
    vm.write(knobs + "dirty_kib_per_s", str(1 << 20))
    status, out = vm.run("khoctl converge 1")
    print(out, file=notes)
    expect(status == 2 and "more passes don't help" in out,
           f"status {status}, though it can't succeed")
    expect(nic.NIC in vm.sh("khoctl status"), "status doesn't show the client")
    command(vm, "abort", after="idle")
    status, out = vm.run("khoctl converge")
    expect(status == 1 and "no limit" in out, f"status {status}: {out}")


# -- called off ---------------------------------------------------------------

@test()
def abort_from_prepared(vm, _notes):
    nic.set_up(vm)
    before = nic.dump(vm)
    for _ in range(2):
        command(vm, "prepare", after="prepared")
        command(vm, "prepare", after="prepared")
        command(vm, "abort", after="idle")
        expect_usable(vm, before)


@test()
def abort_from_saved(vm, _notes):
    nic.set_up(vm)
    before = nic.dump(vm)
    for _ in range(2):
        command(vm, "save", after="saved")
        expect(vm.run("ethtool -G nic3 rx 99")[0],
               "a saved NIC could be changed")
        command(vm, "abort", after="idle")
        expect_usable(vm, before)


# (how a prepare or save that runs is ended, what that says)
CALLED_OFF = (
    ("echo abort > {kho}state", "cancelled"),
    ("kill -TERM $pid", "interrupted"),
    ("true", "not done after 500 ms"),
)


def call_off(vm, phase, how):
    """Ends a phase while a client is in it; returns how that was for it."""
    return vm.sh(f"""
        echo {phase} > {handover.KHO}state &
        pid=$!
        client={handover.KHO}clients/{nic.PAIR[1]}
        while ! grep -q ing $client/state; do :; done
        {how.format(kho=handover.KHO)}
        wait $pid
        echo "status $?"
        cat {handover.KHO}last_error""")


@test()
def called_off_while_it_runs(vm, _notes):
    """By another process, by a signal, by a deadline: all is as it was."""
    nic.set_up_pair(vm)
    before = nic.dump(vm)
    for phase in ("prepare", "save"):
        delay = f"{nic.DEBUGFS}{nic.PAIR[1]}/kho/{phase}_delay_ms"
        for how, reason in CALLED_OFF:
            if phase == "save":
                command(vm, "prepare", after="prepared")
            vm.write(delay, "20000")
            vm.write(handover.KHO + "deadline_ms",
                     f"{phase} {500 if how == 'true' else 0}")
            told = call_off(vm, phase, how)
            expect("status 0" not in told and reason in told,
                   f"{phase}, {how}: {told}")
            expect_state(vm, "idle")
        vm.write(delay, "0")
        expect_nics(vm, before)
        nic.ping(vm)
    vm.write(handover.KHO + "deadline_ms", "save 0")
    vm.kexec_load()
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)


@test()
def update_after_abort(vm, _notes):
    """What was aborted leaves nothing behind that the next update trips on."""
    nic.set_up(vm)
    vm.kexec_load()
    command(vm, "save", after="saved")
    command(vm, "abort", after="idle")
    vm.sh("ip link set nic3 mtu 1777")
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)


@test()
def failing_prepare(vm, _notes):
    nic.set_up(vm)
    before = nic.dump(vm)
    knob = nic.DEBUGFS + nic.SRIOV + "/kho/fail_phase"
    vm.write(knob, "prepare")
    expect_refused(vm, "prepare", "Input/output error")
    expect_state(vm, "idle")
    error = vm.read(handover.KHO + "last_error")
    expect(nic.SRIOV in error and "prepare" in error,
           f"last_error names neither client nor phase: {error}")
    vm.write(knob, "none")
    expect_usable(vm, before)


# -- kexec -e in each state ---------------------------------------------------

@test()
def execute_from_idle(vm, _notes):
    nic.set_up(vm)
    vm.kexec_load()
    vm.kexec()
    expect_state(vm, "idle")
    expect(not vm.sh("ls /sys/bus/netdevsim/devices").split(),
           "devices came through a plain kexec")
    nic.set_up(vm)
    nic.ping(vm)


@test()
def execute_from_prepared(vm, _notes):
    nic.set_up(vm)
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    nic.change_settings(vm)
    before = nic.dump(vm)
    execute(vm)
    expect_nics(vm, before)


@test()
def kernel_loaded_before_or_after(vm, _notes):
    """The order of kexec -l and the commands is free."""
    nic.set_up(vm)
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    vm.kexec_load()
    vm.sh("kexec -u")
    expect(vm.read("/sys/kernel/kexec_loaded") == "0", "an image is loaded")
    expect_state(vm, "saved")
    vm.kexec_load()
    execute(vm)
    expect_nics(vm, before)


@test()
def failing_save_stops_execution(vm, _notes):
    nic.set_up(vm)
    vm.kexec_load()
    before = nic.dump(vm)
    knob = nic.DEBUGFS + nic.SRIOV + "/kho/fail_phase"
    vm.write(knob, "save")
    command(vm, "prepare", after="prepared")
    refuse_execution(vm, "Input/output error")
    expect(vm.boots == 1, "the guest restarted")
    expect_state(vm, "idle")
    error = vm.read(handover.KHO + "last_error")
    expect(nic.SRIOV in error and "save" in error,
           f"last_error names neither client nor phase: {error}")
    vm.write(knob, "none")
    expect_usable(vm, before)
    command(vm, "prepare", after="prepared")
    execute(vm)
    expect_nics(vm, before)


# -- back again ---------------------------------------------------------------

@test()
def rollback(vm, _notes):
    """What was restored is given up, and the kernel after that takes it."""
    nic.set_up(vm)
    vm.kexec_load()
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    vm.kexec_load()
    command(vm, "abort", after="restoring")
    expect("nic0" not in vm.sh("ls /sys/class/net").split(),
           "the NIC is still there after the rollback")
    execute(vm)
    expect_nics(vm, before)
    command(vm, "finish", after="idle")


@test()
def rollback_and_restore_again(vm, _notes):
    nic.set_up(vm)
    vm.kexec_load()
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    command(vm, "abort", after="restoring")
    command(vm, "restore", after="restored")
    expect_nics(vm, before)
    command(vm, "finish", after="idle")


@test()
def failing_restore(vm, _notes):
    """It keeps the image and does not hold up the others."""
    nic.set_up(vm)
    vm.kexec_load()
    before = nic.dump(vm)
    vm.write(nic.DEBUGFS + nic.SRIOV + "/kho/fail_phase", "restore")
    command(vm, "save", after="saved")
    vm.kexec()
    expect_state(vm, "restoring")
    states = {name: client.state
              for name, client in handover.clients(vm).items()}
    expected = dict.fromkeys(live_update.NAMES, "restored")
    expect(states == {**expected, nic.SRIOV: "restoring"}, f"{states}")
    expect(nic.SRIOV in vm.read(handover.KHO + "last_error"),
           "last_error does not name the client")
    nic.ping(vm)
    expect_refused(vm, "finish", "busy")
    vm.write(nic.DEBUGFS + nic.SRIOV + "/kho/fail_phase", "none")
    command(vm, "restore", after="restored")
    expect_nics(vm, before)


# -- what is shown ------------------------------------------------------------

@test()
def images_readable_with_dtc(vm, _notes):
    nic.set_up(vm)
    command(vm, "save", after="saved")
    files = [f"{handover.KHO}clients/{name}/image"
             for name in handover.clients(vm)] + [handover.KHO + "dt"]
    for path in files:
        with tempfile.NamedTemporaryFile() as blob:
            blob.write(vm.read_binary(path))
            blob.flush()
            source = subprocess.run(
                ["dtc", "-q", "-I", "dtb", "-O", "dts", blob.name],
                capture_output=True, text=True, check=False)
        expect(source.returncode == 0 and "compatible" in source.stdout,
               f"{os.path.basename(path)} of {path}: {source.stderr}")


@test()
def delays_show_in_the_timeline(vm, _notes):
    nic.set_up_pair(vm)
    for phase, delay in (("prepare", 200), ("save", 300), ("restore", 400)):
        vm.write(f"{nic.DEBUGFS}{nic.PAIR[0]}/kho/{phase}_delay_ms",
                 str(delay))
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    command(vm, "save", after="saved")
    execute(vm)
    line = handover.timeline(vm)
    client = handover.clients(vm)[nic.PAIR[0]]
    for first, last, delay in (("prepare", "prepared", 200),
                               ("save", "saved", 300),
                               ("restore", "restored", 400)):
        took = line[last] - line[first]
        expect(took >= delay * 1000,
               f"{first} took {took} us, its delay alone is {delay} ms")
    expect(client.restore_us >= 400000, f"restore_us is {client.restore_us}")
    order = list(line.values())
    expect(order == sorted(order), f"the timeline runs backwards: {line}")
