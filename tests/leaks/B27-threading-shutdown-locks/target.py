"""A thread that nobody joins ends by itself; threading kept the lock of its state."""

import threading
import time


def call():
    thread = threading.Thread(target=int)
    thread.start()
    while thread in threading.enumerate():
        time.sleep(0.0005)
