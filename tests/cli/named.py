# SPDX-License-Identifier: BSD-3-Clause
"""Machines by name, in a home of their own."""

import contextlib
import json
import os
import pathlib
import subprocess
import time

from tapcheck import TIME_LIMIT_S, equal, expect

DONE, FAILED, USAGE, NO_MACHINE, STATE, UNRESPONSIVE = range(6)


class Home:
    """torpor with TORPOR_HOME in a folder; every machine is stopped at the end."""

    def __init__(self, torpor, folder, **environment):
        self.torpor = torpor
        self.folder = pathlib.Path(folder)
        self.path = self.folder / "home"
        self.environment = {**os.environ, "TORPOR_HOME": str(self.path), "TZ": "UTC",
                            **environment}
        self.kernel = self.folder / "Image"
        self.kernel.write_bytes(bytes(56) + b"ARM\x64" + bytes(4))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for machine in self.status_of_all():
            if machine["process"]:
                self.run("stop", machine["name"], "--force")

    def status_of_all(self):
        with contextlib.suppress(ValueError):
            return json.loads(self.run("status", "--json").stdout)
        return []

    def run(self, *args, **more):
        return self.torpor.run(*args, env=self.environment, cwd=self.folder, **more)

    def popen(self, *args, **more):
        return subprocess.Popen(self.torpor.command(*args), env=self.environment,
                                cwd=self.folder, **more)

    def good(self, *args):
        """Standard output of a command that has to succeed."""
        end = self.run(*args)
        equal(end.returncode, DONE, f"{args}: {end.stderr}{end.stdout}: exit status")
        return end.stdout

    def bad(self, status, words, *args):
        """A command that has to fail, in one line with these words."""
        end = self.run(*args)
        equal(end.returncode, status, f"{args}: {end.stderr}{end.stdout}: exit status")
        for word in words:
            expect(word in end.stderr, f"{args}: no {word!r} in {end.stderr!r}")
        return end

    def create(self, name, program, *options):
        return self.good("create", name, "--kernel", "Image", "--append", program, *options)

    def disk(self, name="disk"):
        """A new one, to hibernate to."""
        with open(self.folder / name, "wb") as disk:
            disk.truncate(4 << 20)
        return str(self.folder / name)

    def status(self, name):
        return json.loads(self.good("status", name, "--json"))

    def state(self, name):
        return self.status(name)["state"]

    def wait_for_state(self, name, wanted):
        deadline = time.monotonic() + TIME_LIMIT_S / 2
        while (state := self.state(name)) != wanted:
            expect(time.monotonic() < deadline, f"{name} is {state}, not {wanted}")
            time.sleep(0.02)

    def file(self, name, file):
        return self.path / "machines" / name / file

    def events(self, name):
        lines = self.good("events", name, "--json").splitlines()
        return [json.loads(line) for line in lines]
