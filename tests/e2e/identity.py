# SPDX-License-Identifier: BSD-3-Clause
"""What a machine is to its guest, on a real KVM: the same each time, and rebuilt from a record."""

import pathlib
import re
import subprocess

from tap import Scenario
from torporvm import expect

LIMIT_S = 60
DISK_BYTES = 64 << 20
# A Neoverse N1, and no processor that the checks run on.
OTHER_MIDR = "0x413fd0c1"
# SVE in a guest.
LENGTHS = "cpu.sve-lengths"


class Identity(Scenario):
    """Descriptions of one machine; no guest runs."""

    def __init__(self, options):
        super().__init__(options)
        self.dir = pathlib.Path(options.work) / "identity"
        self.dir.mkdir()
        self.disk = self.dir / "disk"
        with open(self.disk, "wb") as disk:
            disk.truncate(DISK_BYTES)
        self.text = None

    def describe(self, *args):
        return subprocess.run([self.options.torpor, "describe", *args, "--kernel",
                               self.options.kernel, "--disk", str(self.disk)],
                              capture_output=True, text=True, timeout=LIMIT_S, check=False)

    def good(self, *args):
        end = self.describe(*args)
        expect(end.returncode == 0, f"describe {' '.join(args)} ended with {end.returncode}: "
                                    f"{end.stderr}")
        return end.stdout

    def fields(self, text=None):
        return dict(line.split(" ", 1) for line in (text or self.text).splitlines())

    def like(self, changes):
        """What differs on this host from a record with @changes: a dict of (was, is)."""
        fields = {**self.fields(), **changes}
        record = self.dir / "record"
        record.write_text("".join(f"{field} {value}\n" for field, value in sorted(fields.items())
                                  if value is not None))
        end = self.describe("--like", str(record), "--cpus", "2")
        found = re.findall(r"^torpor: (\S+) was (.*), is (.*)$", end.stderr, re.MULTILINE)
        expect(len(found) == end.stderr.count("\n") and end.returncode == (1 if found else 0),
               f"describe --like ended with {end.returncode}: {end.stderr}")
        return {field: (was, now) for field, was, now in found}

    def same_each_time(self):
        self.text = self.good("--cpus", "2")
        expect(self.good("--cpus", "2", "--append", "quiet") == self.text,
               "a machine was described twice, and the descriptions differ")
        expect(self.like({}) == {}, f"a machine differs from itself: {self.like({})}")
        fields = self.fields()
        for field in ("cpu.MIDR_EL1", "cpu.ID_AA64PFR0_EL1", "cpu.CTR_EL0", "cpu.CLIDR_EL1",
                      "cpu.CCSIDR_EL1.L1D", "cpu.DCZID_EL0.BS", "cpu0.MPIDR_EL1", "firmware.STD",
                      "gic.GICD_IIDR", "gic.ICC_CTLR_EL1", "timer.frequency-hz", "tables.dtb"):
            expect(field in fields, f"no {field} in {self.text}")
        expect(fields["disk0.bytes"] == str(DISK_BYTES), fields["disk0.bytes"])

    def rebuilt(self):
        """What KVM has let be chosen for long, lower than the host has it."""
        fields = self.fields()
        changes = {"firmware.STD": None, "firmware.VENDOR_HYP": "0x1"}
        if "cpu.PMCR_EL0.N" in fields:
            changes["cpu.PMCR_EL0.N"] = "0x1000"
        if LENGTHS in fields:
            changes[LENGTHS] = "128 256"
        differences = self.like(changes)
        expect(differences == {}, f"expected {changes} to be had, these are not: {differences}")

    def without_features(self):
        """A record without a feature has it left out, with all that comes with it."""
        record = self.dir / "plain"
        record.write_text(self.good("--cpus", "2", "--cpu-features", "sve=off,pmu=off"))
        end = self.describe("--like", str(record), "--cpus", "2")
        expect((end.returncode, end.stderr) == (0, ""), end.stderr)

    def other_processor(self):
        """Another MIDR_EL1 is had where KVM lets it be chosen (Linux 6.15), or is told of."""
        differences = self.like({"cpu.MIDR_EL1": OTHER_MIDR})
        expect(differences in ({}, {"cpu.MIDR_EL1": (OTHER_MIDR, self.fields()["cpu.MIDR_EL1"])}),
               f"expected MIDR_EL1 alone to differ, if anything: {differences}")

    def impossible(self):
        fields = self.fields()
        changes = {"cpu.ID_AA64MMFR0_EL1": "0xffffffffffffffff", "timer.frequency-hz": "12345",
                   "disk0.bytes": str(DISK_BYTES * 2), "cpu.CTR_EL0": "0x1"}
        wanted = {field: (value, fields[field]) for field, value in changes.items()}
        differences = self.like(changes)
        expect(differences == wanted, f"expected {wanted}, got {differences}")

    def tables(self):
        acpi = self.fields(self.good("--cpus", "2", "--firmware-tables", "acpi"))
        expect(acpi["tables"] == "acpi" and "tables.DSDT" in acpi and "tables.dtb" not in acpi,
               f"{acpi}")

    checks = [
        ("a machine is the same to its guest each time it is made", same_each_time),
        ("what a guest was shown is shown again, if this host has more of it", rebuilt),
        ("features that a guest did not have are left out", without_features),
        ("a processor of another kind is imitated or told of", other_processor),
        ("what this host can't give is told: which field, what it was and is", impossible),
        ("with ACPI each table is part of what a machine is", tables),
    ]


SCENARIOS = {"identity": Identity}
