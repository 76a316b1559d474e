# SPDX-License-Identifier: GPL-2.0-only
"""The sample driver of Documentation/kho-drivers.rst, and its versions."""
import re

import fdt
import handover
from handover import KHO, command, expect_refused, expect_state
from suite import test
from update_tests import expect
from vm import GuestError

SCRIBBLE = "/lib/modules/kho_scribble.ko"
MODULE = "/lib/modules/kho_sample.ko"
DEVICE = "/dev/kho-sample"
WRITES = "/sys/devices/platform/kho-sample/writes"
CLIENT = KHO + "clients/kho-sample/"


def update(vm, text, writes, old=False):
    """To a kernel with this version of the driver, which finds the text."""
    vm.kexec_load()
    command(vm, "save", after="saved")
    vm.kexec()
    insert(vm, old)
    expect_state(vm, "restored")
    expect_text(vm, text, writes)
    command(vm, "finish", after="idle")


def insert(vm, old=False):
    vm.sh(f"insmod {MODULE} old={int(old)}")


def expect_text(vm, text, writes):
    found = vm.read(DEVICE), int(vm.read(WRITES))
    expect(found == (text, writes), f"{found}, not {(text, writes)}")


@test()
def sample_driver(vm, _notes):
    insert(vm)
    link = vm.sh(f"readlink -f {CLIENT}device").strip()
    expect(link == "/sys/devices/platform/kho-sample", f"its device is {link}")
    vm.write(DEVICE, "one")
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    vm.write(DEVICE, "two")
    command(vm, "save", after="saved")
    expect_refused(vm, "three", "busy", DEVICE)
    command(vm, "abort", after="idle")
    vm.write(DEVICE, "three")
    command(vm, "save", after="saved")
    vm.kexec()
    expect("kho-sample: is left alone" in vm.console(), "it was not left alone")
    expect("kho-sample: shut down" not in vm.console(), "it was shut down")
    insert(vm)
    expect_state(vm, "restored")
    expect_text(vm, "one\ntwo\nthree", 3)

    # Everything back, and in again.
    command(vm, "abort", after="restoring")
    command(vm, "restore", after="restored")
    expect_text(vm, "one\ntwo\nthree", 3)
    command(vm, "finish", after="idle")

    vm.sh("rmmod kho_sample")
    insert(vm)
    expect_text(vm, "", 0)
    vm.kexec_load()
    vm.kexec()
    expect("kho-sample: shut down" in vm.console(), "it was left alone, idle")


@test()
def versions_of_a_driver(vm, _notes):
    """Back to a driver that knows less, and forth; images are never lost."""
    insert(vm)
    vm.write(DEVICE, "one")
    vm.write(CLIENT + "save_as", "kho-sample-v1")
    update(vm, "one", 0, old=True)
    vm.write(DEVICE, "two")
    update(vm, "one\ntwo", 0)
    vm.write(DEVICE, "three")

    vm.kexec_load()
    command(vm, "save", after="saved")
    vm.kexec()
    insert(vm, old=True)
    expect_state(vm, "restoring")
    expect("no format" in vm.read(KHO + "last_error"), "it doesn't say why")
    vm.sh("rmmod kho_sample")
    expect(handover.clients(vm)["kho-sample"].state == "restoring",
           "the image is gone")
    insert(vm)
    expect_state(vm, "restored")
    expect_text(vm, "one\ntwo\nthree", 1)


@test("debug")
def write_after_save_is_caught(vm, _notes):
    """By the kernel that runs, with the name of who writes."""
    insert(vm)
    vm.write(DEVICE, "one")
    command(vm, "save", after="saved")
    command(vm, "abort", after="idle")
    vm.write(DEVICE, "two")
    command(vm, "save", after="saved")
    image = fdt.parse(vm.read_binary(CLIENT + "image"))
    text = fdt.cells(image["/"]["text"], 0)
    vm.allow("[Uu]nable to handle|Oops|Kernel panic|Call Trace|WARNING")
    try:
        vm.sh(f"insmod {SCRIBBLE} phys={text}")
    except GuestError:
        pass
    console = vm.console()
    expect(re.search("[Uu]nable to handle", console) and
           "scribble_init" in console,
           "nobody has caught it:\n" + console[-1000:])
    expect("kho-sample: a register points into what it has saved" in console,
           "it isn't said whose it is:\n" + console[-1000:])
