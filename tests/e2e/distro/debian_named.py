# SPDX-License-Identifier: BSD-3-Clause
"""The same Debian as a machine with a name: what the host is told, and what it can ask for."""

import os
import pathlib
import socket
import subprocess
import threading
import time
import uuid

import guest
from debian import BOOT_S, REACT_S, ROOT, SWAP, answers, read
from named import Home
from tap import Scenario
from torporvm import Failure, expect

NAME = "debian"
POLL_S = 0.5
COMMAND_S = 300


class NamedMachine:
    """A machine that torpor keeps, in a home of its own; its console by its socket."""

    def __init__(self, options):
        self.home = Home(options.torpor, pathlib.Path(options.work) / "home")
        self.folder = self.home.folder(NAME)
        self.said = []
        self.console = None
        self.guest = None

    def command(self, *words):
        """What a torpor command prints; Failure if it fails."""
        said = self.home.torpor(*words, timeout_s=COMMAND_S)
        self.said.append(f"torpor {' '.join(words)}: {said.strip()}")
        return said

    def status(self):
        return self.home.status(NAME)

    def wait_state(self, state, timeout_s=REACT_S):
        deadline = time.monotonic() + timeout_s
        while True:
            status = self.status()
            if status["state"] == state:
                return status
            if time.monotonic() > deadline:
                raise Failure(f"{NAME} is {status['state']} after {timeout_s} s, expected {state}")
            time.sleep(POLL_S)

    def start(self, *words):
        # What it said in an earlier run is shown first, and would be taken for this one's.
        (self.folder / "console.log").unlink(missing_ok=True)
        self.command("start", NAME, *words)
        attached = socket.socket(socket.AF_UNIX)
        # The path of a socket is short; a folder's in /proc is.
        folder = os.open(self.folder, os.O_PATH | os.O_DIRECTORY)
        attached.connect(f"/proc/self/fd/{folder}/console")
        os.close(folder)
        self.console = guest.Console(attached.sendall)
        self.guest = guest.Guest(self.console)
        threading.Thread(target=self._read, args=(attached, self.console), daemon=True).start()

    @staticmethod
    def _read(attached, console):
        data = b"-"
        while data:
            try:
                data = attached.recv(65536)
            except OSError:
                data = b""
            console.feed(data)

    def explain(self):
        log = self.folder / "log"
        return "\n".join(["torpor's commands, the last ones:", *self.said[-8:],
                          "its log:", *(log.read_text().splitlines()[-8:] if log.exists() else []),
                          "console, the last lines:",
                          *(self.console or guest.Console(None)).tail()])

    def __exit__(self, *_):
        try:
            self.command("stop", NAME, "--force")
        except (Failure, subprocess.TimeoutExpired):
            pass


class Named(Scenario):
    """Its record says at each time what its guest is."""

    def __init__(self, options):
        super().__init__(options)
        self.machine = NamedMachine(options)
        self.nonce = uuid.uuid4().hex
        self.boot_id = None

    def created(self):
        self.machine.command(
            "create", NAME, "--kernel", str(pathlib.Path(self.options.kernel).resolve()),
            "--initrd", str(pathlib.Path(self.options.initrd).resolve()),
            "--disk", str(pathlib.Path(self.options.disk).resolve()), "--cpus", "2",
            "--memory", "1G", "--append", f"{guest.CMDLINE} root={ROOT} resume={SWAP}")
        self.machine.wait_state("off")

    def starts(self):
        self.machine.start()
        self.boot_id = self.machine.guest.wait_ready(BOOT_S)
        self.machine.wait_state("running")
        self.machine.guest.run(f"nonce={self.nonce}")

    def same_memory(self, timeout_s=REACT_S):
        answers(self.machine, timeout_s)
        seen = read(self.machine, 'echo "$(< /proc/sys/kernel/random/boot_id) $nonce"')
        expect(seen == f"{self.boot_id} {self.nonce}",
               f"boot_id and nonce are {seen}, expected {self.boot_id} {self.nonce}")

    def wakes(self):
        self.machine.command("wake", NAME)
        self.machine.wait_state("running")
        self.same_memory()

    def suspends(self):
        self.machine.guest.start("systemctl suspend")
        self.machine.wait_state("suspended")
        self.wakes()

    def asked_to_suspend(self):
        self.machine.command("suspend", NAME, "--timeout", str(REACT_S))
        self.machine.wait_state("suspended")
        self.wakes()

    def hibernated(self):
        status = self.machine.wait_state("hibernated")
        expect(not status["process"], f"a process runs a machine that is hibernated: {status}")

    def hibernates(self):
        self.machine.guest.start("systemctl hibernate")
        self.hibernated()

    def asked_to_hibernate(self):
        self.machine.command("hibernate", NAME, "--timeout", str(REACT_S))
        self.hibernated()

    def resumes(self):
        self.machine.start()
        self.same_memory(BOOT_S)
        self.machine.wait_state("running")

    def reboots(self):
        self.machine.guest.start("systemctl reboot")
        boot_id = self.machine.guest.wait_ready(BOOT_S)
        expect(boot_id != self.boot_id, "the boot_id is that of the boot before")
        self.machine.wait_state("running")

    def stops(self):
        self.machine.command("stop", NAME, "--timeout", str(REACT_S))
        self.machine.wait_state("off")


Named.checks = [
    ("named: torpor create, and it is off", Named.created),
    ("named: torpor start: Debian boots, and it is running", Named.starts),
    ("named: systemctl suspend, torpor wake", Named.suspends),
    ("named: torpor suspend, by logind, and torpor wake", Named.asked_to_suspend),
    ("named: systemctl hibernate, and it is hibernated", Named.hibernates),
    ("named: torpor start: it resumes with its memory", Named.resumes),
    ("named: torpor hibernate, by logind", Named.asked_to_hibernate),
    ("named: it resumes again", Named.resumes),
    ("named: systemctl reboot, and it is running", Named.reboots),
    ("named: torpor stop: Debian powers off, and it is off", Named.stops),
]

SCENARIOS = {"named": Named}
