# SPDX-License-Identifier: GPL-2.0-only
"""The test NICs: netdevsim devices, what is set on them, what they show.

A dump is {path: value} of everything that ip, ethtool, devlink, sysfs and
debugfs show, so two of them can be compared entry by entry.
"""
import collections
import json
import re

from vm import GuestError

NIC, SRIOV, PAIR = "netdevsim10", "netdevsim20", ("netdevsim30", "netdevsim31")
DEBUGFS = "/sys/kernel/debug/netdevsim/"
BUS = "/sys/bus/netdevsim/"


def grew(before, after):
    return before is not None and after is not None and after >= before


def any_change(_before, _after):
    return True


def never_up_again(before, after):
    return (before, after) == ("noqueue", "noop")


def no_link_event_yet(before, after):
    """Of two names for up, or for down, that which a new netdev has."""
    return (before, after) in (("UP", "UNKNOWN"), ("LOWERLAYERDOWN", "DOWN"))


# What may differ between the dump before an update and the one after it:
# (entry, condition, reason).
ALLOWED = (
    (r"ip\[.*\]/stats64/[rt]x/(packets|bytes)$", grew,
     "IPv6 talks by itself"),
    (r"ip\[.*\]/stats64/[rt]x/(dropped|over_errors|multicast)$", any_change,
     "kept per CPU by the network core, at least in part"),
    (r"ip\[.*\]/carrier_(changes|up_count|down_count)$", any_change,
     "counted by the network core"),
    (r"ip\[.*\]/qdisc$", never_up_again,
     "a netdev gets its queueing discipline when it first goes up"),
    (r"ip\[.*\]/operstate$", no_link_event_yet,
     "the network core looks at a link when it changes, not before"),
    (r"devlink resource .*/occ$", any_change, "follows the routing tables"),
    (r"devlink trap.*/stats/", any_change, "kept per CPU by devlink"),
    (r"debugfs/[^/]*/kho/lost", any_change, "speaks about one kernel only"),
)


# -- setting up ---------------------------------------------------------------

def batch(tool, commands):
    """A shell command: ip or devlink does them all, as processes are slow."""
    lines = "\n".join(commands)
    return f"{tool} -b - <<'END'\n{lines}\nEND\n"


def create(vm, device, ports=1, queues=1):
    vm.write(BUS + "new_device", f"{device[len('netdevsim'):]} {ports} "
                                 f"{queues}")


def ports(vm, device):
    """{port index: netdev} of a device."""
    shown = json.loads(vm.sh("devlink -j port show"))["port"]
    found = {}
    for handle, port in shown.items():
        _, name, index = handle.split("/")
        if name == device and "netdev" in port:
            found[int(index)] = port["netdev"]
    return found


def rename_ports(vm, device, prefix):
    vm.sh(batch("ip", (f"link set {netdev} name {prefix}{index}" for
                       index, netdev in sorted(ports(vm, device).items()))))


def set_up_ports(vm):
    """A device with several ports and queues, each port set differently."""
    create(vm, NIC, ports=4, queues=4)
    vm.sh(batch("devlink", (
        f"resource set netdevsim/{NIC} path /IPv4/fib size 200",
        f"dev param set netdevsim/{NIC} name max_macs cmode driverinit "
        "value 64",
        f"dev reload netdevsim/{NIC}")))
    rename_ports(vm, NIC, "nic")
    vm.sh("set -e\n" + batch("ip", (
        'link set nic0 address 02:00:5e:10:00:00 mtu 9000 alias "first port"',
        "link set nic1 address 02:00:5e:10:00:01 txqueuelen 333 group 7",
        "link set nic2 mtu 1400")) + f"""
        ethtool -G nic0 rx 512 tx 256
        ethtool -G nic1 rx 1024 rx-mini 64 rx-jumbo 32 tx 1024
        ethtool -C nic0 rx-usecs 50 tx-usecs 100 rx-frames 16
        ethtool -C nic2 adaptive-rx on
        ethtool -A nic0 rx on tx off
        ethtool -A nic1 rx on tx on
        ethtool -L nic0 combined 2
        ethtool -K nic0 hw-tc-offload on
        ethtool -K nic1 gso off gro off
        ethtool --set-fec nic0 encoding rs
        echo 9 > {DEBUGFS}{NIC}/health/binary_len
        echo 0123456789abcdef > {DEBUGFS}{NIC}/trap_flow_action_cookie
        """ + batch("ip", ("link set nic0 up", "link set nic1 up")) +
        batch("devlink", (
            f"dev param set netdevsim/{NIC} name test1 cmode driverinit "
            "value false",
            f"trap set netdevsim/{NIC} trap blackhole_route action trap",
            f"trap policer set netdevsim/{NIC} policer 1 rate 1500 burst 64",
            f"trap group set netdevsim/{NIC} group l2_drops policer 2",
            f"health set netdevsim/{NIC} reporter dummy grace_period 5000")))


def set_up_functions(vm):
    """A device in switchdev mode with virtual functions."""
    create(vm, SRIOV, ports=1, queues=2)
    rename_ports(vm, SRIOV, "pf")
    vm.sh(f"set -e\necho 3 > {BUS}devices/{SRIOV}/sriov_numvfs\n" +
          batch("ip", (
              "link set pf0 vf 0 mac 02:00:5e:20:00:00 vlan 100 qos 3",
              "link set pf0 vf 1 spoofchk on trust on state enable",
              "link set pf0 vf 2 max_tx_rate 1000 min_tx_rate 100")) +
          batch("devlink", (
              f"dev eswitch set netdevsim/{SRIOV} mode switchdev",
              f"port function rate add netdevsim/{SRIOV}/group1",
              f"port function rate set netdevsim/{SRIOV}/group1 tx_max 4gbit",
              f"port function rate set netdevsim/{SRIOV}/128 "
              "tx_share 1gbit tx_max 2gbit parent group1")))


def set_up_pair(vm):
    """Two devices whose ports are linked, and so carry traffic."""
    for device, prefix in zip(PAIR, ("left", "right")):
        create(vm, device)
        rename_ports(vm, device, prefix)
    vm.sh(f"""set -e
        exec 3</proc/self/ns/net
        left=$(cat /sys/class/net/left0/ifindex)
        right=$(cat /sys/class/net/right0/ifindex)
        echo "3:$left 3:$right" > {BUS}link_device
        ip link set left0 up
        ip link set right0 up
        """)


def set_up(vm):
    """All test NICs. Interface indexes start where nothing else has them."""
    create(vm, "netdevsim5", ports=3)
    vm.write(BUS + "del_device", "5")
    set_up_ports(vm)
    set_up_functions(vm)
    set_up_pair(vm)


def change_settings(vm):
    """What an administrator does between two passes of prepare."""
    vm.sh(f"""set -e
        ip link set nic2 mtu 1300
        ip link set nic3 address 02:00:5e:10:00:03
        ethtool -G nic2 rx 128
        ethtool -C nic1 rx-usecs 7
        ip link set pf0 vf 1 vlan 200
        devlink trap set netdevsim/{NIC} trap blackhole_route action drop
        """)


# -- traffic ------------------------------------------------------------------

def link_local(vm, netdev):
    """The address that IPv6 gives an interface; waits until it may be used."""
    out = vm.sh(f"""for try in $(seq 100); do
            ip -6 -o addr show dev {netdev} scope link -tentative |
                grep -o 'fe80::[0-9a-f:]*' && exit
            sleep 0.1
        done; exit 1""")
    return out.split()[0]


def ping(vm, count=5):
    """Sends packets over the pair, both ways; every one has to come back."""
    for source, target in (("left0", "right0"), ("right0", "left0")):
        address = link_local(vm, target)
        link_local(vm, source)
        before = sent(vm, source)
        out = vm.sh(f"ping6 -q -i 0.05 -c {count} -W 5 -I {source} {address}")
        if f"{count} packets received" not in out:
            raise GuestError(f"packets lost from {source} to {target}:\n{out}")
        if sent(vm, source) - before < count:
            raise GuestError(f"the pings did not go through {source}")


def sent(vm, netdev):
    return int(vm.read(f"/sys/class/net/{netdev}/statistics/tx_packets"))


def start_traffic(vm):
    """Packets over the pair until stop_traffic()."""
    address = link_local(vm, "right0")
    link_local(vm, "left0")
    vm.sh(f"ping6 -i 0.1 -I left0 {address} > /tmp/traffic 2>&1 & "
          "echo $! > /tmp/traffic.pid")


def stop_traffic(vm):
    """(packets sent, packets received) since start_traffic().

    The end may come while the last packet is on its way; if so, that one
    does not count.
    """
    out = vm.sh("kill -INT $(cat /tmp/traffic.pid); sleep 0.3; "
                "cat /tmp/traffic")
    match = re.search(r"(\d+) packets transmitted", out)
    if not match:
        raise GuestError("traffic did not run: " + out)
    count = int(match[1])
    received = {int(number) for number in re.findall(r"\bseq=(\d+)", out)}
    if count - 1 not in received:
        count -= 1
    return count, len(received)


# -- looking ------------------------------------------------------------------

def flatten(value, path, into):
    """Leaves of a JSON value; a list's elements go by name if they have one."""
    if isinstance(value, dict):
        for key, inner in value.items():
            flatten(inner, f"{path}/{key}", into)
    elif isinstance(value, list) and any(isinstance(inner, (dict, list))
                                         for inner in value):
        for number, inner in enumerate(value):
            flatten(inner, f"{path}[{element_name(inner, number)}]", into)
    else:
        into[path] = value


def element_name(element, number):
    if isinstance(element, dict):
        for key in ("ifname", "name", "reporter", "policer", "vf", "cmode"):
            if key in element:
                return element[key]
    return number


def flatten_text(lines, path, into):
    """"Title for X:", "Section:" and "key: value" lines, as ethtool's."""
    title = section = ""
    seen = collections.Counter()
    for line in lines:
        key, _, value = line.strip().partition(":")
        if not key:
            section = ""
        elif not value.strip() and " for " in key:
            title, section = key.rsplit(" for ", 1)[1], ""
        elif not value.strip():
            section = key
        else:
            name = f"{path} {title}/{section}/{key}".replace("//", "/")
            seen[name] += 1
            into[f"{name}#{seen[name]}" if seen[name] > 1 else name] = \
                value.strip()


def flatten_files(lines, path, into):
    """"path:line" as grep prints them."""
    texts = collections.defaultdict(list)
    for line in lines:
        name, _, value = line.partition(":")
        texts[name.replace(DEBUGFS, path + "/")].append(value)
    into.update((name, "\n".join(text)) for name, text in texts.items())


def parse_dump(text):
    found = {}
    for section in text.split("=== ")[1:]:
        head, _, body = section.partition("\n")
        lines = body.splitlines()
        if head.startswith("ip "):
            links = [link for link in json.loads(body)
                     if link.get("parentbus") == "netdevsim"]
            flatten(links, "ip", found)
        elif head.startswith("ethtool"):
            flatten_text(lines, head.replace(" *", ""), found)
        elif head.startswith("devlink") and body.strip():
            flatten(json.loads(body), head.replace(" -j", ""), found)
        elif head.startswith("grep"):
            flatten_files(lines, "debugfs", found)
    return found


def look(vm):
    """The dump of whatever is there, also of nothing."""
    return parse_dump(vm.sh("sh /lib/kho/dump"))


def dump(vm):
    found = look(vm)
    if not any(name.startswith("ip[") for name in found):
        raise GuestError("the dump shows no netdevsim interface")
    return found


def reason_allowed(name, before, after):
    for pattern, condition, reason in ALLOWED:
        if re.match(pattern, name) and condition(before, after):
            return reason
    return None


def compare(before, after):
    """[(name, before, after, reason or None)] of everything that differs."""
    names = [name for name in sorted({*before, *after})
             if before.get(name) != after.get(name)]
    return [(name, before.get(name), after.get(name),
             reason_allowed(name, before.get(name), after.get(name)))
            for name in names]


def describe(differences):
    """Both sides of each difference, one line each."""
    return "\n".join(
        f"{name}: {before!r} before, {after!r} after" +
        (f" ({reason})" if reason else "")
        for name, before, after, reason in differences)


def assert_same(before, after):
    wrong = [entry for entry in compare(before, after) if not entry[3]]
    if wrong:
        raise GuestError("the NICs are not as they were:\n" + describe(wrong))
