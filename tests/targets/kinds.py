"""Functions that leave descriptors, threads and asyncio tasks behind, one kind each."""

import asyncio
import collections
import functools
import itertools
import os
import queue
import re
import socket
import tempfile
import threading
import time
import _thread

KEPT = []


# --- descriptors ---


def raw_file():
    os.open("/dev/null", os.O_RDONLY)


def pipe():
    os.pipe()


LISTENER = socket.create_server(("127.0.0.1", 0), backlog=1000)


class Client:
    def __init__(self):
        self.connection = socket.create_connection(LISTENER.getsockname())


def sockets_in_clients():
    """The client piles up, and with it the socket; the other end is closed at once."""
    KEPT.append(Client())
    LISTENER.accept()[0].close()


def sockets_in_a_list():
    KEPT.append(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))


def files_in_a_list():
    KEPT.append(open("/dev/null"))


def numbers_in_a_list():
    KEPT.append(os.open("/dev/null", os.O_RDONLY))


def deleted_files():
    fd, path = tempfile.mkstemp(prefix="unfreed-test-")
    os.unlink(path)


def two_sorts():
    """One file and two pipes' ends a call."""
    os.open("/dev/null", os.O_RDONLY)
    os.pipe()


EVENTS = []


def reopened_working_set():
    """As many open as before, other numbers."""
    EVENTS.append(os.open("/dev/null", os.O_RDONLY))
    if len(EVENTS) > 3:
        os.close(EVENTS.pop(0))


# --- threads ---


def wait_for_ever(event):
    event.wait()


def named_thread():
    threading.Thread(
        target=wait_for_ever, args=(threading.Event(),), name="poller", daemon=True
    ).start()


class Worker(threading.Thread):
    def run(self):
        time.sleep(3600)


def subclass_of_thread():
    worker = Worker(daemon=True)
    worker.start()
    KEPT.append(worker)


def sleep_long():
    time.sleep(3600)


def low_level_thread():
    _thread.start_new_thread(sleep_long, ())


def short_thread():
    """It ends by itself a little later than the call."""
    threading.Thread(target=time.sleep, args=(0.01,)).start()


def finished_threads_kept():
    thread = threading.Thread(target=len, args=("",))
    thread.start()
    thread.join()
    KEPT.append(thread)


# --- tasks ---


async def inner(future):
    await future


async def poll_for_ever(future):
    await inner(future)


async def pending_task():
    """Nobody sets the future; the list of futures holds the task by their callbacks."""
    future = asyncio.get_running_loop().create_future()
    KEPT.append(future)
    asyncio.create_task(poll_for_ever(future), name="poller")
    await asyncio.sleep(0)


async def sleeping_task():
    """Only the loop holds it, by the timer that ends its sleep."""
    asyncio.create_task(asyncio.sleep(3600))
    await asyncio.sleep(0)


async def task_in_a_list():
    KEPT.append(asyncio.create_task(asyncio.sleep(3600)))
    await asyncio.sleep(0)


def tick():
    pass


async def timer_handle():
    asyncio.get_running_loop().call_later(3600, tick)


async def done_tasks_kept():
    """They have ended: what piles up is an object like any other."""
    task = asyncio.create_task(asyncio.sleep(0))
    await task
    KEPT.append(task)


class PythonTask(asyncio.tasks._PyTask):
    pass


async def python_task():
    future = asyncio.get_running_loop().create_future()
    KEPT.append(PythonTask(poll_for_ever(future), loop=asyncio.get_running_loop()))
    await asyncio.sleep(0)


async def task_that_ends():
    await asyncio.create_task(asyncio.sleep(0))


# --- bounded ---

numbers = itertools.count()


class Cache:
    """As cachetools has it: the bound is an attribute beside the data."""

    def __init__(self, maxsize):
        self.__maxsize = maxsize
        self.__data = {}

    def put(self, key, value):
        if len(self.__data) >= self.__maxsize:
            del self.__data[next(iter(self.__data))]
        self.__data[key] = value


CACHE = Cache(100_000)


class Entry:
    pass


def declared_cache():
    CACHE.put(next(numbers), Entry())


class Slotted:
    __slots__ = ("capacity", "entries")

    def __init__(self):
        self.capacity = 50_000
        self.entries = collections.OrderedDict()


SLOTTED = Slotted()


def declared_in_a_slot():
    SLOTTED.entries[next(numbers)] = Entry()


class BoundedDict(dict):
    MAX_SIZE = 50_000


DERIVED = BoundedDict()


def declared_by_a_class():
    DERIVED[next(numbers)] = Entry()


QUEUE = queue.Queue(maxsize=50_000)


def bounded_queue():
    QUEUE.put(Entry())


UNBOUNDED_QUEUE = queue.Queue()


def unbounded_queue():
    UNBOUNDED_QUEUE.put(Entry())


class Overrun:
    """It declares a bound and does not keep to it."""

    def __init__(self):
        self.maxsize = 64
        self.entries = []


OVERRUN = Overrun()


def declared_and_broken():
    OVERRUN.entries.append(Entry())


def leaks_bounded_deques():
    """Each of them has a bound, their list has none."""
    KEPT.append(collections.deque(maxlen=5))


def many_patterns():
    """re keeps the last 512."""
    re.compile(f"a{next(numbers)}")


@functools.lru_cache(maxsize=100_000)
def make_entry(number):
    return Entry()


def large_lru_cache():
    make_entry(next(numbers))


class Schema:
    @functools.lru_cache(maxsize=8)
    def fields(self):
        return ()


def small_lru_cache():
    Schema().fields()
