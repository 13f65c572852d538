"""References, counts and sizes of the decoder against gc.get_referents, reference counts and
sys.getsizeof, on one object of every kind and on everything that is tracked.
"""

import collections
import ctypes
import gc
import pickle
import sys
import types
from collections import Counter

import pytest
from kinds import V, everything, samples

probe = pytest.importorskip("unfreed_probe")

# References that the decoder reports and tp_traverse does not, by type of the holder: things that
# cannot be part of a cycle, or that tp_traverse leaves out for reasons of its own.
OPAQUE = 1 << 5  # graph/graph.h: the references came from tp_traverse

MORE_THAN_TRAVERSE = {
    dict: "keys of a dict with only str keys",
    type: "tp_subclasses, __name__, __qualname__, __slots__, attribute names; parts of static types",
    types.ModuleType: "its name",
    types.FunctionType: "names and strings (3.10 to 3.12 leave some out)",
    types.BuiltinFunctionType: "the defining class",
    types.MemberDescriptorType: "name and qualified name",
    types.GetSetDescriptorType: "name and qualified name",
    types.WrapperDescriptorType: "name and qualified name",
    types.MethodDescriptorType: "name and qualified name",
    types.ClassMethodDescriptorType: "name and qualified name",
    property: "the name (3.13)",
    types.TracebackType: "",
    types.FrameType: "",
    types.GeneratorType: "",
}


def base_kind(type_):
    for base in type_.__mro__:
        if base in MORE_THAN_TRAVERSE:
            return base
    return None


def explain(object_, extra, missing, by_id):
    """None when the difference is one that we know to be right."""
    type_ = type(object_)
    kind = base_kind(type_)
    if missing and type_.__name__ == "_lru_cache_wrapper":
        missing = Counter()  # its entries belong to the links that its cache holds
    if V == (3, 13) and not missing and extra == Counter([id(getattr(object_, "__dict__", None))]):
        return None  # 3.13 leaves a dict out that shares the values of the instance
    if not missing and not any(type(by_id[a]).__flags__ & (1 << 14) for a in extra):
        return None  # strings and the like: tp_traverse need not report what holds nothing
    if not missing and kind is not None:
        return None
    if (
        not missing
        and type_.__flags__ & (1 << 9)
        and set(extra) == {id(type_)}
        and extra[id(type_)] == 1
    ):
        return None  # a heap type's instance owns its type, even if the extension forgets to say so
    return f"{type_.__module__}.{type_.__qualname__}: extra {show(extra, by_id)} missing {show(missing, by_id)}"


def show(counter, by_id):
    return [
        (type(by_id[a]).__name__ if a in by_id else hex(a), n) for a, n in list(counter.items())[:6]
    ]


def differences(objects):
    wrong = Counter()
    probe.forget()
    for object_ in objects:
        if not type(object_).__flags__ & (1 << 14):
            continue  # no tp_traverse to compare with
        if not gc.is_tracked(object_) and isinstance(object_, type):
            continue
        refs = probe.decode(object_)[5]
        referents = gc.get_referents(object_)
        by_id = {id(r): r for r in referents}
        ours = Counter(memoryview(refs).cast("Q"))
        theirs = Counter(map(id, referents))
        if ours == theirs:
            continue
        extra, missing = ours - theirs, theirs - ours
        for a in extra:
            if a not in by_id:
                by_id[a] = ctypes.cast(a, ctypes.py_object).value
        why = explain(object_, extra, missing, by_id)
        if why:
            wrong[why] += 1
        del referents, by_id
    return wrong


def report(wrong):
    return "\n".join(f"{n} x {text}" for text, n in wrong.most_common(40))


def test_references_of_samples_are_those_of_gc_get_referents():
    wrong = differences(list(samples()))
    assert not wrong, report(wrong)


def test_references_of_every_tracked_object_are_those_of_gc_get_referents():
    wrong = differences(everything())
    assert not wrong, report(wrong)


# --- sizes -------------------------------------------------------------------------------------


def own_sizeof(type_):
    """__sizeof__ needs more than the layout: written in Python, or by an extension for its own kind."""
    return (
        isinstance(type_.__sizeof__, types.FunctionType)
        or type_ in (pickle.Pickler, pickle.Unpickler)  # their memo tables
        or type_.__name__ == "StgDict"  # _ctypes to 3.12: its format and shape
        or any(base.__module__ == "_ctypes" for base in type_.__mro__ if issubclass(base, type))
    )


def size_differences(objects):
    wrong = Counter()
    probe.forget()
    for object_ in objects:
        if own_sizeof(type(object_)):
            continue
        try:
            size, expected = probe.decode(object_)[2], sys.getsizeof(object_)
        except TypeError:
            continue  # a class whose __sizeof__ needs arguments
        if size != expected:
            wrong[
                f"{type(object_).__module__}.{type(object_).__qualname__} is {size}, should be {expected}"
            ] += 1
    return wrong


def test_sizes_of_samples_are_those_of_sys_getsizeof():
    wrong = size_differences(list(samples()))
    assert not wrong, report(wrong)


def test_sizes_of_everything_reached_are_those_of_sys_getsizeof():
    objects = everything()
    seen = {id(o) for o in objects}
    for object_ in list(objects):
        for referent in gc.get_referents(object_):
            if id(referent) not in seen:
                seen.add(id(referent))
                objects.append(referent)
    wrong = size_differences(objects)
    assert not wrong, report(wrong)


# --- counts ------------------------------------------------------------------------------------


def test_no_object_is_found_to_be_held_more_often_than_it_is():
    """What the decoder reports is owned: no count is below the references found."""
    kept = list(samples())
    objects = everything()
    wrong = Counter()
    for address, name, refcount, found in probe.balance(objects):
        object_ = ctypes.cast(address, ctypes.py_object).value
        if refcount > 10**8 or found < refcount:
            continue
        if isinstance(object_, type) and not object_.__flags__ & (1 << 9):
            continue  # static types do not count their references to each other before 3.12
        if isinstance(object_, (bool, types.NoneType)) and V == (3, 11):
            continue  # nor do constants of frozen code objects
        if isinstance(object_, str) and found <= refcount + 2:
            continue  # nor does the dict of interned strings, where the collector lists it
        wrong[f"{name} {object_!r:.60} has {refcount}, found {found}"] += 1
    assert not wrong, report(wrong)
    del kept


# --- through copies ----------------------------------------------------------------------------


def test_a_source_that_copies_gives_the_same_references():
    for object_ in samples():
        refs, flags = probe.decode(object_)[5], probe.decode(object_)[4]
        if not flags & OPAQUE and not isinstance(object_, (types.ModuleType, type)):
            assert probe.read_copies(object_, 1, 0) == refs, type(object_)


def test_damaged_memory_is_survived():
    for seed, object_ in enumerate(list(samples()) * 20):
        probe.read_copies(object_, seed, 1 + seed % 7)


# --- malloc ------------------------------------------------------------------------------------


class Mallinfo(ctypes.Structure):
    _fields_ = [
        (name, ctypes.c_size_t)
        for name in "arena ordblks smblks hblks hblkhd usmblks fsmblks uordblks fordblks keepcost".split()
    ]


def in_use():
    libc = ctypes.CDLL(None)
    libc.mallinfo2.restype = Mallinfo
    figures = libc.mallinfo2()
    return figures.uordblks + figures.hblkhd


@pytest.mark.native
@pytest.mark.parametrize(
    "make",
    [
        lambda: {str(i): i for i in range(50)},
        lambda: [None] * 200,
        lambda: [None] * 100_000,
        lambda: set(range(100)),
        lambda: "x" * int("5000"),
        lambda: "\u20ac" * int("3000"),
        lambda: bytes(4000),
        lambda: bytearray(3000),
        lambda: 1 << int("100000"),
        lambda: tuple(range(200)),
        lambda: collections.OrderedDict((i, i) for i in range(100)),
        lambda: [1, 2, 3],
    ],
)
def test_what_objects_took_from_malloc_is_what_malloc_says(make):
    kept = [make() for _ in range(100)]
    for object_ in kept:
        probe.decode(object_)
    kept = [None] * 100
    gc.collect()
    before = in_use()
    for i in range(100):
        kept[i] = make()
    grown = in_use() - before
    assert (
        abs(sum(probe.decode(object_)[3] for object_ in kept) - grown) <= 4096
    )  # the interpreter's own, beside 100 objects
