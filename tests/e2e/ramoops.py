# SPDX-License-Identifier: BSD-3-Clause
"""A guest that crashes finds what it had to say after a warm reset, and not after a cold one."""

import uuid

from tap import Scenario
from torporvm import Machine, expect

SIZE = 1 << 20


class Ramoops(Scenario):
    """A machine with a ramoops region, whose guest resets warm."""

    def boots(self):
        self.machine = Machine(self.options, "ramoops", cpus=1, append="reboot=warm",
                               extra=["--ramoops", f"{SIZE >> 10}K"])
        self.machine.start()
        self.ready()
        expect(self.records() == ([], []), f"a first boot found records: {self.records()}")

    def ready(self):
        self.machine.guest.wait_ready()
        answer = self.machine.guest.run("pstore_mount")
        expect(answer["backend"] == "ramoops" and answer["size"] == str(SIZE),
               f"expected the guest's pstore to be ramoops with {SIZE} bytes, it is "
               f"{answer['backend']} with {answer['size']}")

    def records(self, text="torpor"):
        """The names of pstore's records, and of those that have @text."""
        answer = self.machine.guest.run(f"pstore_find {text}")
        return answer.all("record"), answer.all("found")

    def reset(self, command, **event):
        """The guest resets its machine; waits until it is back."""
        before = len(self.machine.events())
        self.machine.guest.run(command)
        self.machine.wait_event("RESET", 60, before, **event)
        self.ready()

    def panics(self):
        self.nonce = uuid.uuid4().hex
        self.machine.guest.run(f"kmsg {self.nonce}")
        self.reset("panic", reason="guest-reset2", type=0)

    def found(self):
        records, found = self.records(self.nonce)
        expect(any(name.startswith("dmesg-ramoops") for name in found),
               f"the guest panicked and reset warm, and none of its pstore's records has what it "
               f"said before; there are: {records or 'none'}")

    def cold(self):
        """Neither the record of before nor that of the crash which led here is left."""
        self.machine.guest.run("reboot_mode cold")
        self.machine.guest.run("kmsg cold")
        self.reset("panic", reason="guest-reset")
        records, _ = self.records()
        expect(not records, f"after a crash and a cold reset the guest finds records: {records}")

    def ends(self):
        self.machine.guest.run("poweroff")
        self.machine.expect_exit(0)


Ramoops.checks = [
    ("a guest with a ramoops region boots, and finds no record", Ramoops.boots),
    ("it panics, and resets warm", Ramoops.panics),
    ("its pstore has the dump of before", Ramoops.found),
    ("it panics again, resets cold, and its pstore has nothing", Ramoops.cold),
    ("the guest with ramoops powers off, exit 0", Ramoops.ends),
]

SCENARIOS = {"ramoops": Ramoops}
