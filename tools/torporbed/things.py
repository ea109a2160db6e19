# SPDX-License-Identifier: BSD-3-Clause
"""What is downloaded, and what is made of it."""

import importlib.util
import py_compile
import re
import shutil

from . import cpio, distro, firmware, kernels, peer
from .recipe import Recipe, only, place

# The release whose user space and libraries are used, and its Python.
RELEASE = "bookworm"
PYTHON = "python3.11"
PYTHON_MAGIC = (3495).to_bytes(2, "little") + b"\r\n"


# User space: busybox for both, and Python for the emulated host.

def _make_busybox(root, made):
    place(only(root, "bin/busybox"), made / "busybox")


def _make_passt(root, made):
    """Of the release whose C library the host has."""
    place(only(root, "usr/bin/passt"), made / "passt")


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
    place(only(root, "bin/busybox"), tree / "bin/busybox")
    (tree / "bin/sh").symlink_to("busybox")
    place(only(root, f"usr/bin/{PYTHON}"), tree / "usr/bin" / PYTHON)
    (tree / "usr/bin/python3").symlink_to(PYTHON)
    libraries = tree / "lib/aarch64-linux-gnu"
    for pattern in LIBC_WANTED:
        for path in root.glob(f"lib/aarch64-linux-gnu/{pattern}"):
            place(path, libraries / path.name)
    for folder in ("lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"):
        for name in ("libgcc_s.so.1", "libexpat.so.1", "libz.so.1", "libffi.so.8"):
            if (root / folder / name).exists():
                place(root / folder / name, libraries / name)
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

LIBRARY_PACKAGES = (
    "libfdt-dev", "libjson-c-dev", "libsqlite3-dev", "liburing-dev", "libxxhash-dev", "zlib1g-dev",
)
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
        place(path, made / "lib" / path.name)
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


# QEMU's own library for QMP: a client of the control socket that nobody here wrote.

def _make_qemu_qmp(root, made):
    shutil.copytree(only(root, "usr/lib/python3/dist-packages/qemu"), made / "qemu")


BUSYBOX = Recipe(
    name="busybox", title="busybox", revision=1,
    suites=(RELEASE,), wants="busybox-static",
    resolve=lambda show: ["busybox-static"], make=_make_busybox,
)
PASST = Recipe(
    name="passt", title="passt", revision=1,
    suites=(RELEASE,), wants="passt",
    resolve=lambda show: ["passt"], make=_make_passt,
)
HOSTFS = Recipe(
    name="hostfs", title="the host's user space", revision=1,
    suites=(RELEASE,), wants=PYTHON,
    resolve=lambda show: list(HOST_PACKAGES), make=_make_hostfs,
)
SYSROOT = Recipe(
    name="sysroot", title="static arm64 libraries", revision=3,
    suites=(RELEASE,), wants="the libraries",
    resolve=lambda show: list(LIBRARY_PACKAGES), make=_make_sysroot,
)
QEMU_QMP = Recipe(
    name="qemu-qmp", title="QEMU's QMP library", revision=1,
    suites=("trixie-backports", "sid"), wants="qemu.qmp",
    resolve=lambda show: ["python3-qemu-qmp"] if show("python3-qemu-qmp") else None,
    make=_make_qemu_qmp,
)
DISTRO = distro.recipes(kernels.HOSTS[kernels.HOST_DEFAULT], HOSTFS)
# What a run needs, and its guest; the rest is downloaded when it is asked for.
RECIPES = (kernels.HOSTS[kernels.HOST_DEFAULT], kernels.GUEST, BUSYBOX, HOSTFS, SYSROOT)


def _things():
    """What `path` knows: thing -> (recipe, file in its folder)."""
    found = {"busybox": (BUSYBOX, "busybox"), "sysroot": (SYSROOT, ""),
             "passt": (PASST, "passt"), "qemu-qmp": (QEMU_QMP, "")}
    found["distro-disk"] = (DISTRO[-1], "disk.raw")
    found["distro-kernel"] = (DISTRO[-1], "Image")
    found["distro-initrd"] = (DISTRO[-1], "initrd")
    found["host-qemu"] = (peer.HOST_QEMU, "")
    found["u-boot"] = (firmware.UBOOT, "u-boot.bin")
    found["edk2"] = (firmware.EDK2, "")
    found["systemd-boot"] = (firmware.SYSTEMD_BOOT, "systemd-bootaa64.efi")
    for each in (*kernels.GUESTS, *kernels.HOSTS.values()):
        found[f"{each.name}-kernel"] = (each, "Image")
        found[f"{each.name}-config"] = (each, "config")
        found[f"{each.name}-modules"] = (each, "modules")
    return found


THINGS = _things()
