# SPDX-License-Identifier: BSD-3-Clause
"""A run on an Arm host that QEMU emulates, EL2 included, so that its kernel has KVM.

No file of ours is left behind however we end: the initramfs and the console log are files
without a name, and QEMU dies with us.
"""

import ctypes
import os
import posixpath
import re
import selectors
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from . import cpio, wire
from .job import CPUS
from .report import STATUS_BED_FAILED, STATUS_TIMEOUT, BedError, say

QEMU = "qemu-system-aarch64"
HOST_FILES = Path(__file__).resolve().parent / "host"
FOLDER = "bed"  # the command's folder in the host; agent.py knows it too
APPEND = "console=ttyAMA0 quiet panic=-1 rdinit=/init"
CHUNK = 1 << 16
CONSOLE_LINES = 40
PR_SET_PDEATHSIG = 1
TROUBLE = re.compile(rb"Oops|BUG:|Kernel panic|Call trace|Unable to handle|HYP panic|rcu: INFO")


def _list(items):
    return b"".join(os.fsencode(item) + b"\0" for item in items)


def _add_source(archive, source, target):
    if source.is_dir():
        archive.add_folder(target)
        archive.add_tree(source, target)
    else:
        archive.add_file(target, source)


def write_initramfs(job, host, hostfs, file):
    """The host's user space as cached, and behind it what is of this run."""
    with open(hostfs / "hostfs.cpio", "rb") as base:
        shutil.copyfileobj(base, file, 1 << 20)
    archive = cpio.Writer(file)
    archive.add_device("dev/console", 5, 1)
    archive.add_tree(host / "modules", "lib/modules")
    archive.add_file("init", HOST_FILES / "init")
    archive.add_file("testbed/agent.py", HOST_FILES / "agent.py")
    archive.add_bytes("testbed/command", _list(job.command))
    archive.add_bytes("testbed/gets", _list(source for source, _ in job.gets))
    archive.add_bytes("testbed/env", _list(f"{name}={value}" for name, value in job.env.items()))
    archive.add_folder(FOLDER)
    for source, target in job.files:
        _add_source(archive, source, posixpath.normpath(f"{FOLDER}/{target}"))
    for number, (_, target, _) in enumerate(job.disks):
        name = posixpath.normpath(f"{FOLDER}/{target}")
        archive.add_folder(posixpath.dirname(name))
        archive.add_symlink(name, f"/dev/vd{chr(ord('a') + number)}")
    if job.disks:
        archive.add_bytes("testbed/disks", b"")
    archive.close()
    file.flush()


def _disk_arguments(disks):
    arguments = []
    for number, (source, _, kept) in enumerate(disks):
        drive = (f"file={str(source.resolve()).replace(',', ',,')},format=raw,if=none,"
                 f"id=disk{number},cache=unsafe,discard=unmap")
        arguments += ["-drive", drive if kept else f"{drive},snapshot=on",
                      "-device", f"virtio-blk-pci,drive=disk{number}"]
    return arguments


def _die_with_parent():
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


class Machine:
    """QEMU and the ends of its ports."""

    PORTS = ("control", "out", "err")

    def __init__(self, job, kernel, initramfs):
        qemu = shutil.which(QEMU)
        if qemu is None:
            raise BedError(f"{QEMU} is not installed; `tools/install-deps bed` installs it")
        self.console = tempfile.TemporaryFile(prefix="torpor-console-")
        pairs = [socket.socketpair() for _ in self.PORTS]
        self.ports = {name: ours for name, (ours, _) in zip(self.PORTS, pairs)}
        theirs = [end for _, end in pairs]
        arguments = [
            qemu, "-M", "virt,virtualization=on,gic-version=3", "-accel", "tcg,thread=multi",
            "-cpu", CPUS[job.cpu], "-smp", str(job.smp), "-m", job.memory,
            "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-chardev", "stdio,id=console,signal=off", "-serial", "chardev:console",
            "-kernel", str(kernel), "-append", APPEND,
            "-initrd", f"/proc/self/fd/{initramfs.fileno()}",
            "-device", "virtio-serial-pci",
            *_disk_arguments(job.disks),
        ]
        for number, (name, end) in enumerate(zip(self.PORTS, theirs), start=1):
            arguments += ["-chardev", f"socket,id={name},fd={end.fileno()}",
                          "-device", f"virtserialport,chardev={name},nr={number}"]
        self.process = subprocess.Popen(
            arguments, stdin=subprocess.DEVNULL, stdout=self.console, stderr=self.console,
            pass_fds=[initramfs.fileno(), *(end.fileno() for end in theirs)],
            preexec_fn=_die_with_parent, start_new_session=True,
        )
        for end in theirs:
            end.close()

    def kill(self):
        self.process.kill()
        self.process.wait()
        for port in self.ports.values():
            port.close()

    def console_bytes(self):
        self.console.seek(0)
        return self.console.read()


class Session:
    """One run, from the first byte of the host's kernel to the last of the command's output."""

    def __init__(self, job):
        self._job = job
        self._started = time.monotonic()
        self._up = False
        self._done = False
        self._expected = {"out": None, "err": None}
        self._seen = {"out": 0, "err": 0}
        self._sinks = {"out": sys.stdout.fileno(), "err": sys.stderr.fileno()}
        self._get_failed = False
        self._coming = None  # a --get file that is not whole yet
        self.status = None

    # Told by wire.Reader.

    def on_up(self, release, mode):
        self._up = True
        seconds = time.monotonic() - self._started
        if mode == "none":
            raise BedError("the emulated host's kernel has no KVM; --console FILE keeps its log")
        say(f"host is up ({seconds:.1f} s, Linux {release}, {self._job.cpu}, KVM in {mode} mode)")

    def on_exit(self, status, out_bytes, err_bytes):
        self.status = status
        self._expected = {"out": out_bytes, "err": err_bytes}

    def on_file(self, index):
        local = self._job.gets[index][1]
        self._coming = local.with_name(f".{local.name}.part")
        return open(self._coming, "wb")

    def on_whole(self, index):
        self._coming.replace(self._job.gets[index][1])
        self._coming = None

    def on_nofile(self, index, reason):
        say(f"--get {self._job.gets[index][0]}: {reason}")
        self._get_failed = True

    def on_done(self):
        self._done = True

    # The loop.

    def complete(self):
        return self._done and self._seen == self._expected

    def _pass_on(self, name, data):
        view = memoryview(data)
        while view:
            view = view[os.write(self._sinks[name], view):]
        self._seen[name] += len(data)

    def serve(self, machine):
        """Until everything has arrived; False if the time was over first."""
        reader = wire.Reader(self)
        end = self._started + self._job.timeout_seconds
        try:
            with selectors.DefaultSelector() as selector:
                for name, port in machine.ports.items():
                    selector.register(port, selectors.EVENT_READ, name)
                while not self.complete():
                    left = end - time.monotonic()
                    if left <= 0:
                        return False
                    for key, _ in selector.select(min(left, 1.0)):
                        data = self._receive(key.fileobj)
                        if key.data == "control":
                            reader.feed(data)
                        else:
                            self._pass_on(key.data, data)
        finally:
            reader.close()
            if self._coming:
                self._coming.unlink(missing_ok=True)
        return True

    def _receive(self, port):
        try:
            data = port.recv(CHUNK)
        except ConnectionResetError:
            data = b""
        if not data:
            when = "while the command ran" if self._up else "before it was up"
            raise BedError(f"the emulated host ended {when}; its console says why")
        return data

    def result(self):
        return self.status or (STATUS_BED_FAILED if self._get_failed else 0)

    def timed_out(self):
        state = "was still running" if self._up else "had not started"
        job = self._job
        say(f"time is over after {job.timeout_seconds:g} s: {job.command[0]} {state} and the host "
            "was ended; --timeout gives it more")
        return STATUS_TIMEOUT


def _show_console(text):
    lines = text.decode("utf-8", "replace").replace("\r", "").splitlines()
    if not lines:
        say("the emulated host's console is empty")
        return
    say(f"the end of the emulated host's console ({len(lines)} lines):")
    for line in lines[-CONSOLE_LINES:]:
        print(f"  | {line}", file=sys.stderr)
    sys.stderr.flush()


def _follow(session, machine, job):
    try:
        if session.serve(machine):
            return session.result(), False
        return session.timed_out(), True
    except BedError as error:
        say(str(error))
        return STATUS_BED_FAILED, True
    finally:
        machine.kill()
        if job.console:
            job.console.write_bytes(machine.console_bytes())


def run(job, host, hostfs):
    with tempfile.TemporaryFile(prefix="torpor-initramfs-") as initramfs:
        write_initramfs(job, host, hostfs, initramfs)
        say(f"starting the emulated host ({job.cpu}, {job.smp} CPUs, {job.memory})")
        session = Session(job)
        machine = Machine(job, host / "Image", initramfs)
        status, failed = _follow(session, machine, job)
    console = machine.console_bytes()
    machine.console.close()
    if failed or (status and TROUBLE.search(console)):
        _show_console(console)
    return status
