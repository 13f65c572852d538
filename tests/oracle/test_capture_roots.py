"""Everything that holds objects has its name: modules, threads, fields of the interpreter, types."""

from __future__ import annotations

import atexit
import codecs
import contextvars
import gc
import sys
import threading
import types
from collections.abc import Iterator

import pytest
from captures import Planted, probe, quiet_collector, root_of, run_fresh

__all__ = ["quiet_collector"]  # a fixture: it serves every test of this file


def test_a_module_is_a_root_by_its_key_in_sys_modules() -> None:
    def plant() -> int:
        module = types.ModuleType("another_name")
        planted = module.planted = Planted()  # type: ignore[attr-defined]
        sys.modules["planted_module"] = module
        return id(planted)

    try:
        assert root_of(plant())[:2] == ("module", "planted_module")
    finally:
        del sys.modules["planted_module"]


def test_a_local_of_this_thread_is_named_with_function_and_line() -> None:
    planted = Planted()
    kind, name, label = root_of(id(planted))
    assert (kind, name) == ("thread", "MainThread")
    assert label.startswith("local 'planted' of test_a_local_of_this_thread_is_named")
    assert "() at test_capture_roots.py:" in label


def test_a_local_of_another_thread_is_named_with_that_thread() -> None:
    ready, done = threading.Event(), threading.Event()
    addresses: list[int] = []

    def hold() -> None:
        planted = Planted()
        addresses.append(id(planted))
        ready.set()
        done.wait()  # line of the label

    thread = threading.Thread(target=hold, name="holder of things")
    thread.start()
    ready.wait()
    try:
        probe.capture()
        kind, name, label, _ = probe.path(addresses[0])
    finally:
        done.set()
        thread.join()
    line = hold.__code__.co_firstlineno + 4
    assert (kind, name) == ("thread", "holder of things")
    assert "local 'planted' of " in label
    assert label.endswith(f"hold() at test_capture_roots.py:{line}")


def test_a_cell_and_a_free_variable_are_found_through_the_frame() -> None:
    planted = Planted()

    def inner() -> tuple[str, str, str]:
        assert planted is not None
        return root_of(id(planted))

    kind, name, label = inner()
    assert (kind, name) == ("thread", "MainThread")
    assert label.startswith("local 'planted' of ")


def test_a_generator_that_runs_shows_its_locals() -> None:
    def produce() -> Iterator[tuple[str, str, str]]:
        planted = Planted()
        yield root_of(id(planted))

    assert next(produce())[:2] == ("thread", "MainThread")


def test_a_generator_that_waits_holds_its_locals() -> None:
    addresses: list[int] = []

    def produce() -> Iterator[None]:
        planted = Planted()
        addresses.append(id(planted))
        yield

    generator = produce()
    next(generator)
    probe.capture()
    kind, _, label, steps = probe.path(addresses[0])
    assert kind == "thread" and "'generator'" in label
    assert steps and "local 'planted' of " in steps[-1]


def test_a_context_variable_is_held_by_the_thread() -> None:
    variable: contextvars.ContextVar[Planted] = contextvars.ContextVar("variable")

    def plant() -> int:
        planted = Planted()
        variable.set(planted)
        return id(planted)

    address = plant()
    probe.capture()
    kind, name, label, _ = probe.path(address)
    assert (kind, name, label) == ("thread", "MainThread", "context")


def plant_atexit() -> tuple[int, object]:
    planted = Planted()
    function = atexit.register(lambda thing: None, planted)
    return id(planted), function


def test_an_argument_of_an_atexit_callback_is_held_by_atexit() -> None:
    address, function = plant_atexit()
    probe.capture()
    assert probe.path(address)[:2] == ("interpreter", "atexit")
    atexit.unregister(function)


def test_a_function_registered_at_fork_is_held_by_it() -> None:
    print_path = """
        import gc, os, unfreed_probe_capture as probe
        def plant():
            def planted(): pass
            os.register_at_fork({}=planted)
            return id(planted)
        address = plant()
        probe.capture()
        print(probe.path(address)[:3])
    """
    for when, label in [
        ("before", "before"),
        ("after_in_parent", "after in parent"),
        ("after_in_child", "after in child"),
    ]:
        assert run_fresh(print_path.format(when)) == str(("interpreter", "at-fork", label))


def test_a_codec_search_function_is_held_by_codecs() -> None:
    def plant() -> int:
        def planted(_: str) -> None:
            return None

        codecs.register(planted)
        return id(planted)

    address = plant()
    probe.capture()
    assert probe.path(address)[:3] == ("interpreter", "codecs", "search functions")


def test_an_attribute_of_a_builtin_type_is_held_by_that_type() -> None:
    def plant() -> tuple[int, int]:
        names = gc.get_referents(int.__dict__)[0]
        planted = names["planted"] = Planted()
        return id(names), id(planted)

    names, planted = plant()
    try:
        kind, name, _ = root_of(planted)
        assert (kind, name) in (("static type", "int"), ("module", "builtins"))
        assert names in probe.graph()[id(int)][3]
        assert ("static type", "int", "", id(int)) in probe.roots()
    finally:
        del gc.get_referents(int.__dict__)[0]["planted"]


def test_gc_garbage_and_callbacks_are_named() -> None:
    def callback(*_: object) -> None:
        pass

    gc.callbacks.append(callback)
    try:
        probe.capture()
        roots = probe.roots()
        assert ("interpreter", "gc.callbacks", "", id(gc.callbacks)) in roots
        assert ("interpreter", "gc.garbage", "", id(gc.garbage)) in roots
    finally:
        gc.callbacks.remove(callback)


def test_an_object_held_from_c_is_a_native_root() -> None:
    ctypes = pytest.importorskip("ctypes")
    planted = Planted()
    address = id(planted)
    ctypes.pythonapi.Py_IncRef(ctypes.py_object(planted))
    del planted
    probe.capture()
    assert probe.path(address)[0] == "native"
    thing = ctypes.cast(address, ctypes.py_object)
    ctypes.pythonapi.Py_DecRef(thing)


def test_roots_stand_in_the_order_of_preference() -> None:
    probe.capture()
    kinds = list(dict.fromkeys(root[0] for root in probe.roots()))
    assert kinds == ["module", "thread", "interpreter", "static type", "cache", "native"]


def test_a_method_cache_name_is_held_by_the_type_cache() -> None:
    probe.capture()
    assert any(root[:2] == ("cache", "type cache") for root in probe.roots())
