# SPDX-License-Identifier: BSD-3-Clause
"""What a measurement on the test bed needs: the guests, and the host's programs."""

import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
TOP = HERE.parent.parent
sys.path.insert(0, str(TOP / "tools"))

from torporbed import cpio, modules  # noqa: E402

OUT = TOP / "build" / "bench"
GUEST_MODULES = ("virtio_mmio", "virtio_blk", "virtio_net", "virtio_rng")
FLAGS = ("-std=gnu11", "-O2", "-Wall", "-Wextra", "-Werror", "-static", "-s")


def testbed(*args):
    """What tools/testbed prints."""
    done = subprocess.run([TOP / "tools" / "testbed", *args], stdout=subprocess.PIPE, text=True,
                          check=True)
    return done.stdout.strip()


def compile_program(name, sources):
    compiler = os.environ.get("CROSS_COMPILE", "aarch64-linux-gnu-") + "gcc"
    out = OUT / name
    subprocess.run([compiler, *FLAGS, f"-I{TOP / 'vmm'}", "-o", out,
                    *(HERE / source for source in sources)], check=True)
    return out


def guest_initramfs():
    """The measured guest: one program, and the modules of its devices."""
    init = compile_program("guest_init", ("guest_init.c", "guest_disk.c", "guest_net.c"))
    out = OUT / "guest.cpio"
    with tempfile.TemporaryDirectory() as folder, open(out, "wb") as file:
        order = modules.choose(testbed("path", "guest-modules"), GUEST_MODULES, folder)
        archive = cpio.Writer(file)
        for name in ("dev", "proc", "sys"):
            archive.add_folder(name)
        # The kernel opens this for init before anything is mounted.
        archive.add_device("dev/console", 5, 1)
        archive.add_file("init", init)
        for number, path in enumerate(order):
            source = pathlib.Path(folder) / path
            archive.add_file(f"modules/{number:02}-{source.name}", source)
        archive.close()
    return out


def heavy_image(bare, kernel):
    """The small guest with as much behind it as there is in a kernel, so that loading costs that.

    What is behind it is the kernel: zeros might cost less.
    """
    out = OUT / "heavy.img"
    out.write_bytes(bare.read_bytes() + kernel.read_bytes())
    return out


def all_files():
    """Name on the bed -> file."""
    OUT.mkdir(parents=True, exist_ok=True)
    testbed("fetch", "--quiet")
    testbed("fetch", "--quiet", "host-qemu")
    bare = pathlib.Path(subprocess.run([TOP / "tests/e2e/bare/build"], stdout=subprocess.PIPE,
                                       text=True, check=True).stdout.strip())
    kernel = pathlib.Path(testbed("path", "guest-kernel"))
    files = {name: compile_program(name, (f"{name}.c",)) for name in ("stamp", "exits", "stream")}
    files |= {
        "torpor": pathlib.Path(os.environ.get("TORPOR", TOP / "build/arm64/vmm/torpor")),
        "qemu": pathlib.Path(testbed("path", "host-qemu")),
        "Image": kernel,
        "bare.img": bare,
        "heavy.img": heavy_image(bare, kernel),
        "guest.cpio": guest_initramfs(),
        "guest-release": kernel.with_name("release"),
        "measure": HERE / "measure",
        "qmp.py": TOP / "tests/e2e/qmp.py",
    }
    return files
