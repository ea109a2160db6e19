# SPDX-License-Identifier: BSD-3-Clause
"""A machine that torpor keeps by name: created, run in the foreground or the background, asked."""

import json
import os
import pathlib
import signal
import socket
import subprocess
import time

from torporvm import EXIT_MEANING, Failure, Machine, expect


class Home:
    """Where torpor keeps machines, and its commands there."""

    def __init__(self, torpor, path):
        self.program = str(pathlib.Path(torpor).resolve())
        self.path = pathlib.Path(path)

    def environment(self):
        return {**os.environ, "TORPOR_HOME": str(self.path)}

    def folder(self, name):
        return self.path / "machines" / name

    def torpor(self, *words, timeout_s=120):
        """What a command says on standard output; it must succeed."""
        command = [self.program, *map(str, words)]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              timeout=timeout_s, check=False, env=self.environment())
        expect(done.returncode == 0,
               f"'torpor {' '.join(command[1:])}' ended with {done.returncode}: "
               f"{done.stderr.strip() or done.stdout.strip()}")
        return done.stdout

    def status(self, name):
        return json.loads(self.torpor("status", name, "--json"))


class Elsewhere:
    """A process that is not our child: `torpor start` leaves it to itself."""

    def __init__(self, pid):
        self.pid = pid
        # When it started: another process of the same number has another.
        self.began = self._began()

    def _began(self):
        try:
            text = pathlib.Path(f"/proc/{self.pid}/stat").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return None
        state, fields = text.rsplit(")", 1)[1].split()[0], text.rsplit(")", 1)[1].split()
        return None if state == "Z" else fields[19]

    def poll(self):
        """None while it runs, as Popen has it; its status is not ours to know."""
        return None if self.began is not None and self._began() == self.began else "unknown"

    def wait(self, timeout_s=10):
        deadline = time.monotonic() + timeout_s
        while self.poll() is None:
            if time.monotonic() > deadline:
                raise subprocess.TimeoutExpired("torpor", timeout_s)
            time.sleep(0.05)
        return self.poll()

    def kill(self):
        os.kill(self.pid, signal.SIGKILL)


class NamedMachine(Machine):
    """A machine of that name, which is created if it is not there. As Machine otherwise."""

    def __init__(self, options, name, **config):
        self.home = Home(options.torpor, pathlib.Path(options.work) / "home")
        self.folder = self.home.folder(name)
        super().__init__(options, name, **config)
        self.control = self.folder / "control"
        self.first = 0
        self.socket = None
        if not self.folder.exists():
            self.home.torpor("create", name, *self.arguments)

    def _arguments(self, cpus, memory, psci, disks, append, extra):
        args = super()._arguments(cpus, memory, psci, disks, append, extra)
        # A record has what the machine is; where its files are is torpor's to say.
        for option in ("--events", "--control", "--pidfile"):
            at = args.index(option)
            del args[at:at + 2]
        return args

    # --- the process ---

    def command(self):
        return [*self.wrapper, str(self.options.torpor), "run", "--name", self.name]

    def start(self):
        """In the foreground without a terminal, as a service manager does."""
        self.forget()
        self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                        env=self.home.environment())
        self._thread(self._read_stderr, self.process.stderr)
        self.attach()
        return self

    def start_background(self, *words):
        """As people do. Returns what it says."""
        self.forget()
        said = self.home.torpor("start", self.name, *words)
        self.process = Elsewhere(int((self.folder / "lock").read_text().split()[0]))
        self.attach()
        return said.strip()

    def attach(self, timeout_s=30):
        """To its console, by the socket."""
        deadline = time.monotonic() + timeout_s
        while True:
            self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self.socket.connect(str(self.folder / "console"))
                break
            except OSError as why:
                self.socket.close()
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise Failure(f"{self.name}: nobody listens at its console "
                                  f"({why.strerror})") from why
                time.sleep(0.05)
        self.stdin = self.socket.fileno()
        self._thread(self._read_console, self.stdin)

    def expect_exit(self, expected, timeout_s=60):
        if not isinstance(self.process, Elsewhere):
            return super().expect_exit(expected, timeout_s)
        try:
            self.process.wait(timeout_s)
        except subprocess.TimeoutExpired as why:
            raise Failure(f"{self.name}: torpor still runs after {timeout_s} s; "
                          f"expected it to end, {EXIT_MEANING[expected]}") from why
        return None

    def __exit__(self, *args):
        super().__exit__(*args)
        if self.socket is not None:
            self.socket.close()
        return False

    # --- what is on record ---

    def record(self):
        return self.home.status(self.name)

    def state(self):
        return self.record()["state"]

    def expect_state(self, expected):
        state = self.state()
        expect(state == expected, f"torpor status: expected {expected}, it says {state}")
        return f"torpor status: {state}"

    def events(self):
        """Its history since it was started, as `torpor run --events` has it."""
        wall_ns = time.time_ns() - time.monotonic_ns()
        found = []
        for line in self.home.torpor("events", self.name, "--json").splitlines():
            event = json.loads(line)
            found.append({**(event.get("detail") or {}), **event, "event": event["kind"],
                          "ts_ns": event["time_ns"] - wall_ns})
        return found[self.first:]

    def forget(self):
        """What is on record so far, and the console's last lines, are of an earlier run."""
        self.first = 0
        self.first = len(self.events())
        (self.folder / "console.log").unlink(missing_ok=True)

    def explain(self):
        log = self.folder / "log"
        lines = log.read_text(errors="replace").splitlines()[-12:] if log.exists() else []
        return "\n".join([super().explain(), "its log, the last lines:",
                          *["    " + line for line in lines]])
