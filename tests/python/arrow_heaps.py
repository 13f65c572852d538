"""What the tests of Arrow tables share: a heap whose contents are known, and who reads it."""

import importlib
import json
import os
import pathlib
import platform
import subprocess
import sys
from types import SimpleNamespace

import pytest
from packaging.requirements import Requirement
from unfreed_runs import ROOT, TARGETS


def consumer(name):
    """The module, which is installed wherever requirements/arrow.txt says so; skips elsewhere."""
    if name == "duckdb" and os.environ.get("UNFREED_SANITIZED"):
        pytest.skip("the C++ exceptions of DuckDB end a process with a preloaded AddressSanitizer")
    for line in (ROOT / "requirements" / "arrow.txt").read_text().splitlines():
        wanted = None if line.startswith("#") else Requirement(line)
        if wanted and wanted.name == name and (not wanted.marker or wanted.marker.evaluate()):
            return importlib.import_module(name)
    pytest.skip(f"{name} has no wheel for CPython {platform.python_version()}")


def make_shop(folder):
    """Two snapshots of tests/targets/shop.py, and what Python said of the heap at both times."""
    files = [str(folder / "before.snapshot"), str(folder / "app.snapshot")]
    done = subprocess.run(
        [sys.executable, "-c", f"import shop; shop.main(*{files!r})"],
        cwd=TARGETS,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    before, now = json.loads(done.stdout)
    return SimpleNamespace(folder=folder, before=before, now=now, old=files[0], file=files[1])


def mapped(file):
    """Does this process map the file?"""
    return str(file) in pathlib.Path("/proc/self/maps").read_text()
