# SPDX-License-Identifier: BSD-3-Clause
"""The Meson cross file: cross compiler from the machine, static libraries from the cache."""

import os
from pathlib import Path

from . import things
from .report import BedError, say

TEMPLATE = Path(__file__).resolve().parents[2] / "cross" / "aarch64-linux-gnu.ini.in"
PREFIX = "aarch64-linux-gnu-"


def write_cross_file(store, output):
    folder = store.folder(things.SYSROOT)
    if folder is None:
        with store.locked():
            folder = store.ensure(things.SYSROOT)
    text = TEMPLATE.read_text(encoding="utf-8")
    # Set but empty means the native compiler, as Linux's own build reads it.
    prefix = os.environ.get("CROSS_COMPILE", PREFIX)
    for mark, value in (("@CROSS_COMPILE@", prefix), ("@SYSROOT@", str(folder))):
        if "'" in value or "\\" in value or "\n" in value:
            raise BedError(f"{value!r} cannot stand in a Meson cross file; name it without quotes")
        text = text.replace(mark, value)
    if output.exists() and output.read_text(encoding="utf-8") == text:
        return  # the same file with a new date would make Meson configure again
    output.parent.mkdir(parents=True, exist_ok=True)
    new = output.with_name(output.name + ".new")
    new.write_text(text, encoding="utf-8")
    new.replace(output)
    say(f"wrote {output}")
