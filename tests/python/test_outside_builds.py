"""Builds of Debian's suites that tools/fetch_pythons.py unpacked: other patch releases, debug builds."""

import sys

import pytest
from outside_runs import OUTSIDE, read, running
from unfreed_runs import ROOT

sys.path.insert(0, str(ROOT / "tools"))

import fetch_pythons

PROGRAMS = [
    pytest.param(program, id=f"{name}-{program.name}")
    for name, build in fetch_pythons.BUILDS.items()
    if name not in fetch_pythons.MINORS and build.suite != "testing"  # the same rows as unstable's
    for program in fetch_pythons.programs(name)
    if program.is_file()
]


@pytest.mark.skipif(not PROGRAMS, reason="no builds (make fetch ARGS=--all)")
@pytest.mark.parametrize("python", PROGRAMS)
def test_other_builds_are_read_with_a_row_that_was_made_from_their_release(python):
    with running([python, OUTSIDE, "freeze"]) as (process, said):
        report = read("summary", process.pid)
        planted = read("why", process.pid, "__main__.Planted")
    kind = "debug" if python.name.endswith("d") else "release"
    release = tuple(map(int, said["version"].split(".")))
    name = report["heap"]["layout"]
    first, _, last = name.removesuffix(f" ({kind})").partition(" to ")
    assert tuple(map(int, first.split("."))) <= release
    assert release <= tuple(map(int, (last or first).split(".")))
    assert report["collector"]["thresholds"] == said["thresholds"]
    assert report["collector"]["collections"] == said["collections"]
    assert 0 <= report["collector"]["frozen_objects"] - said["frozen"] < 1000
    paths = {group["path"] for group in planted["groups"]}
    assert "module __main__.HELD" in paths
    assert "thread worker local 'of_thread' of work()" in paths
    assert any("local 'of_generator' of generate()" in path for path in paths)
    assert any("local 'of_coroutine' of wait_for_ever()" in path for path in paths)
