"""Programs whose heaps are compared: `growth.py SCENARIO OLD NEW` does the same work twice, with a
snapshot after each; with one file it does it `ROUNDS` times (default 1) and writes one snapshot."""

import collections
import functools
import os
import sys
import threading
import types

import unfreed


class Session:
    def __init__(self, user):
        self.user = "user of session " + str(user)
        self.items = [f"{user}/{i}" for i in range(3)]


class Store:
    def __init__(self):
        self._sessions = {}

    def open(self, user):
        self._sessions[user] = Session(user)


class Node:
    def __init__(self, value, following):
        self.value = value
        self.next = following


class Link:
    pass


STORE = Store()
CACHE = collections.OrderedDict()
LOG = []
BUFFER = bytearray()
TEXT = ["x"]
NAMES = types.SimpleNamespace()
CHURN = {}
CHAIN = [None]
TWINS = []
EMPTIED = {i: Session(i) for i in range(500)}
MOVED = {}
PAIRS = [[], []]


@functools.lru_cache(maxsize=None)
def remembered(number):
    return Session(number)


def leak(round_number):
    for i in range(500):
        STORE.open((round_number, i))


def clean(round_number):
    for i in range(500):
        Session((round_number, i))


def churn(round_number):
    """A bounded cache whose entries are all replaced: addresses are used again."""
    CHURN.clear()
    for i in range(500):
        CHURN[i] = Session((round_number, i))


def fill(round_number):
    for i in range(400):
        CACHE[round_number, i] = Session(i)
        while len(CACHE) > 500:
            CACHE.popitem(last=False)


def in_place(round_number):
    LOG.extend([None] * 5000)
    TEXT[0] += "y" * 20_000
    BUFFER.extend(b"z" * 30_000)


def registry(round_number):
    for i in range(50):
        setattr(NAMES, f"entry_{round_number}_{i}", Session(i))


def memo(round_number):
    for i in range(200):
        remembered(1000 * round_number + i)


def chain(round_number):
    for i in range(2000):
        CHAIN[0] = Node(float(i), CHAIN[0])


def garbage(round_number):
    for i in range(1000):
        a, b = Link(), Link()
        a.other, b.other = b, a


def reused(round_number):
    """One holder gives up what another one takes: as many objects, at the same addresses."""
    if round_number:
        EMPTIED.clear()
    for i in range(500 if round_number else 0):
        MOVED[i] = Session(i)


def big(round_number):
    LOG.append(bytearray(3 << 20))


def local(round_number):
    pass


def modules(round_number):
    if round_number:
        import email.mime.multipart  # noqa: F401
        import sqlite3  # noqa: F401
        import wave  # noqa: F401


def two(round_number):
    """Two holders that grow."""
    leak(round_number)
    for i in range(300):
        PAIRS[0].append((float(i), str(i)))


def thread(round_number):
    ready, done = threading.Event(), threading.Event()

    def worker():
        mine = [Session(i) for i in range(300)]
        ready.set()
        done.wait()
        return mine

    threading.Thread(target=worker, daemon=True).start()
    ready.wait()


def main(scenario, *paths):
    work = globals()[scenario]
    rows = []  # a local that grows
    for round_number in range(int(os.environ.get("ROUNDS", len(paths)))):
        work(round_number)
        if scenario == "local":
            rows.extend(Session(i) for i in range(300))
        if len(paths) > 1:
            unfreed.snapshot(paths[round_number], redact=bool(os.environ.get("REDACT")))
    if len(paths) == 1:
        unfreed.snapshot(paths[0])


if __name__ == "__main__":
    import gc

    gc.disable()
    main(*sys.argv[1:])
