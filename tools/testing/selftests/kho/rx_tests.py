# SPDX-License-Identifier: GPL-2.0-only
"""What has been received when a device is saved: no gap, nothing twice."""
import nic
from handover import command
from suite import test
from update_tests import execute, expect
from vm import GuestError

HOLD = f"{nic.DEBUGFS}{nic.PAIR[1]}/kho/hold_rx"
SENDER, RECEIVER = "left0", "right0"
OUTPUT = "/tmp/frames"


def set_up(vm):
    """The pair carries nothing but what the tests send."""
    vm.sh("for file in /proc/sys/net/ipv6/conf/*/disable_ipv6; do "
          "echo 1 > $file; done")
    nic.set_up_pair(vm)


def listen(vm):
    vm.sh(f"""frames receive {RECEIVER} > {OUTPUT} 2>&1 &
        until grep -q ready {OUTPUT}; do sleep 0.1; done""")


def received(vm):
    """Numbers of the frames since listen(), in order of arrival."""
    return [int(line) for line in vm.read(OUTPUT).split()[1:]]


def expect_received(vm, wanted):
    """Waits for as many, and looks once more for what must not come."""
    vm.run(f"""for try in $(seq 50); do
            [ $(wc -l < {OUTPUT}) -le {len(wanted)} ] || break
            sleep 0.1
        done; sleep 0.2""")
    found = received(vm)
    expect(found == wanted, f"received {found}, not {wanted}")


def send(vm, first, count):
    vm.sh(f"frames send {SENDER} {first} {count} 0")


def start_sending(vm, first, count, gap_us):
    """Comes back when the first frames are on their way."""
    before = nic.sent(vm, SENDER)
    vm.sh(f"frames send {SENDER} {first} {count} {gap_us} "
          f"> /tmp/sender 2>&1 & echo $! > /tmp/sender.pid")
    for _ in range(50):
        if nic.sent(vm, SENDER) > before:
            return
        vm.sh("sleep 0.1")
    raise GuestError("nothing is sent: " + vm.read("/tmp/sender"))


def dropped(vm):
    return int(vm.read(f"/sys/class/net/{SENDER}/statistics/tx_dropped"))


@test()
def received_frames_survive(vm, notes):
    """The old kernel has passed on some, the next one passes on the rest."""
    set_up(vm)
    listen(vm)
    send(vm, 0, 100)
    expect_received(vm, list(range(100)))
    before = nic.sent(vm, SENDER)
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    vm.write(HOLD, "Y")
    start_sending(vm, 100, 150, gap_us=5000)
    command(vm, "save", after="saved")
    end = 100 + nic.sent(vm, SENDER) - before
    expect_received(vm, list(range(100)))

    execute(vm)
    expect(vm.read(HOLD) == "Y", "hold_rx isn't set any more")
    listen(vm)
    send(vm, end, 20)
    expect_received(vm, [])
    vm.write(HOLD, "N")
    expect_received(vm, list(range(100, end + 20)))
    print(f"{end - 100} frames were in the ring", file=notes)
    lost = vm.read(f"{nic.DEBUGFS}{nic.PAIR[1]}/kho/lost")
    expect(not lost, f"not restored: {lost}")


@test()
def received_frames_survive_abort(vm, _notes):
    """This kernel passes them on after all; what came meanwhile is counted."""
    set_up(vm)
    listen(vm)
    vm.write(HOLD, "Y")
    send(vm, 0, 20)
    command(vm, "save", after="saved")
    vm.write(HOLD, "N")
    before = dropped(vm)
    send(vm, 20, 5)
    expect(dropped(vm) - before == 5, "the sender doesn't count what is lost")
    expect_received(vm, [])
    command(vm, "abort", after="idle")
    expect_received(vm, list(range(20)))
    send(vm, 25, 5)
    expect_received(vm, [*range(20), *range(25, 30)])


@test(cpus=2)
def traffic_through_an_abort(vm, notes):
    """Frames get lost only where the sender counts them."""
    set_up(vm)
    listen(vm)
    before = dropped(vm)
    start_sending(vm, 0, 1 << 30, gap_us=500)
    command(vm, "save", after="saved")
    command(vm, "abort", after="idle")
    vm.sh("sleep 0.5; kill $(cat /tmp/sender.pid); sleep 0.2")
    found = received(vm)
    missing = dropped(vm) - before
    expect(found == sorted(set(found)), "frames came twice, or not in order")
    expect(len(found) + missing == found[-1] + 1,
           f"{len(found)} frames received, {missing} dropped, "
           f"{found[-1] + 1} sent")
    expect(missing, "the device went on while it was saved")
    print(f"{missing} of {found[-1] + 1} frames were sent in vain", file=notes)
