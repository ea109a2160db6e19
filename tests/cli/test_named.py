#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""torpor run --name, with a machine that needs no KVM: test_named.py TORPOR

The guest keeps its hibernation image on a real disk and says whether it resumed; what it says is
compared with the record.
"""

import json
import os
import signal
import subprocess
import sys
import time

from tapcheck import TIME_LIMIT_S, equal, expect, main


class Home:
    """Machines in a folder of their own; one of them is "vm", with a disk."""

    def __init__(self, torpor, folder, program):
        self.torpor = torpor
        self.folder = folder
        self.env = {**os.environ, "TORPOR_HOME": str(folder / "home")}
        self.disk = folder / "disk"
        self.disk.write_bytes(bytes(4 << 20))
        kernel = folder / "Image"
        kernel.write_bytes(bytes(56) + b"ARM\x64" + bytes(4))
        end = self.do("create", "vm", "--kernel", kernel, "--disk", self.disk, "--append", program)
        equal(end.returncode, 0, f"create: {end.stderr}")

    def do(self, *words):
        return self.torpor.run(*map(str, words), env=self.env)

    def status(self):
        return json.loads(self.do("status", "vm", "--json").stdout)

    def spawn(self, *words):
        return subprocess.Popen(self.torpor.command("run", "--name", "vm", *words), env=self.env,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True)

    def run(self, *words):
        """Its exit status, and what it said on standard error."""
        with self.spawn(*words) as process:
            _, messages = process.communicate(timeout=TIME_LIMIT_S)
            return process.returncode, messages

    def console(self):
        """All that the guest has said since the machine was made."""
        return (self.folder / "home/machines/vm/console.log").read_text().split()

    def wait(self, state):
        deadline = time.monotonic() + TIME_LIMIT_S
        while self.status()["state"] != state:
            expect(time.monotonic() < deadline, f"not {state} within {TIME_LIMIT_S} s")
            time.sleep(0.02)


def record_and_guest_agree(torpor, folder):
    """a machine hibernates, and resumes once"""
    home = Home(torpor, folder, "hibernate print:on off")
    equal(home.run()[0], 10, "exit status")
    equal(home.status()["state"], "hibernated", "state")
    equal(home.run()[0], 0, "exit status of the resumed one")
    equal(home.status()["state"], "off", "state")
    words = home.console()
    equal(words[0], "fresh", "the first boot")
    equal(words[3:6], ["resumed", words[2], "on"], "the second")


def changed_disk(torpor, folder):
    """a disk that somebody else wrote to is refused and named; --discard-hibernation boots clean"""
    home = Home(torpor, folder, "hibernate")
    equal(home.run()[0], 10, "exit status")
    with open(home.disk, "r+b") as disk:
        disk.seek(600000)
        disk.write(b"x")
    status, messages = home.run()
    equal(status, 2, "exit status")
    expect(str(home.disk) in messages and "--discard-hibernation" in messages, messages)
    equal(home.status()["state"], "hibernated", "state")
    equal(home.run("--discard-hibernation")[0], 10, "exit status")
    expect("resumed" not in home.console(), f"it resumed: {home.console()}")


def killed(torpor, folder):
    """killed while it runs it has crashed, and a second process is refused while it does"""
    home = Home(torpor, folder, "echo")
    with home.spawn() as process:
        home.wait("running")
        status, messages = home.run()
        equal(status, 1, "exit status of a second one")
        expect("vm" in messages, messages)
        process.send_signal(signal.SIGKILL)
        process.wait()
    equal(home.status()["state"], "crashed", "state")


def asked(torpor, folder):
    """a signal asks the guest to power off, and the history says who asked"""
    home = Home(torpor, folder, "obey")
    with home.spawn() as process:
        home.wait("running")
        process.send_signal(signal.SIGTERM)
        process.wait(TIME_LIMIT_S)
        equal(process.returncode, 0, "exit status")
    equal(home.status()["state"], "off", "state")


def bad_names(torpor, folder):
    """a name that is none, an unknown machine and other options are told"""
    env = {**os.environ, "TORPOR_HOME": str(folder / "home")}
    for words, message in ((["--name", "../x"], "../x"), (["--name", "nobody"], "nobody"),
                           (["--name", "vm", "--cpus", "2"], "torpor edit")):
        end = torpor.run("run", *words, env=env)
        equal(end.returncode, 2, f"{words}: exit status")
        expect(message in end.stderr, end.stderr)
        equal(len(end.stderr.splitlines()), 1, f"{words}: lines in {end.stderr!r}")


if __name__ == "__main__":
    sys.exit(main([record_and_guest_agree, changed_disk, killed, asked, bad_names]))
