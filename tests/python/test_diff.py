"""`unfreed diff` on snapshots of real processes: programs of tests/targets/growth.py."""

import json
import os
import subprocess
import sys

import pytest
from cli_runs import environment, on_terminal, refused
from unfreed_runs import TARGETS, UNFREED, run


def program(*arguments, **variables):
    done = subprocess.run(
        [sys.executable, str(TARGETS / "growth.py"), *map(str, arguments)],
        env={**os.environ, **variables},
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def pair(tmp_path_factory):
    """Two snapshots of one process, made once for each scenario."""
    made = {}

    def of(scenario):
        if scenario not in made:
            folder = tmp_path_factory.mktemp(scenario)
            made[scenario] = folder / "old.snapshot", folder / "new.snapshot"
            program(scenario, *made[scenario])
        return made[scenario]

    return of


def restarted(folder, scenario, first=1, second=3, **variables):
    """Snapshots of two processes that did the work so many times."""
    old, new = folder / "old.snapshot", folder / "new.snapshot"
    program(scenario, old, ROUNDS=str(first))
    program(scenario, new, ROUNDS=str(second), **variables)
    return old, new


def diff(pair, *options):
    done = run("diff", *pair, "--json", *options)
    assert done.returncode in (0, 1), done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def place(report, name, side="grown"):
    found = [entry for entry in report[side] if entry["place"] == name]
    assert len(found) == 1, [entry["place"] for entry in report[side]]
    return found[0]


def test_a_leak_is_the_first_place_with_all_that_its_objects_hold(pair):
    report = diff(pair("leak"))
    assert report["verdict"] == "grew" and report["same_process"]
    entry = report["grown"][0]
    assert entry["place"] == "module __main__.STORE._sessions"
    assert entry["path"] == "module __main__.STORE._sessions[*]"
    assert entry["type"] == "__main__.Session"
    assert entry["objects"] == {"old": 500, "new": 1000}
    assert entry["share"] > 0.95
    holds = {part["type"]: part["objects"] for part in entry["holds"]}
    assert holds["str"] == 2000 and holds["list"] == 500 and holds["tuple"] == 500
    assert all(other["grown_bytes"] < 4096 for other in report["grown"][1:])


def test_the_way_to_a_new_object_is_shown_and_the_container_marked(pair):
    entry = diff(pair("leak"))["grown"][0]
    assert entry["path_root"] == "module __main__"
    assert [step["edge"] for step in entry["example_path"][1:3]] == [".STORE", "._sessions"]
    marked = [step for step in entry["example_path"] if step["suspect"]]
    assert len(marked) == 1 and marked[0]["object"] == "dict, 1,000 entries"
    assert entry["example_path"][-1]["type"] == "__main__.Session"
    assert entry["fresh_objects"] >= 500
    assert len(entry["examples"]) == 3
    assert all(example["address"].startswith("0x") for example in entry["examples"])


def test_retained_sizes_are_those_of_the_members(pair):
    entry = diff(pair("leak"))["grown"][0]
    grown = entry["retained_bytes"]["new"] - entry["retained_bytes"]["old"]
    assert 0.8 * entry["grown_bytes"] < grown <= entry["grown_bytes"]


def test_all_changes_add_up(pair):
    for scenario in ("leak", "fill", "modules"):
        report = diff(pair(scenario), "--rows", "10000")
        assert len(report["grown"]) == report["grown_places"]
        total = sum(entry["grown_bytes"] for entry in report["grown"] + report["shrunk"])
        assert total == report["grown_bytes"]
        assert report["new"]["bytes"] - report["old"]["bytes"] == report["grown_bytes"]
        assert report["added"]["bytes"] + report["gone"]["bytes"] == report["grown_bytes"]


@pytest.mark.parametrize("scenario", ["clean", "churn"])
def test_what_leaves_nothing_behind_has_no_growth(pair, scenario):
    report = diff(pair(scenario))
    assert report["verdict"] == "steady"
    text = run("diff", *pair(scenario))
    assert text.returncode == 0 and text.stdout.startswith("NO GROWTH  ")
    assert not any("Session" in entry["type"] for entry in report["grown"])


def test_a_cache_that_fills_up_is_told_with_what_came_and_went(pair):
    entry = diff(pair("fill"))["grown"][0]
    assert entry["place"] == "module __main__.CACHE"
    assert entry["objects"] == {"old": 400, "new": 500}
    assert entry["fresh_objects"] - entry["gone_objects"] == 100


def test_growth_in_place_is_told_without_new_objects(pair):
    report = diff(pair("in_place"))
    for name, least in (("LOG", 40_000), ("BUFFER", 29_000)):
        entry = place(report, f"module __main__.{name}")
        assert entry["kind"] == "in_place" and entry["grown_objects"] == 0
        assert entry["grown_bytes"] >= least * 0.9
    text = place(report, "module __main__.TEXT[*]")
    assert text["type"] == "str" and text["grown_bytes"] == 20_000


def test_names_made_up_for_each_object_are_one_place(pair):
    entry = place(diff(pair("registry")), "module __main__.NAMES")
    assert entry["type"] == "__main__.Session"
    assert entry["objects"]["new"] - entry["objects"]["old"] == 50
    assert entry["path"] == "module __main__.NAMES.*"


def test_the_entries_of_an_lru_cache_are_held_by_the_function(pair):
    entry = diff(pair("memo"))["grown"][0]
    assert entry["place"].startswith("module __main__.remembered")
    assert entry["objects"] == {"old": 200, "new": 400}


def test_a_linked_list_is_one_place_however_long(pair):
    report = diff(pair("chain"))
    entry = report["grown"][0]
    assert entry["type"] == "__main__.Node" and entry["share"] > 0.9
    assert entry["objects"]["new"] - entry["objects"]["old"] == 2000
    assert {part["type"] for part in entry["holds"]} == {"float"}


def test_garbage_that_waits_is_told_as_such(pair):
    report = diff(pair("garbage"))
    entry = report["grown"][0]
    assert entry["kind"] == "garbage" and entry["place"] == "nothing"
    assert entry["objects"]["new"] - entry["objects"]["old"] == 2000
    assert "garbage that waits for the collector" in run("diff", *pair("garbage")).stdout


def test_addresses_used_again_hide_no_growth(pair):
    report = diff(pair("reused"))
    assert report["verdict"] == "steady"
    entry = place(report, "module __main__.MOVED")
    assert entry["objects"] == {"old": 0, "new": 500} and entry["fresh_objects"] == 500
    gone = place(report, "module __main__.EMPTIED", "shrunk")
    assert gone["objects"] == {"old": 500, "new": 0}
    first = run("diff", *pair("reused")).stdout.split("\n\n")[0]
    assert "were added" in first and "module __main__.MOVED" in " ".join(first.split())


def test_a_local_of_a_running_function_is_a_place(pair):
    entry = diff(pair("local"))["grown"][0]
    assert entry["place"] == "thread MainThread local 'rows' of main()"
    assert entry["objects"] == {"old": 300, "new": 600}


def test_modules_imported_since_are_one_place(pair):
    report = diff(pair("modules"))
    entry = report["grown"][0]
    assert entry["kind"] == "modules" and "sqlite3" in entry["modules"]
    assert entry["objects"]["new"] == len(entry["modules"]) > 3
    text = run("diff", *pair("modules")).stdout
    assert "modules imported since" in text and "module *" not in text


def test_two_holders_are_two_places_most_first(pair):
    report = diff(pair("two"))
    assert [entry["place"] for entry in report["grown"][:2]] == [
        "module __main__.STORE._sessions",
        "module __main__.PAIRS[*]",
    ]
    assert report["grown"][0]["grown_bytes"] > report["grown"][1]["grown_bytes"]


def test_a_large_object_is_told_by_its_size(pair):
    entry = diff(pair("big"))["grown"][0]
    assert entry["place"] == "module __main__.LOG" and entry["type"] == "bytearray"
    assert 3 << 20 <= entry["grown_bytes"] < (3 << 20) + 1000
    assert "+3 MiB" in run("diff", *pair("big")).stdout


def test_two_runs_of_a_program_are_compared_by_who_holds_what(tmp_path):
    old, new = restarted(tmp_path, "leak")
    report = diff((old, new))
    assert not report["same_process"] and report["verdict"] == "grew"
    entry = report["grown"][0]
    assert entry["place"] == "module __main__.STORE._sessions" and entry["share"] > 0.95
    assert entry["objects"] == {"old": 500, "new": 1500}
    assert entry["fresh_objects"] is None
    assert any("different processes" in note for note in report["notes"])


def test_two_runs_that_did_the_same_have_no_growth(tmp_path):
    report = diff(restarted(tmp_path, "leak", 2, 2))
    assert report["verdict"] == "steady"
    assert not any("Session" in entry["type"] for entry in report["grown"])


def test_snapshots_in_the_wrong_order_are_noticed(pair):
    old, new = pair("leak")
    report = diff((new, old))
    assert report["verdict"] == "shrank" and report["seconds"] < 0
    assert any("wrong order" in note for note in report["notes"])
    text = run("diff", new, old).stdout
    assert text.startswith("SHRANK  ") and "wrong order" in text


def test_a_snapshot_has_not_grown_against_itself(pair):
    old = pair("leak")[0]
    report = diff((old, old))
    assert report["grown"] == report["shrunk"] == report["types"] == []
    assert report["grown_bytes"] == report["grown_objects"] == 0
    assert any("same snapshot" in note for note in report["notes"])


def test_redacted_snapshots_are_compared_and_named(tmp_path):
    old, new = tmp_path / "old", tmp_path / "new"
    program("leak", old, new, REDACT="1")
    report = diff((old, new))
    assert report["grown"][0]["place"] == "module __main__.STORE._sessions"
    assert any("redacted" in note for note in report["notes"])
    assert "user of session" not in run("diff", old, new).stdout


@pytest.mark.parametrize(
    ("limit", "code"),
    [("1k", 1), ("0", 1), ("10M", 0), ("0.1MiB", 1), ("100kB", 1), ("1.5G", 0), ("1000000000", 0)],
)
def test_growth_over_the_limit_is_exit_1(pair, limit, code):
    done = run("diff", *pair("leak"), "--fail-on-growth", limit)
    assert done.returncode == code, done.stdout
    assert ("exceeded" if code else "kept") in done.stdout
    report = diff(pair("leak"), "--fail-on-growth", limit)
    assert report["limit"]["exceeded"] is bool(code)


def test_the_limit_is_exact(pair):
    grown = diff(pair("leak"))["grown_bytes"]
    assert run("diff", *pair("leak"), "--fail-on-growth", grown).returncode == 0
    assert run("diff", *pair("leak"), "--fail-on-growth", grown - 1).returncode == 1


@pytest.mark.parametrize(
    "limit", ["", "x", "-1", "1Q", "1MiBs", "0x10", "nan", "inf", "1e99", "1 M"]
)
def test_a_limit_that_is_no_size_is_wrong_usage(pair, limit):
    refused(run("diff", *pair("leak"), f"--fail-on-growth={limit}"), 2, "--fail-on-growth")


def test_both_files_have_to_be_given(pair):
    old, new = pair("leak")
    refused(run("diff"), 2, "OLD")
    refused(run("diff", old), 2, "NEW")
    refused(run("diff", old, new, old), 2, "one argument too many")


def test_what_is_no_snapshot_is_exit_4(pair, tmp_path):
    old = pair("leak")[0]
    damaged = tmp_path / "damaged"
    content = bytearray(old.read_bytes())
    content[len(content) // 2] ^= 0x40
    damaged.write_bytes(content)
    text = tmp_path / "text"
    text.write_text("not a snapshot\n" * 100)
    for bad in (tmp_path / "missing", damaged, text, tmp_path):
        refused(run("diff", old, bad), 4, str(bad))
        refused(run("diff", bad, old, "--json"), 4, str(bad))


def test_rows_bounds_what_is_told(pair):
    report = diff(pair("modules"), "--rows", "2")
    assert len(report["grown"]) == 2 and report["grown_places"] > 2
    text = run("diff", *pair("modules"), "--rows", "2").stdout
    assert "more places" in text and "--rows shows more" in text


def test_quiet_is_the_verdict_only(pair):
    done = run("diff", *pair("leak"), "-q")
    assert done.stdout.startswith("GREW  ") and "\n\n" not in done.stdout
    assert "module __main__.STORE._sessions" in done.stdout


def test_the_report_fits_the_terminal(pair):
    for columns in (40, 80, 120):
        for scenario in ("leak", "modules", "in_place"):
            code, text = on_terminal(
                ["diff", *map(str, pair(scenario))], environment(NO_COLOR="1"), columns
            )
            assert code == 0
            assert max(map(len, text.split("\r\n"))) <= columns


def test_a_reader_that_has_gone_is_no_fault(pair):
    read, write = os.pipe()
    os.close(read)
    with os.fdopen(write, "wb") as gone:
        done = subprocess.run(
            [UNFREED, "diff", *map(str, pair("leak")), "--rows", "1000"],
            stdout=gone,
            stderr=subprocess.PIPE,
        )
    assert done.returncode == 0 and done.stderr == b""


def test_help_tells_options_and_exit_codes():
    done = run("diff", "--help")
    assert done.returncode == 0
    for word in ("--fail-on-growth", "--rows", "--json", "exit codes"):
        assert word in done.stdout
