"""Leaks whose finalizers reach out: a copy of the process in which they are freed must not."""

import atexit
import collections
import contextlib
import ctypes
import functools
import gc
import hashlib
import json
import mmap
import os
import select
import signal
import socket
import subprocess
import tempfile
import threading
import time

LOG = os.environ.get("PROOF_LOG")
HELD = []
BY_NAME = {}
AT_FORK = []
OF_C = []
FIRST = {}
SEEN = {}


def state():
    return {
        "descriptors": len(os.listdir("/proc/self/fd")),
        "threads": len(os.listdir("/proc/self/task")),
        "collector": [gc.isenabled(), gc.get_threshold(), gc.get_debug(), gc.get_freeze_count()],
        "signals": [str(signal.getsignal(n)) for n in (signal.SIGALRM, signal.SIGCHLD)],
        "held_off": sorted(signal.pthread_sigmask(signal.SIG_BLOCK, [])),
        "timer": signal.getitimer(signal.ITIMER_REAL),
        "folder": os.getcwd(),
    }


def tell_at_exit(**more):
    """What the world looks like when the check is over, for the test that started it."""

    def tell():
        SEEN.update({name: look() for name, look in more.items()})
        SEEN.update(first=FIRST, last=state(), at_fork=AT_FORK)
        with open(LOG, "w") as log:
            json.dump(SEEN, log)

    if LOG:
        atexit.register(tell)


COLLECTOR = state()["collector"]  # held still by unfreed during the calls


def note_state():
    if not FIRST:
        FIRST.update(state(), collector=COLLECTOR)


# --- what a finalizer may try ---------------------------------------------------------------------


class Evil:
    """Held by HELD for ever; `act` runs only where that reference is cut."""

    def __init__(self, act):
        self.act = act

    def __del__(self):
        self.act()


def hold(act):
    note_state()
    HELD.append(Evil(act))


@functools.cache
def peers():
    near, far = socket.socketpair()
    far.setblocking(False)
    tell_at_exit(heard=lambda: bool(select.select([far], [], [], 0)[0]))
    return near, far


def farewell():
    near, _ = peers()

    def say_bye():
        near.send(b"bye")
        near.shutdown(socket.SHUT_RDWR)

    hold(say_bye)


@functools.cache
def listener():
    server = socket.create_server(("127.0.0.1", 0))
    tell_at_exit(connected=lambda: bool(select.select([server], [], [], 0)[0]))
    return server


def connects():
    address = listener().getsockname()

    def connect():
        with contextlib.suppress(OSError):
            socket.create_connection(address)

    hold(connect)


def temporary_directories():
    note_state()
    HELD.append(tempfile.TemporaryDirectory())
    if len(HELD) == 1:  # behind weakref.finalize's own, so that it is called before it
        tell_at_exit(
            gone=lambda: sum(not os.path.isdir(folder.name) for folder in HELD),
            made=lambda: len(HELD),
        )


@functools.cache
def scratch():
    fd, path = tempfile.mkstemp()
    os.write(fd, b"." * mmap.PAGESIZE)
    tell_at_exit(
        scratch=lambda: open(path).read().strip("."),
        scratch_is_there=lambda: os.path.exists(path),
        others=lambda: [name for name in os.listdir(os.path.dirname(path)) if "evil" in name],
    )
    return fd, path


def writes_files():
    fd, path = scratch()

    def write():
        with contextlib.suppress(OSError):
            os.write(fd, b"evil")
        for act in (
            lambda: open(path, "w").write("evil"),
            lambda: open(path + "-evil", "w"),
            lambda: os.truncate(path, 0),
            lambda: os.rename(path, path + "-evil"),
            lambda: os.mkdir(path + "-evil"),
            lambda: os.symlink(path, path + "-evil"),
            lambda: os.chmod(path, 0),
            lambda: os.unlink(path),
            lambda: os.mkfifo(path + "-evil"),
        ):
            with contextlib.suppress(OSError):
                act()

    hold(write)


@functools.cache
def shared_memory():
    fd, path = scratch()
    of_file = mmap.mmap(fd, mmap.PAGESIZE)
    of_children = mmap.mmap(-1, mmap.PAGESIZE)
    of_children[:4] = b"kept"
    tell_at_exit(
        mapped=lambda: bytes(of_children[:4]).decode(),
        file=lambda: open(path).read().strip("."),
    )
    return of_file, of_children


def writes_shared_memory():
    of_file, of_children = shared_memory()

    def write():
        assert of_children[:4] == b"kept" and of_file[:1] == b"."
        of_file[:4] = b"evil"
        of_children[:4] = b"evil"
        of_file.flush()

    hold(write)


@functools.cache
def big_shared_memory():
    return mmap.mmap(-1, 200 << 20)


def shares_too_much():
    big_shared_memory()
    hold(int)


def forks():
    def fork():
        with contextlib.suppress(OSError):
            os.fork()
        with contextlib.suppress(OSError):
            subprocess.run(["touch", os.environ["PROOF_LOG"] + "-evil"])
        with contextlib.suppress(OSError):
            os.execv("/bin/touch", ["touch", os.environ["PROOF_LOG"] + "-evil"])

    hold(fork)


def kills():
    def kill():
        for number in (signal.SIGKILL, signal.SIGTERM):
            for victim in (os.getppid(), os.getpgrp(), 0, -1):
                with contextlib.suppress(OSError):
                    os.kill(victim, number)

    hold(kill)


def writes_to_every_descriptor():
    def write():
        for fd in range(300):
            with contextlib.suppress(OSError):
                os.write(fd, b"evil" * 2000)

    hold(write)


def closes_every_descriptor():
    hold(lambda: os.closerange(0, 4096))


def prints():
    hold(lambda: os.write(1, b"evil\n") and print("evil", flush=True))


def sleeps():
    hold(lambda: time.sleep(3600))


def spins():
    hold(lambda: [None for _ in iter(int, 1)])


def aborts():
    hold(os.abort)


def reads_nowhere():
    hold(lambda: ctypes.string_at(8))


def exits():
    hold(lambda: os._exit(0))


def raises():
    hold(lambda: 1 / 0)


def resurrects():
    back = BY_NAME.setdefault("back", collections.deque(maxlen=1))

    class Undead:
        def __del__(self):
            back.append(self)

    note_state()
    HELD.append(Undead())


LOCK = threading.Lock()


@functools.cache
def lock_holder():
    taken = threading.Event()

    def keep():
        with LOCK:
            taken.set()
            time.sleep(3600)

    threading.Thread(target=keep, daemon=True).start()
    taken.wait()


def waits_for_a_lock():
    lock_holder()

    def wait():
        with LOCK:
            pass

    hold(wait)


@functools.cache
def busy_threads():
    def work():
        block = b"x" * 100_000
        while True:
            hashlib.sha256(block)

    for _ in range(2):
        threading.Thread(target=work, daemon=True).start()


def beside_busy_threads():
    busy_threads()
    hold(int)


@functools.cache
def handlers():
    for when in ("before", "after_in_parent", "after_in_child"):
        os.register_at_fork(**{when: functools.partial(AT_FORK.append, when)})
    for when in ("C before", "C after", "C child"):
        OF_C.append(ctypes.CFUNCTYPE(None)(functools.partial(AT_FORK.append, when)))
    assert ctypes.CDLL(None).__register_atfork(*OF_C, None) == 0  # what pthread_atfork() calls
    tell_at_exit()


def with_handlers():
    handlers()
    hold(int)


def signals():
    if not FIRST:
        signal.signal(signal.SIGCHLD, lambda *_: AT_FORK.append("SIGCHLD"))
        tell_at_exit()
    hold(int)


# --- what is cut ----------------------------------------------------------------------------------


class Item:
    __slots__ = ("__weakref__", "of", "other")

    def __init__(self, of=None):
        self.of = of


class Owner:
    pass


OWNER = Owner()
OWNER.items = collections.deque()
ORDERED = collections.OrderedDict()
UNIQUE = set()
CHAIN = Item()


def entries_of_a_dict():
    BY_NAME[len(BY_NAME)] = Item()


def entries_of_an_ordered_dict():
    ORDERED[len(ORDERED)] = Item()


def items_of_a_list():
    HELD.append(Item())


def items_of_a_deque():
    OWNER.items.append(Item())


def members_of_a_set():
    UNIQUE.add(Item())


def pairs():
    HELD.append((len(HELD), Item()))


def names_of_an_object():
    setattr(OWNER, f"item_{len(vars(OWNER))}", Item())


def names_of_a_class():
    setattr(Owner, f"item_{len(vars(Owner))}", Item())


def names_of_a_module():
    globals()[f"item_{len(globals())}"] = Item()


def held_twice():
    item = Item()
    HELD.append(item)
    BY_NAME[len(BY_NAME)] = (item, "again")


def with_a_cycle_inside():
    item = Item()
    item.of = Item(item)
    HELD.append(item)


@functools.lru_cache(maxsize=None)
def cached(key):
    return Item(key)


def results_of_a_cache():
    cached(Item())


def attribute():
    one = Item()
    one.of = Item(one)


def instance_attribute():
    one = Owner()
    one.other = Owner()
    one.other.other = one


def local_with_exception():
    try:
        raise ValueError
    except ValueError as error:
        kept = error
        del error
    assert kept


def cell():
    def recurse():
        return recurse

    assert recurse


def entry():
    one = {}
    one["self"] = one


def item():
    one = []
    one.append([one])


def generator():
    def run():
        me = yield
        yield me

    one = run()
    next(one)
    one.send(one)


def property_of_a_finalizer():
    one, other = Evil(int), Owner()
    one.other = other
    other.other = one


# --- descriptors ----------------------------------------------------------------------------------


def open_files():
    if len(HELD) < 200:
        HELD.append(open("/dev/zero"))


def open_numbers():
    if len(HELD) < 200:
        HELD.append(os.open("/dev/zero", os.O_RDONLY))


def lost_numbers():
    if FIRST.setdefault("opened", 0) < 200:
        FIRST["opened"] += 1
        os.open("/dev/zero", os.O_RDONLY)
