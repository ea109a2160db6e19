#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Measures torpor and QEMU on this arm64 host, taking turns. Writes a JSON file.

usage: main.py OUT BARE_ROUNDS BOOT_ROUNDS
"""

import fcntl
import json
import os
import pathlib
import platform
import struct
import subprocess
import sys
import tempfile
import time

sys.path.append(str(pathlib.Path(__file__).resolve().parent.parent))

import rounds  # noqa: E402
from machine import QEMU, QEMU_LIBRARIES, VMMS, MachineError  # noqa: E402

DISK_MIB = 128
TAP = "tap-bench"
HOST_ADDRESS = "10.77.0.1/24"
# Of linux/if_tun.h.
TUNSETIFF = 0x400454CA
TUNSETPERSIST = 0x400454CB
IFF_TAP, IFF_NO_PI, IFF_VNET_HDR = 0x2, 0x1000, 0x4000


def call(*command):
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)


def make_tap():
    """An interface that VMMs may take, or None where that is not allowed."""
    try:
        subprocess.run(["modprobe", "tun"], check=False, stderr=subprocess.DEVNULL)
        with open("/dev/net/tun", "r+b", buffering=0) as file:
            request = struct.pack("16sH22x", TAP.encode(), IFF_TAP | IFF_NO_PI | IFF_VNET_HDR)
            fcntl.ioctl(file, TUNSETIFF, request)
            fcntl.ioctl(file, TUNSETPERSIST, 1)
        call("ip", "addr", "add", HOST_ADDRESS, "dev", TAP)
        call("ip", "link", "set", TAP, "up")
        return TAP
    except (OSError, subprocess.CalledProcessError) as why:
        print(f"measure: no network is measured: {why}", file=sys.stderr)
        return None


def has_option(name):
    done = subprocess.run(["./torpor", "run", "--help"], capture_output=True, text=True,
                          check=False)
    return f" {name} " in done.stdout


def version(command, env=None):
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    return (done.stdout.splitlines() or ["unknown"])[0]


def versions():
    return {
        "torpor": version(["./torpor", "--version"]),
        "qemu": version([QEMU, "--version"], {**os.environ, "LD_LIBRARY_PATH": QEMU_LIBRARIES}),
        "host": platform.release(),
        "guest": pathlib.Path("guest-release").read_text(encoding="ascii").strip(),
        "machine": os.environ.get("TORPOR_TESTBED", "native"),
    }


class Measures:
    """All figures so far, and the file they go to."""

    def __init__(self, out):
        self.out = pathlib.Path(out)
        self.begun = time.monotonic()
        self.found = {"versions": versions(), "host": [], **{vmm: [] for vmm in VMMS}}
        self.failed = []

    def take(self, who, what, *args):
        """Figures of @who; one that could not be taken is told and left out."""
        try:
            figures = what(*args)
        except (MachineError, OSError, subprocess.SubprocessError) as why:
            self.failed.append(f"{what.__name__}: {why}")
            print(f"measure: {what.__name__}: {why}", file=sys.stderr, flush=True)
            return
        self.found[who].append(figures)
        shown = " ".join(f"{name}={number:.6g}" for name, number in figures.items())
        print(f"[{time.monotonic() - self.begun:5.0f} s] {who}: {shown}", flush=True)

    def save(self):
        self.out.write_text(json.dumps({**self.found, "failed": self.failed}), encoding="utf-8")


def in_turns(number):
    """Who comes first changes with the round."""
    return VMMS if number % 2 == 0 else VMMS[::-1]


def main(argv):
    out, bare_rounds, boot_rounds = argv[0], int(argv[1]), int(argv[2])
    measures = Measures(out)
    with tempfile.TemporaryDirectory(prefix="bench-", dir="/tmp") as work:
        disk = os.path.join(work, "disk.raw")
        with open(disk, "wb") as file:
            for _ in range(DISK_MIB):
                file.write(bytes(1 << 20))
        tap = make_tap() if has_option("--net") else None
        peer = subprocess.Popen(["./stream"]) if tap else None
        for number in range(bare_rounds):
            measures.take("host", rounds.exits)
            for what in (rounds.calls, rounds.all_cpus, rounds.start_heavy):
                for vmm in in_turns(number):
                    measures.take(vmm, what, vmm, work)
            measures.save()
        for number in range(boot_rounds):
            for vmm in in_turns(number):
                measures.take(vmm, rounds.boot, vmm, work, disk, tap)
            measures.save()
        if peer:
            peer.kill()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
