#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""What torpor says before it starts a machine: test_usage.py TORPOR"""

import os
import pathlib
import re
import socket
import sys

from tapcheck import equal, expect, main

TOP = pathlib.Path(__file__).resolve().parents[2]
IMAGE = bytes(56) + b"ARM\x64" + bytes(4)


def image(folder):
    path = folder / "Image"
    path.write_bytes(IMAGE)
    return str(path)


def expect_usage_error(end, *words):
    equal(end.returncode, 2, "exit status")
    equal(end.stdout, "", "standard output")
    equal(end.stderr.count("\n"), 1, f"lines in {end.stderr!r}")
    expect(end.stderr.startswith("torpor: "), f"no 'torpor: ' in {end.stderr!r}")
    for word in words:
        expect(word in end.stderr, f"no {word!r} in {end.stderr!r}")


def help_pages(torpor, _):
    """--help and run --help print on standard output, within 80 to 100 columns, and end with 0"""
    for args in (["--help"], ["-h"], ["help"], ["run", "--help"], ["run", "-h"]):
        end = torpor.run(*args)
        equal(end.returncode, 0, f"{args}: exit status")
        equal(end.stderr, "", f"{args}: standard error")
        expect("torpor run --kernel" in end.stdout, f"{args}: no usage in {end.stdout!r}")
        expect(max(map(len, end.stdout.splitlines())) <= 100, f"{args}: long lines")


def option_table():
    """Names of all options, as vmm/cli/options.c has them."""
    source = (TOP / "vmm/cli/options.c").read_text(encoding="utf-8")
    return re.findall(r'^\t\{"([a-z-]+)", (?:NULL|"[^"]*"), \w+, (?:true|false)\},$', source, re.M)


def every_option_is_described(torpor, _):
    """each option is in --help, and in the man page's synopsis and description"""
    text = torpor.run("run", "--help").stdout
    page = (TOP / "man/torpor.1").read_text(encoding="utf-8")
    synopsis, description = page.split(".Sh DESCRIPTION")
    names = option_table()
    expect(len(names) >= 25, f"only {len(names)} options are found in the table: {names}")
    for name in names:
        expect(re.search(rf"^ +--{name}\b(?!-)", text, re.M), f"--help lacks --{name}")
        expect(re.search(rf"^\.(Op )?Fl -{name}( |$)", synopsis, re.M),
               f"the man page's synopsis lacks --{name}")
        expect(re.search(rf"^\.It Fl -{name}( |$)", description, re.M),
               f"the man page does not describe --{name}")


def version(torpor, _):
    """--version prints the name and three numbers"""
    end = torpor.run("--version")
    equal(end.returncode, 0, "exit status")
    expect(re.fullmatch(r"torpor \d+\.\d+\.\d+\n", end.stdout), end.stdout)


def help_to_a_full_disk(torpor, _):
    """help that cannot be printed is a failure"""
    with open("/dev/full", "w", encoding="ascii") as full:
        import subprocess  # pylint: disable=import-outside-toplevel
        end = subprocess.run(torpor.command("--help"), stdout=full, stderr=subprocess.PIPE,
                             text=True, check=False)
    equal(end.returncode, 1, "exit status")
    expect("No space left" in end.stderr, end.stderr)


def commands(torpor, _):
    """a missing or unknown command is named"""
    expect_usage_error(torpor.run(), "torpor run", "--help")
    expect_usage_error(torpor.run("walk"), "'walk'", "torpor --help")
    expect_usage_error(torpor.run("--walk"), "'--walk'", "torpor --help")
    expect_usage_error(torpor.run(""), "''", "torpor --help")


def options(torpor, folder):
    """a bad option or value is named, with what was expected"""
    kernel = image(folder)
    for args, words in (
            ([], ["--kernel"]),
            (["--kernel", kernel, "--cpus", "999"], ["--cpus '999'", "1 to 512"]),
            (["--kernel", kernel, "--memory", "lots"], ["--memory 'lots'", "512M"]),
            (["--kernel", kernel, "--psci", "2.0"], ["--psci '2.0'", "1.3"]),
            (["--kernel", kernel, "--machine", "virt"], ["--machine 'virt'", "torpor-1"]),
            (["--kernel", kernel, "--speed"], ["'--speed'", "--help"]),
            (["--kernel", kernel, "again"], ["'again'"]),
            (["-kernel", kernel], ["'-kernel'", "two dashes"])):
        expect_usage_error(torpor.run("run", *args), *words)


def files(torpor, folder):
    """a bad file is named, and nothing has been started or made for it"""
    kernel = image(folder)
    good = ["--kernel", kernel]
    text = folder / "text"
    text.write_text("hello, world\n")
    missing = str(folder / "missing")
    where = str(folder)
    for args, words in (
            (["--kernel", missing], [f"--kernel '{missing}'", "No such file"]),
            (["--kernel", where], [f"--kernel '{where}'", "is a directory"]),
            (["--kernel", str(text)], [f"--kernel '{text}'", "arm64 Linux Image"]),
            (["--firmware", missing], [f"--firmware '{missing}'", "No such file"]),
            (["--firmware", where], [f"--firmware '{where}'", "is a directory"]),
            (good + ["--initrd", missing], [f"--initrd '{missing}'", "No such file"]),
            (good + ["--initrd", where], [f"--initrd '{where}'", "is a directory"]),
            (good + ["--disk", missing], [f"--disk '{missing}'", "No such file"]),
            (good + ["--disk", f"{where},ro"], [f"--disk '{where}'", "is a directory"]),
            (good + ["--events", where], [f"--events '{where}'", "Is a directory"]),
            (good + ["--events", f"{missing}/e"], ["--events", "No such file"]),
            (good + ["--control", f"{missing}/c"], ["--control", "No such file"]),
            (good + ["--control", str(text)], [f"--control '{text}'", "not a socket"]),
            (good + ["--control", "x" * 200], ["--control", "shorter"]),
            (good + ["--pidfile", f"{missing}/p"], ["--pidfile", "No such file"]),
            (good + ["--pidfile", "/dev/null"], ["--pidfile '/dev/null'", "no regular file"])):
        expect_usage_error(torpor.run("run", *args), *words)
    equal(sorted(os.listdir(folder)), ["Image", "text"], "files that are there")
    equal(text.read_text(), "hello, world\n", "the file that was in the way")


def one_line(torpor, folder):
    """a name with control characters stays one line and does not reach the terminal"""
    end = torpor.run("run", "--kernel", str(folder / "a\nb\x1b[2J"))
    expect_usage_error(end, "a?b?[2J", "No such file")


def live_socket(torpor, folder):
    """a control socket where somebody listens is not taken away"""
    path = str(folder / "control")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(path)
        server.listen()
        end = torpor.run("run", "--kernel", image(folder), "--control", path)
        expect_usage_error(end, f"--control '{path}'", "another process listens")
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)


def nothing_is_left(torpor, folder):
    """what was made before a bad option was found is removed"""
    end = torpor.run("run", "--kernel", image(folder), "--control", str(folder / "control"),
                     "--pidfile", str(folder / "missing" / "pid"))
    expect_usage_error(end, "--pidfile")
    equal(os.listdir(folder), ["Image"], "files that are there")


if __name__ == "__main__":
    sys.exit(main([help_pages, every_option_is_described, version, help_to_a_full_disk, commands,
                   options, files, one_line, live_socket, nothing_is_left]))
