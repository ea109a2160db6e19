# SPDX-License-Identifier: BSD-3-Clause
"""Checks in the Test Anything Protocol: scenarios that share a machine, several at a time."""

import concurrent.futures
import threading
import time
import traceback

from guest import GuestError
from qmp import QmpClosed, QmpError
from torporvm import Failure

# What a check may end with that is about the machine; anything else is a fault of the check.
EXPECTED = (Failure, GuestError, QmpClosed, QmpError, KeyError, OSError)


class Skip(Exception):
    """The check cannot be made here; the message says why."""


class Scenario:
    """Checks made one after the other on one machine.

    A subclass has .checks, a list of (the promise in words, method), and says in .machine what is
    running, for the explanation of a failure. After one that fails the others are not made, and
    count as failed: an observation that is missing is a failure.
    """

    checks = []

    def __init__(self, options):
        self.options = options
        self.machine = None

    def close(self):
        if self.machine:
            self.machine.__exit__(None, None, None)


class Report:
    """Prints the lines, and counts."""

    def __init__(self):
        self.lock = threading.Lock()
        self.number = 0
        self.counts = {"passed": 0, "failed": 0, "skipped": 0}

    def line(self, result, name, comment="", details=""):
        with self.lock:
            self.number += 1
            self.counts[result] += 1
            word = "not ok" if result == "failed" else "ok"
            note = f" # SKIP {comment}" if result == "skipped" else ""
            note = note or (f" # {comment}" if comment else "")
            print(f"{word} {self.number} - {name}{note}")
            for each in details.splitlines():
                print(f"# {each}")
            print(end="", flush=True)

    def finish(self):
        print(f"1..{self.number}")
        print(", ".join(f"{count} {result}" for result, count in self.counts.items()), flush=True)
        return 1 if self.counts["failed"] or not self.counts["passed"] else 0


def run_scenario(make, options, report):
    scenario = make(options)
    failed = None
    try:
        for name, method in scenario.checks:
            if failed:
                report.line("failed", name, f"not reached: '{failed}' failed")
                continue
            started = time.monotonic()
            try:
                method(scenario)
                report.line("passed", name, f"{time.monotonic() - started:.1f} s")
            except Skip as why:
                report.line("skipped", name, str(why))
            except EXPECTED as why:
                failed = name
                explained = scenario.machine.explain() if scenario.machine else ""
                report.line("failed", name, "", f"{type(why).__name__}: {why}\n{explained}")
            except Exception:  # pylint: disable=broad-except
                failed = name
                report.line("failed", name, "", traceback.format_exc())
    finally:
        scenario.close()


def run(scenarios, options, jobs):
    """All @scenarios, @jobs at a time; the exit status."""
    report = Report()
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(run_scenario, each, options, report) for each in scenarios]
        for each in waiting:
            each.result()
    return report.finish()
