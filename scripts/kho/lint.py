#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Checks this repository's own files: the kernel's checkers, all of them.

Ends with a status other than 0 if any of them finds anything.
"""
import argparse
import os
import re
import subprocess
import sys

import kernel
import tree

# What checkpatch finds and the kernel does all the same: macros of trace events
# read like structures, an environment of a uevent is written to.
IGNORED = "FILE_PATH_CHANGES,STATIC_CONST_CHAR_ARRAY"
IGNORED_IN_TRACE_EVENTS = IGNORED + ",OPEN_ENDED_LINE,PARENTHESIS_ALIGNMENT"
# The author of a patch signs it off when it is sent; its context is not ours.
IGNORED_IN_PATCHES = IGNORED + ",MISSING_SIGN_OFF,NO_AUTHOR_SIGN_OFF,CAMELCASE"
# Programs of userspace, and headers that stand for the kernel's: what they call
# has names of others, and no levels of urgency; what they define looks as it
# does there.
IGNORED_IN_TOOLS = IGNORED + (
    ",BIT_MACRO,CAMELCASE,CONST_STRUCT,EMBEDDED_FUNCTION_NAME,"
    "IS_ENABLED_CONFIG,LONG_LINE_STRING,MACRO_ARG_UNUSED,NEW_TYPEDEFS,"
    "PRINTK_WITHOUT_KERN_LEVEL")
DIAGNOSTIC = re.compile(r"(\S+?):\d+(?::\d+)?: (?:warning|error|note): ")


def output_of(*command, cwd=None):
    run = subprocess.run(command, cwd=cwd, text=True, errors="replace",
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    return run.stdout.splitlines()


def checkpatch(source, ignored, *arguments):
    # Without a repository, it leaves checking licenses to others: that needs
    # Python modules which are no part of the standard library.
    return output_of("env", "GIT_DIR=none", "perl",
                     "scripts/checkpatch.pl", "--strict", "--terse",
                     "--no-summary", "--show-types", "--ignore", ignored,
                     *arguments, cwd=source)


def check_style(source):
    files = tree.own_files(".c", ".h", ".S", "Kconfig")
    events = [name for name in files if name.startswith("include/trace/")]
    others = [name for name in files if name not in events]
    tools = [os.path.join(tree.REPO, name) for name in
             tree.own_files(".c", ".h", folders=("tools/kho",))]
    return (checkpatch(source, IGNORED, "-f", *others) +
            checkpatch(source, IGNORED_IN_TRACE_EVENTS, "-f", *events) +
            checkpatch(source, IGNORED_IN_TOOLS, "-f", *tools))


def check_patches(source):
    return checkpatch(source, IGNORED_IN_PATCHES, *tree.series())


def check_kernel_doc(source):
    return output_of("perl", "scripts/kernel-doc", "-none",
                     *tree.own_files(".c", ".h"), cwd=source)


# What each architecture alone compiles.
FOLDERS = {
    "x86_64": ("arch/x86",),
    "arm64": ("arch/arm64", "drivers/of"),
}


def objects(arch):
    """What to build so that each of our C files is compiled and checked."""
    return [name[:-1] + "o" for name in
            tree.own_files(".c", folders=FOLDERS[arch])
            ] + ["kernel/kho/", "drivers/net/netdevsim/"]


def check_build(source, output, fragments, arch):
    """Warnings of gcc (W=1) and sparse that are about our files."""
    lint = kernel.Kernel(os.path.abspath(source), os.path.abspath(output),
                         fragments, arch)
    os.makedirs(output, exist_ok=True)
    open(lint.step.log, "w", encoding="utf-8").close()
    lint.configure()
    lint.make("prepare")
    checked = os.path.getsize(lint.step.log)
    lint.make("W=1", "C=2", *objects(arch))
    ours = set(tree.own_files(".c", ".h"))
    with open(lint.step.log, encoding="utf-8", errors="replace") as log:
        log.seek(checked)
        return [line for line in log.read().splitlines()
                if is_about(line, ours, source)]


def is_about(line, files, source):
    match = DIAGNOSTIC.match(line)
    if not match:
        return False
    roots = (os.path.abspath(source), os.path.realpath(source), tree.REPO)
    path = os.path.normpath(match[1])
    for root in roots:
        path = path.removeprefix(root + os.sep)
    while path.startswith("../"):
        path = path[3:]
    return path in files


def check_scripts(_source):
    """Python and shell parse."""
    found = []
    for name in tree.own_files("", folders=("scripts", "tools", ".ci")):
        with open(os.path.join(tree.REPO, name), "rb") as file:
            first = file.readline()
            text = first + file.read()
        if name.endswith(".py"):
            try:
                compile(text, name, "exec")
            except SyntaxError as error:
                found.append(f"{name}:{error.lineno}: {error.msg}")
        elif first.startswith((b"#!/bin/sh", b"#!/usr/bin/env bash")):
            found += output_of("bash", "-n", os.path.join(tree.REPO, name))
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tree", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--arch", choices=FOLDERS, default="x86_64")
    parser.add_argument("fragments", nargs="+")
    args = parser.parse_args()
    checks = (("checkpatch", check_style), ("patches", check_patches),
              ("kernel-doc", check_kernel_doc), ("scripts", check_scripts),
              ("gcc and sparse", lambda source: check_build(
                  source, args.output,
                  [os.path.abspath(name) for name in args.fragments],
                  args.arch)))
    findings = 0
    for name, check in checks:
        found = check(args.tree)
        findings += len(found)
        print(f"{name}: {len(found)} findings", flush=True)
        for line in found:
            print("  " + line)
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
