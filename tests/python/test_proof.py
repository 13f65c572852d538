"""Each fix is tried in a copy of the process, and what it frees there is counted."""

import re

import pytest
from unfreed_runs import check, findings, run

# function, type of finding 1, objects that each call leaves and the cut frees
CUT = [
    ("entries_of_a_dict", "proof.Item"),
    ("entries_of_an_ordered_dict", "proof.Item"),
    ("items_of_a_list", "proof.Item"),
    ("items_of_a_deque", "proof.Item"),
    ("members_of_a_set", "proof.Item"),
    ("pairs", "proof.Item"),
    ("names_of_an_object", "proof.Item"),
    ("names_of_a_class", "proof.Item"),
    ("names_of_a_module", "proof.Item"),
    ("with_a_cycle_inside", "proof.Item"),
    ("results_of_a_cache", "proof.Item"),
]

# function, type in the cycle
CYCLES = [
    ("attribute", "proof.Item"),
    ("instance_attribute", "proof.Owner"),
    ("local_with_exception", "ValueError"),
    ("cell", "function"),
    ("entry", "dict"),
    ("item", "list"),
    ("generator", "generator"),
    ("property_of_a_finalizer", "proof.Evil"),
]


def fix_of(function, *options):
    code, report = check(f"proof.py:{function}", "--calls", 12, *options)
    assert code in (0, 1), report
    return report["findings"][0]["fix"], report


@pytest.mark.parametrize(("function", "type_"), CUT, ids=[row[0] for row in CUT])
def test_what_a_leak_keeps_is_freed_in_a_copy(function, type_):
    fix, report = fix_of(function)
    assert report["findings"][0]["type"] == type_
    assert (fix["how"], fix["verified"], fix["why_not"]) == ("copy", True, None)
    assert fix["frees_objects"] == fix["of_objects"] >= 10
    assert fix["frees_bytes"] >= 40 * fix["frees_objects"]
    assert fix["candidates"] == [{"edge": fix["edge"], "alone": True}]


@pytest.mark.parametrize(("function", "type_"), CYCLES, ids=[row[0] for row in CYCLES])
def test_counting_alone_frees_a_cycle_that_is_cut_in_a_copy(function, type_):
    fix, report = fix_of(function)
    (finding,) = findings(report, "delayed")
    assert type_ in finding["types"]
    assert (fix["how"], fix["verified"], fix["why_not"]) == ("copy", True, None)
    assert fix["frees_objects"] == fix["of_objects"] == finding["objects_per_call"]
    assert fix["candidates"][0] == {"edge": fix["edge"], "alone": True}
    assert len(fix["candidates"]) <= 3


@pytest.mark.parametrize("function", ["growing_list_of_ints", "growing_str", "growing_bytearray"])
def test_what_grows_in_place_goes_when_its_holder_lets_go(function):
    _, report = check(f"leaks.py:{function}", "--calls", 12)
    (finding,) = findings(report, "leak")
    fix = finding["fix"]
    assert (fix["how"], fix["verified"], fix["why_not"]) == ("copy", True, None)
    assert (fix["frees_objects"], fix["of_objects"]) == (1, 1)
    assert fix["frees_bytes"] == finding["bytes"]


def test_two_holders_must_both_let_go():
    fix, _ = fix_of("held_twice")
    assert (fix["how"], fix["verified"], fix["why_not"]) == ("copy", True, None)
    assert [candidate["alone"] for candidate in fix["candidates"]] == [False, False]
    assert "proof.HELD[" in fix["candidates"][0]["edge"]
    assert "proof.BY_NAME[" in fix["candidates"][1]["edge"]
    assert "must let go of it, too" in fix["advice"]


def test_a_file_that_is_let_go_closes_its_descriptor():
    fix, report = fix_of("open_files")
    (finding,) = (f for f in report["findings"] if f["kind"] == "descriptor")
    fix = finding["fix"]
    assert (fix["how"], fix["verified"], fix["why_not"]) == ("copy", True, None)
    assert fix["closes_descriptors"] == fix["of_descriptors"] >= 12
    assert "proof.HELD[" in fix["edge"]


@pytest.mark.parametrize("function", ["open_numbers", "lost_numbers"])
def test_a_descriptor_that_no_object_owns_is_closed_by_its_number(function):
    _, report = fix_of(function)
    (finding,) = (f for f in report["findings"] if f["kind"] == "descriptor")
    fix = finding["fix"]
    assert (fix["how"], fix["verified"], fix["edge"]) == ("copy", True, None), fix
    assert (fix["candidates"], fix["of_objects"], fix["why_not"]) == ([], None, None)
    assert fix["closes_descriptors"] == fix["of_descriptors"] >= 12


def test_a_pass_of_many_objects_is_told_per_call():
    text = run("check", "proof.py:open_files", "--calls", 12).stdout
    assert re.search(r"freed (\d+) of \1 objects, .* per call, closed (\d+) of\s+\2 descr", text), (
        text
    )


def test_an_object_that_its_finalizer_brings_back_is_told():
    fix, _ = fix_of("resurrects")
    assert (fix["how"], fix["verified"]) == ("copy", False)
    assert fix["frees_objects"] < fix["of_objects"]
    assert "stayed" in fix["why_not"] and "Undead" in fix["why_not"]


def test_the_text_says_what_was_done():
    text = run("check", "proof.py:items_of_a_list", "--calls", 12).stdout
    assert "(done in a copy of the process: freed 1 of 1 object, " in text
    assert " B per call)" in text


def test_the_proof_is_a_pass_of_its_own():
    _, report = fix_of("items_of_a_list")
    (proof,) = (p for p in report["passes"] if p["kind"] == "proof")
    assert proof["calls"] == 0 and 0 < proof["seconds"] <= 3
    _, report = fix_of("cell")
    (proof,) = (p for p in report["passes"] if p["kind"] == "proof")
    assert proof["calls"] == 1


def test_what_is_clean_makes_no_copy():
    _, report = check("clean.py:pass_through", "--calls", 12)
    assert "proof" not in [p["kind"] for p in report["passes"]]
