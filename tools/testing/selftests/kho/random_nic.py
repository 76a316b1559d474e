# SPDX-License-Identifier: GPL-2.0-only
"""netdevsim devices that are set up, and changed, at random from a seed.

SETTINGS is the table of what can be set. Nics remembers as much of the
devices as it takes to make only commands that have to succeed.

Left out is what doesn't come back, as Documentation/kho-netdevsim.rst says:
sizes of resources that wait for a reload (here a reload follows), snapshots
and dumps, and what the stack keeps of a netdev: alternative names, broadcast
address, link mode, limits of GSO and GRO, NAPI's settings. So are
fib/fail_route_offload and fail_route_delete: netdevsim keeps old routes then,
and with them their netdevs, so that to delete one takes forever.
"""
import collections
import random
import string

from nic import BUS, DEBUGFS

U16, U32, U64 = (1 << 16) - 1, (1 << 32) - 1, (1 << 64) - 1
INT = (1 << 31) - 1
VF_PORT_BASE = 128
MAX_RATE = 5000
EOPNOTSUPP = 95

# The shell's side: what is refused is named.
PROLOGUE = f"""set -e
refuse() {{ echo "refused: $*"; exit 1; }}
put() {{ echo "$2" > "$1" || refuse "$2 > $1"; }}
put_if_there() {{ [ ! -e "$1" ] || put "$1" "$2"; }}
call() {{ "$@" || refuse "$*"; }}
batch() {{
    cat > /tmp/batch
    "$1" -b /tmp/batch > /tmp/batch.out 2>&1 && return
    cat /tmp/batch.out
    line=$(sed -n 's/^Command failed .*://p' /tmp/batch.out)
    refuse "$1 ${{line:+$(sed -n "${{line}}p" /tmp/batch)}}"
}}
find_ports() {{
    for net in {BUS}devices/*/net/*; do
        [ -e $net/phys_port_name ] || continue
        read -r label < $net/phys_port_name
        device=${{net%/net/*}}
        eval "net_${{device##*/netdevsim}}_$label=${{net##*/}}"
    done
}}
index() {{ read -r index < /sys/class/net/$1/ifindex; }}
link() {{
    index $2; first=$index
    index $3; echo "3:$first 3:$index" > {BUS}link_device ||
        refuse "link $2 $3"
}}
unlink() {{ index $2; put {BUS}unlink_device "3:$index"; }}
exec 3</proc/self/ns/net
"""


# -- values -------------------------------------------------------------------

def number(low, high):
    """Any, but the ends and small ones often."""
    def value(rng, _target):
        return rng.choice((low, high, rng.randint(low, high),
                           rng.randint(low, min(low + 100, high))))
    return value


def choice(*options):
    return lambda rng, _target: rng.choice(options)


def mac(rng, _target):
    octets = rng.getrandbits(48).to_bytes(6, "big")
    return bytes((octets[0] & 0xfe | 2, *octets[1:])).hex(":")


def text(longest, more=""):
    letters = string.ascii_letters + string.digits + more

    def value(rng, _target):
        inside = rng.choices(letters, k=rng.randint(0, longest - 2))
        return "".join(("a", *inside, "z"))
    return value


def cookie(rng, _target):
    return rng.randbytes(rng.randint(1, 40)).hex()


def channels(rng, target):
    return rng.randint(1, target["queues"])


def vf_rates(rng, _target):
    low, high = sorted(rng.choices((0, 1, U16, rng.randint(0, U16)), k=2))
    return f"min_tx_rate {low} max_tx_rate {high}"


def rates(rng, _target):
    """Of a leaf or a group, where the share can't be more than all."""
    share, most = sorted(rng.choices((0, 1, MAX_RATE,
                                      rng.randint(0, MAX_RATE)), k=2))
    return f"tx_share {share}mbit tx_max {most}mbit"


flag = choice(0, 1)
on_off = choice("on", "off")
boolean = choice("true", "false")
fec = choice("auto", "off", "rs", "baser", "llrs", "rs baser", "auto rs")


# -- the table ----------------------------------------------------------------

# What a setting applies to: a device, a port of any kind, a physical port, a
# virtual function, the port of one, a rate group.
DEVICE, PORT, PHYSICAL, FUNCTION, LEAF, GROUP = range(6)

# How it is set: with a line of a batch, with arguments of ethtool (the first
# word is the option; equal ones go together), by writing a value to a file.
# OPTIONAL files depend on the kernel's configuration. What is SPOILT makes
# later commands fail or have no visible effect: it comes last, and is written
# back ('undo') before anything else.
IP, DEVLINK, ETHTOOL, FILE, OPTIONAL, SPOILT = range(6)

# 'values' make, with the random generator and the target's names, what is
# filled in after those names.
Setting = collections.namedtuple("Setting", "scope via command values undo")


def row(scope, via, command, *values, undo=0):
    return Setting(scope, via, command, values, undo)


DROP_TRAPS = (
    "source_mac_is_multicast", "vlan_tag_mismatch", "ingress_vlan_filter",
    "ingress_spanning_tree_filter", "port_list_is_empty",
    "port_loopback_filter", "blackhole_route", "tail_drop",
    "ingress_flow_action_drop", "egress_flow_action_drop",
)
TRAP_GROUPS = ("l2_drops", "l3_drops", "l3_exceptions", "buffer_drops",
               "acl_drops", "mc_snooping")
COALESCE = (
    "rx-usecs", "rx-frames", "rx-usecs-irq", "rx-frames-irq", "tx-usecs",
    "tx-frames", "tx-usecs-irq", "tx-frames-irq", "stats-block-usecs",
    "pkt-rate-low", "rx-usecs-low", "rx-frames-low", "tx-usecs-low",
    "tx-frames-low", "pkt-rate-high", "rx-usecs-high", "rx-frames-high",
    "tx-usecs-high", "tx-frames-high", "sample-interval",
)
FEATURES = (
    "rx-gro", "rx-gro-list", "rx-udp-gro-forwarding",
    "tx-generic-segmentation", "tx-nocache-copy", "hw-tc-offload",
)
NETDEV = "link set {netdev} "
VF = "link set {netdev} vf {vf} "
PORT_FILE = DEBUGFS + "{device}/ports/{index}/"
DEVICE_FILE = DEBUGFS + "{device}/"

SETTINGS = (
    row(PORT, IP, NETDEV + "mtu {}", number(68, U16)),
    row(PORT, IP, NETDEV + "address {}", mac),
    row(PORT, IP, NETDEV + "txqueuelen {}", number(0, 16384)),
    row(PORT, IP, NETDEV + "group {}", number(0, INT)),
    row(PORT, IP, NETDEV + 'alias "{}"', text(120, " -_.,:/+=é")),
    row(PORT, IP, NETDEV + "arp {}", on_off),
    row(PORT, IP, NETDEV + "multicast {}", on_off),
    row(PORT, IP, NETDEV + "allmulticast {}", on_off),
    row(PORT, IP, NETDEV + "promisc {}", on_off),
    row(PORT, IP, NETDEV + "trailers {}", on_off),
    row(PORT, IP, NETDEV + "dynamic {}", on_off),
    row(PORT, IP, NETDEV + "{}", choice("up", "up", "down")),

    *(row(PORT, ETHTOOL, f"-C {name} {{}}", number(0, U32))
      for name in COALESCE),
    row(PORT, ETHTOOL, "-C adaptive-rx {}", on_off),
    row(PORT, ETHTOOL, "-C adaptive-tx {}", on_off),
    # Below the least of what the debugfs settings make of the limits.
    *(row(PORT, ETHTOOL, f"-G {name} {{}}", number(0, 1024))
      for name in ("rx", "rx-mini", "rx-jumbo", "tx")),
    row(PORT, ETHTOOL, "-A rx {}", on_off),
    row(PORT, ETHTOOL, "-A tx {}", on_off),
    row(PORT, ETHTOOL, "-L combined {}", channels),
    row(PORT, ETHTOOL, "--set-fec encoding {}", fec),
    *(row(PORT, ETHTOOL, f"-K {name} {{}}", on_off) for name in FEATURES),
    row(PHYSICAL, ETHTOOL, "-K rx-udp_tunnel-port-offload {}", on_off),

    *(row(PORT, FILE, PORT_FILE + f"ethtool/pause/report_stats_{way}", flag)
      for way in ("rx", "tx")),
    *(row(PORT, FILE, PORT_FILE + f"ethtool/ring/{name}_max_pending",
          number(1024, U32))
      for name in ("rx", "rx_mini", "rx_jumbo", "tx")),
    row(PHYSICAL, FILE, PORT_FILE + "udp_ports/inject_error", number(0, 133)),
    *(row(PHYSICAL, OPTIONAL, PORT_FILE + name, flag)
      for name in ("bpf_tc_accept", "bpf_tc_non_bound_accept",
                   "bpf_xdpdrv_accept", "bpf_xdpoffload_accept",
                   "bpf_map_accept")),
    row(PORT, SPOILT, PORT_FILE + "ethtool/ring/rx_max_pending",
        number(0, 1024), undo=4096),
    # Any other errno would end the dump of all other ports.
    row(PORT, SPOILT, PORT_FILE + "ethtool/get_err", choice(EOPNOTSUPP)),
    row(PORT, SPOILT, PORT_FILE + "ethtool/set_err", number(1, 133)),

    row(FUNCTION, IP, VF + "mac {}", mac),
    row(FUNCTION, IP, VF + "vlan {} qos {}{}", number(0, 4095), number(0, 7),
        choice("", " proto 802.1q", " proto 802.1ad")),
    row(FUNCTION, IP, VF + "spoofchk {}", on_off),
    row(FUNCTION, IP, VF + "trust {}", on_off),
    row(FUNCTION, IP, VF + "query_rss {}", on_off),
    row(FUNCTION, IP, VF + "state {}", choice("auto", "enable", "disable")),

    row(LEAF, DEVLINK, "port function rate set {handle}/{index} {}",
        rates),
    row(GROUP, DEVLINK, "port function rate set {handle}/{group} {}",
        rates),

    row(DEVICE, DEVLINK, "dev param set {handle} name max_macs "
        "cmode driverinit value {}", number(0, U32)),
    row(DEVICE, DEVLINK, "dev param set {handle} name test1 "
        "cmode driverinit value {}", boolean),
    *(row(DEVICE, DEVLINK, f"trap group set {{handle}} group {group} {{}}",
          choice("nopolicer", "policer 1", "policer 2", "policer 3",
                 "action trap", "action drop"))
      for group in TRAP_GROUPS),
    *(row(DEVICE, DEVLINK, f"trap set {{handle}} trap {trap} action {{}}",
          choice("drop", "trap", "mirror"))
      for trap in DROP_TRAPS),
    *(row(DEVICE, DEVLINK, f"trap policer set {{handle}} policer {policer} "
          "rate {} burst {}", number(1, 8000), number(8, 65536))
      for policer in (1, 2, 3)),
    row(DEVICE, DEVLINK, "health set {handle} reporter dummy "
        "grace_period {} auto_recover {} auto_dump {}", number(0, U64),
        boolean, boolean),
    row(DEVICE, DEVLINK, "health set {handle} reporter empty auto_dump {}",
        boolean),

    row(DEVICE, FILE, DEVICE_FILE + "fw_update_status", flag),
    row(DEVICE, FILE, DEVICE_FILE + "fw_update_overwrite_mask",
        number(0, U32)),
    row(DEVICE, FILE, DEVICE_FILE + "max_macs", number(0, U32)),
    row(DEVICE, FILE, DEVICE_FILE + "test1", flag),
    row(DEVICE, FILE, DEVICE_FILE + "trap_flow_action_cookie", cookie),
    row(DEVICE, FILE, DEVICE_FILE + "health/binary_len", number(0, 1000)),
    row(DEVICE, FILE, DEVICE_FILE + "health/fail_recover", flag),
    *(row(DEVICE, FILE, DEVICE_FILE + f"fib/fail_{name}", flag)
      for name in ("res_nexthop_group_replace", "nexthop_bucket_replace")),
    *(row(DEVICE, OPTIONAL, DEVICE_FILE + f"psample/{name}", number(0, limit))
      for name, limit in (("rate", U32), ("group_num", U32),
                          ("trunc_size", U32), ("in_ifindex", U32),
                          ("out_ifindex", U32), ("out_tc", U16),
                          ("out_tc_occ_max", U64), ("latency_max", U64))),
    *(row(DEVICE, FILE, DEVICE_FILE + f"udp_ports_{name}", flag)
      for name in ("sync_all", "ipv4_only", "static_iana_vxlan", "shared")),
    row(DEVICE, FILE, DEVICE_FILE + "udp_ports_sleep", number(0, 20)),
    *(row(DEVICE, OPTIONAL, DEVICE_FILE + name, flag)
      for name in ("bpf_bind_accept", "bpf_bind_verifier_accept")),
    row(DEVICE, OPTIONAL, DEVICE_FILE + "bpf_bind_verifier_delay",
        number(0, U32)),
    *(row(DEVICE, FILE, DEVICE_FILE + f"kho/{name}", number(0, limit))
      for name, limit in (("extra_kib", 300), ("dirty_kib_per_s", 1000),
                          ("prepare_delay_ms", 20), ("save_delay_ms", 20),
                          ("restore_delay_ms", 20))),
    row(DEVICE, FILE, DEVICE_FILE + "kho/hold_rx", choice("N", "Y")),
    *(row(DEVICE, FILE, DEVICE_FILE + f"kho/leave_behind/{name}",
          choice("N", "Y"))
      for name in ("netns", "bpf", "ipsec", "macsec", "page")),
    # With udp_ports_shared no port could be created.
    row(DEVICE, SPOILT, DEVICE_FILE + "udp_ports_open_only", choice(1)),
    *(row(DEVICE, SPOILT, DEVICE_FILE + name, choice(1))
      for name in ("dont_allow_reload", "fail_reload", "fail_trap_group_set",
                   "fail_trap_policer_set")),
)
# With one of these set, devlink's list ends at the device. What is missing
# depends on the order of the devices, so what remains can't be compared.
CUTTING = {"fail_trap_policer_counter_get": "devlink trap policer show/",
           "fail_trap_drop_counter_get": "devlink trap show/"}
RESOURCES = ("/IPv4/fib", "/IPv4/fib-rules", "/IPv6/fib", "/IPv6/fib-rules",
             "/nexthops")


# -- commands -----------------------------------------------------------------

class Script:
    """Commands for the guest's shell.

    To start a program takes longer than all that it does: lines for ip and
    devlink that follow each other go in one batch.
    """

    def __init__(self):
        self.parts = []

    def add(self, via, line):
        if not self.parts or self.parts[-1][0] != via:
            self.parts.append((via, []))
        self.parts[-1][1].append(line)

    def sh(self, line):
        self.add("", line)

    def ip(self, line):
        self.add("ip", line)

    def devlink(self, line):
        self.add("devlink", line)

    def put(self, path, value):
        self.sh(f"put {path} {value}")

    def __str__(self):
        # Names that only the guest knows are filled in there.
        return PROLOGUE + "".join(
            "\n".join((f"batch {via} <<END", *lines, "END", "")) if via else
            "\n".join((*lines, "")) for via, lines in self.parts)


class Port:
    """A physical port, or that of a virtual function."""

    def __init__(self, device, index, is_vf=False):
        self.device = device
        self.index = index
        self.is_vf = is_vf
        self.netdev = None
        self.peer = None
        self.parent = None

    def label(self):
        return (f"pf0vf{self.index - VF_PORT_BASE}" if self.is_vf else
                f"p{self.index + 1}")

    def names(self):
        return {**self.device.names(), "netdev": self.netdev,
                "index": self.index}


class Device:
    """As much of a device as has to be known to command it."""

    def __init__(self, number_, port_count, queues):
        self.id = number_
        self.name = f"netdevsim{number_}"
        self.handle = "netdevsim/" + self.name
        self.port_count = port_count
        self.queues = queues
        self.max_vfs = 4
        self.vfs = 0
        self.switchdev = False
        self.sampling = False
        self.broken = False
        self.groups = {}
        self.watched = []
        self.ports = [Port(self, index) for index in range(port_count)]

    def names(self):
        return {"device": self.name, "handle": self.handle,
                "queues": self.queues}

    def physical(self):
        return [port for port in self.ports if not port.is_vf]

    def leaves(self):
        return [port for port in self.ports if port.is_vf]

    def functions(self):
        """Any physical port shows and takes the settings of all."""
        if not self.physical():
            return []
        netdev = self.physical()[0].netdev
        return [{**self.names(), "netdev": netdev, "vf": vf}
                for vf in range(self.vfs)]

    def targets(self, scope):
        if scope == DEVICE:
            return [self.names()]
        if scope == FUNCTION:
            return self.functions()
        if scope == GROUP:
            return [{**self.names(), "group": group} for group in self.groups]
        ports = {PORT: self.ports, PHYSICAL: self.physical(),
                 LEAF: self.leaves()}[scope]
        return [port.names() for port in ports]

    def possible_parents(self, group):
        """All groups that are not that one or below it."""
        def above(name):
            while name:
                yield name
                name = self.groups[name]
        return [name for name in self.groups if group not in above(name)]

    def add_vf_ports(self):
        self.ports += [Port(self, VF_PORT_BASE + vf, is_vf=True)
                       for vf in range(self.vfs)]


# -- at random ----------------------------------------------------------------

class Nics:
    """Devices that come from a seed, and what is done to them."""

    def __init__(self, seed, devices=(2, 4)):
        self.rng = random.Random(seed)
        self.script = Script()
        self.settings = self.named = 0
        self.spoilt = {}
        self.devices = [self.new_device(id_) for id_ in self.rng.sample(
            (0, 7, 10, 99, 4711, 123456789, INT),
            self.rng.randint(*devices))]

    def new_device(self, id_):
        return Device(id_, self.rng.choice((0, 1, 1, 2, 3, 4)),
                      self.rng.choice((1, 2, 4, 8, 16)))

    def maybe(self, chance):
        return self.rng.random() < chance

    def finish(self):
        """The commands that have been made."""
        script, self.script = self.script, Script()
        return str(script)

    def name(self):
        """One for a netdev or a group that nothing else has."""
        self.named += 1
        return f"{text(8, '-_.')(self.rng, None)}{self.named}"

    def all_ports(self):
        return [port for device in self.devices for port in device.ports]

    # Settings from the table.

    def set(self, setting, target):
        values = [value(self.rng, target) for value in setting.values]
        self.settings += 1
        if setting.via in (IP, DEVLINK):
            self.script.add("ip" if setting.via == IP else "devlink",
                            setting.command.format(*values, **target))
            return
        path = setting.command.format(**target)
        if setting.via == SPOILT:
            self.spoilt[path] = setting.undo
        put = "put_if_there" if setting.via == OPTIONAL else "put"
        self.script.sh(f"{put} {path} {values[0]}")

    def set_ethtool(self, netdev, target, option, settings):
        words = []
        for setting in settings:
            values = [value(self.rng, target) for value in setting.values]
            words.append(setting.command.split(" ", 1)[1].format(*values))
        self.settings += len(words)
        self.script.sh(f"call ethtool {option} {netdev} {' '.join(words)}")

    def pairs(self, *vias):
        """All (setting, target) there are."""
        return [(setting, target) for setting in SETTINGS
                if setting.via in vias for device in self.devices
                for target in device.targets(setting.scope)]

    def set_many(self, chance, *vias):
        for setting, target in self.pairs(*vias):
            if self.maybe(chance):
                self.set(setting, target)

    def set_some_ethtool(self, count):
        """A program for each: few ports, but nearly all of an option."""
        calls = collections.defaultdict(list)
        for setting, target in self.pairs(ETHTOOL):
            option = setting.command.split(" ", 1)[0]
            calls[target["netdev"], option].append((setting, target))
        for (netdev, option), pairs in self.rng.sample(
                sorted(calls.items(), key=lambda call: call[0]),
                min(count, len(calls))):
            chosen = self.rng.sample(pairs, self.rng.randint(
                (len(pairs) + 1) // 2, len(pairs)))
            self.set_ethtool(netdev, pairs[0][1], option,
                             [setting for setting, _ in chosen])

    def spoil(self):
        self.set_many(0.2, SPOILT)
        for device in self.devices:
            for name in CUTTING:
                if self.maybe(0.05):
                    self.set(row(DEVICE, SPOILT, DEVICE_FILE + name,
                                 choice(1)), device.names())

    def cut_off(self):
        """Beginnings of the dump's entries that can't be relied on."""
        return tuple(section for name, section in CUTTING.items()
                     if any(path.endswith("/" + name)
                            for path in self.spoilt))

    def unspoil(self):
        for path, value in self.spoilt.items():
            self.script.put(path, value)
        self.spoilt = {}

    # What is more than a value.

    def create(self, device):
        self.script.put(BUS + "new_device",
                        f"'{device.id} {device.port_count} {device.queues}'")

    def resize(self, device):
        """Says whether a reload is to follow; else sizes wait for one.

        Not in a batch: devlink gets it wrong if there are two devices.
        """
        sizes = self.rng.sample(RESOURCES, self.rng.randint(0, 2))
        for path in sizes:
            self.script.sh(f"call devlink resource set {device.handle} "
                           f"path {path} size {self.rng.randint(1000, INT)}")
        self.settings += len(sizes)
        return self.maybe(0.7 if sizes else 0.3)

    def reload(self, device):
        """It undoes most settings, so it comes before them."""
        for setting in SETTINGS:
            if "param set" in setting.command:
                self.set(setting, device.names())
        self.script.devlink(f"dev reload {device.handle}")

    def break_health(self, device):
        """Without a dump, which would be lost.

        And once: while the reporter hasn't recovered, more is an error.
        """
        recover = boolean(self.rng, None)
        self.script.devlink(f"health set {device.handle} reporter dummy "
                            f"grace_period 0 auto_recover {recover} "
                            "auto_dump false")
        device.broken = True

    def do_break_health(self, device):
        message = text(60, " ")(self.rng, None)
        self.script.put(f"{DEBUGFS}{device.name}/health/break_health",
                        f"'{message}'")

    def add_port(self, device):
        free = {*range(12), 100, 127, 5000} - {port.index
                                               for port in device.ports}
        port = Port(device, self.rng.choice(sorted(free)))
        device.ports.append(port)
        self.script.put(f"{BUS}devices/{device.name}/new_port", port.index)

    def delete_port(self, port):
        if port.peer:
            port.peer.peer = None
        port.device.ports.remove(port)
        self.forget_watched()
        self.script.put(f"{BUS}devices/{port.device.name}/del_port",
                        port.index)

    def forget_watched(self):
        """Statistics go with their netdev."""
        for device in self.devices:
            device.watched = [port for port in device.watched
                              if port in port.device.ports]

    def punch_holes(self, device):
        for _ in range(self.rng.randint(0, 2)):
            self.add_port(device)
        for port in device.physical():
            if len(device.ports) > 1 and self.maybe(0.3):
                self.delete_port(port)

    def set_vfs(self, device, count):
        device.vfs = count
        self.script.put(f"{BUS}devices/{device.name}/sriov_numvfs", count)
        if device.switchdev and count:
            device.add_vf_ports()
        elif device.switchdev:
            self.leave_switchdev(device)

    def toggle_vfs(self, device):
        if device.vfs:
            self.set_vfs(device, 0)
        elif device.max_vfs:
            self.set_vfs(device, self.rng.randint(1, min(5, device.max_vfs)))

    def limit_vfs(self, device):
        device.max_vfs = self.rng.choice((0, 1, 4, 5, 300))
        self.script.put(f"{DEBUGFS}{device.name}/max_vfs", device.max_vfs)

    def leave_switchdev(self, device):
        device.switchdev = False
        device.groups = {}
        device.ports = device.physical()
        self.forget_watched()

    def toggle_mode(self, device):
        if device.groups:
            # They keep it in the mode, unless the VFs go.
            self.set_vfs(device, 0)
            return
        mode = "legacy" if device.switchdev else "switchdev"
        self.script.devlink(f"dev eswitch set {device.handle} mode {mode}")
        if device.switchdev:
            self.leave_switchdev(device)
        else:
            device.switchdev = True
            device.add_vf_ports()

    def name_ports(self):
        """Gives names to the ports that are new."""
        self.script.sh("find_ports")
        for port in self.all_ports():
            if not port.netdev:
                port.netdev = self.name()
                self.script.ip(f"link set $net_{port.device.id}_"
                               f"{port.label()} name {port.netdev}")

    def rename(self, port):
        old, port.netdev = port.netdev, self.name()
        self.script.ip(f"link set {old} name {port.netdev}")

    def set_vf_rates(self, device):
        """Through devlink only, in the other mode."""
        for target in [] if device.switchdev else device.functions():
            self.script.ip((VF + "{}").format(vf_rates(self.rng, target),
                                              **target))
            self.settings += 1

    def add_group(self, device):
        """Without VFs, netdevsim would leave it behind when it is deleted."""
        group = self.name()
        device.groups[group] = None
        self.script.devlink(f"port function rate add {device.handle}/{group}")

    def set_parents(self, device):
        for port in device.leaves():
            port.parent = self.rng.choice([None, *device.groups])
            self.set_parent(device, port.index, port.parent)
        for group in device.groups:
            parent = self.rng.choice([None, *device.possible_parents(group)])
            device.groups[group] = parent
            self.set_parent(device, group, parent)

    def set_parent(self, device, place, parent):
        self.settings += 1
        self.script.devlink(
            f"port function rate set {device.handle}/{place} " +
            (f"parent {parent}" if parent else "noparent"))

    def delete_group(self, device):
        used = {*device.groups.values(),
                *(port.parent for port in device.leaves())}
        unused = [group for group in device.groups if group not in used]
        if not unused:
            return
        group = self.rng.choice(unused)
        del device.groups[group]
        self.script.devlink(f"port function rate del {device.handle}/{group}")

    def link_ports(self, count):
        free = [port for port in self.all_ports()
                if not port.is_vf and not port.peer]
        self.rng.shuffle(free)
        for first, second in list(zip(free[::2], free[1::2]))[:count]:
            first.peer, second.peer = second, first
            self.script.sh(f"link to {first.netdev} {second.netdev}")
            self.settings += 1

    def unlink_port(self):
        linked = [port for port in self.all_ports() if port.peer]
        if not linked:
            return
        port = self.rng.choice(linked)
        port.peer.peer = None
        port.peer = None
        self.script.sh(f"unlink from {port.netdev}")

    def toggle_sampling(self, device):
        device.sampling = not device.sampling
        self.script.sh(f"put_if_there {DEBUGFS}{device.name}/psample/enable "
                       f"{int(device.sampling)}")

    def toggle_watching(self, device):
        """L3 statistics of a port, which may be another device's."""
        port = self.rng.choice(self.all_ports())
        action = "disable" if port in device.watched else "enable"
        self.script.sh(f"index {port.netdev}")
        self.script.put(f"{DEBUGFS}{device.name}/hwstats/l3/{action}_ifindex",
                        "$index")
        if port in device.watched:
            device.watched.remove(port)
        else:
            device.watched.append(port)

    # The whole.

    def set_up(self):
        """Commands that make the devices and set them; hundreds."""
        for device in self.devices:
            self.create(device)
        for device in [*filter(self.resize, self.devices)]:
            self.reload(device)
        self.set_up_ports()
        self.set_many(0.6, IP)
        for device in self.devices:
            self.set_vf_rates(device)
        self.set_rates()
        self.set_many(0.5, DEVLINK)
        self.set_many(0.5, FILE, OPTIONAL)
        self.set_some_ethtool(8)
        self.link_ports(self.rng.randint(0, 3))
        for device in self.devices:
            if self.maybe(0.5):
                self.toggle_sampling(device)
            if self.all_ports() and self.maybe(0.7):
                self.toggle_watching(device)
        self.set_many(0.2, FILE, OPTIONAL)
        self.spoil()
        return self.finish()

    def set_up_ports(self):
        for device in self.devices:
            if self.maybe(0.6):
                self.break_health(device)
        for device in self.devices:
            if device.broken:
                self.do_break_health(device)
            self.punch_holes(device)
            if self.maybe(0.5):
                self.limit_vfs(device)
            if self.maybe(0.8):
                self.toggle_vfs(device)
        for device in self.devices:
            if self.maybe(0.5):
                self.toggle_mode(device)
        self.name_ports()

    def set_rates(self):
        for device in self.devices:
            if device.switchdev and device.vfs:
                for _ in range(self.rng.randint(0, 4)):
                    self.add_group(device)
                self.set_parents(device)

    def change_ports(self):
        device = self.rng.choice(self.devices)
        self.add_port(device)
        physical = [port for port in self.all_ports() if not port.is_vf]
        if len(physical) > 1:
            self.delete_port(self.rng.choice(physical))
        device = self.rng.choice(self.devices)
        self.rng.choice((self.toggle_vfs, self.toggle_mode))(device)
        self.name_ports()

    def change(self, count=40):
        """Commands that change what is there, by a few dozen settings."""
        self.unspoil()
        self.change_ports()
        self.rename(self.rng.choice(self.all_ports()))
        chosen = self.rng.sample(self.pairs(IP, DEVLINK, FILE, OPTIONAL),
                                 count)
        for setting, target in sorted(chosen, key=lambda pair: pair[0].via):
            self.set(setting, target)
        for device in self.devices:
            if device.switchdev and device.vfs and self.maybe(0.5):
                self.delete_group(device)
                self.add_group(device)
        self.set_some_ethtool(2)
        self.unlink_port()
        self.link_ports(1)
        for toggle in (self.toggle_sampling, self.toggle_watching):
            toggle(self.rng.choice(self.devices))
        self.spoil()
        return self.finish()

    def watched(self):
        """Names of the netdevs that some device has L3 statistics for."""
        return sorted({port.netdev for device in self.devices
                       for port in device.watched})

    def watch(self):
        """Commands that ask for L3 statistics, where devices have them."""
        for netdev in self.watched():
            self.script.ip(f"stats set dev {netdev} l3_stats on")
        self.script.sh("ip -j stats show group offload subgroup "
                       "hw_stats_info")
        return self.finish()

    def end(self):
        """Commands that every device takes, also one that was restored: a
        port and VFs go and come, it is reloaded, it is deleted."""
        self.unspoil()
        for device in self.devices:
            place = f"{BUS}devices/{device.name}/"
            for port in device.physical()[:1]:
                self.script.put(place + "del_port", port.index)
                self.script.put(place + "new_port", port.index)
            self.script.put(place + "sriov_numvfs", 0)
            if device.max_vfs:
                self.script.put(place + "sriov_numvfs", device.max_vfs)
        for device in self.devices:
            self.script.devlink(f"dev reload {device.handle}")
        for device in self.devices:
            self.script.sh(
                f"set -- {BUS}devices/{device.name}/net/eth*; "
                f"[ -e $1 ] || shift; [ $# = {device.port_count} ] || "
                f'refuse "{device.name} has $# ports after its reload"')
            self.script.put(BUS + "del_device", device.id)
        return self.finish()
