"""The tracker against what the interpreter says: sys._getframe and tracemalloc."""

from __future__ import annotations

import argparse
import ast
import asyncio
import collections
import functools
import gc
import json
import re
import sys
import textwrap
import tracemalloc
from collections.abc import Callable, Iterator
from types import CodeType, FrameType

import pytest
from tracking import Frame, born, probe, watching

__all__ = ["watching"]  # a fixture

FRAMES_MAX = 64
HAS_QUALNAME = sys.version_info >= (3, 11)


def name_of(code: CodeType) -> str:
    return code.co_qualname if HAS_QUALNAME else code.co_name


def stack_of(frame: FrameType | None) -> list[Frame]:
    """What the interpreter itself says, innermost first."""
    stack: list[Frame] = []
    while frame is not None and len(stack) < FRAMES_MAX:
        stack.append((frame.f_code.co_filename, name_of(frame.f_code), frame.f_lineno))
        frame = frame.f_back
    return stack


def assert_site_is_right() -> None:
    expected, site = stack_of(sys._getframe()), probe.site_now()  # one line: the same position
    assert probe.frames(site) == expected


# --- stacks --------------------------------------------------------------------------------------


def test_the_same_function_from_two_lines_is_two_sites(watching: None) -> None:
    def inner() -> int:
        return probe.site_now()

    first = inner()
    second = inner()
    again = [inner() for _ in range(3)]
    assert first != second
    assert len(set(again)) == 1
    assert probe.frames(first)[1][2] + 1 == probe.frames(second)[1][2]


def test_outer_lines_count_when_inner_frames_are_reused(watching: None) -> None:
    def innermost() -> None:
        assert_site_is_right()

    def middle() -> None:
        innermost()

    for _ in range(3):
        middle()
        middle()
        innermost()
        middle()


def test_generators_comprehensions_classes_and_callbacks(watching: None) -> None:
    def generator() -> Iterator[int]:
        for number in range(3):
            assert_site_is_right()
            yield number
            assert_site_is_right()

    class Compared:
        assert_site_is_right()

        def __lt__(self, other: object) -> bool:
            assert_site_is_right()
            return False

    assert [number for number in generator() if assert_site_is_right() is None] == [0, 1, 2]
    sorted([Compared(), Compared(), Compared()])
    sorted([3, 1, 2], key=lambda number: assert_site_is_right() or number)
    re.sub("a", lambda match: assert_site_is_right() or "b", "aaa")
    functools.reduce(lambda a, b: assert_site_is_right() or a, [1, 2, 3])
    exec("assert_site_is_right()\n\nassert_site_is_right()", {**globals()})
    try:
        raise ValueError
    except ValueError:
        assert_site_is_right()
    finally:
        assert_site_is_right()


def test_coroutines(watching: None) -> None:
    async def leaf(number: int) -> None:
        assert_site_is_right()
        await asyncio.sleep(0)
        assert_site_is_right()

    async def both() -> None:
        await asyncio.gather(leaf(1), leaf(2))
        assert_site_is_right()

    asyncio.run(both())


def test_a_finalizer_that_the_collector_runs(watching: None) -> None:
    failures: list[BaseException] = []

    class Cycle:
        def __init__(self) -> None:
            self.me = self

        def __del__(self) -> None:
            try:
                assert_site_is_right()
            except BaseException as error:  # would be swallowed
                failures.append(error)

    Cycle()
    gc.collect()
    assert not failures


@pytest.mark.parametrize("depth", [1, 40, 63, 64, 65, 90, 300])
def test_the_innermost_64_frames_of_a_deep_stack(watching: None, depth: int) -> None:
    def down(left: int) -> None:
        if left:
            down(left - 1)
            if left % 50 == 0:
                assert_site_is_right()
        else:
            assert_site_is_right()

    down(depth)
    down(depth)


def real_code() -> list[Callable[[], object]]:
    document = {"a": [1, 2.5, None, {"b": "text \u20ac"}], "c": list(range(20))}
    parser = argparse.ArgumentParser(add_help=False)
    parser.add_argument("--number", type=int, default=3)
    source = textwrap.dedent(open(__file__).read())[:4000].rsplit("\n\n\n", 1)[0]
    return [
        lambda: json.dumps(document, indent=2, sort_keys=True),
        lambda: json.loads(json.dumps(document), object_pairs_hook=collections.OrderedDict),
        lambda: parser.parse_args(["--number", "7"]),
        lambda: ast.unparse(ast.parse(source)),
        lambda: re.compile(r"(a|b)*c{2,3}(?P<name>\w+)", re.X).match("abccd"),
        lambda: collections.namedtuple("Point", "x y")(1, 2),
    ]


@pytest.mark.parametrize("number", range(6))
def test_every_call_in_real_code_has_the_right_stack(watching: None, number: int) -> None:
    run, compared, wrong = real_code()[number], 0, []

    def compare(frame: FrameType, event: str, argument: object) -> None:
        nonlocal compared
        compared += 1
        expected, site = stack_of(sys._getframe()), probe.site_now()
        if not all(line for _, _, line in expected):
            return  # begins with an instruction that has no line: ours is the first of the function
        if probe.frames(site) != expected:
            wrong.append((expected, probe.frames(site)))

    run()
    sys.setprofile(compare)
    try:
        run()
    finally:
        sys.setprofile(None)
    assert compared > 10
    assert not wrong, wrong[0]


def test_code_that_died_does_not_lend_its_name_to_what_follows_it(watching: None) -> None:
    for number in range(300):
        source = "\n" * (number % 7) + f"def made_{number}():\n    return object()\n"
        space: dict[str, Callable[[], object]] = {}
        exec(compile(source, f"file_{number}.py", "exec"), space)
        frame = born(space[f"made_{number}"]())[0]
        assert frame == (f"file_{number}.py", f"made_{number}", number % 7 + 2)
        del space, source


def test_names_that_are_not_ascii(watching: None) -> None:
    space: dict[str, Callable[[], object]] = {}
    exec(compile("def größe():\n  return object()", "ordner/日本語.py", "exec"), space)
    assert born(space["größe"]())[0] == ("ordner/日本語.py", "größe", 2)


# --- births --------------------------------------------------------------------------------------


class Plain:
    def __init__(self, value: object) -> None:
        self.value = value


class Slotted:
    __slots__ = ("value",)


class Tuple(tuple):  # type: ignore[type-arg]
    pass


class WithDict(dict):  # type: ignore[type-arg]
    pass


def make_all() -> list[object]:
    number = 12345
    made: list[object] = []
    made.append(Plain(number))
    made.append(Slotted())
    made.append(object())
    made.append([number])
    made.append([])
    made.append({})
    made.append({"key": number})
    made.append((number, made))
    made.append(number * 1.5)
    made.append(number * 100000)
    made.append(f"text {number}")
    made.append(b"%d" % number)
    made.append(bytearray(number))
    made.append({number})
    made.append(lambda: number)
    made.append(Tuple((1, number)))
    made.append(WithDict(a=number))
    made.append(type("Made", (), {}))
    made.append(slice(number, made))
    made.append(x for x in made)
    made.append(made.append)
    made.append(ValueError(number))
    made.append("x" * 100_000)
    made.append([None] * 50_000)
    return made


FIRST = make_all.__code__.co_firstlineno + 3


def churn() -> None:
    """Fills what freelists there are with memory that was born elsewhere."""
    for _ in range(300):
        make_all()
        ([[]], [{}], [{"a": 1}], [(1, [])], [1.5 * len(__file__)])


@pytest.mark.parametrize("calls", [1, 4])
def test_every_kind_of_object_is_born_where_it_was_made(watching: None, calls: int) -> None:
    kept: list[list[object]] = []
    for call in range(1, calls + 1):
        probe.call(call)
        churn()
        kept.append(make_all())
        churn()
        probe.call(0)
    for call, made in enumerate(kept, 1):
        for position, thing in enumerate(made):
            found = probe.birth(id(thing))
            assert found is not None, type(thing)
            if type(thing) is slice and found[2]:
                continue  # the interpreter's cache of one slice cannot be shut before 3.14
            assert found[1:] == (call, False), (type(thing), found)
            assert probe.frames(found[0])[0][1:] == ("make_all", FIRST + position), type(thing)


def test_memory_from_before_is_no_birth() -> None:
    before = [Plain(number) for number in range(100)]
    probe.start()
    try:
        after = [Plain(number) for number in range(100)]
        assert all(probe.birth(id(thing)) is None for thing in before)
        assert all(probe.birth(id(thing)) is not None for thing in after)
    finally:
        probe.forget()


def test_a_collection_within_the_call_is_told_as_doubt(watching: None) -> None:
    probe.call(1)
    gc.collect()  # opens the freelists of tuples
    churn()
    doubtful = probe.birth(id((Plain(1), Plain(2))))
    probe.call(2)
    churn()
    kept = (Plain(1), Plain(2))
    sure = probe.birth(id(kept))
    assert sure is not None and sure[1:] == (2, False)
    if sys.version_info < (3, 14):
        assert doubtful is not None and doubtful[2] is True


def test_births_agree_with_tracemalloc() -> None:
    tracemalloc.start(FRAMES_MAX)
    probe.start()
    try:
        probe.call(1)
        churn()
        made = make_all()
        made += [json.loads('{"a": [1.5, {"b": "c"}]}')["a"] for _ in range(20)]
        made += [ast.parse("f(x) + [1, 2]") for _ in range(5)]
        compared = 0
        for thing in made:
            theirs = tracemalloc.get_object_traceback(thing)
            ours = probe.birth(id(thing))
            if theirs is None or ours is None or ours[2]:
                continue
            frames = [(frame.filename, frame.lineno) for frame in reversed(theirs)]
            assert [(f, n) for f, _, n in probe.frames(ours[0])] == frames, type(thing)
            compared += 1
        assert compared >= len(made) - 3
    finally:
        probe.forget()
        tracemalloc.stop()


def test_what_lives_agrees_with_tracemalloc() -> None:
    import _tracemalloc

    def workload() -> list[object]:
        kept: list[object] = []
        for number in range(200):
            kept.append(make_all()[number % 20])
            if number % 3 == 0:
                kept.pop(number // 4)
            kept.append(json.loads('{"k": [1, 2, {"x": 2.5}], "z": "' + "y" * number + '"}'))
        return kept

    workload()
    gc.collect()
    gc.disable()  # between the two looks
    tracemalloc.start(1)
    probe.start(True)
    try:
        probe.call(1)
        kept = workload()
        theirs: collections.Counter[tuple[int, int]] = collections.Counter()
        live = probe.live()
        traces = _tracemalloc._get_traces()
        first = workload.__code__.co_firstlineno
        for trace in traces:
            file, line = trace[2][0]
            if file == __file__ and (FIRST <= line < FIRST + 30 or first < line < first + 9):
                theirs[trace[1], line] += 1
        ours: collections.Counter[tuple[int, int]] = collections.Counter()
        for _, size, site, _, _ in live:
            frames = probe.frames(site)[:1]
            if frames and frames[0][0] == __file__:
                line = frames[0][2]
                if FIRST <= line < FIRST + 30 or first < line < first + 9:
                    ours[size, line] += 1
        assert len(kept) > 100 and sum(ours.values()) > 500
        assert ours == theirs
        assert probe.missed() == 0
    finally:
        gc.enable()
        probe.forget()
        tracemalloc.stop()


def test_blocks_that_die_are_gone_and_those_that_live_stay(watching: None) -> None:
    probe.call(1)
    before = probe.totals()[0]
    kept = [object() for _ in range(1000)]
    assert probe.totals()[0] >= before + 1000
    address = id(kept[500])
    del kept
    assert probe.birth(address) is None
    assert probe.totals()[0] < before + 50
