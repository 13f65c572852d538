"""What was read from outside, against what the program itself wrote down (tests/targets/truth.py).

Rules, in the words of docs/outside-truth.md:
- missing: gc.get_referents reports it, and it was not read;
- more: read by a layout that is known, and not reported: names, constants, types;
- explained: guessed and not reported, but nothing else explains the target's count;
- immortal: guessed and not reported, to an object whose count tells nothing;
- wrong: guessed and not reported, and the target's count is explained without it.
"""

from __future__ import annotations

import array
import collections
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

# These report what objects own that they alone hold: a cache its entries' parts, a type of ctypes
# what its description refers to.
_THROUGH = ("functools._lru_cache_wrapper", "_ctypes.")


@dataclass
class Heap:
    """What was read: by id of an object."""

    address: dict[int, int] = field(default_factory=dict)
    type: dict[int, str] = field(default_factory=dict)
    immortal: set[int] = field(default_factory=set)
    tracked: set[int] = field(default_factory=set)
    spare: collections.Counter[int] = field(default_factory=collections.Counter)
    start: dict[int, int] = field(default_factory=dict)
    targets: array.array[int] = field(default_factory=lambda: array.array("I"))
    guessed: bytearray = field(default_factory=bytearray)

    def references(self, node: int) -> Iterable[tuple[int, bool]]:
        at = self.start[node]
        count = self.targets[at]
        for i in range(at + 1, at + 1 + count):
            yield self.targets[i], bool(self.guessed[i])


def read_heap(lines: Iterable[str]) -> Heap:
    """From what `unfreed export PID --to json` writes (docs/export-json.md)."""
    heap = Heap()
    names: dict[str, str] = {}
    for line in lines:
        row = json.loads(line)
        if row["line"] == "root" and row["surplus"]:
            heap.spare[row["object"]] += int(row["surplus"])
        if row["line"] != "object":
            continue
        node = row["id"]
        heap.address[node] = int(row["address"], 16)
        heap.type[node] = names.setdefault(row["type"], row["type"])
        if row["refcount"] is None:
            heap.immortal.add(node)
        if "tracked" in row["flags"]:
            heap.tracked.add(node)
        heap.start[node] = len(heap.targets)
        heap.targets.append(len(row["refs"]))
        heap.guessed.append(0)
        for reference in row["refs"]:
            heap.targets.append(reference[0])
            heap.guessed.append(len(reference) > 2)
            if len(reference) > 2:
                heap.spare[reference[0]] += 1  # as if nobody had guessed
    return heap


def read_truth(path: Path) -> dict[int, list[int]]:
    words = array.array("Q")
    words.frombytes(path.read_bytes())
    truth: dict[int, list[int]] = {}
    at = 0
    while at < len(words):
        count = words[at + 1]
        truth[words[at]] = list(words[at + 2 : at + 2 + count])
        at += 2 + count
    return truth


@dataclass
class Verdict:
    objects: int = 0
    reported: int = 0
    missing: int = 0
    found: int = 0
    guessed: int = 0
    more: int = 0
    explained: int = 0
    immortal: int = 0
    wrong: int = 0
    absent: int = 0  # tracked objects that were not read at all
    gaps: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)
    faults: collections.Counter[tuple[str, str]] = field(default_factory=collections.Counter)

    @property
    def recall(self) -> float:
        return 1 - self.missing / max(self.reported, 1)

    @property
    def wrong_share(self) -> float:
        return self.wrong / max(self.found, 1)


def _found_through(heap: Heap, node: int, target: int) -> bool:
    return any(
        heap.address[far] == target
        for near, _ in heap.references(node)
        for far, _ in heap.references(near)
    )


def judge(heap: Heap, truth: dict[int, list[int]], left_out: Iterable[int]) -> Verdict:
    """Objects in `left_out` changed after the truth was written."""
    verdict = Verdict()
    node_of = {address: node for node, address in heap.address.items()}
    doubtful: list[tuple[int, int]] = []
    for address in left_out:
        truth.pop(address, None)
    for address, reported in truth.items():
        node = node_of.get(address)
        if node is None or node not in heap.tracked:
            verdict.absent += 1
            continue
        verdict.objects += 1
        verdict.reported += len(reported)
        left = collections.Counter(reported)
        for target, guessed in heap.references(node):
            verdict.found += 1
            verdict.guessed += guessed
            at = heap.address.get(target, 0)
            if left[at] > 0:
                left[at] -= 1
                heap.spare[target] -= guessed
            elif guessed:
                doubtful.append((node, target))
            else:
                verdict.more += 1
        through = heap.type[node].startswith(_THROUGH)
        for at, count in left.items():
            for _ in range(count):
                if through and _found_through(heap, node, at):
                    continue
                target = node_of.get(at)
                name = "nothing that was read" if target is None else heap.type[target]
                verdict.missing += 1
                verdict.gaps[heap.type[node], name] += 1
                if target is not None:
                    heap.spare[target] -= 1
    for node, target in doubtful:
        if target in heap.immortal:
            verdict.immortal += 1
        elif heap.spare[target] > 0:
            heap.spare[target] -= 1
            verdict.explained += 1
        else:
            verdict.wrong += 1
            verdict.faults[heap.type[node], heap.type.get(target, "?")] += 1
    return verdict
