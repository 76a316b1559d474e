#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Unpacks the guest's programs for another architecture into a folder.

They are Debian's packages, fetched by apt from where this system gets its own,
with lists, cache and status of their own: the system neither learns the other
architecture nor has anything installed.
"""
import argparse
import glob
import os
import shutil
import subprocess
import sys

PACKAGES = ("busybox-static", "ethtool", "iproute2", "kexec-tools")


def apt(folder, arch, *arguments):
    """Runs apt-get on an empty system of that architecture."""
    for name in ("lists/partial", "archives/partial"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    status = os.path.join(folder, "status")
    open(status, "w", encoding="utf-8").close()
    options = {"APT::Architecture": arch, "APT::Architectures": arch,
               "APT::Sandbox::User": "", "APT::Install-Recommends": "false",
               "Debug::NoLocking": "true",
               "Dir::State": folder, "Dir::State::status": status,
               "Dir::State::lists": os.path.join(folder, "lists"),
               "Dir::Cache": folder,
               "Dir::Cache::archives": os.path.join(folder, "archives")}
    settings = [part for name, value in options.items()
                for part in ("-o", f"{name}={value}")]
    run = subprocess.run(["apt-get", "-q", *settings, *arguments], text=True,
                         stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                         stderr=subprocess.STDOUT, check=False)
    if run.returncode:
        sys.exit(f"guest root: apt-get {arguments[0]} failed:\n{run.stdout}")


def unpack(arch, root):
    work = root + ".new"
    shutil.rmtree(work, ignore_errors=True)
    apt(work + "/apt", arch, "update")
    apt(work + "/apt", arch, "install", "-y", "--download-only", *PACKAGES)
    for package in sorted(glob.glob(work + "/apt/archives/*.deb")):
        subprocess.run(["dpkg-deb", "-x", package, work], check=True)
    shutil.rmtree(work + "/apt")
    os.rename(work, root)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--arch", required=True, help="Debian's name of it")
    parser.add_argument("root", help="folder to make, unless it is there")
    args = parser.parse_args()
    if not os.path.isdir(args.root):
        print(f"guest root: fetching programs for {args.arch}", flush=True)
        unpack(args.arch, os.path.abspath(args.root))


if __name__ == "__main__":
    main()
