# SPDX-License-Identifier: GPL-2.0-only
"""What a NIC's dump can't show: what is lost, what is refused, what counts."""
import json

import nic
from handover import KHO, command, expect_refused, expect_state
from suite import test
from update_tests import MODULE, execute, expect

DEVICE = nic.DEBUGFS + nic.NIC
HANDLE = f"netdevsim/{nic.NIC}"
LOST = DEVICE + "/kho/lost"
LEAVE = DEVICE + "/kho/leave_behind/"
DUMMIES = 40


def expect_lost(vm, *wanted):
    found = vm.read(LOST).splitlines()
    for text in wanted:
        expect(text in found, f"'{text}' is not among what is lost: {found}")


def expect_reason(vm, reason):
    """Both commands are refused with it, and the device runs on."""
    for word in ("prepare", "save"):
        expect_refused(vm, word, "")
        error = vm.read(KHO + "last_error")
        expect(reason in error, f"refused, but with '{error}'")
    vm.sh("ip link set nic2 down")


def expect_fails(vm, reason, script):
    status, output = vm.run(script)
    expect(status, f"went through: {script}")
    expect(reason in output, f"failed, but with '{output}'")


@test()
def losses_are_named(vm, _notes):
    nic.set_up_ports(vm)
    vm.sh(f"""set -e
        for n in 1 2 3; do echo 1 > {DEVICE}/take_snapshot; done
        devlink region del {HANDLE}/dummy snapshot 0
        echo broken > {DEVICE}/health/break_health
        devlink health dump show {HANDLE} reporter empty""")
    command(vm, "save", after="saved")
    expect_lost(vm, "2 snapshots of the dummy region",
                "dump of health reporter dummy",
                "dump of health reporter empty",
                "nic0: time of its PTP clock")
    lost = vm.read(LOST)
    vm.kexec_load()
    execute(vm)
    expect(vm.read(LOST + "_before") == lost,
           "the next kernel does not tell what was lost")


@test()
def failed_reload_is_refused(vm, _notes):
    nic.set_up_ports(vm)
    before = nic.dump(vm)
    vm.write(DEVICE + "/fail_reload", "Y")
    expect_fails(vm, "", f"devlink dev reload {HANDLE}")
    for word in ("prepare", "save"):
        expect_refused(vm, word, "busy")
        expect("its last devlink reload failed" in vm.read(KHO + "last_error"),
               "refused for another reason")
    vm.write(DEVICE + "/fail_reload", "N")
    vm.sh(f"devlink dev reload {HANDLE}")
    vm.kexec_load()
    command(vm, "save", after="saved")
    execute(vm)
    names = {name for name in before if name.startswith("devlink port")}
    expect(names <= set(nic.dump(vm)), "ports are missing")


@test()
def what_is_refused_stays(vm, _notes):
    """Whoever tries to change a saved device gets an error, and nothing else."""
    nic.set_up(vm)
    before = nic.dump(vm)
    group = f"port function rate del netdevsim/{nic.SRIOV}/group1"
    vm.sh(f"devlink port function rate set netdevsim/{nic.SRIOV}/128 noparent")
    command(vm, "save", after="saved")
    expect_fails(vm, "saved for a live update", "devlink " + group)
    command(vm, "abort", after="idle")
    command(vm, "prepare", after="prepared")
    command(vm, "abort", after="idle")
    vm.sh(f"devlink port function rate set netdevsim/{nic.SRIOV}/128 "
          "parent group1")
    nic.assert_same(before, nic.dump(vm))


@test()
def device_without_queues_is_refused(vm, _notes):
    """It could not be created again."""
    vm.write(nic.BUS + "new_device", "50 0 0")
    for word in ("prepare", "save"):
        expect_refused(vm, word, "not supported")
        expect("with 0 queues" in vm.read(KHO + "last_error"),
               "refused for another reason")


@test()
def device_in_another_netns(vm, _notes):
    """Refused; on request it comes back in the initial one.

    Names and ifindexes that it had there are those of others here.
    """
    nic.set_up_pair(vm)
    nic.set_up_ports(vm)
    vm.sh(f"""set -e
        ip netns add elsewhere
        devlink dev reload {HANDLE} netns elsewhere
        dev=$(ip netns exec elsewhere \
            ls {nic.BUS}devices/{nic.NIC}/net | head -n 1)
        ip netns exec elsewhere ip link set $dev name left0""")
    expect_refused(vm, "save", "not supported")
    expect("its devlink instance is in a network namespace" in
           vm.read(KHO + "last_error"), "refused for another reason")
    vm.write(LEAVE + "netns", "Y")
    vm.kexec_load()
    before = {name: value for name, value in nic.dump(vm).items()
              if not name.startswith("debugfs/")}
    command(vm, "save", after="saved")
    expect_lost(vm, "its network namespace, L3 statistics there")
    execute(vm)
    after = nic.dump(vm)
    nic.assert_same(before, {name: after.get(name) for name in before})
    nic.ping(vm)
    expect(sorted(nic.ports(vm, nic.NIC)) == [0, 1, 2, 3],
           "the ports are not in the initial namespace")


@test()
def ifindexes_are_kept_free(vm, _notes):
    """Another driver, of which the netdevs come first, gets other ones."""
    nic.set_up(vm)
    before = nic.dump(vm)
    vm.kexec_load(append=f"dummy.numdummies={DUMMIES}")
    command(vm, "save", after="saved")
    execute(vm)
    after = nic.dump(vm)
    nic.assert_same(before, {name: after.get(name) for name in before})
    nic.ping(vm)
    shown = json.loads(vm.sh("ip -j link show"))
    dummies = [link["ifindex"] for link in shown
               if link["ifname"].startswith("dummy")]
    ours = [value for name, value in before.items()
            if name.startswith("ip[") and name.endswith("]/ifindex")]
    expect(len(dummies) == DUMMIES, "the other netdevs are missing")
    expect(min(dummies) < max(ours),
           "the other netdevs did not come before ours")


def routes(vm):
    """How many IPv4 routes the device holds."""
    shown = json.loads(vm.sh(f"devlink -j resource show {HANDLE}"))
    ipv4 = next(entry for entry in shown["resources"][HANDLE]
                if entry["name"] == "IPv4")
    fib = next(entry for entry in ipv4["resources"] if entry["name"] == "fib")
    return fib["occ"]


@test()
def routes_come_back_within_limits(vm, _notes):
    """The tables are the stack's, how much goes in is the device's."""
    limit = 20
    nic.set_up_ports(vm)
    vm.sh(f"devlink resource set {HANDLE} path /IPv4/fib size {limit} && "
          f"devlink dev reload {HANDLE}")
    nic.rename_ports(vm, nic.NIC, "nic")
    vm.sh("ip link set nic0 up && ip route add 198.51.100.0/24 dev nic0")
    vm.kexec_load()
    command(vm, "save", after="saved")
    execute(vm)
    for number in range(limit):
        status, output = vm.run("ip route add "
                                f"203.0.113.{number}/32 dev nic0")
        if status:
            break
    expect(routes(vm) == limit, f"{routes(vm)} routes fit, not {limit}")
    expect(status and "number of supported" in output,
           f"one more is not refused as it should be: {output}")


SET_UP_STACK = """set -e
    ip address add 192.0.2.1/24 dev nic0
    ip neighbour add 192.0.2.9 lladdr 02:00:5e:99:00:01 dev nic0
    ip route add 198.51.100.0/24 via 192.0.2.9 dev nic0
    ip link property add dev nic0 altname first_port
    ip maddress add 01:00:5e:00:00:42 dev nic0
    tc qdisc add dev nic0 root handle 7: pfifo limit 99
    echo 1 > /sys/class/net/nic0/threaded
    echo 20000 > /sys/class/net/nic0/gro_flush_timeout
    echo 2 > /sys/class/net/nic0/napi_defer_hard_irqs
"""
SHOW_STACK = """ip -4 -o address show dev nic0
    ip neighbour show dev nic0 nud permanent
    ip route show 198.51.100.0/24
    ip link show dev nic0 | grep altname
    ip maddress show dev nic0 | grep static
    tc qdisc show dev nic0 | grep '7:'
    cd /sys/class/net/nic0
    grep -v '^0$' threaded gro_flush_timeout napi_defer_hard_irqs
    true"""


@test()
def stack_is_set_up_again(vm, _notes):
    """None of it comes back by itself; the same script makes it again."""
    nic.set_up_ports(vm)
    vm.sh(SET_UP_STACK)
    before = vm.sh(SHOW_STACK)
    expect(len(before.splitlines()) == 9, f"it isn't all there: {before}")
    vm.kexec_load()
    command(vm, "save", after="saved")
    execute(vm)
    found = vm.sh(SHOW_STACK)
    expect(not found, f"it is there again: {found}")
    vm.sh(SET_UP_STACK)
    expect(vm.sh(SHOW_STACK) == before, "it isn't as it was")


def sizes(vm):
    """{resource: the size that waits for a reload} of the device."""
    shown = json.loads(vm.sh(f"devlink -j resource show {HANDLE}"))
    found = {}
    for entry in shown["resources"][HANDLE]:
        for inner in [entry, *entry.get("resources", [])]:
            if "size_new" in inner:
                found[entry["name"] + "/" + inner["name"]] = inner["size_new"]
    return found


@test()
def sizes_wait_for_a_reload(vm, _notes):
    """Before an update, and after it; then the reload takes them."""
    nic.set_up_ports(vm)
    vm.sh("set -e\n" + "".join(
        f"devlink resource set {HANDLE} path {path} size {size}\n"
        for path, size in (("/IPv4", 900), ("/IPv4/fib", 300),
                           ("/IPv4/fib-rules", 40), ("/nexthops", 77))))
    before = sizes(vm)
    expect(len(before) == 4, f"other sizes wait: {before}")
    vm.kexec_load()
    command(vm, "save", after="saved")
    execute(vm)
    expect(sizes(vm) == before, f"{sizes(vm)} wait, not {before}")
    vm.sh(f"devlink dev reload {HANDLE}")
    expect(sizes(vm) == {"IPv4/IPv4": 900},
           f"after the reload, these wait: {sizes(vm)}")


# Not VXLAN: 6.12 takes a mutex under a spin lock there to tell of a port.
TUNNELS = {"tun0": 6081, "tun1": 6091}


def add_tunnels(vm):
    """The tables are filled by work that is not waited for."""
    vm.sh("".join(f"ip link add {name} type geneve id {port} dstport {port} "
                  f"remote 192.0.2.2 && ip link set {name} up || exit\n"
                  for name, port in TUNNELS.items()) + "sleep 0.5")
    return tunnel_tables(vm)


def tunnel_tables(vm):
    return [vm.read(f"{DEVICE}/ports/{port}/udp_ports/table1").split()
            for port in (0, 2)]


@test("debug")
def tunnel_ports_are_offloaded_again(vm, _notes):
    """By the stack, into empty tables of the same properties."""
    vm.sh("insmod " + MODULE)
    nic.create(vm, nic.NIC, ports=4)
    vm.write(DEVICE + "/udp_ports_open_only", "Y")
    vm.sh(f"devlink dev reload {HANDLE}")
    nic.rename_ports(vm, nic.NIC, "nic")
    vm.sh("ip link set nic0 up")
    empty = tunnel_tables(vm)
    before = add_tunnels(vm)
    expect(before[0] != empty[0], f"nothing is offloaded: {before}")
    expect(before[1] == empty[1],
           f"a port that is down has tunnel ports: {before}")
    vm.kexec_load()
    command(vm, "save", after="saved")
    vm.kexec()
    vm.sh("insmod " + MODULE)
    expect_state(vm, "restored")
    expect(tunnel_tables(vm) == empty, "there are tunnel ports by themselves")
    expect(add_tunnels(vm) == before, "other tunnel ports are offloaded")


ADD_SA = ("ip xfrm state add src 192.0.2.1 dst 192.0.2.{} proto esp "
          "spi 0x{} reqid 1 mode transport aead 'rfc4106(gcm(aes))' "
          "0x0123456789abcdef0123456789abcdef01234567 128 "
          "offload dev nic3 dir out")
XDP = "xdpdrv obj /lib/kho/xdp_pass.o sec xdp"
XDP_OFFLOAD = "xdpoffload obj /lib/kho/xdp_pass.o sec xdp"


def expect_item(vm, item, reason, lost, undo):
    """Refused; with leave, saved and named as lost."""
    expect_reason(vm, reason)
    vm.write(LEAVE + item, "Y")
    command(vm, "save", after="saved")
    expect(lost in vm.read(LOST), f"{item} is not named as lost")
    command(vm, "abort", after="idle")
    vm.write(LEAVE + item, "N")
    vm.sh(undo)
    command(vm, "prepare", after="prepared")
    command(vm, "abort", after="idle")


@test("debug")
def offloads_are_refused(vm, _notes):
    """Keys and programs stay with this kernel; while saved, none is added."""
    vm.sh("insmod " + MODULE)
    nic.set_up_ports(vm)
    vm.sh("ip link set nic3 up")

    vm.sh(ADD_SA.format(2, 2))
    expect_item(vm, "ipsec", "IPsec states are offloaded", "IPsec",
                "ip xfrm state flush")
    vm.sh("ip link add link nic1 name sec1 type macsec encrypt on && "
          "ip macsec offload sec1 mac")
    expect_item(vm, "macsec", "MACsec devices are offloaded", "MACsec",
                "ip link del sec1")
    vm.sh("ip link set nic3 " + XDP)
    expect_item(vm, "bpf", "an XDP or BPF program is attached", "nic3: its XDP",
                "ip link set nic3 xdpdrv off")
    vm.sh("ip link set nic3 " + XDP_OFFLOAD)
    expect_item(vm, "bpf", "BPF programs or maps are bound",
                "bound BPF programs", "ip link set nic3 xdpoffload off")

    command(vm, "save", after="saved")
    expect_fails(vm, "saved for a live update", ADD_SA.format(3, 3))
    expect_fails(vm, "", "ip link set nic3 " + XDP)
    expect_fails(vm, "", "ip link set nic3 " + XDP_OFFLOAD)
    vm.sh("ip link add link nic1 name sec1 type macsec encrypt on")
    expect_fails(vm, "", "ip macsec offload sec1 mac")
    command(vm, "abort", after="idle")
    vm.sh(ADD_SA.format(3, 3))
