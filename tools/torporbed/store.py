# SPDX-License-Identifier: BSD-3-Clause
"""The cache: packages as downloaded, and what was made of them.

  debs/            packages, each under its SHA256, which is apt's own
  things/NAME-ID/  what a recipe made; ID changes with the packages and the recipe
  NAME.json        stamp: the packages, and each file's size and mtime
  apt/SUITE/       package lists
  lock             held by whoever changes any of this

A file whose size and mtime are those of the stamp is taken to be the one that was checked. A
package that differs is hashed again, a made file that differs is made again. Whatever is written
is written beside its place and renamed, so an interrupted run leaves nothing that looks whole.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path

from . import apt
from .report import BedError, say

STAMP_KEYS = {"revision", "folder", "packages", "files"}


def cache_root():
    given = os.environ.get("TORPOR_CACHE")
    if given:
        return Path(given).absolute()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "torpor"


def _sha256(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _mark(path):
    status = path.stat()
    return [status.st_size, status.st_mtime_ns]


def _write_json(path, value):
    new = path.with_suffix(".new")
    new.write_text(json.dumps(value, indent=1) + "\n", encoding="utf-8")
    new.replace(path)


class Store:
    def __init__(self, root=None):
        self.root = root or cache_root()
        self.debs = self.root / "debs"
        self.things = self.root / "things"
        self._suites = {}
        self._lock = None

    # Reading: no lock is needed, a stamp is replaced in one step.

    def _stamp(self, recipe):
        return self._read(self.root / f"{recipe.name}.json")

    @staticmethod
    def _read(path):
        try:
            stamp = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None
        return stamp if isinstance(stamp, dict) and STAMP_KEYS <= stamp.keys() else None

    def _debs_unchanged(self, stamp):
        try:
            return all(_mark(self.debs / p["file"]) == p["mark"] for p in stamp["packages"])
        except OSError:
            return False

    def _files_unchanged(self, stamp):
        folder = self.things / stamp["folder"]
        try:
            return all(_mark(folder / name) == mark for name, mark in stamp["files"].items())
        except OSError:
            return False

    def folder(self, recipe):
        """Where the recipe's files are, or None if they are not all there and unchanged."""
        stamp = self._stamp(recipe)
        if not stamp or stamp["revision"] != recipe.revision:
            return None
        if not self._debs_unchanged(stamp) or not self._files_unchanged(stamp):
            return None
        if recipe.needs:
            if not all(self.folder(each) for each in recipe.needs):
                return None
            if stamp["folder"] != self._ident(recipe, stamp["packages"]):
                return None
        return self.things / stamp["folder"]

    def _ident(self, recipe, packages):
        """The name of the folder of what is made of these packages, and of what it needs."""
        sums = "".join(p["sha256"] for p in packages) + str(recipe.revision)
        sums += "".join(self._stamp(each)["folder"] for each in recipe.needs)
        return f"{recipe.name}-{hashlib.sha256(sums.encode()).hexdigest()[:12]}"

    def versions(self, recipe):
        stamp = self._stamp(recipe)
        return [(p["name"], p["version"]) for p in stamp["packages"]] if stamp else []

    # Changing: under the lock.

    @contextlib.contextmanager
    def locked(self):
        try:
            self.root.mkdir(parents=True, exist_ok=True)
            lock = open(self.root / "lock", "w", encoding="ascii")
        except OSError as error:
            raise BedError(
                f"cannot use the cache {self.root}: {error.strerror}; set TORPOR_CACHE to a folder "
                "that can be written"
            ) from None
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError:
                say("another run is filling the cache; waiting for it")
                fcntl.flock(lock, fcntl.LOCK_EX)
            for folder in (self.debs, self.things):
                folder.mkdir(exist_ok=True)
            for left in self.root.glob("tmp-*"):  # of a run that was killed
                shutil.rmtree(left, ignore_errors=True)
            yield

    def _suite(self, name):
        if name not in self._suites:
            self._suites[name] = apt.Suite(name, self.root / "apt" / name)
        return self._suites[name]

    def ensure(self, recipe, update=False):
        """The recipe's folder, filled first if need be. Call it under locked()."""
        folder = None if update else self.folder(recipe)
        if folder:
            return folder
        others = [self.ensure(each, update) for each in (*recipe.needs, *recipe.uses)]
        stamp = self._stamp(recipe)
        current = stamp and stamp["revision"] == recipe.revision
        if current and not update and self._debs_whole(stamp):
            packages = stamp["packages"]
        else:
            packages = self._download(recipe)
        if current and self._made_from(recipe, stamp, packages):
            # Made things keep their dates, so that what was built from them stays built.
            _write_json(self.root / f"{recipe.name}.json", {**stamp, "packages": packages})
            return self.things / stamp["folder"]
        return self._make(recipe, packages, others)

    def _made_from(self, recipe, stamp, packages):
        same = stamp["folder"] == self._ident(recipe, packages)
        return same and self._files_unchanged(stamp)

    def _debs_whole(self, stamp):
        for package in stamp["packages"]:
            path = self.debs / package["file"]
            try:
                if _sha256(path) != package["sha256"]:
                    say(f"{package['name']} in the cache is damaged: downloading it again")
                    path.unlink()
                    return False
                package["mark"] = _mark(path)
            except OSError:
                return False
        return True

    def _resolve(self, recipe):
        """The first suite that has what the recipe wants, and its packages there."""
        tried = []
        for name in recipe.suites:
            suite = self._suite(name)
            try:
                suite.update()
            except BedError as error:
                tried.append(str(error))
                continue
            names = recipe.resolve(suite.show)
            found = suite.show_all(names) if names else {}
            absent = [name for name in names or [] if name not in found]
            if names and not absent:
                return suite, [found[name] for name in names]
            tried.append(f"{name} has no {', '.join(absent) or recipe.wants}")
        raise BedError(f"{recipe.title}: {'; '.join(tried)}")

    def _download(self, recipe):
        if not recipe.suites:
            return []  # all of it is what other recipes made
        suite, packages = self._resolve(recipe)
        files = {p.name: f"{p.sha256}.deb" for p in packages}
        missing = []
        for package in packages:
            path = self.debs / files[package.name]
            if not path.exists() or _sha256(path) != package.sha256:
                missing.append(package)
        if missing:
            with tempfile.TemporaryDirectory(prefix="tmp-", dir=self.root) as folder:
                for name, path in suite.download(missing, folder).items():
                    wanted = next(p.sha256 for p in missing if p.name == name)
                    if _sha256(path) != wanted:
                        raise BedError(f"{name} is not what apt's index says; run it again")
                    path.replace(self.debs / files[name])
        return [
            {"name": p.name, "version": p.version, "sha256": p.sha256, "file": files[p.name],
             "mark": _mark(self.debs / files[p.name])}
            for p in packages
        ]

    def _make(self, recipe, packages, others):
        ident = self._ident(recipe, packages)
        say(f"{'unpacking' if recipe.suites else 'making'}: {recipe.title}")
        with tempfile.TemporaryDirectory(prefix="tmp-", dir=self.root) as temp:
            root, made = Path(temp) / "root", Path(temp) / "made"
            root.mkdir()
            made.mkdir()
            for package in packages:
                if recipe.packed:
                    shutil.copy2(self.debs / package["file"], root / f"{package['name']}.deb")
                else:
                    apt.unpack(self.debs / package["file"], root)
            recipe.make(root, made, *others)
            folder = self.things / ident
            if folder.exists():
                shutil.rmtree(folder)
            made.rename(folder)
        files = {
            str(p.relative_to(folder)): _mark(p)
            for p in sorted(folder.rglob("*")) if p.is_file() and not p.is_symlink()
        }
        stamp = {"revision": recipe.revision, "folder": ident, "packages": packages, "files": files}
        _write_json(self.root / f"{recipe.name}.json", stamp)
        return folder

    def prune(self):
        """Drop packages and folders that no stamp names any more. Call it under locked()."""
        # All stamps, not only those of recipes we know: other checkouts may use the cache too.
        stamps = [stamp for stamp in map(self._read, self.root.glob("*.json")) if stamp]
        debs = {p["file"] for stamp in stamps for p in stamp["packages"]}
        folders = {stamp["folder"] for stamp in stamps}
        for path in self.debs.iterdir():
            if path.name not in debs:
                path.unlink()
        for path in self.things.iterdir():
            if path.name not in folders:
                shutil.rmtree(path, ignore_errors=True)
