# SPDX-License-Identifier: BSD-3-Clause
"""What is promised of a Debian guest with systemd, one check after the other on one machine.

The commands go to root's shell on the console; tools/torporbed/distro_disk has the other side.
"""

import functools
import time
import uuid

import observe
from guest import GuestError
from tap import Scenario
from torporvm import Machine, expect

TABLES = ("dt", "acpi")
# A kernel with all its drivers, udev and systemd, all of it emulated twice.
BOOT_S = 600
REACT_S = 180
ALARM_S = 60
TRY_S = 10
ROOT, SWAP = "/dev/vda1", "/dev/vda2"


def read(machine, command):
    """The last line that a command prints."""
    lines = machine.guest.run(command, REACT_S).all("out")
    return lines[-1] if lines else ""


def answers(machine, timeout_s):
    """Linux drops what is typed before it has resumed its UART: typed until it is answered."""
    deadline = time.monotonic() + timeout_s
    while True:
        try:
            machine.guest.run("true", TRY_S)
            return
        except GuestError:
            if time.monotonic() > deadline or machine.console.closed:
                raise


class Debian(Scenario):
    """One installed system, through all its power states."""

    def __init__(self, tables, options):
        super().__init__(options)
        self.tables = tables
        self.nonce = uuid.uuid4().hex
        self.boot_id = None
        self.starts = 0

    # --- the machine ---

    def start(self):
        """The same machine each time, in another process."""
        self.starts += 1
        extra = [] if self.tables == "dt" else ["--firmware-tables", self.tables]
        self.machine = Machine(
            self.options, f"debian-{self.tables}-{self.starts}", disks=[self.options.disk],
            memory="1G", extra=extra, append=f"root={ROOT} resume={SWAP}")
        self.machine.start()

    def ask(self, command, **arguments):
        with self.machine.qmp() as client:
            return client.execute(command, arguments or None)

    def expect_status(self, status):
        seen = self.ask("query-status")
        expect(seen["status"] == status, f"query-status gives {seen}, expected {status}")

    def begin(self, command):
        """Sends what ends in a power state: its answer comes at an unknown time, or never."""
        before = len(self.machine.events())
        self.machine.guest.start(command)
        return before

    def same_memory(self, timeout_s=REACT_S):
        """The shell that was given the nonce answers: the same boot, the same process."""
        answers(self.machine, timeout_s)
        seen = read(self.machine, 'echo "$(< /proc/sys/kernel/random/boot_id) $nonce"')
        expect(seen == f"{self.boot_id} {self.nonce}",
               f"boot_id and nonce are {seen}, expected {self.boot_id} {self.nonce}")

    def nothing_failed(self):
        failed = read(self.machine, "systemctl --failed --no-legend --plain | tr '\\n' ' '")
        expect(failed == "", f"units that failed: {failed}")

    # --- checks ---

    def booted(self):
        boot_id = self.machine.guest.wait_ready(BOOT_S)
        expect(boot_id != self.boot_id, f"boot_id {boot_id} is that of the boot before")
        self.boot_id = boot_id

    def boots(self):
        self.start()
        self.booted()

    def runs(self):
        state = read(self.machine, "timeout 500 systemctl is-system-running --wait; true")
        self.nothing_failed()
        expect(state == "running", f"systemctl is-system-running: {state}, expected running")
        init = read(self.machine, "cat /proc/1/comm; systemctl --version | head -n 1")
        expect(init.startswith("systemd "), f"the first process is not systemd: {init}")
        self.machine.guest.run(f"nonce={self.nonce}")
        self.same_memory()

    def tables_seen(self):
        found = read(self.machine, "ls -d /sys/firmware/acpi/tables /sys/firmware/devicetree/base"
                                   "/psci 2> /dev/null | tr '\\n' ' '")
        expect(("acpi" in found) == (self.tables == "acpi"),
               f"the guest has {found}, expected the tables of {self.tables}")

    def asleep(self, before):
        index, _ = self.machine.wait_event("SUSPEND", REACT_S, before)
        self.expect_status("suspended")
        return index

    def awake(self, index, **fields):
        self.machine.wait_event("WAKEUP", ALARM_S + 30, index, **fields)
        self.expect_status("running")
        self.same_memory()

    def suspends_by_alarm(self):
        self.machine.guest.run(f"rtcwake -m no -s {ALARM_S}", REACT_S)
        asleep = self.asleep(self.begin("systemctl suspend"))
        self.awake(asleep, reason="device", device="pl031")

    def suspends_by_systemctl(self):
        asleep = self.asleep(self.begin("systemctl suspend"))
        observe.idle_ticks(self.machine, 5)
        self.ask("system_wakeup")
        self.awake(asleep, reason="host")

    def suspends_by_key(self):
        before = len(self.machine.events())
        self.ask("x-torpor-suspend")
        asleep = self.asleep(before)
        self.ask("system_wakeup")
        self.awake(asleep, reason="host")

    def counted(self):
        """systemd saw each of them, and none that failed."""
        self.nothing_failed()
        counts = read(self.machine, "cd /sys/power/suspend_stats && echo $(cat success fail)")
        wanted = len([event for event in self.machine.events() if event["event"] == "SUSPEND"])
        expect(counts == f"{wanted} 0",
               f"suspends that succeeded and failed: {counts}, expected {wanted} 0")

    def hibernated(self, before):
        self.machine.expect_exit(10, REACT_S)
        self.machine.wait_event("SUSPEND_DISK", 0, before)

    def hibernates_by_systemctl(self):
        self.hibernated(self.begin("systemctl hibernate"))

    def hibernates_by_key(self):
        before = len(self.machine.events())
        self.ask("x-torpor-hibernate")
        self.hibernated(before)

    def resumes(self):
        """The shell that is resumed goes on with its loop, its console in another process."""
        self.start()
        self.same_memory(BOOT_S)
        self.nothing_failed()

    def reboots(self):
        pid = self.machine.process.pid
        before = self.begin("systemctl reboot")
        self.machine.wait_event("RESET", REACT_S, before)
        self.booted()
        expect(self.machine.process.poll() is None and self.machine.process.pid == pid,
               "torpor ended at the reboot")
        expect(read(self.machine, "echo nonce $nonce") == "nonce", "the nonce outlasted a reboot")

    def off(self, before):
        self.machine.expect_exit(0, REACT_S)
        self.machine.wait_event("SHUTDOWN", 0, before, reason="guest-shutdown")

    def powers_off(self):
        self.off(self.begin("systemctl poweroff"))

    def boots_again(self):
        self.start()
        self.booted()

    def powers_off_by_key(self):
        before = len(self.machine.events())
        self.ask("system_powerdown")
        self.off(before)

    def woken_by_key(self):
        """ACPI's button wakes, and is pressed again for what it stands for."""
        asleep = self.asleep(self.begin("systemctl suspend"))
        self.ask("system_powerdown")
        self.machine.wait_event("WAKEUP", REACT_S, asleep, reason="device", device="pl061",
                                key="power")
        self.off(asleep)


def checks(tables):
    # With ACPI a button's first press only wakes Linux.
    last = [("the power key: logind powers it off, exit 0", Debian.powers_off_by_key)]
    if tables == "acpi":
        last = [("suspended, the power button wakes it, and logind powers it off, exit 0",
                 Debian.woken_by_key)]
    promised = [
        ("Debian boots from its disk", Debian.boots),
        ("systemd has started all of its units, and none has failed", Debian.runs),
        ("the guest was booted with these tables", Debian.tables_seen),
        ("systemctl suspend: suspended, and its clock's alarm wakes it",
         Debian.suspends_by_alarm),
        ("systemctl suspend: suspended, without time of the host's; the host wakes it",
         Debian.suspends_by_systemctl),
        ("the sleep key: logind suspends it", Debian.suspends_by_key),
        ("the guest counts these suspends, and none that failed", Debian.counted),
        ("systemctl hibernate: exit 10", Debian.hibernates_by_systemctl),
        ("it resumes, the same boot with its memory", Debian.resumes),
        ("the hibernate key: logind hibernates it, exit 10", Debian.hibernates_by_key),
        ("it resumes again", Debian.resumes),
        ("systemctl reboot: the same torpor, another boot", Debian.reboots),
        ("systemctl poweroff: exit 0", Debian.powers_off),
        ("it boots from the disk that was so shut down", Debian.boots_again),
        *last,
    ]
    return [(f"{tables}: {name}", method) for name, method in promised]


def scenario(tables):
    made = type(f"Debian_{tables}", (Debian,), {"checks": checks(tables)})
    return functools.partial(made, tables)


SCENARIOS = {tables: scenario(tables) for tables in TABLES}
