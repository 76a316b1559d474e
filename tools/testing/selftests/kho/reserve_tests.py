# SPDX-License-Identifier: GPL-2.0-only
"""Memory of reserve_mem= keeps its place and its content through kexec.

What is in it is written and read from outside, in the guest's memory.
"""
import collections
import os

import fdt
from damage_tests import expect_reported
from handover import KHO, KHO_ON, MIB
from suite import test
from update_tests import expect

FIRST = "reserve_mem=4M:4096:first"
SECOND = "reserve_mem=1M:2M:second"
THIRD = "reserve_mem=8193:1:third"

Area = collections.namedtuple("Area", "start size")


def areas(vm, way="out"):
    """{name: Area} that this kernel hands over, or that came "in"."""
    blob = vm.read_binary(f"/sys/kernel/debug/kho/{way}/sub_fdts/memblock")
    return {path[1:]: Area(fdt.native_u64(node["start"]),
                           fdt.native_u64(node["size"]))
            for path, node in fdt.parse(blob).items() if path != "/"}


def fill(vm, found):
    """Random content for each area; returns it."""
    content = {name: os.urandom(area.size) for name, area in found.items()}
    with vm.physical_memory() as memory:
        for name, area in found.items():
            memory[area.start:area.start + area.size] = content[name]
    return content


def expect_content(vm, found, content, names):
    with vm.physical_memory() as memory:
        for name in names:
            area = found[name]
            expect(memory[area.start:area.start + area.size] ==
                   content[name], f"{name} at {area.start:#x} has changed")


def expect_outside_scratch(vm, area):
    starts, sizes = ([int(number, 16) for number in
                      vm.read(KHO + name).split()]
                     for name in ("scratch_phys", "scratch_len"))
    for start, size in zip(starts, sizes):
        expect(area.start >= start + size or area.start + area.size <= start,
               f"{area.start:#x} is in scratch at {start:#x}")


def expect_same(now, before, names):
    for name in names:
        expect(now.get(name) == before[name],
               f"{name}: {before[name]} before, {now.get(name)} now")


def hop(vm, *changes):
    """To the next kernel, with another command line from now on."""
    for old, new in changes:
        expect(old in vm.append, f"'{old}' isn't on the command line")
        vm.append = vm.append.replace(old, new)
    vm.kexec_load()
    vm.kexec()


@test(append=KHO_ON + " ".join((FIRST, SECOND)))
def reserved_memory(vm, _notes):
    before = areas(vm)
    expect({name: area.size for name, area in before.items()} ==
           {"first": 4 * MIB, "second": MIB}, f"reserved are {before}")
    content = fill(vm, before)

    hop(vm, (FIRST, f"{FIRST} {THIRD}"))
    now = areas(vm)
    expect_same(now, before, ("first", "second"))
    expect_content(vm, now, content, ("first", "second"))
    expect(now["third"].size == 8193, f"the third has {now['third'].size}")
    expect_outside_scratch(vm, now["third"])
    expect(vm.read(KHO + "scratch_short") == "0", "scratch was short")

    content = fill(vm, now)
    hop(vm)
    again = areas(vm)
    expect_same(again, now, now)
    expect_content(vm, again, content, now)


@test(append=KHO_ON + " ".join((FIRST, SECOND, THIRD)))
def reserved_memory_changes(vm, _notes):
    """Another size is another area; what nobody asks for is kept."""
    larger = FIRST.replace("4M", "5M")
    before = areas(vm)
    content = fill(vm, before)
    hop(vm, (FIRST, larger), (SECOND, ""))
    now = areas(vm)
    expect_reported(vm, "first", "size differs")
    expect(now["first"].size == 5 * MIB, f"first is {now['first']}")
    expect_outside_scratch(vm, now["first"])
    expect_same(now, before, ("second", "third"))
    expect_content(vm, now, content, ("second", "third"))

    content = fill(vm, now)
    hop(vm, (larger, ""), (THIRD, ""))
    expect_same(areas(vm, "in"), now, now)
    hop(vm, ("kho=on", f"kho=on {larger} {SECOND}"))
    last = areas(vm)
    expect_same(last, now, now)
    expect_content(vm, last, content, now)


@test(append=KHO_ON + " ".join((FIRST, SECOND, THIRD)))
def reserved_memory_elsewhere(vm, _notes):
    """Where it is said to be is checked, area by area."""
    before = areas(vm)
    content = fill(vm, before)
    scratch = int(vm.read(KHO + "scratch_phys").split()[1], 16)
    list_at = fdt.native_u64(fdt.parse(vm.read_binary(KHO + "dt"))
                             ["/memblock"]["preserved-data"])
    blob = vm.read_binary("/sys/kernel/debug/kho/out/sub_fdts/memblock")
    wrong = {"first": scratch, "third": before["third"].start - 16 * MIB}
    with vm.physical_memory() as memory:
        for name, start in wrong.items():
            place = list_at + fdt.parse(blob)["/" + name]["start"].offset
            memory[place:place + 8] = start.to_bytes(8, "little")
    hop(vm)
    now = areas(vm)
    for name, start in wrong.items():
        expect_reported(vm, name, "isn't preserved")
        expect(now[name].start != start, f"{name} is taken at {start:#x}")
        expect_outside_scratch(vm, now[name])
    expect_same(now, before, ("second",))
    expect_content(vm, now, content, ("second",))
