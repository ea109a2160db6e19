# SPDX-License-Identifier: BSD-3-Clause
"""A machine in a home of its own, whose processes are killed; and what must be true after that."""

import contextlib
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from tapcheck import equal, expect

TIME_LIMIT_S = 60
DISK_BYTES = 1 << 20
MAGIC = b"FAKEIMG\0"
NONCE = slice(16, 32)
MARK = b"S1SUSPEND\0"
SWAP_PAGE_END = 4096 - 20
NEEDS_PROCESS = ("starting", "running", "suspended", "stopping")
# It hibernates at its first boot, and goes on to power off when it resumes.
PROGRAM = "write:8 hibernate write:16 off"


class Lab:
    """A home with room for a machine x; its files are on a RAM disk, if there is one."""

    def __init__(self, torpor):
        self.torpor = torpor
        place = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        self.folder = tempfile.mkdtemp(prefix="torpor-kills-", dir=place)
        self.environment = {**os.environ, "TORPOR_HOME": self.folder + "/home", "TZ": "UTC"}
        self.disk = self.folder + "/disk"
        self.marked = None
        self.kernel = self.folder + "/Image"
        with open(self.kernel, "wb") as kernel:
            kernel.write(bytes(56) + b"ARM\x64" + bytes(4))
        with open(self.disk, "wb") as disk:
            disk.truncate(DISK_BYTES)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Whatever a command has started in the background.
        self.settle()
        shutil.rmtree(self.folder, ignore_errors=True)

    def popen(self, *args, **environment):
        return subprocess.Popen([self.torpor, *args], stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                env={**self.environment, **environment}, cwd=self.folder,
                                start_new_session=True)

    def run(self, *args, **environment):
        """Exit status (negative: killed), output, errors."""
        with self.popen(*args, **environment) as process:
            try:
                out, err = process.communicate(timeout=TIME_LIMIT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                raise
        return process.returncode, out.decode(), err.decode()

    def good(self, *args, statuses=(0,)):
        status, out, err = self.run(*args)
        expect(status in statuses, f"{args}: exit status {status}: {out}{err}")
        return out

    def create(self, program=PROGRAM, name="x"):
        self.good("create", name, "--kernel", self.kernel, "--disk", self.disk, "--append", program)

    def exists(self):
        return self.run("status", "x")[0] == 0

    def status(self):
        return json.loads(self.good("status", "x", "--json"))

    def image(self):
        """The number of the image that the guest finds on its disk, or None."""
        with open(self.disk, "rb") as disk:
            sector = disk.read(512)
        return sector[NONCE].decode() if sector.startswith(MAGIC) else None

    def said(self, since=0):
        """What the guest has said so far, from a length of it on."""
        try:
            with open(f"{self.folder}/home/machines/x/console.log", encoding="utf-8") as log:
                return log.read()[since:]
        except FileNotFoundError:
            return ""

    def mark_swap(self):
        """A swap area at the disk's start, as Linux's hibernation leaves it, too."""
        with open(self.disk, "r+b") as disk:
            disk.seek(SWAP_PAGE_END)
            disk.write(b"SWAPSPACE2" + MARK)

    def follow_marker(self, number):
        """Without the marker there is nothing that a guest would resume of image @number."""
        with open(self.disk, "r+b") as disk:
            disk.seek(SWAP_PAGE_END + len(MARK))
            if disk.read(len(MARK)) != MARK and self.image() == number:
                disk.seek(0)
                disk.write(bytes(512))

    def processes(self):
        """Those that live in this home, or are about to."""
        mine = f"TORPOR_HOME={self.folder}/home".encode()
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdigit():
                with contextlib.suppress(OSError):
                    with open(f"/proc/{entry}/environ", "rb") as environ:
                        if mine in environ.read().split(b"\0"):
                            found.append(int(entry))
        return found

    def settle(self):
        """What was started in the background comes to its end, or is killed, too."""
        quiet = 0
        for _ in range(100):
            # One that is about to become another program has no environment for a moment.
            quiet = 0 if self.processes() else quiet + 1
            if quiet == 3:
                return
            time.sleep(0.02)
        for process in self.processes():
            with contextlib.suppress(OSError):
                os.kill(process, signal.SIGKILL)
        while self.processes():
            time.sleep(0.01)

    # What must be true, whatever was killed.

    def check_truth(self):
        """status tells the truth of a machine that nobody runs, and tells it twice; the status."""
        status = self.status()
        state, image = status["state"], status["image"]
        expect(not status["process"], f"nobody runs it: {status}")
        expect(state not in NEEDS_PROCESS, f"nobody runs it: {status}")
        equal(state == "hibernated", image == "saved", f"state and image agree: {status}")
        if state == "hibernated":
            expect(self.image() is not None, "hibernated: its guest has an image")
        if state == "off" and image != "discarded":
            expect(self.image() is None, f"off: its guest has no image: {status}")
        if image == "none":
            expect(self.image() is None, f"no image: its guest has none: {status}")
        again = self.status()
        equal((again["state"], again["image"]), (state, image), "told twice")
        for file in ("control", "console"):
            expect(not os.path.exists(f"{self.folder}/home/machines/x/{file}"),
                   f"{file} is left: {status}")
        return status

    def check_guest(self):
        """The next boot needs no help, and the guest says what the record said."""
        before, number, since = self.check_truth(), self.image(), len(self.said())
        status, _, err = self.run("run", "--name", "x")
        self.agree(before, number, status, self.said(since), err)

    @staticmethod
    def agree(before, number, status, out, err):
        """@out: what a guest said that was started as @before, with image @number on its disk."""
        expect(status in (0, 10, 11, 12), f"it does not start: {status}: {err}")
        if before["image"] == "saved":
            expect(f"resumed {number}" in out, f"{before}: it does not resume: {out}{err}")
        if before["image"] in ("none", "discarded"):
            expect("resumed" not in out, f"{before}: it resumes: {out}")


def was_killed(status):
    return status == -signal.SIGKILL
