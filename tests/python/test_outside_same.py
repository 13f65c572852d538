"""One process, frozen: what it saw of its heap from inside, what is read of it while it stands, and
what its core says, are the same heap, object by object, and lead to the same answers.

tests/targets/frozen.py writes a snapshot of itself and waits in pause(), so that inside and outside differ in
what the call and the waiting themselves need, and in nothing else:

- what the call of unfreed.snapshot() held while it was written: itself, its arguments;
- the line that the frame of main() stands at, counts of None and the like, which C code holds for a while;
- the interpreter's type cache, which the call fills with names of its own methods;
- whether a process is the same one as in an earlier snapshot: a core does not say when it began;
- words in the memory of modules: their m_traverse does not report what is no container, a look at the
  words does, and marks it as guessed.
"""

import collections
import json
import os
import sys

import pytest
from core_runs import UNDER_ASAN, gcore
from outside_runs import read, running
from unfreed_runs import TARGETS, run

pytestmark = pytest.mark.skipif(
    UNDER_ASAN, reason="malloc and the shadow of AddressSanitizer are in the process that is read"
)
PLANTED = ("Session", "Slotted", "Waste")
OUTSIDE = ("live", "core")


@pytest.fixture(scope="module")
def heaps(tmp_path_factory):
    """Paths of the snapshots: before it grew, inside, live, core (None without gcore)."""
    folder = tmp_path_factory.mktemp("frozen")
    paths = {name: folder / f"{name}.snapshot" for name in ("before", "inside", *OUTSIDE)}
    with running([sys.executable, TARGETS / "frozen.py", folder], env=os.environ) as (
        process,
        said,
    ):
        assert said, "the program did not come so far"
        _write(process.pid, paths["live"])
        try:
            core = gcore(process, folder)
        except pytest.skip.Exception:
            core = None
        again = folder / "again.snapshot"
        _write(process.pid, again)
        assert _lines(again) == _lines(paths["live"]), "the process did not stand still"
    paths["core"] = core and paths["core"]
    if core:
        _write(core, paths["core"])
    return paths


def _write(target, path):
    done = run("snapshot", target, "-o", path)
    assert done.returncode == 0, done.stderr


def _lines(path):
    """All of a heap but what is said of the file: types, objects with their references, roots."""
    out = path.with_suffix(".jsonl")
    if not out.exists():
        done = run("export", path, "--to", "json", "-o", out)
        assert done.returncode == 0, done.stderr
    head, *lines = out.read_text().splitlines()
    assert json.loads(head)["line"] == "heap"
    return lines


class Heap:
    """Objects by address; references as (from, to, name) and how often."""

    def __init__(self, path):
        by_id, self.objects, self.references, self.guessed = {}, {}, collections.Counter(), set()
        for line in map(json.loads, _lines(path)):
            if line["line"] == "object":
                by_id[line["id"]] = line
                self.objects[line["address"]] = line
        for line in by_id.values():
            for target, _, *guessed in line["refs"]:
                reference = (line["address"], by_id[target]["address"])
                self.references[reference] += 1
                if guessed:
                    self.guessed.add(reference)

    def text(self, address):
        return f"{self.objects[address]['type']} {self.objects[address]['text']}"

    def among(self, addresses):
        """References whose both ends are among `addresses`."""
        return collections.Counter(
            {
                (source, target): count
                for (source, target), count in self.references.items()
                if source in addresses and target in addresses
            }
        )


@pytest.fixture(scope="module")
def inside(heaps):
    return Heap(heaps["inside"])


@pytest.fixture(scope="module")
def live(heaps):
    return Heap(heaps["live"])


@pytest.fixture(params=OUTSIDE)
def outside(request, heaps):
    """The snapshot that was read of the process, and that of its core."""
    if heaps[request.param] is None:
        pytest.skip("no gcore here (apt-get install gdb)")
    return heaps[request.param]


def test_a_core_says_what_the_live_process_said(heaps):
    if heaps["core"] is None:
        pytest.skip("no gcore here (apt-get install gdb)")
    live, core = _lines(heaps["live"]), _lines(heaps["core"])
    assert len(live) > 20_000
    assert [pair for pair in zip(live, core) if pair[0] != pair[1]][:3] == []
    assert len(live) == len(core)


def test_inside_has_nothing_that_outside_lacks_but_what_the_call_held(inside, live):
    lacking = [inside.text(a) for a in inside.objects.keys() - live.objects.keys()]
    assert len(lacking) <= 3  # unfreed.snapshot, its argument, the tuple of its arguments
    assert all("unfreed" in text or text.startswith(("tuple", "str")) for text in lacking), lacking


def test_outside_has_nothing_that_inside_lacks(inside, live):
    """Of unfreed's own objects, too, neither shows any."""
    more = live.objects.keys() - inside.objects.keys()
    assert [live.text(a) for a in more] == []


def test_the_same_object_is_of_the_same_type_size_and_count(inside, live):
    both = inside.objects.keys() & live.objects.keys()
    for figure in ("type", "size", "length", "text"):
        differ = [
            (live.text(a), inside.objects[a][figure], live.objects[a][figure])
            for a in both
            if inside.objects[a][figure] != live.objects[a][figure]
        ]
        assert differ == []
    counts = [a for a in both if inside.objects[a]["refcount"] != live.objects[a]["refcount"]]
    assert len(counts) < len(both) / 1000, [live.text(a) for a in counts]


def test_references_are_those_that_were_seen_from_inside(inside, live):
    both = inside.objects.keys() & live.objects.keys()
    wanted, found = inside.among(both), live.among(both)
    missing, extra = wanted - found, found - wanted
    total = sum(wanted.values())
    assert sum(missing.values()) <= total * 0.001, [
        (inside.text(a), inside.text(b)) for a, b in list(missing)[:10]
    ]
    assert sum(extra.values()) <= total * 0.001
    exact = [
        (live.text(a), live.text(b))
        for a, b in extra
        if (a, b) not in live.guessed and "tracked" in live.objects[b]["flags"]
    ]
    assert exact == []  # what is no container, such as a TypeVar's name, no tp_traverse reports


def _answer(command, path, *arguments):
    """A report without what is said of the files."""
    report = read(command, *([path] if command != "diff" else path), *arguments)
    for key in ("heap", "old", "new", "seconds"):
        report.pop(key, None)
    return report


@pytest.mark.parametrize("name", PLANTED)
def test_why_answers_the_same(heaps, outside, name):
    wanted = _answer("why", heaps["inside"], f"__main__.{name}")
    assert wanted["objects"] > 0 and len(json.dumps(wanted)) > 500
    assert _answer("why", outside, f"__main__.{name}") == wanted


def test_summary_counts_the_same_but_for_the_call(heaps, outside, inside, live):
    wanted, found = (_answer("summary", path) for path in (heaps["inside"], outside))
    assert found["garbage"] == wanted["garbage"] and wanted["garbage"]["objects"] == 20
    of_call = collections.Counter(
        inside.objects[a]["type"] for a in inside.objects.keys() - live.objects.keys()
    )
    by_type = {t["type"]: t for t in wanted["types"]}
    assert len(found["types"]) == len(by_type) > 50
    for figures in found["types"]:
        name = figures["type"]
        if of_call[name]:
            assert figures["objects"] == by_type[name]["objects"] - of_call[name], name
        elif name.startswith("__main__."):
            assert figures == by_type[name]
        else:
            same = ("objects", "bytes", "garbage_objects", "garbage_bytes")
            assert [figures[f] for f in same] == [by_type[name][f] for f in same], name
    for figure in ("enabled", "thresholds", "collections", "frozen_objects"):
        assert found["collector"][figure] == wanted["collector"][figure]


def test_diff_finds_the_same_growth(heaps, outside):
    wanted, found = (
        {
            entry["path"]: entry
            for entry in _answer("diff", (heaps["before"], path))["grown"]
            # annotations are held by a function and its wrapper: either may be named
            if entry["path"].startswith("module __main__")
            and "__annotations__" not in entry["path"]
        }
        for path in (heaps["inside"], outside)
    )
    assert wanted["module __main__.SESSIONS[*]"]["objects"] == {"old": 300, "new": 500}
    assert len(wanted) >= 4
    left_out = ["share"]  # of all that was added: by the call, too
    if (
        outside == heaps["core"]
    ):  # a core does not say when its process began: it may be another one
        left_out += ["fresh_objects", "gone_objects", "examples", "example_path"]
    for report in (wanted, found):
        for entry in report.values():
            for figure in left_out:
                del entry[figure]
    assert found == wanted
