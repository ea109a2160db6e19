#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Machines by name, from start to end: test_lifecycle.py TORPOR"""

import json
import os
import signal
import subprocess
import sys
import time

from named import DONE, FAILED, STATE, UNRESPONSIVE, Home
from tapcheck import TIME_LIMIT_S, equal, expect, main


def start_and_stop(torpor, folder):
    """start returns when the guest runs; stop asks it, and says how that went"""
    with Home(torpor, folder) as home:
        home.create("x", "obey")
        equal(home.good("start", "x"), "x is running\n", "start")
        status = home.status("x")
        equal((status["state"], status["process"]), ("running", True), "it runs")
        home.bad(STATE, ["x is running"], "start", "x")
        for command in (("delete", "x"), ("edit", "x", "--cpus", "2"), ("export", "x"),
                        ("start", "x", "--at", "+1h")):
            home.bad(STATE, ["x is running"], *command)
        out = home.good("stop", "x", "--timeout", "20")
        equal(out, "x: its guest is asked to power off, within 20 s\nx is off\n", "stop")
        status = home.status("x")
        equal((status["state"], status["image"], status["process"]), ("off", "none", False),
              "it is off")
        equal(status["by"], "guest", "who powered it off")


def quick_end(torpor, folder):
    """a guest that ends at once has been started all the same"""
    with Home(torpor, folder) as home:
        home.create("x", "off")
        home.good("start", "x")
        home.wait_for_state("x", "off")
        home.create("y", "hibernate", "--disk", home.disk())
        home.good("start", "y")
        home.wait_for_state("y", "hibernated")


def failed_start(torpor, folder):
    """of a start that fails its process's last words are shown"""
    with Home(torpor, folder) as home:
        home.create("x", "start-fails")
        home.bad(FAILED, ["CPU 0 cannot be started", "x did not start"], "start", "x")
        home.create("y", "obey")
        home.kernel.unlink()
        end = home.bad(FAILED, [f"{home.kernel}", "y did not start; it is off"], "start", "y")
        home.kernel.write_bytes(bytes(56) + b"ARM\x64" + bytes(4))
        again = home.good("start", "y")
        equal(again, "y is running\n", f"after {end.stderr}")


def suspend_and_wake(torpor, folder):
    """suspend waits for the guest and its record; wake and reset do as they say"""
    with Home(torpor, folder) as home:
        home.create("x", "obey")
        home.good("start", "x")
        out = home.good("suspend", "x")
        equal(out, "x: its guest is asked to suspend, within 60 s\nx is suspended\n", "suspend")
        equal(home.state("x"), "suspended", "its record")
        home.bad(STATE, ["already suspended"], "suspend", "x")
        equal(home.good("wake", "x"), "x is woken\n", "wake")
        home.wait_for_state("x", "running")
        home.bad(STATE, ["expected the machine suspended"], "wake", "x")
        equal(home.good("reset", "x"), "x is reset\n", "reset")
        kinds = [event["kind"] for event in home.events("x")]
        for kind in ("SUSPEND", "WAKEUP"):
            expect(kind in kinds, f"{kind} in {kinds}")


def hibernate_and_resume(torpor, folder):
    """a hibernated machine is known as such, guarded, and resumed by its next start"""
    with Home(torpor, folder) as home:
        home.create("x", "obey", "--disk", home.disk())
        home.good("start", "x")
        equal(home.good("hibernate", "x").splitlines()[-1], "x is hibernated", "hibernate")
        equal((home.state("x"), home.status("x")["image"]), ("hibernated", "saved"), "its record")
        signature = home.status("x")["signature"]
        home.bad(STATE, ["--force"], "delete", "x")
        end = home.bad(STATE, ["x: cpu.count was 1 and would be 2", "--discard-hibernation"],
                       "edit", "x", "--cpus", "2")
        expect("memory" not in end.stderr, end.stderr)
        home.good("edit", "x", "--append", "obey", "--no-reboot")
        equal(home.state("x"), "hibernated", "what the guest does not see may change")
        expect(home.good("start", "x").startswith("x is "), "start")
        home.wait_for_state("x", "running")
        equal(home.status("x")["signature"], signature, "it is the same machine")
        home.good("stop", "x")
        expect("resumed" in home.good("console", "x", "--log"), "the guest resumed")


def discard(torpor, folder):
    """a discarded hibernation raises the epoch and changes the signature"""
    with Home(torpor, folder) as home:
        home.create("x", "obey", "--disk", home.disk())
        home.good("start", "x")
        home.good("hibernate", "x")
        before = home.status("x")
        home.good("edit", "x", "--cpus", "2", "--discard-hibernation")
        after = home.status("x")
        equal((after["state"], after["image"]), ("off", "discarded"), "by edit")
        expect(after["epoch"] > before["epoch"] and after["signature"] != before["signature"],
               after)
        home.good("start", "x")
        home.good("hibernate", "x")
        before = home.status("x")
        home.good("start", "x", "--discard-hibernation")
        home.wait_for_state("x", "running")
        expect(home.status("x")["epoch"] > before["epoch"], "by start")


def unresponsive(torpor, folder):
    """a guest that does not react is told of in time, and may be ended by force"""
    with Home(torpor, folder) as home:
        home.create("x", "echo")
        home.good("start", "x")
        started = time.monotonic()
        for command, words in (("suspend", "did not suspend in time"),
                               ("hibernate", "did not hibernate in time"),
                               ("stop", "torpor stop x --force")):
            home.bad(UNRESPONSIVE, [words], command, "x", "--timeout", "1")
        expect(time.monotonic() - started < 30, "in time")
        out = home.run("stop", "x", "--timeout", "1", "--force")
        equal(out.returncode, DONE, out.stderr)
        expect("ended by force" in out.stderr, out.stderr)
        equal(home.status("x")["process"], False, "it has ended")
        home.good("start", "x")
        home.good("stop", "x", "--force")
        equal(home.status("x")["process"], False, "without asking")


def wait_is_left(torpor, folder):
    """Ctrl-C ends the wait and leaves the machine alone"""
    with Home(torpor, folder) as home:
        home.create("x", "echo")
        home.good("start", "x")
        with home.popen("stop", "x", stdout=subprocess.PIPE) as stop:
            expect(b"asked to power off" in stop.stdout.readline(), "it says so at once")
            stop.send_signal(signal.SIGINT)
            equal(stop.wait(TIME_LIMIT_S), -signal.SIGINT, "the wait has ended")
        expect(home.status("x")["process"], "the machine goes on")


def two_starts(torpor, folder):
    """of several starts at once one starts the machine, and there is one process"""
    with Home(torpor, folder) as home:
        home.create("x", "obey")
        starts = [home.popen("start", "x", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
                  for _ in range(5)]
        ends = [(start.communicate(timeout=TIME_LIMIT_S), start.returncode) for start in starts]
        statuses = sorted(status for _, status in ends)
        expect(statuses[0] == DONE and set(statuses) <= {DONE, STATE}, f"{ends}")
        home.good("stop", "x")
        kinds = [event["kind"] for event in home.events("x")]
        equal(kinds.count("STARTED"), 1, f"one guest in {kinds}")
        equal(home.status("x")["process"], False, "no process is left")


def process_of(home, name):
    """The machine's process, by the lock file, which is for people."""
    return int(home.file(name, "lock").read_text().split()[0])


def killed(torpor, folder):
    """a process that is killed leaves a machine that crashed, recorded by its supervisor"""
    with Home(torpor, folder) as home:
        home.create("x", "obey")
        home.good("start", "x")
        os.kill(process_of(home, "x"), signal.SIGKILL)
        home.wait_for_state("x", "crashed")
        status = home.status("x")
        equal((status["image"], status["process"]), ("maybe", False), "its record")
        home.bad(DONE, ["--discard-hibernation"], "edit", "x", "--cpus", "2")
        home.good("start", "x")
        equal(home.state("x"), "running", "it starts again")


def hung(torpor, folder):
    """a process that does not answer is killed by stop --force alone"""
    with Home(torpor, folder) as home:
        home.create("x", "obey")
        home.good("start", "x")
        process = process_of(home, "x")
        os.kill(process, signal.SIGSTOP)
        equal(home.status("x")["process"], True, "status answers at once")
        home.bad(FAILED, ["does not answer"], "wake", "x")
        end = home.run("stop", "x", "--force")
        equal(end.returncode, DONE, end.stderr)
        expect("was killed" in end.stderr, end.stderr)
        equal(home.state("x"), "crashed", "its record")


def log_is_kept(torpor, folder):
    """what the process says is in the machine's log"""
    with Home(torpor, folder) as home:
        home.create("x", "log:something obey")
        home.good("start", "x")
        expect("torpor: something" in home.file("x", "log").read_text(), "the log")
        equal(home.file("x", "log").stat().st_mode & 0o777, 0o600, "its owner's alone")


def history(torpor, folder):
    """events has times, states, causes and who asked, and follows what happens"""
    with Home(torpor, folder) as home:
        home.create("x", "obey")
        with home.popen("events", "x", "--follow", "--json", stdout=subprocess.PIPE) as follow:
            equal(json.loads(follow.stdout.readline())["kind"], "CREATE", "what was")
            home.good("start", "x")
            kinds = []
            while "STARTED" not in kinds:
                kinds.append(json.loads(follow.stdout.readline())["kind"])
            follow.terminate()
        home.good("stop", "x")
        for event in home.events("x"):
            equal(set(event), {"id", "time", "time_ns", "machine", "kind", "from", "to", "cause",
                               "by", "detail"}, "members")
        last = home.good("events", "x").splitlines()[-1]
        for word in ("stopping -> off", "SHUTDOWN", "the guest powered off", "(guest)"):
            expect(word in last, f"no {word!r} in {last!r}")
        home.create("another", "obey")
        expect("another" in home.good("events"), "of all machines")
        home.good("events", "--html", "page.html", "--trace", "trace.json")
        expect("<html" in (folder / "page.html").read_text(), "a page")
        json.loads((folder / "trace.json").read_text())


def wake_due(torpor, folder):
    """wake-due starts what is due, once, and tells what it did"""
    with Home(torpor, folder) as home:
        for name in ("due", "later", "never"):
            home.create(name, "obey")
        now = int(time.time())
        home.good("start", "due", "--at", f"@{now - 1}")
        out = home.good("start", "later", "--at", "+1h")
        expect("is to be started at" in out, out)
        wake = home.status("later")["wake"]
        expect(wake["by"] == "user" and 3590 <= wake["at_s"] - now <= 3700, wake)
        expect(wake["at"][:4] in home.good("list"), "list has it")
        due = [home.popen("wake-due", stdout=subprocess.PIPE, stderr=subprocess.PIPE)
               for _ in range(2)]
        ends = [(process.communicate(timeout=TIME_LIMIT_S), process.returncode)
                for process in due]
        equal([status for _, status in ends], [DONE, DONE], f"{ends}")
        expect(any(b"due is due since" in out for (out, _), _ in ends), ends)
        equal([home.state(name) for name in ("due", "later", "never")],
              ["running", "off", "off"], "states")
        equal(home.status("due")["wake"], None, "it is due no longer")
        equal(home.good("wake-due"), "", "nothing is due")
        home.good("start", "later", "--at", "never")
        equal(home.status("later")["wake"], None, "never")


def wake_due_fails(torpor, folder):
    """a machine that can't be woken is tried once"""
    with Home(torpor, folder) as home:
        home.create("x", "start-fails")
        home.good("start", "x", "--at", "@1")
        end = home.run("wake-due")
        equal(end.returncode, FAILED, end.stdout + end.stderr)
        equal(home.status("x")["wake"], None, "it is due no longer")
        equal(home.good("wake-due"), "", "nothing is due")


def wakes_of_alarm(torpor, folder):
    """the alarm of a guest that hibernated is when it is due"""
    with Home(torpor, folder) as home:
        home.create("x", "alarm:2 hibernate obey", "--disk", home.disk())
        home.good("start", "x")
        home.wait_for_state("x", "hibernated")
        equal(home.status("x")["wake"]["by"], "alarm", "the record")
        time.sleep(2.2)
        expect("x is due since" in home.good("wake-due"), "it is due")
        expect(home.status("x")["process"], "it resumes")


if __name__ == "__main__":
    sys.exit(main([start_and_stop, quick_end, failed_start, suspend_and_wake,
                   hibernate_and_resume, discard, unresponsive, wait_is_left, two_starts, killed,
                   hung, log_is_kept, history, wake_due, wake_due_fails, wakes_of_alarm]))
