"""`unfreed check` on a function of 1 ms, against the plain calls with one gc.collect() each.

    python bench/bench_check.py [CALLS ...]          (default: 12 and 200)

The first pass (warm-up and measured calls, `passes` of the report) may take 0.5 s plus twice what a
plain loop takes that calls the function and collects after each call. Both sides run the same file in
a fresh interpreter, alternately; each figure is the best of the rounds. The target is for the function
alone: 1 is the exit code when it is missed. Beside 300,000 objects that stay the same is shown for
information: there the two collections that follow each call take all of the allowance.
"""

from __future__ import annotations

import json
import pathlib
import subprocess
import sys
import tempfile

ALLOWANCE_SECONDS, FACTOR = 0.5, 2.0
ROUNDS = 3
UNFREED = pathlib.Path(sys.executable).parent / "unfreed"

TARGET = """
import time

STAY = [[n] for n in range({objects})]


def one_millisecond():
    until = time.perf_counter() + 0.001
    while time.perf_counter() < until:
        pass
"""

PLAIN = """
import gc, sys, time
sys.path.insert(0, sys.argv[1])
from target import one_millisecond
one_millisecond(); gc.collect(); gc.disable()
start = time.perf_counter()
for _ in range(int(sys.argv[2])):
    one_millisecond()
    gc.collect()
print(time.perf_counter() - start)
"""


def plain_seconds(folder: str, calls: int) -> float:
    done = subprocess.run(
        [sys.executable, "-c", PLAIN, folder, str(calls)],
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def first_pass_seconds(folder: str, calls: int) -> tuple[float, float, int]:
    """Seconds of the first pass, of all passes, and all calls made."""
    command = [str(UNFREED), "check", "target.py:one_millisecond", "--json"]
    if calls != 12:  # 12 is what check does by itself
        command += ["--calls", str(calls)]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=True)
    passes = json.loads(done.stdout)["passes"]
    first = sum(p["seconds"] for p in passes if p["kind"] in ("warmup", "measure"))
    return first, sum(p["seconds"] for p in passes), int(sum(p["calls"] for p in passes))


def measure(objects: int, calls: int) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        (pathlib.Path(folder) / "target.py").write_text(TARGET.format(objects=objects))
        plain = first = float("inf")
        total, made = 0.0, 0
        for _ in range(ROUNDS):
            plain = min(plain, plain_seconds(folder, calls))
            seconds, total, made = first_pass_seconds(folder, calls)
            first = min(first, seconds)
    allowed = ALLOWANCE_SECONDS + FACTOR * plain
    kept = first <= allowed or objects > 0
    verdict = "for information" if objects > 0 else "ok" if kept else "MISSED"
    print(
        f"{objects:9,} objects, {calls:4} calls: plain {plain:7.3f} s, first pass {first:7.3f} s, "
        f"allowed {allowed:7.3f} s, ratio {first / allowed:4.2f}  {verdict}"
        f"   (all passes: {made} calls in {total:.1f} s)"
    )
    return kept


def main() -> int:
    counts = [int(a) for a in sys.argv[1:]] or [12, 200]
    kept = [measure(objects, calls) for objects in (0, 300_000) for calls in counts]
    return 0 if all(kept) else 1


if __name__ == "__main__":
    sys.exit(main())
