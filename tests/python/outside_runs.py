"""Programs that are read from outside, for the tests beside this file."""

import contextlib
import functools
import json
import os
import pathlib
import subprocess
import sys

from unfreed_runs import ROOT, TARGETS, run

sys.path.insert(0, str(ROOT / "tools"))

import interpreters
from python_facts import OLDEST_OUTSIDE


@functools.cache
def readable():
    """The programs of all interpreters here that can be read from outside, by version."""
    return {facts.version: facts.executable for facts in interpreters.found(OLDEST_OUTSIDE)[0]}


def plain_environment(**changes):
    """Without what only unfreed needs: AddressSanitizer's shadow would be in every core."""
    ours = ("LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS", "PYTHONMALLOC", "PYTHONPATH")
    return {**{k: v for k, v in os.environ.items() if k not in ours}, **changes}


@contextlib.contextmanager
def running(command, **options):
    """Starts a program that prints one line of JSON when it is ready and ends with its standard input.

    Gives (the process, what it said)."""
    process = subprocess.Popen(
        [str(part) for part in command],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        **{"env": plain_environment(), **options},
    )
    try:
        line = process.stdout.readline()
        yield process, json.loads(line or "null")
    finally:
        process.stdin.close()
        process.kill()
        process.wait()
        process.stdout.close()


def read(command, *args):
    """`unfreed COMMAND ARGS --json`: its report; a failure is shown as it was said."""
    done = run(command, *args, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def refusal(pid):
    """The one line that says why a process is not read."""
    done = run("summary", pid)
    assert (done.returncode, done.stdout) == (4, ""), done.stderr
    assert done.stderr.startswith("unfreed: ") and done.stderr.count("\n") == 1
    return done.stderr.strip()


OUTSIDE = pathlib.Path(TARGETS) / "outside.py"
