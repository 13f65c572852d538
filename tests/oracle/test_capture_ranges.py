"""A heap that is read out of a copy of the process's memory is the heap that is there.

No traverse function is asked on either side, so that both know the same: each node, reference, name,
shape, text and length must be equal, and nothing in sound memory may seem damaged.
"""

import pytest
from kinds import everything, samples

probe = pytest.importorskip("unfreed_probe_ranges")


def equal_to_copy():
    found = probe.compare()
    assert found["told"] == []
    assert found["differences"] == 0
    assert (found["not_objects"], found["cut_objects"], found["broken_lists"]) == (0, 0, 0)
    return found


def test_a_copy_of_this_process_has_the_same_heap():
    found = equal_to_copy()
    assert found["nodes"] > 20_000
    assert found["names"] > 50_000
    assert found["texts"] > 10_000


def test_objects_of_every_kind_are_the_same_in_a_copy():
    kept = list(samples()), everything()
    assert equal_to_copy()["nodes"] > 20_000
    del kept


def test_large_containers_are_the_same_in_a_copy():
    kept = [
        list(range(3_000_000, 3_200_000)),
        {str(number): number for number in range(100_000)},
        set(range(1_000_000, 1_060_000)),
        "ж" * 1_000_000,
        bytes(2_000_000),
    ]
    assert equal_to_copy()["nodes"] > 500_000
    del kept
