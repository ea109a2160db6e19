# SPDX-License-Identifier: BSD-3-Clause
"""Some of a kernel's modules, with what modprobe needs to find them.

Debian makes modules.dep when a kernel package is installed; ours is only unpacked.
"""

import re
import shutil
from pathlib import Path

from . import recipe
from .report import BedError


def _name(path):
    return path.name.split(".ko", 1)[0].replace("-", "_")


def _depends(path):
    """The modules that this one, not packed, says it needs."""
    found = re.search(rb"\0depends=([^\0]*)\0", path.read_bytes())
    names = found[1].decode().split(",") if found else []
    return [name.replace("-", "_") for name in names if name]


def _load_order(name, paths, target, order):
    """Put @name behind all it needs; what is built in is named by no file."""
    if name in order or name not in paths:
        return
    source, relative = paths[name]
    place = target / relative
    recipe.place(source, place)
    if place.suffix == ".xz":
        recipe.unpack_xz([place])
        place = place.with_suffix("")
    needed = {}
    for other in _depends(place):
        _load_order(other, paths, target, order)
        needed |= order.get(other, {})
    order[name] = {**needed, name: str(place.relative_to(target))}


def choose(folder, names, target):
    """@names and what they need, of the modules in @folder (lib/modules/RELEASE), to @target.

    A name that no file has is taken to be built in. Returns the files, under @target, in the order
    in which they can be loaded.
    """
    folder, target = Path(folder), Path(target)
    paths = {_name(path): (path, path.relative_to(folder)) for path in folder.rglob("*.ko*")}
    if not paths:
        raise BedError(f"no modules in {folder}: the package has changed")
    order = {}
    for name in names:
        _load_order(name, paths, target, order)
    with open(target / "modules.dep", "w", encoding="ascii") as file:
        for name, files in order.items():
            needed = [path for other, path in files.items() if other != name]
            # What is to be loaded first comes last.
            file.write(" ".join([f"{files[name]}:", *reversed(needed)]) + "\n")
    # So that modprobe of what is built in succeeds.
    shutil.copy2(folder / "modules.builtin", target / "modules.builtin")
    return [files[name] for name, files in order.items()]
