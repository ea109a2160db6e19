#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Run a program whose disk fails: chosen system calls on one descriptor return EIO.

A seccomp filter, so it needs neither root nor a broken disk. A descriptor's number is known from an
earlier run of the same command: see fd_of() in checks.py.
"""

import argparse
import ctypes
import errno
import os
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
PR_SET_SECCOMP = 22
SECCOMP_MODE_FILTER = 2
RET_ALLOW = 0x7FFF0000
RET_ERRNO = 0x00050000
AUDIT_ARCH_AARCH64 = 0xC00000B7
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06
# arm64's numbers: pread64, preadv, preadv2; fsync, fdatasync.
READS = (67, 69, 286)
FLUSHES = (82, 83)
# Where struct seccomp_data has things.
NUMBER, ARCH, ARGS = 0, 4, 16
OFFSET_ARG = 3


def low(argument):
    return ARGS + 8 * argument


def high(argument):
    return low(argument) + 4


def rule(number, tests):
    """Code that returns EIO for system call @number if all @tests (word, operation, value) hold."""
    tests = [(NUMBER, EQUAL, number), *tests]
    code = []
    for index, (word, operation, value) in enumerate(tests):
        # A test that fails jumps over the tests after it and the return.
        code += [(LOAD, 0, 0, word),
                 (operation, 0, 2 * (len(tests) - index - 1) + 1, value)]
    return [*code, (RETURN, 0, 0, RET_ERRNO | errno.EIO)]


def program(read_error, flush_error):
    code = [(LOAD, 0, 0, ARCH), (EQUAL, 1, 0, AUDIT_ARCH_AARCH64), (RETURN, 0, 0, RET_ALLOW)]
    for fd, offset in read_error:
        for number in READS:
            code += rule(number, [(low(0), EQUAL, fd), (high(OFFSET_ARG), EQUAL, offset >> 32),
                                  (low(OFFSET_ARG), AT_LEAST, offset & 0xFFFFFFFF)])
    for fd in flush_error:
        for number in FLUSHES:
            code += rule(number, [(low(0), EQUAL, fd)])
    return [*code, (RETURN, 0, 0, RET_ALLOW)]


def install(code):
    raw = b"".join(struct.pack("=HBBI", *each) for each in code)
    instructions = ctypes.create_string_buffer(raw, len(raw))
    header = struct.pack("@HP", len(code), ctypes.addressof(instructions))
    libc = ctypes.CDLL(None, use_errno=True)
    for arguments in ((PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0),
                      (PR_SET_SECCOMP, SECCOMP_MODE_FILTER, header, 0, 0)):
        if libc.prctl(*arguments) != 0:
            raise OSError(ctypes.get_errno(), "prctl: the seccomp filter was not taken; expected "
                                              "a kernel with CONFIG_SECCOMP_FILTER")


def pair(text):
    fd, _, offset = text.partition(":")
    return int(fd), int(offset, 0)


def main(argv):
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--read-error", type=pair, action="append", default=[], metavar="FD:OFFSET",
                        help="reads of this descriptor at or after this offset fail")
    parser.add_argument("--flush-error", type=int, action="append", default=[], metavar="FD",
                        help="fsync and fdatasync of this descriptor fail")
    parser.add_argument("command", nargs="+")
    args = parser.parse_args(argv)
    try:
        install(program(args.read_error, args.flush_error))
        os.execv(args.command[0], args.command)
    except OSError as why:
        print(f"deny.py: {args.command[0]}: {why}", file=sys.stderr)
    return 125


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
