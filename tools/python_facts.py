"""What the build needs to know about a Python interpreter, asked of the interpreter itself."""

from __future__ import annotations

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST = (3, 10)
OLDEST_OUTSIDE = (3, 8)  # that is read from outside
NEWEST = (3, 15)

_QUESTION = """
import importlib.util, json, os, platform, sys, sysconfig
base = getattr(sys, "_base_executable", None) or sys.executable
print(json.dumps({
    "executable": os.path.realpath(base),
    "implementation": sys.implementation.name,
    "version": platform.python_version(),
    "minor": list(sys.version_info[:2]),
    "free_threaded": bool(sysconfig.get_config_var("Py_GIL_DISABLED")),
    "header": os.path.join(sysconfig.get_path("include") or "", "Python.h"),
    "has_ensurepip": importlib.util.find_spec("ensurepip") is not None,
    "has_venv": importlib.util.find_spec("venv") is not None,
}))
"""


class NoInterpreter(Exception):
    """The named program is no Python that can be asked; the text says why."""


@dataclass(frozen=True)
class Facts:
    executable: str  # the base interpreter, never a virtual environment's link or a shim
    implementation: str
    version: str
    minor: tuple[int, int]
    free_threaded: bool
    header: str
    has_ensurepip: bool
    has_venv: bool

    @property
    def has_header(self) -> bool:
        return Path(self.header).is_file()

    def refusal(self, oldest: tuple[int, int] = OLDEST) -> str | None:
        """Why unfreed cannot be built for this interpreter (or read it); None when it can."""
        if self.implementation != "cpython":
            return f"is {self.implementation}; unfreed needs CPython"
        if self.free_threaded:
            return "is a free-threaded build, which has no list of collected objects"
        if self.minor < oldest:
            return f"is {self.version}; unfreed needs {oldest[0]}.{oldest[1]} or later"
        return None


def ask(python: str) -> Facts:
    """Raises NoInterpreter when `python` does not start or does not answer."""
    try:
        done = subprocess.run(
            [python, "-I", "-c", _QUESTION], capture_output=True, text=True, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoInterpreter(f"{python} does not start: {error}") from error
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines()
        raise NoInterpreter(f"{python} does not run: {lines[-1] if lines else 'no message'}")
    answer = json.loads(done.stdout.splitlines()[-1])
    answer["minor"] = (answer["minor"][0], answer["minor"][1])
    return Facts(**answer)
