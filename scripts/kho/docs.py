#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Keeps the generated part of Documentation/kho-states.rst as the code has it.

Without --check the part is written anew; with it, a difference is an error.
"""
import argparse
import difflib
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
DOCUMENT = os.path.join(ROOT, "Documentation/kho-states.rst")
GENERATOR = os.path.join(ROOT, "tools/kho/states_doc.c")
BEGIN = ".. generated from kernel/kho/fsm/table.c by \"scripts/kho/docs.py\"\n"
END = ".. end of the generated part\n"


def generate():
    """Returns what the table's own code says about itself."""
    with tempfile.TemporaryDirectory() as folder:
        program = os.path.join(folder, "states_doc")
        subprocess.run(["gcc", "-Wall", "-Werror",
                        "-o", program, GENERATOR], check=True)
        return subprocess.run([program], check=True, text=True,
                              stdout=subprocess.PIPE).stdout


def replaced(document, generated):
    """Returns the document with its generated part replaced."""
    before, begin, rest = document.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        sys.exit(f"{DOCUMENT}: no generated part is marked")
    return f"{before}{BEGIN}\n{generated}\n{END}{after}"


def check(old, new):
    """Prints the result as KTAP; returns whether the document is current."""
    difference = list(difflib.unified_diff(
        old.splitlines(), new.splitlines(), "Documentation/kho-states.rst",
        "kernel/kho/fsm/table.c", lineterm=""))
    print("KTAP version 1\n1..1")
    for line in difference:
        print("#", line)
    print("not ok" if difference else "ok",
          "1 states_documented_as_in_the_table")
    return not difference


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--check", action="store_true",
                        help="change nothing, fail on a difference")
    arguments = parser.parse_args()

    with open(DOCUMENT, encoding="utf-8") as file:
        old = file.read()
    new = replaced(old, generate())
    if arguments.check:
        sys.exit(0 if check(old, new) else 1)
    with open(DOCUMENT, "w", encoding="utf-8") as file:
        file.write(new)


if __name__ == "__main__":
    main()
