"""Targets that behave badly. The tool must come out of each with one clear answer."""

import asyncio
import gc
import os
import sys
import threading
import time


def raises():
    raise ValueError("no such customer")


calls = 0


def raises_later():
    global calls
    calls += 1
    if calls == 5:
        raise KeyError("fifth")


def exits_with_zero():
    sys.exit(0)


def exits_with_three():
    sys.exit(3)


def exits_with_text():
    sys.exit("the database is gone")


def never_returns():
    while True:
        time.sleep(0.01)


def never_returns_in_c():
    import signal

    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    time.sleep(600)


def prints_megabytes():
    sys.stdout.write("x" * (1 << 20) + "\n")


def closes_standard_output():
    sys.stdout.close()
    try:
        os.close(1)
    except OSError:
        pass


def closes_every_descriptor():
    os.closerange(3, 4096)


def changes_directory():
    os.chdir("/")


collections_seen = []


def notice(phase, info):
    collections_seen.append(phase)


def installs_gc_callback():
    if notice not in gc.callbacks:
        gc.callbacks.append(notice)


def disables_the_collector():
    gc.disable()


def sets_thresholds():
    gc.set_threshold(500, 5, 5)


def freezes():
    gc.freeze()


def deletes_modules():
    for name in [n for n in sys.modules if n not in ("sys", "builtins", "os", "gc")]:
        sys.modules.pop(name, None)


def forks():
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)
    else:
        os._exit(0)


def forks_and_comes_back():
    pid = os.fork()
    if pid:
        os.waitpid(pid, 0)


started = []


def starts_a_thread_that_outlives():
    if not started:
        thread = threading.Thread(target=time.sleep, args=(600,))
        thread.start()
        started.append(thread)


background = []


def start_background():
    if not background:
        box = []

        def fill():
            while True:
                box.append(object())
                time.sleep(0.001)

        thread = threading.Thread(target=fill, daemon=True)
        background.append((thread, box))
        thread.start()


async def is_async():
    await asyncio.sleep(0)


def needs_arguments(url, retries, *, timeout=3):
    pass


class Shop:
    @staticmethod
    def static(a="1"):
        pass

    @classmethod
    def klass(cls):
        pass


def takes_argument(text):
    assert isinstance(text, str)


def crashes():
    os.kill(os.getpid(), 11)


def leaves_the_process():
    os._exit(7)


not_callable = 42


def makes_garbage_for_ever():
    class Endless:
        def __init__(self):
            self.me = self

        def __del__(self):
            Endless()

    Endless()


def resets_signals():
    import signal

    signal.signal(signal.SIGINT, signal.SIG_IGN)


def registers_exit_handler():
    import atexit

    atexit.register(print, "handler ran")


def makes_another_interpreter():
    try:
        import _xxsubinterpreters as interpreters
    except ImportError:
        import _interpreters as interpreters
    if not started:
        started.append(interpreters.create())
