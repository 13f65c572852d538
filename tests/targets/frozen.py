"""Writes snapshots of its own heap, before and after it grew, and stands still in pause(): the heap that
is then read from outside is the one that it saw from inside."""

import collections
import functools
import gc
import json
import os
import signal
import sys
import threading

import unfreed


class Session:
    def __init__(self, number):
        self.number = number
        self.items = {f"item-{number}": [number] * 3}


class Slotted:
    __slots__ = ("held", "other")

    def __init__(self, held):
        self.held = held


class Waste:
    def __init__(self):
        self.me = self


@functools.lru_cache(maxsize=100)
def cached(number):
    return Session(number)


def counting():
    kept_by_a_generator = Session(-2)
    yield kept_by_a_generator


def waits(lock):
    kept_by_a_thread = Session(-1)
    lock.acquire()
    return kept_by_a_thread


def closed_over(session):
    return lambda: session


SESSIONS = {f"user-{number}": Session(number) for number in range(300)}
QUEUE = collections.deque(maxlen=50)
ORDERED = collections.OrderedDict()


def grow():
    for number in range(200):
        SESSIONS[f"later-{number}"] = Session(number)
    for number in range(40):
        QUEUE.append(Slotted(Session(number)))
        ORDERED[number] = closed_over(Session(number))
        cached(number)
    for _ in range(20):
        Waste()


def main(folder):
    lock = threading.Lock()
    lock.acquire()
    threading.Thread(target=waits, args=(lock,), daemon=True, name="Waiter").start()
    generator = counting()
    next(generator)
    line = json.dumps({"version": sys.version.split()[0]}).encode() + b"\n"
    gc.collect()
    gc.disable()
    unfreed.snapshot(f"{folder}/before.snapshot")
    grow()
    unfreed.snapshot(f"{folder}/inside.snapshot")
    os.write(1, line)
    signal.pause()


main(sys.argv[1])
