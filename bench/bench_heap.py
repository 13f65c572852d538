"""From a closed snapshot file to all retained sizes, and to why one object lives; and the others.

    python bench/bench_heap.py [MILLIONS ...]     (default: 1 and 10; 50 needs 12 GB and 15 minutes)

The heaps are those of bench/heap_program.py. The engine is measured from the file
(bench/heap_figures.c, which `make bench` builds; its folder is in UNFREED_BENCH), as are memlab and
the code of Chrome's DevTools, on the same heap exported. guppy3, pympler and objgraph look at the
heap that they live in: they are asked in the program itself. All times are of the processor, and of
whole processes where the question is put to a file, so that a busy machine and several threads
change nothing. Ends with 1 when a target is missed; a rival that is not here is left out and said.
"""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent
sys.path.insert(0, str(ROOT / "tools"))

import consumers  # noqa: E402 - found through the line above
import heap_program  # noqa: E402

RETAINED_SECONDS, WHY_SECONDS = 6.0, 2.0  # at 10 million objects, 23 million references
BYTES_PER_OBJECT = 80.0
ROUNDS = 3
INSIDE_OBJECTS = 100_000  # what rivals inside the process are asked about
FILE_OBJECTS = 1_000_000  # the same of readers of .heapsnapshot
PATIENCE_SECONDS = 300


@dataclass
class Used:
    seconds: float  # of the processor, by the whole process
    peak_bytes: int
    output: str


def use(command: list[str], **options: Any) -> Used:
    """Runs a program to its end; what it used. Raises CalledProcessError with what it said."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as faults:
        process = subprocess.Popen(command, stdout=out, stderr=faults, **options)
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        faults.seek(0)
        if process.returncode != 0:
            raise subprocess.CalledProcessError(
                process.returncode, command, out.read(), faults.read()
            )
        return Used(usage.ru_utime + usage.ru_stime, usage.ru_maxrss * 1024, out.read())


def make_snapshot(objects: int, path: Path) -> None:
    use([sys.executable, str(HERE / "heap_program.py"), str(objects), str(path)])


def figures(*arguments: str) -> tuple[Used, dict[str, float]]:
    """The best of some rounds: what the process used, what it printed."""
    program = Path(os.environ["UNFREED_BENCH"]) / "heap_figures"
    runs = [use([str(program), *arguments]) for _ in range(ROUNDS)]
    best = min(runs, key=lambda used: used.seconds)
    return best, {k: float(v) for k, _, v in (w.partition("=") for w in best.output.split())}


def measure(millions: int, path: Path) -> bool:
    make_snapshot(millions * 1_000_000, path)
    _, all_sizes = figures("retained", str(path))
    _, why = figures("why", str(path), "__main__.Line")
    objects, references = all_sizes["objects"], all_sizes["references"]
    per_object = all_sizes["peak_bytes"] / objects
    print(
        f"{objects / 1e6:6.2f} M objects, {references / 1e6:.2f} M references, "
        f"file {all_sizes['file_bytes'] / (16 * objects + 6 * references):.2f} of its budget\n"
        f"    all retained sizes {all_sizes['cpu']:6.2f} s (load {all_sizes['load_cpu']:.2f} s), "
        f"{all_sizes['wall']:.2f} s by the clock, {per_object:.1f} B/object at the peak\n"
        f"    why one object     {why['cpu']:6.2f} s, {why['wall']:.2f} s by the clock, "
        f"{why['peak_bytes'] / objects:.1f} B/object at the peak",
        flush=True,
    )
    scale = max(1.0, objects / 1e7)
    return (
        all_sizes["cpu"] <= RETAINED_SECONDS * scale
        and why["cpu"] <= WHY_SECONDS * scale
        and (millions < 10 or per_object <= BYTES_PER_OBJECT)
    )


# --- rivals inside the process: this file runs itself with --inside NAME OBJECTS ----------------


def by_guppy() -> object:
    """What hangs on one object alone: its dominated size, for one set of objects at a time."""
    from guppy import hpy

    return hpy().iso(heap_program.SHOP).domisize


def by_pympler() -> object:
    """All that can be reached from one object, shared or not: it knows no retained sizes."""
    from pympler import asizeof

    return asizeof.asizeof(heap_program.SHOP)


def by_objgraph() -> object:
    """A shortest chain of references back from one object to a module."""
    import objgraph

    line = heap_program.SHOP.by_order[len(heap_program.SHOP.by_order) // 2].lines[0]
    return len(objgraph.find_backref_chain(line, objgraph.is_proper_module, max_depth=50))


INSIDE: dict[str, tuple[str, Callable[[], object]]] = {
    "guppy3": ("retained size of one object", by_guppy),
    "pympler": ("size of all below one object", by_pympler),
    "objgraph": ("one way back from one object", by_objgraph),
}


def ask_inside(name: str, objects: int) -> None:
    heap_program.build(objects)
    start = time.process_time()
    answer = INSIDE[name][1]()
    print(json.dumps({"seconds": time.process_time() - start, "answer": answer}))


def compare_inside(path: Path) -> bool:
    make_snapshot(INSIDE_OBJECTS, path)
    sizes, one = figures("size", str(path), "__main__.Shop")
    why, _ = figures("why", str(path), "__main__.Line")
    print(f"asked inside the process, {one['objects'] / 1e6:.2f} M objects")
    print(
        f"    unfreed   {sizes.seconds:8.3f} s  all retained sizes, one of them "
        f"{one['retained'] / 1e6:.2f} MB;  why one object {why.seconds:.3f} s"
    )
    faster = True
    for name, (question, _) in INSIDE.items():
        ours = why.seconds if name == "objgraph" else sizes.seconds
        if importlib.util.find_spec(name.rstrip("3")) is None:
            print(f"    {name:9} is not here (requirements/bench.txt)")
            continue
        try:
            used = use([sys.executable, __file__, "--inside", name, str(INSIDE_OBJECTS)])
        except subprocess.CalledProcessError as error:
            print(f"    {name:9} did not survive it: {error.stderr.strip().splitlines()[-1:]}")
            continue
        theirs = json.loads(used.output)
        ratio = theirs["seconds"] / ours
        faster = faster and ratio > 1
        answer = theirs["answer"]
        said = f"{answer / 1e6:.2f} MB" if answer > 1000 else f"{answer} objects"
        print(f"    {name:9} {theirs['seconds']:8.3f} s  {question}: {said}  {ratio:8.1f} x ours")
    return faster


# --- readers of .heapsnapshot -------------------------------------------------------------------


def compare_readers(path: Path) -> bool:
    make_snapshot(FILE_OBJECTS, path)
    ours, _ = figures("retained", str(path))
    exported = path.with_suffix(".heapsnapshot")
    unfreed = Path(sys.executable).with_name("unfreed")
    use([str(unfreed), "export", str(path), "--to", "heapsnapshot", "-o", str(exported), "-q"])
    print(f"asked from the file, {FILE_OBJECTS / 1e6:.0f} M objects: all retained sizes")
    print(f"    unfreed   {ours.seconds:8.2f} s  {ours.peak_bytes / 1e6:7.0f} MB")
    try:
        folder = consumers.folder_of("npm")
    except (consumers.NotHere, consumers.Failed) as error:
        print(f"    others left out: {error}")
        return True
    faster = True
    for name, script in (("memlab", "memlab.mjs"), ("DevTools", "devtools.mjs")):
        command = ["node", "--max-old-space-size=8000", str(ROOT / "tests" / "node" / script)]
        options: dict[str, Any] = {"cwd": folder, "env": consumers.variables()}
        try:
            used = use([*command, str(exported), "--seconds"], **options)
        except subprocess.CalledProcessError as error:
            print(f"    {name:9} did not survive it: {error.stderr.strip().splitlines()[-1:]}")
            continue
        ratio = used.seconds / ours.seconds
        faster = faster and ratio > 1
        print(
            f"    {name:9} {used.seconds:8.2f} s  {used.peak_bytes / 1e6:7.0f} MB  {ratio:8.1f} x ours"
        )
    return faster


def main() -> int:
    if sys.argv[1:2] == ["--inside"]:
        ask_inside(sys.argv[2], int(sys.argv[3]))
        return 0
    kept = True
    with tempfile.TemporaryDirectory(prefix="unfreed-bench-") as folder:
        path = Path(folder) / "heap.snapshot"
        kept = compare_inside(path) and kept
        kept = compare_readers(path) and kept
        for millions in [int(word) for word in sys.argv[1:]] or [1, 10]:
            kept = measure(millions, path) and kept
    return 0 if kept else 1


if __name__ == "__main__":
    sys.exit(main())
