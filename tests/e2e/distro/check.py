#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""A Debian with systemd on a disk: what systemctl and the host's keys do with its machine.

Runs on an arm64 host with KVM. Prints TAP and, last, "N passed, N failed, N skipped".
"""

import argparse
import pathlib
import signal
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))

import debian  # noqa: E402
import debian_named  # noqa: E402
import tap  # noqa: E402

# By device tree and by ACPI, and as a machine with a name.
SCENARIOS = {**debian.SCENARIOS, **debian_named.SCENARIOS}


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torpor", required=True, metavar="FILE", help="the VMM")
    parser.add_argument("--kernel", required=True, metavar="FILE", help="the disk's kernel")
    parser.add_argument("--initrd", metavar="FILE", help="the disk's initramfs")
    parser.add_argument("--disk", required=True, metavar="FILE",
                        help="made by the test bed; it is written to")
    parser.add_argument("--only", default=",".join(SCENARIOS), metavar="NAME,...",
                        help=f"of: {', '.join(SCENARIOS)} (default: all)")
    args = parser.parse_args(argv)
    args.names = [name for name in args.only.split(",") if name]
    for name in args.names:
        if name not in SCENARIOS:
            parser.error(f"--only: no '{name}'; there are {', '.join(SCENARIOS)}")
    return args


def main(argv):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    args = parse(argv)
    with tempfile.TemporaryDirectory(prefix="torpor-distro-") as args.work:
        # One after the other: they have one disk.
        return tap.run([SCENARIOS[name] for name in args.names], args, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
