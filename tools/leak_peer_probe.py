"""Runs one other tool on one case, inside the case's interpreter; for tools/leaks_peers.py.

    python leak_peer_probe.py PEER FILE:FUNCTION ANSWER_FILE

Writes {"flagged": bool, "first": text, "calls": N} as JSON: whether the tool says that something
leaks, and the first thing it says. tests/leaks/PEERS.md says why each is used as it is here. Only
what a tool documents is used; what it leaves to the reader's judgement ("keeps growing") is one
rule for all: growth by at least one in every two calls, in each of two rounds of calls.
"""

from __future__ import annotations

import asyncio
import gc
import importlib.util
import inspect
import io
import json
import os
import re
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

WARM_UP = 10
SECONDS = 2.0  # for a round of calls
LEAST_CALLS, MOST_CALLS = 20, 100

Answer = tuple[bool, str, int]
Call = Callable[[], Any]


def load(target: str) -> Call:
    """The function to call, wrapped into a plain one where it is a coroutine function."""
    file, _, name = target.partition(":")
    sys.path.insert(0, str(Path(file).resolve().parent))
    spec = importlib.util.spec_from_file_location(Path(file).stem, file)
    assert spec and spec.loader
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    function = getattr(module, name)
    if not inspect.iscoroutinefunction(function):
        return function
    loop = asyncio.new_event_loop()
    return lambda: loop.run_until_complete(function())


def warm_up(call: Call) -> int:
    """Calls until caches are filled; how many calls make a round."""
    for _ in range(WARM_UP):
        call()
    start = time.perf_counter()
    for _ in range(3):
        call()
    each = (time.perf_counter() - start) / 3
    return max(LEAST_CALLS, min(MOST_CALLS, int(SECONDS / max(each, 1e-6))))


def repeat(call: Call, times: int) -> None:
    for _ in range(times):
        call()


def use_tracemalloc(target: str) -> Answer:
    import tracemalloc

    call = load(target)
    times = warm_up(call)
    tracemalloc.start(25)  # after the warm-up: what imports left is not in the snapshots
    repeat(call, WARM_UP)
    own = [
        tracemalloc.Filter(False, tracemalloc.__file__),
        tracemalloc.Filter(False, "<frozen importlib._bootstrap>"),
        tracemalloc.Filter(False, "<unknown>"),
        tracemalloc.Filter(False, __file__),
    ]
    snapshots = []
    for _ in range(3):
        gc.collect()
        snapshots.append(tracemalloc.take_snapshot().filter_traces(own))
        repeat(call, times)
    before, middle, after = snapshots
    grew = {
        stat.traceback
        for stat in middle.compare_to(before, "traceback")
        if stat.count_diff >= times / 2 or stat.size_diff >= 16 * times
    }
    for stat in after.compare_to(middle, "traceback"):
        if stat.traceback in grew and (
            stat.count_diff >= times / 2 or stat.size_diff >= 16 * times
        ):
            return True, "\n".join([str(stat), *stat.traceback.format()]), times
    return False, "", times


def use_objgraph(target: str) -> Answer:
    import objgraph

    call = load(target)
    times = warm_up(call)
    objgraph.growth(limit=None)
    rounds = []
    for _ in range(2):
        repeat(call, times)
        rounds.append({name: delta for name, _, delta in objgraph.growth(limit=None)})
    grew = [n for n, d in rounds[1].items() if min(d, rounds[0].get(n, 0)) >= times / 2]
    if not grew:
        return False, "", times
    newest = objgraph.by_type(grew[0])[-1]
    chain = objgraph.find_backref_chain(newest, objgraph.is_proper_module)
    drawn = io.StringIO()
    objgraph.show_chain(chain, output=drawn)
    return True, f"{grew[0]} +{rounds[1][grew[0]]}\n{drawn.getvalue()}", times


def use_pympler(target: str) -> Answer:
    from pympler import muppy, refbrowser, summary, tracker

    call = load(target)
    times = warm_up(call)
    watch = tracker.SummaryTracker()
    for _ in range(3):  # its own objects settle
        watch.diff()
    rounds = []
    for _ in range(2):
        repeat(call, times)
        gc.collect()
        rounds.append({row[0]: row for row in watch.diff()})
    grew = [
        row
        for name, row in rounds[1].items()
        if min(row[1], rounds[0].get(name, (0, 0, 0))[1]) >= times / 2
    ]
    if not grew:
        return False, "", times
    name, count, size = max(grew, key=lambda row: row[2])
    of_type = [thing for thing in muppy.get_objects() if summary._repr(thing) == name]
    tree = io.StringIO()
    if of_type:
        refbrowser.StreamBrowser(of_type[-1], maxdepth=4, stream=tree).print_tree()
    return True, f"{name} +{count} +{size}\n{tree.getvalue()[:20_000]}", times


def _frames(record: Any) -> list[Any]:
    try:
        return record.hybrid_stack_trace(25)
    except AssertionError:  # a fault of memray's where a thread has no Python frame
        return record.stack_trace(25)


def _leaked_by_stack(call: Call, times: int, file: Path) -> dict[Any, tuple[int, int, str]]:
    """Blocks, bytes and one whole stack by Python stack, of what a round of calls left."""
    import memray

    with memray.Tracker(
        file,
        native_traces=True,
        trace_python_allocators=True,
        file_format=memray.FileFormat.AGGREGATED_ALLOCATIONS,
    ):
        repeat(call, times)
        gc.collect()
    leaked: dict[Any, tuple[int, int, str]] = {}
    for record in memray.FileReader(file).get_leaked_allocation_records():
        stack = tuple(record.stack_trace())
        blocks, size, text = leaked.get(stack, (0, 0, ""))
        text = text or "\n".join(" ".join(map(str, f)) for f in _frames(record))
        leaked[stack] = (blocks + record.n_allocations, size + record.size, text)
    return leaked


def use_memray(target: str) -> Answer:
    call = load(target)
    times = warm_up(call)
    gc.collect()
    with tempfile.TemporaryDirectory() as folder:
        before = _leaked_by_stack(call, times, Path(folder) / "1.bin")
        after = _leaked_by_stack(call, times, Path(folder) / "2.bin")
    grew = [
        found
        for stack, found in after.items()
        if min(found[0], before.get(stack, (0, 0, ""))[0]) >= times / 2
    ]
    if not grew:
        return False, "", times
    blocks, size, text = max(grew, key=lambda found: found[1])
    return True, f"{size} B in {blocks}\n{text}", times


# What a call may leave at one place before `limit_leaks` is taken to fail. The limit that is passed
# is one byte, so that every place is in the report, and the sizes there are compared with this.
MEMRAY_LIMIT_BYTES = 40
_PLACE = re.compile(r"- ([\d.]+)(B|KiB|MiB|GiB) allocated here:\n")
_UNITS = {"B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}
_MEMRAY_TEST = """
import sys
import pytest
sys.path.insert(0, {here!r})
import leak_peer_probe
call = leak_peer_probe.load({target!r})
times = leak_peer_probe.warm_up(call)

@pytest.mark.limit_leaks("1 B")
def test_that_it_does_not_leak():
    leak_peer_probe.repeat(call, times)
    print("calls:", times)
"""


def use_pytest_memray(target: str) -> Answer:
    import pytest

    file, _, name = target.partition(":")
    absolute = f"{Path(file).resolve()}:{name}"
    with tempfile.TemporaryDirectory() as folder:
        test = Path(folder) / "test_leak.py"
        here = str(Path(__file__).resolve().parent)
        test.write_text(_MEMRAY_TEST.format(here=here, target=absolute))
        said = io.StringIO()
        keep, sys.stdout = sys.stdout, said
        try:
            code = pytest.main(["--memray", "-q", "-p", "no:cacheprovider", "-rP", str(test)])
        finally:
            sys.stdout = keep
    text = said.getvalue()
    calls = re.search(r"^calls: (\d+)", text, re.MULTILINE)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED) or not calls:
        raise RuntimeError(f"pytest ended with {code}: {text[-300:]}")
    times = int(calls[1])
    _, *parts = _PLACE.split(text)
    places = [
        (float(size) * _UNITS[unit] / times, stack)
        for size, unit, stack in zip(parts[::3], parts[1::3], parts[2::3])
    ]
    if not places:
        return False, "", times
    most, stack = max(places)
    return most >= MEMRAY_LIMIT_BYTES, f"{most:.1f} B a call\n{stack[:4000]}", times


def use_psleak(target: str) -> Answer:
    import psleak

    call = load(target)
    # A leak is called 113 times as often as `times` says before psleak is sure (10 rounds, each
    # half as long again); 200 is its default.
    times = warm_up(call)
    start = time.perf_counter()
    repeat(call, 5)
    each = (time.perf_counter() - start) / 5
    times = max(5, min(200, int(25 / 113 / max(each, 1e-6))))
    case = psleak.MemoryLeakTestCase()
    try:
        try:
            case.execute(call, times=times)
        except psleak.Error:
            raise
        except Exception:  # it compares garbage by ==, which some objects do not allow
            gc.set_debug(0)
            gc.garbage.clear()
            case.execute(call, times=times, checkers=psleak.Checkers.exclude("gcgarbage"))
    except psleak.Error as error:
        return True, f"{type(error).__name__}: {error}", times
    return False, "", times


PEERS: dict[str, Callable[[str], Answer]] = {
    "tracemalloc": use_tracemalloc,
    "objgraph": use_objgraph,
    "pympler": use_pympler,
    "memray": use_memray,
    "pytest-memray": use_pytest_memray,
    "psleak": use_psleak,
}


def main() -> int:
    peer, target, answer = sys.argv[1:]
    flagged, first, calls = PEERS[peer](target)
    Path(answer).write_text(json.dumps({"flagged": flagged, "first": first, "calls": calls}))
    sys.stdout.flush()
    os._exit(0)  # servers, threads and pools of a case are not waited for


if __name__ == "__main__":
    sys.exit(main())
