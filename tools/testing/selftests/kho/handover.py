# SPDX-License-Identifier: GPL-2.0-only
"""The handover as a guest's userspace sees it: /sys/kernel/kho."""
import collections
import os
import shlex

import arch as arches
from vm import VM, GuestError

KHO = "/sys/kernel/kho/"
SCRATCH = "16M,96M,0"
KHO_ON = f"kho=on kho_scratch={SCRATCH} "
INITRAMFS = "initramfs.cpio.gz"
MIB = 1 << 20

Client = collections.namedtuple(
    "Client", "state pass_ bytes prepare_us save_us restore_us")


def folder(build, variant, arch=arches.DEFAULT):
    """Where that kernel of a build folder is."""
    return os.path.join(build, "-".join(filter(None, (
        arches.ARCHES[arch].folder, variant))))


def boot(build, variant="", packed=None, append=KHO_ON, arch=arches.DEFAULT,
         **options):
    """Starts a guest on one of the kernels in the build folder.

    Its initramfs is the kernel's own, or that of the variant 'packed'.
    """
    kernel = folder(build, variant, arch)
    initramfs = folder(build, variant if packed is None else packed, arch)
    return VM(os.path.join(kernel, arches.ARCHES[arch].kernel),
              os.path.join(initramfs, INITRAMFS), append=append, arch=arch,
              **options)


def state(vm):
    return vm.read(KHO + "state")


def expect_state(vm, wanted):
    found = state(vm)
    if found != wanted:
        raise GuestError(f"state is '{found}', not '{wanted}'; last error: "
                         f"'{vm.read(KHO + 'last_error')}'")


def command(vm, word, after=None, client=None):
    """Gives a command that has to succeed and lead to the state 'after'."""
    path = KHO + (f"clients/{client}/" if client else "") + "state"
    error = vm.try_write(path, word)
    if error:
        raise GuestError(f"'{word}' failed: {error}; last error: "
                         f"'{vm.read(KHO + 'last_error')}'")
    if after:
        expect_state(vm, after)


def expect_refused(vm, word, reason, path=KHO + "state"):
    """Gives a command that has to fail for the given reason."""
    error = vm.try_write(path, word)
    if not error:
        raise GuestError(f"'{word}' > {path} was not refused")
    if reason not in error:
        raise GuestError(f"'{word}' > {path} was refused with '{error}', "
                         f"not '{reason}'")


def clients(vm):
    """{name: Client} of every client and every waiting image."""
    out = vm.sh(f"""cd {KHO}clients 2>/dev/null || exit 0
        for client in *; do
            [ -d "$client" ] || continue
            echo "$client" $(cd $client && cat state pass bytes prepare_us \\
                save_us restore_us)
        done""")
    found = {}
    for line in out.splitlines():
        name, client_state, *numbers = line.split()
        found[name] = Client(client_state, *(int(n) for n in numbers))
    return found


def timeline(vm):
    """{event: microseconds since the first}, in the order they happened."""
    lines = vm.read(KHO + "timeline").splitlines()
    return {event: int(time) for event, time in
            (line.split() for line in lines)}


def snapshot(vm):
    """Everything in /sys/kernel/kho that a refused command must not change.

    Excluded is last_error, which is where a refusal is explained.
    """
    quoted = shlex.quote(KHO)
    return vm.sh(f"cd {quoted} && find . -type f ! -name last_error | sort | "
                 "xargs md5sum")


def scratch_mib(vm):
    return [int(size, 16) // MIB
            for size in vm.read(KHO + "scratch_len").split()]


def scratch_areas(vm):
    """(start, size) of each area in bytes."""
    return [(int(start, 16), mib * MIB) for start, mib in
            zip(vm.read(KHO + "scratch_phys").split(), scratch_mib(vm))]
