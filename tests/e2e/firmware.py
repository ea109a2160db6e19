# SPDX-License-Identifier: BSD-3-Clause
"""Machines that start from firmware, which boots the guest from its disk."""

import pathlib
import shutil
import time
import uuid

import guest
import torporvm
from tap import Scenario
from torporvm import Machine, expect

MIB = 1 << 20
STORE_BYTES = 64 * MIB
# Of U-Boot: a sector behind those of its environment, and free RAM.
SECTOR_BYTES = 0x40000
FLASH_ADDRESS = STORE_BYTES + 2 * SECTOR_BYTES
RAM_ADDRESS = 0x50000000


class Booted(Machine):
    """A machine with firmware in flash in place of a kernel."""

    def __init__(self, options, name, firmware, store, *extra, disks):
        self.firmware = ["--firmware", str(firmware), "--variables", str(store), *extra]
        super().__init__(options, name, cpus=1, disks=disks)

    def boot_arguments(self, append):
        return self.firmware


class Firmware(Scenario):
    """What both have: the disk that they boot from, and their variables."""

    name = None

    def __init__(self, options):
        super().__init__(options)
        self.work = pathlib.Path(options.work) / f"{self.name}-files"
        self.work.mkdir(parents=True, exist_ok=True)
        self.store = self.work / "variables"
        self.disk = shutil.copyfile(options.firmware_disk, self.work / "boot.raw")
        self.disks = [self.disk]

    def use(self, firmware, *extra):
        """A machine with the variables of the one before, started."""
        if self.machine:
            self.machine.__exit__(None, None, None)
        self.machine = Booted(self.options, self.name, firmware, self.store, *extra,
                              disks=self.disks)
        self.machine.start()

    def is_booted(self):
        self.machine.guest.wait_ready(400)
        by = self.machine.guest.run("booted_by")["by"]
        expect(by == self.name, f"expected the guest to be booted by {self.name}, it says {by}")
        size = self.store.stat().st_size
        expect(size == STORE_BYTES, f"{self.store} has {size} bytes, expected {STORE_BYTES}")

    def powers_off(self):
        self.machine.guest.run("poweroff")
        self.machine.expect_exit(0)


class UBoot(Firmware):
    """U-Boot, with a blank store."""

    name = "u-boot"

    def __init__(self, options):
        super().__init__(options)
        self.disks.append(torporvm.blank_disk(self.work / "swap.raw", 192 * MIB))

    def prompt(self):
        """Stops U-Boot before it boots."""
        self.use(self.options.u_boot)
        console = self.machine.console
        console.wait("^Err:|^Net:", 120, what="U-Boot's start")
        for _ in range(60):
            console.send("")
            try:
                return console.wait("^=> ", 0.5)[0]
            except guest.GuestError:
                continue
        raise torporvm.Failure("U-Boot does not stop for a key")

    def shows(self, start):
        """What is in flash, as U-Boot reads it."""
        self.machine.console.send(f"md.l {FLASH_ADDRESS:#x} 4")
        self.machine.console.wait(f"^{FLASH_ADDRESS:08x}: {self.word} {self.word} ", 60, start,
                                  f"{self.word} in flash")

    def writes(self):
        """By words rather than by saveenv, which writes 256 KiB and takes minutes here."""
        self.word = uuid.uuid4().hex[:8]
        start = self.prompt()
        self.machine.console.send(
            f"mw.l {RAM_ADDRESS:#x} {self.word} 4; "
            f"erase {FLASH_ADDRESS:#x} {FLASH_ADDRESS + SECTOR_BYTES - 1:#x}; "
            f"cp.l {RAM_ADDRESS:#x} {FLASH_ADDRESS:#x} 4")
        self.machine.console.wait("Copy to Flash.*done", 120, start, "'done' of U-Boot's cp")
        self.shows(start)
        found = self.store.read_bytes()[FLASH_ADDRESS - STORE_BYTES:][:16]
        expect(found == int(self.word, 16).to_bytes(4, "little") * 4,
               f"U-Boot has written {self.word} to flash; {self.store} has {found.hex()}")

    def boots(self):
        self.machine.console.send("boot")
        self.is_booted()

    def hibernates(self):
        self.pending = self.machine.guest.start("hibernate")
        self.pending.wait_for("hibernating", 60)
        self.machine.expect_exit(10, 180)

    def keeps(self):
        self.shows(self.prompt())

    def resumes(self):
        self.machine.console.send("boot")
        answer = self.pending.answer(400, self.machine.console)
        expect(answer["resumed"] == "yes", "the guest did not resume")


class Edk2(Firmware):
    """EDK2, with a store from its template."""

    name = "edk2"
    # As EDK2 numbers them on a machine with one disk that can be booted from.
    disk_option, shell_option = 1, 2

    def start(self):
        folder = pathlib.Path(self.options.edk2)
        self.use(folder / "AAVMF_CODE.fd", "--variables-template",
                 str(folder / "AAVMF_VARS.fd"))

    def option(self, number, name):
        self.machine.console.wait(f"BdsDxe: loading Boot000{number} \"{name}\"", 120,
                                  what=f"EDK2's boot option {number}, {name}")

    def boots(self):
        self.start()
        self.option(self.disk_option, ".*")
        self.is_booted()
        blocks = self.store.stat().st_blocks
        expect(blocks * 512 < STORE_BYTES / 2, f"{self.store} was made of a sparse template and "
                                               f"takes {blocks * 512} bytes")

    def sets(self):
        self.machine.guest.run(f"efi_boot_order {self.shell_option} {self.disk_option}")

    def keeps(self):
        self.start()
        self.option(self.shell_option, "EFI Internal Shell")

    def resets(self):
        """The shell itself does it, by EDK2's runtime services."""
        time.sleep(1)
        self.machine.console.send("\x1b\r")
        before = len(self.machine.events())
        for _ in range(60):
            self.machine.console.send("reset\r")
            try:
                self.machine.wait_event("RESET", 2, before, reason="guest-reset")
                break
            except torporvm.Failure:
                continue
        self.machine.wait_event("STARTED", 10, before)
        with self.machine.qmp() as client:
            client.execute("quit")
        self.machine.expect_exit(13)


UBoot.checks = [
    ("U-Boot starts from flash, and writes to that for variables", UBoot.writes),
    ("it boots the guest from a disk", UBoot.boots),
    ("that hibernates, exit 10", UBoot.hibernates),
    ("U-Boot starts again, and has what it wrote", UBoot.keeps),
    ("it boots the guest, which resumes", UBoot.resumes),
    ("the guest that U-Boot booted powers off, exit 0", UBoot.powers_off),
]
Edk2.checks = [
    ("EDK2 starts from flash, and boots the guest from a disk", Edk2.boots),
    ("the guest sets a variable of the firmware", Edk2.sets),
    ("the guest that EDK2 booted powers off, exit 0", Edk2.powers_off),
    ("EDK2 starts again, and does what the variable says", Edk2.keeps),
    ("EDK2's own reset starts it once more", Edk2.resets),
]

SCENARIOS = {"u-boot": UBoot, "edk2": Edk2}
