"""Makes tests/fuzz/images anew: a small heap of each version of Python, for fuzz_heap to damage.

    python3 tests/fuzz/record_heaps.py RECORD_HEAP PYTHON ...

RECORD_HEAP is record_heap.c, compiled. Each PYTHON is started alone: no site, no environment. Its
path is in its memory, so put it where the path says nothing of the machine before.
"""

import re
import subprocess
import sys
from pathlib import Path

PROGRAM = """
import collections, functools, sys, time, types, weakref
class Slots:
    __slots__ = ("x", "y", "__weakref__")
class Plain:
    pass
def generator():
    yield 1
async def coroutine():
    pass
def closure(value):
    return lambda: value
slots, plain, generated, awaited = Slots(), Plain(), generator(), coroutine()
slots.x, plain.z = [1, None, 1 << 90], {"key": "value", (1, 2): 3.5}
next(generated)
kept = [
    collections.OrderedDict(a=1, b=2), collections.deque([1, 2]), {1, "two"}, frozenset("ab"),
    b"abc", "\u0436\u0436", weakref.ref(slots), functools.lru_cache(5)(len), bytearray(9),
    memoryview(b"x"), types.SimpleNamespace(a=1), range(5), slice(1), Exception("x"), closure(5),
    functools.partial(len, b"abc"), property(len), sys._getframe(), iter([1]), zip([1], [2]),
]
kept[7](b"ab")
print("ready", flush=True)
time.sleep(60)
"""
IMAGES = Path(__file__).resolve().parent / "images"


def record(program: str, python: str) -> None:
    asked = [python, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"]
    minor = subprocess.run(asked, stdout=subprocess.PIPE, text=True, check=True).stdout.strip()
    command = [python, "-I", "-S", "-c", PROGRAM]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={}, cwd="/") as target:
        assert target.stdout and target.stdout.readline() == "ready\n"
        image = IMAGES / f"{re.sub(r'[.](?=[0-9]$)', '.0', minor)}.gz"
        subprocess.run([program, str(target.pid), str(image)], check=True)
        target.kill()


def main() -> int:
    IMAGES.mkdir(exist_ok=True)
    for python in sys.argv[2:]:
        record(sys.argv[1], python)
    return 0 if len(sys.argv) > 2 else 2


if __name__ == "__main__":
    sys.exit(main())
