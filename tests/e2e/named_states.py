# SPDX-License-Identifier: BSD-3-Clause
"""A machine that is kept by name, hibernated and resumed, killed in between, its disk changed."""

import os
import pathlib
import time
import uuid

import guest
import torporvm
from named import Home
from tap import Scenario
from torporvm import Failure, Machine, expect

MIB = 1 << 20
# Past Linux's mark, in the pages of the image: a changed byte there is a changed image.
CHANGED_AT = 3 * MIB + 123


class NamedMachine(Machine):
    """A machine of that name, each process of which is one `torpor run --name`.

    Its console is standard input and output, as these are pipes; its events are in its history.
    """

    def __init__(self, options, name, home, *extra):
        super().__init__(options, name)
        self.home = home
        self.extra = list(extra)
        self.control = home.folder(name) / "control"

    def command(self):
        return ["env", f"TORPOR_HOME={self.home.path}", str(self.options.torpor), "run", "--name",
                self.name, *self.extra]


class Named(Scenario):
    """One machine, through its power states."""

    def __init__(self, options):
        super().__init__(options)
        self.work = pathlib.Path(options.work) / "named"
        self.work.mkdir(parents=True, exist_ok=True)
        self.home = Home(options.torpor, self.work / "home")
        self.disk = torporvm.blank_disk(self.work / "swap.raw", 512 * MIB)
        self.nonce = uuid.uuid4().hex

    def status(self):
        return self.home.status("named")

    def is_now(self, state, image=None):
        """What the record says."""
        status = self.status()
        expect(status["state"] == state, f"expected the machine to be {state}, it is "
                                         f"{status['state']}: {status}")
        expect(image in (None, status["image"]), f"expected the image to be {image}, it is "
                                                 f"{status['image']}")

    def start(self, *extra):
        """A new process of the machine."""
        if self.machine:
            self.machine.__exit__(None, None, None)
        self.machine = NamedMachine(self.options, "named", self.home, *extra)
        self.machine.start()
        return self.machine

    def kill(self):
        """As the host would: with no warning."""
        self.machine.process.kill()
        self.machine.process.wait()

    def hibernate(self):
        self.machine.guest.set_nonce(self.nonce)
        pending = self.machine.guest.start("hibernate")
        pending.wait_for("hibernating", 60)
        self.machine.expect_exit(10, 180)
        self.is_now("hibernated", "saved")
        return pending

    def resumed(self, pending):
        """The guest goes on with the command that hibernated it, and has kept its memory."""
        answer = pending.answer(180, self.machine.console)
        expect(answer["resumed"] == "yes", "the guest did not resume")
        seen = self.machine.guest.run("nonce get")
        expect(seen["nonce"] == self.nonce, f"the guest holds {seen['nonce']} in its memory, "
                                            f"expected {self.nonce}")

    # --- the checks, in order ---

    def boots(self):
        self.home.torpor("create", "named", "--kernel", self.options.kernel,
                         "--initrd", self.options.initrd, "--append", guest.CMDLINE, "--cpus", "2",
                         "--memory", "512M", "--disk", self.disk)
        self.is_now("off", "none")
        self.start().guest.wait_ready()
        self.is_now("running", "maybe")

    def hibernates(self):
        self.pending = self.hibernate()

    def killed_before_the_first_write(self):
        self.start()
        self.wait_running()
        # Its kernel has seconds to go until it finds the disk.
        time.sleep(1)
        self.kill()
        self.is_now("hibernated", "saved")

    def wait_running(self):
        """Until the guest's first CPU runs."""
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:
            try:
                if self.machine.query_status()["status"] == "running":
                    return
            except OSError:
                pass
            time.sleep(0.1)
        raise Failure("the machine does not run within 60 s")

    def changed_disk_is_refused(self):
        with open(self.disk, "r+b") as disk:
            disk.seek(CHANGED_AT)
            old = disk.read(1)
            disk.seek(CHANGED_AT)
            disk.write(bytes([old[0] ^ 1]))
        machine = self.start()
        machine.expect_exit(2, 60)
        text = "\n".join(machine.stderr_lines)
        expect(str(self.disk) in text and "--discard-hibernation" in text,
               f"expected a line that names the disk and what would mend it, got: {text}")
        self.is_now("hibernated", "saved")
        with open(self.disk, "r+b") as disk:
            disk.seek(CHANGED_AT)
            disk.write(old)

    def copied_disk_resumes(self):
        copy = self.work / "copy.raw"
        torporvm.copy_sparse(self.disk, copy)
        os.replace(copy, self.disk)
        self.start()
        self.resumed(self.pending)
        self.is_now("running", "maybe")

    def killed_after_it(self):
        self.kill()
        self.is_now("crashed", "maybe")
        self.start().guest.wait_ready()
        seen = self.machine.guest.run("nonce get")
        expect(seen["nonce"] == "none", "the guest resumed from an image that was consumed")

    def discards(self):
        signature = self.status()["signature"]
        self.hibernate()
        self.start("--discard-hibernation").guest.wait_ready()
        self.is_now("running", "discarded")
        seen = self.machine.guest.run("nonce get")
        expect(seen["nonce"] == "none", "the guest resumed from an image that was discarded")
        expect(self.status()["signature"] != signature, "the hardware signature is the same")
        self.machine.guest.run("poweroff")
        self.machine.expect_exit(0)
        self.is_now("off", "discarded")

    def clears_the_marker(self):
        self.start("--clear-resume-marker", "--discard-hibernation").guest.wait_ready()
        self.is_now("running", "maybe")
        expect(any("resume marker is cleared" in line for line in self.machine.stderr_lines),
               "nothing says that the marker was cleared")
        words = self.machine.guest.run("report")["cmdline"]
        expect("noresume" not in words, f"the guest is told not to resume: {words}")
        self.machine.guest.run("poweroff")
        self.machine.expect_exit(0)
        self.is_now("off", "none")

    checks = [
        ("a machine by name boots, and its record says that it runs", boots),
        ("it hibernates, and is hibernated when its process has ended", hibernates),
        ("killed before the resumed guest's first write it is still hibernated",
         killed_before_the_first_write),
        ("a disk that somebody else changed is refused, and named", changed_disk_is_refused),
        ("a copy of the disk resumes", copied_disk_resumes),
        ("killed after its first write it has crashed, and its image is consumed",
         killed_after_it),
        ("a discarded hibernation is not resumed by an unchanged machine", discards),
        ("the resume marker is cleared when that is asked for", clears_the_marker),
    ]


SCENARIOS = {"named": Named}
