#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""A live update on a busy NIC, from one real kernel to the next, in QEMU."""
import argparse
import sys
import time

import arch as arches
import handover
import nic
from vm import GuestError

NAMES = (nic.NIC, nic.SRIOV, *nic.PAIR)
EXTRA_KIB, DIRTY_KIB_PER_S = 4096, 512

# The parts of the blackout: from an event of the timeline to the next.
PARTS = (
    ("save", "saved", "devices stop and write their last state"),
    ("saved", "exec", "saved, waiting for kexec -e"),
    ("exec", "boot", "old kernel ends, image is verified, new kernel starts"),
    ("boot", "restore", "new kernel boots up to its drivers"),
    ("restore", "restored", "devices come back"),
)


def ms(microseconds):
    return f"{microseconds / 1000:.1f} ms"


class Story:
    """Tells what happens while it happens, and the account of it."""

    def __init__(self, out=sys.stdout):
        self.out = out
        self.start = time.monotonic()
        self.phases = []

    def say(self, text):
        elapsed = time.monotonic() - self.start
        print(f"[{elapsed:6.1f} s] {text}", file=self.out, flush=True)

    def line(self, text=""):
        print(text, file=self.out, flush=True)

    def phase(self, name, clients, microseconds):
        self.phases.append((name, clients, microseconds))

    def account(self, timeline, kernels):
        self.line()
        self.line(f"From {kernels[0]} to {kernels[1]}")
        self.bytes_table()
        self.blackout(timeline)

    def bytes_table(self):
        self.line("\nBytes written     " +
                  "".join(f"{name:>16}" for name, _, _ in self.phases))
        for client in sorted(self.phases[0][1]):
            self.line(f"  {client:<16}" + "".join(
                f"{clients[client].bytes:>16,}"
                for _, clients, _ in self.phases))
        self.line("  took            " + "".join(
            f"{ms(took):>16}" for _, _, took in self.phases))

    def blackout(self, timeline):
        whole = timeline["restored"] - timeline["save"]
        self.line(f"\nBlackout, from save to restored: {ms(whole)}")
        for first, last, text in PARTS:
            part = timeline[last] - timeline[first]
            self.line(f"  {ms(part):>12}  {100 * part / whole:3.0f} %  {text}")


def phase_time(clients, field):
    """The clients run one after another, so their times add up."""
    return sum(getattr(client, field) for client in clients.values())


def prepare(vm, story, number):
    handover.command(vm, "prepare", after="prepared")
    clients = handover.clients(vm)
    for name in NAMES:
        if name not in clients:
            raise GuestError(f"{name} is no client")
        if clients[name].pass_ != number:
            raise GuestError(f"{name} is in pass {clients[name].pass_}, not "
                             f"{number}")
    total = sum(client.bytes for client in clients.values())
    story.phase(f"prepare, pass {number}", clients,
                phase_time(clients, "prepare_us"))
    story.say(f"prepare, pass {number}: {total:,} bytes written, the NICs "
              "run on")
    return total


def prepare_twice(vm, story):
    """Both passes of prepare, under traffic, with changes in between."""
    nic.start_traffic(vm)
    first = prepare(vm, story, 1)
    nic.change_settings(vm)
    story.say("settings of ports and virtual functions changed")
    second = prepare(vm, story, 2)
    if second >= first:
        raise GuestError(f"the second pass wrote {second} bytes, not fewer "
                         f"than the first: {first}")
    packets, received = nic.stop_traffic(vm)
    if received != packets:
        raise GuestError(f"{packets - received} of {packets} packets were "
                         "lost during prepare")
    story.say(f"traffic during both passes: {packets} packets, none lost")


def save(vm, story):
    handover.command(vm, "save", after="saved")
    clients = handover.clients(vm)
    story.phase("save", clients, phase_time(clients, "save_us"))
    story.say("saved: the NICs stand still, their images are sealed")


def check_restored_early(vm):
    """The NICs have to be back before userspace starts."""
    if vm.read("/run/at-start/state") != "restored":
        raise GuestError("before userspace the state was "
                         f"'{vm.read('/run/at-start/state')}'; last error: "
                         f"'{vm.read(handover.KHO + 'last_error')}'")
    early = set(vm.read("/run/at-start/net").split())
    for netdev in ("nic0", "nic1", "nic2", "nic3", "pf0", "left0", "right0"):
        if netdev not in early:
            raise GuestError(f"{netdev} was not there before userspace; "
                             f"found: {' '.join(sorted(early))}")


def compare(story, before, after):
    differences = nic.compare(before, after)
    story.say(f"dump compared: {len(before)} entries before, {len(after)} "
              f"after, {len(differences)} differ")
    if differences:
        story.line(nic.describe(differences))
    nic.assert_same(before, after)


def perform(vm, story):
    """The whole update; raises GuestError if anything is not as promised."""
    old = vm.sh("uname -rv").strip()
    story.say(f"first kernel is up: {old}")
    nic.set_up(vm)
    for name in (nic.NIC, nic.PAIR[0]):
        vm.write(nic.DEBUGFS + name + "/kho/extra_kib", str(EXTRA_KIB))
        vm.write(nic.DEBUGFS + name + "/kho/dirty_kib_per_s",
                 str(DIRTY_KIB_PER_S))
    nic.ping(vm)
    story.say(f"NICs are set up and carry traffic: {', '.join(NAMES)}")
    vm.kexec_load()
    story.say("next kernel loaded: kexec -s -l")
    prepare_twice(vm, story)
    before = nic.dump(vm)
    save(vm, story)
    vm.kexec("kexec -e")
    new = vm.sh("uname -rv").strip()
    story.say(f"next kernel is up: {new}")
    check_restored_early(vm)
    compare(story, before, nic.dump(vm))
    nic.ping(vm)
    story.say("traffic flows again over the restored pair")
    timeline = handover.timeline(vm)
    handover.command(vm, "finish", after="idle")
    story.say("finished: the old images are freed")
    story.account(timeline, (old, new))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("build", help="folder that holds the guest kernels")
    parser.add_argument("--arch", choices=arches.ARCHES,
                        default=arches.DEFAULT)
    parser.add_argument("--cpus", type=int, default=1)
    args = parser.parse_args()
    story = Story()
    try:
        with handover.boot(args.build, arch=args.arch, cpus=args.cpus) as vm:
            story.say(f"QEMU runs the guest with {vm.accel.upper()}")
            perform(vm, story)
    except GuestError as error:
        story.line(f"\n{error}\n\nlive update: FAILED")
        return 1
    story.line("\nlive update: OK")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit("live update: interrupted")
