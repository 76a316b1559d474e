#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What it costs to hand NICs over, by port and by virtual function.

Next to it is what it costs to create and configure the same device from
userspace, with as few processes as possible. The guest's clock counts its
instructions, a thousand in a microsecond: it is not a time, but the same on
every host, but for what the guest does meanwhile.
"""
import argparse
import json
import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import handover  # noqa: E402
import nic  # noqa: E402
import table  # noqa: E402
from handover import KHO, command  # noqa: E402
from vm import GuestError  # noqa: E402

DEVICE = "netdevsim10"
QUEUES = 4
# Ports and virtual functions of the device.
CASES = ((1, 0), (8, 0), (64, 0), (1, 64), (8, 64), (64, 64))
MEMORY = 1024
CLOCK = """now() {
    adjtimex | awk '/tv_sec/ { s = $2 } /tv_usec/ { print s * 1000000 + $2 }'
}
"""

# Columns of the table: heading and what it shows, in millions or in KiB.
COLUMNS = (("by hand", "userspace"), ("prepare", "prepare"),
           ("save", "save"), ("save, unprepared", "unprepared"),
           ("restore", "restore"))


def took(vm, script):
    """Instructions in thousands: what the guest's clock shows."""
    status, out = vm.run(f"{CLOCK}set -e\nbegin=$(now)\n{script}\n"
                         "echo $(($(now) - begin))")
    if status:
        raise GuestError(out)
    return int(out.split()[-1])


def port_commands(index):
    return (f"link set nic{index} address 02:00:5e:00:00:{index:02x} "
            f"mtu {1400 + index}",
            f"link set nic{index} up")


def vf_command(vf):
    return (f"link set nic0 vf {vf} mac 02:00:5e:00:01:{vf:02x} "
            f"vlan {100 + vf} trust on")


def setup(ports, vfs):
    """A new device with everything set; netdevs get their names by order."""
    handle = f"netdevsim/{DEVICE}"
    script = [
        f"echo {DEVICE[len('netdevsim'):]} {ports} {QUEUES} > "
        f"{nic.BUS}new_device",
        "i=0; for dev in $(ls -v /sys/bus/netdevsim/devices/*/net); do "
        'echo "link set $dev name nic$i"; i=$((i + 1)); done | ip -b -',
        nic.batch("ip", [line for index in range(ports)
                         for line in port_commands(index)]),
        *(f"ethtool -G nic{index} rx 512 tx 256 && "
          f"ethtool -C nic{index} rx-usecs 50 && "
          f"ethtool -L nic{index} combined 2" for index in range(ports)),
        f"devlink dev param set {handle} name max_macs cmode driverinit "
        "value 64",
    ]
    if vfs:
        script += [
            f"echo {vfs} > {nic.DEBUGFS}{DEVICE}/max_vfs",
            f"echo {vfs} > {nic.BUS}devices/{DEVICE}/sriov_numvfs",
            nic.batch("ip", map(vf_command, range(vfs))),
            f"devlink dev eswitch set {handle} mode switchdev",
            nic.batch("devlink", (
                f"port function rate set {handle}/{128 + vf} tx_max 1gbit"
                for vf in range(vfs)))]
    return "\n".join(script)


def measure(vm, ports, vfs):
    """Thousands of instructions of each step, and bytes."""
    found = {"ports": ports, "vfs": vfs}
    found["userspace"] = took(vm, setup(ports, vfs))
    vm.kexec_load()
    found["unprepared"] = took(vm, f"echo save > {KHO}state")
    command(vm, "abort", after="idle")
    found["prepare"] = took(vm, f"echo prepare > {KHO}state")
    found["save"] = took(vm, f"echo save > {KHO}state")
    found["image"] = int(vm.sh(f"wc -c < {KHO}clients/{DEVICE}/image"))
    vm.kexec()
    handover.expect_state(vm, "restored")
    found["restore"] = handover.clients(vm)[DEVICE].restore_us
    command(vm, "finish", after="idle")
    vm.write(nic.BUS + "del_device", DEVICE[len("netdevsim"):])
    return found


def slope(results, name, which):
    """What one more port, or VF, costs, from the largest cases."""
    base, more = which
    count = (more[0] - base[0]) + (more[1] - base[1])
    return (results[more][name] - results[base][name]) / count


def rows(results):
    for (ports, vfs), found in results.items():
        yield [f"{ports} ports, {vfs} VFs",
               *(table.millions(found[name] * 1000) for _, name in COLUMNS),
               f"{found['image'] / 1024:,.1f}"]
    for title, which in (("each port", ((1, 0), (64, 0))),
                         ("each VF", ((1, 0), (1, 64)))):
        if all(case in results for case in which):
            yield [title, *(table.millions(slope(results, name, which) * 1000)
                            for _, name in COLUMNS),
                   f"{slope(results, 'image', which) / 1024:,.1f}"]


def text(results):
    return table.lay_out("Million instructions",
                         [*(heading for heading, _ in COLUMNS), "image KiB"],
                         list(rows(results)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", required=True,
                        help="folder that holds the guest kernels")
    parser.add_argument("--output", required=True, help="folder to write to")
    args = parser.parse_args()
    os.makedirs(args.output, exist_ok=True)
    results = {}
    try:
        with handover.boot(args.build, memory=MEMORY, icount=True) as vm:
            for case in CASES:
                print("bench: {} ports, {} VFs".format(*case), flush=True)
                results[case] = measure(vm, *case)
    except GuestError as error:
        return f"bench: {error}"
    with open(os.path.join(args.output, "nics.json"), "w",
              encoding="ascii") as file:
        json.dump(list(results.values()), file, indent=1)
    print(text(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
