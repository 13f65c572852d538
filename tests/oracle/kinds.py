"""One object of every kind that the standard library has, and everything there is.

The decoder is measured against them (test_decode.py, test_names.py).
"""

import array
import asyncio
import collections
import collections.abc
import contextlib
import contextvars
import csv
import ctypes
import dataclasses
import datetime
import decimal
import enum
import fractions
import functools
import gc
import importlib
import io
import itertools
import json
import operator
import os
import pickle
import queue
import random
import re
import socket
import struct
import sys
import threading
import time
import types
import typing
import weakref
from collections import Counter

V = sys.version_info[:2]

STDLIB = """
abc argparse ast asyncio base64 bdb bisect bz2 calendar cmath cmd code codecs codeop colorsys
concurrent.futures configparser contextvars copy csv ctypes curses dataclasses datetime dbm decimal
difflib dis doctest email email.mime.text encodings.idna enum fileinput filecmp fnmatch fractions
ftplib functools getpass gettext glob gzip hashlib heapq hmac html html.parser http.client
http.cookies http.server imaplib importlib.metadata inspect ipaddress json keyword linecache locale
logging.config logging.handlers lzma mailbox mimetypes mmap multiprocessing multiprocessing.pool
netrc numbers opcode optparse pathlib pdb pickle pickletools pkgutil platform plistlib poplib
posixpath pprint profile pstats pydoc queue quopri random re readline reprlib resource runpy sched
secrets select selectors shelve shlex shutil signal site smtplib socket socketserver sqlite3 ssl
stat statistics string stringprep struct subprocess symtable sysconfig tarfile tempfile textwrap
threading timeit token tokenize trace traceback tracemalloc types typing unicodedata unittest
unittest.mock urllib.request urllib.robotparser uuid venv warnings wave weakref webbrowser
xml.dom.minidom xml.etree.ElementTree xml.sax xmlrpc.client zipapp zipfile zipimport zlib zoneinfo
requests tomllib graphlib
""".split()


# --- samples -----------------------------------------------------------------------------------


class Plain:
    def __init__(self):
        self.a, self.b = [1], "two"


class Slotted:
    __slots__ = ("x", "y", "__weakref__")

    def __init__(self):
        self.x = object()


class SlottedChild(Slotted):
    __slots__ = ("z", "__dict__")


class DictChild(dict):
    pass


class ListChild(list):
    __slots__ = ("extra",)


class TupleChild(tuple):
    pass


class IntChild(int):
    pass


class StrChild(str):
    pass


class BytesChild(bytes):
    pass


class SetChild(set):
    pass


class Error(ValueError):
    pass


class DequeChild(collections.deque):
    pass


class PartialChild(functools.partial):
    pass


class RefChild(weakref.ref):
    __slots__ = ("name",)


class ModuleChild(types.ModuleType):
    pass


class Meta(type):
    pass


class WithMeta(metaclass=Meta):
    shared = 1

    def method(self):
        return __class__

    @property
    def prop(self):
        return 1

    @staticmethod
    def static():
        pass

    @classmethod
    def klass(cls):
        pass


Point = collections.namedtuple("Point", "x y")


@dataclasses.dataclass
class Data:
    a: int = 1
    b: list = dataclasses.field(default_factory=list)


class Color(enum.Enum):
    RED = 1


def make_closure(x, y=[], *, z=()):
    def inner():
        return x, y, z

    return inner


def generator(n):
    kept = [n]
    for i in range(n):
        yield i, kept


async def coroutine():
    await asyncio.sleep(0)


async def async_generator():
    yield 1


def caught():
    try:
        local = object()
        {}["missing"]
    except KeyError as error:
        try:
            raise Error("x", [1]) from error
        except Error as second:
            return second


def removed(container, keys):
    for key in keys:
        container.discard(key) if isinstance(container, set) else container.pop(key)
    return container


def samples():
    """One of every kind that the standard library has, in every state that has a layout."""
    plain, with_dict, emptied = Plain(), Plain(), Plain()
    with_dict.__dict__  # materialized
    late = Plain()
    late.new_attribute = {}
    del emptied.a
    replaced = Plain()
    replaced.__dict__ = {"own": 1}
    outlived = Plain()
    outlived_dict = outlived.__dict__
    del outlived
    slotted_child = SlottedChild()
    slotted_child.z, slotted_child.free = [], ()
    list_child = ListChild([1, 2, 3])
    list_child.extra = set()
    dict_child = DictChild(a=1)
    dict_child.attribute = [2]
    int_child, str_child, bytes_child = IntChild(5), StrChild("text"), BytesChild(b"bytes")
    big_int = IntChild(-(10**40))
    for child in (int_child, str_child, bytes_child, big_int):
        child.attribute = [child.__class__]
    tuple_child, empty_tuple_child = TupleChild((1, [2])), TupleChild()
    tuple_child.attribute = "x"
    deque = collections.deque(range(500))
    for _ in range(70):
        deque.popleft()
    gen, gen_new, gen_done = generator(3), generator(4), generator(0)
    next(gen)
    list(gen_done)
    cached, uncached = (
        functools.lru_cache(maxsize=4)(lambda n: [n]),
        functools.lru_cache(maxsize=None)(len),
    )
    for i in range(7):
        cached(i)
    uncached("x")
    ordered = collections.OrderedDict((str(i), [i]) for i in range(20))
    del ordered["3"]
    ordered.extra = 1
    default = collections.defaultdict(list, a=[1])
    error = caught()
    ref_child = RefChild(plain, lambda r: None)
    ref_child.name = [1]
    module = ModuleChild("made")
    module.x = {}
    buffer = bytearray(b"x" * 100)
    del buffer[:50]
    # fmt: off
    yield from (
        plain, with_dict, late, emptied, replaced, outlived_dict, Slotted(), slotted_child,
        dict_child, list_child, ListChild(), tuple_child, empty_tuple_child, int_child, big_int,
        str_child, bytes_child, SetChild((1, 2)), IntChild(), BytesChild(), Error("e"), error,
        error.__cause__, error.__traceback__, error.__traceback__.tb_frame,
        OSError(2, "no", "file", None, "file2"), FileNotFoundError(2, "x"),
        ImportError("m", name="n", path="p"), ModuleNotFoundError("m"),
        SyntaxError("s", ("f", 1, 2, "t")), SystemExit(3), StopIteration([4]),
        UnicodeDecodeError("utf8", b"x", 0, 1, "r"), UnicodeEncodeError("utf8", "x", 0, 1, "r"),
        NameError("n"), AttributeError("a"), KeyError("k"),
        BlockingIOError(1, "x"), {}, {"a": 1}, {1: 2, "b": [3]}, {str(i): [i] for i in range(300)},
        dict.fromkeys(range(70000)), removed({i: str(i) for i in range(30)}, range(10)),
        removed({str(i): i for i in range(30)}, ["1", "4"]), vars(with_dict), vars(WithMeta),
        dict(vars(with_dict)), [], [1, 2], list(range(1000)), [[]], (), (1, (2,)),
        tuple(range(300)), set(), {1, "x"}, set(range(100)), removed(set(range(100)), range(50)),
        frozenset(), frozenset("abc"), Plain, Slotted, WithMeta, Meta, int, type, object, dict,
        Color, Color.RED, Data, Data(), Point, Point(1, [2]), collections.deque(),
        collections.deque((1, 2), maxlen=5), deque, DequeChild("xy"), ordered,
        collections.OrderedDict(), default, Counter("abca"), collections.ChainMap({}, {}),
        make_closure(1), make_closure(1).__closure__, make_closure([2]).__closure__[0],
        types.CellType(), Plain.__init__, make_closure, len, [].append, plain.__init__, os.getcwd,
        "".join, str.join, int.__add__, (1).__add__, type.__dict__, types.CodeType.co_code,
        make_closure.__code__, vars(WithMeta)["prop"], vars(WithMeta)["static"],
        vars(WithMeta)["klass"], WithMeta.klass, WithMeta().method, vars(dict)["fromkeys"],
        Slotted.x, sys, os, module, types.ModuleType("other"), weakref.ref(plain),
        weakref.ref(plain, print), weakref.proxy(WithMeta), weakref.proxy(plain, print), ref_child,
        weakref.WeakValueDictionary(), weakref.WeakSet(), weakref.WeakKeyDictionary(),
        weakref.WeakMethod(plain.__init__), weakref.finalize(plain, print), gen, gen_new, gen_done,
        async_generator(), slice(1, [2], None), range(5), range(10**30), sys.version_info,
        sys.flags, time.localtime(), os.stat("."), os.times(), functools.partial(print, 1, x=2),
        PartialChild(print), cached, uncached, cached.__wrapped__,
        functools.cmp_to_key(operator.lt), functools.cmp_to_key(operator.lt)(1),
        functools.singledispatch(len), functools.cached_property(len), 0, 1, -1, 2**30, 2**60,
        -(2**200), True, 1.5, 1j, None, ..., NotImplemented, "", "a", "\xe9", "\u20ac",
        "\U0001f600", "a" * 1000, "\u20ac" * 1000, b"", b"abc", bytes(1000), bytearray(), buffer,
        bytearray(b"abc"), memoryview(b"x"), memoryview(bytearray(5)), array.array("d", range(50)),
        array.array("b"), io.BytesIO(), io.BytesIO(b"x" * 100), io.StringIO("y" * 30),
        io.BufferedReader(io.BytesIO(b"x")), io.BufferedWriter(io.BytesIO()),
        io.TextIOWrapper(io.BytesIO()), sys.stdout, open(os.devnull), open(os.devnull, "rb", 0),
        iter([1]), iter((1,)), iter({1: 2}), iter({1}), iter("x"), iter(range(3)),
        iter(lambda: 1, 2), reversed([1, 2]), enumerate([1]), zip([1], [2]), map(len, []),
        filter(None, []), {}.keys(), {1: 2}.values(), {1: [2]}.items(), itertools.count(),
        itertools.count(1, [2] and 2), itertools.cycle("ab"), itertools.chain([1], [2]),
        itertools.product("ab", [1, 2]), itertools.permutations("abc", 2),
        itertools.combinations("abc", 2), itertools.combinations_with_replacement("abc", 2),
        itertools.groupby("aab"), itertools.islice([1, 2], 1), itertools.tee([1, 2])[0],
        itertools.repeat([1], 3), itertools.accumulate([1]), itertools.starmap(len, []),
        itertools.zip_longest("a", "bc"), itertools.takewhile(len, []),
        operator.itemgetter(1, "x"), operator.attrgetter("a.b", "c"),
        operator.methodcaller("m", 1, k=2), re.compile("a(b)"), re.match("a(b)", "ab"),
        random.Random(), random.Random(1), struct.Struct("ihs"), struct.Struct(""),
        decimal.Decimal("1.5"), decimal.Decimal(10) ** 200, decimal.getcontext(),
        fractions.Fraction(1, 3), datetime.datetime.now(), datetime.timezone.utc,
        datetime.timedelta(1), datetime.datetime.now(datetime.timezone.utc), threading.Lock(),
        threading.RLock(), threading.local(), threading.Event(), queue.SimpleQueue(),
        queue.Queue(), contextvars.ContextVar("v", default=[1]), contextvars.copy_context(),
        types.SimpleNamespace(a=[1]), types.MappingProxyType({1: 2}), super(WithMeta, WithMeta()),
        typing.List[int], typing.TypeVar("T"),
        socket.socket(), pickle.Pickler(io.BytesIO()), pickle.Unpickler(io.BytesIO()),
        csv.reader([]), json.JSONDecoder(), ctypes.c_int(5), ctypes.Structure,
        contextlib.suppress(KeyError), contextlib.ExitStack(), object(), property(),
        staticmethod(len), classmethod(len), operator.attrgetter("a"),
    )
    # fmt: on
    if V >= (3, 10):
        yield from (list[int], int | str)
        yield from (NameError("n", name="x"), AttributeError("a", name="x", obj=plain))
    if V >= (3, 11):
        yield ExceptionGroup("g", [ValueError(1)])
        noted = ValueError()
        noted.add_note("note")
        yield noted
    if V >= (3, 15):
        yield frozendict(a=[1])  # noqa: F821
    waiting = coroutine()
    yield waiting
    waiting.close()


def everything():
    """All tracked objects of an interpreter that has imported most of the standard library."""
    for name in STDLIB:
        with contextlib.suppress(Exception, SystemExit):
            importlib.import_module(name)
    gc.collect()
    return gc.get_objects()
