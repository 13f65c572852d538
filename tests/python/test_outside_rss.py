"""`unfreed summary --rss PID`: resident memory is shared out to the last page, and each share is right."""

import collections
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
PLANTS = ("objects", "fragments", "native", "native_free", "files", "shared", "stacks", "unknown")


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
    """Bytes in memory as the kernel counts them, mapping by mapping: exact, unlike statm."""
    text = pathlib.Path(f"/proc/{process.pid}/smaps_rollup").read_text()
    return int(re.search(r"^Rss: *(\d+) kB", text, re.MULTILINE).group(1)) * 1024


def shares(rss):
    """Parts, without pools that are empty: large folios bring some of them into memory before they are used."""
    empty_pools = rss["python"]["free_pools_bytes"]
    return rss["parts"] | {"python_free": rss["parts"]["python_free"] - empty_pools}


def advice(rss):
    return [piece["kind"] for piece in rss["advice"]]


@pytest.mark.native
@pytest.mark.parametrize("version", PYTHONS)
def test_each_planted_share_is_found_within_two_percent(version):
    with running([PYTHONS[version], RESIDENT]) as (process, _):
        obey(process, "objects")  # what was free before is filled with them
        before = balance(process)
        planted = collections.Counter()
        for word in PLANTS:
            planted.update(obey(process, word))
        after = balance(process)
        # All pages in memory, but for a few of the kernel's own (vdso).
        assert after["bytes"] == pytest.approx(smaps(process), abs=64 * 1024)
    grown = {part: shares(after)[part] - shares(before)[part] for part in planted}
    assert grown == pytest.approx(dict(planted), rel=0.02), after["parts"]
    mapped_by_c_code = planted["remainder"]
    assert after["parts"]["remainder"] - mapped_by_c_code < 0.03 * after["bytes"]


@pytest.mark.native
@pytest.mark.parametrize("version", PYTHONS)
def test_a_small_process_is_explained_but_for_three_percent(version):
    with running([PYTHONS[version], RESIDENT]) as (process, _):
        rss = balance(process)
    assert rss["parts"]["remainder"] < 0.03 * rss["bytes"], rss["unknown"]


@pytest.mark.native
def test_what_malloc_trim_gives_back_is_foretold():
    with running([NEWEST, RESIDENT]) as (process, _):
        planted = obey(process, "native_free")
        before = balance(process)
        assert obey(process, "trim") == 1
        after = balance(process)
    foretold = before["malloc"]["trim_bytes"]
    assert foretold > 0.7 * planted["native_free"]
    assert before["bytes"] - after["bytes"] == pytest.approx(foretold, rel=0.02)
    assert after["malloc"]["trim_bytes"] < 0.02 * foretold
    assert "malloc_trim" in advice(before) and "malloc_trim" not in advice(after)


@pytest.mark.native
def test_a_heap_that_could_not_grow_in_one_piece_is_found_in_all_its_pieces():
    for program in (ANY, NEWEST):
        with running([program, RESIDENT]) as (process, _):
            before = balance(process)
            planted = obey(process, "without_brk")["native_used"]
            after = balance(process)
        grown = after["parts"]["native_used"] - before["parts"]["native_used"]
        assert grown == pytest.approx(planted, rel=0.02)
        assert after["parts"]["remainder"] < 0.03 * after["bytes"]


@pytest.mark.native
def test_blocks_in_use_are_those_that_the_allocator_counts(tmp_path):
    for program in (ANY, NEWEST):
        with (tmp_path / "said").open("w+") as said:
            with running([program, RESIDENT], stderr=said) as (process, _):
                obey(process, "fragments")
                obey(process, "stats")
                rss = balance(process)
            said.seek(0)
            text = said.read()
        in_use, free = (
            int(re.search(rf"# bytes in {kind} blocks += +([\d,]+)", text)[1].replace(",", ""))
            for kind in ("allocated", "available")
        )
        python = rss["python"]
        ours = python["objects_in_arenas_bytes"] + rss["parts"]["python_other"]
        assert ours == pytest.approx(in_use, rel=0.005)
        assert python["free_blocks_bytes"] == pytest.approx(free, rel=0.02)


@pytest.mark.native
def test_arenas_kept_by_a_few_objects_are_told_with_what_keeps_them():
    with running([NEWEST, RESIDENT]) as (process, _):
        obey(process, "fragments")
        rss = balance(process)
        text = run("summary", "--rss", process.pid).stdout
    assert rss["python"]["sparse_arenas"] > 5
    assert rss["python"]["sparse_kept_by"][0]["type"] == "__main__.Slots"
    assert "python_arenas" in advice(rss)
    assert "kept by" in text and "__main__.Slots" in text


@pytest.mark.native
def test_arenas_of_threads_that_are_mostly_free_are_told():
    with running([ANY, RESIDENT], env=os.environ | {"MALLOC_ARENA_MAX": "64"}) as (process, _):
        obey(process, "arenas")
        rss = balance(process)
        text = run("summary", "--rss", process.pid).stdout
    assert len([arena for arena in rss["malloc"]["arenas"] if not arena["main"]]) >= 4
    assert "malloc_arena_max" in advice(rss)
    assert "MALLOC_ARENA_MAX=2" in text


def test_the_text_begins_with_the_verdict_and_its_table_adds_up():
    with running([ANY, RESIDENT]) as (process, _):
        done = run("summary", "--rss", process.pid)
        quiet = run("summary", "--rss", "--quiet", process.pid)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("RESIDENT  ")
    assert quiet.stdout.startswith("RESIDENT  ") and "share" not in quiet.stdout
    rows = re.findall(r"^ +([\d,]+) +<?\d+ % +#* *(\S.*)$", done.stdout, re.MULTILINE)
    kib = [int(number.replace(",", "")) for number, _ in rows]
    assert rows[-1][1].startswith("resident memory") and len(rows) > 5
    assert sum(kib[:-1]) == kib[-1]


def test_only_one_process_has_resident_memory(tmp_path):
    file = tmp_path / "some.snapshot"
    file.write_bytes(b"x")
    done = run("summary", "--rss", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("unfreed: ") and "process id" in done.stderr
    many = run("summary", "--rss", "--pids", os.getpid())
    assert (many.returncode, many.stdout) == (2, "")
    assert many.stderr == "unfreed: --rss is for one process (as in unfreed summary --rss 4711)\n"


def test_without_the_option_there_is_no_balance():
    with running([ANY, RESIDENT]) as (process, _):
        assert read("summary", process.pid)["rss"] is None


@pytest.mark.native
@pytest.mark.skipif(not JEMALLOC.is_file(), reason="libjemalloc2 is not installed")
def test_another_allocator_is_named_and_given_as_a_whole():
    with running([ANY, RESIDENT], env=os.environ | {"LD_PRELOAD": str(JEMALLOC)}) as (process, _):
        planted = obey(process, "native")
        rss = balance(process)
        text = run("summary", "--rss", process.pid).stdout
    assert rss["allocator"]["library"] == os.path.realpath(JEMALLOC)
    assert rss["parts"]["allocator"] > planted["native_used"]
    assert rss["parts"]["native_used"] == 0
    assert rss["parts"]["remainder"] < 0.03 * rss["bytes"]
    assert "libjemalloc" in text
