#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What ACPI's own tools say of the tables: iasl reads each, and its AML is what it makes of the
source that it reads out of ours; acpiexec runs the methods of the clock.

Usage: acpi_check.py DUMP, where DUMP is the program acpi_dump. Prints TAP.
"""

import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import time

TABLES = ("XSDT", "FACP", "FACS", "APIC", "GTDT", "SPCR", "DSDT")
MACHINES = ("small", "full", "large")
HEADER_BYTES = 36
# Of an AML block that is made of source: length, checksum and who made it may differ.
COMPLAINT = re.compile(r"\b(error|warning|remark|invalid|unknown)", re.IGNORECASE)
# What iasl says of any FACS with a signature: it takes that for a name.
FACS_NAME = "Table header for [FACS] has invalid ASCII character"
# Leap days, ends of months and years, 100 and 400 years' rules, the first and the last second.
TIMES = (0, 1, 59, 3599, 86399, 86400, 951782399, 951782400, 951868800, 978307199, 978307200,
         1709164799, 1709164800, 1709251199, 1735689599, 2147483647, 4102444799, 4107542399,
         4107542400, 4294967295)


def run(*args, folder):
    made = subprocess.run(args, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          stdin=subprocess.DEVNULL, check=False)
    return made.returncode, made.stdout.decode(errors="replace")


def complaints(status, text):
    """Lines that say that something is wrong."""
    # The last line counts them, whatever there is.
    found = [line for line in text.splitlines()
             if COMPLAINT.search(line) and FACS_NAME not in line
             and not line.startswith("Compilation successful. 0 Errors, 0 Warnings, 0 Remarks")]
    return found or ([f"ended with {status}: {text}"] if status else [])


def check_table(folder, name):
    found = complaints(*run("iasl", "-d", f"{name}.dat", folder=folder))
    source = folder / f"{name}.dsl"
    if not source.exists():
        return found + ["iasl made nothing of it"]
    lines = source.read_text(errors="replace").splitlines()
    return found + [line for line in lines if "Unknown" in line or "Invalid" in line
                    or "Incorrect checksum" in line]


def check_source(folder, name):
    """iasl's source of a DSDT makes the same AML."""
    found = complaints(*run("iasl", "-oa", "-p", f"{name}-again", f"{name}.dsl", folder=folder))
    if found:
        return found
    before = (folder / f"{name}.dat").read_bytes()[HEADER_BYTES:]
    after = (folder / f"{name}-again.aml").read_bytes()[HEADER_BYTES:]
    return [] if before == after else ["its source makes other AML"]


# Returns 0, or the number of the first case that fails. acpiexec's memory keeps what is written to
# RTCL, and does not make it the time.
CLOCK_TEST = """DefinitionBlock ("", "SSDT", 2, "TEST", "CLOCK", 1)
{
    External (\\_SB.TAD0._GRT, MethodObj)
    External (\\_SB.TAD0._SRT, MethodObj)
    External (\\_SB.TAD0.RTCD, FieldUnitObj)
    External (\\_SB.TAD0.RTCL, FieldUnitObj)
    External (\\_SB.TAD0.RTCM, FieldUnitObj)
    External (\\_SB.TAD0.RTCI, FieldUnitObj)
    External (\\_SB.TAD0._STV, MethodObj)
    External (\\_SB.TAD0._TIV, MethodObj)
    External (\\_SB.TAD0._GWS, MethodObj)
    External (\\_SB.TAD0._CWS, MethodObj)
    External (\\_SB.TAD0._STP, MethodObj)
    External (\\_SB.TAD0._TIP, MethodObj)
    External (\\_SB.GPO0._E06, MethodObj)
    Method (\\TGET, 1) { \\_SB.TAD0.RTCD = Arg0  Return (\\_SB.TAD0._GRT ()) }
    Method (\\TSET, 1) {
        \\_SB.TAD0.RTCL = Zero
        If (\\_SB.TAD0._SRT (Arg0)) { Return (Ones) }
        Return (\\_SB.TAD0.RTCL)
    }
    Method (\\TALM, 2) { \\_SB.TAD0.RTCD = Arg0  Return (\\_SB.TAD0._STV (Zero, Arg1)) }
    Method (\\TFIR) { \\_SB.GPO0._E06 ()  Return (Zero) }
    Method (\\TEST) {
%s
        Return (Zero)
    }
}
"""


def clock_bytes(seconds):
    """A time as _GRT gives it."""
    t = time.gmtime(seconds)
    return (t.tm_year.to_bytes(2, "little")
            + bytes((t.tm_mon, t.tm_mday, t.tm_hour, t.tm_min, t.tm_sec, 1, 0, 0))
            + (2047).to_bytes(2, "little") + bytes(4))


def asl_buffer(data):
    return "Buffer () {" + ", ".join(map(str, data)) + "}"


def clock_cases():
    """(what, a condition in ASL that must not be true)"""
    for seconds in TIMES:
        data = asl_buffer(clock_bytes(seconds))
        yield f"_GRT at {seconds}", f"TGET ({seconds}) != {data}"
        yield f"_SRT to {seconds}", f"TSET ({data}) != {seconds}"
    # Before 1970, and after what the PL031 can count.
    for year, month, day in ((1969, 12, 31), (2106, 2, 8)):
        data = asl_buffer(year.to_bytes(2, "little") + bytes((month, day)) + bytes(12))
        yield f"_SRT to {year}", f"TSET ({data}) != Ones"


NEVER = 0xFFFFFFFF


def alarm_cases():
    """The same of the alarm: each goes on from the one before."""
    tad = "\\_SB.TAD0"
    yield "no alarm at first", f"{tad}._TIV (Zero) != {NEVER}"
    for now, seconds, match in ((1000, 100, 1100), (0xFFFFFFF0, 0x20, 0x10)):
        yield f"_STV by {seconds}", f"TALM ({now}, {seconds}) != Zero"
        yield f"_STV by {seconds}, RTCMR", f"{tad}.RTCM != {match}"
        yield f"_STV by {seconds}, RTCIMSC", f"{tad}.RTCI != One"
        yield f"_TIV of {seconds}", f"{tad}._TIV (Zero) != {seconds}"
    yield "_GWS before", f"{tad}._GWS (Zero) != Zero"
    yield "_E06", "TFIR () != Zero"
    yield "_E06 disarms", f"{tad}._TIV (Zero) != {NEVER}"
    yield "_GWS after", f"{tad}._GWS (Zero) != One"
    yield "_CWS", f"{tad}._CWS (Zero) != Zero"
    yield "_GWS, cleared", f"{tad}._GWS (Zero) != Zero"
    yield "_STV again", "TALM (5, 5) != Zero"
    yield "_STV of never", f"TALM (6, {NEVER}) != Zero"
    yield "_STV of never, RTCIMSC", f"{tad}.RTCI != Zero"
    yield "_TIP at first", f"{tad}._TIP (Zero) != {NEVER}"
    yield "_STP", f"{tad}._STP (Zero, 7) != Zero"
    yield "_TIP", f"{tad}._TIP (Zero) != 7"
    for method, arguments, answer in (("_STV", "One, 5", NEVER), ("_TIV", "One", NEVER),
                                      ("_GWS", "One", 0), ("_CWS", "One", NEVER),
                                      ("_STP", "One, 5", NEVER), ("_TIP", "One", NEVER)):
        yield f"{method} of a timer for DC", f"{tad}.{method} ({arguments}) != {answer}"


def check_clock(folder):
    cases = [*clock_cases(), *alarm_cases()]
    lines = [f"        If ({wrong}) {{ Return ({number}) }}"
             for number, (_, wrong) in enumerate(cases, 1)]
    (folder / "clock.asl").write_text(CLOCK_TEST % "\n".join(lines))
    found = complaints(*run("iasl", "-vw", "2173", "-p", "clock", "clock.asl", folder=folder))
    if found:
        return found
    _, text = run("acpiexec", "-b", "execute \\TEST", "small-DSDT.dat", "clock.aml", folder=folder)
    result = re.search(r"\[Integer\] = ([0-9A-F]+)", text)
    if not result:
        return [f"acpiexec says: {text}"]
    number = int(result[1], 16)
    return [f"{cases[number - 1][0]} is wrong"] if number else []


def main(dump):
    missing = [tool for tool in ("iasl", "acpiexec") if not shutil.which(tool)]
    if missing:
        print(f"1..0 # SKIP no {missing[0]}: Debian's acpica-tools has it")
        return 0
    checks = [(f"iasl reads {machine}'s {table}", check_table, f"{machine}-{table}")
              for machine in MACHINES for table in TABLES]
    checks += [(f"iasl's source of {machine}'s DSDT makes the same AML", check_source,
                f"{machine}-DSDT") for machine in MACHINES]
    checks.append(("the clock tells and takes the time, and has an alarm", check_clock))
    failed = 0
    print(f"1..{len(checks)}")
    with tempfile.TemporaryDirectory(prefix="torpor-acpi-") as folder:
        subprocess.run([dump, folder], check=True)
        for number, (what, check, *args) in enumerate(checks, 1):
            found = check(pathlib.Path(folder), *args)
            failed += bool(found)
            print(f"{'not ok' if found else 'ok'} {number} - {what}")
            for line in "\n".join(found).splitlines():
                print(f"# {line}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(str(pathlib.Path(sys.argv[1]).resolve())))
