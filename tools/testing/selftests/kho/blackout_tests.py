# SPDX-License-Identifier: GPL-2.0-only
"""What makes the blackout short, and that it is still right."""
import collections
import struct

import handover
import nic
from damage_tests import break_seal, change_root, expect_reported, flip, \
    root_property
from handover import KHO, command, expect_refused, expect_state, scratch_areas
from suite import test
from update_tests import execute, expect, expect_nics, refuse_execution
from vm import GuestError

KEXEC = KHO + "kexec/"
CRASH_LOADED = "/sys/kernel/kexec_crash_loaded"
DAMAGED = "the loaded image is damaged"

MAGIC = 0x4b434f4c434f484b
VENDORS = {"GenuineIntel": 0, "AuthenticAMD": 2}

# Where a test can't be, and why.
PURGATORY = {"arm64": "there is no purgatory"}
UNPACKING = {"arm64": "kernels aren't compressed"}
CLOCKS = {"arm64": "the counter's rate is in a register, none is measured"}

Rates = collections.namedtuple(
    "Rates", "magic vendor signature tsc_khz cpu_khz apic_hz")
Segment = collections.namedtuple("Segment", "address size flags")


def segments(vm):
    """What the kernel says of the loaded image, the largest segment first."""
    found = []
    for line in vm.read(KEXEC + "image").splitlines():
        address, size, *flags = line.split()
        found.append(Segment(int(address, 16), int(size, 16), set(flags)))
    return sorted(found, key=lambda segment: -segment.size)


def expect_flags(vm, *flags):
    """All segments have these flags; the kernel may be unpacked, too."""
    loaded = segments(vm)
    expect(loaded, "no image is loaded")
    expect(all(segment.flags - {"unpacked"} == set(flags)
               for segment in loaded),
           f"not all segments are {flags}: {loaded}")
    return loaded


def free_kib(vm):
    """Free memory, once caches and what waits to be freed are gone."""
    vm.sh("sync; echo 3 > /proc/sys/vm/drop_caches")
    return int(vm.sh("awk '/MemFree/ {print $2}' /proc/meminfo"))


def settled_free_kib(vm):
    """As free_kib(), when CPUs have given back the pages that they keep."""
    return max(free_kib(vm) for _ in range(8) if not vm.run("sleep 1")[0])


def fill_memory(vm):
    """Writes to most of the memory that is free."""
    size = free_kib(vm) * 3 // 4
    vm.sh(f"mkdir -p /mnt; mount -t tmpfs -o size={size}k tmpfs /mnt; "
          f"dd if=/dev/zero of=/mnt/fill bs=64k count={size // 64 - 1}; "
          "rm /mnt/fill; umount /mnt")


def expect_crash_kernel_outside(vm):
    """The memory for the crash kernel has no part in scratch."""
    lines = [line for line in vm.read("/proc/iomem").splitlines()
             if "Crash kernel" in line]
    expect(lines, "no memory is set aside for the crash kernel")
    for line in lines:
        start, end = (int(address, 16) for address in
                      line.split(":")[0].split("-"))
        expect(not any(area <= end and start < area + size
                       for area, size in scratch_areas(vm)),
               f"the crash kernel is in scratch: {line}")


def kernel_place(vm):
    """An address in the middle of the loaded kernel."""
    size = int(vm.sh("stat -c %s /boot/kernel"))
    return segments(vm)[0].address + size // 2


def initrd_sector(vm):
    """512 bytes from the middle of the initrd, which no page border cuts."""
    size = int(vm.sh("stat -c %s /tmp/initrd"))
    vm.sh(f"dd if=/tmp/initrd of=/tmp/sector bs=512 skip={size // 1024} "
          "count=1")
    return vm.read_binary("/tmp/sector")


def find_all(vm, content):
    places = []
    with vm.physical_memory() as memory:
        place = memory.find(content)
        while place >= 0:
            places.append(place)
            place = memory.find(content, place + 1)
    return places


def expect_damage_named(vm, address):
    expect(DAMAGED in vm.read(KHO + "last_error"),
           "last_error doesn't tell why: " + vm.read(KHO + "last_error"))
    segment = next(segment for segment in segments(vm) if
                   segment.address <= address < segment.address + segment.size)
    expect_reported(vm, "has changed", f"{segment.address:#x}")


# -- verified before the blackout ---------------------------------------------

@test()
def damaged_image_from_idle(vm, _notes):
    """The system runs on, and the image can be used once it is mended."""
    nic.set_up(vm)
    vm.kexec_load()
    address = kernel_place(vm)
    flip(vm, address)
    refuse_execution(vm, "Bad message")
    expect_damage_named(vm, address)
    expect_state(vm, "idle")
    nic.ping(vm)
    flip(vm, address)
    vm.kexec()


@test()
def damaged_image_refuses_save(vm, _notes):
    """No client is stopped for an image that can't be executed."""
    nic.set_up(vm)
    before = nic.dump(vm)
    vm.kexec_load()
    address = kernel_place(vm)
    command(vm, "prepare", after="prepared")
    flip(vm, address)
    expect_refused(vm, "save", "Bad message")
    expect_damage_named(vm, address)
    expect_state(vm, "prepared")
    expect_nics(vm, before)
    vm.kexec_load()
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)


@test()
def damaged_image_stays_prepared(vm, _notes):
    nic.set_up(vm)
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    address = segments(vm)[1].address
    flip(vm, address)
    refuse_execution(vm, "Bad message")
    expect_damage_named(vm, address)
    expect_state(vm, "prepared")
    nic.ping(vm)
    vm.kexec_load()
    execute(vm)


@test()
def damaged_copy_of_an_image(vm, _notes):
    """A segment that isn't in place yet is verified where it waits."""
    nic.set_up(vm)
    vm.write(KEXEC + "in_place", "0")
    vm.kexec_load()
    expect_flags(vm, "copied", "verified")
    places = find_all(vm, initrd_sector(vm))
    expect(places, "the initrd is not found in memory")
    for place in places:
        flip(vm, place)
    command(vm, "prepare", after="prepared")
    refuse_execution(vm, "Bad message")
    expect(DAMAGED in vm.read(KHO + "last_error"), "nobody says why")
    expect_state(vm, "prepared")


@test(skip=PURGATORY)
def verified_by_the_purgatory(vm, _notes):
    """As without KHO: it works, and a damaged image never starts."""
    nic.set_up(vm)
    vm.write(KEXEC + "verify", "purgatory")
    vm.kexec_load()
    expect_flags(vm, "in-place", "read-only")
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)
    expect(vm.read(KEXEC + "verify") == "save", "the default is another one")
    command(vm, "finish", after="idle")

    vm.write(KEXEC + "verify", "purgatory")
    vm.kexec_load()
    flip(vm, kernel_place(vm))
    vm.boot_timeout = 20
    try:
        vm.kexec()
    except GuestError as error:
        expect("no answer" in str(error), f"it has not hung: {error}")
        return
    raise GuestError("the purgatory let a damaged kernel start")


@test()
def bad_switches_are_refused(vm, _notes):
    for name in vm.sh(f"cd {KEXEC} && ls -d verify in_place unpack "
                      "2>/dev/null", check=False).split():
        value = "never" if name == "verify" else "2x"
        before = vm.read(KEXEC + name)
        expect("Invalid argument" in vm.try_write(KEXEC + name, value),
               f"'{value}' > {name} was not refused")
        expect(vm.read(KEXEC + name) == before, f"{name} has changed")
    expect(vm.try_write(KEXEC + "image", "1"), "image can be written")


# -- in place ------------------------------------------------------------------

@test()
def loaded_in_place(vm, _notes):
    """Every hop, though scratch then holds the kernel that runs, too."""
    nic.set_up(vm)
    before = nic.dump(vm)
    for _ in range(3):
        vm.kexec_load()
        loaded = expect_flags(vm, "in-place", "read-only", "verified")
        places = find_all(vm, initrd_sector(vm))
        expect(any(segment.address <= place < segment.address + segment.size
                   for segment in loaded for place in places),
               f"the initrd is at {places}, in none of {loaded}")
        command(vm, "save", after="saved")
        execute(vm)
        expect_nics(vm, before)
        command(vm, "finish", after="idle")


@test()
def loaded_to_be_copied(vm, _notes):
    nic.set_up(vm)
    vm.write(KEXEC + "in_place", "0")
    vm.kexec_load()
    expect_flags(vm, "copied", "verified")
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)


@test(append="kho=on kho_scratch=0,40M,0 ",
      skip={"sanitize": "not even one image of that kernel has room there"})
def no_room_for_two_images(vm, _notes):
    """The second one is copied over the first when it is executed."""
    nic.set_up(vm)
    vm.kexec_load(initrd_size="13M")
    expect_flags(vm, "in-place", "read-only", "verified")
    vm.kexec_load(initrd_size="13M")
    loaded = segments(vm)
    expect(any("copied" in segment.flags for segment in loaded),
           f"there was room for both images: {loaded}")
    expect_reported(vm, "is copied when it is executed")
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)


@test()
def image_in_place_is_freed(vm, _notes):
    """Neither memory nor write protection is left behind."""
    vm.kexec_load()
    image_kib = sum(segment.size for segment in segments(vm)) // 1024
    vm.sh("kexec -u")
    first = settled_free_kib(vm)
    for _ in range(4):
        vm.kexec_load()
        vm.kexec_load()
        vm.sh("kexec -u")
    last = settled_free_kib(vm)
    expect(last > first - image_kib,
           f"{first} KiB were free, after four more images {last}")
    expect(not vm.read(KEXEC + "image"), "an image is still shown")
    expect("has changed since it was loaded" not in vm.console(),
           "an image that is gone was read")
    # Read-only pages would not let it.
    fill_memory(vm)


@test()
def busy_scratch_is_cleared(vm, _notes):
    """What uses scratch moves away, and is not changed."""
    nic.set_up(vm)
    size = free_kib(vm) // 2
    vm.sh(f"mkdir -p /mnt; mount -t tmpfs -o size={size}k tmpfs /mnt; "
          "dd if=/dev/urandom of=/tmp/mib bs=1M count=1; "
          f"for i in $(seq {size // 1024 - 1}); do cp /tmp/mib /mnt/$i; done")
    vm.kexec_load()
    expect_flags(vm, "in-place", "read-only", "verified")
    sums = vm.sh("md5sum /tmp/mib /mnt/* | cut -d' ' -f1 | sort -u")
    expect(len(sums.split()) == 1, "files were changed")
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)


@test(append=handover.KHO_ON + "crashkernel=96M ")
def crash_kernel_is_as_ever(vm, _notes):
    """Its segments are neither in scratch nor hashed here."""
    line = "cp /sys/firmware/initrd /tmp/initrd && kexec -s -p " \
           "/boot/kernel --initrd=/tmp/initrd --command-line=console=ttyS0"
    vm.sh(line)
    expect(vm.read(CRASH_LOADED) == "1", "no crash kernel is loaded")
    expect(not vm.read(KEXEC + "image"), "the crash kernel is shown")
    expect_crash_kernel_outside(vm)
    nic.set_up(vm)
    vm.kexec_load()
    before = nic.dump(vm)
    expect(vm.read(CRASH_LOADED) == "1", "the crash kernel has gone")
    command(vm, "save", after="saved")
    vm.sh("kexec -s -p -u")
    expect(vm.read(CRASH_LOADED) == "0", "the crash kernel is still there")
    vm.sh(line)
    expect(vm.read(CRASH_LOADED) == "1", "no crash kernel is loaded again")
    expect_state(vm, "saved")
    execute(vm)
    expect_nics(vm, before)


# -- unpacked when loaded -----------------------------------------------------

# Offsets in the setup header, see Documentation/arch/x86/boot.rst.
SETUP_SECTS = 0x1f1
PAYLOAD_OFFSET = 0x248
LINKED_FOR = 0xffffffff81000000
STAYS_PACKED = "the kernel decompresses itself"


def is_unpacked(vm):
    return "unpacked" in segments(vm)[0].flags


def text_address(vm):
    return int(vm.sh("grep -w _text /proc/kallsyms").split()[0], 16)


@test(skip=UNPACKING)
def unpacked_when_loaded(vm, _notes):
    """The kernel starts without a decompressor, and at a random address."""
    nic.set_up(vm)
    before = nic.dump(vm)
    addresses = set()
    for _ in range(3):
        vm.kexec_load()
        expect(is_unpacked(vm), "the kernel is still compressed")
        command(vm, "save", after="saved")
        execute(vm)
        expect_nics(vm, before)
        command(vm, "finish", after="idle")
        addresses.add(text_address(vm))
    expect(len(addresses) > 1, f"three kernels in a row were at {addresses}")
    expect(all(address % (1 << 21) == 0 for address in addresses),
           f"they were at {addresses}")


@test(skip=UNPACKING)
def unpacked_without_kaslr(vm, _notes):
    vm.kexec_load(append="nokaslr")
    expect(is_unpacked(vm), "the kernel is still compressed")
    vm.kexec()
    expect(text_address(vm) == LINKED_FOR, "nokaslr was ignored")


@test(skip=UNPACKING)
def loaded_without_unpacking(vm, _notes):
    """Because nobody wants it, or because it cannot be."""
    vm.write(KEXEC + "unpack", "0")
    vm.kexec_load()
    expect(not is_unpacked(vm), "unpack=0 was ignored")
    vm.write(KEXEC + "unpack", "1")
    vm.kexec_load(append="mem_encrypt=off")
    expect(not is_unpacked(vm), "it was unpacked in spite of mem_encrypt=")
    expect_reported(vm, STAYS_PACKED, "memory is encrypted")
    nic.set_up(vm)
    before = nic.dump(vm)
    command(vm, "save", after="saved")
    execute(vm)
    expect_nics(vm, before)


@test(skip=UNPACKING)
def kernel_that_cannot_be_unpacked(vm, _notes):
    """It is loaded as it is, and the log says why."""
    vm.sh("head -c 4096 /boot/kernel > /tmp/header")
    header = vm.read_binary("/tmp/header")
    payload = (header[SETUP_SECTS] + 1) * 512 + \
        struct.unpack_from("<I", header, PAYLOAD_OFFSET)[0]
    for place, reason in ((payload, "compressed in an unknown way"),
                          (payload + 4, "payload is damaged")):
        vm.sh("cp /boot/kernel /tmp/kernel; printf '\\377\\377\\377\\377' | "
              f"dd of=/tmp/kernel bs=1 seek={place} conv=notrunc")
        vm.kexec_load("/tmp/kernel")
        expect(not is_unpacked(vm), f"it was unpacked, damaged at {place}")
        expect_reported(vm, STAYS_PACKED, reason)


# -- the clocks ----------------------------------------------------------------

@test(skip=CLOCKS)
def clocks_are_handed_over(vm, _notes):
    vm.kexec_load()
    vm.kexec()
    expect_reported(vm, "TSC", "says the previous kernel")
    khz = vm.sh("dmesg | sed -n 's/.*kho: TSC \\([0-9]*\\) kHz.*/\\1/p'")
    # The last one is the TSC's, if the CPU has another rate.
    used = vm.sh("dmesg | sed -n 's/.*tsc: Detected \\([0-9]*\\).*/\\1/p' | "
                 "tail -n 1")
    expect(int(khz) // 1000 == int(used),
           f"handed over were {khz} kHz, used are {used} MHz")
    vm.kexec_load()
    vm.kexec()
    expect_reported(vm, "TSC", "says the previous kernel")


@test(skip=CLOCKS)
def clocks_are_not_trusted(vm, _notes):
    vm.kexec_load(append="kho_trust_clock=off")
    vm.kexec()
    expect("says the previous kernel" not in vm.sh("dmesg"),
           "kho_trust_clock=off was ignored")


def point_clock_to(vm, address):
    """Has the next kernel look for the rates somewhere else."""
    old = root_property(vm, "/kho-clock", "preserved-data")
    change_root(vm, lambda root: root.replace(
        old.to_bytes(8, "little"), address.to_bytes(8, "little")))
    break_seal(vm)


def expect_clocks_measured(vm, reason):
    vm.kexec()
    expect_reported(vm, "measuring the clocks again", reason)
    expect("says the previous kernel" not in vm.sh("dmesg"),
           "what is wrong was used")
    expect_reported(vm, "booting with a handover")


@test(skip=CLOCKS)
def clocks_that_are_nowhere(vm, _notes):
    vm.kexec_load()
    point_clock_to(vm, 1 << 44)
    expect_clocks_measured(vm, "not in memory")


@test(skip=CLOCKS)
def clocks_that_are_no_clocks(vm, _notes):
    vm.kexec_load()
    point_clock_to(vm, root_property(vm, "/", "preserved-memory-map"))
    expect_clocks_measured(vm, "checksum is wrong")


def xxh64(data):
    """Of data that is a multiple of 8 bytes, and longer than 32, seed 0."""
    p1, p2, p3, p4, p5 = (
        0x9e3779b185ebca87, 0xc2b2ae3d27d4eb4f, 0x165667b19e3779f9,
        0x85ebca77c2b2ae63, 0x27d4eb2f165667c5)
    mask = (1 << 64) - 1

    def rotate(value, bits):
        value &= mask
        return value << bits & mask | value >> 64 - bits

    def mix(value, word):
        return rotate(value + word * p2, 31) * p1 & mask

    words = struct.unpack(f"<{len(data) // 8}Q", data)
    lanes = [p1 + p2, p2, 0, -p1]
    full = len(words) // 4 * 4
    for place in range(full):
        lanes[place % 4] = mix(lanes[place % 4], words[place])
    value = sum(rotate(lane, bits)
                for lane, bits in zip(lanes, (1, 7, 12, 18)))
    for lane in lanes:
        value = (value ^ mix(0, lane)) * p1 + p4
    value += len(data)
    for word in words[full:]:
        value = rotate(value ^ mix(0, word), 27) * p1 + p4
    value = (value & mask ^ (value & mask) >> 33) * p2 & mask
    value = (value ^ value >> 29) * p3 & mask
    return value ^ value >> 32


def cpu(vm):
    """Vendor and signature of the guest's CPU, as the kernel has them."""
    info = dict(line.split("\t", 1) for line in
                vm.sh("sed '/^$/q' /proc/cpuinfo").splitlines() if "\t" in line)
    family, model, stepping, vendor = (
        info[name].split(":", 1)[1].strip() for name in
        ("cpu family", "model", "stepping", "vendor_id"))
    family, model = int(family), int(model)
    signature = (int(stepping) | (model & 15) << 4 | min(family, 15) << 8 |
                 model >> 4 << 16 | max(family - 15, 0) << 20)
    return VENDORS[vendor], signature


def forge_clock(vm, **changes):
    """Rates under a checksum that fits, put where the seal has been."""
    vendor, signature = cpu(vm)
    place = root_property(vm, "/kho-seal", "preserved-data")
    rates = Rates(MAGIC, vendor, signature, 10**6, 10**6, 10**9)
    data = struct.pack("<QIIIIQ", *rates._replace(**changes))
    point_clock_to(vm, place)
    with vm.physical_memory() as memory:
        memory[place:place + len(data) + 8] = \
            data + struct.pack("<Q", xxh64(data))


@test(skip=CLOCKS)
def clocks_of_another_cpu(vm, _notes):
    vm.kexec_load()
    forge_clock(vm, signature=0x1234)
    expect_clocks_measured(vm, "another CPU")


@test(skip=CLOCKS)
def clocks_too_fast_to_be_true(vm, _notes):
    vm.kexec_load()
    forge_clock(vm, tsc_khz=2**32 - 1)
    expect_clocks_measured(vm, "no CPU is that fast")
    vm.kexec_load()
    forge_clock(vm, apic_hz=1)
    expect_clocks_measured(vm, "no APIC is that fast")
