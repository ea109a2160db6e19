#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Completion and units know what the program does: test_completion.py TORPOR"""

import os
import pathlib
import re
import shutil
import subprocess
import sys

from named import Home
from tapcheck import equal, expect, main

TOP = pathlib.Path(__file__).resolve().parents[2]


def commands(torpor):
    """The words of torpor --help."""
    text = torpor.run("--help").stdout
    return re.findall(r"^  ([a-z-]+)  ", text.split("Commands:")[1].split("\n\n")[0], re.M)


def options(torpor, command):
    return set(re.findall(r"(?<![\w-])--[a-z][a-z-]*", torpor.run(command, "--help").stdout))


def names_everything(torpor, _):
    """the completion for bash and for zsh names every command and every option"""
    for file in ("torpor.bash", "_torpor"):
        text = (TOP / "completion" / file).read_text(encoding="utf-8")
        for command in commands(torpor):
            expect(re.search(rf"(?<![\w-]){command}(?![\w-])", text), f"{file}: {command}")
            for option in options(torpor, command):
                expect(re.search(rf"{option}(?![\w-])", text), f"{file}: {command} {option}")


def complete(home, bin_folder, *words):
    """What bash offers for the last of the words."""
    quoted = " ".join(f"'{word}'" for word in words)
    script = (f"source {TOP}/completion/torpor.bash; COMP_WORDS=({quoted}); "
              f"COMP_CWORD={len(words) - 1}; _torpor torpor '{words[-1]}' '{words[-2]}'; "
              'printf "%s\\n" "${COMPREPLY[@]}"')
    environment = {**home.environment, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    end = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True,
                         check=True, cwd=home.folder)
    equal(end.stderr, "", "standard error")
    return end.stdout.split()


def bash_completes(torpor, folder):
    """bash completes commands, options, their values and the names of machines"""
    with Home(torpor, folder) as home:
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        (bin_folder / "torpor").symlink_to(torpor.path)
        home.create("demo", "obey")
        home.create("other", "obey")
        for words, wanted in ((("torpor", "sta"), ["start", "status"]),
                              (("torpor", "start", "d"), ["demo"]),
                              (("torpor", "start", ""), ["demo", "other"]),
                              (("torpor", "stop", "demo", "--f"), ["--force"]),
                              (("torpor", "create", "x", "--ker"), ["--kernel"]),
                              (("torpor", "create", "x", "--kernel", "Im"), ["Image"]),
                              (("torpor", "create", "x", "--psci", "1.3"), ["1.3"]),
                              (("torpor", "edit", "demo", "--remove", "cpus"), ["cpus"]),
                              (("torpor", "delete", "o"), ["other"])):
            equal(complete(home, bin_folder, *words), wanted, f"{words}")


def units_are_good(torpor, folder):
    """systemd finds no fault with the units"""
    verify = shutil.which("systemd-analyze")
    if verify is None:
        return
    for template in (TOP / "systemd").glob("torpor*"):
        text = template.read_text(encoding="utf-8").replace("@torpor@", torpor.path)
        text = text.replace("@target@", "multi-user.target")
        (folder / template.name.removesuffix(".in")).write_text(text, encoding="utf-8")
    shutil.copy(folder / "torpor@.service", folder / "torpor@a.service")
    end = subprocess.run([verify, "verify", "--man=no", folder / "torpor@a.service",
                          folder / "torpor-wake.service", folder / "torpor-wake.timer"],
                         capture_output=True, text=True, check=False)
    ours = [line for line in end.stderr.splitlines() if "torpor" in line]
    equal(ours, [], f"of {end.stderr}")


def systemd_starts(torpor, folder):
    """with systemd a start is its unit's, with options for that start only"""
    with Home(torpor, folder) as home:
        bin_folder = folder / "bin"
        bin_folder.mkdir()
        script = bin_folder / "systemctl"
        script.write_text(f'#!/bin/sh\necho "$@" >>{folder}/asked\ncat {folder}/run/torpor/* '
                          f'>{folder}/options 2>/dev/null\ncase "$2" in is-active) exit 3;; esac\n'
                          "exit 0\n", encoding="utf-8")
        script.chmod(0o755)
        home.environment.update(PATH=f"{bin_folder}:{os.environ['PATH']}",
                                TORPOR_SUPERVISOR="systemd", XDG_RUNTIME_DIR=str(folder / "run"))
        home.create("a-b", "obey")
        home.run("start", "a-b", "--discard-hibernation")
        asked = (folder / "asked").read_text(encoding="utf-8")
        expect("start --quiet torpor@a\\x2db.service" in asked, asked)


if __name__ == "__main__":
    sys.exit(main([names_everything, bash_completes, units_are_good, systemd_starts]))
