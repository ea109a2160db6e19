# SPDX-License-Identifier: BSD-3-Clause
"""What a run is asked to do, the same for an emulated host and for this machine."""

import argparse
import os
import re
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from . import kernels
from .report import BedError

# QEMU's `max` computes pointer authentication the slow way, three times as long a boot.
CPUS = {"max": "max,pauth=off", "cortex-a76": "cortex-a76", "cortex-a57": "cortex-a57"}


@dataclass(frozen=True)
class Job:
    command: list
    files: list  # (source Path, destination relative to the command's folder)
    gets: list  # (path in the host, local Path)
    env: dict
    cpu: str
    smp: int
    memory: str
    timeout_seconds: float
    console: Path
    disks: tuple = ()  # (image Path, name in the command's folder, whether its content is kept)


def _number(low, high, kind=int):
    def parse(text):
        try:
            value = kind(text)
        except ValueError:
            value = None
        if value is None or not low <= value <= high:
            raise argparse.ArgumentTypeError(f"{text} is not a number from {low} to {high}")
        return value

    return parse


def _memory(text):
    if not re.fullmatch(r"[1-9][0-9]*[MG]", text):
        raise argparse.ArgumentTypeError(f"{text} is not a size such as 768M or 3G")
    return text


def add_arguments(parser):
    add = parser.add_argument
    add("--cpu", choices=CPUS, default="max",
        help="KVM is in VHE mode on max and cortex-a76, in nVHE mode on cortex-a57 (default: max)")
    add("--host-kernel", choices=kernels.HOSTS,
        help=f"the emulated host's kernel (default: {kernels.HOST_DEFAULT}); implies --emulate")
    add("--smp", type=_number(1, 8), default=2, metavar="N", help="CPUs (default: 2)")
    add("--memory", type=_memory, default="3G", metavar="SIZE", help="default: 3G")
    add("--timeout", type=_number(1, 86400, float), default=600.0, metavar="SECONDS",
        help="for all of the run, the host's boot included (default: 600)")
    add("--file", action="append", default=[], metavar="SRC[:DST]",
        help="put a file or a folder into the command's folder, as DST")
    add("--disk", action="append", default=[], metavar="SRC:DST",
        help="give the host a disk with the content of the file SRC, which stays as it is, as DST")
    add("--get", action="append", default=[], metavar="SRC:LOCAL",
        help="copy a file out afterwards, also if the command failed")
    add("--env", action="append", default=[], metavar="NAME=VALUE", help="set it for CMD")
    add("--console", metavar="FILE", help="keep the emulated host's kernel console here")
    add("--emulate", action="store_true", help="emulate even where this machine would do")


def _relative(option, text, item):
    path = PurePosixPath(text)
    if path.is_absolute() or ".." in path.parts:
        raise BedError(f"{option} {item}: DST must be a relative path inside the command's folder")
    return str(path)


def _file(item):
    source, colon, target = item.partition(":")
    path = Path(source)
    if not path.exists():
        raise BedError(f"--file {item}: there is no {source}")
    if not (path.is_file() or path.is_dir()) or not os.access(path, os.R_OK):
        raise BedError(f"--file {item}: {source} is not a file or folder that can be read")
    target = _relative("--file", target if colon else path.resolve().name, item)
    if target == "." and not path.is_dir():
        raise BedError(f"--file {item}: only a folder can be put in place of the command's folder")
    return path, target


def _get(item):
    source, _, local = item.partition(":")
    if not source or not local:
        raise BedError(f"--get {item}: expected SRC:LOCAL")
    path = Path(local)
    if not path.absolute().parent.is_dir():
        raise BedError(f"--get {item}: there is no folder {path.absolute().parent}")
    return source, path


def _disk(item):
    source, colon, target = item.partition(":")
    if not colon or not target:
        raise BedError(f"--disk {item}: expected SRC:DST")
    path = Path(source)
    if not path.is_file() or not os.access(path, os.R_OK):
        raise BedError(f"--disk {item}: {source} is not a file that can be read")
    return path, _relative("--disk", target, item), False


def _env(item):
    name, equals, value = item.partition("=")
    if not name or not equals:
        raise BedError(f"--env {item}: expected NAME=VALUE")
    return name, value


def from_args(args, command):
    if not command:
        raise BedError("run: no command; it comes after `--`, as in: tools/testbed run -- uname -a")
    return Job(
        command=command,
        files=[_file(item) for item in args.file],
        gets=[_get(item) for item in args.get],
        env=dict(_env(item) for item in args.env),
        cpu=args.cpu,
        smp=args.smp,
        memory=args.memory,
        timeout_seconds=args.timeout,
        console=Path(args.console) if args.console else None,
        disks=tuple(_disk(item) for item in args.disk),
    )
