# SPDX-License-Identifier: BSD-3-Clause
"""A disk with Debian on it, as debootstrap installs it: systemd, udev, a kernel, an initramfs.

debootstrap's first stage runs here, on packages that apt has brought and checked; its second, which
runs the packages' own scripts, runs as root of an emulated arm64 machine. So neither root nor
binfmt_misc is needed. The kernel is newer than the release's: it calls SYSTEM_OFF2.
"""

import hashlib
import os
import re
import shutil
import subprocess
from pathlib import Path

from . import emulated
from .job import Job
from .recipe import Recipe, only, place
from .report import BedError, say

RELEASE = "trixie"
ARCH = "arm64"
INSTALL = Path(__file__).resolve().parent / "distro_disk"
# What debootstrap is asked for, beside a minimal Debian.
WANTED = ("systemd-sysv", "udev", "dbus", "kmod", "initramfs-tools", "linux-base",
          "util-linux-extra", "login")
# That and all that it needs; debootstrap says if one is missing.
PACKAGES = (
    "apt", "base-files", "base-passwd", "bash", "bsdutils", "coreutils", "cpio", "dash", "dbus",
    "dbus-bin", "dbus-daemon", "dbus-session-bus-common", "dbus-system-bus-common", "debconf",
    "debian-archive-keyring", "debianutils", "diffutils", "dpkg", "dracut-install", "findutils",
    "gcc-14-base", "grep", "gzip", "hostname", "init-system-helpers", "initramfs-tools",
    "initramfs-tools-bin", "initramfs-tools-core", "klibc-utils", "kmod", "libacl1",
    "libapparmor1", "libapt-pkg7.0", "libattr1", "libaudit-common", "libaudit1", "libblkid1",
    "libbsd0", "libbz2-1.0", "libc-bin", "libc6", "libcap-ng0", "libcap2", "libcrypt1",
    "libdb5.3t64", "libdbus-1-3", "libdebconfclient0", "libexpat1", "libgcc-s1", "libgmp10",
    "libhogweed6t64", "libklibc", "libkmod2", "liblastlog2-2", "liblz4-1", "liblzma5", "libmd0",
    "libmount1", "libnettle8t64", "libpam-modules", "libpam-modules-bin", "libpam-runtime",
    "libpam0g", "libpcre2-8-0", "libseccomp2", "libselinux1", "libsemanage-common",
    "libsemanage2", "libsepol2", "libsmartcols1", "libsqlite3-0", "libssl3t64", "libstdc++6",
    "libsystemd-shared", "libsystemd0", "libtinfo6", "libudev1", "libuuid1", "libxxhash0",
    "libzstd1", "linux-base", "login", "login.defs", "logsave", "mawk", "mount", "ncurses-base",
    "ncurses-bin", "openssl-provider-legacy", "passwd", "perl-base", "sed", "sqv", "systemd",
    "systemd-sysv", "sysvinit-utils", "tar", "tzdata", "udev", "util-linux", "util-linux-extra",
    "zlib1g",
)
MIB = 1 << 20
ROOT_MIB, SWAP_MIB = 1536, 1024
ROOT_UUID = "7a5c1f0e-6f0b-4f6e-9a43-70a5b0b0d15c"
SWAP_UUID = "1d3e8d62-8f1c-4a3c-b6a5-57a9c0ffee01"
# The first MiB holds the table of partitions.
ROOT_START, SWAP_START = 1, 1 + ROOT_MIB
DISK_MIB = SWAP_START + SWAP_MIB
LINUX, LINUX_SWAP = 0x83, 0x82
LIMIT_SECONDS = 3600


# A mirror that holds the packages, in a folder.

def _stanza(deb, name):
    data = deb.read_bytes()
    control = subprocess.run(["dpkg-deb", "-f", str(deb)], stdin=subprocess.DEVNULL,
                             capture_output=True, text=True, check=True).stdout
    return (f"{control.rstrip()}\nFilename: {name}\nSize: {len(data)}\n"
            f"SHA256: {hashlib.sha256(data).hexdigest()}\n\n")


def _make_mirror(root, made):
    packages = []
    for deb in sorted(root.glob("*.deb")):
        if deb.stem == "debootstrap":
            continue
        name = f"pool/{deb.name}"
        place(deb, made / name)
        packages.append(_stanza(deb, name))
    subprocess.run(["dpkg-deb", "-x", str(only(root, "debootstrap.deb")), str(made / "tool")],
                   stdin=subprocess.DEVNULL, check=True)
    folder = made / "dists" / RELEASE
    index = folder / "main" / f"binary-{ARCH}" / "Packages"
    index.parent.mkdir(parents=True)
    index.write_text("".join(packages), encoding="utf-8")
    data = index.read_bytes()
    (folder / "Release").write_text(
        f"Suite: {RELEASE}\nCodename: {RELEASE}\nComponents: main\nArchitectures: {ARCH}\n"
        f"SHA256:\n {hashlib.sha256(data).hexdigest()} {len(data)} {index.relative_to(folder)}\n",
        encoding="utf-8")


def _resolve_kernel(show):
    meta = show("linux-image-arm64")
    match = meta and re.search(r"\blinux-image-((?:[7-9]|\d\d+)\.[^\s,]+)", meta.depends)
    if not match:
        return None
    # linux-base too: the image needs that of its own suite.
    return ["linux-base", *(f"linux-{part}-{match[1]}"
                            for part in ("image", "binary", "modules", "base"))]


def _make_kernel(root, made):
    for deb in root.glob("*.deb"):
        place(deb, made / deb.name)


# The disk.

def _debootstrap(mirror, target, log):
    """The first stage: unpacked, nothing run of it."""
    tools = target.parent / "tools"
    tools.mkdir()
    (tools / "wget").symlink_to("/bin/false")  # looked for, not needed: the mirror is a folder
    # It asks for root, to make device nodes that the second stage makes anew.
    as_root = [] if os.geteuid() == 0 else ["fakeroot"]
    done = subprocess.run(
        [*as_root, "env", f"DEBOOTSTRAP_DIR={mirror}/tool/usr/share/debootstrap",
         f"PATH={tools}:/usr/sbin:/usr/bin:/sbin:/bin",
         "sh", str(mirror / "tool/usr/sbin/debootstrap"), "--foreign", f"--arch={ARCH}",
         "--variant=minbase", "--no-check-gpg", f"--include={','.join(WANTED)}",
         RELEASE, str(target), f"file://{mirror}"],
        stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, check=False)
    if done.returncode != 0:
        last = Path(log.name).read_text(encoding="utf-8", errors="replace").strip().splitlines()
        raise BedError(f"debootstrap's first stage failed: {last[-1] if last else 'no word'}")


def _partition(kind, start_mib, size_mib):
    """An entry of a DOS table of partitions, by sector numbers alone."""
    sectors = MIB // 512
    return (bytes((0, 0xFE, 0xFF, 0xFF, kind, 0xFE, 0xFF, 0xFF))
            + (start_mib * sectors).to_bytes(4, "little")
            + (size_mib * sectors).to_bytes(4, "little"))


def _write_table(disk):
    entries = (_partition(LINUX, ROOT_START, ROOT_MIB) +
               _partition(LINUX_SWAP, SWAP_START, SWAP_MIB))
    with open(disk, "r+b") as file:
        file.seek(440)
        file.write(b"torp\0\0" + entries.ljust(64, b"\0") + b"\x55\xaa")


def _make_disk(root, made, mirror, kernel, host, hostfs):
    tree, disk, log = root / "tree", made / "disk.raw", root / "install.log"
    with open(log, "wb") as output:
        _debootstrap(mirror, tree, output)
        for deb in kernel.glob("*.deb"):
            place(deb, tree / "var/cache/kernel" / deb.name)
        with open(disk, "wb") as file:
            file.truncate(DISK_MIB * MIB)
        # The tree is whoever's we are; the installation makes it root's.
        subprocess.run(
            ["/sbin/mke2fs", "-q", "-F", "-t", "ext4", "-U", ROOT_UUID, "-d", str(tree),
             "-E", f"offset={ROOT_START * MIB}", str(disk), f"{ROOT_MIB * 1024}"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, check=True)
    _write_table(disk)
    shutil.rmtree(tree)
    say("installing Debian in an emulated machine; this takes some minutes")
    job = Job(
        command=["sh", "distro_disk/install", ROOT_UUID, SWAP_UUID],
        files=[(INSTALL, "distro_disk")],
        gets=[("Image", made / "Image"), ("initrd", made / "initrd")],
        env={}, cpu="max", smp=2, memory="2G", timeout_seconds=LIMIT_SECONDS, console=None,
        disks=((disk, "disk", True),))
    if emulated.run(job, host, hostfs) != 0:
        raise BedError("Debian was not installed; the lines above say why")


def recipes(host, hostfs):
    """The recipes; the disk's is the last, @host and @hostfs are what it is installed with."""
    packages = Recipe(
        name="distro-packages", title="Debian's packages for a disk", revision=1, packed=True,
        suites=(RELEASE,), wants="debootstrap",
        resolve=lambda show: ["debootstrap", *PACKAGES], make=_make_mirror,
    )
    kernel = Recipe(
        name="distro-kernel", title="the kernel's packages for a disk", revision=1, packed=True,
        suites=("trixie-backports", "sid"), wants="kernel 7",
        resolve=_resolve_kernel, make=_make_kernel,
    )
    disk = Recipe(
        name="distro", title="a disk with Debian", revision=1, suites=(), wants="",
        resolve=lambda show: [], make=_make_disk, needs=(packages, kernel), uses=(host, hostfs),
    )
    return packages, kernel, disk
