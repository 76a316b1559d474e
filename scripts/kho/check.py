#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs test suites that print KTAP and counts the results of all of them.

A test case is a result line without results of its own. A suite that ends
early (fewer results than its plan says, no result, a status other than 0
without a failed test) counts as one more failure. The last line is
"N passed, N failed".
"""
import re
import subprocess
import sys

PLAN = re.compile(r"( *)1\.\.(\d+)")
RESULT = re.compile(r"( *)(ok|not ok) \d+(?: (?:- )?([^#]*))?(# *SKIP.*)?",
                    re.IGNORECASE)


class Counter:
    """Reads KTAP line by line."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0
        self.problems = []
        self.plans = {}
        self.counts = {}
        self.children = {}

    def read(self, line):
        plan = PLAN.fullmatch(line)
        result = RESULT.match(line)
        if plan:
            self.plans[len(plan[1])] = int(plan[2])
            self.counts[len(plan[1])] = 0
        elif result:
            self.result(len(result[1]), result[2] == "ok",
                        (result[3] or "").strip(), bool(result[4]))

    def result(self, depth, passed, name, skipped):
        nested = [inner for inner in self.counts if inner > depth]
        for inner in nested:
            self.close(inner, name)
        self.counts[depth] = self.counts.get(depth, 0) + 1
        if skipped:
            self.skipped += 1
        elif not nested:
            self.passed += passed
            self.failed += not passed

    def close(self, depth, name):
        """The block at this depth is complete: did all of it report?"""
        count, plan = self.counts.pop(depth), self.plans.pop(depth, None)
        if plan is not None and count != plan:
            self.problem(f"{name}: {count} results, {plan} planned")

    def problem(self, text):
        self.failed += 1
        self.problems.append(text)

    def end(self, name, status):
        seen = bool(self.counts)
        for depth in sorted(self.counts, reverse=True):
            self.close(depth, name)
        if not seen:
            self.problem(f"{name}: no results")
        elif status and not self.failed:
            self.problem(f"{name}: ended with status {status}")


def run_suite(command):
    counter = Counter()
    print(f"# {command}", flush=True)
    with subprocess.Popen(command, shell=True, text=True, errors="replace",
                          stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            print(line, end="", flush=True)
            counter.read(line.rstrip("\n"))
    counter.end(command, process.returncode)
    return counter


def main():
    counters = [run_suite(command) for command in sys.argv[1:]]
    for counter in counters:
        for problem in counter.problems:
            print(f"# {problem}")
    skipped = sum(counter.skipped for counter in counters)
    if skipped:
        print(f"# {skipped} skipped")
    passed = sum(counter.passed for counter in counters)
    failed = sum(counter.failed for counter in counters)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
