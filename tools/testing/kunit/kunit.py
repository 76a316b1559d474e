#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's kunit.py on this project's tree and tests.

  kunit.py run kho [ARGUMENTS OF THE KERNEL'S kunit.py]

"kho" stands for every suite of this project; a suite is also run alone by its
name, as in "kunit.py run kho_map". The tree is made or brought up to date first.
"""
import os
import subprocess
import sys

REPO = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__)))))
TREE = os.path.join(REPO, os.environ.get("TREE", "build/linux"))
BUILD_DIR = os.path.join(REPO, "build", "um")
CCACHE = "/usr/lib/ccache"
USES_BUILD_DIR = ("run", "config", "build", "exec")
USES_CONFIG = ("run", "config", "build")


def kernel_arguments(command, rest):
    """What the kernel's kunit.py is to be called with."""
    arguments = [command]
    if command in USES_BUILD_DIR:
        arguments += ["--build_dir", BUILD_DIR]
    if command in USES_CONFIG:
        arguments += ["--kunitconfig", os.path.join(TREE, "kernel", "kho"),
                      "--jobs", str(len(os.sched_getaffinity(0)))]
    return arguments + ["kho*" if word == "kho" else word for word in rest]


def main():
    if len(sys.argv) < 2 or sys.argv[1] in ("-h", "--help"):
        sys.exit(__doc__)
    subprocess.run(["make", "-s", "--no-print-directory", "-C", REPO, "tree"],
                   check=True, stdout=sys.stderr)
    if os.path.isdir(CCACHE):
        os.environ["PATH"] = CCACHE + ":" + os.environ["PATH"]
    kunit = os.path.join(TREE, "tools", "testing", "kunit", "kunit.py")
    os.chdir(TREE)
    os.execv(kunit, [kunit, *kernel_arguments(sys.argv[1], sys.argv[2:])])


if __name__ == "__main__":
    main()
