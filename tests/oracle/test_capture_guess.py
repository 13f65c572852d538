"""References that no tp_traverse reports are guessed where they explain a count, and nowhere else."""

from __future__ import annotations

import gc

import pytest
from captures import Planted, probe, quiet_collector, root_of

__all__ = ["quiet_collector"]

faulty = pytest.importorskip("unfreed_faulty")


HOLDER: list[object] = []


def test_what_an_object_without_tp_traverse_holds_is_reached_through_it() -> None:
    planted = Planted()
    HOLDER[:] = [faulty.Uncollected(planted)]
    address = id(planted)
    del planted
    probe.capture()
    kind, name, _, steps = probe.path(address)
    assert kind == "module"
    assert name == __name__
    assert any("field at" in str(step) for step in steps), steps
    HOLDER.clear()


def test_what_a_tp_traverse_forgets_is_found_beside_what_it_reports() -> None:
    first, second = Planted(), Planted()
    page = faulty.Forgetful(first)
    page.forget(second)
    HOLDER[:] = [page]
    addresses = id(first), id(second)
    del first, second, page
    for address in addresses:
        assert root_of(address)[0] == "module"
    HOLDER.clear()


def test_the_same_object_held_twice_counts_twice() -> None:
    planted = Planted()
    page = faulty.Forgetful(planted)
    page.forget(planted)
    HOLDER[:] = [page]
    address = id(planted)
    del planted, page
    assert root_of(address)[0] == "module"
    assert address not in {at for kind, _, _, at in probe.roots() if kind == "native"}
    HOLDER.clear()


def test_a_cycle_through_an_object_without_tp_traverse_is_unreachable() -> None:
    planted = Planted()
    planted.holder = faulty.Uncollected(planted)  # type: ignore[attr-defined]
    address = id(planted)
    del planted
    gc.collect()
    probe.capture()
    assert address in probe.unreachable()
    # and let go of it: the collector cannot
    for candidate in gc.get_objects():
        if id(candidate) == address:
            candidate.holder.close()
            break
