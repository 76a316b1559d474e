#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Makes a kernel tree out of a base kernel, the series and this repository.

The tree is the base with the files that the series touches patched and this
repository's own files linked in. Run again, it brings the tree up to date and
leaves every file whose content stays the same alone, so that a build only
makes what has changed. What the base had in the patched files is kept in
TREE/.kho/base.
"""
import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

REPO = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
PATCHES = os.path.join(REPO, "patches", "6.12")
DEBIAN_SOURCE = "/usr/src/linux-source-6.12.tar.xz"
OVERLAY = ("Documentation", "arch", "drivers", "include", "kernel", "lib",
           "mm", "samples", "tools/testing/selftests", "tools/verification")
NO_COPY = shutil.ignore_patterns(".git", "*.o", "*.cmd", "*.a", "vmlinux*")
RECORD = ".kho"


class TreeError(Exception):
    """Why there is no tree."""


def say(text):
    print(f"tree: {text}", flush=True)


def series(folder=PATCHES):
    """Paths of the patches, in order."""
    with open(os.path.join(folder, "series"), encoding="utf-8") as file:
        lines = (re.sub(r"(^|\s)#.*", "", line).strip() for line in file)
        return [os.path.join(folder, line) for line in lines if line]


def own_files(*suffixes, folders=OVERLAY):
    """Our files, relative to the repository and to the tree they are in."""
    return sorted(
        os.path.relpath(os.path.join(folder, name), REPO)
        for top in folders
        for folder, _, names in os.walk(os.path.join(REPO, top))
        for name in names if name.endswith(suffixes))


def touched_files(patches):
    """Every file that a patch changes or adds, relative to the tree."""
    names = set()
    for patch in patches:
        with open(patch, encoding="utf-8") as file:
            for line in file:
                match = re.match(r"(?:---|\+\+\+) [ab]/(\S+)", line)
                if match:
                    names.add(match[1])
    return sorted(names)


def copy_file(source, target):
    os.makedirs(os.path.dirname(target), exist_ok=True)
    shutil.copyfile(source, target)
    shutil.copymode(source, target)


def apply_series(folder, patches):
    """Applies the patches in a folder that holds the files they touch."""
    for patch in patches:
        run = subprocess.run(
            ["patch", "-p1", "--no-backup-if-mismatch", "--force", "-d",
             folder, "-i", patch], capture_output=True, text=True,
            check=False)
        if run.returncode:
            raise TreeError(f"{os.path.relpath(patch, REPO)} does not apply:"
                            f"\n{run.stdout}{run.stderr}")


def same_content(one, two):
    try:
        with open(one, "rb") as left, open(two, "rb") as right:
            return left.read() == right.read()
    except FileNotFoundError:
        return False


def copy_kernel(ksrc, folder):
    shutil.copytree(ksrc, folder, symlinks=True, ignore=NO_COPY,
                    dirs_exist_ok=True)
    subprocess.run(["make", "-s", "-C", folder, "mrproper"], check=True)


def unpack_archive(archive, folder):
    subprocess.run(["tar", "-xf", archive, "-C", folder,
                    "--strip-components=1"], check=True)


class Tree:
    """One prepared kernel tree."""

    def __init__(self, path):
        self.path = path
        self.record = os.path.join(path, RECORD)
        self.base = os.path.join(self.record, "base")

    def is_development_tree(self):
        """Patched by hand, under its own version control: not ours to patch."""
        return os.path.isdir(os.path.join(self.path, ".git"))

    def source(self):
        try:
            with open(os.path.join(self.record, "source"),
                      encoding="utf-8") as file:
                return json.load(file)
        except FileNotFoundError:
            return None

    # -- the base ---------------------------------------------------------

    def unpack(self, ksrc):
        """Makes the base kernel anew unless it is already this one."""
        wanted = identity(ksrc)
        if self.source() == wanted:
            return
        start = time.monotonic()
        say(f"copying {ksrc}" if ksrc else f"unpacking {DEBIAN_SOURCE}")
        if ksrc:
            self.fill(wanted, lambda fresh: copy_kernel(ksrc, fresh))
        else:
            self.fill(wanted, lambda fresh: unpack_archive(DEBIAN_SOURCE,
                                                           fresh))
        say(f"base kernel ready after {time.monotonic() - start:.0f} s")

    def fill(self, source, function):
        """Replaces the tree by what a function puts into an empty folder."""
        fresh = self.path + ".new"
        shutil.rmtree(fresh, ignore_errors=True)
        os.makedirs(fresh)
        function(fresh)
        os.makedirs(os.path.join(fresh, RECORD, "base"))
        with open(os.path.join(fresh, RECORD, "source"), "w",
                  encoding="utf-8") as file:
            json.dump(source, file)
        shutil.rmtree(self.path, ignore_errors=True)
        os.rename(fresh, self.path)

    # -- the series -------------------------------------------------------

    def kept(self):
        """The files whose base content is kept."""
        return [os.path.relpath(os.path.join(folder, name), self.base)
                for folder, _, names in os.walk(self.base) for name in names]

    def keep_base(self, names):
        """Keeps what the base has in files before they are first patched.

        Returns all files that ever were patched, those included that the
        base lacks.
        """
        record = os.path.join(self.record, "added")
        added = set(read_lines(record))
        for name in {*names} - {*self.kept()} - added:
            original = os.path.join(self.path, name)
            if os.path.exists(original):
                copy_file(original, os.path.join(self.base, name))
            else:
                added.add(name)
        write_lines(record, sorted(added))
        return sorted({*self.kept(), *added})

    def patch(self, patches):
        """Makes every patched file what base plus series says."""
        names = touched_files(patches)
        ever_patched = self.keep_base(names)
        with tempfile.TemporaryDirectory(dir=self.record) as work:
            for name in self.kept():
                copy_file(os.path.join(self.base, name),
                          os.path.join(work, name))
            apply_series(work, patches)
            changed = [name for name in ever_patched
                       if self.install(work, name)]
        say(f"{len(patches)} patches, {len(names)} files, "
            f"{len(changed)} changed")

    def install(self, work, name):
        new, target = os.path.join(work, name), os.path.join(self.path, name)
        if os.path.exists(new):
            if same_content(new, target):
                return False
            copy_file(new, target)
        elif os.path.exists(target):
            os.unlink(target)
        else:
            return False
        return True

    # -- our own files ----------------------------------------------------

    def link(self):
        """Links in this repository's files; drops links that lead nowhere."""
        links = os.path.join(self.record, "links")
        os.makedirs(self.record, exist_ok=True)
        for name in read_lines(links):
            path = os.path.join(self.path, name)
            if os.path.islink(path) and not os.path.exists(path):
                os.unlink(path)
        made = []
        for folder in OVERLAY:
            if os.path.isdir(os.path.join(REPO, folder)):
                made += self.link_folder(folder)
        write_lines(links, made)
        say(f"{len(made)} links to this repository")

    def link_folder(self, folder):
        """Links what the tree lacks; descends into folders that it has."""
        made = []
        for entry in sorted(os.scandir(os.path.join(REPO, folder)),
                            key=lambda entry: entry.name):
            name = os.path.join(folder, entry.name)
            target = os.path.join(self.path, name)
            if entry.name == "__pycache__":
                continue
            if os.path.isdir(target) and not os.path.islink(target):
                made += self.link_folder(name)
            else:
                self.link_one(entry.path, target)
                made.append(name)
        return made

    @staticmethod
    def link_one(source, target):
        if os.path.islink(target):
            if os.path.realpath(target) == os.path.realpath(source):
                return
            os.unlink(target)
        elif os.path.exists(target):
            raise TreeError(f"{target}: the base kernel has this file, "
                            "change it by a patch")
        os.makedirs(os.path.dirname(target), exist_ok=True)
        os.symlink(source, target)


def read_lines(path):
    try:
        with open(path, encoding="utf-8") as file:
            return file.read().splitlines()
    except FileNotFoundError:
        return []


def write_lines(path, lines):
    with open(path, "w", encoding="utf-8") as file:
        file.writelines(line + "\n" for line in lines)


def identity(ksrc):
    """What tells one base kernel from another."""
    if ksrc:
        return ["folder", os.path.abspath(ksrc)]
    status = os.stat(DEBIAN_SOURCE)
    return ["archive", DEBIAN_SOURCE, status.st_size, int(status.st_mtime)]




def prepare(path, ksrc):
    tree = Tree(path)
    if tree.is_development_tree():
        say(f"{path} is a development tree: only its links are made anew")
    else:
        tree.unpack(ksrc)
        tree.patch(series())
    tree.link()


# -- does the series apply to other base kernels? ----------------------------

def offered_versions(package="linux-source-6.12"):
    """Versions of every 6.12.y source that apt offers."""
    out = subprocess.run(["apt-cache", "madison", package], text=True,
                         capture_output=True, check=True).stdout
    return [line.split("|")[1].strip() for line in out.splitlines()]


def extract(archive, names, folder):
    """Takes the named files out of an archive with one leading folder."""
    wanted = set(names)
    with tarfile.open(archive) as tar:
        for member in tar:
            name = member.name.split("/", 1)[-1]
            if name in wanted and member.isfile():
                target = os.path.join(folder, name)
                os.makedirs(os.path.dirname(target), exist_ok=True)
                with open(target, "wb") as file:
                    shutil.copyfileobj(tar.extractfile(member), file)
                wanted.remove(name)
                if not wanted:
                    return


def check_version(version, patches):
    with tempfile.TemporaryDirectory() as work:
        subprocess.run(["apt-get", "download", "-qq", "-o",
                        "APT::Sandbox::User=root",
                        f"linux-source-6.12={version}"], cwd=work, check=True)
        package = os.path.join(work, os.listdir(work)[0])
        subprocess.run(["dpkg-deb", "-x", package, work + "/package"],
                       check=True)
        extract(work + "/package" + DEBIAN_SOURCE, touched_files(patches),
                work + "/tree")
        apply_series(work + "/tree", patches)


def check_series():
    """KTAP: one result for each version."""
    patches, versions, failed = series(), offered_versions(), 0
    print(f"TAP version 14\n1..{len(versions)}", flush=True)
    for number, version in enumerate(versions, 1):
        try:
            check_version(version, patches)
            verdict = "ok"
        except (TreeError, subprocess.CalledProcessError) as error:
            print("# " + str(error).replace("\n", "\n# "))
            verdict, failed = "not ok", failed + 1
        print(f"{verdict} {number} series applies to {version}", flush=True)
    return failed


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    commands = parser.add_subparsers(dest="command", required=True)
    command = commands.add_parser("prepare", help="make or update a tree")
    command.add_argument("tree")
    command.add_argument("--ksrc", help="base kernel instead of Debian's")
    commands.add_parser("check-series",
                        help="does the series apply to all that apt offers?")
    args = parser.parse_args()
    try:
        if args.command == "prepare":
            return prepare(args.tree, args.ksrc)
        return 1 if check_series() else 0
    except TreeError as error:
        return f"tree: {error}"


if __name__ == "__main__":
    sys.exit(main())
