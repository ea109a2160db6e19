#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Machines by name, while none runs: test_machines.py TORPOR"""

import json
import os
import re
import sys

from named import NO_MACHINE, STATE, USAGE, FAILED, Home
from tapcheck import equal, expect, main


def create_and_show(torpor, folder):
    """create keeps a machine, with absolute paths and its type; list and status show it"""
    with Home(torpor, folder) as home:
        expect("no machines" in home.good("list"), "an empty list says so")
        equal(json.loads(home.good("list", "--json")), [], "an empty list for programs")
        out = home.create("demo", "obey", "--cpus", "2")
        expect(re.search(r"demo is created, signature 0x[0-9a-f]{8}$", out.strip()), out)
        status = home.status("demo")
        equal(status["options"],
              [f"--kernel={folder}/Image", "--append=obey", "--cpus=2", "--machine=torpor-1",
               "--psci=1.3"], "options")
        for key, value in (("name", "demo"), ("state", "off"), ("image", "none"),
                           ("process", False), ("resuming", False), ("epoch", 0),
                           ("wake", None), ("machine", "torpor-1"), ("psci", "1.3")):
            equal(status[key], value, key)
        expect(re.fullmatch(r"0x[0-9a-f]{8}", status["signature"]), status["signature"])
        expect(re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", status["uuid"]), "uuid")
        expect(re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", status["since"]), "since")
        equal(json.loads(home.good("list", "--json")), [status], "list is status of all")
        text = home.good("status", "demo")
        for word in ("state       off", "cause       it was created", "PSCI 1.3",
                     status["signature"], "process     none"):
            expect(word in text, f"no {word!r} in {text!r}")
        home.create("another", "obey", "--psci", "1.1")
        names = [line.split()[0] for line in home.good("list").splitlines()]
        equal(names, ["NAME", "another", "demo"], "in order")
        equal(home.status("another")["psci"], "1.1", "the version that was asked for")


def create_refuses(torpor, folder):
    """create refuses what can't be kept, in one line, and keeps nothing"""
    with Home(torpor, folder) as home:
        options = ("--kernel", "Image")
        for words, args in (
                (["NAME is missing"], ()),
                (["'a/b'", "letters"], ("a/b", *options)),
                (["'.x'"], (".x", *options)),
                (["'-x'"], ("--", "-x")),
                ([f"'{'n' * 64}'", "63"], ("n" * 64, *options)),
                (["''"], ("", *options)),
                (["--kernel is missing"], ("x",)),
                (["/none'"], ("x", "--kernel", "none")),
                (["--events", "torpor events"], ("x", *options, "--events", "f")),
                (["--control"], ("x", *options, "--control", "f")),
                (["--pidfile"], ("x", *options, "--pidfile", "f")),
                (["tapfd"], ("x", *options, "--net", "tapfd=3")),
                (["--cpus '0'"], ("x", *options, "--cpus", "0")),
                (["unknown option '--cpu'"], ("x", *options, "--cpu", "1")),
                (["unexpected argument 'y'"], ("x", "y", *options))):
            end = home.bad(USAGE, words, "create", *args)
            equal(end.stderr.count("\n"), 1, f"lines of {end.stderr!r}")
        equal(json.loads(home.good("list", "--json")), [], "nothing is kept")
        home.create("x", "obey", "--no-reboot")
        home.bad(STATE, ["x is there already"], "create", "x", *options)


def odd_names(torpor, folder):
    """all characters that a name may have work everywhere"""
    with Home(torpor, folder) as home:
        for name in ("A.b_c-d", "0", "n" * 63, "a-b", "a--b", "x.service"):
            home.create(name, "obey")
            home.good("start", name)
            equal(home.state(name), "running", name)
            home.good("stop", name)
            home.good("delete", name)
            expect(not home.file(name, "").exists(), f"the folder of {name} is gone")


def paths_are_absolute(torpor, folder):
    """every path among the options is kept as an absolute one, and commas in it are no options"""
    with Home(torpor, folder) as home:
        home.disk("a,b")
        home.disk("c")
        home.create("x", "obey", "--disk", "a,b,ro,discard=off", "--disk=c",
                    "--virtio-console", "console,x", "--virtio-port", "org.x=port",
                    "--net", "stream=net,x,mtu=1400")
        options = home.status("x")["options"]
        for word in (f"--disk={folder}/a,b,ro,discard=off", f"--disk={folder}/c",
                     f"--virtio-console={folder}/console,x", f"--virtio-port=org.x={folder}/port",
                     f"--net=stream={folder}/net,x,mtu=1400"):
            expect(word in options, f"no {word!r} in {options}")
        home.good("create", "y", "--firmware", "Image", "--variables", "v,x",
                  "--variables-template=t")
        options = home.status("y")["options"]
        for word in (f"--firmware={folder}/Image", f"--variables={folder}/v,x",
                     f"--variables-template={folder}/t"):
            expect(word in options, f"no {word!r} in {options}")


def edit(torpor, folder):
    """edit changes, replaces and removes options, and leaves the rest"""
    with Home(torpor, folder) as home:
        home.disk("a")
        home.disk("b")
        home.create("x", "obey", "--disk", "a", "--cpus", "2")
        home.good("edit", "x", "--cpus", "4", "--disk", "b", "--idle-states")
        options = home.status("x")["options"]
        expect("--cpus=4" in options and "--cpus=2" not in options, options)
        expect(f"--disk={folder}/b" in options and f"--disk={folder}/a" not in options, options)
        expect("--idle-states" in options, options)
        home.good("edit", "x", "--remove", "idle-states", "--remove", "--cpus")
        options = home.status("x")["options"]
        expect("--idle-states" not in options and "--cpus=4" not in options, options)
        equal(home.events("x")[-1]["kind"], "EDIT", "the history")
        for words, args in ((["nothing to change"], ()),
                            (["no such option"], ("--remove", "nothing")),
                            (["has no --balloon"], ("--remove", "balloon")),
                            (["--kernel is missing"], ("--remove", "kernel")),
                            (["--memory '1'"], ("--memory", "1")),
                            (["--events"], ("--events", "f"))):
            home.bad(USAGE, words, "edit", "x", *args)
        equal(home.status("x")["options"], options, "nothing changed")


def no_machine(torpor, folder):
    """each command says that there is no such machine, with a status of its own"""
    with Home(torpor, folder) as home:
        for command in ("status", "start", "stop", "suspend", "hibernate", "wake", "reset",
                        "console", "events", "delete", "export"):
            home.bad(NO_MACHINE, ["no machine nobody", "torpor list"], command, "nobody")
            home.bad(USAGE, ["'a/b'"], command, "a/b")
        home.bad(NO_MACHINE, ["no machine nobody"], "edit", "nobody", "--cpus", "1")
        home.bad(NO_MACHINE, ["no machine nobody"], "start", "nobody", "--at", "+1h")


def needs_a_process(torpor, folder):
    """what only a machine that runs can do is refused, by its state"""
    with Home(torpor, folder) as home:
        home.create("x", "obey")
        for command in ("suspend", "hibernate", "wake", "reset"):
            home.bad(STATE, ["x is off", "expected it running"], command, "x")
        home.bad(STATE, ["x is off", "--log"], "console", "x")
        equal(home.good("console", "x", "--log"), "", "it has said nothing")
        equal(home.good("stop", "x"), "x is off\n", "stop of one that is off is done")


def bad_words(torpor, folder):
    """bad options of the commands are named"""
    with Home(torpor, folder) as home:
        home.create("x", "obey")
        for words, args in ((["--timeout 'soon'", "seconds"], ("suspend", "x", "--timeout",
                                                               "soon")),
                            (["--timeout has no value"], ("stop", "x", "--timeout")),
                            (["--timeout ''"], ("stop", "x", "--timeout=")),
                            (["--json: ", "no value"], ("status", "--json=1")),
                            (["given twice"], ("status", "--json", "--json")),
                            (["--at 'noon'", "HH:MM"], ("start", "x", "--at", "noon")),
                            (["--at"], ("start", "x", "--at", "+1h", "--console")),
                            (["--discard-hibernation"], ("start", "x", "--clear-resume-marker")),
                            (["unexpected argument 'y'"], ("list", "y")),
                            (["unknown option '-j'"], ("list", "-j"))):
            if "no value" in words:
                words = ["--json"]
            home.bad(USAGE, words, *args)


def unwritable(torpor, folder):
    """a home that can't be made or written is named"""
    with Home(torpor, folder) as home:
        (folder / "file").write_text("")
        home.environment["TORPOR_HOME"] = str(folder / "file")
        home.bad(FAILED, [str(folder / "file")], "list")
        home.environment["TORPOR_HOME"] = "relative"
        home.bad(USAGE, ["TORPOR_HOME"], "list")
        if os.geteuid() != 0:
            (folder / "closed").mkdir(0o500)
            home.environment["TORPOR_HOME"] = str(folder / "closed" / "home")
            home.bad(FAILED, [str(folder / "closed")], "list")


def long_home(torpor, folder):
    """a home whose path is longer than a socket's address works"""
    deep = folder / ("d" * 100) / ("e" * 100)
    deep.mkdir(parents=True)
    with Home(torpor, deep) as home:
        home.create("x", "print:hello obey")
        home.good("start", "x")
        home.good("suspend", "x")
        home.good("wake", "x")
        home.good("stop", "x")
        expect("hello" in home.good("console", "x", "--log"), "the console")


def delete(torpor, folder):
    """delete takes the record, its history and the folder, and the name is free again"""
    with Home(torpor, folder) as home:
        disk = home.disk()
        home.create("x", "obey", "--disk", disk)
        home.file("x", "variables").write_text("of the old machine")
        home.good("delete", "x")
        expect(not home.file("x", "").exists(), "the folder is gone")
        expect(os.path.exists(disk), "the disk is not")
        # As a delete leaves it that was killed in between.
        home.file("x", "").mkdir(mode=0o700)
        home.file("x", "variables").write_text("of the old machine")
        home.create("x", "obey")
        expect(not home.file("x", "variables").exists(), "nothing of the old one is left")
        equal(len(home.events("x")), 1, "events of the new one alone")


if __name__ == "__main__":
    sys.exit(main([create_and_show, create_refuses, odd_names, paths_are_absolute, edit,
                   no_machine, needs_a_process, bad_words, unwritable, long_home, delete]))
