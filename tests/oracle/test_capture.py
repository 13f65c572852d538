"""The capture against what the interpreter says of itself."""

from __future__ import annotations

import gc
import random
import sys
import types
from collections import Counter
from collections.abc import Iterator

import pytest
from captures import FROZEN, OWN, TRACKED, YOUNG, Planted, probe, quiet_collector, run_fresh

__all__ = ["quiet_collector"]  # a fixture: it serves every test of this file

LINES_STEPS, LINES_PAIRS, LINES_LOCATIONS = 1, 2, 3  # enum uf_line_table
FRAME_TYPES = {"frame", "generator", "coroutine", "async_generator", "async_generator_asend"}


# --- objects ---------------------------------------------------------------------------------------


def test_as_many_objects_are_tracked_as_gc_says() -> None:
    objects = len(gc.get_objects())
    figures = probe.capture()
    counted = probe.count_tracked()
    assert figures["tracked"] == objects
    assert figures["frozen"] == gc.get_freeze_count()
    objects = len(gc.get_objects())
    counted = probe.count_tracked()
    assert counted == (objects, gc.get_freeze_count())


def test_every_tracked_object_is_a_node_flagged_as_tracked() -> None:
    objects = gc.get_objects()
    probe.capture()
    graph = probe.graph()
    for thing in objects:
        assert id(thing) in graph, type(thing)
        assert graph[id(thing)][0] & TRACKED, type(thing)


def test_nodes_of_the_younger_generations_are_flagged() -> None:
    young, old = [Planted()], [Planted()]
    for generation in (0, 1, 2):
        gc.collect(generation)
    fresh = [young]
    probe.capture()
    graph = probe.graph()
    assert graph[id(fresh)][0] & YOUNG
    assert not graph[id(old)][0] & YOUNG


def test_no_reference_that_gc_reports_is_missing() -> None:
    objects = gc.get_objects()
    probe.capture()
    graph = probe.graph()
    here = sys._getframe()
    skipped = {id(objects), id(graph), id(here), id(here.f_locals), id(globals())}
    missing: Counter[str] = Counter()
    for thing in objects:
        if id(thing) in skipped or id(thing) not in graph:
            continue
        if type(thing).__name__ == "_lru_cache_wrapper":
            continue  # its entries are nodes of their own, which tp_traverse skips
        found = Counter(graph[id(thing)][3])
        for address, count in Counter(map(id, gc.get_referents(thing))).items():
            if found[address] < count and address in graph:
                missing[f"{type(thing).__name__} at {id(thing):#x} -> {address:#x}"] += 1
    assert not missing


def test_no_object_has_more_references_than_its_count() -> None:
    probe.capture()
    interned = [address for _, name, _, address in probe.roots() if name == "interned"]
    assert probe.overcounted(interned[0] if interned else 0) == []


def frames_in_all_states() -> list[object]:
    """Frame objects, generators, coroutines and their kin: fresh, waiting, ended, failed, kept."""

    def produce(end: bool) -> Iterator[object]:
        local = Planted()
        yield sys._getframe()
        if not end:
            raise ValueError(local)

    async def wait(for_what: object) -> object:
        local = Planted()
        return await for_what, local  # type: ignore[misc]

    async def produce_later() -> object:
        local = Planted()
        yield local
        yield local

    @types.coroutine
    def pause() -> Iterator[object]:
        yield Planted()

    kept: list[object] = [produce(True), produce_later(), sys._getframe()]
    for end in (True, False):
        generator = produce(end)
        kept += [generator, next(generator)]
        try:
            list(generator)
        except ValueError as error:
            kept.append(error)
    closed = produce(True)
    kept += [closed, next(closed)]
    closed.close()  # type: ignore[attr-defined]
    waiting = wait(pause())
    waiting.send(None)
    outer = wait(wait(pause()))
    outer.send(None)
    fresh = wait(pause())
    later = produce_later()
    step = later.__anext__()  # type: ignore[attr-defined]
    try:
        step.send(None)
    except StopIteration as error:
        kept.append(error)
    kept += [waiting, outer, fresh, later, step]
    with_yield_from = (thing for thing in produce(True))
    kept += [with_yield_from, next(with_yield_from)]
    return kept


def test_frames_and_generators_hold_in_every_state_what_gc_says() -> None:
    kept = frames_in_all_states()
    gc.collect()
    things = [thing for thing in gc.get_objects() if type(thing).__name__ in FRAME_TYPES]
    assert len(things) >= len(kept) - 4
    probe.capture()
    graph = probe.graph()
    here = sys._getframe()
    for thing in things:
        if thing is here:
            continue
        found = Counter(graph[id(thing)][3])
        said = Counter(map(id, gc.get_referents(thing)))
        assert not said - found, (thing, said - found)
    interned = [address for _, name, _, address in probe.roots() if name == "interned"]
    assert probe.overcounted(interned[0] if interned else 0) == []
    names = {name for thing in kept for name in probe.names(id(thing))}
    assert any(name.startswith("local 'local' of ") for name in names)
    for thing in kept:
        if isinstance(thing, types.CoroutineType):
            thing.close()


def test_objects_given_as_own_are_in_no_figure() -> None:
    own = [Planted() for _ in range(10)]
    addresses = sorted({id(own), *map(id, own)})
    before = len(gc.get_objects())
    figures = probe.capture(addresses)
    assert figures["tracked"] == before - len(addresses)
    before = len(gc.get_objects())
    assert probe.count_tracked(addresses)[0] == before - len(addresses)
    graph = probe.graph()
    assert {address for address, node in graph.items() if node[0] & OWN} == set(addresses)


# --- garbage ---------------------------------------------------------------------------------------


def test_exactly_the_planted_cycles_are_unreachable() -> None:
    def plant() -> set[int]:
        addresses: set[int] = set()
        for _ in range(100):
            one, other = Planted(), [Planted()]
            one.other = other  # type: ignore[attr-defined]
            other[0].one = one  # type: ignore[attr-defined]
            addresses |= {id(one), id(other), id(other[0])}
        return addresses

    gc.collect()
    addresses = plant()
    probe.capture()
    unreachable = set(probe.unreachable())
    graph = probe.graph()
    assert addresses <= unreachable
    # with the attribute dicts that some versions keep apart
    assert {graph[address][2] for address in unreachable - addresses} <= {"dict"}
    gc.collect()
    probe.capture()
    assert probe.unreachable() == []


def test_a_failed_call_leaves_exception_traceback_and_frame() -> None:
    def fail() -> int:
        local = Planted()
        try:
            raise ValueError(local)
        except ValueError as error:
            kept = error
        return id(kept)

    gc.collect()
    address = fail()
    probe.capture()
    unreachable = set(probe.unreachable())
    graph = probe.graph()
    types_found = Counter(graph[address][2] for address in unreachable)
    assert address in unreachable
    assert types_found["traceback"] == 1 and types_found["frame"] == 1
    frame = next(address for address in unreachable if graph[address][2] == "frame")
    assert any(name.startswith("local 'kept' of ") for name in probe.names(frame))


# --- the patient -----------------------------------------------------------------------------------


def test_a_capture_makes_no_object_and_leaves_the_collector_as_it_was() -> None:
    print_changes = """
        import gc, sys, unfreed_probe_capture as probe
        gc.disable()
        def change(action):
            young, blocks = gc.get_count()[0], sys.getallocatedblocks()
            action()
            return gc.get_count()[0] - young, sys.getallocatedblocks() - blocks
        nothing, capture = probe.release, probe.touch
        probe.touch(), change(nothing), change(capture)  # caches fill up
        settings = gc.get_threshold(), gc.isenabled(), gc.get_debug(), gc.get_count()[1:]
        print(change(nothing) == change(capture))
        print(settings == (gc.get_threshold(), gc.isenabled(), gc.get_debug(), gc.get_count()[1:]))
    """
    assert run_fresh(print_changes) == "True\nTrue"


def test_the_same_objects_are_tracked_before_and_after() -> None:
    before = list(map(id, gc.get_objects()))
    probe.touch()
    after = list(map(id, gc.get_objects()))
    assert set(before) <= set(after)
    assert len(set(after) - set(before)) <= 2  # the lists of this test


def test_frozen_objects_are_flagged_and_not_counted_as_tracked() -> None:
    print_figures = """
        import gc, unfreed_probe_capture as probe
        kept = [object(), []]
        gc.disable()
        gc.freeze()
        figures = probe.capture()
        frozen = gc.get_freeze_count()
        node = probe.graph()[id(kept)]
        print(figures["tracked"], figures["frozen"] == frozen, node[0] & 3)
    """
    assert run_fresh(print_figures) == f"0 True {TRACKED | FROZEN}"


def test_a_capture_from_within_a_collection_is_refused() -> None:
    told: list[str] = []

    def callback(phase: str, _: dict[str, int]) -> None:
        try:
            probe.capture()
        except RuntimeError as error:
            told.append(str(error))

    gc.callbacks.append(callback)
    try:
        gc.collect()
    finally:
        gc.callbacks.remove(callback)
    assert told and "collector is running" in told[0]


def test_a_capture_without_memory_says_so_and_leaves_nothing() -> None:
    assert probe.without_memory() > 50


def test_other_interpreters_are_counted() -> None:
    assert probe.other_interpreters() == 0
    interpreters = pytest.importorskip(
        "_xxsubinterpreters" if sys.version_info < (3, 13) else "_interpreters"
    )
    other = interpreters.create()
    try:
        assert probe.other_interpreters() == 1
        probe.capture()
    finally:
        interpreters.destroy(other)
    assert probe.other_interpreters() == 0


def test_deep_recursion_is_walked() -> None:
    def dive(depth: int) -> int:
        if depth == 0:
            probe.capture()
            return sum("'depth' of" in label for _, _, label, _ in probe.roots())
        return dive(depth - 1)

    assert dive(500) == 501


# --- line tables -----------------------------------------------------------------------------------


def all_codes() -> Iterator[types.CodeType]:
    for thing in gc.get_objects():
        if isinstance(thing, types.FunctionType):
            yield thing.__code__


def test_lines_are_those_of_co_lines() -> None:
    form = LINES_LOCATIONS if sys.version_info >= (3, 11) else LINES_PAIRS
    checked = 0
    for code in all_codes():
        for start, end, line in code.co_lines():
            for offset in range(start, end, 2):
                found = probe.line(form, code.co_linetable, code.co_firstlineno, offset)
                assert found == (line or 0), (code, offset)
                checked += 1
    assert checked > 10_000


def test_a_damaged_line_table_is_no_trouble() -> None:
    chance = random.Random(1)
    for form in (0, LINES_STEPS, LINES_PAIRS, LINES_LOCATIONS, 77):
        for _ in range(2000):
            table = chance.randbytes(chance.randrange(40))
            assert probe.line(form, table, chance.randrange(1000), chance.randrange(500)) >= 0
