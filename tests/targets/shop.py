"""A heap whose contents are known: `main` plants sessions, tells what Python says of them, and takes snapshots."""

import gc
import json
import sys


class Item:
    __slots__ = ("price",)

    def __init__(self, price):
        self.price = price


class Session:
    def __init__(self, number):
        self.user = f"user {number:05}"
        self.items = [Item(float(number)) for _ in range(number % 4)]


class Lost:
    def __init__(self):
        self.me = self


class Store:
    def __init__(self):
        self._sessions = {}

    def open(self, count):
        for _ in range(count):
            session = Session(len(self._sessions))
            self._sessions[session.user] = session


STORE = Store()


def closure(session):
    """What goes with a session: itself and what it refers to, without types."""
    found, todo = {}, [session]
    while todo:
        o = todo.pop()
        if id(o) not in found and not isinstance(o, type):
            found[id(o)] = sys.getsizeof(o)
            todo += gc.get_referents(o)
    return sum(found.values()) - sys.getsizeof(session.user)  # the store's dict has it as key


def copy(text):
    return text.encode().decode()


def told():
    """What Python says of all that was planted."""
    sessions = list(STORE._sessions.values())
    items = [item for s in sessions for item in s.items]
    return {
        "sessions": {id(s): [sys.getsizeof(s), closure(s), copy(s.user)] for s in sessions},
        "references": sum(len(gc.get_referents(s)) for s in sessions),
        "dict": [id(STORE._sessions), sys.getsizeof(STORE._sessions), len(STORE._sessions)],
        "items": len(items),
        "item_bytes": sum(map(sys.getsizeof, items)),
    }


def main(first, second):
    import unfreed

    gc.collect()
    gc.disable()
    for _ in range(7):
        Lost()
    STORE.open(1000)
    answers = [told()]
    unfreed.snapshot(first)
    STORE.open(500)
    answers.append(told())
    unfreed.snapshot(second)
    print(json.dumps(answers))
