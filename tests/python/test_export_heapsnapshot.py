"""Chrome's .heapsnapshot, read by what it is meant for: the code of DevTools, and memlab."""

import array
import json
import pathlib
import subprocess
import sys

import consumers_here
import pytest
import unfreed_runs

SCRIPTS = pathlib.Path(__file__).resolve().parents[1] / "node"
SYNTHETIC = (8, 9)  # types of nodes that stand for no object: native, synthetic

PROGRAM = """
import sys, unfreed

class Session:
    __slots__ = ("number", "secret")

    def __init__(self, number):
        self.number = number
        self.secret = f"secret of {number}"

class Store:
    __slots__ = ("_sessions",)

    def __init__(self):
        self._sessions = {}

    def open(self, first, count):
        for number in range(first, first + count):
            self._sessions[f"key {number}"] = Session(number)

STORE = Store()
STORE.open(0, 300)
LONG = "a text that snapshots cut, " * 100
LIST = [(number, str(number) * 5) for number in range(2000)]
for _ in range(5):  # garbage, waiting for the collector
    ring = [LIST, {}]
    ring[1]["ring"] = ring
del ring
redact = "--redact" in sys.argv
for number, count in enumerate((0, 37, 41)):
    STORE.open(1000 * number, count)
    unfreed.snapshot(f"s{number + 1}.snapshot", redact=redact)
"""


def make(folder, *arguments):
    """s1, s2 and s3.snapshot of one process, each with its .heapsnapshot."""
    (folder / "shop.py").write_text(PROGRAM)
    subprocess.run([sys.executable, "shop.py", *arguments], cwd=folder, check=True, timeout=120)
    for number in (1, 2, 3):
        export(folder / f"s{number}.snapshot", "heapsnapshot", folder / f"s{number}.heapsnapshot")
    return folder


def export(snapshot, form, out):
    done = unfreed_runs.run("export", snapshot, "--to", form, "-o", out, "-q")
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


@pytest.fixture(scope="module")
def heaps(tmp_path_factory):
    return make(tmp_path_factory.mktemp("heaps"))


def devtools(*arguments):
    return json.loads(consumers_here.node(SCRIPTS / "devtools.mjs", *arguments))


def memlab(*arguments):
    return json.loads(consumers_here.node(SCRIPTS / "memlab.mjs", *arguments))


def retained_by_unfreed(folder):
    """What unfreed says that each object of s1 retains, by number; None: nothing holds it."""
    export(folder / "s1.snapshot", "json", folder / "s1.json")
    lines = (json.loads(line) for line in (folder / "s1.json").open())
    return {line["id"]: line["retained"] for line in lines if line["line"] == "object"}


def first_object(heapsnapshot):
    types = heapsnapshot["nodes"][:: len(heapsnapshot["snapshot"]["meta"]["node_fields"])]
    return next(place for place, kind in enumerate(types) if kind not in SYNTHETIC)


def assert_retained_sizes_agree(folder, doubles):
    theirs = array.array("d", doubles.read_bytes())
    ours = retained_by_unfreed(folder)
    first = first_object(json.loads((folder / "s1.heapsnapshot").read_text()))
    held = {number: size for number, size in ours.items() if size is not None}
    assert len(held) > 10_000
    assert len(ours) - len(held) >= 10  # the rings
    assert {number: int(theirs[first + number]) for number in held} == held


def test_every_retained_size_of_devtools_is_that_of_unfreed(heaps, tmp_path):
    said = devtools(heaps / "s1.heapsnapshot", "--retained", tmp_path / "retained")
    assert said["warnings"] == []
    assert_retained_sizes_agree(heaps, tmp_path / "retained")


def test_every_retained_size_of_memlab_is_that_of_unfreed(heaps, tmp_path):
    memlab(heaps / "s1.heapsnapshot", "--retained", tmp_path / "retained")
    assert_retained_sizes_agree(heaps, tmp_path / "retained")


@pytest.mark.parametrize("reader", ["devtools.mjs", "memlab.mjs"])
def test_retained_sizes_agree_on_graphs_of_all_shapes(reader, tmp_path):
    """With garbage that refers to what is alive, unfreed's own objects, and more than 4 GiB."""
    program = unfreed_runs.built("write_heapsnapshot")
    subprocess.run([program, tmp_path / "all.heapsnapshot", tmp_path / "ours"], check=True)
    consumers_here.node(
        SCRIPTS / reader, tmp_path / "all.heapsnapshot", "--retained", tmp_path / "theirs"
    )
    ours = array.array("d", (tmp_path / "ours").read_bytes())
    theirs = array.array("d", (tmp_path / "theirs").read_bytes())
    first = first_object(json.loads((tmp_path / "all.heapsnapshot").read_text()))
    held = {number: size for number, size in enumerate(ours) if size != -1}
    assert 1000 < len(held) < len(ours) - 1000
    assert {number: theirs[first + number] for number in held} == held


def test_devtools_groups_objects_by_their_python_type(heaps):
    said = devtools(heaps / "s1.heapsnapshot")["aggregates"]
    sessions = said["__main__.Session"]
    assert sessions["count"] == 300
    assert sessions["retained"] > sessions["self"] > 0
    assert sessions["distance"] < 100  # of things that only the system holds: 100,000,000 and more
    assert said["__main__.Store"]["retained"] > sessions["retained"]
    assert said["tuple"]["count"] >= 2000
    for group in ("(string)", "(number)", "<class>", "<function>", "<module>", "list", "dict"):
        assert said[group]["count"] > 10, group
    assert not {"Object", "str", "function", "type"} & set(said)


def test_devtools_shows_the_way_up_to_the_module(heaps):
    path = devtools(heaps / "s1.heapsnapshot", "--path", "__main__.Session")["path"]
    reference, holder = path[0]
    assert reference.startswith('["key ') and holder == "dict"
    assert path[1:3] == [["._sessions", "__main__.Store"], [".STORE", "dict"]]
    assert path[-1][1].startswith(("module __main__", "thread MainThread"))


def test_the_comparison_of_devtools_shows_the_planted_growth(heaps):
    for older, newer, count in (("s1", "s2", 37), ("s2", "s3", 41), ("s1", "s3", 78)):
        said = devtools(heaps / f"{older}.heapsnapshot", "--newer", heaps / f"{newer}.heapsnapshot")
        assert said["diff"]["__main__.Session"] == {"added": count, "removed": 0, "delta": count}
        # All the rest of the heap is the same objects.
        others = {name: each for name, each in said["diff"].items() if "Session" not in name}
        assert sum(each["removed"] for each in others.values()) < 50, others
        assert "__main__.Store" not in others


def test_memlab_finds_the_planted_objects_and_who_holds_them(heaps):
    said = memlab(heaps / "s1.heapsnapshot", "--class", "__main__.Session")
    assert said["found"] == 300
    objects, references = said["path"][::2], said["path"][1::2]
    assert objects[-4:] == ["dict", "__main__.Store", "dict", "__main__.Session"]
    assert references[-3:-1] == ["STORE", "_sessions"]
    assert references[-1].startswith("key ")


def test_memlab_sees_what_grows_from_snapshot_to_snapshot(heaps, tmp_path):
    for number in (1, 2, 3):
        name = f"s{number}.heapsnapshot"
        (tmp_path / name).hardlink_to(heaps / name)
    said = consumers_here.node(SCRIPTS / "memlab.mjs", "--growing", tmp_path)
    assert "__main__.Store" in said


def test_a_redacted_snapshot_is_read_as_well_and_says_no_contents(tmp_path):
    heaps = make(tmp_path, "--redact")
    text = (heaps / "s1.heapsnapshot").read_text()
    assert "secret of" not in text and "key 1" not in text
    assert '"_sessions"' in text  # names of the program stay
    said = devtools(
        heaps / "s1.heapsnapshot",
        "--newer",
        heaps / "s2.heapsnapshot",
        "--retained",
        tmp_path / "retained",
    )
    assert said["diff"]["__main__.Session"] == {"added": 37, "removed": 0, "delta": 37}
    assert said["aggregates"]["str"]["count"] > 1000
    assert_retained_sizes_agree(heaps, tmp_path / "retained")


def test_a_text_that_was_cut_says_how_long_it_is(heaps):
    strings = json.loads((heaps / "s1.heapsnapshot").read_text())["strings"]
    cut = [text for text in strings if text.startswith("a text that snap")]
    assert [text for text in cut if text.endswith("... (2700 characters)")], cut


def test_the_file_is_json_in_ascii_and_counts_itself(heaps):
    raw = (heaps / "s1.heapsnapshot").read_bytes()
    assert raw.isascii()
    whole = json.loads(raw)
    assert list(whole) == [
        "snapshot",
        "nodes",
        "edges",
        "trace_function_infos",
        "trace_tree",
        "samples",
        "locations",
        "strings",
    ]
    nodes, edges, strings = whole["nodes"], whole["edges"], whole["strings"]
    node_count, edge_count = whole["snapshot"]["node_count"], whole["snapshot"]["edge_count"]
    assert len(nodes) == 7 * node_count and len(edges) == 3 * edge_count
    assert sum(nodes[4::7]) == edge_count
    assert max(edges[2::3]) < len(nodes) and not any(place % 7 for place in edges[2::3])
    ids = nodes[2::7]
    assert len(set(ids)) == node_count and max(ids) < 2**32
    assert all(number % 2 for number in ids[first_object(whole) :])
    assert max(nodes[1::7]) < len(strings) == len(set(strings))
