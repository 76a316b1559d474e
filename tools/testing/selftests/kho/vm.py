# SPDX-License-Identifier: GPL-2.0-only
"""A test guest in QEMU: runs commands in it and watches its console.

The console (first serial port) goes to a file, and anything in it that looks
like a kernel bug fails the test. Commands go over the second serial port to
the agent that guest/init starts.
"""
import atexit
import base64
import contextlib
import gzip
import mmap
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import time

import arch as arches
import device_tree
import qmp

# Safety nets only, an order of magnitude above what was seen under emulation.
BOOT_TIMEOUT = 300
COMMAND_TIMEOUT = 300
KVM_PROOF_TIMEOUT = 5
# MiB of a guest that doesn't say.
MEMORY = 768

MACHINE = ("-display", "none", "-no-reboot", "-nodefaults", "-nic", "none")
# norandmaps: to start a program at other addresses costs an emulator three
# times as much, as it translates all of it again.
COMMAND_LINE = ("retain_initrd panic=-1 loglevel=7 dummy.numdummies=0 "
                "norandmaps ")
KERNEL_BUG = re.compile(
    r"Kernel panic|\bBUG: |\bBUG at |WARNING: |\bOops\b|\bOops:|"
    r"general protection fault|INFO: (task|possible|rcu)|suspicious RCU|"
    r"possible (circular|recursive) locking|unable to handle|Bad page state|"
    r"Call Trace:|KASAN:|UBSAN:|refcount_t: |kobject_add failed|"
    r"scheduling while atomic|sleeping function called")


class GuestError(Exception):
    """The guest did something that a test did not ask for."""


class CommandFailed(GuestError):
    """A command in the guest ended with a status other than 0."""

    def __init__(self, command, status, output):
        super().__init__(f"'{command}' ended with status {status}: "
                         f"{output.strip() or '(no output)'}")
        self.status = status
        self.output = output


def tail(text, lines=40):
    return "\n".join(text.splitlines()[-lines:])


running = set()


def end_all():
    """Kills every guest; what waits for one of them gets a GuestError."""
    for vm in list(running):
        vm.process.kill()


atexit.register(end_all)
# Being told to end is no reason to leave guests behind.
signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))


class Agent:
    """The guest's end of the second serial port."""

    def __init__(self, vm, path):
        self.vm = vm
        self.requests = 0
        self.buffer = b""
        self.socket = socket.socket(socket.AF_UNIX)
        self._connect(path)
        self.socket.settimeout(0.5)

    def _connect(self, path):
        deadline = time.monotonic() + 10
        while True:
            try:
                return self.socket.connect(path)
            except (FileNotFoundError, ConnectionRefusedError):
                self.vm.check_running()
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.02)

    def close(self):
        self.socket.close()

    def send(self, script):
        self.requests += 1
        body = script.strip().replace("\\", "\\\\").replace("\n", "\\n")
        self.socket.sendall(f"{self.requests} {body}\n".encode())

    def line(self, timeout, doing):
        """Returns the next whole line; the guest must stay sane meanwhile."""
        deadline = time.monotonic() + timeout
        while b"\n" not in self.buffer:
            self._receive()
            if b"\n" in self.buffer:
                break
            self.vm.check_console()
            if time.monotonic() > deadline:
                raise GuestError(f"no answer in {timeout} s while {doing}; "
                                 "console:\n" + tail(self.vm.console()))
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace").strip()

    def _receive(self):
        try:
            data = self.socket.recv(65536)
        except socket.timeout:
            return
        except ConnectionResetError:
            data = b""
        if data:
            self.buffer += data
            return
        self.vm.check_console()
        self.vm.process.wait(10)
        raise GuestError("the guest ended; console:\n" +
                         tail(self.vm.console()))

    def answer(self, line):
        """Returns (status, output) of a "done" line, None for any other."""
        match = re.fullmatch(r"done (\d+) (\d+) ?(\S*)", line)
        if not match:
            return None
        if int(match[1]) != self.requests:
            raise GuestError(f"answer to request {match[1]}, "
                             f"but {self.requests} was asked")
        output = base64.b64decode(match[3])
        if output:
            output = gzip.decompress(output)
        return int(match[2]), output.decode(errors="replace")


class PhysicalMemory:
    """A guest's memory, by physical address."""

    def __init__(self, memory, base):
        self.memory = memory
        self.base = base

    def _place(self, key):
        if isinstance(key, slice):
            return slice(key.start - self.base, key.stop - self.base)
        return key - self.base

    def __getitem__(self, key):
        return self.memory[self._place(key)]

    def __setitem__(self, key, value):
        self.memory[self._place(key)] = value

    def find(self, content, start=None, end=None):
        """The first address from start on; -1 if there is none."""
        start = 0 if start is None else start - self.base
        end = len(self.memory) if end is None else end - self.base
        place = self.memory.find(content, start, end)
        return place if place < 0 else place + self.base


class VM:
    """A running guest; use it in a 'with' statement, which ends it."""

    def __init__(self, kernel, initrd, *, cpus=1, memory=MEMORY, nodes=1,
                 room=0, from_driver=0, no_map=None, append="", accel=None,
                 icount=False, log=None, boot_timeout=BOOT_TIMEOUT,
                 arch=arches.DEFAULT):
        self.arch = arches.ARCHES[arch]
        self.append = f"{self.arch.append} {COMMAND_LINE}{append}".strip()
        self.memory = memory
        self.nodes = nodes
        self.room = room
        self.from_driver = from_driver
        self.no_map = no_map
        self.process = self.agent = None
        self.checked = self.boots = 0
        self.allowed = []
        self.folder = tempfile.TemporaryDirectory(prefix="kho-vm-")
        self.console_path = log or os.path.join(self.folder.name, "console")
        self.monitor_path = os.path.join(self.folder.name, "monitor")
        self.icount = icount
        self.accel = ("tcg" if icount else
                      accel or accelerator(kernel, initrd, arch))
        self.boot_timeout = boot_timeout
        self._start(kernel, initrd, cpus)

    def _start(self, kernel, initrd, cpus):
        agent_path = os.path.join(self.folder.name, "agent")
        open(self.console_path, "wb").close()
        command = [self.arch.qemu, *self.arch.machine, *MACHINE,
                   "-accel", self.accel,
                   "-smp", f"{cpus},sockets={self.nodes}",
                   "-m", f"{self.memory}M" + (
                       f",slots=1,maxmem={self.most_memory()}M"
                       if self.room or self.from_driver else ""),
                   *self._memory_arguments(), *self._driver_memory(),
                   *self._clock_arguments(),
                   "-kernel", kernel, "-initrd", initrd,
                   "-append", self.append,
                   *self.arch.serials(self.console_path, agent_path),
                   "-qmp", f"unix:{self.monitor_path},server=on,wait=off"]
        if self.no_map:
            command += self._device_tree(command)
        self.errors = open(os.path.join(self.folder.name, "qemu"), "w+b")
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                                        stdout=self.errors,
                                        stderr=self.errors)
        running.add(self)
        try:
            self.agent = Agent(self, agent_path)
            self.wait_boot()
        except BaseException:
            self.close()
            raise

    def _clock_arguments(self):
        """The guest's clock may count its instructions, one a nanosecond."""
        return (("-icount", "shift=0,sleep=off", "-rtc", "clock=vm")
                if self.icount else ())

    def most_memory(self):
        return self.memory + self.room + self.from_driver

    def _driver_memory(self):
        """Memory that virtio-mem adds once its driver is there."""
        if not self.from_driver:
            return ()
        return ("-object", "memory-backend-ram,id=from-driver,"
                           f"size={self.from_driver}M",
                "-device", "virtio-mem-pci,memdev=from-driver,"
                           f"requested-size={self.from_driver}M")

    def _memory_arguments(self):
        """Memory is a file, so that a test can look at it and change it.

        Of several NUMA nodes each has one CPU and its part of the memory.
        """
        if self.nodes == 1:
            return (*self._backend("memory", self.memory),
                    "-machine", "memory-backend=memory")
        arguments = []
        for node in range(self.nodes):
            name = f"memory{node}"
            arguments += [*self._backend(name, self.memory // self.nodes),
                          "-numa", f"node,cpus={node},memdev={name}"]
        return arguments

    def _backend(self, name, size):
        path = os.path.join(self.folder.name, name)
        return ("-object", f"memory-backend-file,id={name},mem-path={path},"
                           f"share=on,size={size}M")

    def _device_tree(self, command):
        """The machine's own, but (start, size) of memory is firmware's."""
        path = os.path.join(self.folder.name, "dtb")
        subprocess.run([*command, "-machine", "dumpdtb=" + path], check=True,
                       stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                       stderr=subprocess.DEVNULL)
        with open(path, "r+b") as file:
            changed = device_tree.add_no_map(file.read(), *self.no_map)
            file.seek(0)
            file.write(changed)
            file.truncate()
        return ["-dtb", path]

    def add_memory(self):
        """Plugs in the memory that there is room for."""
        qmp.execute(self.monitor_path, "object-add", id="added",
                    **{"qom-type": "memory-backend-ram",
                       "size": self.room << 20})
        qmp.execute(self.monitor_path, "device_add", driver="pc-dimm",
                    id="dimm", memdev="added")

    @contextlib.contextmanager
    def physical_memory(self):
        """The memory of a guest with one node, by physical address."""
        with open(self.memory_path(), "r+b") as file, \
             mmap.mmap(file.fileno(), 0) as memory:
            yield PhysicalMemory(memory, self.arch.memory)

    def memory_path(self):
        """The memory of a guest with one node, as a file."""
        return os.path.join(self.folder.name, "memory")

    def core_dump(self):
        """Writes the memory as an ELF core; returns the file's path."""
        path = os.path.join(self.folder.name, "core")
        qmp.execute(self.monitor_path, "dump-guest-memory", paging=False,
                    protocol="file:" + path)
        return path

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None:
                self.check_console()
        finally:
            self.close()

    def close(self):
        """Ends the guest, whatever it is doing."""
        running.discard(self)
        if self.agent:
            self.agent.close()
        if self.process:
            self.process.kill()
            self.process.wait()
        self.errors.close()
        self.folder.cleanup()

    def console(self):
        with open(self.console_path, "rb") as file:
            return file.read().decode(errors="replace").replace("\r", "")

    def allow(self, pattern):
        """Console lines that match are no bug in this test."""
        self.allowed.append(re.compile(pattern))

    def check_running(self):
        if self.process.poll() is None:
            return
        self.errors.seek(0)
        raise GuestError(
            f"QEMU ended with status {self.process.returncode}: " +
            self.errors.read().decode(errors="replace") + "\nconsole:\n" +
            tail(self.console()))

    def check_console(self):
        """Fails on the first sign of a kernel bug since the last check."""
        lines = self.console().split("\n")
        complete = len(lines) - 1
        for number in range(self.checked, complete):
            line = lines[number]
            if not KERNEL_BUG.search(line):
                continue
            if any(allowed.search(line) for allowed in self.allowed):
                continue
            time.sleep(1)
            lines = self.console().split("\n")
            context = lines[max(0, number - 5):number + 40]
            self.checked = len(lines) - 1
            raise GuestError("kernel bug on the console:\n" +
                             "\n".join(context))
        self.checked = complete

    def wait_boot(self):
        line = ""
        while not line.startswith("ready "):
            line = self.agent.line(self.boot_timeout, "booting")
        self.boots += 1
        self.check_console()

    def run(self, command, timeout=COMMAND_TIMEOUT):
        """Runs shell commands in the guest; returns (status, output)."""
        self.agent.send(command)
        answer = None
        while answer is None:
            line = self.agent.line(timeout, f"running '{command}'")
            if line.startswith("ready "):
                raise GuestError(f"the guest restarted in '{command}'")
            answer = self.agent.answer(line)
        self.check_console()
        return answer

    def sh(self, command, check=True, timeout=COMMAND_TIMEOUT):
        """Runs shell commands in the guest and returns their output."""
        status, output = self.run(command, timeout)
        if check and status:
            raise CommandFailed(command, status, output)
        return output

    def read(self, path):
        return self.sh("cat " + shlex.quote(path)).strip()

    def read_binary(self, path):
        out = self.sh("base64 " + shlex.quote(path))
        return base64.b64decode(out)

    def try_write(self, path, value):
        """Writes and returns "" or why the write failed."""
        status, output = self.run(f"echo {shlex.quote(value)} > "
                                  f"{shlex.quote(path)}")
        return output.strip() or "failed" if status else ""

    def write(self, path, value):
        error = self.try_write(path, value)
        if error:
            raise GuestError(f"'{value}' > {path}: {error}")

    def kexec_load(self, kernel="/boot/kernel", append="", syscall="-s",
                   initrd_size=""):
        """Loads a kernel and this guest's own initramfs for kexec.

        Zeros at the end can make the initramfs larger than it is.
        """
        line = f"{self.append} {append}".strip()
        fill = f"truncate -s {initrd_size} /tmp/initrd && " * bool(initrd_size)
        return self.sh(f"cp /sys/firmware/initrd /tmp/initrd && {fill}"
                       f"kexec {syscall} -l {kernel} --initrd=/tmp/initrd "
                       f"--command-line={shlex.quote(line)}")

    def kexec(self, command="kexec -e -x"):
        """Executes the loaded kernel and waits until it is up.

        A kernel that refuses answers instead: CommandFailed.
        """
        self.agent.send(command)
        while True:
            line = self.agent.line(self.boot_timeout, f"running '{command}'")
            answer = self.agent.answer(line)
            if answer:
                self.check_console()
                raise CommandFailed(command, *answer)
            if line.startswith("ready "):
                self.boots += 1
                return self.check_console()


def prove_kvm(kernel, initrd, arch):
    """Whether a guest reaches its agent under KVM, quickly."""
    if not os.access("/dev/kvm", os.R_OK | os.W_OK):
        return False
    try:
        with VM(kernel, initrd, accel="kvm", arch=arch,
                boot_timeout=KVM_PROOF_TIMEOUT):
            return True
    except (GuestError, OSError):
        return False


_accelerator = None


def accelerator(kernel, initrd, arch):
    """"kvm" if a guest has been seen to boot with it, else "tcg"."""
    global _accelerator
    if not _accelerator:
        _accelerator = "kvm" if prove_kvm(kernel, initrd, arch) else "tcg"
    return _accelerator
