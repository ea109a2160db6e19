# SPDX-License-Identifier: BSD-3-Clause
"""Runs torpor with a test guest: starts it, follows its events and console, explains failures."""

import json
import os
import pathlib
import pty
import subprocess
import termios
import threading
import time

import guest
import qmp

EXIT_MEANING = {0: "powered off", 1: "host-side failure", 2: "usage", 10: "hibernated",
                11: "reset with --no-reboot", 12: "guest crashed or could not go on",
                13: "ended by the host"}


class Failure(Exception):
    """An expectation that was not met, or an observation that did not come."""


def expect(condition, message):
    """Not assert: that can be compiled out, and a check must not be."""
    if not condition:
        raise Failure(message)


class Machine:
    """One torpor process. Use as a context manager: a process that is left is killed."""

    def __init__(self, options, name, *, cpus=2, memory="512M", psci=None, disks=(), append="",
                 extra=(), terminal=False, wrapper=(), cmdline=guest.CMDLINE):
        self.options = options
        self.name = name
        self.dir = pathlib.Path(options.work) / name
        self.dir.mkdir(parents=True, exist_ok=True)
        self.events_file = self.dir / "events.jsonl"
        self.control = self.dir / "control"
        self.pidfile = self.dir / "pid"
        self.events_file.unlink(missing_ok=True)
        self.arguments = self._arguments(cpus, memory, psci, disks, f"{cmdline} {append}".strip(),
                                         extra)
        self.wrapper = list(wrapper)
        self.terminal = terminal
        self.process = None
        self.stdin = None
        # Of a terminal: torpor's side and ours.
        self.slave = None
        self.master = None
        self.saved_terminal = None
        self.restored_terminal = None
        self.threads = []
        self.stderr_lines = []
        self.console = guest.Console(self._write)
        self.guest = guest.Guest(self.console)

    def _arguments(self, cpus, memory, psci, disks, append, extra):
        args = [*self.boot_arguments(append), "--cpus", str(cpus), "--memory", memory,
                "--events", str(self.events_file), "--control", str(self.control),
                "--pidfile", str(self.pidfile)]
        if psci:
            args += ["--psci", psci]
        for disk in disks:
            args += ["--disk", str(disk)]
        return args + list(extra)

    def boot_arguments(self, append):
        """What the guest starts from."""
        return ["--kernel", str(self.options.kernel), "--initrd", str(self.options.initrd),
                "--append", append]

    def command(self):
        return [*self.wrapper, str(self.options.torpor), "run", *self.arguments]

    # --- the process ---

    def start(self):
        if self.terminal:
            self.master, self.slave = pty.openpty()
            # The guest gets what is typed as it is; torpor has to make the terminal raw for that.
            self.saved_terminal = termios.tcgetattr(self.slave)
            stdin = stdout = self.slave
        else:
            stdin = stdout = subprocess.PIPE
        self.process = subprocess.Popen(self.command(), stdin=stdin, stdout=stdout,
                                        stderr=subprocess.PIPE)
        if self.terminal:
            self.stdin = self.master
            source = self.master
        else:
            self.stdin = self.process.stdin.fileno()
            source = self.process.stdout.fileno()
        self._thread(self._read_console, source)
        self._thread(self._read_stderr, self.process.stderr)
        return self

    def _thread(self, target, *args):
        thread = threading.Thread(target=target, args=args, daemon=True)
        thread.start()
        self.threads.append(thread)

    def _read_console(self, source):
        while True:
            try:
                data = os.read(source, 65536)
            except OSError:
                data = b""
            self.console.feed(data)
            if not data:
                return

    def _read_stderr(self, stream):
        for line in stream:
            self.stderr_lines.append(line.decode(errors="replace").rstrip())

    def _write(self, data):
        try:
            while data:
                data = data[os.write(self.stdin, data):]
        except OSError as why:
            raise Failure(f"{self.name}: cannot type on the console: {why.strerror}") from why

    def wait_exit(self, timeout_s=60):
        """The exit status."""
        try:
            status = self.process.wait(timeout_s)
        except subprocess.TimeoutExpired as why:
            raise Failure(f"{self.name}: torpor still runs after {timeout_s} s; "
                          "expected it to end") from why
        if self.terminal:
            # The reader sees the end of a terminal only when nobody holds its other side.
            self.restored_terminal = termios.tcgetattr(self.slave)
            os.close(self.slave)
            self.slave = None
        for thread in self.threads:
            thread.join(5)
        return status

    def expect_exit(self, expected, timeout_s=60):
        status = self.wait_exit(timeout_s)
        expect(status == expected,
               f"{self.name}: torpor ended with {status} ({EXIT_MEANING.get(status, 'unknown')}), "
               f"expected {expected} ({EXIT_MEANING[expected]})")
        return status

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.slave is not None:
            os.close(self.slave)
            self.slave = None
        # They see the end of their pipes; only then may a descriptor's number be used again.
        for thread in self.threads:
            thread.join(5)
        if self.master is not None:
            os.close(self.master)
            self.master = None
        return False

    # --- events ---

    def events(self):
        """All whole lines of the event file so far."""
        try:
            text = self.events_file.read_text()
        except FileNotFoundError:
            return []
        found = []
        for line in text.split("\n")[:-1]:
            try:
                found.append(json.loads(line))
            except ValueError as why:
                raise Failure(f"{self.events_file}: not a JSON object: {line!r}") from why
        return found

    def wait_event(self, name, timeout_s=60, after=0, **fields):
        """(its number, event): the first @name with @fields from number @after on."""
        deadline = time.monotonic() + timeout_s
        while True:
            # Looked at before the file: what torpor wrote before its end is then not missed.
            ended = self.process.poll() is not None
            for index, event in enumerate(self.events()):
                if (index >= after and event.get("event") == name
                        and all(event.get(k) == v for k, v in fields.items())):
                    return index, event
            if ended or time.monotonic() > deadline:
                why = "torpor has ended" if ended else f"not within {timeout_s} s"
                raise Failure(f"{self.name}: no event {name} {fields or ''}: {why}")
            time.sleep(0.05)

    # --- what the host sees ---

    def qmp(self, timeout_s=10):
        return qmp.Qmp(self.control, timeout_s)

    def query_status(self):
        with self.qmp() as client:
            return client.execute("query-status")

    def cpu_ticks(self):
        """User plus system time of all threads, in clock ticks."""
        total = 0
        for task in pathlib.Path(f"/proc/{self.process.pid}/task").iterdir():
            fields = (task / "stat").read_text().rsplit(")", 1)[1].split()
            # Counted from the state, field 3: utime is field 14, stime 15.
            total += int(fields[11]) + int(fields[12])
        return total

    def explain(self):
        """What is known of this machine, for a person who must find out why it failed."""
        out = [f"--- {self.name}: {' '.join(map(str, self.command()))}"]
        if self.process:
            status = self.process.poll()
            out.append("torpor still runs" if status is None else
                       f"torpor ended with {status} ({EXIT_MEANING.get(status, 'unknown')})")
        try:
            seen = [json.dumps(event) for event in self.events()]
        except Failure as why:
            seen = [str(why)]
        out.append(f"events seen ({len(seen)}), the last ones:")
        out += ["    " + line for line in seen[-12:]] or ["    none"]
        out.append("torpor's messages, the last ones:")
        out += ["    " + line for line in self.stderr_lines[-12:]] or ["    none"]
        out.append("console, the last lines:")
        out += ["    " + line for line in self.console.tail()] or ["    nothing"]
        return "\n".join(out)


def blank_disk(path, size_bytes):
    """A sparse raw disk."""
    with open(path, "wb") as disk:
        disk.truncate(size_bytes)
    return path


def copy_sparse(source, target):
    """A copy that holds no more than the source: the host's disk may be its memory."""
    block = 1 << 16
    with open(source, "rb") as src, open(target, "wb") as dst:
        size = os.fstat(src.fileno()).st_size
        dst.truncate(size)
        position = 0
        while position < size:
            try:
                position = os.lseek(src.fileno(), position, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(src.fileno(), position, os.SEEK_HOLE)
            while position < end:
                data = os.pread(src.fileno(), min(block, end - position), position)
                if not data:
                    break
                os.pwrite(dst.fileno(), data, position)
                position += len(data)
    return target
