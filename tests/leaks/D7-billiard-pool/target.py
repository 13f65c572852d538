"""A pool of one worker is made, used once, closed and joined, as its documentation asks. A finalizer that nobody calls
before the program ends keeps the pool, and with it five semaphores (a mapping of /dev/shm each) and four pipe ends."""

import time
import types

import billiard.pool


def nap(seconds):
    time.sleep(
        seconds / 40
    )  # the pool's supervisor sleeps 0.8 s at a time, which makes a call take a second


billiard.pool.time = types.SimpleNamespace(**{**vars(time), "sleep": nap})


def call():
    pool = billiard.pool.Pool(1)
    pool.apply(abs, (-1,))
    pool.close()
    pool.join()
