"""Each of these leaves garbage that only the collector frees, and the report names its cycle."""

import pytest
from unfreed_runs import check, findings, run

DELAYED = [
    ("parent_child_tree", "delayed.Parent"),
    ("closure_over_itself", "function"),
    ("class_made_per_call", "type"),
    ("exception_kept_in_local", "ValueError"),
    ("list_holding_itself", "list"),
    ("bound_method_kept_by_its_object", "delayed.Handler"),
    ("two_dicts", "dict"),
    ("mutually_recursive_functions", "function"),
    ("generator_holding_itself", "generator"),
    ("cycle_with_finalizer", "delayed.WithDel"),
    ("garbage_in_two_rounds", "delayed.MakesMore"),
    ("weak_callback_in_cycle", "delayed.Parent"),
]


@pytest.mark.parametrize(("function", "type_"), DELAYED, ids=[row[0] for row in DELAYED])
def test_delayed_garbage_is_told_from_a_leak(function, type_):
    code, report = check(f"delayed.py:{function}", "--budget", 4)
    assert (code, report["verdict"]) == (0, "delayed"), report
    assert not findings(report, "leak")
    worst = report["findings"][0]
    assert (worst["severity"], worst["kind"], worst["collectable"]) == ("delayed", "cycle", True)
    assert type_ in worst["types"]
    assert report["per_call"]["garbage_objects"] > 0
    cut = [step for step in worst["cycle"] if step["suspect"]]
    assert len(cut) == 1
    assert worst["fix"]["advice"]
    assert report["collector"]["waiting_max_objects"] >= report["per_call"]["garbage_objects"]


@pytest.mark.parametrize("function", ["two_dicts", "little_garbage_at_first"])
def test_six_calls_that_each_leave_garbage_are_enough(function):
    _, report = check(f"delayed.py:{function}", "--calls", 6)
    assert report["verdict"] == "delayed", report


def test_the_local_that_keeps_an_exception_is_the_one_to_cut():
    _, report = check("delayed.py:exception_kept_in_local", "--budget", 3)
    worst = report["findings"][0]
    (cut,) = (step for step in worst["cycle"] if step["suspect"])
    assert "local 'kept' of exception_kept_in_local()" in cut["edge"]
    assert worst["fix"]["verified"] is True


def test_fail_on_delayed_is_stricter():
    code, report = check("delayed.py:two_dicts", "--budget", 2, "--fail-on", "delayed")
    assert (code, report["verdict"]) == (1, "delayed")


def test_garbage_made_by_finalizers_takes_several_rounds():
    _, report = check("delayed.py:garbage_in_two_rounds", "--budget", 2)
    measured = [s for s in report["samples"] if s["phase"] == "measured"]
    assert {s["garbage_rounds"] for s in measured} == {2}


def test_a_class_that_makes_garbage_for_ever_gets_a_note():
    _, report = check("naughty.py:makes_garbage_for_ever", "--budget", 2)
    assert any("new garbage" in warning for warning in report["warnings"])


def test_the_text_shows_the_closed_walk():
    text = run("check", "delayed.py:two_dicts", "--budget", 2).stdout
    assert text.startswith("DELAYED")
    assert "['b']" in text and "['a']" in text


def test_a_file_with_a_cycle_of_its_own_is_delayed():
    code, report = check("script_delayed.py", "--budget", 3)
    assert (code, report["verdict"]) == (0, "delayed"), report
    assert report["findings"][0]["types"] == ["__main__.Knot"]
    assert report["reload"]["objects"] > 0
