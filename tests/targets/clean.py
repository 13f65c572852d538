"""Functions that leave nothing behind in the steady state, though several look as if they did."""

import asyncio
import collections
import functools
import gc
import itertools
import logging
import random
import re
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor

numbers = itertools.count()
rng = random.Random(7)


def pass_through():
    pass


def ten_thousand_calls():
    for _ in range(10_000):
        pass_through()


class Item:
    pass


ALIVE = weakref.WeakValueDictionary()


def weak_value_dictionary():
    item = Item()
    ALIVE[next(numbers)] = item


@functools.lru_cache(maxsize=128)
def square(n):
    return [n * n]


def bounded_lru_cache():
    square(next(numbers))


RECENT = collections.deque(maxlen=50)


def bounded_deque():
    RECENT.append(Item())


def big_temporary():
    return sum(len(s) for s in [str(n) * 10 for n in range(20_000)])


WORKING = []


def random_sized_working_set():
    WORKING[:] = [Item() for _ in range(rng.randrange(1000))]


_last = []


def fresh_objects_each_call():
    _last[:] = [Item() for _ in range(300)]


CACHE = {}


def cache_cleared_every_hundred_calls():
    if len(CACHE) >= 100:
        CACHE.clear()
    CACHE[next(numbers)] = Item()


POOL = ThreadPoolExecutor(max_workers=6)


def thread_pool_filling():
    POOL.submit(pass_through).result()


SLOT = {"current": Item()}


def object_swapped_for_another():
    SLOT["current"] = Item()


def thread_that_ends():
    thread = threading.Thread(target=pass_through)
    thread.start()
    thread.join()


async def coroutine():
    await asyncio.sleep(0)
    await asyncio.gather(asyncio.sleep(0), asyncio.sleep(0))


def regular_expressions():
    re.compile(f"a{next(numbers) % 700}b")


def same_logger():
    logging.getLogger("one").debug("hello")


def collects_itself():
    items = []
    items.append(items)
    del items
    gc.collect()


def counter():
    counter.calls = getattr(counter, "calls", 0) + 1


class Dynamic:
    def __getattr__(self, name):
        raise AttributeError(name)


DYNAMIC = Dynamic()


def dynamic_attribute_names():
    return getattr(DYNAMIC, f"name_{next(numbers)}", None)


def exits_normally():
    raise SystemExit(0)
