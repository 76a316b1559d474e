#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Configures and builds a guest kernel out of a prepared tree.

The configuration is tinyconfig plus fragments; every option that a fragment
names has to be in it afterwards, so that a dependency that is missing shows
here and not in a guest that behaves oddly. Everything that the build prints
is in OUTPUT.log.
"""
import argparse
import filecmp
import fnmatch
import hashlib
import os
import re
import shutil
import subprocess
import sys
import time

import tree

CCACHE = "/usr/lib/ccache"
# What a build from nothing prints, roughly; for the percentage only.
USUAL_STEPS = 1400
REPORT_EVERY = 10
STEP = re.compile(r"  [A-Z][A-Z0-9_]+ +(?:\[M\] +)?\S+")
# Of an output folder: our stamp, modules from outside of the tree, the archive.
NOT_COPIED = {".fragments", "carry", "kho", "initramfs.cpio.gz"}
OPTION = re.compile(r"(?:# )?(CONFIG_\w+)(?:=(.*)| is not set)")


class BuildError(Exception):
    """A message that says what did not build, and where to look."""


def environment():
    # With KCSAN, watch our own files alone, but these closely: under
    # emulation it finds next to nothing if it has to watch all.
    env = dict(os.environ, LC_ALL="C", KCSAN_SANITIZE="n")
    if os.path.isdir(CCACHE):
        env["PATH"] = CCACHE + ":" + env.get("PATH", "")
    return env


def jobs():
    return f"-j{len(os.sched_getaffinity(0))}"


class Step:
    """Runs commands that take long: shows progress, logs what they print."""

    def __init__(self, name, log):
        self.name = name
        self.log = log
        self.start = time.monotonic()
        self.done = 0
        self.reported = self.start

    def say(self, text):
        elapsed = time.monotonic() - self.start
        print(f"{self.name}: {text} ({elapsed:.0f} s)", flush=True)

    def run(self, *command):
        with open(self.log, "a", encoding="utf-8") as log, \
             subprocess.Popen(command, text=True, errors="replace",
                              stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT,
                              env=environment()) as process:
            for line in process.stdout:
                log.write(line)
                self.count(line)
        if process.returncode:
            raise BuildError(f"{self.name} failed:\n{self.tail()}\n"
                             f"The whole log is {self.log}")

    def count(self, line):
        if not STEP.match(line):
            return
        self.done += 1
        now = time.monotonic()
        if now - self.reported >= REPORT_EVERY:
            self.reported = now
            part = min(99, 100 * self.done // USUAL_STEPS)
            self.say(f"{self.done} files built, about {part} %")

    def tail(self, lines=40):
        with open(self.log, encoding="utf-8") as log:
            text = log.read().splitlines()
        errors = [line for line in text if "error:" in line][:10]
        return "\n".join(errors + ["..."] + text[-lines:])


def read_options(path):
    """{option: value} of a fragment or configuration; "n" if not set."""
    options = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            match = OPTION.match(line.rstrip("\n"))
            if match:
                options[match[1]] = match[2] or "n"
    return options


def missing_options(fragments, config):
    """What the fragments ask for, later ones first, and did not get."""
    wanted = {}
    for fragment in fragments:
        wanted.update(read_options(fragment))
    got = read_options(config)
    return [f"{name}: {value} wanted, {got.get(name, 'n')} in the result"
            for name, value in wanted.items() if got.get(name, "n") != value]


# What differs between architectures: the compiler's prefix, the image to build.
ARCHES = {
    "x86_64": ("", "bzImage"),
    "arm64": ("aarch64-linux-gnu-", "Image"),
}


def copy_output(base, output):
    """Starts OUTPUT as a copy of another output folder, without its results.

    Times are kept, so make rebuilds only what depends on an option that
    differs. The host tools' .cmd files name the folder, and objtool must not
    look new, as everything depends on it.
    """
    shutil.copytree(base, output, symlinks=True, dirs_exist_ok=True,
                    ignore=lambda folder, names:
                    NOT_COPIED if folder == base else ())
    for folder, _, names in os.walk(os.path.join(output, "tools")):
        for name in fnmatch.filter(names, ".*.cmd"):
            path = os.path.join(folder, name)
            with open(path, encoding="utf-8") as file:
                text = file.read()
            with open(path, "w", encoding="utf-8") as file:
                file.write(text.replace(base + "/", output + "/"))


class Kernel:
    """One output folder of a tree."""

    def __init__(self, source, output, fragments, arch="x86_64", base=None):
        self.source = source
        self.base = base
        self.output = output
        self.fragments = fragments
        self.arch = arch
        self.compiler, self.image = ARCHES[arch]
        self.config = os.path.join(output, ".config")
        self.stamp = os.path.join(output, ".fragments")
        self.step = Step("kernel " + os.path.basename(output),
                         output + ".log")

    def make(self, *targets):
        self.step.run("make", "-C", self.source, f"O={self.output}", jobs(),
                      f"ARCH={self.arch}", f"CROSS_COMPILE={self.compiler}",
                      *targets)

    def inputs(self):
        """What the configuration follows from."""
        digest = hashlib.sha256()
        options = [os.path.join(tree.REPO, name)
                   for name in tree.own_files("Kconfig")]
        for file in [*self.fragments, *tree.series(), *options]:
            with open(file, "rb") as content:
                digest.update(content.read())
        digest.update(os.path.realpath(self.source).encode())
        return digest.hexdigest()

    def configure(self):
        inputs = self.inputs()
        if os.path.exists(self.stamp) and os.path.exists(self.config):
            with open(self.stamp, encoding="utf-8") as file:
                if file.read() == inputs:
                    return
        if self.base and not os.path.exists(self.config):
            copy_output(self.base, self.output)
        self.step.say("configuring")
        old = self.read_config()
        self.make("tinyconfig")
        merge = os.path.join(self.source, "scripts/kconfig/merge_config.sh")
        self.step.run(merge, "-m", "-O", self.output, self.config,
                      *self.fragments)
        self.make("olddefconfig")
        missing = missing_options(self.fragments, self.config)
        if missing:
            raise BuildError("options that the configuration lacks:\n  " +
                             "\n  ".join(missing))
        if old and old[0] == self.read_config()[0]:
            os.utime(self.config, ns=(old[1], old[1]))
        with open(self.stamp, "w", encoding="utf-8") as file:
            file.write(inputs)

    def read_config(self):
        """(content, time of change) of the configuration, None if none."""
        if not os.path.exists(self.config):
            return None
        with open(self.config, "rb") as file:
            return file.read(), os.stat(self.config).st_mtime_ns

    def build(self):
        os.makedirs(self.output, exist_ok=True)
        open(self.step.log, "w", encoding="utf-8").close()
        self.configure()
        self.step.say("building")
        self.make(self.image)
        if read_options(self.config).get("CONFIG_NETDEVSIM") == "m":
            self.make("modules")
        self.step.say(f"ready, {self.step.done} files built")

    def build_module(self, folder):
        """Builds a module that is not part of the tree, in OUTPUT/NAME."""
        target = os.path.join(self.output, os.path.basename(folder))
        os.makedirs(target, exist_ok=True)
        for name in os.listdir(folder):
            source, copy = (os.path.join(path, name)
                            for path in (folder, target))
            if not os.path.exists(copy) or \
                    not filecmp.cmp(source, copy, shallow=False):
                shutil.copyfile(source, copy)
        self.make("modules_prepare")
        # Of a kernel without modules, this is all there is.
        symbols = os.path.join(self.output, "vmlinux.symvers")
        extra = "" if os.path.exists(os.path.join(
            self.output, "Module.symvers")) else symbols
        self.make(f"M={target}", f"KBUILD_EXTRA_SYMBOLS={extra}", "modules")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--tree", required=True)
    parser.add_argument("--output", required=True)
    parser.add_argument("--arch", choices=ARCHES, default="x86_64")
    parser.add_argument("--module", action="append", default=[],
                        help="folder of a module outside of the tree, to be "
                        "built as well (may be repeated)")
    parser.add_argument("--base", help="output folder of the same tree to "
                        "start from, so that only what the fragments change "
                        "is built")
    parser.add_argument("fragments", nargs="+")
    args = parser.parse_intermixed_args()
    try:
        kernel = Kernel(os.path.abspath(args.tree),
                        os.path.abspath(args.output),
                        [os.path.abspath(name) for name in args.fragments],
                        args.arch, args.base and os.path.abspath(args.base))
        kernel.build()
        for folder in args.module:
            kernel.build_module(os.path.abspath(folder))
    except BuildError as error:
        return str(error)
    return 0


if __name__ == "__main__":
    sys.exit(main())
