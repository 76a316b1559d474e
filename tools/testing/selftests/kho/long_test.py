#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Many live updates in a row, as KTAP: nothing is lost, and nothing leaks.

Through each of them goes memory of random kinds, sizes and places, a part of
which stays for many kernels (kho_churn), and a pair of NICs. The figures that
tell of a leak are compared between the first updates and the last ones.
"""
import argparse
import collections
import random
import re
import statistics
import sys
import time

import handover
import nic
from handover import KHO, command, expect_state
from run_tests import DEFAULT_BUILD
from vm import GuestError

MODULE = "/lib/modules/kho_churn.ko"
PARAMETERS = "/sys/module/kho_churn/parameters/"
PROGRESS = 10
# So many updates at either end are compared, by their median.
ENDS = 10
MEMORY = 448
PAGE_KIB = 4

# KiB, or a count, by which the last updates may differ from the first ones.
# A page lost with each of 200 updates is 800 KiB, and missing from MemTotal;
# what is free varies by half of that with what happens to be carried.
BOUNDS = {
    "MemTotal": 256,
    "MemFree": 1024,
    "MemAvailable": 1024,
    "CmaTotal": 0,
    "reserved": 256,
    "I/O memory regions": 0,
    "scratch": 0,
    "handed over by the NICs": 256,
}


def meminfo(text):
    return {name: int(kib) for name, kib in
            re.findall(r"^(\w+): +(\d+) kB$", text, re.MULTILINE)}


def figures(vm):
    """What must not change, with all that is carried counted as free."""
    out = vm.sh(f"""echo 3 > /proc/sys/vm/drop_caches
        cat /proc/meminfo {PARAMETERS}left
        echo $(cat {PARAMETERS}taken) taken
        dmesg | grep -o '[0-9]*K reserved'
        echo $(wc -l < /proc/iomem) regions
        echo $(($(sed 's/$/+/' {KHO}scratch_len | tr -d '\\n')0)) scratch
        echo $(cat {KHO}clients/*/bytes | tr '\\n' ' ') bytes""")
    info = meminfo(out)
    carried = int(re.search(r"^(\d+)$", out, re.MULTILINE)[1]) * PAGE_KIB

    def last(pattern):
        return int(re.search(pattern, out, re.MULTILINE)[1])
    return {
        "MemTotal": info["MemTotal"],
        "MemFree": info["MemFree"] + carried,
        "MemAvailable": info["MemAvailable"] + carried,
        "CmaTotal": info["CmaTotal"],
        "reserved": last(r"^(\d+)K reserved$") -
        last(r"^(\d+) taken$") * PAGE_KIB,
        "I/O memory regions": last(r"^(\d+) regions$"),
        "scratch": last(r"^(\d+) scratch$") // 1024,
        "handed over by the NICs": sum(
            int(size) for size in
            re.search(r"^([\d ]+) bytes$", out, re.MULTILINE)[1].split()),
    }


class LongUpdate:
    """One guest on its way through many kernels."""

    def __init__(self, vm, seed, mib):
        self.vm = vm
        self.seed = seed
        self.mib = mib
        self.hop = 0
        self.series = collections.defaultdict(list)
        nic.set_up_pair(vm)
        self.nics = nic.dump(vm)
        self.churn()

    def parameter(self, name):
        return int(self.vm.read(PARAMETERS + name))

    def churn(self):
        """Checks what was carried here, and leaves something else."""
        self.vm.sh(f"insmod {MODULE} seed={self.seed + self.hop} "
                   f"mib={self.mib} || {{ dmesg | tail -n 5 >&2; false; }}")
        for what, found in (("memory", self.parameter("hops")),
                            ("kexec_count",
                             int(self.vm.read(KHO + "kexec_count")))):
            if found != self.hop:
                raise GuestError(f"{what} has seen {found} updates, not "
                                 f"{self.hop}")

    def update(self):
        self.vm.kexec_load()
        command(self.vm, "save", after="saved")
        self.vm.kexec()
        self.hop += 1
        expect_state(self.vm, "restored")
        self.churn()
        command(self.vm, "finish", after="idle")
        for name, value in figures(self.vm).items():
            self.series[name].append(value)

    def describe(self):
        last = {name: values[-1] for name, values in self.series.items()}
        carried, oldest = self.parameter("taken"), self.parameter("oldest")
        return (f"{carried} pages carried, the oldest through {oldest} "
                f"updates; MemTotal {last['MemTotal']:,}, "
                f"MemFree {last['MemFree']:,}, "
                f"reserved {last['reserved']:,} KiB")

    def run(self, hops):
        start = time.monotonic()
        for number in range(1, hops + 1):
            try:
                self.update()
            except GuestError as error:
                raise GuestError(f"update {number}: {error}") from error
            if number % PROGRESS == 0 or number in (1, hops):
                nic.ping(self.vm)
                print(f"# {number} of {hops} updates, "
                      f"{time.monotonic() - start:.0f} s: {self.describe()}",
                      flush=True)
        nic.assert_same(self.nics, nic.dump(self.vm))


def ends(values):
    """The medians of the first and of the last figures."""
    count = max(1, min(ENDS, len(values) // 2))
    return (int(statistics.median(values[:count])),
            int(statistics.median(values[-count:])))


class Report:
    def __init__(self, count):
        self.results = self.failed = 0
        print(f"KTAP version 1\n1..{count}", flush=True)

    def add(self, name, good, note):
        self.results += 1
        self.failed += not good
        for line in note.splitlines():
            print("# " + line)
        verdict = "ok" if good else "not ok"
        print(f"{verdict} {self.results} {name}", flush=True)


def judge(report, series):
    for name, bound in BOUNDS.items():
        first, last = ends(series[name]) if series[name] else (0, 0)
        good = bool(series[name]) and abs(last - first) <= bound
        report.add(name.replace(" ", "_"), good,
                   f"{name}: {first:,} at first, {last:,} at last; "
                   f"from {min(series[name], default=0):,} to "
                   f"{max(series[name], default=0):,}; "
                   f"may differ by {bound:,}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--build", default=DEFAULT_BUILD,
                        help="folder that holds the guest kernels")
    parser.add_argument("--hops", type=int, default=200)
    parser.add_argument("--mib", type=int, default=16,
                        help="memory to carry")
    parser.add_argument("--seed", type=int, default=random.getrandbits(31))
    args = parser.parse_args()
    report = Report(1 + len(BOUNDS))
    print(f"# seed {args.seed}", flush=True)
    series, error = {}, ""
    try:
        with handover.boot(args.build, memory=MEMORY) as vm:
            test = LongUpdate(vm, args.seed, args.mib)
            series = test.series
            test.run(args.hops)
    except GuestError as failure:
        error = str(failure)
    report.add("contents", not error, error)
    judge(report, collections.defaultdict(list, series))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
