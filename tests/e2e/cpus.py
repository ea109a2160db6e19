# SPDX-License-Identifier: BSD-3-Clause
"""The machines of the end-to-end checks that are about CPUs and memory: how many, with what, how
much, and of which byte order."""

import argparse
import os
import pathlib
import re

import bare
from bare import Bare, BareMachine, checks
from tap import Scenario, Skip
from torporvm import Machine, expect

# Of /proc/cpuinfo in a guest, and of the small guest's line.
FLAGS = {"pauth": "paca", "sve": "sve"}
PROCESSOR = re.compile(r"^processor: pmu 0x([01]) pauth 0x([01]) sve 0x([0-9a-f]+)")


def host_features():
    """What the host has of --cpu-features; the counters can't be told apart from KVM's own view."""
    with open("/proc/cpuinfo", encoding="ascii") as info:
        flags = re.search(r"^Features\s*: (.*)$", info.read(), re.MULTILINE).group(1).split()
    return {name: flag in flags for name, flag in FLAGS.items()}


def check_features(seen, expected, where):
    for name, want in expected.items():
        expect(seen[name] == want, f"{where}: {name} is {'there' if seen[name] else 'missing'}, "
                                   f"expected it {'there' if want else 'missing'}")


class Processor(Bare):
    """The small guest with all features that the host has, then with none."""

    cases = ("processor", "cycles")
    options_of = ()

    def boot(self):
        self.seen = 0
        if self.machine:
            self.machine.__exit__(None, None, None)
        self.machine = BareMachine(self.options, self.name, cpus=self.cpus, memory="64M",
                                   psci=self.psci, cmdline="case=" + ",".join(self.cases),
                                   extra=self.options_of)
        self.machine.start()

    def features(self):
        _, match = self.machine.console.wait(PROCESSOR, bare.CASE_LIMIT_S)
        pmu, pauth, sve = (int(number, 16) for number in match.groups())
        return {"pmu": pmu == 1, "pauth": pauth == 1, "sve": sve != 0}

    def all_on(self):
        self.boot()
        check_features(self.features(), host_features(), "with the default")

    def pmu(self):
        if not pathlib.Path("/sys/bus/event_source/devices").is_dir() or not any(
                name.startswith("armv8") for name in
                os.listdir("/sys/bus/event_source/devices")):
            raise Skip("the host has no performance counters of its own")
        expect(self.features()["pmu"], "the host has a PMU and the guest has none")

    def registers(self):
        self.case("processor")
        self.case("cycles")
        self.powers_off()

    def all_off(self):
        self.options_of = ("--cpu-features", "pmu=off,pauth=off,sve=off")
        self.boot()
        check_features(self.features(), {"pmu": False, "pauth": False, "sve": False},
                       "with all off")

    def insisted(self):
        missing = [name for name, there in host_features().items() if not there]
        if not missing:
            raise Skip("the host has all features")
        self.options_of = ("--cpu-features", missing[0] + "=on")
        self.boot()
        self.machine.expect_exit(1)
        expect(any("--cpu-features" in line for line in self.machine.stderr_lines),
               f"the message does not name the option: {self.machine.stderr_lines}")


Processor.checks = [
    ("the small guest has the vectors and keys that the host has", Processor.all_on),
    ("and the performance counters", Processor.pmu),
    ("with them, a start leaves nothing of the state before", Processor.registers),
    ("--cpu-features leaves each of them out", Processor.all_off),
    ("without them, a start leaves nothing of the state before", Processor.registers),
    ("--cpu-features NAME=on is refused where the host has none", Processor.insisted),
]


class BigEndian(Bare):
    cases = ("suspend", "powerdown", "on", "cycles", "asleep", "arguments")

    def __init__(self, options):
        super().__init__(options)
        self.name = "bare-big-endian"
        folder = pathlib.Path(options.bare).parent
        self.options = argparse.Namespace(**{**vars(options), "bare": folder / "bare-be.img"})


BigEndian.checks = checks(BigEndian, ("big-endian, it powers off, exit 0", BigEndian.powers_off))


class Linux(Scenario):
    """What Linux sees of its CPUs, and what the host gives of its memory."""

    def boots(self):
        self.machine = Machine(self.options, "linux-features", memory="512M")
        self.machine.start()
        self.machine.guest.wait_ready()

    def features(self):
        answer = self.machine.guest.run("cpuinfo")
        flags = answer["features"].split()
        check_features({name: flag in flags for name, flag in FLAGS.items()}, host_features(),
                       "in Linux")

    def memory(self):
        """What the guest has not touched, the host has not given."""
        status = pathlib.Path(f"/proc/{self.machine.process.pid}/status").read_text("ascii")
        used = int(re.search(r"^VmRSS:\s+(\d+) kB", status, re.MULTILINE).group(1))
        expect(used < 400 * 1024, f"{used} kB are in use, of 512 MiB that the guest has hardly "
                                  "touched")


Linux.checks = [
    ("Linux boots with the CPUs that the host can give", Linux.boots),
    ("it has the vectors and keys that the host has", Linux.features),
    ("RAM is not touched before the guest does", Linux.memory),
]

SCENARIOS = {"bare-processor": Processor, "bare-big-endian": BigEndian, "linux-features": Linux}
