#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Keeps what is generated from the transition table as the table has it.

That is a part of Documentation/kho-states.rst, and the monitor's automaton.
Without --check they are written anew; with it, a difference is an error.
"""
import argparse
import difflib
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
BEGIN = ".. generated from kernel/kho/fsm/table.c by \"scripts/kho/docs.py\"\n"
END = ".. end of the generated part\n"


def part_of_document(old, generated):
    """Returns the document with its generated part replaced."""
    before, begin, rest = old.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit("no generated part is marked")
    return f"{before}{BEGIN}\n{generated}\n{END}{after}"


def whole_file(_old, generated):
    return generated


# (test, file, program that includes the table, what becomes of its output)
GENERATED = (
    ("states_documented_as_in_the_table", "Documentation/kho-states.rst",
     "tools/kho/states_doc.c", part_of_document),
    ("automaton_as_in_the_table", "tools/verification/models/kho.dot",
     "tools/kho/states_dot.c", whole_file),
)


def generate(source):
    """Returns what the table's own code says about itself."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "generate")
        subprocess.run(["gcc", "-Wall", "-Werror", "-o", program,
                        os.path.join(ROOT, source)], check=True)
        return subprocess.run([program], check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def read(name):
    path = os.path.join(ROOT, name)
    if not os.path.exists(path):
        return ""
    with open(path, encoding="utf-8") as file:
        return file.read()


def report(number, test, difference):
    """Prints the result as KTAP; returns whether there is no difference."""
    for line in difference:
        print("#", line)
    print("not ok" if difference else "ok", number, test)
    return not difference


def check():
    """Returns whether everything is current."""
    print(f"KTAP version 1\n1..{len(GENERATED)}")
    passed = True
    for number, (test, name, source, put) in enumerate(GENERATED, 1):
        old = read(name)
        difference = list(difflib.unified_diff(
            old.splitlines(), put(old, generate(source)).splitlines(), name,
            "kernel/kho/fsm/table.c", lineterm=""))
        passed &= report(number, test, difference)
    return passed


def write():
    for _, name, source, put in GENERATED:
        new = put(read(name), generate(source))
        with open(os.path.join(ROOT, name), "w", encoding="utf-8") as file:
            file.write(new)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true",
                        help="change nothing, fail on a difference")
    if parser.parse_args().check:
        sys.exit(0 if check() else 1)
    write()


if __name__ == "__main__":
    main()
