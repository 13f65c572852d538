"""Unpacks the newest CPythons from Debian's unstable suite into a cache folder.

    python3 tools/fetch_pythons.py [3.14] [3.15] [--patchelf PROGRAM]

For tests only: nothing is installed on the system and apt's state is untouched. The archive's
address and key come from this machine's own apt configuration, with the suite's name changed; apt
verifies signature and hashes. Each interpreter comes with every library it depends on, down to the
C library, and is made to start from its folder: its program header names its own loader and its
rpath its own libraries. So it is an ordinary program, from which environments can be made and
against whose headers extensions can be built.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

MINORS = ("3.14", "3.15")
SUITE = "unstable"


class NotFetched(Exception):
    """An interpreter could not be had; the text is one line that says why."""


@dataclass(frozen=True)
class Archive:
    """Where this machine gets Debian from."""

    address: str
    signed_by: str | None  # None: apt's own trusted keys


def cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "unfreed" / "pythons"


def program(minor: str) -> Path:
    return cache() / minor / "usr" / "bin" / f"python{minor}"


def _starts(python: Path, minor: str) -> bool:
    if not python.is_file():
        return False
    question = "import ssl, ctypes, sqlite3, sys; print('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run(
            [str(python), "-I", "-c", question], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.stdout.strip() == minor


# --- the machine's own apt configuration ----------------------------------------------------


def _source_files() -> Iterator[Path]:
    shell = "apt-config shell LIST Dir::Etc::sourcelist/f PARTS Dir::Etc::sourceparts/d"
    answer = subprocess.run(shell.split(), capture_output=True, text=True).stdout
    named = dict(re.findall(r"^(\w+)='([^']*)'$", answer, re.MULTILINE))
    if "LIST" in named:
        yield Path(named["LIST"])
    if "PARTS" in named:
        for pattern in ("*.list", "*.sources"):
            yield from sorted(Path(named["PARTS"]).glob(pattern))


def _entries(text: str, deb822: bool) -> Iterator[tuple[str, set[str], set[str], str | None]]:
    """(address, suites, components, signed_by) of each source of binary packages."""
    if not deb822:
        for line in text.splitlines():
            match = re.match(r"deb\s+(?:\[([^]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)", line.strip())
            if match:
                options, address, suite, components = match.groups()
                signed = re.search(r"signed-by=(\S+)", options or "")
                yield address, {suite}, set(components.split()), signed and signed.group(1)
        return
    for paragraph in re.split(r"\n\s*\n", text):
        lines = "\n".join(x for x in paragraph.splitlines() if not x.startswith("#"))
        fields = {
            key.lower(): " ".join(value.split())
            for key, value in re.findall(r"^([\w-]+):((?:.*)(?:\n[ \t].*)*)", lines, re.MULTILINE)
        }
        if "deb" in fields.get("types", "").split() and fields.get("enabled", "yes") != "no":
            suites, components = fields.get("suites", ""), fields.get("components", "")
            signed_by = fields.get("signed-by")
            for address in fields.get("uris", "").split():
                yield address, set(suites.split()), set(components.split()), signed_by


def archive() -> Archive:
    """Raises NotFetched on a machine that is not Debian or whose sources are not understood."""
    release = Path("/etc/os-release")
    text = release.read_text() if release.exists() else ""
    names = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
    if names.get("ID") != "debian" or not shutil.which("apt-get"):
        raise NotFetched("this machine is not Debian")
    suites = {names.get("VERSION_CODENAME", ""), "stable", "testing", "unstable", "sid"} - {""}
    for file in _source_files():
        if not file.is_file():
            continue
        for address, has, components, signed_by in _entries(
            file.read_text(), file.suffix == ".sources"
        ):
            if has & suites and "main" in components:
                return Archive(address, signed_by)
    raise NotFetched("apt has no source of this Debian release")


# --- an apt of our own ----------------------------------------------------------------------


class PrivateApt:
    """apt with its own sources, lists, status (nothing is installed) and cache, in one folder."""

    def __init__(self, folder: Path, source: Archive) -> None:
        self.archives = folder / "cache" / "archives"
        for name in ("sources", "empty", "state/lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        lines = ["Types: deb", f"URIs: {source.address}", f"Suites: {SUITE}", "Components: main"]
        if source.signed_by:
            lines.append(f"Signed-By: {source.signed_by}")
        (folder / "sources" / "unfreed.sources").write_text("\n".join(lines) + "\n")
        settings = {
            "Dir::Etc::sourcelist": "/dev/null",
            "Dir::Etc::sourceparts": folder / "sources",
            "Dir::Etc::preferences": "/dev/null",
            "Dir::Etc::preferencesparts": folder / "empty",
            "Dir::State": folder / "state",
            "Dir::State::status": folder / "status",
            "Dir::Cache": folder / "cache",
            "Debug::NoLocking": "1",
            "APT::Sandbox::User": "",
            "APT::Install-Recommends": "false",
            "APT::Keep-Downloaded-Packages": "true",
            "Acquire::Languages": "none",
            "Acquire::Retries": "3",
            "Acquire::IndexTargets::deb::DEP-11::DefaultEnabled": "false",
        }
        self.options = [x for key, value in settings.items() for x in ("-o", f"{key}={value}")]

    def run(self, *arguments: str, cwd: Path | None = None) -> None:
        done = subprocess.run(
            ["apt-get", "-q", *self.options, *arguments],
            capture_output=True,
            text=True,
            stdin=subprocess.DEVNULL,
            cwd=cwd,
        )
        if done.returncode != 0:
            complaints = [x for x in done.stderr.splitlines() if x.startswith(("E:", "W:"))]
            why = complaints[0] if complaints else "no message"
            raise NotFetched(f"apt-get {arguments[0]} failed: {why}")


def _download(apt: PrivateApt, minor: str) -> list[Path]:
    """The interpreter with all it depends on; of its headers' package only the headers."""
    for old in apt.archives.glob("*.deb"):
        old.unlink()
    apt.run("install", "-y", "--download-only", f"python{minor}")
    apt.run("download", f"libpython{minor}-dev", cwd=apt.archives)
    return sorted(apt.archives.glob("*.deb"))


def _make_startable(root: Path, minor: str, patchelf: str) -> None:
    loader = next(iter(sorted((root / "usr").glob("lib*/ld-linux*.so.*"))), None)
    libraries = next(iter(sorted((root / "usr" / "lib").glob("*-linux-gnu*"))), None)
    if loader is None or libraries is None:
        raise NotFetched(f"python{minor} came without a C library")
    # DT_RPATH, not DT_RUNPATH: it holds for the libraries of extension modules as well.
    change = ["--set-interpreter", str(loader), "--force-rpath", "--set-rpath", str(libraries)]
    python = root / "usr" / "bin" / f"python{minor}"
    try:
        done = subprocess.run([patchelf, *change, str(python)], capture_output=True, text=True)
    except OSError as error:
        raise NotFetched(f"{patchelf} does not start: {error}") from error
    if done.returncode != 0:
        raise NotFetched(f"patchelf failed: {done.stderr.strip()}")
    # pyconfig.h of Debian is one line that includes <TRIPLE/python3.X/pyconfig.h>.
    headers = root / "usr" / "include"
    link = headers / f"python{minor}" / libraries.name
    if (headers / libraries.name).is_dir() and not link.exists():
        link.symlink_to(f"../{libraries.name}")


def _unpack(packages: list[Path], root: Path) -> None:
    for package in packages:
        done = subprocess.run(
            ["dpkg-deb", "-x", str(package), str(root)], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise NotFetched(f"{package.name} cannot be unpacked: {done.stderr.strip()}")


def fetch(minors: tuple[str, ...] = MINORS, patchelf: str = "patchelf") -> dict[str, str | None]:
    """For each minor version None when it is there and starts, else why not, in one line."""
    answer: dict[str, str | None] = {}
    missing = [minor for minor in minors if not _starts(program(minor), minor)]
    answer.update({minor: None for minor in minors if minor not in missing})
    if not missing:
        return answer
    cache().mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="apt-", dir=cache()) as work:
        try:
            apt = PrivateApt(Path(work), archive())
            apt.run("update")
        except NotFetched as error:
            return {**answer, **{minor: str(error) for minor in missing}}
        for minor in missing:
            root = cache() / minor
            try:
                packages = _download(apt, minor)
                shutil.rmtree(root, ignore_errors=True)
                _unpack(packages, root)
                _make_startable(root, minor, patchelf)
                answer[minor] = None if _starts(program(minor), minor) else "it does not start"
            except NotFetched as error:
                answer[minor] = str(error)
            if answer[minor] is not None:
                shutil.rmtree(root, ignore_errors=True)
    return answer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("minors", nargs="*", default=list(MINORS))
    parser.add_argument("--patchelf", default="patchelf")
    given = parser.parse_args()
    answer = fetch(tuple(given.minors), given.patchelf)
    for minor, why in answer.items():
        print(f"CPython {minor}: {why or program(minor)}")
    return 1 if any(answer.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
