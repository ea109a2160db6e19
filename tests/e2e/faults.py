# SPDX-License-Identifier: BSD-3-Clause
"""Disks that fail: full ones, and ones whose reads or flushes fail."""

import ctypes
import os
import pathlib
import sys

from torporvm import Failure, Machine, expect

# So that a process that is slow to end does not keep the folder.
MNT_DETACH = 2
DENY = pathlib.Path(__file__).resolve().parent / "deny.py"


class SmallDisk:
    """A folder on a file system of its own that holds @size_bytes and then is full.

    Without root it is an ordinary folder, and .mounted is False.
    """

    def __init__(self, folder, size_bytes):
        self.folder = pathlib.Path(folder)
        self.folder.mkdir(exist_ok=True)
        self.mounted = os.geteuid() == 0
        if not self.mounted:
            return
        self.libc = ctypes.CDLL(None, use_errno=True)
        data = f"size={size_bytes}".encode()
        if self.libc.mount(b"torpor-test", bytes(self.folder), b"tmpfs", 0, data) != 0:
            raise Failure(f"{self.folder}: cannot mount a small tmpfs: "
                          f"{os.strerror(ctypes.get_errno())}")

    def close(self):
        if self.mounted:
            self.libc.umount2(bytes(self.folder), MNT_DETACH)


def fd_of(machine, path):
    """The descriptor that torpor has @path open on."""
    wanted = os.path.realpath(path)
    folder = f"/proc/{machine.process.pid}/fd"
    found = [int(fd) for fd in os.listdir(folder)
             if os.path.realpath(os.path.join(folder, fd)) == wanted]
    expect(len(found) == 1, f"expected torpor to have {path} open once, it has {len(found)} times")
    return found[0]


def failing_machine(options, name, disks, path, rule, offset=None, **others):
    """A machine, not started, whose disk @path fails as @rule of deny.py says.

    A first start, cut short as soon as the machine runs, tells the descriptor: the same command
    opens the same files in the same order.
    """
    wrapper = [sys.executable, str(DENY)]
    with Machine(options, name, disks=disks, wrapper=[*wrapper, "--"], **others) as probe:
        probe.start()
        probe.wait_event("STARTED", 60)
        fd = fd_of(probe, path)
    value = str(fd) if offset is None else f"{fd}:{offset}"
    return Machine(options, name, disks=disks, wrapper=[*wrapper, rule, value, "--"], **others)


def logged_once(machine, path):
    """torpor's own messages name the failing disk once, however often it failed."""
    named = [line for line in machine.stderr_lines if str(path) in line]
    expect(len(named) == 1, f"expected one message of torpor that names {path}, "
                            f"got {len(named)}: {named}")
