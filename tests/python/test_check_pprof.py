"""unfreed check --pprof: what stayed, by the stacks that allocated it, read by pprof and speedscope."""

import json
import os
import re

import consumers_here
import pytest
from cli_runs import refused
from unfreed_runs import ROOT, run

PROGRAM = """\
class Session:
    def __init__(self):
        self.blob = bytearray(1000)

SESSIONS = []

def open_session():
    session = Session()
    SESSIONS.append(session)
    return session

def checkout():
    open_session()

def clean():
    return bytearray(1000)

def moves():
    import os
    os.chdir("/")
    open_session()
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("check")
    (folder / "shop.py").write_text(PROGRAM)
    return folder


def profiled(folder, target):
    out = folder / f"{target}.pb.gz"
    out.unlink(missing_ok=True)
    done = run(
        "check", f"shop.py:{target}", "--budget", "2", "--json", "--pprof", out.name, cwd=folder
    )
    return out, done.returncode, json.loads(done.stdout)


@pytest.fixture(scope="module")
def leak(folder):
    return profiled(folder, "checkout")


def rows(*arguments):
    """{function: (flat, cum)}, in bytes or objects."""
    text = consumers_here.pprof("-top", "-nodecount=0", "-nodefraction=0", *arguments)
    found = re.findall(r"^ *(\d+)B? +\S+ +\S+ +(\d+)B? +\S+  (.*)$", text, re.MULTILINE)
    return {name: (int(flat), int(cum)) for flat, cum, name in found}


def watched_calls(profile):
    return int(
        re.search(r"that (\d+) watched calls", consumers_here.pprof("-comments", profile))[1]
    )


def test_what_stayed_is_told_by_the_lines_that_allocated_it(leak):
    profile, code, report = leak
    assert (code, report["verdict"]) == (1, "leak")
    calls = watched_calls(profile)
    lines = rows("-lines", "-unit=bytes", profile)
    [blob] = [name for name in lines if re.search(r"__init__ .*shop\.py:3$", name)]
    # at least the 1,001 bytes of its buffer and its object, and not much more
    assert calls * 1001 < lines[blob][0] < calls * 1300
    functions = rows("-unit=bytes", profile)
    assert functions["checkout"][1] == max(cum for _, cum in functions.values())
    assert functions["open_session"][1] <= functions["checkout"][1]


def test_blocks_are_counted(leak):
    profile, _, _ = leak
    objects = rows("-sample_index=inuse_objects", "-unit=count", profile)
    assert objects["checkout"][1] >= 3 * watched_calls(profile)


def test_speedscope_reads_it(leak):
    script = ROOT / "tests" / "node" / "speedscope.cjs"
    answer = json.loads(consumers_here.node(script, leak[0]))
    totals = {frame["name"]: frame["total"] for frame in answer["frames"]}
    assert totals["checkout"] == rows("-unit=bytes", leak[0])["checkout"][1]
    assert answer["unit"] == "bytes"


def test_a_clean_target_is_still_clean_and_has_an_empty_profile(folder):
    profile, code, report = profiled(folder, "clean")
    assert (code, report["verdict"]) == (0, "clean")
    assert "births" in [p["kind"] for p in report["passes"]]
    assert rows("-unit=bytes", profile) == {}


def test_the_file_is_where_it_was_named_wherever_the_target_goes(folder):
    profile, _, _ = profiled(folder, "moves")
    assert "open_session" in rows("-unit=bytes", profile)


def test_a_place_that_cannot_be_written_is_told_before_the_run(folder):
    for where in ("missing/out", os.curdir):
        done = run("check", "shop.py:clean", "--pprof", where, cwd=folder)
        refused(done, 4, where, "cannot be written")


def test_a_profile_that_cannot_be_written_after_the_run_is_no_success(folder):
    done = run(
        "check", "shop.py:clean", "--json", "--budget", "2", "--pprof", "/dev/full", cwd=folder
    )
    assert done.returncode == 4
    report = json.loads(done.stdout)
    assert report["verdict"] == "clean"
    assert any("no profile was written" in warning for warning in report["warnings"])
