#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes the tree of a mainline kernel out of Debian's newer suites.

apt gets lists, sources and a cache of its own, which are gone afterwards: what
the machine has is neither used nor changed, but for the mirror's address and
the keys that Debian's archive is signed with.
"""
import argparse
import glob
import os
import subprocess
import sys
import tempfile

import tree
from tree import TreeError

PACKAGE = "linux-source-7.2"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"
# The package stays in one of them for as long as Debian has it.
SUITES = ("sid", "forky", "trixie-backports")


def run(*command, why, **options):
    """Runs a command that has to succeed, and returns what it printed."""
    done = subprocess.run(command, text=True, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False,
                          env={**os.environ, "LC_ALL": "C"}, **options)
    if done.returncode:
        lines = done.stdout.splitlines()
        errors = [line for line in lines if line.startswith("E: ")]
        raise TreeError(f"{why}:\n" + "\n".join(errors or lines))
    return done.stdout


def mirror():
    """Where this machine gets Debian's main archive from."""
    sites = run("apt-get", "indextargets", "--format", "$(SITE)",
                "Created-By: Packages", "Origin: Debian", "Label: Debian",
                why="apt tells no mirror").split()
    if not sites:
        raise TreeError("apt knows no mirror of Debian (apt-get update)")
    return sites[0]


class Apt:
    """An apt that sees one suite only."""

    def __init__(self, folder, site, suite):
        self.suite = suite
        self.options = []
        for option, path in (("Dir::Etc::sourcelist", "sources.list"),
                             ("Dir::Etc::sourceparts", "sources.d"),
                             ("Dir::Etc::preferences", "preferences"),
                             ("Dir::Etc::preferencesparts", "preferences.d"),
                             ("Dir::State::status", "status"),
                             ("Dir::State::lists", "lists"),
                             ("Dir::Cache", "cache")):
            self.options += ["-o", f"{option}={os.path.join(folder, path)}"]
        self.options += ["-o", "Acquire::Languages=none",
                         "-o", "APT::Sandbox::User=root",
                         "-o", "APT::Update::Error-Mode=any"]
        os.makedirs(os.path.join(folder, "lists", "partial"))
        os.makedirs(os.path.join(folder, "cache", "archives", "partial"))
        tree.write_lines(os.path.join(folder, "status"), [])
        tree.write_lines(os.path.join(folder, "sources.list"),
                         [f"deb [signed-by={KEYRING}] {site} {suite} main"])

    def update(self):
        """Fetches the suite's list, which has to be signed by Debian."""
        run("apt-get", *self.options, "update", why=f"no list of {self.suite}")

    def versions(self, package):
        """The newest one first."""
        lines = run("apt-cache", *self.options, "madison", package,
                    why=f"no versions of {package}").splitlines()
        return [line.split("|")[1].strip() for line in lines
                if line.count("|") == 2]

    def download(self, package, version, folder):
        """apt refuses what its signed list doesn't vouch for."""
        tree.say(f"downloading {package} {version} from {self.suite}")
        run("apt-get", *self.options, "download", "-qq",
            f"{package}={version}", cwd=folder,
            why=f"{package} {version} can't be had")
        return glob.glob(os.path.join(glob.escape(folder), "*.deb"))[0]


def download(package, folder):
    """(version, path) of a package, from the first suite that has it."""
    if not os.path.exists(KEYRING):
        raise TreeError(f"{KEYRING} is missing: without it nothing tells that "
                        "a package is Debian's (debian-archive-keyring)")
    site, reasons = mirror(), []
    for suite in SUITES:
        apt = Apt(os.path.join(folder, suite), site, suite)
        try:
            apt.update()
            versions = apt.versions(package)
            if versions:
                return versions[0], apt.download(package, versions[0], folder)
            reasons.append(f"{suite} doesn't have it")
        except TreeError as error:
            reasons.append(str(error))
    raise TreeError(f"{site} offers no {package} that can be trusted:\n  " +
                    "\n".join(reasons).replace("\n", "\n  "))


def make(path):
    """Makes the tree unless it is there already."""
    mainline = tree.Tree(path)
    source = mainline.source()
    if source and source[0] == PACKAGE:
        return tree.say(f"{path} is {' '.join(source)}")
    parent = os.path.dirname(os.path.abspath(path))
    os.makedirs(parent, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="apt-", dir=parent) as work:
        version, package = download(PACKAGE, work)
        run("dpkg-deb", "-x", package, work, why=f"{package} is damaged")
        os.unlink(package)
        archive = f"{work}/usr/src/{PACKAGE}.tar.xz"
        tree.say(f"unpacking {PACKAGE} {version}")
        mainline.fill([PACKAGE, version],
                      lambda fresh: tree.unpack_archive(archive, fresh))


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("tree", help="folder to make")
    args = parser.parse_args()
    try:
        return make(args.tree)
    except TreeError as error:
        return f"tree: {error}"


if __name__ == "__main__":
    sys.exit(main())
