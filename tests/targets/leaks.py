"""Functions that leak, each in its own way. Every one is small enough to see the fault at once."""

import asyncio
import contextlib
import functools
import gc
import itertools
import logging
import os
import sys
import threading
import warnings
import weakref
from collections import defaultdict

numbers = itertools.count()


class Session:
    def __init__(self, name):
        self.name = name


class Store:
    def __init__(self):
        self.sessions = {}


STORE = Store()


def registry_dict():
    name = f"session-{next(numbers)}"
    STORE.sessions[name] = Session(name)


class Subject:
    def __init__(self):
        self.observers = []

    def changed(self):
        pass


SUBJECT = Subject()


class Observer:
    def __init__(self):
        SUBJECT.observers.append(self.notice)

    def notice(self):
        pass


def observer_list():
    Observer()


class Report:
    @functools.lru_cache(maxsize=None)  # noqa: B019 - the fault that is shown
    def render(self):
        return "x"


def lru_cache_on_method():
    Report().render()


HISTORY = []


def growing_list_of_ints():
    HISTORY.append(7)


class Journal:
    text = ""


def growing_str():
    Journal.text += "one more line\n"


BUFFER = bytearray()


def growing_bytearray():
    BUFFER.extend(b"0123456789abcdef")


COUNTS = defaultdict(int)


def defaultdict_read():
    return COUNTS[f"user-{next(numbers)}"] > 3


async def pending_asyncio_task():
    async def wait_for_ever():
        await asyncio.get_running_loop().create_future()

    task = asyncio.ensure_future(wait_for_ever())
    WAITING.append(task)
    await asyncio.sleep(0)


WAITING = []


def logger_names():
    logging.getLogger(f"request.{next(numbers)}").debug("hello")


def class_made_per_call_and_kept():
    KINDS[next(numbers)] = type("Kind", (), {"value": 1})


KINDS = {}


class Resource:
    def close(self):
        pass


def finalize_holding_itself():
    resource = Resource()
    weakref.finalize(resource, resource.close)


def warning_registry():
    with contextlib.suppress(Warning):
        warnings.warn(f"odd value {next(numbers)}", stacklevel=1)


class Node:
    def __init__(self, before):
        self.before = before


CHAIN = Node(None)


def linked_list():
    global CHAIN
    CHAIN = Node(CHAIN)


NAMESPACE = Session("namespace")


def attribute_per_call():
    setattr(NAMESPACE, f"value_{next(numbers)}", Session("kept"))


third = itertools.count(1)


def every_third_call():
    if next(third) % 3 == 0:
        HISTORY_OF_THIRDS.append(Session("third"))


HISTORY_OF_THIRDS = []


def open_file():
    FILES.append(os.open(os.devnull, os.O_RDONLY))


FILES = []


def thread_that_stays():
    threading.Thread(target=threading.Event().wait, daemon=True).start()


def interned_string():
    sys.intern(f"interned-{next(numbers)}-{os.getpid()}")


def dead_weak_references():
    REFERENCES.append(weakref.ref(Session("gone")))


REFERENCES = []


def many_levels():
    TREE.setdefault("a", {}).setdefault("b", []).append({"id": next(numbers), "tags": ["x", "y"]})


TREE = {}


class Knot:
    def __init__(self):
        self.me = self


def frozen_garbage():
    Knot()
    gc.freeze()


def kept_in_gc_garbage():
    gc.garbage.append(Session("uncollectable"))
