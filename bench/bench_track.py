"""A second pass, with every birth tracked and full stacks, against the plain call and other tools.

    python bench/bench_track.py [DEPTH ...]      (default: 0 and 30 frames below the call)

Each figure is a ratio of processor time to the plain call's. Sides run in processes of their own, in
turn, several times; within one, each loop runs many times and the best counts. tracemalloc keeps 25
frames; memray traces Python's allocators (`memray run --trace-python-allocators`). The tracker's
targets hold for a call as `unfreed check` makes it (depth 0). Ends with 1 when one is missed.
"""

from __future__ import annotations

import gc
import importlib.util
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable

TARGETS = {"allocations": 2.5, "JSON": 1.5, "calls": 1.5}
OF_MEMRAY = 0.5  # at most this part of its extra time
ROUNDS, REPEATS = 4, 25


class Node:
    def __init__(self, number: int, before: Node | None) -> None:
        self.number = number
        self.before = before
        self.tags = [number, "tag"]


def allocations() -> None:
    before: Node | None = None
    for number in range(4000):
        before = Node(number, before if number % 50 else None)


DOCUMENT = json.dumps(
    [
        {
            "id": number,
            "name": f"name {number}",
            "price": number * 1.1,
            "tags": ["a", "b", str(number)],
            "nested": {"x": number, "y": [number, number + 1000]},
        }
        for number in range(300)
    ]
)


def json_loop() -> None:
    json.dumps(json.loads(DOCUMENT))


def fibonacci(number: int) -> int:
    return number if number < 2 else fibonacci(number - 1) + fibonacci(number - 2)


class Account:
    def __init__(self) -> None:
        self.total = 0

    def add(self, number: int) -> None:
        self.total += number

    def add_twice(self, number: int) -> None:
        self.add(number)
        self.add(number)


def calls() -> None:
    fibonacci(16)
    account = Account()
    for number in range(1000):
        account.add_twice(number)


LOOPS: dict[str, Callable[[], None]] = {
    "allocations": allocations,
    "JSON": json_loop,
    "calls": calls,
}


def below(depth: int, loop: Callable[[], None]) -> None:
    if depth:
        below(depth - 1, loop)
    else:
        loop()


def child(mode: str, depth: int) -> None:
    gc.disable()
    if mode == "unfreed":
        import unfreed_probe_track as probe

        probe.start()
        probe.call(1)
    elif mode == "tracemalloc":
        import tracemalloc

        tracemalloc.start(25)
    for name, loop in LOOPS.items():
        best = float("inf")
        for _ in range(REPEATS if mode in ("plain", "unfreed") else 4):
            start = time.thread_time()
            below(depth, loop)
            best = min(best, time.thread_time() - start)
        print(f"{name} {best}")


def run(mode: str, depth: int, folder: str) -> dict[str, float]:
    command = [sys.executable]
    if mode == "memray":
        command += ["-m", "memray", "run", "-q", "-f", "--trace-python-allocators"]
        command += ["-o", f"{folder}/memray.bin"]
    command += [__file__, "--child", mode, str(depth)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    return {line[0]: float(line[1]) for line in lines if len(line) == 2 and line[0] in LOOPS}


def measure(depth: int, judged: bool) -> bool:
    modes = ["plain", "unfreed", "tracemalloc"]
    if importlib.util.find_spec("memray"):
        modes.append("memray")
    best: dict[tuple[str, str], float] = {}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(ROUNDS):
            for mode in modes:
                for name, seconds in run(mode, depth, folder).items():
                    best[mode, name] = min(best.get((mode, name), float("inf")), seconds)
    fine = True
    for name in LOOPS:
        plain = best["plain", name]
        ratio = {mode: best[mode, name] / plain for mode in modes}
        line = f"{name:12} plain {plain * 1e3:6.2f} ms   unfreed {ratio['unfreed']:5.2f}"
        missed = ratio["unfreed"] > TARGETS[name]
        line += f" (at most {TARGETS[name]})   tracemalloc(25) {ratio['tracemalloc']:6.2f}"
        if "memray" in modes:
            part = (ratio["unfreed"] - 1) / max(ratio["memray"] - 1, 1e-9)
            missed = missed or part > OF_MEMRAY
            line += f"   memray {ratio['memray']:6.2f}, its extra time x {part:.2f}"
            line += f" (at most {OF_MEMRAY})"
        else:
            line += "   memray: not here"
        print(f"{line}   {'MISSED' if missed and judged else 'missed' if missed else ''}".rstrip())
        fine = fine and not (missed and judged)
    return fine


def main() -> int:
    if sys.argv[1:2] == ["--child"]:
        child(sys.argv[2], int(sys.argv[3]))
        return 0
    depths = [int(word) for word in sys.argv[1:]] or [0, 30]
    fine = True
    for depth in depths:
        print(f"{depth} frames below the call:")
        fine = measure(depth, judged=depth == 0) and fine
    return 0 if fine else 1


if __name__ == "__main__":
    sys.exit(main())
