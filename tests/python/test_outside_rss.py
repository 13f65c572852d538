"""`unfreed summary --rss PID`: resident memory is shared out to the last page, and each share is right."""

import json
import os
import pathlib
import re

import pytest
from outside_runs import read, readable, running
from unfreed_runs import TARGETS, run

PYTHONS = readable()
ANY = next(iter(PYTHONS.values()))
NEWEST = list(PYTHONS.values())[-1]
RESIDENT = TARGETS / "resident.py"
JEMALLOC = pathlib.Path("/usr/lib/x86_64-linux-gnu/libjemalloc.so.2")

# What is planted, and where it has to show.
SHARES = {
    "objects": "objects",
    "fragments": "python_free",
    "native": "native_used",
    "native_free": "native_free",
    "files": "files",
    "shared": "shared",
    "stacks": "stacks",
    "unknown": "remainder",
}


def obey(process, word):
    """Lets the program do something; what it answers."""
    process.stdin.write(word + "\n")
    process.stdin.flush()
    return json.loads(process.stdout.readline())


def balance(process):
    rss = read("summary", "--rss", process.pid)["rss"]
    assert sum(rss["parts"].values()) == rss["bytes"], rss["parts"]
    assert rss["bytes"] % 4096 == 0
    assert rss["malloc"]["breaks"] == 0
    return rss


def smaps(process):
    """Pages in memory as the kernel counts them, mapping by mapping: exact, unlike statm."""
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Rss: *(\d+) kB", text, re.MULTILINE).group(1)) * 1024


def replaces_malloc():
    """A program that is loaded with AddressSanitizer's runtime has no glibc heap."""
    return "asan" in os.environ.get("LD_PRELOAD", "")


@pytest.mark.native
@pytest.mark.parametrize("version", PYTHONS)
def test_each_planted_share_is_found_within_two_percent(version):
    with running([PYTHONS[version], RESIDENT]) as (process, _):
        before = balance(process)
        for word, part in SHARES.items():
            planted = obey(process, word)
            after = balance(process)
            grown = after["parts"][part] - before["parts"][part]
            assert grown == pytest.approx(planted, rel=0.02), (word, after["parts"])
            if word != "unknown":
                assert after["parts"]["remainder"] < 0.03 * after["bytes"]
            before = after
        # Pages that are in memory and in no mapping's count: the kernel's own (vdso), at most.
        assert after["bytes"] == pytest.approx(smaps(process), abs=64 * 1024)
