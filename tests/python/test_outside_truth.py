"""A program that is read from outside, against what it says of its own heap (docs/outside-truth.md)."""

import sys

import pytest
from unfreed_runs import ROOT, UNFREED

sys.path.insert(0, str(ROOT / "tools"))

import outside_truth
import truth_judge
from python_facts import ask


def test_the_standard_library_is_read_from_outside_nearly_without_a_fault():
    verdict, _, _ = outside_truth.measure(ask(sys.executable).executable, str(UNFREED), 1000, [])
    assert verdict.reported > 50_000
    assert verdict.absent == 0
    assert verdict.recall >= outside_truth.RECALL, verdict.gaps
    assert verdict.wrong_share < outside_truth.WRONG, verdict.faults


def heap_of(objects, spare):
    """(id, address, references) each; a reference is (id, guessed)."""
    heap = truth_judge.Heap()
    for node, address, references in objects:
        heap.address[node] = address
        heap.type[node] = "kind"
        heap.tracked.add(node)
        heap.start[node] = len(heap.targets)
        heap.targets.append(len(references))
        heap.guessed.append(0)
        for target, guessed in references:
            heap.targets.append(target)
            heap.guessed.append(guessed)
    heap.spare.update(spare)
    return heap


@pytest.mark.parametrize(
    ("spare", "expected"),
    [
        pytest.param(0, (0, 1), id="a count that is explained makes a guess wrong"),
        pytest.param(1, (1, 0), id="a count that is not explained makes it right"),
    ],
)
def test_a_guess_that_nobody_reports_is_judged_by_the_count(spare, expected):
    heap = heap_of([(0, 0x10, [(1, True)]), (1, 0x20, [])], {1: spare})
    verdict = truth_judge.judge(heap, {0x10: [], 0x20: []}, [])
    assert (verdict.explained, verdict.wrong) == expected


def test_a_reference_that_is_reported_and_not_read_is_missing_and_takes_its_count():
    heap = heap_of([(0, 0x10, []), (1, 0x20, []), (2, 0x30, [(1, True)])], {1: 1})
    verdict = truth_judge.judge(heap, {0x10: [0x20], 0x20: [], 0x30: []}, [])
    assert (verdict.missing, verdict.explained, verdict.wrong) == (1, 0, 1)
    assert verdict.recall == 0


def test_references_are_compared_as_often_as_they_stand():
    heap = heap_of([(0, 0x10, [(1, False)]), (1, 0x20, [])], {})
    verdict = truth_judge.judge(heap, {0x10: [0x20, 0x20], 0x20: []}, [])
    assert (verdict.reported, verdict.missing, verdict.more) == (2, 1, 0)


def test_an_object_that_was_not_read_at_all_is_absent():
    verdict = truth_judge.judge(heap_of([], {}), {0x10: [], 0x20: []}, [0x20])
    assert verdict.absent == 1
