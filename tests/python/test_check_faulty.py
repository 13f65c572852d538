"""What an extension loses (tests/extension/faulty.c) is named; its twin without the fault is clean."""

import sys

import pytest
from unfreed_runs import check, findings, run

pytest.importorskip("unfreed_faulty")  # built with the tests

IMMORTAL = sys.version_info >= (3, 12)
BUDGET = ("--budget", 5)

# function, type, at least so many bytes per call
LOST_OBJECTS = [
    ("lost_list", "list", 60),
    ("lost_instance", "faulty.Ticket", 100),
    ("lost_bytes", "bytes", 200),
    ("lost_str", "str", 60),
    ("lost_int", "int", 28),
    ("lost_float", "float", 24),
    ("lost_tuple", "tuple", 60),
    ("lost_large_bytes", "bytes", 20000),
]
NEEDS_PYMALLOC = pytest.mark.native  # blocks are counted by Python's own allocator


@NEEDS_PYMALLOC
@pytest.mark.parametrize(("function", "type_", "least"), LOST_OBJECTS)
def test_an_object_that_c_code_lost_is_an_orphan(function, type_, least):
    code, report = check(f"faulty.py:{function}", *BUDGET)
    assert (code, report["verdict"]) == (1, "leak"), report["evidence"]
    worst = report["findings"][0]
    assert (worst["kind"], worst["type"]) == ("orphan", type_)
    assert worst["path_root"] == "nothing (lost reference)"
    assert worst["objects_per_call"] == pytest.approx(1, rel=0.1)
    assert worst["retained_bytes_per_call"] >= least
    assert worst["id"] == f"orphan:{type_}:nothing:{function}"
    assert "Py_DECREF" in worst["fix"]["advice"]
    assert worst["references_per_call"] is None
    assert [f["kind"] for f in findings(report, "leak")] == ["orphan"]


@NEEDS_PYMALLOC
@pytest.mark.parametrize("function", ["lost_instance", "lost_str"])
def test_an_orphan_says_in_which_call_it_was_made(function):
    _, report = check(f"faulty.py:{function}", *BUDGET)
    worst = report["findings"][0]
    functions = [frame["function"] for frame in worst["allocated_at"]]
    assert function in functions
    assert "faulty.py" in worst["fix"]["advice"]


@NEEDS_PYMALLOC
def test_the_text_says_that_it_is_lost():
    text = run("check", "faulty.py:lost_bytes", *BUDGET).stdout
    assert "lost: nothing refers to it" in text
    assert "nothing (lost reference)" in text


@NEEDS_PYMALLOC
@pytest.mark.parametrize("function", ["lost_mem_block", "lost_object_block", "lost_raw_block"])
def test_a_block_of_pythons_allocator_that_c_code_lost_is_native(function):
    code, report = check(f"faulty.py:{function}", *BUDGET)
    assert (code, report["verdict"]) == (1, "leak"), report["evidence"]
    worst = report["findings"][0]
    assert (worst["kind"], worst["type"]) == ("native", "PyMem")
    assert worst["bytes_per_call"] == pytest.approx(300, rel=0.2)


EXTRA_REFERENCES = [
    ("extra_reference_to_list", "list", "faulty.REGISTRY", False),
    ("extra_reference_to_type", "type", "faulty.Ticket", False),
    ("extra_reference_to_none", "NoneType", "None", True),
    ("extra_reference_to_static_type", "type", "types.SimpleNamespace", True),
]


@pytest.mark.parametrize(("function", "type_", "holder", "immortal"), EXTRA_REFERENCES)
def test_a_reference_too_many_is_an_orphan_of_its_object(function, type_, holder, immortal):
    code, report = check(f"faulty.py:{function}", *BUDGET)
    if immortal and IMMORTAL:
        assert (code, report["verdict"]) == (0, "clean"), report["findings"]
        return
    assert (code, report["verdict"]) == (0, "clean"), report["evidence"]  # nothing piles up
    worst = report["findings"][0]
    assert (worst["kind"], worst["type"], worst["severity"]) == ("orphan", type_, "bounded")
    assert worst["references_per_call"] == pytest.approx(1)
    assert worst["objects_per_call"] == 0
    assert holder in worst["holder"]
    assert worst["path_root"] == "nothing (lost reference)"
    assert findings(report, "leak") == []


@NEEDS_PYMALLOC
def test_what_c_code_keeps_in_a_variable_is_not_lost():
    _, report = check("faulty.py:kept_in_table", *BUDGET)
    worst = report["findings"][0]
    assert (worst["kind"], worst["type"]) == ("retained", "faulty.Ticket")
    assert worst["path_root"] == "native code"
    assert worst["holder"] == "a variable of unfreed_faulty.so"


@NEEDS_PYMALLOC
def test_what_c_code_keeps_in_its_memory_is_not_lost():
    _, report = check("faulty.py:kept_in_block", *BUDGET)
    worst = report["findings"][0]
    assert (worst["kind"], worst["type"]) == ("retained", "faulty.Ticket")
    assert (worst["path_root"], worst["holder"]) == ("native code", "memory of C code")


@NEEDS_PYMALLOC
def test_what_no_walk_reaches_and_c_code_keeps_is_not_lost():
    code, report = check("faulty.py:kept_text_in_block", *BUDGET)
    assert (code, report["verdict"]) == (1, "leak"), report["evidence"]
    worst = report["findings"][0]
    assert (worst["kind"], worst["type"]) == ("retained", "str")
    assert (worst["path_root"], worst["holder"]) == ("native code", "memory of C code")


@pytest.mark.parametrize(
    ("function", "piles_up", "reason"),
    [
        (
            "cycle_through_uncollected",
            "faulty.Parser",
            "unfreed_faulty.Uncollected does not take part in garbage collection",
        ),
        (
            "cycle_through_forgetful",
            "faulty.Page",
            "the tp_traverse of unfreed_faulty.Forgetful does not report",
        ),
    ],
)
def test_a_cycle_through_a_type_that_hides_it_is_a_leak(function, piles_up, reason):
    code, report = check(f"faulty.py:{function}", *BUDGET)
    assert (code, report["verdict"]) == (1, "leak"), report["evidence"]
    worst = report["findings"][0]
    assert (worst["kind"], worst["type"], worst["collectable"]) == ("cycle", piles_up, False)
    assert worst["collectable_why"].startswith(reason)
    assert len(findings(report, "leak")) == 1


def test_the_same_cycle_through_a_type_that_is_right_is_only_delayed():
    _, report = check("faulty.py:cycle_through_collected", *BUDGET)
    assert report["verdict"] == "delayed"
    assert report["findings"][0]["collectable"] is True


def test_a_path_leads_through_a_type_without_tp_traverse():
    _, report = check("faulty.py:kept_by_uncollected", *BUDGET)
    leaks = findings(report, "leak")
    assert len(leaks) == 1
    assert (leaks[0]["type"], leaks[0]["holder"]) == ("unfreed_faulty.Uncollected", "faulty.HELD")
    assert leaks[0]["fix"]["verified"] is True
    # the held one and its attributes go too
    assert leaks[0]["fix"]["frees_objects"] >= 2 * leaks[0]["objects"]


RIGHT = [
    *(function for function, _, _ in LOST_OBJECTS),
    "lost_malloc",
    "lost_raw_block",
    "lost_mem_block",
    "lost_object_block",
    "lost_pages",
    "extra_reference_to_list",
    "extra_reference_to_type",
    "extra_reference_to_none",
    "kept_in_table",
    "kept_in_block",
    "cycle_through_uncollected",
    "cycle_through_forgetful",
]


@pytest.mark.parametrize("function", RIGHT)
def test_the_twin_without_the_fault_is_clean(function):
    code, report = check(f"faulty.py:{function}_right", "--budget", 4)
    assert (code, report["verdict"]) == (0, "clean"), (report["evidence"], report["findings"])
    assert not [f for f in report["findings"] if f["kind"] in ("orphan", "native")]
    assert not findings(report, "leak")
