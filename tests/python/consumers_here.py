"""Programs of others that read what unfreed exports; installed when a test first asks for them."""

import functools
import os
import pathlib
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tools"))

import consumers  # noqa: E402 - found through the line above


@functools.cache
def folder(name):
    """The folder of the packages "npm" or the programs "go"; skips where the client is missing.

    In CI nothing is skipped: there the clients have to be.
    """
    try:
        return consumers.folder_of(name)
    except consumers.NotHere as error:
        if os.environ.get("CI"):
            pytest.fail(str(error))
        pytest.skip(str(error))


def run(command, **options):
    """Runs a program that is not ours and has to succeed; its standard output."""
    done = subprocess.run(
        list(map(str, command)),
        env=consumers.variables(),
        capture_output=True,
        text=True,
        timeout=600,
        **options,
    )
    assert done.returncode == 0, done.stderr or done.stdout
    return done.stdout


def pprof(*arguments):
    return run([folder("go") / "pprof", *arguments])


def node(script, *arguments):
    """Runs a script with the packages of requirements/npm.txt in reach."""
    return run(["node", script, *arguments], cwd=folder("npm"))
