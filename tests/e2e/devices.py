# SPDX-License-Identifier: BSD-3-Clause
"""A machine with a watchdog, a virtio console and pvpanic, through suspend and hibernation."""

import pathlib
import socket
import time

import torporvm
from tap import Scenario
from torporvm import Machine, expect

# Petted each second; long against what an emulated guest may be late by.
TIMEOUT_S = 8
LONG_TIMEOUT_S = 120
# More than a Unix socket and torpor keep.
FILL_BYTES = 1 << 20
AGENT = "org.qemu.guest_agent.0"
# Bits of what Linux's watchdog reports of its last start: WDIOF_CARDRESET.
CARD_RESET = 0x20


class Client:
    """One that is attached to a socket of torpor's."""

    def __init__(self, path):
        self.path = path
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.connect(str(path))
        self.sock.settimeout(20)
        self.buffer = b""

    def line(self):
        while b"\n" not in self.buffer:
            try:
                data = self.sock.recv(65536)
            except TimeoutError:
                data = b""
            if not data:
                raise torporvm.Failure(f"{self.path}: no line from the guest within 20 s, only "
                                       f"{self.buffer[-200:]!r}")
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.decode(errors="replace").strip("\r\0")

    def ask(self, text, expected):
        self.sock.sendall(text.encode() + b"\n")
        answer = self.line()
        expect(answer == expected, f"{self.path}: sent '{text}', expected '{expected}' back, got "
                                   f"'{answer}'")

    def close(self):
        self.sock.close()


class Devices(Scenario):
    """All of it on one machine: a boot costs more than the checks."""

    def __init__(self, options):
        super().__init__(options)
        self.work = pathlib.Path(options.work) / "devices-disks"
        self.work.mkdir(parents=True, exist_ok=True)
        self.disk = torporvm.blank_disk(self.work / "swap.raw", 512 << 20)
        self.console_path = self.work / "hvc0"
        self.agent_path = self.work / "agent"
        self.clients = []

    def close(self):
        for client in self.clients:
            client.close()
        super().close()

    def start(self):
        if self.machine:
            self.machine.__exit__(None, None, None)
        self.machine = Machine(
            self.options, "devices", disks=[self.disk],
            extra=["--watchdog", "--virtio-console", str(self.console_path),
                   "--virtio-port", f"{AGENT}={self.agent_path}"])
        self.machine.start()

    def attach(self):
        for client in self.clients:
            client.close()
        self.clients = [Client(self.console_path), Client(self.agent_path)]

    def run(self, command, timeout_s=60):
        return self.machine.guest.run(command, timeout_s)

    def echoes(self, text):
        self.clients[0].ask(text, f"hvc0: {text}")
        self.clients[1].ask(text, f"port: {text}")

    def expect_no_reset(self, before, when):
        names = [event["event"] for event in self.machine.events()[before:]]
        expect("RESET" not in names and "WATCHDOG" not in names,
               f"{when}, and the watchdog bit; events: {names}")

    # --- the checks, in order ---

    def console(self):
        self.start()
        self.machine.guest.wait_ready()
        self.attach()
        answer = self.run("console")
        expect(answer.get("port_name") == AGENT, f"expected a port named {AGENT} in the guest, it "
                                                 f"says {answer.pairs}")
        self.echoes("one")

    def deaf_client(self):
        """Some of it is dropped, rather than that the guest's kernel waits."""
        begun = time.monotonic()
        self.run(f"console_fill {FILL_BYTES}")
        took = time.monotonic() - begun
        # What torpor logs comes by another pipe than the guest's answer.
        time.sleep(0.5)
        expect(any("hvc0" in line and "lost" in line for line in self.machine.stderr_lines),
               f"{FILL_BYTES} bytes to a client that does not read took {took:.1f} s, and torpor "
               f"does not say that some was lost: {self.machine.stderr_lines}")
        self.attach()
        self.echoes("two")

    def petted(self):
        answer = self.run(f"watchdog pet {TIMEOUT_S}")
        expect(answer["watchdog_identity"] == "SBSA Generic Watchdog"
               and answer["watchdog_timeout"] == str(TIMEOUT_S)
               and answer["watchdog_bootstatus"] == "0",
               f"not the watchdog that was expected: {answer.pairs}")
        before = len(self.machine.events())
        time.sleep(TIMEOUT_S + 2)
        answer = self.run("watchdog report")
        expect(answer["watchdog_state"] == "active"
               and 0 < int(answer["watchdog_timeleft"]) <= TIMEOUT_S,
               f"expected it active with 1 to {TIMEOUT_S} s left: {answer.pairs}")
        self.expect_no_reset(before, "it was petted")

    def suspended(self):
        before = len(self.machine.events())
        pending = self.machine.guest.start(f"suspend {TIMEOUT_S + 6}")
        self.machine.wait_event("SUSPEND", 60, before)
        self.machine.wait_event("WAKEUP", 60, before, device="pl031")
        pending.answer(60)
        time.sleep(TIMEOUT_S / 2)
        self.expect_no_reset(before, "the guest slept for longer than the timeout")
        answer = self.run("watchdog report")
        expect(answer["watchdog_state"] == "active", f"expected it active again: {answer.pairs}")
        self.echoes("three")

    def paused(self):
        """The host's stop holds the watchdog's time too."""
        before = len(self.machine.events())
        with self.machine.qmp() as client:
            client.execute("stop")
            time.sleep(TIMEOUT_S + 2)
            client.execute("cont")
        time.sleep(2)
        self.run("watchdog report")
        self.expect_no_reset(before, "the host had paused the machine")

    def hibernated(self):
        # Left on. Its petter is frozen while the kernel writes the image, which takes its time.
        self.run("watchdog stop")
        self.run(f"watchdog pet {LONG_TIMEOUT_S}")
        pending = self.machine.guest.start("hibernate")
        pending.wait_for("hibernating", 60)
        self.machine.expect_exit(10, 180)
        self.start()
        resumed = pending.answer(180, self.machine.console)
        expect(resumed.get("resumed") == "yes", "the guest does not report its resume")
        answer = self.run("watchdog report")
        expect(answer["watchdog_state"] == "active", f"expected it active again: {answer.pairs}")
        self.expect_no_reset(0, "the guest had only just resumed")
        self.attach()
        self.echoes("four")

    def bites(self):
        self.run("watchdog stop")
        self.run(f"watchdog pet {TIMEOUT_S}")
        pid = self.machine.process.pid
        before = len(self.machine.events())
        self.run("watchdog neglect")
        index, bite = self.machine.wait_event("WATCHDOG", TIMEOUT_S + 20, before)
        expect(bite.get("action") == "reset", f"expected the action reset: {bite}")
        self.machine.wait_event("RESET", 10, index, reason="watchdog")
        self.machine.guest.wait_ready()
        expect(self.machine.process.poll() is None and self.machine.process.pid == pid,
               "torpor ended when the watchdog bit")
        answer = self.run("watchdog report")
        expect(int(answer["watchdog_bootstatus"]) == CARD_RESET,
               f"expected the guest to see that the watchdog reset it: {answer.pairs}")

    def client_stays(self):
        """It was attached before the guest was reset."""
        self.run("console")
        self.echoes("five")

    def panics(self):
        answer = self.run("pvpanic")
        expect(int(answer["pvpanic"], 0) == 7, f"expected the register to read 7: {answer.pairs}")
        before = len(self.machine.events())
        self.run("pvpanic 1")
        self.run("pvpanic 1")
        self.machine.guest.run("panic")
        index, panic = self.machine.wait_event("GUEST_PANICKED", 30, before)
        expect(panic.get("action") == "run", f"expected the action run: {panic}")
        self.machine.wait_event("RESET", 60, index)
        told = [event for event in self.machine.events() if event["event"] == "GUEST_PANICKED"]
        expect(len(told) == 1, f"one boot, and {len(told)} GUEST_PANICKED")
        with self.machine.qmp() as client:
            client.execute("quit")
        self.machine.expect_exit(13)
        for left in (self.console_path, self.agent_path):
            expect(not left.exists(), f"{left} is still there after an end in order")


Devices.checks = [
    ("virtio console and a named port carry bytes both ways", Devices.console),
    ("a client of the console that does not read holds nobody up", Devices.deaf_client),
    ("a watchdog that is petted does not bite", Devices.petted),
    ("suspended for longer than its timeout it does not bite; the console works after",
     Devices.suspended),
    ("paused by the host for longer than its timeout it does not bite", Devices.paused),
    ("after hibernation and resume the console works, and the watchdog does not bite",
     Devices.hibernated),
    ("after a resume, a watchdog that is neglected resets the guest, and the guest is told",
     Devices.bites),
    ("a client stays attached over a reset", Devices.client_stays),
    ("pvpanic: the host hears of a panic, once, before the reset", Devices.panics),
]

SCENARIOS = {"devices": Devices}
