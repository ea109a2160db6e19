# SPDX-License-Identifier: BSD-3-Clause
"""The machines of the end-to-end checks, each booted once and used for as much as it can show.

One per PSCI version, from the newest: what does not depend on the version is spread over them.
"""

import pathlib
import signal
import subprocess
import time

import faults
import guest
import observe
import torporvm
from tap import Scenario, Skip
from torporvm import Machine, expect

MIB = 1 << 20
BLOCK = 4096


class Versioned(Scenario):
    """A machine with a pinned PSCI version, and what is true at each."""

    version = None

    def __init__(self, options):
        super().__init__(options)
        self.name = f"psci-{self.version}"
        self.work = pathlib.Path(options.work) / (self.name + "-disks")
        self.work.mkdir(parents=True, exist_ok=True)
        self.disk = torporvm.blank_disk(self.work / "disk.raw", 64 * MIB)

    def use(self, machine):
        """@machine in place of the one before, started."""
        if self.machine:
            self.machine.__exit__(None, None, None)
        self.machine = machine
        machine.start()
        return machine

    def make(self):
        return Machine(self.options, self.name, psci=self.version, disks=[self.disk])

    def boots(self):
        self.use(self.make())
        self.machine.guest.wait_ready()
        observe.psci_version(self.machine, self.version)

    def hotplug(self):
        observe.cpu_off(self.machine, 1)
        if self.version != "0.1":
            observe.cpu_killed(self.machine, 1)
        observe.cpu_on(self.machine, 1)

    def no_suspend_to_ram(self):
        modes = self.machine.guest.run("report")["mem_sleep"]
        expect("deep" not in modes, f"SYSTEM_SUSPEND is not of PSCI {self.version}, and the guest "
                                    f"offers {modes}")

    def powers_off(self):
        self.machine.guest.run("poweroff")
        self.machine.expect_exit(0)
        self.machine.wait_event("SHUTDOWN", 0)

    def refused_command(self, command, why):
        """The guest must see @command fail with @why."""
        try:
            self.machine.guest.run(command)
        except guest.GuestRefused as refused:
            expect(why in refused.why, f"expected '{command}' to fail with '{why}' in the guest, "
                                       f"it failed with: {refused.why}")
            return refused.answer
        raise torporvm.Failure(f"expected '{command}' to fail in the guest, it succeeded")

    def stderr_settles(self):
        """What torpor logs comes by another pipe than the guest's answer."""
        time.sleep(0.5)


class Psci13(Versioned):
    version = "1.3"
    bad_offset = 16 * MIB

    def make(self):
        self.bad = torporvm.blank_disk(self.work / "bad.raw", 64 * MIB)
        self.fixed = torporvm.blank_disk(self.work / "read-only.raw", MIB)
        return faults.failing_machine(
            self.options, self.name,
            [self.disk, f"{self.bad},aio=threads", f"{self.fixed},ro"], self.bad,
            "--read-error", self.bad_offset, psci=self.version)

    def read_error(self):
        block = self.bad_offset // BLOCK
        self.machine.guest.run("disk read vdb 0 4")
        self.refused_command(f"disk read vdb {block} 1", "Input/output error")
        self.refused_command(f"disk read vdb {block} 1", "Input/output error")
        self.machine.guest.run("disk read vdb 0 4")
        self.stderr_settles()
        faults.logged_once(self.machine, self.bad)

    def read_only(self):
        before = self.fixed.read_bytes()
        self.machine.guest.run("disk read vdc 0 4")
        self.refused_command("disk write vdc 0 1 changed", "")
        expect(self.fixed.read_bytes() == before, f"{self.fixed} was given as read-only and the "
                                                  "guest changed it")

    def asleep(self):
        before = len(self.machine.events())
        pending = self.machine.guest.start("suspend")
        pending.wait_for("suspending", 30)
        index, _ = self.machine.wait_event("SUSPEND", 60, before)
        observe.is_suspended(self.machine)
        return pending, index

    def caller_registers(self):
        image = observe.image_range(self.machine)
        conduit = observe.conduit_address(self.machine)
        self.pending, self.index = self.asleep()
        observe.suspended_caller(self.machine, image, conduit)

    def suspend_refused(self):
        with self.machine.qmp() as client:
            client.execute("x-torpor-refuse-suspend")
        try:
            self.pending.answer(60)
        except guest.GuestRefused as refused:
            answer = refused.answer
        else:
            raise torporvm.Failure("the host refused the suspend and the guest saw it succeed")
        self.machine.wait_event("WAKEUP", 5, self.index, reason="refused")
        # DENIED is EPERM to Linux.
        expect(answer["suspend_last_failed_errno"] == "-1" and answer["suspend_fail"] == "1",
               "expected the guest to count one suspend failed by EPERM (-1), it counts "
               f"{answer['suspend_fail']}, the last by {answer['suspend_last_failed_errno']}")
        expect(self.machine.query_status().get("status") == "running",
               "refused, the machine is not running")

    def host_wakes(self):
        pending, index = self.asleep()
        with self.machine.qmp() as client:
            client.execute("system_wakeup")
        self.machine.wait_event("WAKEUP", 10, index, reason="host")
        answer = pending.answer(60)
        expect(answer["suspend_success"] == "1",
               f"expected one suspend that succeeded, the guest counts {answer['suspend_success']}")
        observe.guest_woken_by_host(answer)
        self.hotplug()


class Psci12(Versioned):
    version = "1.2"

    def make(self):
        self.small = faults.SmallDisk(self.work / "small", 4 * MIB)
        self.full = torporvm.blank_disk(self.small.folder / "full.raw", 64 * MIB)
        return self.make_again()

    def make_again(self):
        return Machine(self.options, self.name, psci=self.version, disks=[self.disk, self.full],
                       extra=["--no-reboot"], terminal=True)

    def close(self):
        super().close()
        if getattr(self, "small", None):
            self.small.close()
            self.small = None

    def killed_first(self):
        """A machine that was killed leaves nothing that keeps it from being started again."""
        machine = self.use(self.make())
        machine.wait_event("STARTED", 60)
        with machine.qmp():
            machine.process.kill()
            machine.process.wait()
        again = self.use(self.make_again())
        again.wait_event("STARTED", 60)
        expect(again.query_status().get("running") is True, "the second machine does not run")
        expect(again.pidfile.read_text().strip() == str(again.process.pid),
               f"{again.pidfile}: expected the pid of the machine started again")

    def boots(self):
        self.machine.guest.wait_ready()
        observe.psci_version(self.machine, self.version)

    def full_disk(self):
        if not self.small.mounted:
            raise Skip("a full disk takes a mount, so root")
        self.refused_command("disk write vdb 0 4096", "Input/output error")
        self.refused_command("disk write vdb 8192 1024", "Input/output error")
        self.machine.guest.run("disk write vda 0 1 fine")
        self.stderr_settles()
        faults.logged_once(self.machine, self.full)

    def no_reboot(self):
        self.machine.guest.run("reboot")
        self.machine.expect_exit(11)
        self.machine.wait_event("RESET", 0)

    def terminal_restored(self):
        expect(self.machine.restored_terminal == self.machine.saved_terminal,
               "the terminal's settings after torpor ended are not those from before")


class Psci11(Versioned):
    version = "1.1"

    def reboots(self):
        """RESET2 is of 1.1: Linux uses it for a warm reboot."""
        pid = self.machine.process.pid
        before = len(self.machine.events())
        self.machine.guest.run("reboot")
        self.machine.wait_event("RESET", 30, before)
        self.machine.guest.wait_ready()
        expect(self.machine.process.poll() is None and self.machine.process.pid == pid,
               "torpor ended at the reboot")
        self.hotplug()

    def crashes(self):
        # Where QEMU's machine has a device that torpor's has not.
        self.machine.guest.run("crash 0x09020000")
        self.machine.expect_exit(12)
        self.machine.wait_event("SHUTDOWN", 0, reason="guest-panic")


class Psci10(Versioned):
    version = "1.0"

    def terminated(self):
        """A second SIGTERM ends the machine in order; what the guest wrote is on its disk."""
        self.machine.guest.run("disk write vda 5 1 torpor-was-here")
        self.machine.process.send_signal(signal.SIGTERM)
        self.machine.wait_event("POWERDOWN", reason="host-signal")
        # It has no driver for its power key.
        self.machine.guest.run("report")
        self.machine.process.send_signal(signal.SIGTERM)
        self.machine.expect_exit(13)
        self.machine.wait_event("SHUTDOWN", 0, reason="host-signal")
        with open(self.disk, "rb") as disk:
            disk.seek(5 * BLOCK)
            expect(disk.read(15) == b"torpor-was-here", f"{self.disk}: what the guest wrote is "
                                                        "not on it")
        for left in (self.machine.control, self.machine.pidfile):
            expect(not left.exists(), f"{left} is still there after an end in order")


class Psci02(Versioned):
    version = "0.2"


class Psci01(Versioned):
    version = "0.1"

    def cannot_power_off(self):
        """0.1 has no SYSTEM_OFF: Linux halts, and only the host ends the machine."""
        self.machine.guest.run("poweroff")
        self.machine.console.wait("System halted", 30, what="'System halted'")
        expect(self.machine.process.poll() is None, "torpor ended, and PSCI 0.1 has no SYSTEM_OFF")

    def quits(self):
        with self.machine.qmp() as client:
            client.execute("quit")
        self.machine.expect_exit(13)
        self.machine.wait_event("SHUTDOWN", 0, reason="host-qmp-quit")


class FlushFails(Versioned):
    """A second disk takes writes and cannot be flushed: only the end of the hibernation sees it."""

    version = "1.3"

    def __init__(self, options):
        super().__init__(options)
        self.name = "flush"
        self.disk = torporvm.blank_disk(self.work / "swap.raw", 512 * MIB)

    def make(self):
        self.bad = torporvm.blank_disk(self.work / "no-flush.raw", MIB)
        return faults.failing_machine(
            self.options, self.name, [self.disk, f"{self.bad},aio=threads"], self.bad,
            "--flush-error", psci=self.version)

    def hibernates(self):
        self.machine.guest.run("disk write vdb 0 1 unflushed")
        self.machine.guest.start("hibernate").wait_for("hibernating", 60)
        self.machine.expect_exit(1, 180)
        names = [event["event"] for event in self.machine.events()]
        expect("SUSPEND_DISK" not in names, "the disks are not flushed, and the events say "
                                            "SUSPEND_DISK")
        faults.logged_once(self.machine, self.bad)


class Options(Scenario):
    """No machine is made: usage errors."""

    def __init__(self, options):
        super().__init__(options)
        self.good = ["--kernel", str(options.kernel), "--initrd", str(options.initrd)]

    def torpor(self, *args):
        return subprocess.run([str(self.options.torpor), *args], stdin=subprocess.DEVNULL,
                              capture_output=True, text=True, timeout=30, check=False)

    def bad_options(self):
        missing = "/nonexistent/file"
        for name, args in (
                ("--frobnicate", [*self.good, "--frobnicate"]),
                ("--kernel", []),
                (missing, ["--kernel", missing]),
                (missing, ["--kernel", str(self.options.kernel), "--initrd", missing]),
                (missing, [*self.good, "--disk", missing]),
                ("--cpus", [*self.good, "--cpus", "0"]),
                ("--cpus", [*self.good, "--cpus", "513"]),
                ("--cpus", [*self.good, "--cpus", "two"]),
                ("--memory", [*self.good, "--memory", "lots"]),
                ("--psci", [*self.good, "--psci", "2.0"]),
                ("--psci", [*self.good, "--psci", "1"]),
                ("--machine", [*self.good, "--machine", "torpor-0"])):
            done = self.torpor("run", *args)
            lines = done.stderr.splitlines()
            shown = f"torpor run {' '.join(args)}"
            expect(done.returncode == 2, f"{shown}: exit status {done.returncode}, expected 2")
            expect(len(lines) == 1 and name in lines[0],
                   f"{shown}: expected one line that names {name}, got {lines}")

    def helps(self):
        for args in (["--help"], ["run", "--help"]):
            done = self.torpor(*args)
            expect(done.returncode == 0 and done.stdout, f"torpor {' '.join(args)}: expected text "
                                                         f"and status 0, got {done.returncode}")
        for option in ("--kernel", "--disk", "--psci", "--events", "--control", "--no-reboot"):
            expect(option in done.stdout, f"torpor run --help does not tell of {option}")


def first_lines(scenario):
    """The checks that every version begins with."""
    return [(f"{scenario.version}: the guest finds this PSCI version", scenario.boots),
            (f"{scenario.version}: CPU 1 goes off and on", scenario.hotplug)]


Options.checks = [
    ("a bad option or file is one line that names it, exit 2", Options.bad_options),
    ("--help tells of the options", Options.helps),
]
Psci13.checks = [
    *first_lines(Psci13),
    ("a read error reaches the guest as an I/O error and is logged once", Psci13.read_error),
    ("a read-only disk can be read and not written", Psci13.read_only),
    ("the suspended caller's PC and x0 to x2 are those of its call", Psci13.caller_registers),
    ("a suspend that the host refuses fails in the guest, which runs on", Psci13.suspend_refused),
    ("the host wakes a suspended guest, and CPU 1 still goes off and on", Psci13.host_wakes),
    ("1.3: the guest powers off, exit 0", Psci13.powers_off),
]
Psci12.checks = [
    ("a killed machine leaves no half state: it can be started again", Psci12.killed_first),
    *first_lines(Psci12),
    ("a full disk reaches the guest as an I/O error and is logged once", Psci12.full_disk),
    ("a reboot with --no-reboot is exit 11", Psci12.no_reboot),
    ("the terminal is as it was before", Psci12.terminal_restored),
]
Psci11.checks = [
    *first_lines(Psci11),
    ("1.1: a reboot stays in the same process, and CPU 1 goes off and on", Psci11.reboots),
    ("a guest that crashes is exit 12", Psci11.crashes),
]
Psci10.checks = [
    *first_lines(Psci10),
    ("a second SIGTERM ends the machine in order: exit 13, written data on disk",
     Psci10.terminated),
]
Psci02.checks = [
    *first_lines(Psci02),
    ("0.2: the guest is offered no suspend to RAM", Psci02.no_suspend_to_ram),
    ("0.2: the guest powers off, exit 0", Psci02.powers_off),
]
Psci01.checks = [
    *first_lines(Psci01),
    ("0.1: the guest is offered no suspend to RAM", Psci01.no_suspend_to_ram),
    ("0.1: the guest halts and does not power off", Psci01.cannot_power_off),
    ("quit over the control socket is exit 13", Psci01.quits),
]
FlushFails.checks = [
    ("a machine with a disk that cannot be flushed boots", FlushFails.boots),
    ("hibernation with a disk that cannot be flushed is exit 1, not 10", FlushFails.hibernates),
]

# The longest first, so that the last to end is a short one.
SCENARIOS = {
    "options": Options, "flush": FlushFails, "psci-1.3": Psci13, "psci-1.1": Psci11,
    "psci-1.2": Psci12, "psci-1.0": Psci10, "psci-0.2": Psci02, "psci-0.1": Psci01,
}
