# SPDX-License-Identifier: GPL-2.0-only
"""Everything at once: commands, clients that come and go, and who looks on.

Nothing is said about who wins. The kernel's own checks look on, the monitor
among them, and afterwards the system has to be as good as new.
"""
import nic
from driver_tests import DEVICE, MODULE as SAMPLE, insert
from handover import KHO, command, expect_state
from suite import test
from update_tests import MODULE as NETDEVSIM, expect

SECONDS = 20
# Each line is a process of its own that goes on until the end.
RACERS = (
    "echo prepare > {kho}state",
    "echo save > {kho}state",
    "echo abort > {kho}state; usleep 20000",
    "echo prepare > {kho}clients/kho-sample/state; "
    "echo save > {kho}clients/kho-sample/state; "
    "echo abort > {kho}clients/kho-sample/state",
    "insmod {sample}; echo text > {device}; usleep 10000; rmmod kho_sample",
    "echo '77 2 1' > {bus}new_device; usleep 30000; echo 77 > {bus}del_device",
    "find {kho} -type f -exec cat {{}} +",
    "for i in $(seq 100); do "
    "read x < {kho}state; read x < {kho}clients/{pair}/state; done",
    "cat /sys/kernel/debug/kho/out/sub_fdts/*",
    "kexec -s -l /boot/kernel --initrd=/tmp/initrd --reuse-cmdline; "
    "kexec -s -u",
    "echo prepare $((n % 9)) > {kho}deadline_ms; usleep 5000",
)
RACE = """
exec 2>/dev/null
end=$(($(cut -d. -f1 /proc/uptime) + {seconds}))
while [ $(cut -d. -f1 /proc/uptime) -lt $end ]; do
    n=$((n + 1))
    {{ {what}; }} > /dev/null
done
echo "$n of: {name}"
"""


def race(vm, racers, seconds):
    """Lets them all run; returns how often each was done."""
    scripts = []
    for number, racer in enumerate(racers):
        what = racer.format(kho=KHO, sample=SAMPLE, device=DEVICE, bus=nic.BUS,
                            pair=nic.PAIR[0])
        name = what.split(";")[0].replace('"', "")
        script = RACE.format(what=what, name=name, seconds=seconds)
        scripts.append(f"({script}) > /tmp/racer{number} &")
    return vm.sh("\n".join(scripts) + "\nwait; cat /tmp/racer*",
                 timeout=20 * seconds)


def back_to_idle(vm):
    vm.sh(f"echo abort > {KHO}state; rmmod kho_sample; "
          f"echo 77 > {nic.BUS}del_device; "
          f"echo prepare 0 > {KHO}deadline_ms; true")
    expect_state(vm, "idle")


def expect_update(vm):
    vm.sh("insmod " + SAMPLE)
    vm.write(DEVICE, "still here")
    vm.kexec_load()
    command(vm, "save", after="saved")
    vm.kexec()
    insert(vm)
    vm.sh("insmod " + NETDEVSIM)
    expect_state(vm, "restored")
    expect(vm.read(DEVICE) == "still here", "the text is lost")
    command(vm, "finish", after="idle")


@test("debug", cpus=4)
def everything_at_once(vm, notes):
    vm.sh("insmod " + NETDEVSIM)
    vm.sh("cp /sys/firmware/initrd /tmp/initrd")
    nic.set_up_pair(vm)
    print(race(vm, RACERS, SECONDS), file=notes)
    back_to_idle(vm)
    nic.ping(vm)
    expect_update(vm)
    nic.ping(vm)
