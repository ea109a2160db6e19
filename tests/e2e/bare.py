# SPDX-License-Identifier: BSD-3-Clause
"""The machines of the end-to-end checks that run a small guest of our own instead of Linux.

It makes the calls that Linux does not make, and looks at what they leave in registers and memory.
See bare/bare.h for what it writes.
"""

import re

from tap import Scenario
from torporvm import Machine, expect

FAILED = re.compile(r"not ok ")
CASE_LIMIT_S = 120
# Where the marks are that a reset takes away or keeps: one each MiB of what is beyond the first 16.
MARKED_MIB = 48


class BareMachine(Machine):
    """One torpor process with the small guest."""

    def _arguments(self, cpus, memory, psci, disks, append, extra):
        return ["--kernel", str(self.options.bare), "--append", append, "--cpus", str(cpus),
                "--memory", memory, "--psci", psci, "--events", str(self.events_file),
                "--control", str(self.control), "--pidfile", str(self.pidfile), *extra]


class Bare(Scenario):
    """A machine that runs .cases, one after the other."""

    cases = ()
    cpus = 2
    psci = "1.3"
    # How many of the lines on the console have been looked at.
    seen = 0

    def __init__(self, options):
        super().__init__(options)
        self.name = f"bare-{self.cases[0]}-{self.psci}"

    def boot(self):
        self.machine = BareMachine(self.options, self.name, cpus=self.cpus, memory="64M",
                                   psci=self.psci, cmdline="case=" + ",".join(self.cases))
        self.machine.start()
        _, match = self.machine.console.wait("^bare: psci 0x([0-9a-f]+) cpus 0x([0-9a-f]+)",
                                             CASE_LIMIT_S)
        major, minor = (int(part) for part in self.psci.split("."))
        version, cpus = (int(number, 16) for number in match.groups())
        expect(version == major << 16 | minor,
               f"PSCI_VERSION is {version:#x}, expected that of {self.psci}")
        expect(cpus == self.cpus, f"the guest finds {cpus} CPUs, expected {self.cpus}")

    def case(self, name):
        """Waits for the end of case @name; none of its checks may have failed."""
        console = self.machine.console
        end, match = console.wait(rf"^(not )?ok {name} # ", CASE_LIMIT_S, self.seen,
                                  f"end of case '{name}'")
        failed = [line for line in console.lines[self.seen:end + 1] if FAILED.match(line)]
        self.seen = end + 1
        expect(not failed and not match.group(1), "\n".join(failed))

    def powers_off(self):
        self.machine.expect_exit(0)
        expect("the end" in self.machine.console.lines[self.seen:],
               "the machine powered off and its guest did not come to its end")


def runs(name):
    """The check of a guest's case."""
    return lambda scenario: scenario.case(name)


class Suspends(Bare):
    cases = ("suspend", "powerdown", "naps", "endian", "asleep", "freeze", "system", "ids",
             "features", "arguments", "bus")

    def wake_events(self):
        """What woke the machine, as the host is told."""
        woken = [event for event in self.machine.events() if event["event"] == "WAKEUP"]
        expect(len(woken) == 3, f"expected 3 WAKEUP events, got {woken}")
        for event in woken:
            expect(event.get("device") == "timer" and event.get("intid") == 27,
                   f"expected a wake-up by the timer, INTID 27, got {event}")


class Many(Bare):
    cases = ("on", "race", "naps")
    cpus = 16


class Crowd(Bare):
    """More than 123 CPUs: redistributors in two ranges, nine affinities at level 1."""

    cases = ("on",)
    cpus = 130


class Cycles(Bare):
    cases = ("cycles",)

    def counted(self):
        for name in ("CPU_ON", "CPU_OFF"):
            count = sum(event["event"] == name and event["cpu"] == 1
                        for event in self.machine.events())
            expect(count == 200, f"expected 200 {name} events of CPU 1, got {count}")


class Oldest(Bare):
    cases = ("suspend", "powerdown", "endian", "on", "asleep", "ids", "bus")
    psci = "0.2"


class Hibernates(Bare):
    cases = ("off2",)
    cpus = 1

    def hibernated(self):
        self.machine.expect_exit(10)
        self.machine.wait_event("SUSPEND_DISK", 0)


class HibernatesNarrow(Hibernates):
    cases = ("off2-narrow",)


class LastOff(Bare):
    cases = ("last",)

    def nothing_left(self):
        self.machine.expect_exit(12)
        self.machine.wait_event("SHUTDOWN", 0, reason="guest-panic")


class Resets(Bare):
    cases = ("reset",)

    def marks(self, expected):
        _, match = self.machine.console.wait(r"^boot marks 0x([0-9a-f]+) other 0x([0-9a-f]+)",
                                             CASE_LIMIT_S, self.seen)
        found, other = (int(number, 16) for number in match.groups())
        expect((found, other) == (expected, 0),
               f"of {MARKED_MIB} marks that the boot before left in RAM, {found} are there and "
               f"{other} are something else; expected {expected} and none")
        self.case("reset")

    def first(self):
        self.boot()
        self.marks(0)

    def reset(self, key, marks, **event):
        """The guest resets its machine as it is told; @marks are there afterwards."""
        before = len(self.machine.events())
        self.machine.console.send(key)
        index, _ = self.machine.wait_event("RESET", 30, before, **event)
        self.machine.wait_event("STARTED", 30, index)
        self.marks(marks)

    def cold(self):
        self.reset("c", 0, reason="guest-reset")

    def protected(self):
        self.reset("C", 0, reason="guest-reset")

    def warm(self):
        self.reset("w", MARKED_MIB, reason="guest-reset2", type=0)

    def warm_narrow(self):
        self.reset("n", MARKED_MIB, reason="guest-reset2", type=0, cookie=0xFFFFFFFF)

    def vendor(self):
        self.reset("v", 0, reason="guest-reset2", type=0x87654321, cookie=0x8123456789ABCDEF)

    def vendor_narrow(self):
        self.reset("V", 0, reason="guest-reset2", type=0x80000000, cookie=0x89ABCDEF)

    def ends(self):
        self.machine.console.send("o")
        self.machine.expect_exit(0)


def checks(scenario, *last):
    """It boots, each of its cases passes, and what is to be seen then."""
    return [(f"{scenario.psci}: the small guest {scenario.cases[0]} boots", scenario.boot),
            *((f"{scenario.psci}: the small guest's case '{name}'", runs(name))
              for name in scenario.cases), *last]


Suspends.checks = checks(Suspends, ("the timer is told as what woke the machine",
                                    Suspends.wake_events),
                         ("the small guest powers off, exit 0", Suspends.powers_off))
Many.checks = checks(Many, ("with 16 CPUs it powers off, exit 0", Many.powers_off))
Crowd.checks = checks(Crowd, ("with 130 CPUs it powers off, exit 0", Crowd.powers_off))
Cycles.checks = checks(Cycles, ("each start and stop of CPU 1 is told", Cycles.counted))
Oldest.checks = checks(Oldest, ("0.2: the small guest powers off, exit 0", Oldest.powers_off))
Hibernates.checks = checks(Hibernates, ("SYSTEM_OFF2 of type 0 is exit 10",
                                        Hibernates.hibernated))
HibernatesNarrow.checks = checks(HibernatesNarrow, ("SYSTEM_OFF2 of type 1, SMC32, is exit 10",
                                                    HibernatesNarrow.hibernated))
LastOff.checks = checks(LastOff, ("CPU_OFF of the last CPU is exit 12", LastOff.nothing_left))
Resets.checks = [
    ("the small guest boots with RAM that is zero", Resets.first),
    ("SYSTEM_RESET leaves nothing in RAM", Resets.cold),
    ("SYSTEM_RESET with MEM_PROTECT leaves nothing in RAM", Resets.protected),
    ("SYSTEM_RESET2, warm, keeps RAM and resets all else", Resets.warm),
    ("so does SMC32, and its cookie is told", Resets.warm_narrow),
    ("SYSTEM_RESET after it leaves nothing in RAM", Resets.cold),
    ("a vendor's SYSTEM_RESET2 leaves nothing in RAM; type and cookie are told", Resets.vendor),
    ("SMC32 likewise, of a type and cookie of 32 bits", Resets.vendor_narrow),
    ("after resets the small guest powers off, exit 0", Resets.ends),
]

SCENARIOS = {
    "bare-suspend": Suspends, "bare-many": Many, "bare-crowd": Crowd,
    "bare-cycles": Cycles, "bare-0.2": Oldest,
    "bare-off2": Hibernates, "bare-off2-narrow": HibernatesNarrow, "bare-last": LastOff,
    "bare-reset": Resets,
}
