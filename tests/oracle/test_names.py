"""What references, holders and objects are called, and how long and how bounded they are."""

import array
import asyncio
import collections
import functools
import gc
import os
import weakref
from collections import Counter

import pytest
from kinds import (
    Plain,
    SlottedChild,
    V,
    WithMeta,
    caught,
    coroutine,
    everything,
    generator,
    make_closure,
    removed,
    samples,
)

probe = pytest.importorskip("unfreed_probe")

ATTR, ITEM, KEY, INDEX, CLOSURE, LOCAL, DICT, TYPE, FIELD, UNKNOWN = range(10)  # graph/names.h


def names(object_, *owners):
    return [(kind, text) for _, kind, text, _ in probe.names(object_, *owners)]


def test_names_are_what_python_would_write():
    plain, slotted = Plain(), SlottedChild()
    slotted.z, slotted.free = 1, 2
    assert (
        names(plain)[:2] == [(ATTR, ".a"), (ATTR, ".b")]
        if V != (3, 10)
        else names(plain)[0] == (DICT, ".__dict__")
    )
    assert names(plain)[-1] == (TYPE, ".__class__")
    assert (ATTR, ".z") in names(slotted) and (ATTR, ".x") in names(slotted)
    assert names([1, None]) == [(INDEX, "[0]"), (INDEX, "[1]")]
    assert names((1,)) == [(INDEX, "[0]")]
    assert names({"a": 1, (1, "x"): [2]}) == [
        (KEY, "key 'a'"),
        (ITEM, "['a']"),
        (KEY, "key (1, 'x')"),
        (ITEM, "[(1, 'x')]"),
    ]
    assert names(removed({i: i for i in range(4)}, [0, 2]))[1::2] == [(ITEM, "[1]"), (ITEM, "[3]")]
    assert names({"it's": 1, 'q"': 2, "\n": 3})[1::2] == [
        (ITEM, '["it\'s"]'),
        (ITEM, "['q\"']"),
        (ITEM, "['\\n']"),
    ]
    assert names({"x" * 1000: 1})[1][1].endswith("...']") and len(names({"x" * 1000: 1})[1][1]) < 80
    assert names({None: 1, 1.5: 2, b"k": 3, -5: 4})[1::2] == [
        (ITEM, "[None]"),
        (ITEM, "[1.5]"),
        (ITEM, "[b'k']"),
        (ITEM, "[-5]"),
    ]
    assert names({"x"}) == [(KEY, "{'x'}")]
    assert names(collections.deque([5, 6]))[:2] == [(INDEX, "[0]"), (INDEX, "[1]")]
    assert dict(map(reversed, names(functools.partial(print, 1)))).keys() >= {".func", ".args"}
    assert (ATTR, ".fget") in names(property(len))
    assert (FIELD, "callback") in names(weakref.ref(plain, print))
    assert {".__self__", ".__func__"} <= {text for _, text in names(plain.__init__)}
    assert {".args", ".__traceback__", ".__cause__"} <= {text for _, text in names(caught())}
    assert (ATTR, ".default_factory") in names(collections.defaultdict(list))


def test_names_of_attribute_dicts_are_attributes():
    plain = Plain()
    plain.__dict__
    assert (DICT, ".__dict__") in names(plain)
    seen = names(plain) + names(vars(plain), plain)
    assert (ATTR, ".a") in seen and (ATTR, ".b") in seen
    assert (ATTR, ".getcwd") in names(vars(os), os)
    assert (ITEM, "['getcwd']") in names(vars(os))  # its module is not in the graph
    klass = gc.get_referents(WithMeta)
    assert (ATTR, ".shared") in names(
        next(d for d in klass if type(d) is dict and "shared" in d), WithMeta
    )
    plain.__dict__["not an identifier"] = 1
    assert ".__dict__['not an identifier']" in {
        text for _, text in names(vars(plain), plain) + names(plain)
    }


def test_names_of_closures_and_frames():
    function = make_closure(1)
    assert (ATTR, ".__closure__") in names(function)
    assert names(function.__closure__, function) == [
        (CLOSURE, "closure 'x'"),
        (CLOSURE, "closure 'y'"),
        (CLOSURE, "closure 'z'"),
    ]
    assert names(function.__closure__[0]) == [(ATTR, ".cell_contents")]
    found = names(caught().__traceback__.tb_frame)
    assert any(
        kind == LOCAL and text.startswith("local 'local' of caught() at kinds.py:")
        for kind, text in found
    ), found
    gen = generator(3)
    next(gen)
    holder = gen.gi_frame if V == (3, 10) else gen  # before 3.11 a frame is an object of its own
    assert any(
        kind == LOCAL and text.startswith("local 'kept' of generator()")
        for kind, text in names(holder)
    )


def test_names_of_tasks_and_members_of_extension_types():
    async def look():
        task = asyncio.get_running_loop().create_task(coroutine())
        found = {text for _, text in names(task)}
        await task
        return found

    assert {"coroutine", "._loop"} <= asyncio.run(look())
    assert {".__origin__", ".__args__"} <= {text for _, text in names(list[int])}


def test_no_reference_of_any_tracked_object_makes_naming_fail():
    unknown = Counter()
    for object_ in everything()[::7]:
        for _, kind, text, generic in probe.names(object_):
            assert text and generic
            if kind == UNKNOWN:
                unknown[type(object_)] += 1
    assert sum(unknown.values()) < 2000, unknown.most_common(20)


def test_lengths_and_bounds():
    cached = functools.lru_cache(maxsize=4)(lambda n: n)
    cached(1), cached(2)
    for object_, expected in [
        ([1, 2], (2, -1)),
        ((), (0, -1)),
        ({1: 2}, (1, -1)),
        ({1, 2}, (2, -1)),
        ("\u20ac" * 5, (5, -1)),
        (b"abc", (3, -1)),
        (bytearray(7), (7, -1)),
        (collections.deque(maxlen=9), (0, 9)),
        (array.array("d", [1]), (1, -1)),
        (collections.deque([1]), (1, -1)),
        (collections.OrderedDict(a=1), (1, -1)),
        (cached, (2, 4)),
        (functools.lru_cache(None)(len), (0, -1)),
        (object(), (-1, -1)),
        (5, (-1, -1)),
        (Plain().__dict__, (2, -1)),
    ]:
        assert probe.facts(object_)[:2] == expected, object_


def test_previews_are_short_and_whole_characters():
    for object_, expected in [
        ("abc", "'abc'"),
        (5, "5"),
        (-(2**62), str(-(2**62))),
        (True, "True"),
        (None, "None"),
        (0.1, "0.1"),
        (1e100, "1e+100"),
        (b"x\0", "b'x\\x00'"),
        ([1] * 5012, "list, 5,012 items"),
        ({1: 2}, "dict, 1 entry"),
        (os, "<module 'os'>"),
        (make_closure, "<function make_closure>"),
        (object(), "<object>"),
    ]:
        assert probe.facts(object_)[2] == expected
    assert probe.facts(Plain)[2].endswith(".Plain'>")
    for object_ in samples():
        assert 0 < len(probe.facts(object_)[2]) < 120
