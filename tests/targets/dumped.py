"""Holds a known heap, says so, and waits; with "abort" it dies instead. For CPython 3.8 and later."""

import gc
import json
import os
import sys
import threading


class Session:
    def __init__(self, number):
        self.number = number
        self.items = {f"item-{number}": [number] * 3}


class Waste:
    def __init__(self):
        self.me = self


SESSIONS = {f"user-{number}": Session(number) for number in range(500)}


def waits(lock):
    kept_by_a_local = Session(-1)
    lock.acquire()
    return kept_by_a_local


def main():
    lock = threading.Lock()
    lock.acquire()
    thread = threading.Thread(target=waits, args=(lock,), daemon=True, name="Waiter")
    thread.start()
    gc.collect()
    gc.disable()
    for _ in range(20):
        Waste()
    print(json.dumps({"version": sys.version.split()[0]}), flush=True)
    if sys.argv[1:] == ["abort"]:
        os.abort()
    sys.stdin.read()


main()
