#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Live updates in QEMU, as KTAP. Each test can be run alone by its name."""
import argparse
import concurrent.futures
import importlib
import io
import os
import sys
import threading
import time
import traceback

import arch as arches
import handover
import suite
from other_kernels import OTHER_KERNELS, on_another_kernel
from vm import GuestError, end_all

HERE = os.path.dirname(os.path.abspath(__file__))
DEFAULT_BUILD = os.path.join(HERE, "..", "..", "..", "..", "build")
SUITES = ("check", "faults", "interop", "parallel")


class Report:
    """Prints results in the order in which the tests end."""

    def __init__(self, count):
        self.lock = threading.Lock()
        self.results = self.failed = 0
        print(f"KTAP version 1\n1..{count}", flush=True)

    def add(self, name, notes, error):
        with self.lock:
            self.results += 1
            self.failed += bool(error)
            for line in (notes + error).splitlines():
                print("# " + line)
            verdict = "not ok" if error else "ok"
            print(f"{verdict} {self.results} {name}", flush=True)

    def skip(self, name, reason):
        with self.lock:
            self.results += 1
            print(f"ok {self.results} {name} # SKIP {reason}", flush=True)


def run(test, args, report):
    reason = test.skip.get(args.arch) or test.skip.get(args.kernel)
    if reason:
        return report.skip(test.name, reason)
    other = OTHER_KERNELS.get(args.kernel)
    if other:
        if test.variant != other.replaces:
            return report.skip(test.name, "needs a kernel of its own")
        test = on_another_kernel(test, other)
    notes, error, start = io.StringIO(), "", time.monotonic()
    try:
        with handover.boot(args.build, test.variant, arch=args.arch,
                           **test.options) as guest:
            if other and other.allow:
                guest.allow(other.allow)
            test.function(guest, notes)
            if other:
                other.after(guest, handover.folder(args.build, test.variant,
                                                   args.arch))
    except GuestError as failure:
        error = str(failure)
    except Exception:
        error = traceback.format_exc()
    print(f"{test.name}: {time.monotonic() - start:.1f} s", file=notes)
    return report.add(test.name, notes.getvalue(), error)


def members(wanted):
    """{name: test} of the tests in a suite; all modules of tests register."""
    for name in sorted(os.listdir(HERE)):
        if name.endswith("_tests.py") and name != os.path.basename(__file__):
            importlib.import_module(name[:-len(".py")])
    return {name: test for name, test in suite.TESTS.items()
            if test.suite == wanted}


def select(tests, names):
    unknown = [name for name in names if name not in tests]
    if unknown:
        sys.exit(f"no test '{unknown[0]}'; there are: " + " ".join(tests))
    return [tests[name] for name in names or tests]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--build", default=DEFAULT_BUILD,
                        help="folder that holds the guest kernels")
    parser.add_argument("--arch", choices=arches.ARCHES,
                        default=arches.DEFAULT)
    parser.add_argument("--jobs", type=int, help="guests at the same time",
                        default=len(os.sched_getaffinity(0)))
    parser.add_argument("--kernel", choices=OTHER_KERNELS,
                        help="run another kernel's tests on this one")
    parser.add_argument("--suite", choices=SUITES, default="check")
    parser.add_argument("--list", action="store_true",
                        help="list the tests' names")
    parser.add_argument("names", nargs="*", help="tests to run (default: all)")
    args = parser.parse_args()
    tests = members(args.suite)
    if args.list:
        print("\n".join(tests))
        return 0
    tests = select(tests, args.names)
    report = Report(len(tests))
    pool = concurrent.futures.ThreadPoolExecutor(args.jobs)
    try:
        concurrent.futures.wait([pool.submit(run, test, args, report)
                                 for test in tests])
    finally:
        pool.shutdown(wait=False, cancel_futures=True)
        end_all()
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
