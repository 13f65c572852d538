"""A server that never lets go of a session, for the commands that look at processes from outside.

    python server.py             one process: a thread serves, another one waits
    python server.py WORKERS     a master that forks so many workers; on SIGUSR1 one more

Says "ready" when it serves. What it keeps is bounded, so that one that is forgotten does no harm.
"""

import os
import signal
import sys
import threading
import time

MOST = 200_000


class Session:
    def __init__(self, number):
        self.user = f"user {number} with the password hunter2-{number}"
        self.basket = {"number": number, "items": [number, str(number)]}


SESSIONS = {}


def serve(per_round):
    while True:
        for _ in range(per_round if len(SESSIONS) < MOST else 0):
            SESSIONS[len(SESSIONS)] = Session(len(SESSIONS))
        time.sleep(0.005)


def work(per_round):
    if os.fork() == 0:
        serve(per_round)


def main():
    workers = int(sys.argv[1]) if len(sys.argv) > 1 else 0
    if workers:
        signal.signal(signal.SIGUSR1, lambda *_: work(10))
    for worker in range(workers):
        work(10 * (worker + 1))
    if not workers:
        threading.Thread(target=serve, args=(20,), name="serve", daemon=True).start()
        threading.Thread(target=threading.Event().wait, name="idle", daemon=True).start()
    print("ready", flush=True)
    while True:
        time.sleep(60)


main()
