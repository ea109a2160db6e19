#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""torpor killed at every step: test_kills.py TORPOR-WITH-FAULT-POINTS [DRIVER...]

Each driver is a command that is killed before and after each step that it takes. Steps are what the
build says they are; one that no driver takes fails the test.
"""

import concurrent.futures
import os
import sqlite3
import sys
import traceback

from kills import Lab, was_killed
from tapcheck import equal, expect

WORKERS = 3
# Those that read only, and are many: the first is as good as the others.
DULL = ("store: begin reading", "store: end reading", "store: close", "store: set up")


def nothing(_lab):
    pass


def created(lab):
    lab.create()


def with_program(program):
    return lambda lab: lab.create(program)


def hibernated(lab):
    lab.create()
    lab.good("run", "--name", "x", statuses=(10,))
    equal(lab.status()["state"], "hibernated", "to begin with")


def hibernated_with_marker(lab):
    lab.mark_swap()
    hibernated(lab)
    lab.marked = lab.image()


def left_running(lab):
    """Its process was killed."""
    lab.create()
    status = lab.run("run", "--name", "x", TORPOR_FAULT="store: commit/after#2")[0]
    expect(was_killed(status), "it was not killed")


def left_resuming(lab):
    """Likewise, before its guest's first write."""
    hibernated(lab)
    status = lab.run("run", "--name", "x", TORPOR_FAULT="store: begin/before#2")[0]
    expect(was_killed(status), "it was not killed")


def long_history(lab):
    lab.create()
    with sqlite3.connect(lab.folder + "/home/torpor.db") as database:
        database.execute("UPDATE machine SET events = 200000")


def exported(lab):
    lab.create()
    lab.good("export", "x", "x.json")
    lab.good("delete", "x")


def due(lab):
    """Its time to be started has come."""
    hibernated(lab)
    lab.good("start", "x", "--at", "+1h")
    with sqlite3.connect(lab.folder + "/home/torpor.db") as database:
        database.execute("UPDATE machine SET wake_at_s = 1")


def check_machine(lab):
    lab.check_guest()
    lab.check_truth()


def check_marked(lab):
    lab.follow_marker(lab.marked)
    check_machine(lab)


def check_started(lab):
    lab.settle()
    check_machine(lab)


def check_none_or_machine(lab):
    """Made or not, never half: and it can be made, or used, then."""
    if not lab.exists():
        lab.create()
    lab.check_guest()


def check_none_or_hibernated(lab):
    if lab.exists():
        equal(lab.check_truth()["state"], "hibernated", "while it is not deleted")
        lab.good("delete", "x", "--force")
    with open(lab.disk, "wb") as disk:
        disk.truncate(1 << 20)
    lab.create()
    equal(lab.check_truth()["state"], "off", "the next of its name")
    lab.check_guest()


RUN = ("run", "--name", "x")
DISCARD = (*RUN, "--discard-hibernation")
# What it is called: what is there before, the command, what is checked after.
DRIVERS = {
    "create": (nothing, None, check_none_or_machine),
    "hibernate": (created, RUN, check_machine),
    "resume": (hibernated, RUN, check_machine),
    "off": (with_program("write:8 off"), RUN, check_machine),
    "suspend": (with_program("write:8 doze:30 off"), RUN, check_machine),
    "reset": (with_program("restart write:8 off"), RUN, check_machine),
    "crash": (with_program("write:8 crash"), RUN, check_machine),
    "end by reset": (with_program("write:8 reset"), RUN, check_machine),
    "discard": (hibernated, DISCARD, check_machine),
    "clear marker": (hibernated_with_marker, (*DISCARD, "--clear-resume-marker"), check_marked),
    "edit": (created, ("edit", "x", "--cpus", "2"), check_machine),
    "edit hibernated": (hibernated, ("edit", "x", "--cpus", "2", "--discard-hibernation"),
                        check_machine),
    "mend": (left_running, ("status", "x"), check_machine),
    "mend and run": (left_running, RUN, check_machine),
    "mend a resume": (left_resuming, ("status", "x"), check_machine),
    "long history": (long_history, ("edit", "x", "--cpus", "2"), check_machine),
    "delete": (hibernated, ("delete", "x", "--force"), check_none_or_hibernated),
    "import": (exported, ("import", "x.json"), check_none_or_machine),
    "start": (created, ("start", "x"), check_started),
    "start to resume": (hibernated, ("start", "x"), check_started),
    "wake-due": (due, ("wake-due",), check_started),
    "start at": (created, ("start", "x", "--at", "+1h"), check_machine),
}


# There it is the process that the command has started.
BY_OTHERS = ("start", "start to resume", "wake-due")


def command_of(lab, name):
    command = DRIVERS[name][1]
    if command is None:
        command = ("create", "x", "--kernel", lab.kernel, "--disk", lab.disk, "--append",
                   "write:8 hibernate write:16 off")
    return command


def steps_of(torpor, name):
    """What the driver goes through when nothing kills it."""
    with Lab(torpor) as lab:
        DRIVERS[name][0](lab)
        log = lab.folder + "/steps"
        status, out, err = lab.run(*command_of(lab, name), TORPOR_FAULT_LOG=log)
        expect(status in (0, 10, 11, 12), f"{name}: exit status {status}: {out}{err}")
        DRIVERS[name][2](lab)
        with open(log, encoding="utf-8") as lines:
            return [line.rstrip("\n") for line in lines]


def faults_of(steps):
    """Before each step, and after those that make something lasting of it or come first."""
    count = {}
    for step in steps:
        count[step] = count.get(step, 0) + 1
        number = count[step]
        if number == 1 or step not in DULL:
            yield f"{step}/before#{number}"
        if number == 1 or step == "store: commit":
            yield f"{step}/after#{number}"


def kill_at(torpor, name, fault, group):
    with Lab(torpor) as lab:
        DRIVERS[name][0](lab)
        environment = {"TORPOR_FAULT": fault, **({"TORPOR_FAULT_GROUP": "1"} if group else {})}
        status, out, err = lab.run(*command_of(lab, name), **environment)
        # Events may be recorded together, so that it takes a step less often.
        expect(was_killed(status) or not fault.endswith("#1") or name in BY_OTHERS,
               f"it was not killed: {status}: {out}{err}")
        DRIVERS[name][2](lab)


def report(number, what, problems):
    for problem in problems:
        for line in problem.splitlines():
            print("#", line)
    print(f"{'not ok' if problems else 'ok'} {number} - {what}", flush=True)
    return len(problems)


def drive(pool, torpor, name, reached):
    """All faults of a driver; the problems."""
    try:
        steps = steps_of(torpor, name)
    except Exception:  # pylint: disable=broad-except
        return 0, [f"{name}: {traceback.format_exc()}"]
    reached.update(steps)
    jobs = {}
    for number, fault in enumerate(faults_of(steps)):
        jobs[pool.submit(kill_at, torpor, name, fault, number % 2 == 1)] = fault
    problems = []
    for job in concurrent.futures.as_completed(jobs):
        if job.exception() is not None:
            problems.append(f"{name}, {jobs[job]}: {job.exception()}")
    return len(jobs), problems


def main():
    torpor = os.path.abspath(sys.argv[1])
    names = sys.argv[2:] or list(DRIVERS)
    reached = set()
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for number, name in enumerate(names, 1):
            count, problems = drive(pool, torpor, name, reached)
            failed += report(number, f"{name}: killed at {count} places", problems)
    with Lab(torpor) as lab:
        points = set(lab.good("--fault-points").splitlines())
    missing = sorted(points - reached - UNREACHED) if names == list(DRIVERS) else []
    failed += report(len(names) + 1, f"each of {len(points)} points is reached by a driver",
                     [f"{point}: no driver comes there" for point in missing])
    print(f"1..{len(names) + 1}")
    return 1 if failed else 0


# Only after an error of the disk or of memory: nothing that has been committed is undone there.
UNREACHED = {"store: undo"}

if __name__ == "__main__":
    sys.exit(main())
