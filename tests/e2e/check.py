#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The end-to-end checks: torpor with Linux and a small guest. Runs on an arm64 host with KVM.

Prints TAP and, last, "N passed, N failed, N skipped".
"""

import argparse
import os
import pathlib
import signal
import sys
import tempfile

import acpi
import balloon
import bare
import block
import client
import cpus
import devices
import firmware
import identity
import idle
import keys
import named_states
import net
import ramoops
import scenarios
import tap

# The small guest's come first: they are short, and tell most about what is wrong.
SCENARIOS = {**bare.SCENARIOS, **cpus.SCENARIOS, **client.SCENARIOS, **keys.SCENARIOS,
             **scenarios.SCENARIOS, **block.SCENARIOS, **idle.SCENARIOS, **net.SCENARIOS,
             **ramoops.SCENARIOS, **acpi.SCENARIOS, **balloon.SCENARIOS,
             **firmware.SCENARIOS, **devices.SCENARIOS, **identity.SCENARIOS,
             **named_states.SCENARIOS}


# What depends on how KVM runs a guest: enough for a second mode of KVM.
SHORT = [*(name for name in SCENARIOS if name.startswith("bare-")),
         "psci-1.3", "psci-1.1", "flush", "idle-clusters", "devices"]


def parse(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--torpor", required=True, metavar="FILE", help="the VMM")
    parser.add_argument("--kernel", required=True, metavar="FILE", help="the guest's kernel")
    parser.add_argument("--initrd", required=True, metavar="FILE", help="made by guest/build")
    parser.add_argument("--bare", required=True, metavar="FILE", help="made by bare/build")
    parser.add_argument("--generic-kernel", required=True, metavar="FILE",
                        help="a kernel with drivers for all that the machine has")
    parser.add_argument("--generic-initrd", required=True, metavar="FILE",
                        help="made by guest/build of that kernel's modules")
    parser.add_argument("--qmp-library", required=True, metavar="DIR",
                        help="where the Python package qemu.qmp is")
    parser.add_argument("--firmware-disk", required=True, metavar="FILE",
                        help="made by guest/build-disk")
    parser.add_argument("--u-boot", required=True, metavar="FILE", help="U-Boot for QEMU's virt")
    parser.add_argument("--edk2", required=True, metavar="DIR",
                        help="where EDK2's AAVMF_CODE.fd and AAVMF_VARS.fd are")
    parser.add_argument("--passt", metavar="FILE", help="for networks; else that in PATH, if any")
    parser.add_argument("--jobs", type=int, default=2, metavar="N",
                        help="machines at a time (default: 2)")
    parser.add_argument("--only", metavar="NAME,...", default=",".join(SCENARIOS),
                        help="these machines: " + ", ".join(SCENARIOS))
    parser.add_argument("--short", action="store_true",
                        help="only what depends on KVM's mode: " + ", ".join(SHORT))
    args = parser.parse_args(argv)
    if args.short:
        args.only = ",".join(SHORT)
    args.names = [name for name in args.only.split(",") if name]
    for name in args.names:
        if name not in SCENARIOS:
            parser.error(f"--only: no machine '{name}'; there are {', '.join(SCENARIOS)}")
    return args


def main(argv):
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    args = parse(argv)
    if args.passt:
        folder = str(pathlib.Path(args.passt).resolve().parent)
        os.environ["PATH"] = folder + os.pathsep + os.environ["PATH"]
    with tempfile.TemporaryDirectory(prefix="torpor-e2e-") as args.work:
        return tap.run([SCENARIOS[name] for name in args.names], args, args.jobs)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
