# SPDX-License-Identifier: BSD-3-Clause
"""What a recipe is, and what making a thing of packages takes more than once."""

import gzip
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from .report import BedError


@dataclass(frozen=True)
class Recipe:
    name: str
    title: str
    revision: int  # raise it when resolve or make change what comes out
    suites: tuple  # tried in this order
    wants: str
    resolve: Callable  # (show) -> package names, or None if this suite does not have it
    make: Callable  # (root, empty folder, folders of needs and uses...) -> None
    packed: bool = False  # root is a folder with the packages as they came, else unpacked
    needs: tuple = ()  # recipes: what those made goes into this one
    uses: tuple = ()  # recipes: what those made is only worked with


def only(root, *patterns):
    """The one path under @root that matches."""
    found = sorted(path for pattern in patterns for path in Path(root).glob(pattern))
    if len(found) != 1:
        shown = " or ".join(patterns)
        raise BedError(f"expected one {shown} in the package, found {len(found)}: it has changed")
    return found[0]


def place(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def place_image(source, target):
    """A kernel as the plain Image that boot loaders of every kind take."""
    if source.read_bytes()[:2] == b"\x1f\x8b":
        with gzip.open(source, "rb") as packed, open(target, "wb") as plain:
            shutil.copyfileobj(packed, plain)
    else:
        place(source, target)
    with open(target, "rb") as image:
        if image.read(64)[56:60] != b"ARM\x64":
            raise BedError(f"{source.name} of the package is no arm64 Image: it has changed")


def unpack_xz(paths):
    """Each FILE.xz becomes FILE."""
    if not paths:
        return
    if shutil.which("xz") is None:
        raise BedError("xz is missing; `tools/install-deps bed` installs it")
    subprocess.run(["xz", "-d", "-q", "--", *map(str, paths)], stdin=subprocess.DEVNULL, check=True)
