"""Finds every CPython that unfreed supports on this machine.

    python3 tools/interpreters.py [--outside]     one line each: version, program

With --outside also those that it can only read from outside.

Looked at in this order: pyenv's versions; python3.X on the path, in /usr/bin and /usr/local/bin;
what fetch_pythons.py unpacked. A program that is found twice counts once.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import fetch_pythons
from python_facts import NEWEST, OLDEST, OLDEST_OUTSIDE, Facts, NoInterpreter, ask


def minors(oldest: tuple[int, int] = OLDEST) -> Iterator[str]:
    """The supported minor versions, as "3.10"."""
    for minor in range(oldest[1], NEWEST[1] + 1):
        yield f"{oldest[0]}.{minor}"


def pyenv_versions() -> Path:
    root = os.environ.get("PYENV_ROOT")
    if not root and shutil.which("pyenv"):
        root = subprocess.run(["pyenv", "root"], capture_output=True, text=True).stdout.strip()
    return (Path(root) if root else Path.home() / ".pyenv") / "versions"


def _candidates(oldest: tuple[int, int]) -> Iterator[Path]:
    yield from sorted(pyenv_versions().glob("*/bin/python"))
    folders = [Path(p) for p in os.environ.get("PATH", "").split(os.pathsep) if p]
    for folder in [*folders, Path("/usr/bin"), Path("/usr/local/bin")]:
        if folder.name == "shims":  # pyenv's own, seen above
            continue
        for minor in minors(oldest):
            yield folder / f"python{minor}"
    for minor in fetch_pythons.MINORS:
        yield fetch_pythons.program(minor)


def found(oldest: tuple[int, int] = OLDEST) -> tuple[list[Facts], list[str]]:
    """The usable interpreters in order of version, and one line for each that is refused."""
    usable: dict[str, Facts] = {}
    refused: list[str] = []
    for candidate in _candidates(oldest):
        real = str(candidate.resolve())
        if not candidate.is_file() or real in usable:
            continue
        try:
            facts = ask(str(candidate))
        except NoInterpreter:
            continue  # a Python 2, or a shim without a version behind it
        refusal = facts.refusal(oldest)
        if refusal is None:
            usable[facts.executable] = facts
        elif facts.minor >= oldest:
            refused.append(f"{candidate} {refusal}")
    in_order = sorted(usable.values(), key=lambda f: (f.minor, f.version, f.executable))
    return in_order, refused


def main() -> int:
    usable, refused = found(OLDEST_OUTSIDE if "--outside" in sys.argv[1:] else OLDEST)
    for facts in usable:
        print(f"{facts.version:10} {facts.executable}")
    for line in refused:
        print(f"not used: {line}", file=sys.stderr)
    return 0


if __name__ == "__main__":
    sys.exit(main())
