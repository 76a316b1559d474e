# SPDX-License-Identifier: GPL-2.0-only
"""Failures, injected one after the other at each point of an update."""
import handover
import nic
from handover import KHO, command, expect_state
from suite import test
from update_tests import MODULE, expect, expect_nics

FAIL = "/sys/kernel/debug/fail_kho/"
BATCH = 25
# In make check, which is to be quick.
STRIDE = 8
# Prints how many of the updates have failed as wanted, and "end" when one had
# no point left at which to fail.
UPDATES = """
cd {fail}
point={first}
while [ $point -lt {end} ]; do
    echo $point > space; echo 1 > times; echo 100 > probability
    echo save 2>/dev/null > {kho}state
    error=$?
    echo 0 > probability
    [ $(cat times) = 1 ] && failed=0 || failed=1
    case "$failed$error $(cat {kho}state)" in
    "1"[1-9]*" idle") ;;
    "00 saved") echo abort > {kho}state; echo $point end; exit;;
    *) echo "point $point: error $error in $(cat {kho}state)," \
            "$(cat {kho}last_error)"; exit 1;;
    esac
    ip link show | cmp - /tmp/links || exit 1
    point=$((point + {stride}))
done
echo $point
"""


def fail_going_out(vm, notes, stride):
    """Callbacks, allocations, writes: each fails once, and nothing is lost."""
    vm.sh("insmod " + MODULE)
    nic.set_up_pair(vm)
    nic.ping(vm)
    before = nic.dump(vm)
    vm.sh("ip link show > /tmp/links")
    point, ended = 0, False
    while not ended:
        answer = vm.sh(UPDATES.format(fail=FAIL, kho=KHO, stride=stride,
                                      first=point,
                                      end=point + BATCH * stride)).split()
        point, ended = int(answer[0]), "end" in answer[1:]
        nic.ping(vm, count=1)
    expect(point > 10 * stride, f"there were only {point} points")
    print(f"{point} points at which an update can fail, every {stride} of "
          "them tried", file=notes)
    expect_nics(vm, before)
    command(vm, "save", after="saved")
    vm.kexec_load()
    vm.kexec()
    vm.sh("insmod " + MODULE)
    expect_state(vm, "restored")
    expect_nics(vm, before)


@test("debug")
def failures_going_out(vm, notes):
    fail_going_out(vm, notes, STRIDE)


@test("debug", suite="faults")
def failures_at_every_point(vm, notes):
    fail_going_out(vm, notes, 1)


@test("debug")
def failure_coming_in(vm, _notes):
    """One client's restore fails once, as the command line says."""
    vm.sh("insmod " + MODULE)
    nic.set_up(vm)
    before = nic.dump(vm)
    vm.kexec_load(append=f"fail_kho=1,100,0,1,restore,{nic.SRIOV}")
    command(vm, "save", after="saved")
    vm.kexec()
    vm.sh("insmod " + MODULE)
    expect_state(vm, "restoring")
    states = {name: client.state
              for name, client in handover.clients(vm).items()}
    expect([name for name, state in states.items() if state == "restoring"] ==
           [nic.SRIOV], f"another one has failed: {states}")
    expect("fault injected" in vm.console(), "nothing was injected")
    command(vm, "restore", after="restored")
    expect_nics(vm, before)
    command(vm, "finish", after="idle")
