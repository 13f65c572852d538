"""Profiles of heaps, read by pprof and by speedscope's importer."""

import json
import re
import stat

import consumers_here
import pytest
from exported_heaps import shop
from unfreed_runs import ROOT, run

STORE = "__main__.STORE (__main__.Store)"
TABLE = "__main__.Store._sessions (dict)"
SESSIONS = "__main__.Store._sessions[*] (__main__.Session)"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("pprof")


def exported(snapshot, to="pprof"):
    out = snapshot.with_suffix(f".{to}")
    done = run("export", snapshot, "--to", to, "-o", out, "--json")
    assert done.returncode == 0, done.stderr
    return out, json.loads(done.stdout)


@pytest.fixture(scope="module")
def small(folder):
    snapshot, facts = shop(folder, 100, "small")
    return exported(snapshot)[0], facts, snapshot


@pytest.fixture(scope="module")
def large(folder):
    snapshot, facts = shop(folder, 300, "large")
    return exported(snapshot)[0], facts, snapshot


def everything(*arguments, unit="bytes"):
    """What `pprof -top` says of each function, unrounded: {name: (flat, cum)}, and the total."""
    text = consumers_here.pprof(
        "-top", f"-unit={unit}", "-nodecount=0", "-nodefraction=0", "-edgefraction=0", *arguments
    )
    total = int(re.search(r"of (-?\d+)B? total", text).group(1))
    rows = re.findall(r"^ *(-?\d+)B? +\S+ +\S+ +(-?\d+)B? +\S+  (.*)$", text, re.MULTILINE)
    return {name: (int(flat), int(cum)) for flat, cum, name in rows}, total


def objects_of(snapshot):
    out, _ = exported(snapshot, "json")
    with out.open() as lines:
        parsed = [json.loads(line) for line in lines]
    return parsed[0]["heap"], {line["address"]: line for line in parsed if line["line"] == "object"}


def test_the_total_is_the_sum_of_all_sizes_and_a_holders_sum_is_what_it_retains(small):
    profile, facts, snapshot = small
    functions, total = everything(profile)
    heap, objects = objects_of(snapshot)
    assert total == heap["bytes"] == sum(o["size"] for o in objects.values())
    assert functions[STORE] == (facts["store"], facts["store_retains"])
    assert functions[STORE][1] == objects[facts["address"]]["retained"]
    assert functions[TABLE] == (facts["table"], facts["store_retains"] - facts["store"])
    assert functions[TABLE][1] == objects[facts["table_address"]]["retained"]
    sessions = facts["sessions"] + facts["users"] + facts["blobs"]
    assert functions[SESSIONS] == (facts["sessions"], sessions)
    assert functions["__main__.Session.blob (bytes)"] == (facts["blobs"], facts["blobs"])


def test_objects_are_counted_too(small):
    profile, _, snapshot = small
    functions, total = everything("-sample_index=inuse_objects", profile, unit="count")
    assert total == objects_of(snapshot)[0]["objects"]
    assert functions[SESSIONS] == (100, 300)
    assert functions["__main__.Store._sessions key (str)"] == (100, 100)


def test_a_linked_list_is_one_function_and_retains_itself(small):
    profile, facts, snapshot = small
    functions, _ = everything(profile)
    head = functions["__main__.HEAD (__main__.Node)"]
    rest = functions["__main__.Node.next (__main__.Node)"]
    assert head[0] + rest[0] == head[1] == facts["nodes"]
    assert objects_of(snapshot)[1][facts["head"]]["retained"] == facts["nodes"]


def test_what_a_module_holds_stands_below_it(small):
    profile, facts, _ = small
    tree = consumers_here.pprof("-peek", re.escape(STORE), "-unit=bytes", profile)
    above, below = tree.split("| " + "  " + STORE)[0], tree.split(STORE)[-1]
    assert "module __main__" in above
    assert TABLE in below
    assert f"{facts['store_retains'] - facts['store']}B" in below


def test_pprof_shows_a_tree_and_the_raw_samples(small):
    profile, _, _ = small
    assert STORE in consumers_here.pprof("-tree", "-nodecount=0", "-nodefraction=0", profile)
    raw = consumers_here.pprof("-raw", profile)
    assert "inuse_objects/count inuse_space/bytes[dflt]" in raw
    assert "PeriodType: space bytes" in raw
    assert "type:[__main__.Session]" in raw


def test_bytes_are_told_by_type_as_well(small):
    profile, facts, _ = small
    tags = consumers_here.pprof("-tags", "-unit=bytes", profile)
    assert re.search(rf"{facts['sessions']}(B|\.0B| )[^\n]*: __main__\.Session\n", tags), tags[:800]


def test_a_comparison_shows_the_planted_growth_and_little_else(small, large):
    functions, total = everything("-base", small[0], large[0])
    planted = large[1]["store_retains"] - small[1]["store_retains"]
    assert functions[STORE] == (0, planted)
    assert functions["__main__.Session.blob (bytes)"][0] == large[1]["blobs"] - small[1]["blobs"]
    assert functions["module __main__"][1] >= planted
    assert abs(total - planted) < planted / 20


def test_speedscope_reads_it_with_the_same_weights(small):
    profile, facts, snapshot = small
    script = ROOT / "tests" / "node" / "speedscope.cjs"
    answer = json.loads(consumers_here.node(script, profile))
    frames = {frame["name"]: frame for frame in answer["frames"]}
    assert answer["unit"] == "bytes"
    assert answer["total"] == objects_of(snapshot)[0]["bytes"]
    assert frames[STORE]["total"] == facts["store_retains"]
    assert frames[SESSIONS]["self"] == facts["sessions"]


def test_the_report_says_what_was_written_and_only_the_owner_may_read_it(small):
    _, _, snapshot = small
    out, report = exported(snapshot)
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert report["schema"] == "unfreed.export/1"
    assert report["format"] == "pprof"
    assert report["out"] == str(out)
    assert report["bytes"] == out.stat().st_size
    heap = objects_of(snapshot)[0]
    assert (report["objects"], report["references"]) == (heap["objects"], heap["references"])


def test_the_same_snapshot_gives_the_same_file(small):
    profile, _, snapshot = small
    before = profile.read_bytes()
    assert exported(snapshot)[0].read_bytes() == before


def test_nothing_that_the_program_keeps_is_in_a_profile(small):
    raw = consumers_here.pprof("-raw", small[0])
    for content in ("user 7", "key 7", "shop.snapshot", "quote '"):
        assert content not in raw
