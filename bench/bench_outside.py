"""A live process read from outside: how long it stands still, what it takes, whether it is sound.

    python bench/bench_outside.py [MILLIONS ...]     (default: 1 and 10; 10 needs 4 GB)

The pause against one plain bulk copy of the same pages (process_vm_readv into memory that was
touched before), in turn: at most 1.3 times as long. The whole capture against `gc.collect()` in the
process itself: at most 2 times as long. Each figure is the best of some rounds: what else runs on
the machine falls out. Then 1,000 captures of a process that makes, drops and collects objects all
the time: none may be unsound. Ends with 1 when a target is missed.

The measuring itself is bench/outside_figures.c, which `make bench` builds; its folder is in
UNFREED_BENCH.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PAUSE_ALLOWED, TOTAL_ALLOWED = 1.3, 2.0
ROUNDS = 7
CAPTURES = 1000

# Prints how long a full collection takes, and waits.
STANDING = f"""
import gc, sys, time
sys.path.insert(0, {str(HERE)!r})
import heap_program
heap_program.build(int(sys.argv[1]))
def seconds():
    start = time.perf_counter()
    gc.collect()
    return time.perf_counter() - start
print(min(seconds() for _ in range(5)), flush=True)
sys.stdin.read()
"""

# Requests that leave cycles, a cache that is filled and emptied, and the collector in between.
CHURNING = """
import gc, sys, threading
class Node:
    def __init__(self, other):
        self.other, self.items = other, {"a": [self], "b": (self, other)}
cache = {}
def churn(number):
    n = 0
    while True:
        a = Node(None); a.other = Node(a)
        cache[number, n % 2000] = [a, {n: str(n)}, (n, [n])]
        if n % 500 == 0:
            gc.collect(n // 500 % 3)
        n += 1
for number in range(2):
    threading.Thread(target=churn, args=(number,), daemon=True).start()
print(0, flush=True)
sys.stdin.read()
"""


class Target:
    """A Python that runs `source` until the block ends; `first` is the number that it printed."""

    def __init__(self, source: str, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", source, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def __enter__(self) -> Target:
        assert self.process.stdout is not None
        self.first = float(self.process.stdout.readline())
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()

    def figures(self, what: str, rounds: int) -> list[dict[str, float]]:
        program = Path(os.environ["UNFREED_BENCH"]) / "outside_figures"
        command = [str(program), what, str(self.process.pid), str(rounds)]
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        return [json.loads(line) for line in done.stdout.splitlines()]


def judged(what: str, ratio: float, allowed: float) -> bool:
    fine = ratio <= allowed
    print(f"    {what}: ratio {ratio:.2f}, allowed {allowed}  {'ok' if fine else 'MISSED'}")
    return fine


def measure(millions: int) -> bool:
    with Target(STANDING, str(millions * 1_000_000)) as target:
        pauses = target.figures("pause", ROUNDS)
        takes = target.figures("take", ROUNDS)
    collect = target.first
    pause = min(round["pause"] for round in pauses)
    plain = min(round["plain"] for round in pauses)
    total = min(round["total"] for round in takes)
    print(
        f"{takes[0]['objects'] / 1e6:.2f} M objects, {pauses[0]['bytes'] / 1e6:.0f} MB of memory\n"
        f"    pause {pause * 1e3:.1f} ms, plain copy {plain * 1e3:.1f} ms; "
        f"capture {total:.2f} s, gc.collect() {collect:.2f} s"
    )
    fine = judged("pause against one plain copy", pause / plain, PAUSE_ALLOWED)
    return judged("capture against gc.collect()", total / collect, TOTAL_ALLOWED) and fine


def is_unsound(capture: dict[str, float]) -> bool:
    return any(
        capture[what] for what in ("broken_lists", "not_objects", "cut_objects", "collecting")
    )


def churn() -> bool:
    with Target(CHURNING) as target:
        captures = target.figures("take", CAPTURES)
    unsound = [capture for capture in captures if is_unsound(capture)]
    tries = [capture["tries"] for capture in captures]
    print(
        f"{len(captures)} captures under churn, {captures[-1]['objects'] / 1e3:.0f} thousand objects\n"
        f"    {statistics.mean(tries):.2f} stops each, {max(tries):.0f} at most; pause "
        f"{statistics.median(c['pause'] for c in captures) * 1e3:.1f} ms, "
        f"{max(c['pause'] for c in captures) * 1e3:.1f} ms at most\n"
        f"    unsound: {len(unsound)}, allowed 0  {'MISSED' if unsound else 'ok'}"
    )
    for capture in unsound[:5]:
        print(f"    {capture}")
    return not unsound


def main() -> int:
    fine = [measure(int(millions)) for millions in sys.argv[1:] or ("1", "10")]
    return 0 if churn() and all(fine) else 1


if __name__ == "__main__":
    sys.exit(main())
