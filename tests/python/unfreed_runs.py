"""Runs the installed program as a user would, for the tests beside this file."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
TARGETS = ROOT / "tests" / "targets"
UNFREED = os.environ.get("UNFREED_BIN", str(pathlib.Path(sys.executable).parent / "unfreed"))


def run(*args, cwd=TARGETS, timeout=120, **options):
    """Runs `unfreed ARGS`; standard output and standard error as text."""
    return subprocess.run(
        [UNFREED, *map(str, args)],
        cwd=cwd,
        timeout=timeout,
        capture_output=True,
        text=True,
        **options,
    )


def check(spec, *options, args=(), **run_options):
    """`unfreed check SPEC --json`; returns (exit code, the report as a dict)."""
    tail = ["--", *args] if args else []
    done = run("check", spec, "--json", *options, *tail, **run_options)
    if not done.stdout:
        return done.returncode, {"stderr": done.stderr}
    report = json.loads(done.stdout)
    report["stderr"] = done.stderr
    return done.returncode, report


def findings(report, severity=None):
    return [f for f in report["findings"] if severity in (None, f["severity"])]


def built(name):
    """A C program of the tests, compiled beside the extensions that PYTHONPATH leads to."""
    places = [pathlib.Path(folder) / name for folder in sys.path]
    return next(place for place in places if place.is_file())
