# SPDX-License-Identifier: BSD-3-Clause
"""The host's side of the test guest's console: its text as it comes, and commands with answers.

The protocol is described at the top of guest/init.
"""

import re
import threading
import time

PREFIX = "@torpor "
# What makes the guest boot faster and says nothing about power states. On a doubly emulated machine
# zeroing each allocated page, security modules and self-tests cost seconds.
CMDLINE = ("console=ttyAMA0 quiet panic=-1 init_on_alloc=0 lsm=capability audit=0 nowatchdog "
           "cryptomgr.notests mitigations=off raid=noautodetect rcupdate.rcu_expedited=1")


class GuestError(Exception):
    """The guest did not answer, or answered with an error."""


class GuestRefused(GuestError):
    """The guest carried the command out and says that it failed; .answer holds what it reported."""

    def __init__(self, command, why, answer):
        super().__init__(f"guest: {command}: {why}")
        self.why = why
        self.answer = answer


class Answer:
    """What a command reported: keys with their values, in order."""

    def __init__(self, pairs):
        self.pairs = pairs

    def get(self, key, default=None):
        return dict(self.pairs).get(key, default)

    def __getitem__(self, key):
        values = dict(self.pairs)
        if key not in values:
            raise GuestError(f"guest: expected '{key}' in its answer, got "
                             f"{', '.join(values) or 'nothing'}")
        return values[key]

    def all(self, key):
        return [value for k, value in self.pairs if k == key]


class Console:
    """All lines that came from the guest, and a way to wait for one."""

    def __init__(self, write):
        self.lines = []
        self.changed = threading.Condition()
        self.closed = False
        self._write = write
        self._partial = b""

    def feed(self, data):
        """Called by the reader with what came; b"" means the end."""
        with self.changed:
            if data:
                *whole, self._partial = (self._partial + data).split(b"\n")
                self.lines += [line.rstrip(b"\r").decode(errors="replace") for line in whole]
            else:
                if self._partial:
                    self.lines.append(self._partial.decode(errors="replace"))
                    self._partial = b""
                self.closed = True
            self.changed.notify_all()

    def send(self, text):
        self._write(text.encode() + b"\n")

    def tail(self, count=25):
        return self.lines[-count:]

    def wait(self, pattern, timeout_s, start=0, what=None):
        """(index of the line, match) of the first line from @start on that has @pattern."""
        deadline = time.monotonic() + timeout_s
        index = start
        with self.changed:
            while True:
                while index < len(self.lines):
                    match = re.search(pattern, self.lines[index])
                    if match:
                        return index, match
                    index += 1
                if self.closed:
                    raise GuestError(f"guest: the console ended before {what or pattern}")
                left = deadline - time.monotonic()
                if left <= 0:
                    raise GuestError(f"guest: no {what or pattern} within {timeout_s} s")
                self.changed.wait(left)


class Pending:
    """A command that was sent and whose answer is still to come."""

    def __init__(self, guest, ident, command, start):
        self.guest = guest
        self.ident = ident
        self.command = command
        self.start = start

    def wait_for(self, key, timeout_s):
        """The value of @key as soon as the guest reports it, before its answer is complete."""
        _, match = self.guest.console.wait(
            re.escape(f"{PREFIX}{self.ident} . {key}") + " ?(.*)$", timeout_s, self.start,
            f"'{key}' from '{self.command}'")
        return match.group(1)

    def answer(self, timeout_s=60, console=None):
        """The whole answer. @console: where it comes, if the guest goes on in another process."""
        lines = console or self.guest.console
        start = 0 if console else self.start
        end, match = lines.wait(re.escape(f"{PREFIX}{self.ident} ") + r"(ok|error\b.*)$",
                                timeout_s, start, f"answer to '{self.command}'")
        head = f"{PREFIX}{self.ident} . "
        pairs = []
        for line in lines.lines[start:end]:
            if head in line:
                key, _, value = line.split(head, 1)[1].partition(" ")
                pairs.append((key, value))
        if match.group(1) != "ok":
            raise GuestRefused(self.command, match.group(1)[len("error "):], Answer(pairs))
        return Answer(pairs)


class Guest:
    """Commands to the guest's init."""

    last_ident = 0
    ident_lock = threading.Lock()

    def __init__(self, console):
        self.console = console
        self.boots_seen = 0

    def wait_ready(self, timeout_s=180):
        """The boot_id of the next boot that reaches its command loop."""
        index, match = self.console.wait(re.escape(PREFIX) + r"0 ready ([0-9a-f-]{36})", timeout_s,
                                         self.boots_seen, "'ready' of a booted guest")
        self.boots_seen = index + 1
        return match.group(1)

    def start(self, command):
        # Never used twice, also not by two machines: an image that is resumed in another process
        # answers the command that froze it.
        with Guest.ident_lock:
            Guest.last_ident += 1
            ident = Guest.last_ident
        pending = Pending(self, ident, command, len(self.console.lines))
        self.console.send(f"{ident} {command}")
        return pending

    def run(self, command, timeout_s=60):
        return self.start(command).answer(timeout_s)

    def set_nonce(self, nonce):
        pending = self.start("nonce set")
        # The holder itself reads the next line; sent earlier, the shell would take it.
        pending.wait_for("send", 30)
        self.console.send(nonce)
        return pending.answer()
