# SPDX-License-Identifier: BSD-3-Clause
"""One machine with sockets to the host and a balloon, from boot to a hibernation's other end."""

import pathlib
import time

import torporvm
import vsock
from tap import Scenario, Skip
from torporvm import Failure, Machine, expect

MIB = 1 << 20
MEMORY = 384 * MIB
SMALL = 320 * MIB
# Free pages are reported some seconds after they are, and in large blocks only: not all of them.
FILL_MIB = 100
REPORTED = 60 * MIB
CID = 4711
GUEST_PORT, HOST_PORT, HELD_PORT = 1000, 2000, 2001


def ram_bytes(machine):
    """What the host holds in memory of the guest's RAM, by far torpor's largest mapping."""
    mappings = []
    for line in pathlib.Path(f"/proc/{machine.process.pid}/smaps").read_text().splitlines():
        key, _, value = line.partition(":")
        if key == "Size":
            mappings.append([int(value.split()[0])])
        elif key == "Rss":
            mappings[-1].append(int(value.split()[0]))
    size, resident = max(mappings)
    expect(size >= MEMORY >> 10, f"{machine.name}: torpor has no mapping of {MEMORY} bytes")
    return resident << 10


def wait_for(what, look, enough, timeout_s=60):
    """The value of @look() as soon as it is @enough."""
    deadline = time.monotonic() + timeout_s
    while True:
        value = look()
        if enough(value):
            return value
        if time.monotonic() > deadline:
            raise Failure(f"{what}: {value}, not within {timeout_s} s")
        time.sleep(0.2)


def made(method):
    """A check of a machine that could be made."""
    def check(scenario):
        if scenario.why_not:
            raise Skip(scenario.why_not)
        return method(scenario)
    return check


class SocketsAndBalloon(Scenario):
    """Names say what each check promises; they are made in this order."""

    def __init__(self, options):
        super().__init__(options)
        self.work = pathlib.Path(options.work) / "sockets"
        self.work.mkdir(parents=True, exist_ok=True)
        self.disk = torporvm.blank_disk(self.work / "swap.raw", 512 * MIB)
        self.held = None
        self.pending = None
        self.why_not = vsock.why_no_device()

    def make(self):
        return Machine(self.options, "sockets", memory=f"{MEMORY // MIB}M", disks=[self.disk],
                       extra=["--vsock", str(CID), "--balloon"])

    def close(self):
        if self.held:
            self.held.close()
        super().close()

    def guest(self, command, timeout_s=60):
        return self.machine.guest.run(command, timeout_s)

    # --- sockets ---

    def boots(self):
        self.machine = self.make().start()
        self.machine.guest.wait_ready()
        self.guest(f"vsock listen {GUEST_PORT}")

    def to_guest(self):
        with vsock.connect(CID, GUEST_PORT) as connection:
            return vsock.exchange(connection, 4 * MIB)

    def from_guest(self, port=HOST_PORT):
        with vsock.listen(port) as server:
            self.guest(f"vsock connect {port}")
            connection, peer = vsock.accept(server)
        with connection:
            expect(peer[0] == CID, f"the guest's CID is {CID}, a connection came from {peer[0]}")
            return vsock.exchange(connection, MIB)

    def both_ways(self):
        self.to_guest()
        self.from_guest()

    def cid_is_taken(self):
        """A second machine with the same CID: one line that says so, exit 2."""
        second = Machine(self.options, "second", extra=["--vsock", str(CID)]).start()
        with second:
            second.expect_exit(2)
        expect(len(second.stderr_lines) == 1 and f"--vsock {CID}" in second.stderr_lines[0],
               f"expected one line that names --vsock {CID}, got {second.stderr_lines}")

    def hold(self):
        self.held = vsock.connect(CID, GUEST_PORT)
        vsock.exchange(self.held, 1024)

    def held_ends(self):
        how = vsock.ends(self.held)
        self.held.close()
        self.held = None
        return how

    # --- the balloon ---

    def size(self):
        with self.machine.qmp() as client:
            return client.execute("query-balloon")["actual"]

    def set_size(self, size):
        before = len(self.machine.events())
        with self.machine.qmp() as client:
            client.execute("balloon", {"value": size})
        wait_for(f"balloon to {size}", self.size, lambda now: now == size)
        self.machine.wait_event("BALLOON_CHANGE", 10, before, actual=size)

    def available(self):
        return int(self.guest("meminfo")["MemAvailable"]) << 10

    def shrinks(self):
        """The guest has less, and so does the host's share of it; given back, it has it again."""
        before = self.available()
        self.set_size(SMALL)
        left = self.available()
        expect(before - left > (MEMORY - SMALL) * 3 // 4,
               f"{MEMORY - SMALL} bytes are in the balloon, and the guest's available memory went "
               f"from {before} to {left}")
        held = ram_bytes(self.machine)
        expect(held <= SMALL, f"the guest may use {SMALL} bytes, and the host holds {held} for it")
        self.set_size(MEMORY)
        expect(self.available() > left + (MEMORY - SMALL) * 3 // 4,
               "the balloon is empty, and the guest's available memory did not grow")

    def reports(self):
        """What the guest frees goes back to the host by itself."""
        self.guest("meminfo")
        self.guest(f"fill {FILL_MIB}", 120)
        filled = ram_bytes(self.machine)
        self.guest("unfill")
        wait_for(f"the host held {filled} bytes, and after {FILL_MIB} MiB were freed",
                 lambda: ram_bytes(self.machine), lambda now: now < filled - REPORTED)

    def statistics(self):
        def look():
            with self.machine.qmp() as client:
                return client.execute("x-torpor-query-balloon-stats")
        look()
        found = wait_for("statistics", look, lambda found: found["last-update"] > 0)
        total = found["stats"].get("stat-total-memory", 0)
        expect(0 < total <= MEMORY, f"the guest has {MEMORY} bytes and says it has {total}")

    # --- across its sleeps ---

    def suspends(self):
        self.hold()
        self.set_size(SMALL)
        before = len(self.machine.events())
        pending = self.machine.guest.start("suspend")
        index, _ = self.machine.wait_event("SUSPEND", 60, before)
        with self.machine.qmp() as client:
            client.execute("system_wakeup")
        self.machine.wait_event("WAKEUP", 10, index, reason="host")
        pending.answer(60)
        # Linux empties its balloon to suspend, and fills it again to what the host still wants.
        wait_for(f"the balloon back at {SMALL}", self.size, lambda now: now == SMALL)
        self.set_size(MEMORY)

    def after_suspend(self):
        self.held_ends()
        self.both_ways()
        self.reports()

    def hibernates(self):
        self.hold()
        self.set_size(SMALL)
        self.pending = self.machine.guest.start("hibernate")
        self.pending.wait_for("hibernating", 60)
        self.machine.expect_exit(10, 180)
        how = self.held_ends()
        expect(how in ("closed", "Connection reset by peer"),
               f"torpor ended, and a connection to its guest ended with '{how}'")

    def resumes(self):
        self.machine.__exit__(None, None, None)
        self.machine = self.make().start()
        self.pending.answer(180, self.machine.console)
        ended = self.guest("vsock ended").all("ended")
        reset = [line for line in ended if line.startswith(f"{GUEST_PORT} 1024 ")]
        expect(reset, "the guest's end of the connection from before is still there; ended are "
                      f"{ended}")

    def after_resume(self):
        self.both_ways()
        expect(self.size() == MEMORY, f"a new process asks for nothing, and has {self.size()}")
        self.shrinks()
        self.reports()

    def ends(self):
        self.guest("poweroff")
        self.machine.expect_exit(0)


SocketsAndBalloon.checks = [(name, made(method)) for name, method in (
    ("a guest with sockets and a balloon boots", SocketsAndBalloon.boots),
    ("4 MiB to the guest and back, 1 MiB on a connection that the guest makes",
     SocketsAndBalloon.both_ways),
    ("a CID that is taken is one line, exit 2", SocketsAndBalloon.cid_is_taken),
    ("the balloon takes memory from the guest and gives it to the host", SocketsAndBalloon.shrinks),
    ("memory that the guest frees goes back to the host", SocketsAndBalloon.reports),
    ("the guest's statistics reach the host", SocketsAndBalloon.statistics),
    ("it suspends with a connection open, and wakes", SocketsAndBalloon.suspends),
    ("after it the old connection ends, new ones and free page reports work",
     SocketsAndBalloon.after_suspend),
    ("it hibernates with a connection open, which ends", SocketsAndBalloon.hibernates),
    ("it resumes in a new process, its end of the connection reset", SocketsAndBalloon.resumes),
    ("after it new connections and the balloon work", SocketsAndBalloon.after_resume),
    ("it powers off, exit 0", SocketsAndBalloon.ends),
)]

SCENARIOS = {"sockets": SocketsAndBalloon}
