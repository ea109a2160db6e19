# SPDX-License-Identifier: BSD-3-Clause
"""initramfs archives (cpio "newc"), written without root and without cpio(1)."""

import os
import shutil
import stat

from .report import BedError

MAX_FILE_BYTES = 0xFFFFFFFF  # the format has 32 bits for it


class Writer:
    """Appends members to a binary file. Linux reads archives that follow each other as one."""

    def __init__(self, file):
        self._file = file
        self._ino = 0
        self._folders = set()

    def _header(self, name, mode, size, rdev=(0, 0)):
        self._ino += 1
        raw = name.encode("utf-8", "surrogateescape") + b"\0"
        fields = (self._ino, mode, 0, 0, 1, 0, size, 0, 0, rdev[0], rdev[1], len(raw), 0)
        self._file.write(b"070701" + b"".join(b"%08X" % field for field in fields) + raw)
        self._pad(6 + 8 * len(fields) + len(raw))

    def _pad(self, size):
        self._file.write(b"\0" * (-size % 4))

    def add_folder(self, name, mode=0o755):
        name = name.strip("/")
        if not name or name in self._folders:
            return
        self.add_folder(os.path.dirname(name))
        self._folders.add(name)
        self._header(name, stat.S_IFDIR | mode, 0)

    def add_bytes(self, name, data, mode=0o644):
        self.add_folder(os.path.dirname(name))
        self._header(name.strip("/"), stat.S_IFREG | mode, len(data))
        self._file.write(data)
        self._pad(len(data))

    def add_symlink(self, name, target):
        self.add_folder(os.path.dirname(name))
        data = os.fsencode(target)
        self._header(name.strip("/"), stat.S_IFLNK | 0o777, len(data))
        self._file.write(data)
        self._pad(len(data))

    def add_device(self, name, major, minor, mode=0o600):
        self.add_folder(os.path.dirname(name))
        self._header(name.strip("/"), stat.S_IFCHR | mode, 0, (major, minor))

    def add_file(self, name, source):
        self.add_folder(os.path.dirname(name))
        with open(source, "rb") as file:
            status = os.fstat(file.fileno())
            if status.st_size > MAX_FILE_BYTES:
                raise BedError(f"{source} is over 4 GiB, too large to put in; make it in the host")
            mode = stat.S_IFREG | stat.S_IMODE(status.st_mode)
            self._header(name.strip("/"), mode, status.st_size)
            before = self._file.tell()
            shutil.copyfileobj(file, self._file, 1 << 20)
            if self._file.tell() - before != status.st_size:
                raise BedError(f"{source} changed while it was read; run it again")
            self._pad(status.st_size)

    def add_tree(self, folder, under=""):
        """All of a folder; symbolic links stay links."""
        for path in sorted(folder.rglob("*")):
            name = os.path.join(under, str(path.relative_to(folder)))
            if path.is_symlink():
                self.add_symlink(name, os.readlink(path))
            elif path.is_dir():
                self.add_folder(name)
            elif path.is_file():
                self.add_file(name, path)

    def close(self):
        """End the archive; the file stays open, another archive may follow."""
        self._header("TRAILER!!!", 0, 0)
        self._pad(self._file.tell())
