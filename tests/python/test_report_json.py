"""The JSON report, read back: every key of the contract is there, with the type it should have."""

import json
import subprocess

import pytest
from unfreed_runs import built

SAMPLES = ["clean", "delayed", "leak", "many", "hostile", "undecided"]

NUMBER = (int, float, type(None))
TEXT = (str, type(None))

TOP = {
    "schema": str,
    "target": dict,
    "verdict": str,
    "evidence": TEXT,
    "confidence": NUMBER,
    "calls": dict,
    "passes": list,
    "stopped_because": TEXT,
    "partial": bool,
    "warnings": list,
    "seconds": NUMBER,
    "per_call": dict,
    "samples": list,
    "findings": list,
    "findings_ignored": int,
    "warmup": dict,
    "reload": (dict, type(None)),
    "collector": dict,
    "rss": dict,
}
TARGET = ["spec", "function", "python", "implementation", "platform", "unfreed"]
PER_CALL = [
    "objects",
    "garbage_objects",
    "garbage_bytes",
    "python_bytes",
    "native_bytes",
    "descriptors",
    "threads",
    "tasks",
]
SAMPLE = [
    "call",
    "phase",
    "objects_before",
    "objects_after",
    "collected",
    "garbage_rounds",
    "objects_after_collect",
    "python_bytes",
    "native_bytes",
    "rss_bytes",
    "descriptors",
    "threads",
    "seconds",
]
FINDING = {
    "id": str,
    "severity": str,
    "kind": str,
    "type": TEXT,
    "types": (list, type(None)),
    "collectable": (bool, type(None)),
    "collectable_why": TEXT,
    "objects_per_call": NUMBER,
    "bytes_per_call": NUMBER,
    "retained_bytes_per_call": NUMBER,
    "objects": NUMBER,
    "bytes": NUMBER,
    "references_per_call": NUMBER,
    "growth_by_call": list,
    "confidence": NUMBER,
    "bound": (dict, type(None)),
    "allocated_at": list,
    "allocated_at_earlier": bool,
    "allocated_at_unknown": TEXT,
    "made_at": TEXT,
    "holder": TEXT,
    "path": list,
    "path_root": TEXT,
    "cycle": (list, type(None)),
    "descriptor": (dict, type(None)),
    "thread": (dict, type(None)),
    "task": (dict, type(None)),
    "fix": dict,
    "not_from_call": TEXT,
}
STEP = {"object": TEXT, "type": TEXT, "edge": TEXT, "suspect": bool, "guessed": bool}
FIX = {
    "advice": TEXT,
    "edge": TEXT,
    "frees_objects": NUMBER,
    "frees_bytes": NUMBER,
    "of_objects": NUMBER,
    "closes_descriptors": NUMBER,
    "of_descriptors": NUMBER,
    "verified": bool,
    "how": TEXT,
    "why_not": TEXT,
    "candidates": list,
}
COLLECTOR = [
    "enabled",
    "thresholds",
    "freeze_count",
    "per_generation",
    "waiting_calls",
    "waiting_max_objects",
    "waiting_max_bytes",
    "would_free_objects",
]


@pytest.fixture(scope="session")
def print_report():
    """The small C program that renders results built by hand."""

    def run(*arguments):
        program = built("print_report")
        return subprocess.run([program, *arguments], check=True, capture_output=True).stdout

    return run


def refuse_constant(name):
    raise ValueError(f"{name} is not JSON")


def unique_keys(pairs):
    assert len({key for key, _ in pairs}) == len(pairs), "a key stands twice"
    return dict(pairs)


@pytest.fixture(params=SAMPLES)
def report(request, print_report):
    text = print_report(request.param, "json").decode("utf-8", "strict")
    return json.loads(text, parse_constant=refuse_constant, object_pairs_hook=unique_keys)


def expect_types(value, types):
    assert list(value) == list(types)
    for key, expected in types.items():
        assert isinstance(value[key], expected), key


def test_all_samples_are_known(print_report):
    assert print_report().decode().split() == SAMPLES


def test_every_key_is_there(report):
    expect_types(report, TOP)
    assert report["schema"] == "unfreed.check/1"
    assert list(report["target"]) == TARGET
    assert list(report["calls"]) == ["warmup", "measured"]
    assert list(report["per_call"]) == PER_CALL
    assert list(report["collector"]) == COLLECTOR
    assert len(report["collector"]["thresholds"]) == 3
    assert len(report["collector"]["per_generation"]) == 3
    for generation in report["collector"]["per_generation"]:
        assert list(generation) == ["collections", "seconds", "collected", "uncollectable"]
    assert list(report["rss"]) == ["before_bytes", "after_bytes", "parts"]
    for run in report["passes"]:
        assert list(run) == ["kind", "calls", "seconds"]
    for totals in filter(None, [report["warmup"], report["reload"]]):
        assert list(totals) == ["objects", "bytes", "top"]
        for row in totals["top"]:
            assert list(row) == ["type", "objects", "bytes", "holder"]


def test_samples_are_in_order(report):
    for number, sample in enumerate(report["samples"], 1):
        assert list(sample) == SAMPLE
        assert sample["call"] == number
        assert sample["phase"] == ("warmup" if number <= report["calls"]["warmup"] else "measured")


def test_findings_have_every_key_whatever_their_kind(report):
    for finding in report["findings"]:
        expect_types(finding, FINDING)
        expect_types(finding["fix"], FIX)
        assert finding["fix"]["how"] in (None, "graph", "copy")
        assert len(finding["fix"]["candidates"]) <= 3
        for candidate in finding["fix"]["candidates"]:
            expect_types(candidate, {"edge": str, "alone": bool})
        assert finding["severity"] in ("leak", "delayed", "bounded")
        for step in finding["path"] + (finding["cycle"] or []):
            expect_types(step, STEP)
        is_cycle = finding["kind"] == "cycle"
        assert (finding["types"] is not None) == is_cycle
        assert (finding["collectable"] is not None) == is_cycle
        assert (finding["cycle"] is not None) == is_cycle
        assert (finding["bound"] is not None) == (finding["severity"] == "bounded")
        for kind, keys in {
            "descriptor": ["fd", "target"],
            "thread": ["name", "target", "stack"],
            "task": ["name", "coroutine", "stack"],
        }.items():
            assert (finding[kind] is not None) == (finding["kind"] == kind)
            if finding[kind] is not None:
                assert list(finding[kind]) == keys
        if finding["allocated_at"] == []:
            assert finding["allocated_at_unknown"]


def test_whole_numbers_are_integers(print_report):
    report = json.loads(print_report("leak", "json"))
    assert isinstance(report["findings"][0]["objects"], int)
    assert isinstance(report["samples"][0]["objects_before"], int)
    assert report["samples"][0]["native_bytes"] is None


def test_broken_texts_come_through_spelled_out(print_report):
    report = json.loads(print_report("hostile", "json"))
    warning = report["warnings"][0]
    assert "surrogate \\udcff, byte \\xff, tab\tand \x1b[2Jescape" in warning
    for finding in report["findings"]:
        json.dumps(finding, ensure_ascii=False).encode("utf-8", "strict")


def test_json_says_the_same_whatever_the_locale(print_report):
    assert b'"seconds": 1.75' in print_report("clean", "json")
