"""What the tests of the tracker share."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from collections.abc import Iterator

import pytest

probe = pytest.importorskip("unfreed_probe_track")

Frame = tuple[str, str, int]


@pytest.fixture
def watching() -> Iterator[None]:
    probe.start()
    yield
    probe.forget()


def born(thing: object) -> list[Frame]:
    found = probe.birth(id(thing))
    assert found is not None, "not born while watched"
    site, _, earlier = found
    assert not earlier
    return probe.frames(site)


def run_fresh(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()
