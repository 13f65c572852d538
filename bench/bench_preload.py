"""What the preloaded library costs while it is dormant: the same loops with and without it.

    python bench/bench_preload.py [ROUNDS]          (default: 7)

Both sides run in fresh interpreters, alternately; each figure is the best of the rounds. The first
pass may take at most 1.05 of the plain time inside the call: 1 is the exit code when a loop takes more.
"""

from __future__ import annotations

import importlib.util
import os
import pathlib
import subprocess
import sys

ALLOWED = 1.05
LIBRARY = pathlib.Path(
    next(iter(importlib.util.find_spec("unfreed").submodule_search_locations)),
    "libunfreed_preload.so",
)

LOOPS = {
    "blocks of malloc (bytes of 600 to 3,000)": """
def loop():
    for size in range(600, 3000, 2):
        bytes(size)
""",
    "small objects (lists of tuples)": """
def loop():
    for n in range(40):
        [(i, n) for i in range(60)]
""",
    "JSON": """
import json
DATA = {"items": [{"id": i, "name": f"name {i}", "tags": ["a", "b"]} for i in range(40)]}
def loop():
    json.loads(json.dumps(DATA))
""",
    "descriptors (open and close)": """
import os
def loop():
    for _ in range(60):
        os.close(os.open("/dev/null", os.O_RDONLY))
""",
}

# The best of many short stretches: what else runs on the machine falls out.
TIMER = """
import gc, time
gc.disable()
def stretch():
    start = time.perf_counter()
    for _ in range(20):
        loop()
    return time.perf_counter() - start
print(min(stretch() for _ in range(60)))
"""


def seconds(source: str, preload: str) -> float:
    variables = {**os.environ, "LD_PRELOAD": preload, "UNFREED_PRELOAD": ""}
    done = subprocess.run(
        [sys.executable, "-c", source + TIMER],
        env=variables,
        capture_output=True,
        text=True,
        check=True,
    )
    return float(done.stdout)


def main() -> int:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 7
    missed = 0
    for name, source in LOOPS.items():
        plain = loaded = float("inf")
        for _ in range(rounds):
            plain = min(plain, seconds(source, ""))
            loaded = min(loaded, seconds(source, str(LIBRARY)))
        ratio = loaded / plain
        missed += ratio > ALLOWED
        print(
            f"{name:42} plain {plain * 1e3:8.3f} ms, preloaded {loaded * 1e3:8.3f} ms, "
            f"ratio {ratio:5.3f}, allowed {ALLOWED}  {'ok' if ratio <= ALLOWED else 'MISSED'}"
        )
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
