"""A program with a known heap: writes a snapshot to sys.argv[1], and what it knows of the heap as JSON."""

import ast  # has a class Store, too
import gc
import json
import sys
import threading

import unfreed

KNOWN = {}


class Session:
    __slots__ = ("data", "user")

    def __init__(self, number):
        self.user = f"user number {number}"
        self.data = bytes(1000)


class Store:
    def __init__(self):
        self._sessions = {}


class Shared:
    __slots__ = ()


class Order:
    def __init__(self):
        self.line = Line(self)


class Line:
    def __init__(self, order):
        self.order = order


class Local:
    __slots__ = ("big",)

    def __init__(self):
        self.big = bytes(300_000)


def odd_class(name):
    return type(name, (), {"__slots__": ()})


STORE = Store()
SHARED = {}
ODD = {}


def fill():
    for number in range(200):
        STORE._sessions[f"key {number}"] = Session(number)
    shared = Shared()
    SHARED["one"] = [shared]
    SHARED["two"] = {"again": shared}
    KNOWN["shared"] = hex(id(shared))
    ODD["\x1b[31mred\nline\u202e"] = odd_class("W\x1b[2J\u65e5\u672c")()
    KNOWN["session"] = hex(id(STORE._sessions["key 7"]))
    KNOWN["store"] = hex(id(STORE))
    KNOWN["store_decimal"] = str(id(STORE))
    sessions = STORE._sessions.values()
    KNOWN["session_bytes"] = sum(map(sys.getsizeof, sessions))
    KNOWN["session_retained"] = sum(
        sys.getsizeof(s) + sys.getsizeof(s.user) + sys.getsizeof(s.data) for s in sessions
    )


def serve(started, done):
    request = Local()
    KNOWN["local"] = hex(id(request))
    started.set()
    done.wait()


def main():
    gc.collect()
    gc.disable()
    fill()
    for _ in range(30):
        Order()
    started, done = threading.Event(), threading.Event()
    thread = threading.Thread(target=serve, args=(started, done), name="server")
    thread.start()
    started.wait()
    made = unfreed.snapshot(sys.argv[1], redact="--redact" in sys.argv)
    KNOWN["objects"] = made.objects
    done.set()
    thread.join()
    print(json.dumps(KNOWN))


main()
