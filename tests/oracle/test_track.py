"""The tracker against what the interpreter says: sys._getframe and tracemalloc."""

from __future__ import annotations

import argparse
import ast
import asyncio
import collections
import functools
import gc
import json
import os
import re
import subprocess
import sys
import textwrap
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from types import CodeType, FrameType

import pytest

probe = pytest.importorskip("unfreed_probe_track")

FRAMES_MAX = 64
HAS_QUALNAME = sys.version_info >= (3, 11)
Frame = tuple[str, str, int]


@pytest.fixture
def watching() -> Iterator[None]:
    probe.start()
    yield
    probe.forget()


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


def born(thing: object) -> list[Frame]:
    found = probe.birth(id(thing))
    assert found is not None, "not born while watched"
    site, _, earlier = found
    assert not earlier
    return probe.frames(site)


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


# --- threads, processes, interpreters ------------------------------------------------------------


def test_each_thread_has_its_own_stack(watching: None) -> None:
    kept: list[tuple[int, object]] = []
    start = threading.Barrier(20)

    def work(number: int) -> None:
        space: dict[str, Callable[[], object]] = {}
        exec(compile("\n" * number + "def make(): return object()", "made.py", "exec"), space)
        start.wait()
        for _ in range(300):
            kept.append((number, space["make"]()))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept) == 6000
    for number, thing in kept:
        frames = born(thing)
        assert frames[0] == ("made.py", "make", number + 1)
        assert frames[1][1].endswith("work")


def run_fresh(program: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-X", "faulthandler", "-c", textwrap.dedent(program)],
        capture_output=True,
        text=True,
        timeout=180,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), **environment},
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout.strip()


def test_a_forked_child_goes_on_unwatched() -> None:
    out = run_fresh(
        """
        import os, threading, gc
        import unfreed_probe_track as probe
        stop = False
        def busy():
            while not stop:
                [object() for _ in range(100)]
        threads = [threading.Thread(target=busy) for _ in range(4)]
        probe.start(True)
        for thread in threads:
            thread.start()
        for _ in range(10):
            child = os.fork()
            if child == 0:
                kept = [dict(a=i) for i in range(2000)]
                known = probe.totals()
                more = [dict(a=i) for i in range(2000)]
                exec("def f(): return [1.5, (1, 2)]")
                del kept
                gc.collect()
                os._exit(7 if probe.totals() == known else 8)
            assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        stop = True
        for thread in threads:
            thread.join()
        mine = object()
        assert probe.birth(id(mine)) is not None
        probe.stop()
        probe.forget()
        print("fine")
        """
    )
    assert out == "fine"


def test_subinterpreters_run_and_leave_no_trace_in_our_stacks() -> None:
    out = run_fresh(
        """
        import threading
        try:
            import _interpreters as interpreters
        except ImportError:
            import _xxsubinterpreters as interpreters
        import unfreed_probe_track as probe
        WORK = '''
        kept = []
        def make(n):
            return [{"n": i, "t": (i, str(i))} for i in range(n)]
        for i in range(50):
            kept.append(make(100))
        del kept[::2]
        '''
        import textwrap
        def one():
            number = interpreters.create()
            interpreters.run_string(number, textwrap.dedent(WORK))
            interpreters.destroy(number)
        probe.start(True)
        one()
        threads = [threading.Thread(target=one) for _ in range(3)]
        for thread in threads:
            thread.start()
        kept = [[object()] for _ in range(20000)]
        for thread in threads:
            thread.join()
        for thing in kept[::100]:
            site, call, earlier = probe.birth(id(thing))
            assert {f[0] for f in probe.frames(site)} == {"<string>"}, probe.frames(site)
        probe.forget()
        one()
        print("fine")
        """
    )
    assert out == "fine"


def test_blocks_freed_after_the_hooks_went_out_and_hooks_that_come_back() -> None:
    for _ in range(5):
        probe.start(True)
        kept = [Plain(number) for number in range(3000)]
        probe.stop()
        assert probe.birth(id(kept[-1])) is not None
        del kept
        probe.forget()
        probe.forget()
    probe.start()
    with pytest.raises(RuntimeError, match="watched already"):
        probe.start()
    probe.forget()


def test_hooks_that_another_tool_covered_pass_through_and_can_be_used_again() -> None:
    out = run_fresh(
        """
        import tracemalloc
        import unfreed_probe_track as probe
        for _ in range(3):
            probe.start(True)
            tracemalloc.start(3)          # its hooks lie above ours
            a = [object() for _ in range(1000)]
            assert probe.birth(id(a[5])) and tracemalloc.get_object_traceback(a[5])
            probe.stop()
            b = [object() for _ in range(1000)]
            assert tracemalloc.get_object_traceback(b[5])
            assert not any(probe.birth(id(o)) for o in b[-100:])
            probe.forget()
            probe.start(True)             # still below tracemalloc
            c = [object() for _ in range(1000)]
            assert probe.birth(id(c[5])) and tracemalloc.get_object_traceback(c[5])
            tracemalloc.stop()            # ours are on top again
            d = [object() for _ in range(1000)]
            assert probe.birth(id(d[5]))
            probe.forget()
            e = [object() for _ in range(1000)]
        print("fine")
        """
    )
    assert out == "fine"


def test_hooks_that_another_tool_threw_out_come_back_with_the_next_start() -> None:
    out = run_fresh(
        """
        import tracemalloc
        import unfreed_probe_track as probe
        tracemalloc.start(1)
        probe.start()
        tracemalloc.stop()                # puts back what was there before it, without us
        unseen = [object() for _ in range(100)]
        probe.forget()
        probe.start()
        seen = [object() for _ in range(100)]
        assert probe.birth(id(seen[5]))
        probe.forget()
        print("fine")
        """
    )
    assert out == "fine"


@pytest.mark.parametrize("allocator", ["malloc", "pymalloc_debug", "malloc_debug"])
def test_other_allocators(allocator: str) -> None:
    out = run_fresh(
        """
        import unfreed_probe_track as probe, gc
        probe.start(True)
        probe.call(1)
        def make(): return [object(), "x" * 70000]
        kept = [make() for _ in range(1000)]
        site, call, earlier = probe.birth(id(kept[7][0]))
        assert probe.frames(site)[0][1] == "make"
        del kept
        gc.collect()
        probe.stop()
        probe.forget()
        print("fine", probe.__name__)
        """,
        PYTHONMALLOC=allocator,
    )
    assert out == "fine unfreed_probe_track"
