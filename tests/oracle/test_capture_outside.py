"""What is read without asking any tp_traverse, against what tp_traverse reports.

The reader sees a copy of this process's memory and nothing else.
"""

from __future__ import annotations

import asyncio
import collections
import gc
import itertools
import pickle
import xml.etree.ElementTree as ElementTree
from typing import Any

import pytest
from captures import quiet_collector
from kinds import everything, samples

__all__ = ["quiet_collector"]  # a fixture: it serves every test of this file

probe = pytest.importorskip("unfreed_probe_outside")


class Held:
    """What only an opaque object refers to."""


def compared() -> tuple[dict[str, int], list[tuple[object, object, bool]]]:
    """Figures of all types together, and (object, target, is missing) of each fault."""
    by_type, faults = probe.compare()[:2]
    total: collections.Counter[str] = collections.Counter()
    for figures in by_type.values():
        total.update(figures)
    return dict(total), faults


def told(faults: list[tuple[object, object, bool]]) -> list[str]:
    return [
        f"{'missing' if missing else 'wrong'}: {type(one).__name__} -> {type(other).__name__}"
        for one, other, missing in faults
    ]


def faults_of(*things: object) -> list[str]:
    """Those of the given objects."""
    wanted = {id(thing) for thing in things}
    return told([fault for fault in compared()[1] if id(fault[0]) in wanted])


def test_a_heap_of_all_kinds_is_read_with_hardly_a_fault() -> None:
    kept = list(samples())
    gc.collect()
    total, faults = compared()
    assert total["reported"] > 50_000
    assert total["missing"] / total["reported"] < 0.0005, told(faults)
    assert total["wrong"] / total["reported"] < 0.0005, told(faults)
    assert kept


def test_most_of_the_standard_library_is_read_with_hardly_a_fault() -> None:
    kept = everything()
    total, faults = compared()
    assert total["missing"] / total["reported"] < 0.0005, told(faults)
    assert total["wrong"] / total["reported"] < 0.0005, told(faults)
    assert kept


def test_what_only_opaque_objects_refer_to_is_found() -> None:
    holders: list[Any] = [
        map(Held(), [Held()]),
        zip([Held()], [Held()]),
        itertools.chain([Held()], [Held()]),
        itertools.groupby([Held()], Held()),
        enumerate([Held()]),
        pickle.Pickler(open("/dev/null", "wb")),  # noqa: SIM115
        memoryview(bytearray(b"held")),
        {1: Held()}.items().__iter__(),
    ]
    assert faults_of(*holders) == []


def test_an_array_of_references_behind_a_pointer_is_found() -> None:
    """The children of an Element and the state of a module are blocks of their own."""
    parent = ElementTree.Element("parent")
    for number in range(100):
        ElementTree.SubElement(parent, f"child{number}", key=f"value{number}")
    assert faults_of(parent, *parent) == []


def test_futures_and_tasks_are_read_exactly() -> None:
    loop = asyncio.new_event_loop()

    async def waiting(future: asyncio.Future[object]) -> object:
        return await future

    async def main() -> list[str]:
        future: asyncio.Future[object] = loop.create_future()
        future.add_done_callback(lambda done: None)
        task = loop.create_task(waiting(future))
        await asyncio.sleep(0)
        faults = faults_of(future, task)
        task.cancel()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return faults + faults_of(future, task)

    assert loop.run_until_complete(main()) == []
    loop.close()


def test_an_object_that_is_freed_is_not_found_again() -> None:
    """Its memory still looks much like it, and a buffer of C still has its address."""
    iterator = enumerate([Held()])
    addresses = [id(thing) for thing in (Held(), Held())]
    buffer = memoryview(bytearray(b"".join(a.to_bytes(8, "little") for a in addresses)))
    assert faults_of(iterator, buffer) == []
