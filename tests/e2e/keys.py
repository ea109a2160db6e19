# SPDX-License-Identifier: BSD-3-Clause
"""The host asks a Linux guest for power states by pressing keys, and stops it meanwhile.

The guest's kernel is Debian's generic one: the cloud flavour has no driver for keys.
"""

import pathlib
import signal
import time
import types
import uuid

import torporvm
from qmp import QmpError
from tap import Scenario
from torporvm import Machine, expect

MIB = 1 << 20
GPIO_INTID = 39
BOOT_S = 240
STOPPED_S = 5
# Slower than on the cloud kernel: there is more to freeze.
REACT_S = 90


class Keys(Scenario):
    """A machine whose guest obeys its keys."""

    def __init__(self, options):
        super().__init__(types.SimpleNamespace(
            **{**vars(options), "kernel": options.generic_kernel,
               "initrd": options.generic_initrd}))
        self.name = "keys"
        work = pathlib.Path(options.work) / "keys-disks"
        work.mkdir(parents=True, exist_ok=True)
        self.disk = torporvm.blank_disk(work / "disk.raw", 512 * MIB)
        self.nonce = uuid.uuid4().hex

    def start(self, name):
        self.machine = Machine(self.options, name, disks=[self.disk], memory="512M")
        self.machine.start()

    def ask(self, command, **arguments):
        with self.machine.qmp() as client:
            return client.execute(command, arguments or None)

    def expect_status(self, status):
        seen = self.ask("query-status")
        expect(seen == {"status": status, "running": status == "running"},
               f"query-status gives {seen}, expected {status}")

    def boots(self):
        self.start("keys")
        self.machine.guest.wait_ready(BOOT_S)
        self.machine.guest.set_nonce(self.nonce)

    def unresponsive(self):
        self.ask("x-torpor-suspend", timeout=2)
        asked, _ = self.machine.wait_event("X_TORPOR_SUSPEND_REQUEST", 10, reason="host")
        self.machine.wait_event("X_TORPOR_GUEST_UNRESPONSIVE", 20, asked, request="suspend")
        self.expect_status("running")

    def uptime(self):
        return float(self.machine.guest.run("report")["uptime"].split()[0])

    def stopped(self):
        started = time.monotonic()
        before = self.uptime()
        self.ask("stop")
        self.expect_status("paused")
        used = self.machine.cpu_ticks()
        time.sleep(STOPPED_S)
        used = self.machine.cpu_ticks() - used
        expect(used <= 2, f"torpor used {used} ticks of CPU time while it was stopped")
        self.ask("cont")
        self.expect_status("running")
        passed = self.uptime() - before
        elapsed = time.monotonic() - started
        expect(0 < passed <= elapsed - STOPPED_S + 0.1,
               f"the guest was stopped for {STOPPED_S} s of {elapsed:.1f} s, and its clock went on "
               f"by {passed:.1f} s")

    def obeys(self):
        names = self.machine.guest.run("keys").all("wakeup")
        expect("gpio-keys" in names, f"gpio-keys is no wake-up source of the guest's: {names}")

    def suspends(self):
        before = len(self.machine.events())
        self.ask("x-torpor-suspend")
        self.machine.wait_event("SUSPEND", REACT_S, before)
        self.expect_status("suspended")

    def stopped_asleep(self):
        self.ask("stop")
        self.expect_status("paused")
        try:
            self.ask("system_wakeup")
            expect(False, "system_wakeup was taken by a machine that is stopped")
        except QmpError:
            pass
        self.ask("cont")
        self.expect_status("suspended")

    def press_wakes(self, command, key):
        before = len(self.machine.events())
        self.ask(command)
        return self.machine.wait_event("WAKEUP", REACT_S, before, reason="device", device="pl061",
                                       intid=GPIO_INTID, key=key)[0]

    def stays_asleep(self):
        try:
            self.ask("x-torpor-suspend")
            expect(False, "x-torpor-suspend was taken by a machine that is suspended")
        except QmpError:
            pass
        self.expect_status("suspended")

    def hibernates(self):
        self.press_wakes("x-torpor-hibernate", "hibernate")
        self.machine.expect_exit(10, REACT_S)

    def resumes(self):
        self.start("keys-again")
        self.machine.console.wait("@torpor 0 [.] resumed yes", BOOT_S)
        answer = self.machine.guest.run("nonce get")
        expect(self.nonce in answer.all("nonce"), "the guest has lost what it held in memory")

    def signalled(self):
        self.machine.process.send_signal(signal.SIGTERM)
        self.machine.expect_exit(0, REACT_S)
        asked, _ = self.machine.wait_event("POWERDOWN", 0, reason="host-signal")
        self.machine.wait_event("SHUTDOWN", 0, asked, reason="guest-shutdown")


Keys.checks = [
    ("a generic kernel boots", Keys.boots),
    ("a guest that does not react to x-torpor-suspend is told of", Keys.unresponsive),
    ("stopped, a Linux guest does not run, and its clock stands still", Keys.stopped),
    ("the keys are a wake-up source of the guest's", Keys.obeys),
    ("x-torpor-suspend: the guest suspends to RAM", Keys.suspends),
    ("a suspended machine is stopped and goes on being suspended", Keys.stopped_asleep),
    ("x-torpor-suspend is refused while it is suspended", Keys.stays_asleep),
    ("x-torpor-hibernate: it wakes and hibernates, exit 10", Keys.hibernates),
    ("it resumes with its memory", Keys.resumes),
    ("SIGTERM: the guest powers off, exit 0", Keys.signalled),
]

SCENARIOS = {"keys": Keys}
