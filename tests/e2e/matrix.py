#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""One host of the matrix of kernels: the steps of demo.py on several guests, on this arm64 host.

usage: matrix.py RESULTS GUEST:STEP,STEP ... ; a guest is a folder with Image, guest.cpio, release

Prints TAP, a line for each guest, and writes {guest: {...}} as JSON to RESULTS.
"""

import json
import pathlib
import platform
import re
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
LIMIT_S = 600


def run_guest(folder, steps):
    """(True if all was seen, its output)"""
    command = [sys.executable, "-B", str(HERE / "demo.py"), "--torpor", "./torpor",
               "--kernel", f"{folder}/Image", "--initrd", f"{folder}/guest.cpio",
               "--only", ",".join(steps)]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                              errors="replace", timeout=LIMIT_S, check=False)
    except subprocess.TimeoutExpired as why:
        return False, f"{why.stdout}\nnot done within {LIMIT_S} s"
    return done.returncode == 0, done.stdout


def main(argv):
    results, failed = {}, False
    for number, item in enumerate(argv[1:], 1):
        folder, _, steps = item.partition(":")
        steps = [step for step in steps.split(",") if step]
        begun = time.monotonic()
        good, output = run_guest(folder, steps)
        seen = re.search(r"demo passed: (\d+) observations", output)
        good = good and seen is not None
        failed |= not good
        results[folder] = {
            "host": platform.release(), "good": good, "steps": steps,
            "guest": pathlib.Path(folder, "release").read_text(encoding="ascii").strip(),
        }
        print(f"{'' if good else 'not '}ok {number} - {folder}: boot, {', '.join(steps)}, power-off"
              f" # {seen[1] if seen else 'missing'} observations, {time.monotonic() - begun:.0f} s",
              flush=True)
        if not good:
            for line in output.splitlines()[-60:]:
                print(f"# {line}", flush=True)
    pathlib.Path(argv[0]).write_text(json.dumps(results), encoding="utf-8")
    print(f"1..{len(results)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
