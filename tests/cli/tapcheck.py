# SPDX-License-Identifier: BSD-3-Clause
"""Runs functions as checks of the Test Anything Protocol; a function's doc string is its name."""

import subprocess
import sys
import traceback

TIME_LIMIT_S = 60


class Torpor:
    """The program under test."""

    def __init__(self, path):
        self.path = path

    def command(self, *args):
        return [self.path, *args]

    def run(self, *args, text="", **more):
        """Its end: returncode, stdout, stderr."""
        return subprocess.run(self.command(*args), input=text, capture_output=True, text=True,
                              timeout=TIME_LIMIT_S, check=False, **more)


def expect(condition, message):
    """Not assert, which can be compiled out."""
    if not condition:
        raise AssertionError(message)


def equal(got, wanted, what):
    expect(got == wanted, f"{what}: expected {wanted!r}, got {got!r}")


def main(checks):
    """checks: functions of a Torpor and an empty folder."""
    import pathlib  # pylint: disable=import-outside-toplevel
    import tempfile  # pylint: disable=import-outside-toplevel

    torpor = Torpor(str(pathlib.Path(sys.argv[1]).resolve()))
    failed = 0
    for number, check in enumerate(checks, 1):
        try:
            with tempfile.TemporaryDirectory() as folder:
                check(torpor, pathlib.Path(folder))
            print(f"ok {number} - {check.__doc__}")
        except Exception:  # pylint: disable=broad-except
            failed += 1
            print(f"not ok {number} - {check.__doc__}")
            for line in traceback.format_exc().splitlines():
                print(f"# {line}")
        sys.stdout.flush()
    print(f"1..{len(checks)}")
    return 1 if failed else 0
