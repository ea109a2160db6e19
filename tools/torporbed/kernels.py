# SPDX-License-Identifier: BSD-3-Clause
"""The kernels of the emulated host and of its guests.

The host kernel is 6.12 unless asked for otherwise: its KVM has the SMCCC filter but knows nothing
of PSCI 1.3. The guest kernel is 7.x: a caller of SYSTEM_OFF2. The others are there to be run
against, and are downloaded only when asked for: 6.1 is the oldest that Debian 12 has, and
"generic" is Debian's full configuration for all arm64 machines, where "cloud" has few drivers.
"""

import re
import shutil

from . import modules
from .recipe import Recipe, only, place, place_image, unpack_xz

# What host programs may load with modprobe: networks, sockets and disks of guests.
HOST_MODULES = (
    "vhost", "vhost_iotlb", "vhost_net", "vhost_vsock", "vsock", "vsock_loopback",
    "vmw_vsock_virtio_transport_common", "tun", "tap", "dummy", "veth", "bridge", "virtio_net",
    "virtio_blk", "loop",
)
# What no virtual machine has: most of a generic kernel.
NOT_IN_A_GUEST = (
    "sound", "gpu", "media", "wireless", "ethernet", "infiniband", "staging", "iio", "usb", "scsi",
    "hwmon", "accel", "bluetooth", "mtd", "isdn", "can", "phy", "clk", "soc", "regulator",
    "pinctrl",
)


def _resolver(flavour, series):
    """The packages of the newest kernel whose version begins with @series, a pattern."""
    meta_name = f"linux-image-{flavour}"

    def resolve(show):
        meta = show(meta_name)
        match = meta and re.search(rf"\blinux-image-({series}\.[^\s,]+)", meta.depends)
        if not match:
            return None
        parts = [f"linux-{part}-{match[1]}" for part in ("binary", "modules", "base")]
        if show(parts[0]):  # from 7.x on
            return parts
        plain = f"linux-image-{match[1]}"
        unsigned = f"{plain}-unsigned"  # the signed one comes later, and is the same kernel
        return [unsigned if show(unsigned) else plain]

    return resolve


def _modules_folder(root):
    return only(root, "lib/modules/*", "usr/lib/modules/*")


def _place_kernel(root, made):
    folder = _modules_folder(root)
    if (folder / "vmlinuz").exists():  # from 7.x on
        place_image(folder / "vmlinuz", made / "Image")
        place(folder / "config", made / "config")
    else:
        place_image(only(root, "boot/vmlinuz-*"), made / "Image")
        place(only(root, "boot/config-*"), made / "config")
    (made / "release").write_text(folder.name + "\n", encoding="utf-8")
    return folder


def _make_host(root, made):
    folder = _place_kernel(root, made)
    target = made / "modules" / folder.name
    target.mkdir(parents=True)
    modules.choose(folder, HOST_MODULES, target)


def _make_guest(root, made, left_out=()):
    folder = _place_kernel(root, made)
    ignore = shutil.ignore_patterns(*left_out)
    shutil.copytree(folder / "kernel", made / "modules" / "kernel", ignore=ignore)
    for path in sorted(folder.glob("modules.*")):
        place(path, made / "modules" / path.name)
    # Plain modules: any insmod loads them, and an initramfs is packed as a whole anyway.
    unpack_xz(list(made.rglob("*.ko.xz")))


def _make_generic_guest(root, made):
    _make_guest(root, made, NOT_IN_A_GUEST)


SUITES = {
    "6.1": ("bookworm",),
    "6.12": ("bookworm-backports", "trixie"),
    "7": ("trixie-backports", "sid"),
}
# Flavour -> its name in Debian, and how a guest's is made.
FLAVOURS = {
    "cloud": ("cloud-arm64", _make_guest),
    "generic": ("arm64", _make_generic_guest),
}


def _pattern(series):
    return r"(?:[7-9]|\d\d+)" if series == "7" else re.escape(series)


def _host(name, series):
    debian_name, _ = FLAVOURS["cloud"]
    return Recipe(
        name=name, title=f"the host's kernel ({series})", revision=2,
        suites=SUITES[series], wants=f"cloud kernel {series}",
        resolve=_resolver(debian_name, _pattern(series)), make=_make_host,
    )


def _guest(name, series, flavour):
    debian_name, make = FLAVOURS[flavour]
    return Recipe(
        name=name, title=f"the guest's kernel and modules ({series}, {flavour})", revision=1,
        suites=SUITES[series], wants=f"{flavour} kernel {series}",
        resolve=_resolver(debian_name, _pattern(series)), make=make,
    )


# By what --host-kernel names.
HOSTS = {"6.12": _host("host", "6.12"), "7": _host("host-7", "7")}
HOST_DEFAULT = "6.12"
GUEST = _guest("guest", "7", "cloud")
GUESTS = (
    GUEST,
    _guest("guest-generic", "7", "generic"),
    _guest("guest-6.12", "6.12", "cloud"),
    _guest("guest-6.12-generic", "6.12", "generic"),
    _guest("guest-6.1", "6.1", "cloud"),
    _guest("guest-6.1-generic", "6.1", "generic"),
)
