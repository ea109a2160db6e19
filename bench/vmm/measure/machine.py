# SPDX-License-Identifier: BSD-3-Clause
"""One machine under torpor or under QEMU: its command line, its console, what it takes."""

import os
import pathlib
import re
import subprocess
import threading
import time

QEMU = "qemu/qemu-system-aarch64"
QEMU_LIBRARIES = "qemu/lib"
STAMP = "./stamp"
VMMS = ("torpor", "qemu")


class MachineError(Exception):
    """The machine did not do what is measured; says what came instead."""


class Config:
    """The same machine for both: @disk and @tap are a file and an interface, or None."""

    def __init__(self, kernel, append, *, cpus, memory_mib, initrd=None, disk=None, tap=None):
        self.kernel = kernel
        self.append = append
        self.cpus = cpus
        self.memory_mib = memory_mib
        self.initrd = initrd
        self.disk = disk
        self.tap = tap

    def torpor(self, control):
        args = ["./torpor", "run", "--kernel", self.kernel, "--append", self.append,
                "--cpus", str(self.cpus), "--memory", f"{self.memory_mib}M", "--control", control]
        if self.initrd:
            args += ["--initrd", self.initrd]
        if self.disk:
            args += ["--disk", self.disk]
        if self.tap:
            args += ["--net", f"tap={self.tap}"]
        return args

    def qemu(self, control):
        args = [QEMU, "-M", "virt,gic-version=3", "-enable-kvm", "-cpu", "host",
                "-smp", str(self.cpus), "-m", f"{self.memory_mib}M", "-nodefaults",
                "-no-user-config", "-display", "none", "-serial", "stdio",
                "-qmp", f"unix:{control},server=on,wait=off",
                "-kernel", self.kernel, "-append", self.append,
                "-device", "virtio-rng-device"]
        if self.initrd:
            args += ["-initrd", self.initrd]
        if self.disk:
            args += ["-object", "iothread,id=io",
                     "-drive", f"if=none,id=disk,format=raw,file={self.disk}",
                     "-device", "virtio-blk-device,drive=disk,iothread=io"]
        if self.tap:
            args += ["-netdev", f"tap,id=net,ifname={self.tap},script=no,downscript=no",
                     "-device", "virtio-net-device,netdev=net"]
        return args


class Machine:
    """A process. Use as a context manager: one that is left is killed."""

    def __init__(self, vmm, config, work):
        self.vmm = vmm
        self.memory_mib = config.memory_mib
        self.control = str(pathlib.Path(work) / f"{vmm}.sock")
        self.stamp_file = pathlib.Path(work) / "stamp"
        pathlib.Path(self.control).unlink(missing_ok=True)
        self.lines = []
        self.ended = False
        self.changed = threading.Condition()
        env = {**os.environ}
        if vmm == "qemu":
            env["LD_LIBRARY_PATH"] = QEMU_LIBRARIES
        self.process = subprocess.Popen(
            [STAMP, str(self.stamp_file), *getattr(config, vmm)(self.control)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=env)
        self.errors = b""
        self.threads = [threading.Thread(target=target, daemon=True)
                        for target in (self._read_console, self._read_errors)]
        for thread in self.threads:
            thread.start()

    def _read_console(self):
        partial = b""
        while data := os.read(self.process.stdout.fileno(), 65536):
            at = time.monotonic_ns()
            with self.changed:
                *whole, partial = (partial + data).split(b"\n")
                self.lines += [(at, line.rstrip(b"\r").decode(errors="replace")) for line in whole]
                self.changed.notify_all()
        with self.changed:
            self.ended = True
            self.changed.notify_all()

    def _read_errors(self):
        self.errors = self.process.stderr.read()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for thread in self.threads:
            thread.join()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()
        return False

    def wait(self, pattern, limit_s):
        """(when, match) of the first line that has @pattern."""
        end = time.monotonic() + limit_s
        seen = 0
        with self.changed:
            while True:
                for at, line in self.lines[seen:]:
                    if match := re.search(pattern, line):
                        return at, match
                    if re.match(r"not ok|@fail", line):
                        raise MachineError(f"{self.vmm}: {line}")
                seen = len(self.lines)
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    last = [line for _, line in self.lines[-8:]]
                    raise MachineError(f"{self.vmm}: no '{pattern}'; its console ended with {last}")
                self.changed.wait(left)

    def send_line(self):
        self.process.stdin.write(b"\n")
        self.process.stdin.flush()

    def wait_exit(self, limit_s):
        try:
            status = self.process.wait(limit_s)
        except subprocess.TimeoutExpired as why:
            raise MachineError(f"{self.vmm}: still runs after {limit_s} s") from why
        if status != 0:
            raise MachineError(f"{self.vmm}: ended with {status}")

    def started(self):
        """(counter, its frequency, CLOCK_MONOTONIC in ns) as the VMM's program was started."""
        return tuple(int(word) for word in self.stamp_file.read_text().split())

    def bench(self):
        """NAME -> numbers of the lines "bench NAME NUMBER..." and "@bench NAME NUMBER..."."""
        found = {}
        for _, line in self.lines:
            if match := re.fullmatch(r"@?bench (\S+)((?: \w+)+)", line):
                found[match[1]] = [int(word, 0) for word in match[2].split()]
        return found

    # What the VMM takes.

    def memory_kib(self):
        """(proportional, private and shared size) of all that is not the guest's RAM."""
        pss = rss = 0
        ram = False
        with open(f"/proc/{self.process.pid}/smaps", encoding="ascii", errors="replace") as file:
            for line in file:
                key, _, value = line.partition(":")
                if key == "Size":
                    ram = int(value.split()[0]) >= self.memory_mib << 10
                elif key == "Pss" and not ram:
                    pss += int(value.split()[0])
                elif key == "Rss" and not ram:
                    rss += int(value.split()[0])
        return pss, rss

    def threads_count(self):
        return len(os.listdir(f"/proc/{self.process.pid}/task"))

    def cpu_ticks(self):
        with open(f"/proc/{self.process.pid}/stat", encoding="ascii") as file:
            fields = file.read().rsplit(")", 1)[1].split()
        # Counted from the state, field 3: utime is field 14, stime 15.
        return int(fields[11]) + int(fields[12])
