"""Each of these leaves nothing behind in the steady state; no false alarm is allowed."""

import os

import pytest
from unfreed_runs import check, findings, run

CLEAN = [
    "pass_through",
    "ten_thousand_calls",
    "weak_value_dictionary",
    "bounded_lru_cache",
    "bounded_deque",
    "big_temporary",
    "random_sized_working_set",
    "fresh_objects_each_call",
    "cache_cleared_every_hundred_calls",
    "thread_pool_filling",
    "object_swapped_for_another",
    "thread_that_ends",
    "coroutine",
    "regular_expressions",
    "same_logger",
    "counter",
    "dynamic_attribute_names",
    "exits_normally",
]


@pytest.mark.parametrize("function", CLEAN)
def test_what_leaves_nothing_is_clean(function):
    # time enough to go past the bounds of the caches here, on a slow machine too
    code, report = check(f"clean.py:{function}", "--budget", 12)
    assert (code, report["verdict"]) == (0, "clean"), (report["evidence"], report["findings"])
    assert not findings(report, "leak")
    assert not findings(report, "delayed")


def test_an_empty_function_gives_exactly_nothing_everywhere():
    _, report = check("clean.py:ten_thousand_calls", "--budget", 3)
    unknown = {"native_bytes"} if "PYTHONMALLOC" in os.environ else set()  # not measured then: null
    assert {k: v for k, v in report["per_call"].items() if v != 0} == dict.fromkeys(unknown)
    measured = [s for s in report["samples"] if s["phase"] == "measured"]
    assert {s["objects_after"] - s["objects_before"] for s in measured} == {0}
    assert {s["collected"] for s in measured} == {0}
    assert len({s["objects_after_collect"] for s in measured}) == 1
    assert len({s["python_bytes"] for s in measured if s["python_bytes"] is not None}) == 1


def test_a_bounded_cache_is_reported_with_its_bound():
    _, report = check("clean.py:bounded_lru_cache", "--budget", 3)
    for finding in findings(report, "bounded"):
        assert finding["bound"]["limit"] in (None, 128)


def test_what_collects_itself_is_noticed_as_clean():
    code, report = check("clean.py:collects_itself", "--budget", 3)
    assert (code, report["verdict"]) == (0, "clean")


def test_a_script_run_alone_is_clean_and_its_reload_is_told_apart():
    code, report = check("script.py", "--budget", 3)
    assert (code, report["verdict"]) == (0, "clean"), report
    assert report["reload"]["objects"] > 0


def test_the_first_line_is_the_verdict():
    text = run("check", "clean.py:pass_through", "--budget", 2).stdout
    assert text.splitlines()[0].startswith("CLEAN")


def test_the_count_is_what_get_objects_says(tmp_path):
    (tmp_path / "counts.py").write_text(
        "import gc\nseen = []\ndef look():\n    seen[:] = [len(gc.get_objects())]\n    print(seen[0])\n"
    )
    done = run("check", "counts.py:look", "--json", "--calls", 6, cwd=tmp_path)
    import json

    report = json.loads(done.stdout)
    told = [int(line) for line in done.stderr.split()]
    # what the target sees holds unfreed's own few objects and its own frame besides
    before = [s["objects_before"] for s in report["samples"]]
    differences = {t - b for t, b in zip(told, before)}
    assert max(differences) < 60
    assert len({t - b for t, b in list(zip(told, before))[2:]}) == 1
