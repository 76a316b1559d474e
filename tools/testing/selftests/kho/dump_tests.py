# SPDX-License-Identifier: GPL-2.0-only
"""khodump reads the guest's memory: what it finds is what the guest says."""
import os
import re
import subprocess

import damage_tests
import fdt
import handover
import nic
from handover import command
from suite import test
from update_tests import expect

KHODUMP = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "..",
                       "..", "..", "build", "tools", "khodump")
ROOT = re.compile(r"^root FDT at (0x\w+), kho-v4", re.MULTILINE)
MAP = re.compile(r"^map of preserved memory at (0x\w+)", re.MULTILINE)
SUBTREE = re.compile(r"^subtree (\S+)\n +(\d+) bytes at (0x\w+)", re.MULTILINE)
IMAGE = re.compile(r"^  image (\S+): .* pass (\d+), (\d+) bytes written last\n"
                   r"((?:    .*\n)*)", re.MULTILINE)


def khodump(vm, path, *arguments):
    """Returns (status, output)."""
    run = subprocess.run([KHODUMP, f"--base={vm.arch.memory:#x}", *arguments,
                          path], text=True, errors="replace",
                         stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                         check=False)
    return run.returncode, run.stdout


def scratch(vm):
    """The guest's scratch areas, as arguments."""
    places = vm.read(handover.KHO + "scratch_phys").split()
    sizes = vm.read(handover.KHO + "scratch_len").split()
    return [f"--area={place},{size}" for place, size in zip(places, sizes)]


def find_root(vm):
    """Where the guest keeps the root FDT of what it hands over."""
    root = vm.read_binary(handover.KHO + "dt")
    _, output = khodump(vm, vm.memory_path())
    found = {int(place, 16) for place in
             re.findall(r"root FDT found at (0x\w+)", output)}
    with vm.physical_memory() as memory:
        found &= set(damage_tests.pages_like(memory, root))
    expect(len(found) == 1, f"root FDTs like the guest's: {found}")
    return f"--fdt={found.pop():#x}"


def expect_root(vm, output):
    """The root FDT's properties, all of them."""
    nodes = fdt.parse(vm.read_binary(handover.KHO + "dt"))
    place = fdt.native_u64(nodes["/"]["preserved-memory-map"])
    expect(int(MAP.search(output)[1], 16) == place,
           f"the map is at {place:#x}, not at {MAP.search(output)[1]}")
    expected = {path[1:]: (fdt.native_u64(node["blob-size"]),
                           fdt.native_u64(node["preserved-data"]))
                for path, node in nodes.items() if path != "/"}
    found = {name: (int(size), int(address, 16))
             for name, size, address in SUBTREE.findall(output)}
    expect(found == expected, f"subtrees: {found}, not {expected}")


def expect_images(vm, output):
    """Every client with its numbers, and the nodes of its image."""
    clients = handover.clients(vm)
    images = {name: (int(count), int(size), text)
              for name, count, size, text in IMAGE.findall(output)}
    expect(set(images) == set(clients),
           f"images of {sorted(images)}, not of {sorted(clients)}")
    for name, client in clients.items():
        count, size, text = images[name]
        expect((count, size) == (client.pass_, client.bytes),
               f"{name}: {count} passes, {size} bytes; the guest says "
               f"{client.pass_} and {client.bytes}")
        image = vm.read_binary(f"{handover.KHO}clients/{name}/image")
        wanted = [path.rsplit("/", 1)[1] for path in fdt.parse(image)
                  if path != "/"]
        lines = [line.strip() for line in text.splitlines()]
        missing = [node for node in wanted if node not in lines]
        expect(not missing, f"{name}: nodes not shown: {missing}")


def expect_read(vm, path, *arguments):
    """A dump is read without a complaint, and tells what the guest tells."""
    status, output = khodump(vm, path, *scratch(vm), *arguments)
    expect(not status and "!!" not in output,
           f"khodump: status {status}\n{output[-4000:]}")
    expect_root(vm, output)
    expect_images(vm, output)


def expect_complaint(vm, path, complaint, *arguments):
    status, output = khodump(vm, path, *arguments)
    complaints = [line for line in output.splitlines() if "!!" in line]
    expect(status == 1 and any(complaint in line for line in complaints),
           f"khodump: status {status}, not a word of '{complaint}': "
           f"{complaints}")


def save_again(vm):
    vm.kexec()
    command(vm, "finish", after="idle")
    vm.kexec_load()
    command(vm, "save", after="saved")


@test()
def dump_agrees_with_guest(vm, _notes):
    damage_tests.save(vm)
    expect_read(vm, vm.core_dump())
    save_again(vm)
    expect_read(vm, vm.memory_path(), find_root(vm))


@test()
def dump_of_damage(vm, _notes):
    """khodump finds what the next kernel would have to refuse."""
    damage_tests.save(vm)
    path, root = vm.memory_path(), find_root(vm)
    areas = scratch(vm)
    expect_complaint(vm, path, "is in scratch", root,
                     f"--area={vm.arch.memory:#x},{256 << 20}")
    damage_tests.flip(
        vm, fdt.cells(damage_tests.images(vm)[nic.SRIOV]["image"], 0) + 100)
    expect_complaint(vm, path, nic.SRIOV, root, *areas)
    address = damage_tests.root_property(vm, "/", damage_tests.MAP)
    with vm.physical_memory() as memory:
        entries = [offset for offset in range(address, address + 4096, 8)
                   if any(memory[offset:offset + 8])]
        memory[entries[0]:entries[0] + 8] = address.to_bytes(8, "little")
    expect_complaint(vm, path, f"node at {address:#x} is there twice",
                     root, *areas)
