"""Installs the programs of others that the tests read exported files with, if that is not done.

    python3 tools/consumers.py npm|go

What is wanted is pinned in requirements/npm.txt and requirements/go.txt. It goes into a folder
under build/ that is named after those lines, and is fetched through the registries' own clients as
this machine has them set up; no script of a package is run. Prints the folder: the one that holds
node_modules, or the one of the programs. Without node or go on the machine one line says so, and
the exit code is 3.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MISSING = 3


class NotHere(Exception):
    """The registry's client is not on this machine; the text is one line."""


class Failed(Exception):
    """The client did not succeed; the text is one line."""


def _wanted(name: str) -> list[str]:
    lines = (ROOT / "requirements" / f"{name}.txt").read_text().splitlines()
    return [line.strip() for line in lines if line.strip() and not line.startswith("#")]


def variables() -> dict[str, str]:
    """The environment for programs that are not ours: without a sanitizer preloaded into them."""
    ours = ("LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS", "PYTHONMALLOC")
    return {name: value for name, value in os.environ.items() if name not in ours}


def _run(command: list[str], folder: Path, **more: str) -> None:
    done = subprocess.run(
        command,
        cwd=folder,
        env={**variables(), **more},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
    )
    if done.returncode != 0:
        lines = (done.stderr or done.stdout).strip().splitlines() or ["no message"]
        raise Failed(f"`{' '.join(command[:2])}` failed: {lines[-1]}")


def _install_npm(folder: Path, wanted: list[str]) -> None:
    if not (shutil.which("node") and shutil.which("npm")):
        raise NotHere("node and npm are not on this machine")
    pinned = dict(line.split("==") for line in wanted)
    (folder / "package.json").write_text(json.dumps({"private": True, "dependencies": pinned}))
    quiet = ["--ignore-scripts", "--no-package-lock", "--no-audit", "--no-fund"]
    _run(["npm", "install", *quiet], folder)


def _install_go(folder: Path, wanted: list[str]) -> None:
    if not shutil.which("go"):
        raise NotHere("go is not on this machine")
    for module in wanted:
        _run(["go", "install", module], folder, GOBIN=str(folder))


_INSTALL: dict[str, Callable[[Path, list[str]], None]] = {"npm": _install_npm, "go": _install_go}


def folder_of(name: str) -> Path:
    """The folder with what requirements/NAME.txt wants, installed first if need be."""
    wanted = _wanted(name)
    digest = hashlib.sha256("\n".join(wanted).encode()).hexdigest()[:10]
    folder = ROOT / "build" / "consumers" / f"{name}-{digest}"
    if (folder / "done").exists():
        return folder
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    _INSTALL[name](folder, wanted)
    (folder / "done").touch()
    return folder


def main() -> int:
    if len(sys.argv) != 2 or sys.argv[1] not in _INSTALL:
        print(__doc__, file=sys.stderr)
        return 2
    try:
        print(folder_of(sys.argv[1]))
    except NotHere as error:
        print(f"unfreed: {error}", file=sys.stderr)
        return MISSING
    except Failed as error:
        print(f"unfreed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
