#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""What preserved memory costs, in instructions of a guest in QEMU.

Each case is one guest that preserves memory, executes the next kernel, and
takes the memory back. With -icount, time in the guest is a function of its
instructions, and so is everything that is printed here: it is not a time, but
the same each time, on every host.
"""
import argparse
import bisect
import collections
import json
import os
import re
import stat
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.dirname(HERE))

import initramfs  # noqa: E402
import marks  # noqa: E402
import table  # noqa: E402

MACHINE = ("qemu-system-x86_64", "-machine", "pc",
           "-cpu", "max,erms=off,fsrm=off,la57=off", "-accel", "tcg",
           "-icount", "shift=0,sleep=off", "-seed", "1",
           "-rtc", "base=2026-01-01,clock=vm", "-smp", "1",
           "-display", "none", "-no-reboot", "-nodefaults", "-nic", "none")
COMMAND_LINE = ("console=ttyS0 quiet panic=-1 nokaslr tsc=reliable "
                "no_timer_check kho=on")
TIMEOUT = 1800

# Name of the case: MiB of the guest, MiB preserved, order of the folios, and
# every which of them is preserved.
CASES = {
    "0": (3072, 0, 0, 1),
    "64M": (3072, 64, 0, 1),
    "1G": (3072, 1024, 0, 1),
    "1G-huge": (3072, 1024, 9, 1),
    "64M-every-other": (3072, 64, 0, 2),
    "256M-every-other": (3072, 256, 0, 2),
    "0-of-12G": (12288, 0, 0, 1),
    "8G": (12288, 8192, 0, 1),
    "8G-huge": (12288, 8192, 9, 1),
}

# The blackout: what begins at each mark, and lasts until the next one.
PARTS = (
    ("enter kernel_kexec", "save"),
    ("exit kho_fsm_reboot", "shutdown"),
    ("enter machine_kexec", "relocation"),
    ("purgatory", "purgatory"),
    ("decompressor", "decompression"),
    ("enter start_kernel", "early boot"),
    ("enter kho_memory_init", "reservation"),
    ("exit kho_memory_init", "free memory is freed"),
    ("exit memblock_free_all", "boot up to init"),
    ("enter kernel_execve", None),
)
# Functions in it that are worth a line of their own.
WITHIN = {
    "early boot": (("survey of the map", "kho_memblock_apply"),
                   ("struct pages", "free_area_init")),
    "boot up to init": (("APIC timer calibration", "setup_boot_APIC_clock"),
                        ("restore", "kho_bench")),
}
LOAD = ("enter __x64_sys_kexec_file_load", "enter __x64_sys_reboot")


class BenchError(Exception):
    """A case that did not run to its end."""


def all_marks():
    names = [name for name, _ in PARTS] + list(LOAD)
    for functions in WITHIN.values():
        for _, function in functions:
            names += [f"enter {function}", f"exit {function}"]
    return list(dict.fromkeys(names))


def compile_c(source, output, *flags):
    subprocess.run(("gcc", "-O2", "-W", "-Wall", "-Wno-unused-parameter",
                    *flags, "-o", output, os.path.join(HERE, source)),
                   check=True)


class Bench:
    """A folder with all that a guest needs, and what came out of it."""

    def __init__(self, kernel, tree, folder):
        self.kernel = kernel
        self.folder = folder
        os.makedirs(folder, exist_ok=True)
        self.plugin = self.path("count.so")
        compile_c("count.c", self.plugin, "-shared", "-fPIC")
        nolibc = os.path.join(tree, "tools/include/nolibc/nolibc.h")
        compile_c("init.c", self.path("init"), "-static", "-nostdlib",
                  "-include", nolibc)
        self._pack()
        marks.write(self.path("marks"), kernel, all_marks())

    def path(self, name):
        return os.path.join(self.folder, name)

    def bzimage(self):
        return os.path.join(self.kernel, "arch/x86/boot/bzImage")

    def _archive(self):
        archive = initramfs.Archive()
        for name in ("proc", "dev"):
            archive.add(name, stat.S_IFDIR | 0o755)
        archive.add("dev/console", stat.S_IFCHR | 0o600, rdev=initramfs.CONSOLE)
        archive.add_file("init", self.path("init"))
        return archive

    def _pack(self):
        """The first guest has the next kernel, and what that one gets."""
        with open(self.path("initrd"), "wb") as file:
            file.write(self._archive().finish())
        archive = self._archive()
        archive.add_file("initrd", self.path("initrd"), 0o644)
        archive.add_file("bzImage", self.bzimage(), 0o644)
        with open(self.path("initramfs"), "wb") as file:
            file.write(archive.finish())

    def run(self, case, profile):
        memory, mib, order, stride = CASES[case]
        log = self.path(f"{case}.log")
        plugin = f"{self.plugin},marks={self.path('marks')},log={log}"
        if profile:
            first, last = (name.replace(" ", ":") for name in profile)
            plugin += f",profile={self.path(case)}.profile"
            plugin += f",from={first},to={last}"
        command = (*MACHINE, "-m", f"{memory}M", "-kernel", self.bzimage(),
                   "-initrd", self.path("initramfs"), "-append",
                   f"{COMMAND_LINE} kho_bench={mib},{order},{stride}",
                   "-serial", "stdio", "-plugin", plugin)
        guest = subprocess.run(command, stdin=subprocess.DEVNULL, text=True,
                               errors="replace", stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, timeout=TIMEOUT,
                               check=False)
        if "bench: done" not in guest.stdout:
            raise BenchError(f"case {case} ended early:\n{guest.stdout}")
        return {"memory_mib": memory, "preserved_mib": mib,
                "folio_order": order, "stride": stride,
                **of_console(guest.stdout), **of_log(log)}


def of_console(text):
    """What the guest's kernels say, in instructions."""
    found = {"folios": {}}
    for what, folios, ticks in re.findall(
            r"kho_bench: (\w+) (\d+) folios: (\d+) ticks", text):
        found["folios"][what] = {"number": int(folios),
                                 "instructions": int(ticks)}
    match = re.search(r"kho: \d+ KiB preserved, .* (\d+) nodes", text)
    if match:
        found["map_bytes"] = 4096 * int(match[1])
    return found


def read_log(path):
    with open(path, encoding="ascii") as file:
        lines = [line.split() for line in file]
    return [(name.replace(":", " "), int(count)) for count, name in lines]


def first_hits(hits, start):
    """When each mark was passed first, from the last time of another on."""
    begin = max((i for i, hit in enumerate(hits) if hit[0] == start),
                default=None)
    if begin is None:
        raise BenchError(f"the guest was never at '{start}'")
    times = {}
    for name, count in hits[begin:]:
        times.setdefault(name, count)
    return times


def of_log(path):
    hits = read_log(path)
    load = first_hits(hits, LOAD[0])
    times = first_hits(hits, PARTS[0][0])
    bounds = [(times[mark], title) for mark, title in PARTS if mark in times]
    parts = {title: end - start for (start, title), (end, _)
             in zip(bounds, bounds[1:])}
    within = {title: {name: times[f"exit {function}"] -
                      times[f"enter {function}"]
                      for name, function in functions
                      if f"exit {function}" in times}
              for title, functions in WITHIN.items()}
    return {"kexec_load": load[LOAD[1]] - load[LOAD[0]],
            "blackout": bounds[-1][0] - bounds[0][0],
            "parts": parts, "within": within}


def by_symbol(path, kernel):
    """[(symbol, instructions)] of a profile, the largest first."""
    addresses, names = marks.symbols(os.path.join(kernel, "vmlinux"))
    counts = collections.Counter()
    with open(path, encoding="ascii") as file:
        for line in file:
            address, count = line.split()
            index = bisect.bisect(addresses, int(address, 16)) - 1
            name = names[index] if index >= 0 else "outside of the kernel"
            counts[name] += int(count)
    return counts.most_common()


def print_profile(bench, case):
    path = bench.path(f"{case}.profile")
    if not os.path.exists(path):
        raise BenchError("the guest never went from one mark to the other")
    print(table.profile(by_symbol(path, bench.kernel)))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--kernel", required=True, help="its build folder")
    parser.add_argument("--tree", required=True, help="its sources")
    parser.add_argument("--output", required=True, help="folder to write to")
    parser.add_argument("--profile", nargs=2, metavar=("FROM", "TO"),
                        help="print the symbols that run between two marks, "
                             "such as 'enter start_kernel'")
    parser.add_argument("cases", nargs="*", default=list(CASES),
                        help=" ".join(CASES))
    args = parser.parse_args()
    unknown = set(args.cases) - set(CASES)
    if unknown:
        return f"no case '{unknown.pop()}'; there are: " + " ".join(CASES)
    results = {}
    try:
        bench = Bench(args.kernel, args.tree, args.output)
        for case in args.cases:
            print(f"bench: {case}", flush=True)
            results[case] = bench.run(case, args.profile)
            if args.profile:
                print_profile(bench, case)
    except (BenchError, marks.MarkError) as error:
        return f"bench: {error}"
    with open(bench.path("results.json"), "w", encoding="ascii") as file:
        json.dump(results, file, indent=1)
    print(table.text(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
