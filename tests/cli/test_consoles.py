#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The console of a machine in the background: test_consoles.py TORPOR"""

import os
import pty
import select
import socket
import subprocess
import sys
import time

from named import DONE, Home
from tapcheck import TIME_LIMIT_S, equal, expect, main


def read_until(fd, wanted):
    """All that comes up to the bytes that are waited for."""
    got = b""
    while wanted not in got:
        ready, _, _ = select.select([fd], [], [], TIME_LIMIT_S / 2)
        expect(ready, f"{wanted!r} did not come after {got[-200:]!r}")
        data = os.read(fd, 65536)
        expect(data, f"the end came after {got[-200:]!r}, before {wanted!r}")
        got += data
    return got


def watch(home, name, **more):
    more = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE,
            **more}
    return home.popen("console", name, bufsize=0, **more)


def several_watchers(torpor, folder):
    """all watchers see the output, from before they attached on, and each may type"""
    with Home(torpor, folder) as home:
        home.create("x", "print:before echo print:after obey")
        home.good("start", "x")
        with watch(home, "x") as one, watch(home, "x") as two:
            for watcher in (one, two):
                read_until(watcher.stdout.fileno(), b"before")
            one.stdin.write(b"from-one;")
            for watcher in (one, two):
                read_until(watcher.stdout.fileno(), b"from-one;")
            two.stdin.write(b"from-two;.")
            for watcher in (one, two):
                read_until(watcher.stdout.fileno(), b"after")
            two.stdin.close()
            home.good("stop", "x")
            for watcher in (one, two):
                equal(watcher.wait(TIME_LIMIT_S), DONE, "exit status")
                expect(b"x is off" in watcher.stderr.read(), "it says why it ends")
        log = home.good("console", "x", "--log")
        equal(log, "before\nfrom-one;from-two;after\n", "the log")


def typed_by_a_pipe(torpor, folder):
    """what a pipe brings is typed in full, and the watcher stays to the end"""
    with Home(torpor, folder) as home:
        home.create("x", "echo off")
        home.good("start", "x")
        text = "0123456789" * 2000 + "."
        end = home.run("console", "x", text=text)
        equal(end.returncode, DONE, end.stderr)
        equal(end.stdout, text[:-1], "all came back")


def does_not_read(torpor, folder):
    """a watcher that does not read holds up neither guest nor others, and the log is bounded"""
    with Home(torpor, folder) as home:
        home.create("x", "echo flood:4000000 print:done obey")
        home.good("start", "x")
        with socket.socket(socket.AF_UNIX) as deaf, watch(home, "x") as other:
            deaf.connect(str(home.file("x", "console")))
            other.stdin.write(b".")
            read_until(other.stdout.fileno(), b"done")
            other.kill()
        size = home.file("x", "console.log").stat().st_size
        expect(size <= 1 << 20, f"{size} bytes")
        expect(home.good("console", "x", "--log").endswith("done\n"), "its end is there")


def scroll_back(torpor, folder):
    """who attaches sees the last output, also of the run before"""
    with Home(torpor, folder) as home:
        home.create("x", "print:run flood:200000 print:end obey")
        home.good("start", "x")
        home.good("stop", "x")
        home.good("edit", "x", "--append", "print:again obey")
        home.good("start", "x")
        with watch(home, "x") as watcher:
            got = read_until(watcher.stdout.fileno(), b"again")
            watcher.kill()
        expect(b"end\r\nagain" in got, got[-100:])
        expect(50000 < len(got) <= 65536 + 10, f"{len(got)} bytes")


def on_a_terminal(torpor, folder):
    """on a terminal Ctrl-A d detaches and leaves the machine alone, Ctrl-A h shows the keys"""
    with Home(torpor, folder) as home:
        home.create("x", "print:hello echo obey")
        home.good("start", "x")
        ours, theirs = pty.openpty()
        with watch(home, "x", stdin=theirs, stdout=theirs, stderr=theirs,
                   start_new_session=True) as watcher:
            read_until(ours, b"Ctrl-A d detaches")
            os.write(ours, b"ab")
            read_until(ours, b"ab")
            os.write(ours, b"\x01h")
            read_until(ours, b"Ctrl-A x")
            os.write(ours, b"\x01d")
            read_until(ours, b"detached; x goes on")
            equal(watcher.wait(TIME_LIMIT_S), DONE, "exit status")
        os.close(theirs)
        os.close(ours)
        equal(home.state("x"), "running", "the machine")


def end_by_key(torpor, folder):
    """Ctrl-A p asks the guest to power off, and Ctrl-A x ends the machine"""
    with Home(torpor, folder) as home:
        home.create("x", "print:hello obey")
        for key, state in ((b"p", "off"), (b"x", "crashed")):
            ours, theirs = pty.openpty()
            with home.popen("start", "x", "--console", stdin=theirs, stdout=theirs,
                            stderr=theirs, start_new_session=True) as start:
                read_until(ours, b"detaches")
                os.write(ours, b"\x01" + key)
                read_until(ours, b"x is ")
                start.wait(TIME_LIMIT_S)
            os.close(theirs)
            os.close(ours)
            expect(not home.status("x")["process"], f"{key} has ended it")
            expect(home.state("x") in (state, "off"), home.state("x"))


def many_watchers(torpor, folder):
    """watchers beyond what a hub takes are turned away, and their places are free again"""
    with Home(torpor, folder) as home:
        home.create("x", "print:hello obey")
        home.good("start", "x")
        path = str(home.file("x", "console"))
        for _ in range(2):
            watchers = [socket.socket(socket.AF_UNIX) for _ in range(40)]
            for watcher in watchers:
                watcher.connect(path)
                watcher.settimeout(TIME_LIMIT_S)
            first = [watcher.recv(100) for watcher in watchers]
            equal(sum(b"hello" in data for data in first), 32, f"taken of {first}")
            equal(sum(b"too many" in data for data in first), 8, "turned away")
            for watcher in watchers:
                watcher.close()
            time.sleep(0.3)


if __name__ == "__main__":
    sys.exit(main([several_watchers, typed_by_a_pipe, does_not_read, scroll_back, on_a_terminal,
                   end_by_key, many_watchers]))
