# SPDX-License-Identifier: BSD-3-Clause
"""A run on this machine, for an arm64 one with KVM."""

import os
import platform
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from .report import STATUS_BED_FAILED, STATUS_TIMEOUT, say

KVM = "/dev/kvm"


def usable():
    return platform.machine() == "aarch64" and os.access(KVM, os.R_OK | os.W_OK)


def _put(files, folder):
    for source, target in files:
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, path, symlinks=True, dirs_exist_ok=True)
        else:
            shutil.copy2(source, path)


def _put_disks(disks, folder):
    for source, target, _ in disks:
        path = folder / target
        path.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["cp", "--sparse=always", "--reflink=auto", "--", source, path], check=True)


def _kill(process):
    try:
        os.killpg(process.pid, signal.SIGKILL)  # its own session: the group is all of it
    except ProcessLookupError:
        pass
    process.wait()


def _execute(job, folder):
    env = {**os.environ, "TORPOR_TESTBED": "native", **job.env}
    try:
        process = subprocess.Popen(job.command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                                   start_new_session=True)
    except FileNotFoundError:
        say(f"{job.command[0]}: not found")
        return 127
    except OSError as error:
        say(f"{job.command[0]}: {error.strerror}")
        return 126
    try:
        status = process.wait(timeout=job.timeout_seconds)
    except subprocess.TimeoutExpired:
        say(f"time is over after {job.timeout_seconds:g} s: {job.command[0]} was still running and "
            "was killed; --timeout gives it more")
        return STATUS_TIMEOUT
    finally:
        _kill(process)
    return status if status >= 0 else 128 - status


def run(job):
    say(f"running on this machine (Linux {platform.release()}, {platform.machine()}, KVM)")
    with tempfile.TemporaryDirectory(prefix="torpor-bed-") as temp:
        folder = Path(temp)
        _put(job.files, folder)
        _put_disks(job.disks, folder)
        status = _execute(job, folder)
        for source, local in job.gets:
            try:
                shutil.copyfile(folder / source, local)
            except OSError as error:
                say(f"--get {source}: {error.strerror}")
                status = status or STATUS_BED_FAILED
    return status
