# SPDX-License-Identifier: BSD-3-Clause
"""What is downloaded, and what is made of it.

The host kernel is 6.12 on purpose: its KVM has the SMCCC filter but knows nothing of PSCI 1.3.
The guest kernel is 7.x: a caller of SYSTEM_OFF2.
"""

import gzip
import importlib.util
import py_compile
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from . import cpio
from .report import BedError

# The release whose user space and libraries are used, and its Python.
RELEASE = "bookworm"
PYTHON = "python3.11"
PYTHON_MAGIC = (3495).to_bytes(2, "little") + b"\r\n"


@dataclass(frozen=True)
class Recipe:
    name: str
    title: str
    revision: int  # raise it when resolve or make change what comes out
    suites: tuple  # tried in this order
    wants: str
    resolve: Callable  # (show) -> package names, or None if this suite does not have it
    make: Callable  # (unpacked root, empty folder) -> None


def _only(folder, pattern):
    found = sorted(Path(folder).glob(pattern))
    if len(found) != 1:
        raise BedError(f"expected one {pattern} in the package, found {len(found)}: it has changed")
    return found[0]


def _place(source, target):
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(source, target)


def _place_image(source, target):
    """A kernel as the plain Image that boot loaders of every kind take."""
    if source.read_bytes()[:2] == b"\x1f\x8b":
        with gzip.open(source, "rb") as packed, open(target, "wb") as plain:
            shutil.copyfileobj(packed, plain)
    else:
        _place(source, target)
    with open(target, "rb") as image:
        if image.read(64)[56:60] != b"ARM\x64":
            raise BedError(f"{source.name} of the package is no arm64 Image: it has changed")


# The emulated host's kernel.

def _resolve_host(show):
    meta = show("linux-image-cloud-arm64")
    match = meta and re.search(r"\blinux-image-(6\.12\.\S+)", meta.depends)
    if not match:
        return None
    plain = f"linux-image-{match[1]}"
    unsigned = f"{plain}-unsigned"  # the signed one comes later, and is the same kernel
    return [unsigned if show(unsigned) else plain]


def _make_host(root, made):
    _place_image(_only(root, "boot/vmlinuz-*"), made / "Image")
    _place(_only(root, "boot/config-*"), made / "config")


# The guest's kernel: image, modules and config are packages of their own from 7.x on.

def _resolve_guest(show):
    meta = show("linux-image-cloud-arm64")
    match = meta and re.search(r"\blinux-image-((?:[7-9]|\d\d+)\.\S+)", meta.depends)
    if not match:
        return None
    return [f"linux-{part}-{match[1]}" for part in ("binary", "modules", "base")]


def _make_guest(root, made):
    folder = _only(root, "usr/lib/modules/*")
    _place_image(folder / "vmlinuz", made / "Image")
    _place(folder / "config", made / "config")
    shutil.copytree(folder / "kernel", made / "modules" / "kernel")
    for path in sorted(folder.glob("modules.*")):
        _place(path, made / "modules" / path.name)
    (made / "release").write_text(folder.name + "\n", encoding="utf-8")
    # Plain modules: any insmod loads them, and an initramfs is packed as a whole anyway.
    packed = [str(path) for path in made.rglob("*.ko.xz")]
    if packed:
        if shutil.which("xz") is None:
            raise BedError("xz is missing; `tools/install-deps bed` installs it")
        subprocess.run(["xz", "-d", "-q", "--", *packed], stdin=subprocess.DEVNULL, check=True)


# User space: busybox for both, and Python for the emulated host.

def _make_busybox(root, made):
    _place(_only(root, "bin/busybox"), made / "busybox")


HOST_PACKAGES = (
    "busybox-static",
    f"{PYTHON}-minimal", f"lib{PYTHON}-minimal", f"lib{PYTHON}-stdlib",
    "libc6", "libgcc-s1", "libexpat1", "zlib1g", "libffi8",
)
# Never imported by a test driver, and a third of the whole.
PYTHON_UNUSED = (
    "test", "idlelib", "lib2to3", "ensurepip", "pydoc_data", "distutils", "tkinter", "turtledemo",
)
LIBC_WANTED = (
    "ld-linux-*", "libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "librt.so.1",
    "libutil.so.1", "libresolv.so.2", "libnss_files.so.2",
)


def _make_hostfs(root, made):
    """The part of the host's initramfs that is the same for every run."""
    tree = made / "tree"
    (tree / "bin").mkdir(parents=True)
    _place(_only(root, "bin/busybox"), tree / "bin/busybox")
    (tree / "bin/sh").symlink_to("busybox")
    _place(_only(root, f"usr/bin/{PYTHON}"), tree / "usr/bin" / PYTHON)
    (tree / "usr/bin/python3").symlink_to(PYTHON)
    libraries = tree / "lib/aarch64-linux-gnu"
    for pattern in LIBC_WANTED:
        for path in root.glob(f"lib/aarch64-linux-gnu/{pattern}"):
            _place(path, libraries / path.name)
    for folder in ("lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"):
        for name in ("libgcc_s.so.1", "libexpat.so.1", "libz.so.1", "libffi.so.8"):
            if (root / folder / name).exists():
                _place(root / folder / name, libraries / name)
    (tree / "lib/ld-linux-aarch64.so.1").symlink_to("aarch64-linux-gnu/ld-linux-aarch64.so.1")
    ignore = shutil.ignore_patterns(*PYTHON_UNUSED, "_test*", "__pycache__", "xxlimited*")
    modules = tree / "usr/lib" / PYTHON
    shutil.copytree(root / "usr/lib" / PYTHON, modules, ignore=ignore, symlinks=True)
    _compile_python(modules)
    with open(made / "hostfs.cpio", "wb") as file:
        archive = cpio.Writer(file)
        archive.add_tree(tree)
        archive.close()
    shutil.rmtree(tree)


def _compile_python(folder):
    """Compiling under emulation is slow; done here if this Python is of the same version."""
    if importlib.util.MAGIC_NUMBER != PYTHON_MAGIC:
        return
    for path in folder.rglob("*.py"):
        target = path.parent / "__pycache__" / f"{path.stem}.cpython-311.pyc"
        shown = "/" + str(path).split("/tree/", 1)[1]
        try:
            py_compile.compile(str(path), cfile=str(target), dfile=shown, doraise=True,
                               invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH)
        except py_compile.PyCompileError:
            continue  # a file kept for its syntax errors, say


# Static arm64 libraries for the VMM; no libc among them, that is the cross compiler's own.

LIBRARY_PACKAGES = ("libfdt-dev", "libjson-c-dev", "zlib1g-dev")
LIBFDT_PC = """prefix=${pcfiledir}/../..

Name: libfdt
Description: Flat device tree library
Version: 1.6.1
Libs: -L${prefix}/lib -lfdt
Cflags: -I${prefix}/include
"""


def _make_sysroot(root, made):
    shutil.copytree(root / "usr/include", made / "include")
    libraries = root / "usr/lib/aarch64-linux-gnu"
    for path in sorted(libraries.glob("*.a")):
        _place(path, made / "lib" / path.name)
    folder = made / "lib/pkgconfig"
    folder.mkdir()
    for path in sorted((libraries / "pkgconfig").glob("*.pc")):
        text = path.read_text(encoding="utf-8")
        text = re.sub(r"(?m)^prefix=.*", "prefix=${pcfiledir}/../..", text)
        text = re.sub(r"(?m)^exec_prefix=.*", "exec_prefix=${prefix}", text)
        text = re.sub(r"(?m)^(libdir|sharedlibdir)=.*", r"\1=${prefix}/lib", text)
        text = re.sub(r"(?m)^includedir=.*", "includedir=${prefix}/include", text)
        (folder / path.name).write_text(text, encoding="utf-8")
    if not (folder / "libfdt.pc").exists():  # the package has none
        (folder / "libfdt.pc").write_text(LIBFDT_PC, encoding="utf-8")


HOST = Recipe(
    name="host", title="the host's kernel", revision=1,
    suites=(f"{RELEASE}-backports", "trixie"), wants="cloud kernel 6.12",
    resolve=_resolve_host, make=_make_host,
)
GUEST = Recipe(
    name="guest", title="the guest's kernel and modules", revision=1,
    suites=("trixie-backports", "sid"), wants="cloud kernel 7 or later",
    resolve=_resolve_guest, make=_make_guest,
)
BUSYBOX = Recipe(
    name="busybox", title="busybox", revision=1,
    suites=(RELEASE,), wants="busybox-static",
    resolve=lambda show: ["busybox-static"], make=_make_busybox,
)
HOSTFS = Recipe(
    name="hostfs", title="the host's user space", revision=1,
    suites=(RELEASE,), wants=PYTHON,
    resolve=lambda show: list(HOST_PACKAGES), make=_make_hostfs,
)
SYSROOT = Recipe(
    name="sysroot", title="static arm64 libraries", revision=1,
    suites=(RELEASE,), wants="the libraries",
    resolve=lambda show: list(LIBRARY_PACKAGES), make=_make_sysroot,
)
RECIPES = (HOST, GUEST, BUSYBOX, HOSTFS, SYSROOT)

# What `path` knows: thing -> (recipe, file in its folder).
THINGS = {
    "guest-kernel": (GUEST, "Image"),
    "guest-modules": (GUEST, "modules"),
    "guest-config": (GUEST, "config"),
    "host-kernel": (HOST, "Image"),
    "host-config": (HOST, "config"),
    "busybox": (BUSYBOX, "busybox"),
    "sysroot": (SYSROOT, ""),
}
