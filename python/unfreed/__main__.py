"""`python -m unfreed`: the installed program, told to use this interpreter."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Iterator
from importlib import metadata

# Commands that start an interpreter, and so have --python.
_WITH_PYTHON = ("check", "run")


def _candidates() -> Iterator[str]:
    """Where the program may be, the surest place first."""
    try:
        files = metadata.files("unfreed") or []
    except metadata.PackageNotFoundError:
        files = []
    for file in files:
        if file.name == "unfreed" and file.parent.name == "bin":
            yield os.path.normpath(file.locate())
    if sys.executable:
        yield os.path.join(os.path.dirname(sys.executable), "unfreed")  # noqa: PTH118, PTH120
    found = shutil.which("unfreed")
    if found:
        yield found


def _arguments(program: str, given: list[str]) -> list[str]:
    if given and given[0] in _WITH_PYTHON and sys.executable:
        given = [given[0], "--python", sys.executable, *given[1:]]
    return [program, *given]


def main() -> int:
    reason = "it is not among the files of the package, beside the interpreter or on PATH"
    # The interpreter ignores it for itself; the program is to find it as the shell left it.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    for program in _candidates():
        try:
            os.execv(program, _arguments(program, sys.argv[1:]))
        except FileNotFoundError:
            continue
        except OSError as error:
            reason = f"{program}: {error.strerror}"
    advice = f"{sys.executable or 'python'} -m pip install --force-reinstall unfreed"
    sys.stderr.write(f"unfreed: the program cannot be started: {reason} ({advice})\n")
    return 2


if __name__ == "__main__":
    sys.exit(main())
