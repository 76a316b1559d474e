# SPDX-License-Identifier: GPL-2.0-only
"""Handovers that the next kernel cannot read, or not all of.

What the first kernel has saved is changed from outside, in the guest's
memory, right before the next kernel is executed.
"""
import fdt
import handover
import live_update
import nic
from handover import command, expect_state
from suite import test
from update_tests import expect, expect_nics
from vm import GuestError

PAGE = 4096
SUBTREE = "kho-fsm"
MAP = "preserved-memory-map"


def save(vm):
    nic.set_up(vm)
    vm.kexec_load()
    command(vm, "save", after="saved")


def pages_like(memory, content):
    """Page-aligned places that hold a copy of the content."""
    places, place = [], memory.find(content)
    while place >= 0:
        if place % PAGE == 0:
            places.append(place)
        place = memory.find(content, place + 1)
    return places


def change_root(vm, change):
    """Changes the root FDT, wherever the first kernel keeps it."""
    root = vm.read_binary(handover.KHO + "dt")
    with vm.physical_memory() as memory:
        places = pages_like(memory, root)
        if not places:
            raise GuestError("the root FDT is not found in memory")
        changed = change(root)
        for place in places:
            memory[place:place + len(changed)] = changed


def root_property(vm, node, name):
    root = fdt.parse(vm.read_binary(handover.KHO + "dt"))
    return fdt.native_u64(root[node][name])


def flip(vm, address):
    with vm.physical_memory() as memory:
        memory[address] ^= 0xff


def manifest(vm):
    """(address, the list of images that the next kernel is given)."""
    node = "/" + SUBTREE
    address = root_property(vm, node, "preserved-data")
    size = root_property(vm, node, "blob-size")
    with vm.physical_memory() as memory:
        return address, fdt.parse(memory[address:address + size])


def expect_reported(vm, *words):
    """One line of the kernel's log has all of the words."""
    log = [line for line in vm.sh("dmesg").splitlines() if "kho" in line]
    expect(any(all(word in line for word in words) for line in log),
           f"no message of the kernel has {words}:\n" + "\n".join(log))


def expect_clean_start(vm):
    """The handover is lost, the kernel is not: all can be set up again."""
    expect_state(vm, "idle")
    expect(not vm.sh("ls /sys/bus/netdevsim/devices").split(),
           "devices came back from a handover that cannot be read")
    nic.set_up(vm)
    before = nic.dump(vm)
    vm.kexec_load()
    command(vm, "save", after="saved")
    vm.kexec()
    expect_state(vm, "restored")
    expect_nics(vm, before)


@test()
def unknown_root_format(vm, _notes):
    save(vm)
    change_root(vm, lambda root: root.replace(b"kho-v4\0", b"kho-v9\0"))
    vm.kexec()
    expect_reported(vm, "compatible")
    expect_clean_start(vm)


@test()
def truncated_root(vm, _notes):
    save(vm)
    change_root(vm, lambda root: root[:4] + (64).to_bytes(4, "big") +
                root[8:])
    vm.kexec()
    expect_reported(vm, "can't be read")
    expect_clean_start(vm)


@test()
def zeroed_root(vm, _notes):
    save(vm)
    change_root(vm, lambda root: bytes(len(root)))
    vm.kexec()
    expect_reported(vm, "can't be read")
    expect_clean_start(vm)


@test()
def map_with_wild_pointer(vm, _notes):
    """A node of the map that is no address; the kernel boots and says so."""
    save(vm)
    address = root_property(vm, "/", MAP)
    with vm.physical_memory() as memory:
        entries = [offset for offset in range(address, address + PAGE, 8)
                   if any(memory[offset:offset + 8])]
        memory[entries[0]:entries[0] + 8] = (0x123).to_bytes(8, "little")
    vm.kexec()
    expect_reported(vm, "map")
    vm.sh("ls /sys/kernel/kho")


@test()
def map_that_loops(vm, _notes):
    save(vm)
    address = root_property(vm, "/", MAP)
    with vm.physical_memory() as memory:
        entries = [offset for offset in range(address, address + PAGE, 8)
                   if any(memory[offset:offset + 8])]
        memory[entries[0]:entries[0] + 8] = address.to_bytes(8, "little")
    vm.kexec()
    expect_reported(vm, "map")
    vm.sh("ls /sys/kernel/kho")


@test()
def broken_manifest(vm, _notes):
    save(vm)
    address, _ = manifest(vm)
    flip(vm, address)
    vm.kexec()
    expect_reported(vm, SUBTREE)
    expect(not vm.sh("ls /sys/bus/netdevsim/devices").split(),
           "devices came back without a list of images")


@test()
def broken_image(vm, _notes):
    """Its seal is broken, so it is refused; the others are restored."""
    save(vm)
    image = image_address(vm, nic.SRIOV)
    flip(vm, image + 100)
    vm.kexec()
    expect_reported(vm, nic.SRIOV)
    expect("pf0" not in vm.sh("ls /sys/class/net").split(),
           "a device came back from a broken image")
    states = {name: client.state
              for name, client in handover.clients(vm).items()}
    for name in live_update.NAMES:
        if name != nic.SRIOV:
            expect(states.get(name) == "restored", f"{name}: {states}")
    nic.ping(vm)


def image_address(vm, client):
    """Where the image of a client starts, as the manifest says."""
    _, nodes = manifest(vm)
    for path, properties in nodes.items():
        if path.endswith("/" + client):
            return fdt.cells(properties["address"])
    raise GuestError(f"the manifest has no image of {client}: {list(nodes)}")
