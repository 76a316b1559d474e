# SPDX-License-Identifier: GPL-2.0-only
"""Scratch, and what early boot allocates after a handover."""
import os
import re

import nic
from blackout_tests import (expect_crash_kernel_outside, fill_memory, free_kib,
                            segments)
from damage_tests import expect_reported
from handover import (KHO, KHO_ON, MIB, command, expect_refused, expect_state,
                      scratch_areas, scratch_mib)
from suite import test
from update_tests import (MODULE, execute, expect, expect_nics,
                          refuse_execution)

# In the middle of the memory of arm64's guests.
NO_MAP = (0x50000000, 16 * MIB)
# Enough for the kernel and its initramfs, and for nothing else.
TIGHT = "kho=on kho_scratch=0,72M,0 "


def update(vm, append=""):
    """A whole update to a kernel with more on its command line."""
    before = nic.dump(vm)
    vm.kexec_load(append=append)
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)
    command(vm, "finish", after="idle")


@test(append=TIGHT)
def scratch_too_small_to_boot(vm, _notes):
    """Boot goes on beside what is preserved, says so, and takes more."""
    nic.set_up(vm)
    update(vm, "kho_scratch=120% log_buf_len=16M")
    short = int(vm.read(KHO + "scratch_short"))
    expect(short, "scratch was enough to boot")
    expect_reported(vm, "scratch was short by", str(short // 1024))
    expect(sum(scratch_mib(vm)) > 72 + short // MIB,
           f"scratch is {scratch_mib(vm)} MiB, but was short of {short}")
    update(vm, "kho_scratch=120% log_buf_len=16M")
    expect(vm.read(KHO + "scratch_short") == "0", "scratch is short again")


@test()
def scratch_changes_size(vm, _notes):
    """The next kernel's command line decides, up and down."""
    nic.set_up(vm)
    for sizes in ([32, 128, 0], [16, 160, 0], [0, 80, 16], [16, 96, 0]):
        update(vm, "kho_scratch=" + ",".join(f"{size}M" for size in sizes))
        expect(scratch_mib(vm) == sizes,
               f"scratch is {scratch_mib(vm)} MiB, {sizes} was wanted")


@test()
def scratch_too_large(vm, _notes):
    """What was there stays in use if there is no room for more."""
    nic.set_up(vm)
    before = scratch_mib(vm)
    update(vm, "kho_scratch=16M,4G,0")
    expect_reported(vm, "no room for", "scratch")
    expect(scratch_mib(vm) == before,
           f"scratch was {before} MiB and is {scratch_mib(vm)} MiB now")
    update(vm)


def expect_not_short(vm):
    short = vm.read(KHO + "scratch_short")
    expect(short == "0", f"scratch was short by {short} bytes")


@test()
def large_reservations(vm, _notes):
    """Memory that the command line sets aside is not taken from scratch."""
    nic.set_up(vm)
    update(vm, "crashkernel=64M swiotlb=32768,force")
    size = int(vm.read("/sys/kernel/kexec_crash_size"))
    expect(size == 64 * MIB, f"the crash kernel has {size} bytes")
    slabs = vm.read("/sys/kernel/debug/swiotlb/io_tlb_nslabs")
    # arm64 bounces small buffers alone here: 1 MiB of them for each GiB.
    wanted = "512" if vm.arch.folder == "arm64" else "32768"
    expect(slabs == wanted, f"swiotlb has {slabs} buffers")
    expect_not_short(vm)
    expect_crash_kernel_outside(vm)


def expect_apart(areas, start, size, what):
    for area, length in areas:
        expect(area + length <= start or start + size <= area,
               f"{what} at {area:#x} is in memory that may not be mapped")


@test()
def memory_is_tested(vm, _notes):
    """memtest= writes to all memory that isn't reserved, but for this."""
    nic.set_up(vm)
    update(vm, "memtest=1")
    expect("early_memtest: # of tests: 1" in vm.console(),
           "memory isn't tested")


@test("debug")
def nearly_all_memory(vm, notes):
    """All but some tens of megabytes, where struct pages come late."""
    vm.sh("insmod " + MODULE)
    nic.set_up(vm)
    vm.kexec_load()
    kib = free_kib(vm) - meminfo_kib(vm, "CmaFree") - 48 * 1024
    vm.write(f"{nic.DEBUGFS}{nic.NIC}/kho/extra_kib", str(kib))
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    print(f"{kib} KiB preserved, {meminfo_kib(vm, 'MemFree')} KiB free",
          file=notes)
    vm.kexec()
    vm.sh("insmod " + MODULE)
    expect_state(vm, "restored")
    expect_nics(vm, before)
    command(vm, "finish", after="idle")
    vm.write(f"{nic.DEBUGFS}{nic.NIC}/kho/extra_kib", "0")
    fill_memory(vm)


@test(no_map=NO_MAP, skip={"x86_64": "that takes a device tree"})
def memory_that_may_not_be_mapped(vm, _notes):
    """No kernel is loaded, boots, or keeps anything in firmware's memory."""
    start, size = NO_MAP
    content = os.urandom(4096) * (size // 4096)
    with vm.physical_memory() as memory:
        memory[start:start + size] = content
    nic.set_up(vm)
    for append in ("", "kho_scratch=16M,320M,0", "kho_scratch=150%", ""):
        expect(f"{start:08x}-{start + size - 1:08x} : reserved" in
               vm.read("/proc/iomem"), "the memory isn't firmware's")
        fill_memory(vm)
        vm.kexec_load(append=append)
        expect_apart([(segment.address, segment.size)
                      for segment in segments(vm)], start, size, "a segment")
        update(vm, append)
        expect_apart(scratch_areas(vm), start, size, "scratch")
    fill_memory(vm)
    with vm.physical_memory() as memory:
        expect(memory[start:start + size] == content,
               "memory that may not be mapped has been written to")


def meminfo_kib(vm, name):
    return int(vm.sh(f"awk '/^{name}:/ {{print $2}}' /proc/meminfo"))


def meminfo_mib(vm, name):
    return meminfo_kib(vm, name) // 1024


@test(memory=3072)
def huge_pages_and_cma(vm, _notes):
    """Huge pages of boot and CMA areas find room outside of scratch."""
    nic.set_up(vm)
    before = sum(scratch_mib(vm))
    update(vm, "kho_scratch=150% hugepagesz=1G hugepages=1 cma=200M")
    pages = vm.read("/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages")
    expect(pages == "1", f"there are {pages} huge pages")
    expect_not_short(vm)
    scratch = sum(scratch_mib(vm))
    expect(scratch == before, f"scratch was {before} MiB, is {scratch} MiB")
    cma = meminfo_mib(vm, "CmaTotal")
    expect(cma == scratch + 200, f"CMA has {cma} MiB, scratch {scratch}")
    update(vm, "kho_scratch=150%")


# Addresses and sizes in MiB: in the first node, across two, in the last one.
HOLES = ((200, 2), (383, 2), (1050, 1))


@test(cpus=3, nodes=3, memory=3 * 384,
      append="kho=on kho_scratch=16M,96M,16M" +
      "".join(f" memmap={size}M${start}M" for start, size in HOLES),
      skip={"arm64": "memmap= is a parameter of x86"})
def scratch_of_nodes_with_holes(vm, _notes):
    """Each node has its scratch, where memory is, also in another size."""
    nic.set_up(vm)
    node_size = vm.memory // vm.nodes * MIB
    for per_node in (16, 32, 8):
        if per_node != 16:
            update(vm, f"kho_scratch=16M,96M,{per_node}M")
        expect(scratch_mib(vm) == [16, 96] + 3 * [per_node],
               f"scratch is {scratch_mib(vm)} MiB")
        areas = scratch_areas(vm)
        for node, (start, _) in enumerate(areas[2:]):
            expect(start // node_size == node,
                   f"scratch of node {node} is at {start:#x}")
        for hole, length in HOLES:
            expect(not any(start < (hole + length) * MIB and
                           hole * MIB < start + size
                           for start, size in areas),
                   f"scratch has a hole at {hole} MiB: {areas}")


def wait_for_memory(vm, mib):
    vm.sh("while ! grep -q 'Node 0, zone *Normal' /proc/zoneinfo; do :; done; "
          f"while [ $(awk '/MemTotal/ {{print $2}}' /proc/meminfo) -lt "
          f"{mib * 1024} ]; do sleep 0.1; done")


@test(room=512, skip={"arm64": "QEMU plugs memory into virt by ACPI alone"})
def memory_added_after_boot(vm, _notes):
    """It may hold what is preserved, if the image knows of it."""
    vm.write("/sys/devices/system/memory/auto_online_blocks", "online")
    vm.kexec_load()
    total = meminfo_mib(vm, "MemTotal")
    vm.add_memory()
    wait_for_memory(vm, total + 400)
    nic.set_up(vm)
    before = nic.dump(vm)
    command(vm, "prepare", after="prepared")
    refuse_execution(vm, "busy")
    expect_refused(vm, "save", "Stale file handle")
    expect("load it again" in vm.read(KHO + "last_error"),
           "last_error doesn't say why")
    expect_state(vm, "prepared")
    vm.kexec_load()
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)
    expect(meminfo_mib(vm, "MemTotal") > total + 400, "the memory is gone")
    command(vm, "finish", after="idle")
    update(vm)


@test("debug", from_driver=512, append=KHO_ON +
      " memhp_default_state=online_kernel",
      skip={"arm64": "QEMU's virtio-mem wants memory plugged in by ACPI"})
def memory_added_by_driver(vm, _notes):
    """The next kernel lacks it at first: what is handed over is elsewhere.

    All that the kernel allocates comes from it, as it is the highest.
    """
    wait_for_memory(vm, 1000)
    first = re.search(r"^ *([0-9a-f]+)-[0-9a-f]+ : System RAM \(virtio_mem\)$",
                      vm.read("/proc/iomem"), re.MULTILINE)
    expect(first, "virtio-mem has added nothing")
    vm.allow("aren't preserved")
    vm.sh(f"insmod /lib/modules/kho_preserve_at.ko phys=0x{first[1]}")
    expect("memory that the next kernel would lack" in vm.console(),
           "the reason isn't given")

    vm.sh("insmod " + MODULE)
    nic.set_up(vm)
    vm.write(f"{nic.DEBUGFS}{nic.NIC}/kho/extra_kib", "1024")
    vm.kexec_load()
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    vm.kexec()
    expect_state(vm, "restoring")
    vm.sh("insmod " + MODULE)
    expect_state(vm, "restored")
    expect_nics(vm, before)
    command(vm, "finish", after="idle")
    wait_for_memory(vm, 1000)
