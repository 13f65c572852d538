"""Each of these leaks, and the report names what, how many per call and who holds it."""

import sys

import pytest
from unfreed_runs import check, findings

# function, kind, type, words in the holder, objects per call (None: not counted in objects)
LEAKS = [
    ("registry_dict", "retained", "leaks.Session", "leaks.STORE.sessions", 1),
    ("observer_list", "retained", "method", "leaks.SUBJECT.observers", 1),
    ("lru_cache_on_method", "retained", None, "leaks.Report.render", 1),
    ("growing_list_of_ints", "growing", "list", "leaks.HISTORY", None),
    ("growing_str", "growing", "str", "leaks.Journal.text", None),
    ("growing_bytearray", "growing", "bytearray", "leaks.BUFFER", None),
    ("defaultdict_read", "retained", "str", "leaks.COUNTS", 1),
    ("pending_asyncio_task", "task", "_asyncio.Task", "leaks.WAITING", 1),
    ("logger_names", "retained", "logging.Logger", "loggerDict", 1),
    ("class_made_per_call_and_kept", "retained", "type", "leaks.KINDS", 1),
    ("finalize_holding_itself", "retained", None, "finalize._registry", 1),
    ("warning_registry", "retained", "tuple", "leaks.__warningregistry__", 1),
    ("linked_list", "retained", "leaks.Node", "leaks.CHAIN", 1),
    ("attribute_per_call", "retained", "leaks.Session", "leaks.NAMESPACE", 1),
    ("every_third_call", "retained", "leaks.Session", "leaks.HISTORY_OF_THIRDS", 1 / 3),
    ("dead_weak_references", "retained", "weakref", "leaks.REFERENCES", 1),
    ("many_levels", "retained", "dict", "leaks.TREE['a']['b']", 1),
]


@pytest.mark.parametrize(
    ("function", "kind", "type_", "holder", "per_call"), LEAKS, ids=[row[0] for row in LEAKS]
)
def test_a_leak_is_found_and_its_holder_named(function, kind, type_, holder, per_call):
    code, report = check(f"leaks.py:{function}", "--budget", 4)
    assert (code, report["verdict"]) == (1, "leak"), report
    worst = report["findings"][0]
    assert worst["severity"] == "leak"
    assert worst["kind"] == kind
    if type_:
        assert worst["type"] in (
            type_,
            f"weakref.{type_}",
            f"builtins.{type_}",
            "weakref.ReferenceType",
        )
    assert holder in worst["holder"], (worst["holder"], worst["path"])
    if per_call is not None:
        assert worst["objects_per_call"] == pytest.approx(per_call, rel=0.1)
    assert worst["path_root"]
    assert worst["path"][-1]["type"] == worst["type"]
    assert worst["fix"]["advice"]
    assert len(worst["growth_by_call"]) == report["calls"]["measured"]
    assert "cannot be excluded" in report["evidence"]


def test_one_leak_gives_one_finding():
    _, report = check("leaks.py:registry_dict", "--budget", 3)
    leaks = findings(report, "leak")
    assert len(leaks) == 1
    suspects = [step for step in leaks[0]["path"] if step["suspect"]]
    assert len(suspects) == 1
    assert leaks[0]["fix"]["verified"] is True
    assert leaks[0]["fix"]["how"] == "copy"
    assert leaks[0]["fix"]["frees_objects"] > 0


def test_the_id_of_a_finding_is_the_same_in_another_run():
    ids = {check("leaks.py:registry_dict", "--budget", 2)[1]["findings"][0]["id"] for _ in range(2)}
    assert len(ids) == 1
    assert not any(c.isdigit() for c in ids.pop().replace("leaks", ""))


def test_open_descriptors_are_counted_and_named():
    code, report = check("leaks.py:open_file", "--budget", 3)
    assert code == 1
    found = [f for f in findings(report, "leak") if f["kind"] == "descriptor"]
    assert len(found) == 1
    assert found[0]["objects_per_call"] == pytest.approx(1)
    assert found[0]["descriptor"]["target"] == "/dev/null"


def test_threads_that_stay_are_counted():
    code, report = check("leaks.py:thread_that_stays", "--budget", 4)
    assert code == 1
    assert "thread" in {f["kind"] for f in findings(report, "leak")}
    assert report["per_call"]["threads"] == pytest.approx(1)


def test_interned_strings_leak_where_they_are_immortal():
    code, report = check("leaks.py:interned_string", "--budget", 4)
    immortal = (3, 12, 0) <= sys.version_info < (3, 12, 7)
    assert report["verdict"] == ("leak" if immortal else "clean"), report["evidence"]
    if immortal:
        assert report["findings"][0]["path_root"] == "interpreter: interned"


def test_a_file_run_alone_can_leak():
    code, report = check("script_leak.py", "--budget", 4)
    assert (code, report["verdict"]) == (1, "leak"), report
    assert report["findings"][0]["type"] == "dict"
    assert "_kept_by_script" in report["findings"][0]["holder"]


def test_ignored_findings_do_not_count():
    code, report = check(
        "leaks.py:registry_dict", "--budget", 2, "--ignore", "retained:leaks.Session:*"
    )
    assert (code, report["verdict"]) == (0, "clean")


def test_findings_of_a_baseline_do_not_count(tmp_path):
    import json

    _, first = check("leaks.py:registry_dict", "--budget", 2)
    first.pop("stderr")
    baseline = tmp_path / "baseline.json"
    baseline.write_text(json.dumps(first))
    code, second = check("leaks.py:registry_dict", "--budget", 2, "--baseline", baseline)
    assert (code, second["verdict"]) == (0, "clean")


@pytest.mark.parametrize(
    ("function", "type_"),
    [("frozen_garbage", "leaks.Knot"), ("kept_in_gc_garbage", "leaks.Session")],
)
def test_garbage_that_the_collector_cannot_free_is_a_leak(function, type_):
    code, report = check(f"leaks.py:{function}", "--budget", 5)
    assert (code, report["verdict"]) == (1, "leak"), report
    worst = report["findings"][0]
    assert (worst["kind"], worst["type"], worst["collectable"]) == ("cycle", type_, False)
    assert worst["collectable_why"]
