# SPDX-License-Identifier: GPL-2.0-only
"""Kernels that take another one's place, and look for more than that."""
import collections
import glob
import os
import re
import subprocess
import time

import handover
import vm
from vm import GuestError

LEAKS = "/sys/kernel/debug/kmemleak"
# kmemleak reports nothing that is younger.
LEAK_AGE = 6
ANSWER_TIMEOUT = 60
RACE = re.compile(r"BUG: KCSAN: data-race in (\S+)(?: / (\S+))?")
OURS = ("kernel/kho", "drivers/net/netdevsim", "samples/kho")


def answers(guest):
    """Some tests end with a guest that hangs or has ended."""
    try:
        guest.run("true", timeout=ANSWER_TIMEOUT)
    except GuestError:
        return False
    return True


def expect_no_leak(guest, _build):
    """Fails if the guest still runs and its kernel has lost memory."""
    if not answers(guest):
        return
    guest.write(LEAKS, "scan")
    time.sleep(LEAK_AGE)
    guest.write(LEAKS, "scan")
    leaks = guest.read(LEAKS)
    if leaks:
        raise GuestError("memory that nothing refers to:\n" + leaks)


def own_functions(build):
    """Names of the functions in objects of ours."""
    objects = [path for folder in OURS for path in
               glob.glob(os.path.join(build, folder, "**", "*.o"),
                         recursive=True)]
    out = subprocess.run(["nm", "--defined-only", *objects], check=True,
                         text=True, stdout=subprocess.PIPE).stdout
    return set(re.findall(r"^\w+ [tT] (\S+)$", out, re.MULTILINE))


def expect_no_race(guest, build):
    """Fails if functions of ours race; those of the base kernel may."""
    ours = own_functions(build)
    races = {match[0] for match in RACE.finditer(guest.console())
             if ours & {name.split("+")[0] for name in match.groups() if name}}
    if races:
        raise GuestError("\n".join(sorted(races)) + "\n" + guest.console())


# replaces: the variant whose tests it runs; memory: how often as much;
# scratch: how much in MiB; per_mib: how much more for each MiB of memory;
# after: what is looked for in the end; allow: what the console may say
OtherKernel = collections.namedtuple(
    "OtherKernel", "variant replaces memory scratch per_mib after allow")

# An eighth of memory, and 64 bytes a page.
KASAN_SHADOW, STRUCT_PAGES = 1 / 8, 64 / 4096

OTHER_KERNELS = {
    "sanitize": OtherKernel("sanitize", "", 3, 192,
                            KASAN_SHADOW + STRUCT_PAGES, expect_no_leak, None),
    "race": OtherKernel("race", "debug", 2, 160, 0, expect_no_race,
                        "BUG: KCSAN: "),
}


def on_another_kernel(test, other):
    """The test on that kernel, which takes more memory."""
    options = dict(test.options)
    memory = options.get("memory", vm.MEMORY) * other.memory
    scratch = other.scratch + int(memory * other.per_mib)
    append = options.get("append", handover.KHO_ON)
    options["memory"] = memory
    options["append"] = append.replace(handover.SCRATCH, f"16M,{scratch}M,0")
    return test._replace(variant=other.variant, options=options)
