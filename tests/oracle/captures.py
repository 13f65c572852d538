"""What the tests of captures share."""

from __future__ import annotations

import gc
import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

probe = pytest.importorskip("unfreed_probe_capture")

TRACKED, FROZEN, OWN, TYPE, STATIC, OPAQUE, YOUNG = (1 << bit for bit in range(7))


class Planted:
    """What tests plant and look for."""


@pytest.fixture(autouse=True)
def quiet_collector() -> Iterator[None]:
    enabled = gc.isenabled()
    gc.collect()
    gc.disable()
    yield
    probe.release()
    if enabled:
        gc.enable()


def run_fresh(program: str) -> str:
    """Runs a program in an interpreter of its own; its output."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=120,
        env=dict(os.environ, PYTHONPATH=os.pathsep.join(sys.path)),
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def root_of(address: int) -> tuple[str, str, str]:
    """Kind, name and label of the root that a capture finds the object from."""
    probe.capture()
    path = probe.path(address)
    assert path is not None, "not reached"
    return path[:3]
