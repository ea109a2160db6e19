#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The main job, end to end: a real Linux guest whose power states are torpor's.

Runs on an arm64 host with KVM. Each step prints what was observed; one that is missing fails.
"""

import argparse
import contextlib
import pathlib
import secrets
import signal
import sys
import tempfile
import threading
import time

import guest
import observe
import torporvm
from named import NamedMachine
from qmp import QmpClosed, QmpError
from torporvm import Failure, expect

OPTIONAL = ("hotplug", "rtc-wake", "host-wake", "hibernate", "reboot")
DEFAULT_VERSION = "1.3"
IDLE_SECONDS = 10
# Time for the guest to freeze and suspend, for what is looked at before, and for IDLE_SECONDS.
ALARM_SECONDS = IDLE_SECONDS + 12
DISK_BYTES = 512 << 20


class Demo:
    """The steps, in order, and what they have seen."""

    def __init__(self, options):
        self.options = options
        self.begun = time.monotonic()
        self.nonce = secrets.token_hex(16)
        self.version = tuple(int(part) for part in (options.psci or DEFAULT_VERSION).split("."))
        self.disk = torporvm.blank_disk(pathlib.Path(options.work) / "disk.raw", DISK_BYTES)
        self.machine = None
        self.boot_id = None
        self.holder = None
        self.suspends = 0
        self.seen = 0

    # --- what is printed ---

    def say(self, text):
        print(f"[{time.monotonic() - self.begun:6.1f} s] {text}", flush=True)

    def see(self, what):
        self.seen += 1
        self.say(f"    seen: {what}")

    @contextlib.contextmanager
    def step(self, title):
        self.say(f"==> {title}")
        done = threading.Event()
        started = time.monotonic()
        seen = self.seen

        def progress():
            while not done.wait(10):
                self.say(f"    ... {time.monotonic() - started:.0f} s")

        thread = threading.Thread(target=progress, daemon=True)
        thread.start()
        try:
            yield
        finally:
            done.set()
            thread.join()
        expect(self.seen > seen, f"the step '{title}' ended without an observation")

    # --- steps ---

    def make_machine(self, name, disk, append=""):
        """Always the same machine; only what it is called, its disk and one word differ."""
        return NamedMachine(self.options, name, psci=self.options.psci, disks=[disk],
                            append=append)

    def see_state(self, state):
        """What is on record, which may follow the guest by a moment."""
        self.see(observe.on_record(self.machine, state))

    def boot(self):
        with self.step(f"torpor run --name {self.machine.name}: a Debian guest boots with 2 CPUs"):
            self.boot_id = self.machine.guest.wait_ready()
            self.machine.wait_event("STARTED", 5)
            self.see(f"event STARTED; guest: boot_id {self.boot_id}")
            self.see_state("running")
            self.see(observe.psci_version(self.machine, self.options.psci or DEFAULT_VERSION))
            report = self.machine.guest.run("report")
            expect(report["cpus_online"] == "0-1",
                   f"expected CPUs 0-1 online, the guest has {report['cpus_online']}")
            self.see(f"guest: online CPUs {report['cpus_online']}, "
                     f"offers for suspend: {report['mem_sleep']}")

    def give_nonce(self):
        with self.step("a process is given a random nonce, to hold in its memory only"):
            self.machine.guest.set_nonce(self.nonce)
            answer = self.machine.guest.run("nonce get")
            expect(answer["nonce"] == self.nonce, "the process does not give back the nonce")
            self.holder = answer["holder"]
            self.see(f"the process ({self.holder}) prints the nonce {answer['nonce']}")

    def hotplug(self):
        with self.step("CPU 1 goes off and comes back"):
            self.see(observe.cpu_off(self.machine, 1))
            self.see(observe.cpu_killed(self.machine, 1))
            self.see(observe.cpu_on(self.machine, 1))

    def fall_asleep(self, command):
        """(the pending command, number of events so far), once the SUSPEND event is there."""
        before = len(self.machine.events())
        pending = self.machine.guest.start(command)
        pending.wait_for("suspending", 30)
        index, event = self.machine.wait_event("SUSPEND", 60, before)
        self.see(f"event SUSPEND by CPU {event.get('cpu')}")
        self.see(observe.is_suspended(self.machine))
        self.see_state("suspended")
        return pending, index

    def wake_up(self, pending):
        answer = pending.answer(60)
        self.suspends += 1
        self.see(observe.suspend_count(answer, self.suspends))
        again = self.machine.guest.run("nonce get")
        self.see(observe.has_nonce(again, self.nonce, self.boot_id, self.holder))
        status = self.machine.query_status()
        expect(status.get("status") == "running", f"awake, query-status says {status}")
        self.see_state("running")
        return answer

    def rtc_wake(self):
        with self.step(f"it suspends to RAM; its RTC is to wake it after {ALARM_SECONDS} s"):
            pending, index = self.fall_asleep(f"suspend {ALARM_SECONDS}")
            alarm = int(pending.wait_for("alarm", 1))
            # What a suspend leaves to do takes a moment; it is not what is measured.
            time.sleep(1)
            self.see(observe.idle_ticks(self.machine, IDLE_SECONDS))
            expect(time.time() < alarm, "the guest took so long to suspend that the time measured "
                                        "is not all within its sleep; expected a faster host")
            self.see(observe.is_suspended(self.machine))
            _, wake = self.machine.wait_event("WAKEUP", ALARM_SECONDS + 5, index)
            self.see(observe.rtc_wake(self.machine, alarm, wake))
            self.see(observe.guest_woken_by_rtc(self.wake_up(pending), wake))

    def host_wake(self):
        with self.step("it suspends to RAM with no alarm; the host wakes it"):
            pending, index = self.fall_asleep("suspend")
            time.sleep(2)
            self.see(observe.is_suspended(self.machine))
            self.machine.home.torpor("wake", self.machine.name)
            _, wake = self.machine.wait_event("WAKEUP", 10, index)
            expect(wake.get("reason") == "host", f"expected WAKEUP by the host, got {wake}")
            self.see(f"torpor wake {self.machine.name}; event WAKEUP by host")
            self.see(observe.guest_woken_by_host(self.wake_up(pending)))

    def hibernate(self):
        """The pending command: the machine that resumes answers it."""
        known = self.version >= (1, 3)
        event, status = ("SUSPEND_DISK", 10) if known else ("SHUTDOWN", 0)
        with self.step("it hibernates to its disk"):
            before = len(self.machine.events())
            pending = self.machine.guest.start("hibernate")
            pending.wait_for("hibernating", 60)
            self.machine.expect_exit(status, 180)
            self.machine.wait_event(event, 0, before)
            self.see(f"event {event}; torpor exited with {status} "
                     f"({torporvm.EXIT_MEANING[status]})")
            if known:
                names = [each["event"] for each in self.machine.events()[before:]]
                expect("SHUTDOWN" not in names, f"a hibernation is no power-off; events: {names}")
                self.see_state("hibernated")
            else:
                self.see_state("off")
                self.say("    (this PSCI version has no SYSTEM_OFF2: hibernated looks like off)")
        return pending

    def second_start(self, machine, pending):
        """What the holder says after a start, whether the kernel resumed or booted."""
        machine.console.wait(guest.PREFIX + rf"(0 ready|{pending.ident} (ok|error))", 400, 0,
                             "sign of a resumed or a booted guest")
        return machine.guest.run("nonce get")

    def resume(self, pending):
        with self.step(f"torpor start {self.machine.name}: in the background, and it resumes"):
            answer = self.second_start(self.machine, pending)
            self.see(observe.has_nonce(answer, self.nonce, self.boot_id, self.holder))
            resumed = pending.answer(30, self.machine.console)
            expect(resumed.get("resumed") == "yes", "the guest does not report its resume")
            self.see(f"the hibernated kernel goes on where it was; torpor is another process, "
                     f"pid {self.machine.process.pid}")
            self.see_state("running")

    def control(self, pending, copy):
        with self.step("control: a copy of that disk starts with noresume; the check must fail"):
            with self.watch(self.make_machine("control", copy, "noresume")) as machine:
                answer = self.second_start(machine, pending)
                try:
                    observe.has_nonce(answer, self.nonce, self.boot_id, self.holder)
                except observe.NonceLost as why:
                    self.see(f"the check fails, as it must: {why}")
                else:
                    raise Failure("the nonce is there without a resume: the check proves nothing")
                with machine.qmp() as client:
                    client.execute("quit")
                machine.expect_exit(13, 30)
                self.see("quit sent; torpor exited with 13 (ended by the host)")

    def reboot(self):
        with self.step("it reboots"):
            pid = self.machine.process.pid
            before = len(self.machine.events())
            self.machine.guest.run("reboot")
            self.machine.wait_event("RESET", 30, before)
            boot_id = self.machine.guest.wait_ready()
            expect(boot_id != self.boot_id, f"boot_id is {boot_id} as before: that was no reboot")
            expect(self.machine.process.poll() is None, "torpor ended at the reboot")
            self.see(f"event RESET; guest: another boot_id {boot_id}; the same torpor, pid {pid}")
            answer = self.machine.guest.run("nonce get")
            expect(answer["nonce"] == "none", "the nonce is still there after a reboot")
            self.see("the new boot's process has no nonce: memory is clean")

    def power_off(self):
        with self.step("it powers off"):
            before = len(self.machine.events())
            self.machine.guest.run("poweroff")
            self.machine.expect_exit(0, 60)
            self.machine.wait_event("SHUTDOWN", 0, before)
            self.see("event SHUTDOWN; torpor has ended")
            self.see_state("off")

    # --- all of it ---

    @contextlib.contextmanager
    def watch(self, machine, background=False):
        """@machine, started; if it is at hand when something fails, it is explained."""
        with machine:
            try:
                if background:
                    machine.start_background()
                else:
                    machine.start()
                yield machine
            except (Failure, guest.GuestError, QmpClosed, QmpError, KeyError):
                print(machine.explain(), file=sys.stderr, flush=True)
                raise

    def run(self, wanted):
        if self.version < (1, 0):
            left_out = {"rtc-wake", "host-wake"} & wanted
            if left_out:
                self.say(f"left out: {', '.join(sorted(left_out))}: no SYSTEM_SUSPEND before 1.0")
            wanted = wanted - left_out
        pending = copy = None
        with self.watch(self.make_machine("demo", self.disk)) as self.machine:
            self.boot()
            self.give_nonce()
            if "hotplug" in wanted:
                self.hotplug()
            if "rtc-wake" in wanted:
                self.rtc_wake()
            if "host-wake" in wanted:
                self.host_wake()
            if "hibernate" not in wanted:
                self.finish(wanted)
                return
            pending = self.hibernate()
        copy = torporvm.copy_sparse(self.disk, self.disk.with_name("copy.raw"))
        with self.watch(self.make_machine("demo", self.disk), background=True) as self.machine:
            self.resume(pending)
            self.finish(wanted)
        self.control(pending, copy)

    def finish(self, wanted):
        if "reboot" in wanted:
            self.reboot()
        self.power_off()


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torpor", required=True, metavar="FILE", help="the VMM")
    parser.add_argument("--kernel", required=True, metavar="FILE", help="the guest's kernel")
    parser.add_argument("--initrd", required=True, metavar="FILE", help="made by guest/build")
    parser.add_argument("--psci", choices=("0.2", "1.0", "1.1", "1.2", "1.3"),
                        help=f"pin this version (default: the machine type's, {DEFAULT_VERSION})")
    parser.add_argument("--only", metavar="STEP,...", default=",".join(OPTIONAL),
                        help="of the steps that can be left out, do these: " + ", ".join(OPTIONAL))
    args = parser.parse_args(argv)
    args.wanted = set(filter(None, args.only.split(",")))
    unknown = args.wanted - set(OPTIONAL)
    if unknown:
        parser.error(f"--only: no step '{sorted(unknown)[0]}'; there are {', '.join(OPTIONAL)}")
    return args


def main(argv):
    # So that a machine that runs is ended by its context manager.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    args = parse(argv)
    with tempfile.TemporaryDirectory(prefix="torpor-demo-") as args.work:
        demo = Demo(args)
        try:
            demo.run(args.wanted)
        except (Failure, guest.GuestError, QmpClosed, QmpError, KeyError) as why:
            demo.say(f"FAILED: {why}")
            return 1
        demo.say(f"demo passed: {demo.seen} observations, none missing")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
