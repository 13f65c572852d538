"""A snapshot from inside: how long the program stands still, and what its copy costs against one gc.collect().

    python bench/bench_snapshot.py [OBJECTS ...]      (default: 1,000,000 and 10,000,000; the latter takes 2 GB)

Both sides are measured in one process, alternately; each figure is the best of the rounds. The copy
(capture, names, texts, writing) and the collection are compared in processor time: both are one
thread's work, and a busy machine or a slow disk does not change the ratio; the time to the whole file
is printed beside it. The pause is the best of what the clock says and of the
processor time of the whole call in the calling thread: both are never less than the pause, and on a
busy machine the clock counts the turns of others. Beside it stands a bare os.fork() of the same
process, which is what it consists of.
Ends with 1 when a target is missed.
"""

from __future__ import annotations

import gc
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import unfreed
from bench_capture import make_heap

RATIO_TARGET = 1.5
PAUSE_TARGET_MS = 30  # per GB resident
BYTES_PER_OBJECT, BYTES_PER_REFERENCE = 16, 6
ROUNDS = 5


def of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def resident_gb() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 1e9


def forked() -> float:
    start = time.thread_time()
    pid = os.fork()
    if pid == 0:
        os._exit(0)
    seconds = time.thread_time() - start
    os.waitpid(pid, 0)
    return seconds


def measure(objects: int) -> bool:
    gc.collect()
    gc.disable()
    heap = make_heap(objects)
    gc.collect()  # moves all to the oldest generation, untracks what it can
    collect = copy = whole = clock = pause = fork = float("inf")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "heap.snapshot"
        for _ in range(ROUNDS):
            start = time.thread_time()
            gc.collect()
            collect = min(collect, time.thread_time() - start)
            start, own = of_children(), time.thread_time()
            done = unfreed.snapshot(path)
            pause = min(pause, time.thread_time() - own)
            copy = min(copy, of_children() - start)
            whole = min(whole, done.seconds)
            clock = min(clock, done.pause_seconds)
            fork = min(fork, forked())
    best = min(pause, clock)
    per_gb = best * 1e3 / resident_gb()
    budget = done.objects * BYTES_PER_OBJECT + done.references * BYTES_PER_REFERENCE
    print(
        f"{done.objects:>11,} objects {done.references:>11,} references  {resident_gb():.2f} GB resident   "
        f"pause {best * 1e3:.1f} ms, {per_gb:.1f} ms/GB (at most {PAUSE_TARGET_MS}; "
        f"on the clock {clock * 1e3:.1f} ms, os.fork() {fork * 1e3:.1f} ms)   "
        f"collect {collect:.3f} s  copy {copy:.3f} s  ratio {copy / collect:.2f} (at most {RATIO_TARGET})  "
        f"whole after {whole:.3f} s   "
        f"file {done.bytes / 2**20:,.0f} MiB, {done.bytes / budget:.2f} of 16 B/object + 6 B/reference"
    )
    del heap
    return copy / collect <= RATIO_TARGET and per_gb <= PAUSE_TARGET_MS and done.bytes <= budget


def main() -> int:
    sizes = [int(word) for word in sys.argv[1:]] or [1_000_000, 10_000_000]
    return 0 if all([measure(size) for size in sizes]) else 1


if __name__ == "__main__":
    sys.exit(main())
