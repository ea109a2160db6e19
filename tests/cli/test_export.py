#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Machines that are taken elsewhere: test_export.py TORPOR"""

import json
import os
import shutil
import sys

from named import STATE, USAGE, Home
from tapcheck import equal, expect, main


def hibernated(home):
    """A hibernated machine, exported."""
    home.create("x", "obey", "--disk", home.disk() + ",discard=off")
    home.good("start", "x")
    home.good("hibernate", "x")
    home.file("x", "variables").write_bytes(bytes(range(256)) * 3 + b"v")
    home.good("export", "x", "x.json")
    return json.loads((home.folder / "x.json").read_text())


def round_trip(torpor, folder):
    """what was exported is imported as it was, and hibernated on a copied disk it resumes"""
    with Home(torpor, folder) as home:
        document = hibernated(home)
        equal(json.loads(home.good("export", "x")), document, "to standard output")
        home.bad(USAGE, ["x.json", "new file"], "export", "x", "x.json")
        home.bad(STATE, ["x is there already"], "import", "x.json")
        shutil.copy(folder / "disk", folder / "moved,1")
        os.unlink(folder / "disk")
        home.good("delete", "x", "--force")
        home.bad(USAGE, ["--disk"], "import", "x.json")
        equal(home.good("import", "x.json", "y", "--disk", "moved,1"),
              "y is imported; it is hibernated\n", "import")
        status = home.status("y")
        expect(f"--disk={folder}/moved,1,discard=off" in status["options"], status)
        equal(home.file("y", "variables").read_bytes(), bytes(range(256)) * 3 + b"v",
              "the variables")
        again = json.loads(home.good("export", "y"))
        for key in set(document) - {"name", "disks", "options"}:
            equal(again[key], document[key], key)
        home.good("start", "y")
        home.wait_for_state("y", "running")
        home.good("stop", "y")
        expect("resumed" in home.good("console", "y", "--log"), "it resumed")
        home.good("import", "x.json", "twin", "--disk", "moved,1")
        expect(home.status("twin")["uuid"] not in ("", document["uuid"]), "the twin's UUID")


def bad_documents(torpor, folder):
    """everything in a document is checked, and what is wrong is named"""
    with Home(torpor, folder) as home:
        document = hibernated(home)
        home.good("delete", "x", "--force")
        for key, value in (("format", "other"), ("version", 2), ("name", "a/b"), ("uuid", "x"),
                           ("state", "running"), ("image", "none"), ("options", "x"),
                           ("options", [1]), ("epoch", -1), ("signature", 0),
                           ("signature", 1 << 32), ("description", None), ("disks", {}),
                           ("disks", [{}]), ("wake", "soon"), ("wake_at_s", -1),
                           ("variables", "a"), ("variables", "****"), ("created_ns", "x")):
            text = json.dumps({**document, key: value})
            (folder / "bad.json").write_text(text)
            home.bad(USAGE, [f"'{'path' if value == [{}] else key}'"
                             if key != "state" else "'state'"], "import", "bad.json")
        disk = document["disks"][0]
        for key, value in (("path", "x"), ("digest", "00"), ("digest", "X" * 32),
                           ("extents", [[0, 0]]), ("extents", [[5, 10], [0, 5]]),
                           ("extents", [[0, disk["size"] + 1]]), ("size", -1)):
            (folder / "bad.json").write_text(
                json.dumps({**document, "disks": [{**disk, key: value}]}))
            home.bad(USAGE, [""], "import", "bad.json")
        for text in ("", "{", "[]", "null", "{}"):
            (folder / "bad.json").write_text(text)
            home.bad(USAGE, ["bad.json"], "import", "bad.json")
        home.bad(USAGE, ["nothing.json"], "import", "nothing.json")
        (folder / "good.json").write_text(json.dumps(document))
        home.bad(USAGE, ["1 disks"], "import", "good.json", "--disk", "disk", "--disk", "disk")
        equal(json.loads(home.good("list", "--json")), [], "nothing is kept")


if __name__ == "__main__":
    sys.exit(main([round_trip, bad_documents]))
