# SPDX-License-Identifier: BSD-3-Clause
"""A Linux guest that boots with ACPI, without any firmware: CPUs, buttons, clock, hibernation.

The guest's kernel is Debian's generic one, which has a driver for the hibernate key as well.
"""

import pathlib
import time
import types
import uuid

import observe
import torporvm
from tap import Scenario
from torporvm import Machine, expect

MIB = 1 << 20
GPIO_INTID = 39
BOOT_S = 240
REACT_S = 90
TABLES = {"FACP", "FACS", "APIC", "GTDT", "SPCR", "DSDT"}
# 29 February 2024, 23:59:58: what is worth a look at a conversion.
LEAP_DAY = 1709251198


class Acpi(Scenario):
    """A machine that is started again and again with the same disk."""

    def __init__(self, options):
        super().__init__(types.SimpleNamespace(
            **{**vars(options), "kernel": options.generic_kernel,
               "initrd": options.generic_initrd}))
        self.name = "acpi"
        work = pathlib.Path(options.work) / "acpi-disks"
        work.mkdir(parents=True, exist_ok=True)
        self.disk = torporvm.blank_disk(work / "disk.raw", 512 * MIB)
        self.nonce = uuid.uuid4().hex

    def start(self, name, signature, append=""):
        if self.machine:
            self.machine.__exit__(None, None, None)
        self.machine = Machine(
            self.options, name, disks=[self.disk], memory="512M", append=append,
            extra=["--firmware-tables", "acpi", "--hardware-signature", signature,
                   "--idle-states", "--watchdog"])
        self.machine.start()

    def ask(self, command, **arguments):
        with self.machine.qmp() as client:
            return client.execute(command, arguments or None)

    def boots(self):
        self.start("acpi", "0x5eed0001")
        self.machine.guest.wait_ready(BOOT_S)
        self.machine.guest.set_nonce(self.nonce)
        observe.psci_version(self.machine, "1.3")
        self.answer = self.machine.guest.run("acpi")
        missing = TABLES - set(self.answer.all("table"))
        expect(not missing, f"the guest has no tables {', '.join(sorted(missing))}")
        expect(set(self.answer.all("node")) <= {"chosen"},
               f"the guest was told by a device tree of {self.answer.all('node')}")
        told = " ".join(self.answer.all("acpi"))
        expect("Interpreter enabled" in told, f"the guest does not use ACPI, it says: {told}")

    def takes_all(self):
        told = " ".join(self.answer.all("acpi"))
        for button in ("Power Button", "Sleep Button"):
            expect(button in told, f"the guest has no {button}, it says: {told}")
        expect(not self.answer.all("errors"),
               f"the guest complains of the tables: {self.answer.all('errors')}")

    def hotplug(self):
        observe.cpu_off(self.machine, 1)
        observe.cpu_killed(self.machine, 1)
        observe.cpu_on(self.machine, 1)

    def clock(self):
        seen = int(self.machine.guest.run("acpi")["rtc_since_epoch"])
        expect(abs(seen - time.time()) < 60,
               f"the guest's clock says {seen}, the host's {time.time():.0f}")

    def clock_set(self):
        now = time.time()
        seen = int(self.machine.guest.run(f"acpi_clock {LEAP_DAY}")["rtc_since_epoch"])
        expect(0 <= seen - LEAP_DAY < 60, f"set to {LEAP_DAY}, the guest's clock says {seen}")
        self.machine.guest.run(f"acpi_clock {now:.0f}")

    def idle(self):
        answer = self.machine.guest.run("idle_states")
        expect(answer["driver"] == "acpi_idle" and len(answer.all("state")) == 3,
               f"the guest's idle states: {answer.pairs}")
        with self.machine.qmp() as client:
            states = client.execute("x-torpor-query-cpu", {"cpu": 0})
        self.machine.guest.run("rest 2")
        used = [line for line in self.machine.guest.run("idle_count").all("usage")
                if int(line.split()[2]) > 0]
        expect(used, f"no idle state was used: {states}")

    def obeys(self):
        names = self.machine.guest.run("keys").all("wakeup")
        for prefix in ("PNP0C0C", "PNP0C0E", "PRP0001"):
            expect(any(name.startswith(prefix) for name in names),
                   f"{prefix} is no wake-up source of the guest's: {names}")

    def suspends(self):
        before = len(self.machine.events())
        self.ask("x-torpor-suspend")
        return self.machine.wait_event("SUSPEND", REACT_S, before)[0]

    def host_wakes(self):
        index = self.suspends()
        self.ask("system_wakeup")
        self.machine.wait_event("WAKEUP", 10, index, reason="host")
        self.machine.guest.run("report", REACT_S)
        self.hotplug()

    def alarm_wakes(self):
        """The machine is still suspended some seconds before, and awake some after."""
        before = len(self.machine.events())
        pending = self.machine.guest.start("suspend 8")
        pending.wait_for("suspending", 30)
        index, asleep = self.machine.wait_event("SUSPEND", 60, before)
        _, awake = self.machine.wait_event("WAKEUP", 60, index, reason="device", device="pl031",
                                           intid=GPIO_INTID)
        slept_s = (awake["ts_ns"] - asleep["ts_ns"]) / 1e9
        expect(1 < slept_s < 12, f"the alarm was set 8 s ahead, the guest slept {slept_s:.1f} s")
        answer = pending.answer(60)
        expect(answer["alarm"].isdigit(), f"the guest says of its alarm: {answer['alarm']}")

    def hibernates(self):
        self.ask("x-torpor-hibernate")
        self.machine.expect_exit(10, REACT_S)

    def resumes(self):
        # Reading the image would take twice as long with idle states.
        self.start("acpi-again", "0x5eed0001", "cpuidle.off=1")
        self.machine.console.wait("@torpor 0 [.] resumed yes", BOOT_S)
        answer = self.machine.guest.run("nonce get")
        expect(self.nonce in answer.all("nonce"), "the guest has lost what it held in memory")

    def another_machine(self):
        self.hibernates()
        self.start("acpi-other", "0x5eed0002", "cpuidle.off=1")
        self.machine.guest.wait_ready(BOOT_S)
        lines = self.machine.guest.run("dmesg hardware.signature").all("dmesg")
        expect(any("hardware signature mismatch" in line for line in lines),
               f"the guest does not say why it did not resume: {lines}")

    def reboots(self):
        before = len(self.machine.events())
        self.machine.guest.run("reboot")
        self.machine.wait_event("RESET", 30, before)
        self.machine.guest.wait_ready(BOOT_S)
        self.machine.guest.run("keys")

    def button_wakes(self):
        """Linux takes a button that wakes it for that alone; torpor presses it again."""
        before = self.suspends()
        self.ask("system_powerdown")
        self.machine.wait_event("WAKEUP", REACT_S, before, reason="device", device="pl061",
                                intid=GPIO_INTID, key="power")
        self.machine.expect_exit(0, REACT_S)
        self.machine.wait_event("SHUTDOWN", 0, before, reason="guest-shutdown")


Acpi.checks = [
    ("a generic kernel boots with ACPI and no device tree", Acpi.boots),
    ("it takes all of the tables without a complaint", Acpi.takes_all),
    ("a CPU goes off and on", Acpi.hotplug),
    ("its clock is a Time and Alarm Device", Acpi.clock),
    ("the clock can be set", Acpi.clock_set),
    ("it uses the idle states of _LPI", Acpi.idle),
    ("the buttons and the hibernate key are wake-up sources", Acpi.obeys),
    ("the sleep button suspends it, the host wakes it", Acpi.host_wakes),
    ("the clock's alarm wakes it", Acpi.alarm_wakes),
    ("the hibernate key: it hibernates, exit 10", Acpi.hibernates),
    ("unchanged, it resumes with its memory", Acpi.resumes),
    ("with another signature it boots clean, and says why", Acpi.another_machine),
    ("it reboots", Acpi.reboots),
    ("suspended, the power button wakes it, and it powers off: exit 0", Acpi.button_wakes),
]

SCENARIOS = {"acpi": Acpi}
