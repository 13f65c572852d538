"""Capture against one full collection of the same heap, and what a capture needs at its peak.

    python bench/bench_capture.py [OBJECTS ...]      (default: 1,000,000 and 10,000,000)

Needs the extension that the oracle tests use (`make bench` builds it). Both sides are measured in one
process, alternately, in processor time (both are one thread's work, and a busy machine does not
change the ratio); each figure is the best of the rounds. Ends with 1 when a target is missed.
"""

from __future__ import annotations

import gc
import sys
import time

import unfreed_probe_capture as probe

RATIO_TARGET = 0.8
BYTES_PER_OBJECT, BYTES_PER_REFERENCE = 40, 8
ROUNDS = 3


class Record:
    def __init__(self, number: int) -> None:
        self.number = number
        self.name = f"record {number}"
        self.parts: list[object] = [number, self.name]


class Slotted:
    __slots__ = ("left", "right")

    def __init__(self, left: object, right: object) -> None:
        self.left = left
        self.right = right


def make_heap(objects: int) -> list[object]:
    """About `objects` objects: instances, dicts, lists, tuples, strs and ints."""
    heap: list[object] = []
    before: object = None
    for number in range(1000, 1000 + objects // 11):
        record = Record(number)  # instance, int, str, list
        key = f"key {number}"
        table = {"key": key, "record": record, key: number}  # dict, str
        pair = Slotted(record, before)  # instance
        heap.append((table, pair, [key, pair], (number, [])))  # tuple, list, tuple, list
        before = pair
    return heap


def measure(objects: int) -> bool:
    gc.collect()
    gc.disable()
    heap = make_heap(objects)
    gc.collect()  # moves all to the oldest generation, untracks what it can
    collect = capture = float("inf")
    figures: dict[str, int] = {}
    for _ in range(ROUNDS):
        start = time.thread_time()
        gc.collect()
        collect = min(collect, time.thread_time() - start)
        start = time.thread_time()
        probe.touch()
        capture = min(capture, time.thread_time() - start)
        figures = figures or probe.capture()
        probe.release()
    nodes, edges, peak = figures["nodes"], figures["edges"], figures["peak_bytes"]
    budget = nodes * BYTES_PER_OBJECT + edges * BYTES_PER_REFERENCE
    ratio = capture / collect
    print(
        f"{nodes:>11,} objects {edges:>11,} references {figures['tracked']:>11,} tracked   "
        f"collect {collect:.3f} s  capture {capture:.3f} s  ratio {ratio:.2f} (at most {RATIO_TARGET})   "
        f"peak {peak / 2**20:,.0f} MiB, {peak / budget:.2f} of 40 B/object + 8 B/reference"
    )
    del heap
    return ratio <= RATIO_TARGET and peak <= budget


def main() -> int:
    sizes = [int(word) for word in sys.argv[1:]] or [1_000_000, 10_000_000]
    return 0 if all([measure(size) for size in sizes]) else 1


if __name__ == "__main__":
    sys.exit(main())
