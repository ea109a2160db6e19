# SPDX-License-Identifier: BSD-3-Clause
"""Firmware that a guest may start from, and what it needs on the guest's disk.

Those of Debian that are made for QEMU's `virt` machine.
"""

from .recipe import Recipe, only, place

RELEASE = "bookworm"


def _make_uboot(root, made):
    place(only(root, "usr/lib/u-boot/qemu_arm64/u-boot.bin"), made / "u-boot.bin")


def _make_edk2(root, made):
    for name in ("AAVMF_CODE.fd", "AAVMF_VARS.fd"):
        place(only(root, f"usr/share/AAVMF/{name}"), made / name)


def _make_systemd_boot(root, made):
    name = "systemd-bootaa64.efi"
    place(only(root, f"usr/lib/systemd/boot/efi/{name}"), made / name)


def _recipe(name, title, package, make):
    return Recipe(
        name=name, title=title, revision=1, suites=(RELEASE,), wants=package,
        resolve=lambda show: [package], make=make,
    )


UBOOT = _recipe("u-boot", "U-Boot", "u-boot-qemu", _make_uboot)
EDK2 = _recipe("edk2", "EDK2", "qemu-efi-aarch64", _make_edk2)
SYSTEMD_BOOT = _recipe("systemd-boot", "systemd-boot", "systemd-boot-efi", _make_systemd_boot)
