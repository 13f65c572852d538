"""The heap as JSON lines, read back and compared with the heap itself."""

import collections
import json

import pytest
from exported_heaps import shop
from unfreed_runs import run

OBJECT_KEYS = [
    "line",
    "id",
    "address",
    "type",
    "type_id",
    "size",
    "refcount",
    "flags",
    "text",
    "length",
    "retained",
    "retained_objects",
    "dominator",
    "refs",
]


class Heap:
    def __init__(self, path):
        lines = collections.defaultdict(list)
        with path.open(encoding="utf-8") as file:  # strict: bytes that are not UTF-8 end the test
            for line in file:
                assert line.endswith("}\n")
                parsed = json.loads(line)
                lines[parsed["line"]].append(parsed)
        assert set(lines) == {"heap", "type", "root", "object"}
        [self.first] = lines["heap"]
        self.heap = self.first["heap"]
        self.types = {line["id"]: line for line in lines["type"]}
        self.roots = lines["root"]
        self.objects = {line["id"]: line for line in lines["object"]}
        self.at = {line["address"]: line for line in lines["object"]}

    def named(self, source, name):
        """The object that `source` holds under this name."""
        [to] = [ref[0] for ref in source["refs"] if ref[1] == name]
        return self.objects[to]


@pytest.fixture(scope="module")
def given(tmp_path_factory):
    folder = tmp_path_factory.mktemp("json")
    snapshot, facts = shop(folder, 100)
    out = folder / "shop.json"
    done = run("export", snapshot, "--to", "json", "-o", out)
    assert done.returncode == 0, done.stderr
    return Heap(out), facts


def test_every_line_counts_up_to_what_the_first_one_says(given):
    heap, _ = given
    assert heap.first["schema"] == "unfreed.heap/1"
    assert len(heap.objects) == heap.heap["objects"] == len(heap.at)
    assert sum(o["size"] for o in heap.objects.values()) == heap.heap["bytes"]
    assert sum(len(o["refs"]) for o in heap.objects.values()) == heap.heap["references"]
    assert all(list(o) == OBJECT_KEYS for o in heap.objects.values())


def test_no_line_refers_to_what_is_not_there(given):
    heap, _ = given
    for line in heap.objects.values():
        assert heap.types[line["type_id"]]["name"] == line["type"]
        assert all(ref[0] in heap.objects for ref in line["refs"])
        assert line["dominator"] is None or line["dominator"] in heap.objects
    assert all(root["object"] in heap.objects for root in heap.roots)
    assert all(t["object"] is None or t["object"] in heap.objects for t in heap.types.values())


def test_planted_objects_are_there_with_their_names_and_sizes(given):
    heap, facts = given
    store = heap.at[facts["address"]]
    assert (store["type"], store["size"]) == ("__main__.Store", facts["store"])
    assert store["refcount"] == facts["refcount"]
    assert "tracked" in store["flags"]
    table = heap.named(store, "._sessions")
    assert table["address"] == facts["table_address"]
    assert (table["type"], table["size"], table["length"]) == ("dict", facts["table"], 100)
    sessions = [heap.named(table, f"['key {number}']") for number in range(100)]
    assert {s["type"] for s in sessions} == {"__main__.Session"}
    assert sum(s["size"] for s in sessions) == facts["sessions"]
    users = [heap.named(session, ".user") for session in sessions]
    assert [user["text"] for user in users] == [f"'user {number}'" for number in range(100)]
    assert sum(heap.named(session, ".blob")["size"] for session in sessions) == facts["blobs"]


def test_retained_sizes_are_those_of_the_planted_objects(given):
    heap, facts = given
    store = heap.at[facts["address"]]
    assert store["retained"] == facts["store_retains"]
    assert store["retained_objects"] == 2 + 4 * 100
    assert heap.named(store, "._sessions")["dominator"] == store["id"]
    assert heap.at[facts["head"]]["retained"] == facts["nodes"]
    assert heap.at[facts["head"]]["retained_objects"] == 5000


def test_modules_are_roots_and_hold_their_globals(given):
    heap, facts = given
    [main] = [r for r in heap.roots if (r["kind"], r["name"]) == ("module", "__main__")]
    names = heap.named(heap.objects[main["object"]], ".__dict__")
    assert heap.named(names, ".STORE")["address"] == facts["address"]
    assert heap.named(names, ".SHARED_A") is heap.named(names, ".SHARED_B")


def test_texts_that_are_hard_to_write_are_written(given):
    heap, facts = given
    names = {ref[1] for ref in heap.at[facts["odd"]]["refs"]}
    assert any("snow ☃" in name for name in names)
    assert any("back" in name and "slash" in name for name in names)
    assert any("line\\nbreak" in name for name in names)
    assert any(name.endswith(" lone']") for name in names)  # a surrogate, which is no text


def test_it_can_go_through_a_pipe(tmp_path):
    snapshot, _ = shop(tmp_path, 5)
    done = run("export", snapshot, "--to", "json", "-o", "-")
    assert done.returncode == 0
    assert json.loads(done.stdout.splitlines()[0])["schema"] == "unfreed.heap/1"
    assert "secrets" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    quiet = run("export", snapshot, "--to", "json", "-o", "-", "-q")
    assert (quiet.stdout, quiet.stderr) == (done.stdout, "")
