#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""torpor killed at random moments: test_kills_random.py TORPOR [SEED]

One machine goes on through all kills of a worker: nothing is put right in between but by torpor.
"""

import concurrent.futures
import os
import random
import subprocess
import sys
import time

from kills import Lab
from tapcheck import expect

KILLS = 510
WORKERS = 3
RUN = ("run", "--name", "x")
# What may be killed, and how often it is chosen.
OPERATIONS = (
    (RUN, 12),
    ((*RUN, "--discard-hibernation"), 2),
    (("start", "x"), 2),
    (("status", "x"), 2),
    (("edit", "x", "--cpus", "3"), 1),
    (("edit", "x", "--cpus", "2", "--discard-hibernation"), 1),
)
PROGRAM = "write:8 doze:1 hibernate write:16 restart off"


def kill_randomly(lab, choice, command, limit_s):
    """Whether it was killed, its exit status, and its last words."""
    with lab.popen(*command) as process:
        try:
            _, err = process.communicate(timeout=choice.uniform(0, limit_s))
        except subprocess.TimeoutExpired:
            process.kill()
            _, err = process.communicate()
            return True, process.returncode, err.decode()
    return False, process.returncode, err.decode()


def take_turn(lab, choice, limit_s):
    """One operation; whether it was killed."""
    before, number, since = lab.check_truth(), lab.image(), len(lab.said())
    commands = [command for command, _ in OPERATIONS]
    command = choice.choices(commands, [weight for _, weight in OPERATIONS])[0]
    killed, status, err = kill_randomly(lab, choice, command, limit_s)
    if command[0] == "start":
        lab.settle()
    after, out = lab.check_truth(), lab.said(since)
    text = f"{command}, killed: {killed}, {status}: {before} to {after}: {out}{err}"
    if command == RUN and before["image"] == "saved":
        expect("fresh" not in out, f"it was not resumed: {text}")
        expect("resumed" not in out or f"resumed {number}" in out, f"another image: {text}")
        expect(killed or "resumed" in out, f"it was not resumed: {text}")
    if before["image"] in ("none", "discarded") or "--discard-hibernation" in command:
        expect("resumed" not in out, f"it was resumed: {text}")
    if command[0] == "status":
        expect((before["state"], number) == (after["state"], lab.image()), f"changed: {text}")
    return killed


def work(torpor, seed, kills):
    """Until so many kills: how many turns that took."""
    choice = random.Random(seed)
    turns = 0
    with Lab(torpor) as lab:
        lab.create(PROGRAM)
        started = time.monotonic()
        lab.good(*RUN, statuses=(10,))
        limit_s = 1.5 * (time.monotonic() - started)
        while kills > 0:
            turns += 1
            kills -= take_turn(lab, choice, limit_s)
        # All is well in the end, without help.
        lab.check_guest()
        lab.check_truth()
    return turns


def main():
    torpor = os.path.abspath(sys.argv[1])
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else random.SystemRandom().randrange(1 << 32)
    print(f"# seed {seed}", flush=True)
    failed = 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        jobs = [pool.submit(work, torpor, seed + i, KILLS // WORKERS) for i in range(WORKERS)]
        for number, job in enumerate(jobs, 1):
            problem = job.exception()
            failed += problem is not None
            what = f"{KILLS // WORKERS} kills at random moments"
            print(f"# {problem}" if problem else f"# {job.result()} turns")
            print(f"{'not ok' if problem else 'ok'} {number} - {what}", flush=True)
    print(f"1..{WORKERS}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
