# SPDX-License-Identifier: BSD-3-Clause
"""QEMU with KVM as Debian builds it for arm64 hosts: what torpor is measured against.

The program and the libraries that it names, without firmware and modules, which a machine that
boots a kernel directly does not need. glibc is not among them: it is the emulated host's own.
"""

import re
import subprocess
from pathlib import Path

from .recipe import Recipe, only, place
from .report import BedError

RELEASE = "bookworm"
PROGRAM = "qemu-system-aarch64"
PACKAGES = (
    "qemu-system-arm", "libaio1", "libblkid1", "libbpf1", "libcapstone4", "libdaxctl1", "libelf1",
    "libfdt1", "libffi8", "libfuse3-3", "libgcc-s1", "libglib2.0-0", "libgmp10", "libgnutls30",
    "libhogweed6", "libibverbs1", "libidn2-0", "libjpeg62-turbo", "libkmod2", "liblzma5",
    "libmount1", "libndctl6", "libnettle8", "libnl-3-200", "libnl-route-3-200", "libnuma1",
    "libp11-kit0", "libpcre2-8-0", "libpixman-1-0", "libpmem1", "libpng16-16", "librdmacm1",
    "libsasl2-2", "libseccomp2", "libselinux1", "libslirp0", "libssl3", "libtasn1-6", "libudev1",
    "libunistring2", "liburing2", "libuuid1", "libvdeplug2", "libzstd1", "zlib1g",
)
GLIBC = re.compile(r"(ld-linux-aarch64|libc|libm|libpthread|libdl|librt)\.so\.\d+")


def _needed(path):
    done = subprocess.run(["readelf", "-d", "-W", str(path)], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise BedError(f"readelf {path.name}: {done.stderr.strip()}")
    return re.findall(r"\(NEEDED\).*\[(.*)\]", done.stdout)


def _make(root, made):
    libraries = {}
    for folder in ("lib/aarch64-linux-gnu", "usr/lib/aarch64-linux-gnu"):
        for path in (Path(root) / folder).glob("*.so*"):
            libraries.setdefault(path.name, path)
    program = only(root, f"usr/bin/{PROGRAM}")
    place(program, made / PROGRAM)
    left = [program]
    while left:
        for name in _needed(left.pop()):
            if GLIBC.fullmatch(name) or (made / "lib" / name).exists():
                continue
            if name not in libraries:
                raise BedError(f"QEMU needs {name}, which is in none of its packages here: add it")
            place(libraries[name], made / "lib" / name)
            left.append(libraries[name])


HOST_QEMU = Recipe(
    name="host-qemu", title="QEMU for the host", revision=1,
    suites=(RELEASE,), wants="qemu-system-arm",
    resolve=lambda show: list(PACKAGES), make=_make,
)
