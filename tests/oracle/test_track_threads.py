"""The tracker with threads, forks, subinterpreters, and hooks of other tools."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from tracking import born, probe, run_fresh, watching

__all__ = ["watching"]  # a fixture


class Plain:
    def __init__(self, value: object) -> None:
        self.value = value


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
        probe.call(1)
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
