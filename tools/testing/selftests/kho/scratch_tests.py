# SPDX-License-Identifier: GPL-2.0-only
"""Scratch, and what early boot allocates after a handover."""
import nic
from damage_tests import expect_reported
from handover import KHO, command
from suite import test
from update_tests import execute, expect, expect_nics

MIB = 1 << 20
# Enough for the kernel and its initramfs, and for nothing else.
TIGHT = "kho=on kho_scratch=0,72M,0 "


def scratch_mib(vm):
    return [int(size, 16) // MIB
            for size in vm.read(KHO + "scratch_len").split()]


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
    update(vm, "kho_scratch=16M,4G,0")
    expect_reported(vm, "no room for", "scratch")
    expect(scratch_mib(vm) == [16, 96, 0],
           f"scratch is {scratch_mib(vm)} MiB now")
    update(vm)


@test()
def large_reservations(vm, _notes):
    """Memory that the command line sets aside is not taken from scratch."""
    nic.set_up(vm)
    update(vm, "crashkernel=64M swiotlb=32768,force")
    size = int(vm.read("/sys/kernel/kexec_crash_size"))
    expect(size == 64 * MIB, f"the crash kernel has {size} bytes")
    slabs = vm.read("/sys/kernel/debug/swiotlb/io_tlb_nslabs")
    expect(slabs == "32768", f"swiotlb has {slabs} buffers")
    expect(vm.read(KHO + "scratch_short") == "0", "scratch was short")
    areas = list(zip((int(start, 16) for start in
                      vm.read(KHO + "scratch_phys").split()),
                     scratch_mib(vm)))
    for line in vm.read("/proc/iomem").splitlines():
        if "Crash kernel" in line:
            start = int(line.split("-")[0], 16)
            expect(not any(area <= start < area + mib * MIB
                           for area, mib in areas),
                   f"the crash kernel is in scratch: {line}")
