# SPDX-License-Identifier: GPL-2.0-only
"""Handovers that the next kernel cannot read, or not all of.

What the first kernel has saved is changed from outside, in the guest's
memory, right before the next kernel is executed.
"""
import fdt
import handover
import live_update
import nic
from handover import KHO, command, expect_state, scratch_mib
from suite import test
from update_tests import expect, expect_nics
from vm import GuestError

PAGE = 4096
SUBTREE = "kho-fsm"
MAP = "preserved-memory-map"
MAP_DEPTH = 6


def save(vm, append=""):
    nic.set_up(vm)
    vm.kexec_load(append=append)
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
    expect_reported(vm, "lost", "kho-v4")
    expect_clean_start(vm)


@test()
def truncated_root(vm, _notes):
    save(vm)
    change_root(vm, lambda root: root[:4] + (64).to_bytes(4, "big") +
                root[8:])
    vm.kexec()
    expect_reported(vm, "can't be used")
    expect_clean_start(vm)


@test()
def zeroed_root(vm, _notes):
    save(vm)
    change_root(vm, lambda root: bytes(len(root)))
    vm.kexec()
    expect_reported(vm, "can't be used")
    expect_clean_start(vm)


def break_format(root):
    return root.replace(b"kho-v4\0", b"kho-v9\0")


@test()
def unusable_handover_panics(vm, _notes):
    save(vm, "kho_on_error=panic")
    change_root(vm, break_format)
    vm.allow("Kernel panic|Call Trace")
    try:
        vm.kexec()
    except GuestError:
        pass
    expect("kho: handover can't be used: format isn't kho-v4" in
           vm.console(), "the kernel did not say why it stopped")
    expect(vm.boots == 1, "the kernel booted")


@test()
def unusable_handover_is_kept(vm, _notes):
    """Nothing outside of scratch is touched, for whoever looks at it."""
    scratch = sum(scratch_mib(vm)) * 1024
    save(vm, "kho_on_error=keep")
    pages = [root_property(vm, "/", MAP),
             fdt.cells(images(vm)[nic.SRIOV]["image"], 0)]
    with vm.physical_memory() as memory:
        before = [memory[page:page + PAGE] for page in pages]
    change_root(vm, break_format)
    vm.kexec()
    expect_reported(vm, "keeping all memory outside of scratch")
    expect(vm.run("ls /sys/kernel/kho")[0] != 0, "KHO is on")
    total = int(vm.sh("awk '/MemTotal/ {print $2}' /proc/meminfo"))
    expect(total < scratch, f"{total} KiB are in use, scratch is {scratch}")
    with vm.physical_memory() as memory:
        expect(before == [memory[page:page + PAGE] for page in pages],
               "memory that was preserved has been written to")


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
def changed_map(vm, _notes):
    """A map that makes sense, but isn't what was sealed."""
    save(vm)
    node = root_property(vm, "/", MAP)
    with vm.physical_memory() as memory:
        for _ in range(MAP_DEPTH - 1):
            entries = (memory[node + 8 * i:node + 8 * i + 8]
                       for i in range(PAGE // 8))
            node = max(int.from_bytes(entry, "little") for entry in entries)
        place = next(place for place in range(node, node + PAGE)
                     if memory[place])
        memory[place] &= memory[place] - 1
    vm.kexec()
    expect_reported(vm, "lost", "the seal doesn't fit")
    expect_clean_start(vm)


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


def break_seal(vm):
    """As a kernel does that goes on preserving: there is nothing to compare.

    What a hostile kernel seals would fit, and be wrong all the same.
    """
    address = root_property(vm, "/kho-seal", "preserved-data")
    with vm.physical_memory() as memory:
        memory[address:address + 8] = bytes(8)


@test()
def map_that_never_ends(vm, _notes):
    """Beyond the last key, each of hundreds of entries leads to the root."""
    save(vm)
    address = root_property(vm, "/", MAP)
    with vm.physical_memory() as memory:
        memory[address + 8 * 8:address + PAGE] = \
            address.to_bytes(8, "little") * (PAGE // 8 - 8)
    break_seal(vm)
    vm.kexec()
    expect_state(vm, "restored")
    nic.ping(vm)


def preserve_page(memory, root, address):
    """Sets the bit of one page in the map whose root is given."""
    key = 1 << 52 | address >> 12
    node = root
    for shift in (51, 42, 33, 24, 15):
        entry = node + 8 * (key >> shift & 511)
        node = int.from_bytes(memory[entry:entry + 8], "little")
        expect(node, "the map has no leaf for this page")
    memory[node + (key & 0x7fff) // 8] |= 1 << key % 8


def images(vm):
    """{client: its entry in the list that the next kernel is given}."""
    node = "/" + SUBTREE
    address = root_property(vm, node, "preserved-data")
    size = root_property(vm, node, "blob-size")
    with vm.physical_memory() as memory:
        nodes = fdt.parse(memory[address:address + size])
    return {path.rsplit("/", 1)[1]: properties
            for path, properties in nodes.items()
            if path.startswith("/images/")}


def expect_refused_alone(vm, refused):
    """One client's image is refused and kept, the others are restored."""
    expect_reported(vm, refused)
    expected = dict.fromkeys(live_update.NAMES, "restored")
    states = {name: client.state
              for name, client in handover.clients(vm).items()}
    expect(states == {**expected, refused: "restoring"},
           f"states of the clients: {states}")
    expect(refused not in vm.sh(f"ls {nic.BUS}devices").split(),
           f"{refused} came back from a broken image")
    nic.ping(vm)


@test()
def broken_manifest(vm, _notes):
    save(vm)
    flip(vm, root_property(vm, "/" + SUBTREE, "preserved-data"))
    vm.kexec()
    expect_reported(vm, "manifest", "no image can be read")
    expect_clean_start(vm)


@test()
def unknown_manifest_format(vm, _notes):
    """It is handed on until a kernel comes that can read it."""
    save(vm)
    address = root_property(vm, "/" + SUBTREE, "preserved-data")
    with vm.physical_memory() as memory:
        place = memory.find(b"kho-fsm-v1\0", address, address + PAGE)
        memory[place:place + 10] = b"kho-fsm-v9"
    for _ in range(2):
        vm.kexec()
        expect_reported(vm, "manifest", "no image can be read")
        expect(SUBTREE in vm.read(KHO + "unclaimed"), "it is lost")
        vm.kexec_load()
    expect_clean_start(vm)


@test()
def broken_image(vm, _notes):
    save(vm)
    flip(vm, fdt.cells(images(vm)[nic.SRIOV]["image"], 0) + 100)
    vm.kexec()
    expect_refused_alone(vm, nic.SRIOV)


@test()
def broken_memory(vm, _notes):
    """Not the image itself, but memory that it refers to."""
    nic.set_up(vm)
    vm.write(f"{nic.DEBUGFS}{nic.NIC}/kho/extra_kib", "64")
    vm.kexec_load()
    command(vm, "save", after="saved")
    flip(vm, fdt.cells(images(vm)[nic.NIC]["memory"], 0) + 100)
    vm.kexec()
    expect_refused_alone(vm, nic.NIC)


@test()
def map_with_overlapping_blocks(vm, _notes):
    """A page of an image is preserved twice: whose is it?"""
    save(vm)
    root = root_property(vm, "/", MAP)
    image = images(vm)[nic.NIC]["image"]
    expect(fdt.cells(image, 1) > PAGE, "the image has but one page")
    with vm.physical_memory() as memory:
        preserve_page(memory, root, fdt.cells(image, 0) + PAGE)
    break_seal(vm)
    vm.kexec()
    expect_reported(vm, "overlap", "nobody")
    expect_reported(vm, nic.NIC, "image lost")
    states = {name: client.state
              for name, client in handover.clients(vm).items()}
    others = {name for name in live_update.NAMES if name != nic.NIC}
    expect(states == dict.fromkeys(others, "restored"),
           f"states of the clients: {states}")


@test(skip={"arm64": "other memory is in use there"})
def memory_in_use_by_this_kernel(vm, _notes):
    """x86 never gives low memory away: nobody can have preserved it."""
    save(vm)
    root = root_property(vm, "/", MAP)
    with vm.physical_memory() as memory:
        preserve_page(memory, root, 0x10000)
    break_seal(vm)
    vm.kexec()
    expect_reported(vm, "1 preserved blocks", "in use")
    expect_state(vm, "restored")
    nic.ping(vm)


@test()
def discarded_broken_image(vm, _notes):
    """What cannot be restored does not stand in the way for ever."""
    save(vm)
    flip(vm, fdt.cells(images(vm)[nic.SRIOV]["image"], 0) + 100)
    vm.kexec()
    command(vm, "discard", client=nic.SRIOV)
    expect_state(vm, "restored")
    command(vm, "finish", after="idle")
    expect(nic.SRIOV not in handover.clients(vm),
           "its client is still there, without image and device")
    command(vm, "prepare", after="prepared")
