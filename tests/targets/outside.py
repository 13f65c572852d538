"""A program that is read from outside: one Planted in each kind of place. Says what it has, and waits."""

import asyncio
import gc
import json
import sys
import threading


class Planted:
    def __init__(self, where):
        self.where = where


class Holder:
    pass


def generate():
    of_generator = Planted("generator")
    yield of_generator


def work(ready, end):
    of_thread = Planted("thread")
    ready.set()
    end.wait()
    del of_thread


async def wait_for_ever():
    of_coroutine = Planted("coroutine")
    await asyncio.get_running_loop().create_future()
    del of_coroutine


async def run_task():
    global TASK
    TASK = asyncio.ensure_future(wait_for_ever())
    await asyncio.sleep(0)


def run_other_interpreter():
    """What keeps the interpreter, None where the module for it is not there."""
    for name in ("_interpreters", "_xxsubinterpreters"):
        try:
            interpreters = __import__(name)
            break
        except ImportError:
            continue
    else:
        return None
    number = interpreters.create()
    interpreters.run_string(
        number,
        "class Planted:\n    pass\n"
        "import sys, types\n"
        "sys.modules['elsewhere'] = types.ModuleType('elsewhere')\n"
        "sys.modules['elsewhere'].held = Planted()\n",
    )
    return number


gc.disable()
HELD = Planted("module")
HOLDER = Holder()
HOLDER.attribute = {"key": Planted("instance")}
GENERATOR = generate()
next(GENERATOR)
LOOP = asyncio.new_event_loop()
LOOP.run_until_complete(run_task())
OTHER = run_other_interpreter()
FROZEN = 0
if "freeze" in sys.argv:
    gc.freeze()
    FROZEN = gc.get_freeze_count()
GARBAGE = Planted("garbage")
GARBAGE.itself = GARBAGE
del GARBAGE

started, ended = threading.Event(), threading.Event()
threading.Thread(target=work, args=(started, ended), name="worker", daemon=True).start()
started.wait()
print(
    json.dumps(
        {
            "version": sys.version.split()[0],
            "executable": sys.executable,
            "objects": len(gc.get_objects()),
            "frozen": FROZEN,
            "thresholds": gc.get_threshold(),
            "collections": [g["collections"] for g in gc.get_stats()],
            "interpreter": None if OTHER is None else int(OTHER),
        }
    ),
    flush=True,
)
sys.stdin.read()
