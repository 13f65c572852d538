"""Starts `unfreed run` in an interpreter that is about to run a program (src/cli/cmd_run.c).

The folder of this file stood first in PYTHONPATH, so that Python found it in place of the
environment's own sitecustomize. It loads the engine, takes back all that brought it here, and
hands over to the environment's own.
"""

from __future__ import annotations


def _start() -> None:
    import os
    import sys

    def refuse(text: str) -> None:
        sys.stderr.write("unfreed: " + " ".join(text.split()) + "\n")
        sys.stderr.flush()
        os._exit(2)

    def given(name: str) -> str | None:
        return os.environ.pop("UNFREED_RUN_" + name, None)

    me = sys.executable or "python"
    other = "(name another interpreter with --python PATH)"
    folder = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120
    number, output, redact = given("SIGNAL"), given("OUTPUT"), given("REDACT")
    path = given("PYTHONPATH")
    if path is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = path
    if folder in sys.path:
        sys.path.remove(folder)
    del sys.modules["sitecustomize"]
    if number is not None and output is not None:
        if sys.version_info < (3, 10):  # noqa: UP036
            version = ".".join(map(str, sys.version_info[:2]))
            refuse(f"{me}: Python {version} is not supported: 3.10 or later is {other}")
        if sys.implementation.name != "cpython":
            name = sys.implementation.name
            refuse(f"{me}: {name} is not supported: only CPython is {other}")
        if "t" in getattr(sys, "abiflags", ""):
            refuse(f"{me}: the free-threaded build is not supported: the default build is {other}")
        try:
            from unfreed._engine import run

            run(int(number), output, bool(redact))
        except Exception as error:
            if isinstance(error, ImportError) and error.name in ("unfreed", "unfreed._engine"):
                refuse(f"unfreed is not installed for {me} ({me} -m pip install unfreed)")
            again = f"{me} -m pip install --force-reinstall unfreed"
            refuse(f"the engine cannot be loaded by {me}: {error} ({again})")
    for place in (folder, os.path.dirname(folder)):  # noqa: PTH120
        sys.path_importer_cache.pop(place, None)
    # What site.py expects is either the environment's own in sys.modules, or an ImportError that
    # names it (CPython Lib/site.py, execsitecustomize).
    __import__("sitecustomize")


_start()
