"""A snapshot file of this process says what the process itself says."""

import functools
import gc
import os
import subprocess
import sys

import pytest
from kinds import everything, make_closure, samples

probe = pytest.importorskip("unfreed_probe_snapshot")


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "app.snapshot")


class Account:
    def __init__(self, secret):
        self.owner_name = secret
        self.limits = {secret: 1}


def test_all_references_lengths_and_columns_are_those_of_the_heap(path):
    unbounded = functools.lru_cache(maxsize=None)(abs)
    bounded = functools.lru_cache(maxsize=3)(abs)
    kept = [everything(), samples(), make_closure(1), list(map(unbounded, range(40)))]
    kept.append(list(map(bounded, range(2))))
    kept.append({("a" * 100, 1, 2.5, None): 1, b"\x00\xff": 2, "ü" * 70: 3, "it's": 4, len: 5})
    gc.collect()
    references, differences = probe.compare(path)
    assert references > 100_000
    # of a str with a class of its own the file does not know that its length counts characters
    differences = [
        d for d in differences if not (d[1] == "preview" and d[2][:-10] == d[3][: len(d[2][:-10])])
    ]
    # some fields of a structseq are no items (3.13: sys.flags)
    assert not [d for d in differences if d[0] != "sys.flags"]


def test_a_redacted_file_has_names_and_no_contents(path):
    secret = "the-secret-" + "of-this-test"
    kept = Account(secret)
    probe.write(path, False)
    assert secret[:20].encode() in open(path, "rb").read()
    probe.write(path, True)
    contents = open(path, "rb").read()
    assert secret[:20].encode() not in contents and b"hunter2" not in contents
    previews, names = probe.words(path)
    assert {".owner_name", ".limits", "[...]"} <= names
    assert any("Account" in text for text in previews)
    assert kept.owner_name == secret


def test_a_file_keeps_its_bounds_of_size(path):
    """At most 16 bytes per object and 6 per reference, texts and all (issue: snapshot files)."""
    kept = [
        {"id": i, "name": f"item {i}", "price": i * 1.25, "labels": ["x", "y"]}
        for i in range(50_000)
    ]
    nodes, references, size, _, _ = probe.write(path, False)
    assert nodes > 200_000
    assert size < 16 * nodes + 6 * references
    assert os.stat(path).st_mode & 0o777 == 0o600
    del kept


def test_a_file_is_read_without_the_process_that_wrote_it(path):
    probe.write(path, False)
    code = (
        "import sys, unfreed_probe_snapshot as p; previews, names = p.words(sys.argv[1]);"
        "assert '.path' in names and \"<module 'sys'>\" in previews; print(len(names))"
    )
    done = subprocess.run([sys.executable, "-c", code, path], capture_output=True, text=True)
    assert done.returncode == 0 and int(done.stdout) > 1000, done.stderr
