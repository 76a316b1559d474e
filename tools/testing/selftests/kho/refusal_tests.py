# SPDX-License-Identifier: GPL-2.0-only
"""What is refused, and that a refusal changes nothing."""
import handover
import nic
from handover import KHO, command, expect_refused, expect_state
from suite import test
from update_tests import (MODULE, execute, expect, expect_nics,
                          refuse_execution)
from vm import CommandFailed, GuestError

COMMANDS = ("prepare", "save", "abort", "restore", "finish")
ALLOWED = {
    "idle": ("prepare", "save"),
    "prepared": ("prepare", "save", "abort"),
    "saved": ("abort",),
    "restoring": ("restore", "abort"),
    "restored": ("abort", "finish"),
}
NO_COMMANDS = ("", "idle", "PREPARE", "prepare save", "prepared", "sav",
               "x" * 300, "(done)")


def refuse_all(vm, state):
    """Everything that is no command in this state is refused, to no effect."""
    expect_state(vm, state)
    before = handover.snapshot(vm), nic.look(vm)
    client = sorted(handover.clients(vm))[0]
    paths = (KHO + "state", f"{KHO}clients/{client}/state")
    for path in paths:
        for word in COMMANDS:
            if word not in ALLOWED[state]:
                expect_refused(vm, word, "busy", path)
        for word in NO_COMMANDS[1:]:
            expect_refused(vm, word, "Invalid argument", path)
    for name in ("dt", "dt_max", "scratch_phys", "scratch_len", "timeline"):
        expect(vm.try_write(KHO + name, "1"), f"{name} can be written")
    expect_state(vm, state)
    expect(handover.snapshot(vm) == before[0],
           f"refused commands changed {KHO} in state {state}")
    nic.assert_same(before[1], nic.look(vm))


@test()
def refused_commands_before_kexec(vm, _notes):
    nic.set_up(vm)
    refuse_all(vm, "idle")
    command(vm, "prepare", after="prepared")
    refuse_all(vm, "prepared")
    command(vm, "save", after="saved")
    refuse_all(vm, "saved")


@test()
def refused_commands_after_kexec(vm, _notes):
    nic.set_up(vm)
    vm.kexec_load()
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    refuse_all(vm, "restored")
    vm.kexec_load()
    refuse_execution(vm, "busy")
    expect_nics(vm, before)
    command(vm, "abort", after="restoring")
    refuse_all(vm, "restoring")


def expect_not_permitted(vm, name, wish):
    vm.sh(f"chown 99 {KHO}{name}")
    status, output = vm.run(f"su nobody -c 'echo {wish} > {KHO}{name}'")
    expect(status and "not permitted" in output,
           f"{name} lets everybody in: {output}")


@test()
def commands_need_privilege(vm, _notes):
    """To own the files is not enough."""
    nic.set_up_pair(vm)
    wishes = {"state": "prepare", "deadline_ms": "save 5",
              "downtime_limit_us": "5", "kexec/verify": "purgatory"}
    if not vm.run(f"test -e {KHO}kexec/in_place")[0]:
        wishes["kexec/in_place"] = "0"
    vm.sh("mkdir -p /etc && echo 'nobody:x:99:99::/:/bin/sh' > /etc/passwd")
    for name, wish in wishes.items():
        before = vm.read(KHO + name)
        expect_not_permitted(vm, name, wish)
        expect(vm.read(KHO + name) == before, f"{name} has changed")
        vm.write(KHO + name, wish)
    expect_not_permitted(vm, "unclaimed", "nothing")


@test()
def no_client_no_update(vm, _notes):
    for word in ("prepare", "save"):
        expect_refused(vm, word, "No such device")
    expect_state(vm, "idle")
    vm.kexec_load()
    vm.kexec()
    expect_state(vm, "idle")


@test()
def image_without_handover_is_refused(vm, _notes):
    """kexec_load(2) cannot carry a handover, so it may not end one."""
    nic.set_up(vm)
    before = nic.dump(vm)
    vm.kexec_load(syscall="-c")
    command(vm, "prepare", after="prepared")
    refuse_execution(vm, "busy")
    expect_state(vm, "prepared")
    nic.assert_same(before, nic.dump(vm))
    command(vm, "save", after="saved")
    refuse_execution(vm, "busy")
    expect_state(vm, "saved")
    vm.kexec_load()
    execute(vm)
    expect_nics(vm, before)


def load_changed(vm, old, new):
    """Loads this kernel, but with something else in its image."""
    vm.sh(f"sed 's/{old}/{new}/' /boot/kernel > /tmp/kernel && "
          "! cmp -s /boot/kernel /tmp/kernel")
    vm.kexec_load("/tmp/kernel")


def refuse_unreadable(vm, reason):
    """Before and after save, unless the administrator allows it."""
    command(vm, "prepare", after="prepared")
    refuse_execution(vm, "Protocol error")
    expect_refused(vm, "save", "Protocol error")
    expect(reason in vm.read(KHO + "last_error"), "last_error doesn't say why")
    expect_state(vm, "prepared")
    vm.write(KHO + "unreadable", "allow")
    command(vm, "save", after="saved")
    vm.write(KHO + "unreadable", "refuse")
    refuse_execution(vm, "Protocol error")
    expect(reason in vm.read(KHO + "last_error"), "last_error doesn't say why")
    expect_state(vm, "saved")


@test()
def kernel_that_restores_no_clients(vm, _notes):
    """One without this mark would drop what clients have saved."""
    nic.create(vm, nic.NIC)
    load_changed(vm, "KHO: this kernel reads", "KHO: this kernel shuns")
    refuse_unreadable(vm, "can't restore clients")
    command(vm, "abort", after="idle")
    vm.kexec()
    expect_state(vm, "idle")


@test()
def kernel_that_lacks_a_format(vm, _notes):
    """It says what it reads, and that isn't what a client writes."""
    nic.create(vm, nic.NIC)
    load_changed(vm, "kho-fsm-v1 netdevsim-v2", "kho-fsm-v1 netdevsim-v0")
    refuse_unreadable(vm, f"{nic.NIC} (netdevsim-v2)")
    vm.write(KHO + "unreadable", "allow")
    vm.kexec()
    expect_state(vm, "restored")


@test()
def older_format_on_command(vm, _notes):
    """A client writes the format that it is told to, if it knows it."""
    nic.create(vm, nic.NIC)
    path = f"{KHO}clients/{nic.NIC}/save_as"
    expect_refused(vm, "netdevsim-v0", "Invalid argument", path)
    vm.write(path, "netdevsim-v1")
    expect(vm.read(path) == "netdevsim-v1", "it isn't remembered")
    command(vm, "prepare", after="prepared")
    expect_refused(vm, "", "busy", path)
    command(vm, "abort", after="idle")
    vm.write(path, "")


@test()
def update_from_the_previous_format(vm, _notes):
    """What a kernel of the first version hands over, and one goes back to."""
    nic.set_up(vm)
    for client in handover.clients(vm):
        vm.write(f"{KHO}clients/{client}/save_as", "netdevsim-v1")
    vm.kexec_load()
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    for client in handover.clients(vm):
        expect(vm.read(f"{KHO}clients/{client}/compatible") == "netdevsim-v1",
               f"the image of {client} has another format")
    expect_nics(vm, before)
    command(vm, "finish", after="idle")
    vm.kexec_load()
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    for client in handover.clients(vm):
        expect(vm.read(f"{KHO}clients/{client}/compatible") == "netdevsim-v2",
               f"{client} still writes another format")
    execute(vm)
    expect_nics(vm, before)


@test()
def left_behind_on_request(vm, _notes):
    """A port that is elsewhere, a page that is held: refused, unless wanted."""
    kho = f"{nic.DEBUGFS}{nic.NIC}/kho/"
    nic.set_up_ports(vm)
    vm.sh("ip netns add elsewhere && ip link set nic3 netns elsewhere")
    before = nic.dump(vm)
    vm.write(f"{nic.DEBUGFS}{nic.NIC}/ports/0/pp_hold", "y")
    vm.kexec_load()
    for item, netdev, reason in (("netns", "nic3", "not supported"),
                                 ("page", "nic0", "busy")):
        expect_refused(vm, "save", reason)
        expect(f"{netdev} can't be handed over" in vm.read(KHO + "last_error"),
               f"refused, but not because of {netdev}")
        vm.write(kho + "leave_behind/" + item, "Y")
    command(vm, "save", after="saved")
    lost = vm.read(kho + "lost")
    expect("nic3: its network namespace" in lost and "nic0: the page" in lost,
           f"what is left behind isn't named: {lost}")
    execute(vm)
    after = nic.dump(vm)
    nic.assert_same(
        {name: value for name, value in before.items()
         if "/kho/leave_behind/" not in name},
        {name: after.get(name) for name in before
         if "/kho/leave_behind/" not in name})
    expect(3 in nic.ports(vm, nic.NIC), "the port is not back")


@test()
def image_without_handover_from_idle(vm, _notes):
    nic.set_up_pair(vm)
    vm.kexec_load(syscall="-c")
    vm.kexec()
    expect_state(vm, "idle")


LOCKDOWN = "/sys/kernel/security/lockdown"


def refuse_unsigned(vm, state):
    """A kernel that is locked down loads none, and what is saved stays."""
    expect("[integrity]" in vm.read(LOCKDOWN), "there is no lockdown")
    before = handover.snapshot(vm)
    for syscall in ("-s", "-c"):
        try:
            vm.kexec_load(syscall=syscall)
        except CommandFailed as refusal:
            expect("not permitted" in refusal.output,
                   f"kexec {syscall} -l failed, but: {refusal.output}")
        else:
            raise GuestError(f"kexec {syscall} -l has loaded a kernel")
    expect_state(vm, state)
    expect(handover.snapshot(vm) == before,
           f"refused kernels changed {KHO} in state {state}")


@test("debug")
def lockdown(vm, _notes):
    """Signatures are checked as for any kexec: only if that is enforced."""
    vm.sh("insmod " + MODULE)
    nic.set_up_pair(vm)
    vm.kexec_load(append="lockdown=integrity")
    command(vm, "prepare", after="prepared")
    vm.sh("mount -t securityfs none /sys/kernel/security")
    vm.write(LOCKDOWN, "integrity")
    refuse_unsigned(vm, "prepared")
    command(vm, "abort", after="idle")
    nic.ping(vm)
    command(vm, "save", after="saved")
    refuse_unsigned(vm, "saved")
    vm.kexec()
    vm.sh("mount -t securityfs none /sys/kernel/security")
    refuse_unsigned(vm, "restoring")
    expect(set(handover.clients(vm)) == set(nic.PAIR), "images are missing")


@test()
def saved_device_cannot_go(vm, _notes):
    nic.set_up(vm)
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    expect(vm.try_write(nic.BUS + "del_device", "10"),
           "a saved device was deleted")
    expect(vm.try_write(f"{nic.BUS}devices/{nic.NIC}/new_port", "9"),
           "a saved device got a new port")
    command(vm, "abort", after="idle")
    expect_nics(vm, before)
