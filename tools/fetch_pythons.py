"""Unpacks CPythons from Debian's suites into a cache folder.

    python3 tools/fetch_pythons.py [BUILD]... [--all] [--patchelf PROGRAM]

BUILD is one of BUILDS below; without any, the newest two versions. They are for tests, and for
their headers (make_layouts.py): nothing is installed on the system and apt's state is untouched.
The archive's address and key come from this machine's own apt configuration, with the suite's name
changed; apt verifies signature and hashes. Each interpreter comes with every library it depends on,
down to the C library, and is made to start from its folder: its program header names its own loader
and its rpath its own libraries. So it is an ordinary program, from which environments can be made
and against whose headers extensions can be built.
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


@dataclass(frozen=True)
class Build:
    """An interpreter of a suite; a debug build comes with the release build beside it."""

    suite: str
    minor: str
    debug: bool = False


MINORS = ("3.14", "3.15")  # what the extension is tested with besides what is on the machine
BUILDS = {
    "3.14": Build("unstable", "3.14"),
    "3.15": Build("unstable", "3.15"),
    "3.15-debug": Build("unstable", "3.15", True),
    "3.14-debug": Build("unstable", "3.14", True),
    "3.13-debug": Build("unstable", "3.13", True),
    "testing-3.15-debug": Build("testing", "3.15", True),
    "testing-3.14-debug": Build("testing", "3.14", True),
    "testing-3.13-debug": Build("testing", "3.13", True),
    "trixie-3.13-debug": Build("trixie", "3.13", True),
    "bookworm-3.11-debug": Build("bookworm", "3.11", True),
    "bullseye-3.9-debug": Build("bullseye", "3.9", True),
}


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


def programs(name: str) -> list[Path]:
    """The interpreters of a build; not all need be there."""
    build = BUILDS[name]
    folder = cache() / name / "usr" / "bin"
    return [folder / f"python{build.minor}{kind}" for kind in (["", "d"] if build.debug else [""])]


def program(name: str) -> Path:
    """What the build is named for: of a debug build, that."""
    return programs(name)[-1]


def _starts(name: str) -> bool:
    minor = BUILDS[name].minor
    return all(_answers(python, minor) for python in programs(name))


def _answers(python: Path, minor: str) -> bool:
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

    def __init__(self, folder: Path, source: Archive, suite: str) -> None:
        self.archives = folder / "cache" / "archives"
        for name in ("sources", "empty", "state/lists/partial", "cache/archives/partial"):
            (folder / name).mkdir(parents=True)
        (folder / "status").touch()
        lines = ["Types: deb", f"URIs: {source.address}", f"Suites: {suite}", "Components: main"]
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


def _download(apt: PrivateApt, build: Build) -> list[Path]:
    """The interpreter with all it depends on; of its headers' packages only the headers."""
    for old in apt.archives.glob("*.deb"):
        old.unlink()
    debug = [f"python{build.minor}-dbg"] if build.debug else []
    apt.run("install", "-y", "--download-only", f"python{build.minor}", *debug)
    apt.run("download", f"libpython{build.minor}-dev", cwd=apt.archives)
    return sorted(apt.archives.glob("*.deb"))


def _make_startable(root: Path, name: str, patchelf: str) -> None:
    # Before trixie the C library is in /lib, where absolute links of the package do not lead.
    folders = [x for top in ("usr/lib", "lib") for x in sorted(root.glob(f"{top}/*-linux-gnu*"))]
    loaders = [x for folder in folders for x in sorted(folder.glob("ld-*.so*"))]
    loader = next((x for x in loaders if not x.is_symlink()), None)
    if loader is None:
        raise NotFetched(f"{name} came without a C library")
    # DT_RPATH, not DT_RUNPATH: it holds for the libraries of extension modules as well.
    paths = ":".join(map(str, folders))
    change = ["--set-interpreter", str(loader), "--force-rpath", "--set-rpath", paths]
    for python in programs(name):
        try:
            done = subprocess.run([patchelf, *change, str(python)], capture_output=True, text=True)
        except OSError as error:
            raise NotFetched(f"{patchelf} does not start: {error}") from error
        if done.returncode != 0:
            raise NotFetched(f"patchelf failed: {done.stderr.strip()}")
    # pyconfig.h of Debian is one line that includes <TRIPLE/python3.X/pyconfig.h>.
    headers = root / "usr" / "include"
    for triple in headers.glob("*-linux-gnu*"):
        link = headers / f"python{BUILDS[name].minor}" / triple.name
        if not link.exists():
            link.symlink_to(f"../{triple.name}")


def _unpack(packages: list[Path], root: Path) -> None:
    for package in packages:
        done = subprocess.run(
            ["dpkg-deb", "-x", str(package), str(root)], capture_output=True, text=True
        )
        if done.returncode != 0:
            raise NotFetched(f"{package.name} cannot be unpacked: {done.stderr.strip()}")


def _fetch_one(apt: PrivateApt, name: str, patchelf: str) -> str | None:
    root = cache() / name
    why: str | None
    try:
        packages = _download(apt, BUILDS[name])
        shutil.rmtree(root, ignore_errors=True)
        _unpack(packages, root)
        _make_startable(root, name, patchelf)
        why = None if _starts(name) else "it does not start"
    except NotFetched as error:
        why = str(error)
    if why is not None:
        shutil.rmtree(root, ignore_errors=True)
    return why


def fetch(names: tuple[str, ...] = MINORS, patchelf: str = "patchelf") -> dict[str, str | None]:
    """For each build None when it is there and starts, else why not, in one line."""
    missing = [name for name in names if not _starts(name)]
    answer: dict[str, str | None] = {name: None for name in names if name not in missing}
    if not missing:
        return answer
    cache().mkdir(parents=True, exist_ok=True)
    for suite in dict.fromkeys(BUILDS[name].suite for name in missing):
        with tempfile.TemporaryDirectory(prefix="apt-", dir=cache()) as work:
            wanted = [name for name in missing if BUILDS[name].suite == suite]
            try:
                apt = PrivateApt(Path(work), archive(), suite)
                apt.run("update")
            except NotFetched as error:
                answer.update(dict.fromkeys(wanted, str(error)))
                continue
            for name in wanted:
                answer[name] = _fetch_one(apt, name, patchelf)
    return answer


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("builds", nargs="*", default=list(MINORS), metavar="BUILD")
    parser.add_argument("--all", action="store_true", help="every build that is known")
    parser.add_argument("--patchelf", default="patchelf")
    given = parser.parse_args()
    unknown = [name for name in given.builds if name not in BUILDS]
    if unknown:
        parser.error(f"{unknown[0]}: no such build (there are: {', '.join(BUILDS)})")
    answer = fetch(tuple(BUILDS) if given.all else tuple(given.builds), given.patchelf)
    for name, why in answer.items():
        print(f"CPython {name}: {why or program(name)}")
    return 1 if any(answer.values()) else 0


if __name__ == "__main__":
    sys.exit(main())
