#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What torpor describe says: test_describe.py TORPOR"""

import sys

from tapcheck import equal, expect, main
from test_usage import expect_usage_error, image


def prints_it(torpor, folder):
    """a machine is described, and the same options give the same text"""
    first = torpor.run("describe", "--kernel", image(folder), "--cpus", "3")
    equal((first.returncode, first.stderr), (0, ""), "exit status, standard error")
    expect("\nmachine torpor-1\n" in first.stdout, first.stdout)
    expect(first.stdout.startswith("cpu.count 3\n"), first.stdout)
    again = torpor.run("describe", "--kernel", image(folder), "--cpus", "3", "--append", "quiet")
    equal(again.stdout, first.stdout, "the same machine")


def tells_differences(torpor, folder):
    """--like tells each field that differs, and its exit status says whether one does"""
    like = folder / "like"
    like.write_text(torpor.run("describe", "--kernel", image(folder)).stdout)
    same = torpor.run("describe", "--like", str(like), "--kernel", image(folder))
    equal((same.returncode, same.stderr), (0, ""), "exit status, standard error")
    other = torpor.run("describe", "--like", str(like), "--kernel", image(folder), "--cpus", "2",
                       "--memory", "1G")
    equal(other.returncode, 1, "exit status")
    equal(other.stderr, "torpor: cpu.count was 1, is 2\n"
          "torpor: ram.bytes was 536870912, is 1073741824\n", "differences")


def refuses_bad_files(torpor, folder):
    """a FILE that is no description is named"""
    kernel = ["--kernel", image(folder)]
    missing = str(folder / "missing")
    empty = folder / "empty"
    empty.write_bytes(b"")
    binary = folder / "binary"
    binary.write_bytes(b"cpu.count 1\n\0more")
    expect_usage_error(torpor.run("describe", "--like", missing, *kernel), missing, "No such file")
    expect_usage_error(torpor.run("describe", "--like", str(folder), *kernel), "--like")
    for path in empty, binary:
        expect_usage_error(torpor.run("describe", "--like", str(path), *kernel), str(path),
                           "torpor describe")
    expect_usage_error(torpor.run("describe", "--like"), "--like")
    expect_usage_error(torpor.run("describe", *kernel, "--like", str(empty)), "--like")


if __name__ == "__main__":
    sys.exit(main([prints_it, tells_differences, refuses_bad_files]))
