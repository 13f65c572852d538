"""Starts `unfreed run` in an interpreter that is about to run a program (src/cli/cmd_run.c).

The folder of this file stood first in PYTHONPATH, so that Python found it in place of the
environment's own sitecustomize. It loads the engine, takes back all that brought it here, and
hands over to the environment's own. Any Python can read it, so that each can say what it is.
"""


def _start():
    import os
    import sys

    def refuse(text):
        sys.stderr.write("unfreed: " + " ".join(text.split()) + "\n")
        sys.stderr.flush()
        os._exit(2)

    def given(name):
        return os.environ.pop("UNFREED_RUN_" + name, None)

    me = sys.executable or "python"
    other = " (name another interpreter with --python PATH)"
    folder = os.path.dirname(os.path.abspath(__file__))
    number, output, redact, path = (
        given(name) for name in ("SIGNAL", "OUTPUT", "REDACT", "PYTHONPATH")
    )
    if path is None:
        os.environ.pop("PYTHONPATH", None)
    else:
        os.environ["PYTHONPATH"] = path
    if folder in sys.path:
        sys.path.remove(folder)
    del sys.modules["sitecustomize"]
    if number is not None:
        if sys.version_info < (3, 10):
            refuse(
                me
                + ": Python %d.%d is not supported: 3.10 or later is" % tuple(sys.version_info[:2])
                + other
            )
        if sys.implementation.name != "cpython":
            refuse(me + ": %s is not supported: only CPython is" % sys.implementation.name + other)
        if "t" in getattr(sys, "abiflags", ""):
            refuse(
                me + ": the free-threaded build is not supported: the default build is" + other
            )
        try:
            from unfreed._engine import run
        except Exception as error:
            if isinstance(error, ImportError) and getattr(error, "name", "") in (
                "unfreed",
                "unfreed._engine",
            ):
                refuse(
                    "unfreed is not installed for %s (%s -m pip install unfreed)" % (me, me)
                )
            refuse(
                "the engine cannot be loaded by %s: %s (%s -m pip install --force-reinstall "
                "unfreed)" % (me, error, me)
            )
        try:
            run(int(number), output, bool(redact))
        except Exception as error:
            refuse("run: %s" % error)
    for place in (folder, os.path.dirname(folder)):
        getattr(sys, "path_importer_cache", {}).pop(place, None)
    # What site.py expects is either the environment's own in sys.modules, or an ImportError that
    # names it (CPython Lib/site.py, execsitecustomize).
    import sitecustomize  # noqa: F401


_start()
