# SPDX-License-Identifier: BSD-3-Clause
"""Debian packages by name, through a private apt configuration.

The machine's own apt state is never touched. Its sources are read for one thing only, the
address of its Debian mirror; suites and architecture are ours.
"""

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from .report import BedError, megabytes, say

ETC_APT = Path("/etc/apt")
KEYRINGS = (
    Path("/usr/share/keyrings/debian-archive-keyring.pgp"),
    Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
)
ARCH = "arm64"
PROGRESS_SECONDS = 5


@dataclass(frozen=True)
class Package:
    name: str
    version: str
    size_bytes: int
    sha256: str
    depends: str


def _one_line_sources(text):
    """Yield (uri, suite, components) from the one-line format."""
    for line in text.splitlines():
        line = re.sub(r"\[[^]]*\]", " ", line.split("#", 1)[0])
        words = line.split()
        if len(words) >= 4 and words[0] == "deb":
            yield words[1], words[2], words[3:]


def _deb822_sources(text):
    """Yield (uri, suite, components) from the stanza format."""
    text = re.sub(r"(?m)^#.*\n?", "", text)
    for stanza in re.split(r"\n\s*\n", text):
        fields = {}
        for match in re.finditer(r"(?m)^([A-Za-z-]+):(.*(?:\n[ \t].*)*)", stanza):
            fields[match[1].lower()] = match[2].split()
        if "deb" not in fields.get("types", []) or fields.get("enabled") == ["no"]:
            continue
        for uri in fields.get("uris", []):
            for suite in fields.get("suites", []):
                yield uri, suite, fields.get("components", [])


def _machine_sources():
    folder = ETC_APT / "sources.list.d"
    lists = sorted(folder.glob("*.list")) + sorted(folder.glob("*.sources"))
    for path in [ETC_APT / "sources.list", *lists]:
        try:
            text = path.read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue
        yield from (_deb822_sources if path.suffix == ".sources" else _one_line_sources)(text)


def _codenames():
    names = {"stable", "oldstable", "testing", "unstable", "sid"}
    try:
        release = Path("/etc/os-release").read_text(encoding="utf-8")
    except OSError:
        release = ""
    match = re.search(r"(?m)^VERSION_CODENAME=\"?([\w-]+)", release)
    if match:
        names.add(match[1])
    return names


def mirror():
    """The address of the Debian mirror that this machine uses."""
    given = os.environ.get("TORPOR_MIRROR")
    if given:
        return given
    names = _codenames()
    found = [
        uri for uri, suite, components in _machine_sources()
        if suite in names and "main" in components and not uri.startswith(("cdrom:", "file:"))
    ]
    # Third parties name their suites after Debian's too, but not their path.
    found.sort(key=lambda uri: not re.search(r"/debian(/|\.list$|$)", uri))
    if not found:
        raise BedError(
            "no Debian mirror in this machine's apt sources; "
            "set TORPOR_MIRROR to the address of one (as in a `deb` line)"
        )
    return found[0]


def _keyring():
    for path in KEYRINGS:
        if path.exists():
            return path
    raise BedError("the Debian archive keyring is missing; `tools/install-deps bed` installs it")


def _call(command):
    """Run a tool to its end; its status and all it printed."""
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            encoding="utf-8", errors="replace", check=False,
        )
    except FileNotFoundError:
        raise BedError(f"{command[0]} is missing: the test bed needs Debian 12 or later") from None
    return done.returncode, done.stdout


def _last_line(output):
    return (output.strip().splitlines() or ["no reason given"])[-1]


class Suite:
    """One suite of the archive, alone: with two, libraries of another release would slip in."""

    def __init__(self, name, folder):
        self.name = name
        self.folder = Path(folder)
        self._updated = False

    def _write_config(self):
        for sub in ("lists/partial", "cache/archives/partial"):
            (self.folder / sub).mkdir(parents=True, exist_ok=True)
        sources = self.folder / "sources.list"
        options = f"arch={ARCH} signed-by={_keyring()}"
        sources.write_text(f"deb [{options}] {mirror()} {self.name} main\n", encoding="utf-8")
        config = self.folder / "apt.conf"
        config.write_text(
            f'Dir::Etc::sourcelist "{sources}";\n'
            'Dir::Etc::sourceparts "-";\n'
            'Dir::Etc::preferences "-";\n'
            'Dir::Etc::preferencesparts "-";\n'
            f'Dir::State "{self.folder}";\n'
            f'Dir::State::Lists "{self.folder}/lists";\n'
            'Dir::State::status "/dev/null";\n'
            f'Dir::Cache "{self.folder}/cache";\n'
            f'APT::Architecture "{ARCH}";\n'
            "#clear APT::Architectures;\n"
            f'APT::Architectures {{ "{ARCH}"; }};\n'
            'APT::Default-Release "";\n'
            'APT::Sandbox::User "root";\n'
            "#clear APT::Update::Pre-Invoke;\n"
            "#clear APT::Update::Post-Invoke;\n"
            "#clear APT::Update::Post-Invoke-Success;\n"
            'Acquire::Languages "none";\n'
            'Acquire::Retries "3";\n',
            encoding="utf-8",
        )
        return config

    def _apt(self, tool, *args):
        # -c is read after the machine's own apt.conf.d, so ours wins and its proxy still counts.
        return [tool, "-c", str(self.folder / "apt.conf"), "-q", *args]

    def _fail(self, what, output):
        errors = [line[2:].strip() for line in output.splitlines() if line.startswith("E:")]
        reason = errors[0] if errors else _last_line(output)
        raise BedError(
            f"{what}: {reason}; check the network and the mirror {mirror()} "
            "(TORPOR_MIRROR overrides it), then run it again"
        )

    def update(self):
        if self._updated:
            return
        self._write_config()
        say(f"reading the package list of {self.name}/{ARCH}")
        status, output = _call(self._apt("apt-get", "-o", "APT::Update::Error-Mode=any", "update"))
        if status != 0:
            self._fail(f"cannot read the package list of {self.name}", output)
        self._updated = True

    def show(self, name):
        """The newest version of a package in this suite, or None."""
        return self.show_all([name]).get(name)

    def show_all(self, names):
        """{name: newest version} of those packages that this suite has; asked at once."""
        _, output = _call(self._apt("apt-cache", "show", "--no-all-versions", *names))
        found = {}
        for stanza in output.split("\n\n"):
            fields = {}
            for line in stanza.splitlines():
                key, colon, value = line.partition(":")
                if colon and not line.startswith(" "):
                    fields[key] = value.strip()
            name = fields.get("Package")
            if name in names:
                found[name] = Package(
                    name=name,
                    version=fields["Version"],
                    size_bytes=int(fields["Size"]),
                    sha256=fields["SHA256"],
                    depends=fields.get("Depends", ""),
                )
        return found

    def download(self, packages, folder):
        """Download to an empty folder; return {name: path}. apt checks each against its index."""
        total = sum(package.size_bytes for package in packages)
        names = ", ".join(package.name for package in packages)
        say(f"downloading {megabytes(total)}: {names}")
        log = Path(folder) / "apt.log"
        with open(log, "wb") as output:
            process = subprocess.Popen(
                self._apt("apt-get", "download", *(f"{p.name}={p.version}" for p in packages)),
                cwd=folder, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT,
            )
            try:
                self._watch(process, Path(folder), total)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
        if process.returncode != 0:
            output = log.read_text(encoding="utf-8", errors="replace")
            self._fail(f"cannot download {names}", output)
        return {p.name: self._find(p, Path(folder)) for p in packages}

    @staticmethod
    def _watch(process, folder, total):
        started = last = time.monotonic()
        while True:
            try:
                process.wait(timeout=0.2)
                return
            except subprocess.TimeoutExpired:
                pass
            now = time.monotonic()
            if now - last >= PROGRESS_SECONDS:
                last = now
                got = sum(p.stat().st_size for p in folder.glob("*.deb*") if p.exists())
                say(f"  {min(100, got * 100 // max(1, total))} % after {now - started:.0f} s")

    @staticmethod
    def _find(package, folder):
        found = list(folder.glob(f"{package.name}_*.deb"))
        if len(found) != 1:
            raise BedError(f"apt-get download left no file for {package.name}; run it again")
        return found[0]


def unpack(deb, folder):
    status, output = _call(["dpkg-deb", "-x", str(deb), str(folder)])
    if status != 0:
        raise BedError(f"cannot unpack {deb}: {_last_line(output)}; is the disk full?")
