# SPDX-License-Identifier: GPL-2.0-only
"""Updates of NICs that are configured at random.

Each test has its seed, as nothing but a change of the code shall have it fail.
KHO_SEED=any in the environment takes another one each time, and KHO_SEED=N
repeats a run.
"""
import json
import os
import random
import re

import handover
import nic
from handover import command
from random_nic import Nics
from suite import test
from update_tests import execute, expect
from vm import GuestError


def tell(vm, script):
    """Runs a script that has to succeed."""
    status, output = vm.run(script)
    if status:
        raise GuestError(output)
    return output


def set_up(vm, notes, seed, **options):
    wanted = os.environ.get("KHO_SEED", seed)
    seed = random.getrandbits(31) if wanted == "any" else int(wanted)
    print(f"seed {seed}", file=notes)
    nics = Nics(seed, **options)
    tell(vm, nics.set_up())
    print(f"{nics.settings} settings of {len(nics.devices)} devices with "
          f"{len(nics.all_ports())} ports", file=notes)
    return nics


def dump(vm, nics):
    """With what is only shown for one device at a time.

    Up to a second may go by until the stack has looked at a link's change.
    """
    vm.sh("sleep 1.2")
    cut_off = nics.cut_off()
    found = {name: value for name, value in nic.dump(vm).items()
             if not name.startswith(cut_off)}
    for device in nics.devices:
        if device.broken:
            out = vm.sh("devlink -j health diagnose "
                        f"{device.handle} reporter dummy")
            found[f"message {device.name}"] = re.findall(
                r'"recovered_break_message":"(.*?)"', out)
    return found


def expect_same(vm, nics, before):
    nic.assert_same(before, dump(vm, nics))


def expect_restored(vm, nics, before):
    """They are as before, and say that nothing is missing."""
    after = dump(vm, nics)
    nic.assert_same(before, after)
    lost = {name: value for name, value in after.items()
            if name.endswith("/kho/lost")}
    expect(not lost, f"not restored: {lost}")


def update(vm, nics):
    """Prepare, changes, save, the next kernel; all that it has to show."""
    vm.kexec_load()
    command(vm, "prepare", after="prepared")
    tell(vm, nics.change())
    before = dump(vm, nics)
    command(vm, "save", after="saved")
    execute(vm)
    expect_restored(vm, nics, before)
    return before


def expect_watched(vm, nics):
    """The dump doesn't show for which netdevs a device has L3 statistics."""
    shown = json.loads(tell(vm, nics.watch()))
    used = sorted(entry["ifname"] for entry in shown
                  if entry["info"]["l3_stats"]["used"])
    expect(used == nics.watched(),
           f"L3 statistics of {used}, not of {nics.watched()}")


def expect_normal(vm, nics):
    """The devices can be taken apart like any others."""
    expect_watched(vm, nics)
    tell(vm, nics.end())
    expect(not handover.clients(vm), "clients are left without a device")


@test()
def random_nics(vm, notes):
    nics = set_up(vm, notes, 35)
    update(vm, nics)
    command(vm, "finish", after="idle")
    expect_normal(vm, nics)


@test()
def random_nics_aborted(vm, notes):
    nics = set_up(vm, notes, 12)
    before = dump(vm, nics)
    command(vm, "save", after="saved")
    command(vm, "abort", after="idle")
    expect_same(vm, nics, before)
    tell(vm, nics.change())
    expect_normal(vm, nics)


@test()
def random_nics_rolled_back(vm, notes):
    nics = set_up(vm, notes, 23)
    before = update(vm, nics)
    command(vm, "abort", after="restoring")
    command(vm, "restore", after="restored")
    expect_restored(vm, nics, before)
    command(vm, "finish", after="idle")
    tell(vm, nics.change())


@test()
def random_nics_three_hops(vm, notes):
    nics = set_up(vm, notes, 21, devices=(2, 2))
    for _ in range(3):
        update(vm, nics)
        command(vm, "finish", after="idle")
