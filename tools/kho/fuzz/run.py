#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs the fuzz target for a while and prints the result as KTAP.

What it learns is kept in the folder WORK, and goes on from there the next
time. An input that makes it fail is kept there, too.
"""
import argparse
import glob
import os
import re
import shutil
import subprocess
import sys

SEEDS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "corpus")
MAX_INPUT = 16384
SLOW = 25
STATISTICS = re.compile(r"stat::(number_of_executed_units|new_units_added): "
                        r"+(\d+)")
COVERAGE = re.compile(r"cov: (\d+) ft: (\d+)")


def without_randomization():
    """Old sanitizers fail at random where addresses are very random."""
    prefix = ["setarch", "-R"]
    works = shutil.which(prefix[0]) and not subprocess.run(
        [*prefix, "true"], stderr=subprocess.DEVNULL, check=False).returncode
    return prefix if works else []


def fuzz(program, seconds, work):
    """Returns (status, everything that was printed)."""
    corpus = os.path.join(work, "corpus")
    os.makedirs(corpus, exist_ok=True)
    command = [*without_randomization(), program,
               f"-max_total_time={seconds}", f"-max_len={MAX_INPUT}",
               f"-timeout={SLOW}", "-print_final_stats=1",
               f"-artifact_prefix={work}/", corpus, SEEDS]
    environment = {**os.environ, "ASAN_OPTIONS": "quarantine_size_mb=16"}
    with open(os.path.join(work, "log"), "w+b") as log:
        status = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log,
                                stderr=log, env=environment,
                                check=False).returncode
        log.seek(0)
        return status, log.read().decode(errors="replace")


def summary(output):
    found = dict(STATISTICS.findall(output))
    edges, features = (COVERAGE.findall(output) or [("0", "0")])[-1]
    return (f"{found.get('number_of_executed_units', 0)} executions, "
            f"{edges} edges and {features} features covered, "
            f"{found.get('new_units_added', 0)} new inputs")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("program")
    parser.add_argument("work")
    parser.add_argument("--seconds", type=int, default=60)
    args = parser.parse_args()
    status, output = fuzz(args.program, args.seconds, args.work)
    print("KTAP version 1\n1..1")
    print("# " + summary(output))
    if status:
        lines = [line for line in output.splitlines()
                 if not line.startswith("#")]
        for line in lines[-60:]:
            print("# " + line)
        for kind in ("crash", "timeout", "oom", "leak"):
            for path in glob.glob(os.path.join(args.work, kind + "-*")):
                print(f"# run it again: {args.program} {path}")
    print("not ok" if status else "ok", "1 fuzz_handover")
    return 1 if status else 0


if __name__ == "__main__":
    sys.exit(main())
