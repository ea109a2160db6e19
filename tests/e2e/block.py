# SPDX-License-Identifier: BSD-3-Clause
"""Disks: discard, zeroes, several queues, locks, and I/O that goes on across suspend and
hibernation. One machine a kind of I/O on the host.
"""

import array
import pathlib
import subprocess
import sys

import faults
import guest
import torporvm
from tap import Scenario, Skip
from torporvm import Machine, expect

MIB = 1 << 20
# The blocks of the load come first on the disk.
PLACE = 16 * MIB


def words(seed, offset, size):
    """What blk.c fills a range with."""
    numbers = array.array("Q", range(offset, offset + size, 8))
    base = seed << 40
    numbers = array.array("Q", (base | number for number in numbers)) if seed else \
        array.array("Q", bytes(size))
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()


class Block(Scenario):
    aio = None

    def __init__(self, options):
        super().__init__(options)
        self.name = f"block-{self.aio}"
        self.work = pathlib.Path(options.work) / (self.name + "-disks")
        self.work.mkdir(parents=True, exist_ok=True)
        self.swap = torporvm.blank_disk(self.work / "swap.raw", 512 * MIB)
        # A comma in its name, which must not be taken for the options' one.
        self.data = torporvm.blank_disk(self.work / "data,1.raw", 64 * MIB)
        self.small = faults.SmallDisk(self.work / "small", 4 * MIB)
        self.full = torporvm.blank_disk(self.small.folder / "full.raw", 64 * MIB)

    def close(self):
        super().close()
        self.small.close()

    def disks(self):
        return [f"{self.swap},aio={self.aio}", f"{self.data},queues=2,aio={self.aio}",
                f"{self.full},aio={self.aio},discard=off"]

    def use(self):
        if self.machine:
            self.machine.__exit__(None, None, None)
        self.machine = Machine(self.options, self.name, disks=self.disks())
        return self.machine.start()

    def on_host(self, offset, size):
        with open(self.data, "rb") as disk:
            disk.seek(offset)
            return disk.read(size)

    def run(self, command, timeout_s=120):
        return self.machine.guest.run(command, timeout_s)

    def boots(self):
        self.use()
        self.machine.guest.wait_ready()
        queues = self.run("queues vdb")["queues"]
        expect(queues == "2", f"vdb was given 2 queues, the guest has {queues}")

    def writes_and_reads(self):
        self.run(f"blk fill vdb {PLACE} {MIB} 7")
        expect(self.on_host(PLACE, MIB) == words(7, PLACE, MIB),
               f"{self.data}: not what the guest wrote and flushed")
        self.run(f"blk check vdb {PLACE} {MIB} 7")

    def discards(self):
        place, size = PLACE + 4 * MIB, 8 * MIB
        self.run(f"blk fill vdb {place} {size} 9")
        before = self.data.stat().st_blocks * 512
        self.run(f"blk discard vdb {place + MIB} {4 * MIB}")
        after = self.data.stat().st_blocks * 512
        expect(before - after >= 4 * MIB, f"{self.data}: a discard of {4 * MIB} bytes freed "
                                          f"{before - after} of the host's")
        self.run(f"blk check vdb {place} {MIB} 9")
        self.run(f"blk check vdb {place + MIB} {4 * MIB} 0")
        self.run(f"blk check vdb {place + 5 * MIB} {3 * MIB} 9")

    def zeroes(self):
        place = PLACE + 16 * MIB
        self.run(f"blk fill vdb {place} {MIB} 11")
        # Whole pages of it, and an odd piece.
        self.run(f"blk zero vdb {place + 512} {MIB // 2}")
        expect(self.on_host(place + 512, MIB // 2) == bytes(MIB // 2),
               f"{self.data}: the guest had a range zeroed, and it is not")
        rest = place + 512 + MIB // 2
        expect(self.on_host(rest, 4096) == words(11, rest, 4096),
               f"{self.data}: what follows a zeroed range has changed")
        try:
            self.run(f"blk discard vdc 0 {MIB}")
        except guest.GuestRefused as refused:
            expect("not supported" in refused.why, f"a disk without discard: {refused.why}")
        else:
            raise torporvm.Failure("vdc has discard=off, and the guest could discard")

    def full_disk(self):
        if not self.small.mounted:
            raise Skip("a full disk takes a mount, so root")
        try:
            self.run(f"blk fill vdc 0 {8 * MIB} 3")
        except guest.GuestRefused as refused:
            expect("Input/output error" in refused.why, f"a full disk: {refused.why}")
        else:
            raise torporvm.Failure(f"{self.full} has no room, and the guest's writes succeeded")
        faults.logged_once(self.machine, self.full)

    def locked(self):
        done = subprocess.run(
            [str(self.options.torpor), "run", "--kernel", str(self.options.kernel),
             "--disk", str(self.data)],
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=30, check=False)
        expect(done.returncode == 1 and "in use" in done.stderr and str(self.data) in done.stderr,
               f"a second machine on {self.data}: expected status 1 and a line that it is in use, "
               f"got {done.returncode} and {done.stderr!r}")

    def load_ends_well(self):
        answer = self.run("load stop")["load"]
        expect(int(answer.split()[0]) > 0, f"the load did nothing: {answer}")

    def suspend_under_load(self):
        before = len(self.machine.events())
        self.run("load start vdb")
        pending = self.machine.guest.start("suspend")
        index, _ = self.machine.wait_event("SUSPEND", 60, before)
        with self.machine.qmp() as client:
            client.execute("system_wakeup")
        self.machine.wait_event("WAKEUP", 10, index, reason="host")
        pending.answer(60)
        self.load_ends_well()

    def hibernate_under_load(self):
        self.run("load start vdb")
        pending = self.machine.guest.start("hibernate")
        pending.wait_for("hibernating", 60)
        self.machine.expect_exit(10, 240)
        machine = self.use()
        pending.answer(240, machine.console)
        self.load_ends_well()
        self.run(f"blk check vdb {PLACE} {MIB} 7")

    def powers_off(self):
        self.run("poweroff")
        self.machine.expect_exit(0)
        expect(self.on_host(PLACE, MIB) == words(7, PLACE, MIB),
               f"{self.data}: not what the guest wrote at first")


class Threads(Block):
    aio = "threads"


class IoUring(Block):
    aio = "io_uring"


for each in (Threads, IoUring):
    each.checks = [
        (f"{each.aio}: a disk has the queues that it was given", each.boots),
        (f"{each.aio}: what is written and flushed is on the host's disk", each.writes_and_reads),
        (f"{each.aio}: a discard frees the host's space", each.discards),
        (f"{each.aio}: a range is zeroed, and discard can be off", each.zeroes),
        (f"{each.aio}: a full disk is an I/O error, logged once", each.full_disk),
        (f"{each.aio}: a disk in use is refused to a second machine", each.locked),
        (f"{each.aio}: I/O goes on across a suspend", each.suspend_under_load),
        (f"{each.aio}: I/O goes on across a hibernation", each.hibernate_under_load),
        (f"{each.aio}: power-off leaves all on the disk", each.powers_off),
    ]

SCENARIOS = {"block-threads": Threads, "block-io_uring": IoUring}
