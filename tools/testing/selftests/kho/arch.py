# SPDX-License-Identifier: GPL-2.0-only
"""What differs between the architectures that a guest can have."""
import collections

# folder: its kernels are in build/FOLDER and build/FOLDER-VARIANT
# triplet: where Debian keeps its libraries
# kernel: path of the kernel image in the folder of a built kernel
# memory: physical address at which the guest's memory begins
Arch = collections.namedtuple(
    "Arch", "folder triplet kernel qemu machine append serials memory")


def pc_serials(console, agent):
    return ("-serial", f"file:{console}",
            "-serial", f"unix:{agent},server=on,wait=off")


def virt_serials(console, agent):
    """The machine has but one serial port, so another is plugged in."""
    return ("-serial", f"file:{console}",
            "-chardev", f"socket,id=agent,path={agent},server=on,wait=off",
            "-device", "pci-serial,chardev=agent")


ARCHES = {
    "x86_64": Arch(
        "x86", "x86_64-linux-gnu", "arch/x86/boot/bzImage",
        "qemu-system-x86_64", ("-machine", "pc", "-cpu", "max"),
        "console=ttyS0 agent=ttyS1 tsc=reliable no_timer_check",
        pc_serials, 0),
    "arm64": Arch(
        "arm64", "aarch64-linux-gnu", "arch/arm64/boot/Image",
        "qemu-system-aarch64",
        ("-machine", "virt,gic-version=3", "-cpu", "cortex-a57"),
        "console=ttyAMA0 agent=ttyS0", virt_serials, 0x40000000),
}
DEFAULT = "x86_64"
