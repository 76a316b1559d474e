# SPDX-License-Identifier: GPL-2.0-only
"""Places in the guest's code by which the plugin count.c tells where it is.

A mark is "enter FUNCTION", "exit FUNCTION", or the name of code that runs at
an address which nobody knows beforehand, and is found by what it looks like.
"""
import os
import re
import subprocess

# Name of the mark: the file in the kernel's build folder, the symbol, and how
# many bytes to compare.
CODE = {
    "purgatory": ("arch/x86/purgatory/purgatory.ro", "purgatory_start", 12),
    "decompressor": ("arch/x86/boot/compressed/vmlinux", "startup_64", 8),
}
LABEL = re.compile(r"([0-9a-f]{16}) <(.+)>:$")
INSTRUCTION = re.compile(r" *([0-9a-f]+):\t(\S+) *(.*)$")
TARGET = re.compile(r"<([^+>]+)(?:\+0x[0-9a-f]+)?>")


class MarkError(Exception):
    """A place that the kernel does not have."""


def objdump(*arguments):
    run = subprocess.run(("objdump", "-d", *arguments), check=True, text=True,
                         stdout=subprocess.PIPE)
    return run.stdout.splitlines()


def leaves(function, name, operands):
    """Does the instruction return, or jump to another function for good?"""
    target = TARGET.search(operands) if name == "jmp" else None
    return name == "ret" or target and target[1] != function


class Code:
    """Where the functions of a kernel begin, return, and are called."""

    def __init__(self, vmlinux, functions):
        self.entries = {}
        self.returns = {name: [] for name in functions}
        self.after_calls = {name: [] for name in functions}
        self._scan(vmlinux)

    def _scan(self, vmlinux):
        function = called = None
        for line in objdump("--no-show-raw-insn", vmlinux):
            label = LABEL.match(line)
            if label:
                function = label[2]
                self.entries.setdefault(function, int(label[1], 16))
                continue
            match = INSTRUCTION.match(line)
            if not match:
                continue
            address, name, operands = match.groups()
            if called:
                self.after_calls[called].append(int(address, 16))
            called = self._called(name, operands)
            if function in self.returns and leaves(function, name, operands):
                self.returns[function].append(int(address, 16))

    def _called(self, name, operands):
        target = TARGET.search(operands) if name == "call" else None
        return target[1] if target and target[1] in self.after_calls else None

    def enter(self, function):
        if function not in self.entries:
            raise MarkError(f"the kernel has no function {function}")
        return [self.entries[function]]

    def exit(self, function):
        """Where it goes on; its own ends if it is called by address only."""
        self.enter(function)
        return self.after_calls[function] or self.returns[function]


def symbols(vmlinux):
    """Addresses of the kernel's code, in order, and the names for them."""
    run = subprocess.run(("nm", "-n", vmlinux), check=True, text=True,
                         stdout=subprocess.PIPE)
    found = [line.split() for line in run.stdout.splitlines()]
    found = [(int(words[0], 16), words[2]) for words in found
             if len(words) == 3 and words[1] in "tT" and words[0][0] == "f"]
    return [address for address, _ in found], [name for _, name in found]


def pattern(build, file, symbol, length):
    """What the code looks like; bytes to be relocated are not known yet."""
    code = []
    for line in objdump("-r", "-w", f"--disassemble={symbol}",
                        os.path.join(build, file)):
        match = re.match(r" *[0-9a-f]+:\t((?:[0-9a-f]{2} )+)", line)
        if not match:
            continue
        found = match[1].split()
        if "(%rip)" in line:
            found[-4:] = ["??"] * 4
        code += found
    if len(code) < length:
        raise MarkError(f"{file} has no {symbol}")
    return " ".join(code[:length])


def write(path, build, names):
    """Writes the file of marks that the plugin reads."""
    functions = {name.split()[1] for name in names if " " in name}
    code = Code(os.path.join(build, "vmlinux"), functions)
    with open(path, "w", encoding="ascii") as file:
        for name in names:
            if name in CODE:
                print(name, pattern(build, *CODE[name]), file=file)
                continue
            kind, function = name.split()
            for address in getattr(code, kind)(function):
                print(f"{kind}:{function} {address:x}", file=file)
