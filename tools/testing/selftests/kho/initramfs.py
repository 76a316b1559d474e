#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Packs the test guest's initramfs: installed programs, init, the next kernel.

The archive is written directly (cpio "newc"), so neither root nor device
nodes are needed, and equal input gives an equal archive. The guest finds its
own initramfs again in /sys/firmware/initrd (retain_initrd), and the kernel to
execute next in /boot/kernel, so any number of updates can follow each other.
"""
import argparse
import gzip
import os
import re
import stat
import subprocess
import sys

import arch as arches

HERE = os.path.dirname(os.path.abspath(__file__))
GUEST = os.path.join(HERE, "guest")
PROGRAMS = ("ip", "devlink", "tc", "ethtool", "kexec")
PROGRAM_FOLDERS = ("/usr/sbin", "/usr/bin", "/sbin", "/bin")
LIBRARY_FOLDERS = ("/lib/{}", "/usr/lib/{}", "/lib", "/usr/lib")
CONSOLE = (5, 1)


class Archive:
    """A cpio archive in the kernel's "newc" format, built in memory."""

    def __init__(self):
        self.data = bytearray()
        self.names = set()

    def _record(self, name, mode, body=b"", rdev=(0, 0)):
        inode = len(self.names) + 1
        fields = (inode, mode, 0, 0, 1, 0, len(body), 0, 0, *rdev,
                  len(name) + 1, 0)
        self.data += b"070701" + b"".join(b"%08X" % f for f in fields)
        self.data += name.encode() + b"\0"
        self._pad()
        self.data += body
        self._pad()

    def _pad(self):
        self.data += bytes(-len(self.data) % 4)

    def add(self, name, mode, body=b"", rdev=(0, 0)):
        """Adds an entry once, after the folders that lead to it."""
        name = name.lstrip("/")
        if name in self.names:
            return
        parent = os.path.dirname(name)
        if parent:
            self.add(parent, stat.S_IFDIR | 0o755)
        self.names.add(name)
        self._record(name, mode, body, rdev)

    def add_file(self, name, source, mode=0o755):
        with open(source, "rb") as file:
            self.add(name, stat.S_IFREG | mode, file.read())

    def add_link(self, name, target):
        self.add(name, stat.S_IFLNK | 0o777, target.encode())

    def finish(self):
        self._record("TRAILER!!!", 0)
        return bytes(self.data)


class Root:
    """A system that the guest's programs are taken from."""

    def __init__(self, folder, triplet):
        self.folder = folder.rstrip("/")
        self.libraries = [name.format(triplet) for name in LIBRARY_FOLDERS]

    def source(self, path):
        """The file that a path in this system leads to."""
        source = self.folder + path
        while os.path.islink(source):
            target = os.readlink(source)
            source = (self.folder + target if target.startswith("/") else
                      os.path.join(os.path.dirname(source), target))
        return source

    def find(self, name, folders):
        for folder in folders:
            path = f"{folder}/{name}"
            if os.path.exists(self.source(path)):
                return path
        sys.exit(f"initramfs: '{name}' is not in {self.folder or '/'} "
                 "(make deps)")

    def program(self, name):
        return self.find(name, PROGRAM_FOLDERS)

    def needed(self, path):
        """The dynamic linker and the libraries that a program asks for."""
        out = subprocess.run(["readelf", "-W", "-l", "-d", self.source(path)],
                             capture_output=True, text=True, check=True,
                             env={**os.environ, "LC_ALL": "C"}).stdout
        linker = re.findall(r"program interpreter: (/[^\]]+)\]", out)
        linker_names = [os.path.basename(path) for path in linker]
        return linker + [self.find(name, self.libraries) for name in
                         re.findall(r"\(NEEDED\) .*\[(.*)\]", out)
                         if name not in linker_names]


def add_with_libraries(archive, root, name, path):
    if name.lstrip("/") in archive.names:
        return
    archive.add_file(name, root.source(path))
    for needed in root.needed(path):
        add_with_libraries(archive, root, needed, needed)


def add_programs(archive, root):
    for name in PROGRAMS:
        add_with_libraries(archive, root, "usr/sbin/" + name,
                           root.program(name))


def add_busybox(archive, root):
    """Its applets are those of the one that runs here: it is the same."""
    archive.add_file("bin/busybox", root.source(root.program("busybox")))
    applets = subprocess.run(["busybox", "--list"], capture_output=True,
                             text=True, check=True).stdout.split()
    for applet in applets:
        if applet not in PROGRAMS:
            archive.add_link("bin/" + applet, "busybox")


def add_guest_files(archive):
    for name in sorted(os.listdir(GUEST)):
        target = "init" if name == "init" else "lib/kho/" + name
        archive.add_file(target, os.path.join(GUEST, name))


def build(root, kernel, modules, files):
    archive = Archive()
    for folder in ("proc", "sys", "dev", "tmp", "run"):
        archive.add(folder, stat.S_IFDIR | 0o755)
    archive.add("dev/console", stat.S_IFCHR | 0o600, rdev=CONSOLE)
    add_guest_files(archive)
    add_programs(archive, root)
    add_busybox(archive, root)
    archive.add_file("boot/kernel", kernel, 0o644)
    for module in modules:
        archive.add_file("lib/modules/" + os.path.basename(module), module,
                         0o644)
    for name, source in files:
        archive.add_file(name, source, os.stat(source).st_mode & 0o755)
    return archive.finish()


def write_if_changed(path, data):
    """Leaves an equal file alone, so that what depends on it stays current."""
    if os.path.exists(path):
        with open(path, "rb") as file:
            if file.read() == data:
                return
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.replace(path + ".new", path)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--arch", choices=arches.ARCHES,
                        default=arches.DEFAULT)
    parser.add_argument("--root", default="/",
                        help="system whose programs to pack")
    parser.add_argument("--kernel", required=True,
                        help="kernel image to execute")
    parser.add_argument("--module", action="append", default=[],
                        help="kernel module to pack (may be repeated)")
    parser.add_argument("--add", nargs=2, action="append", default=[],
                        metavar=("NAME", "FILE"),
                        help="another file to pack (may be repeated)")
    parser.add_argument("output", help="initramfs to write")
    args = parser.parse_args()
    root = Root(args.root, arches.ARCHES[args.arch].triplet)
    archive = gzip.compress(build(root, args.kernel, args.module, args.add),
                            9, mtime=0)
    write_if_changed(args.output, archive)


if __name__ == "__main__":
    main()
