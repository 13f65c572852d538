"""Hooks go in and out while threads allocate, with and without the interpreter lock."""

from __future__ import annotations

import pytest

stress = pytest.importorskip("unfreed_probe_stress")

THREADS, ROUNDS = 200, 1000


def test_nothing_is_lost_or_torn_by_200_threads_and_1000_starts() -> None:
    operations, compared = stress.stress(THREADS, ROUNDS)
    assert operations > 100 * THREADS
    assert compared > 100
