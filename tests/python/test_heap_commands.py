"""`unfreed summary`, `tree` and `why` on the snapshot of a real program: tests/targets/heap.py."""

import json
import os
import subprocess
import sys
import unicodedata

import pytest
from cli_runs import environment, on_terminal, refused
from unfreed_runs import TARGETS, UNFREED, run


def snapshot(folder, *options):
    path = folder / "app.snapshot"
    done = subprocess.run(
        [sys.executable, str(TARGETS / "heap.py"), str(path), *options],
        timeout=120,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    return path, json.loads(done.stdout)


@pytest.fixture(scope="module")
def heap(tmp_path_factory):
    """(path of the snapshot, what the program knew)"""
    return snapshot(tmp_path_factory.mktemp("heap"))


def answer(command, *arguments):
    done = run(command, *arguments, "--json")
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    return json.loads(done.stdout)


def of_type(summary, name):
    found = [t for t in summary["types"] if t["type"] == name]
    assert len(found) == 1, name
    return found[0]


def test_summary_counts_types_and_what_they_retain(heap):
    path, known = heap
    summary = answer("summary", path)
    assert summary["schema"] == "unfreed.summary/1"
    sessions = of_type(summary, "__main__.Session")
    assert sessions["objects"] == 200
    assert sessions["bytes"] == known["session_bytes"]
    assert sessions["retained_bytes"] == known["session_retained"]
    assert summary["heap"]["command_line"].endswith("heap.py " + str(path))
    assert summary["heap"]["python"] == ".".join(map(str, sys.version_info[:3]))
    assert 0 <= known["objects"] - summary["heap"]["objects"] < 1000  # unfreed's own


def test_summary_adds_up(heap):
    summary = answer("summary", heap[0])
    for figure in "objects", "bytes":
        assert sum(t[figure] for t in summary["types"]) == summary["heap"][figure]
        assert sum(who[figure] for who in summary["held_by"].values()) == summary["heap"][figure]
    assert summary["held_by"]["nothing"]["objects"] == summary["garbage"]["objects"]


def test_summary_tells_garbage_its_cycle_and_the_collector(heap):
    summary = answer("summary", heap[0])
    assert of_type(summary, "__main__.Order")["garbage_objects"] == 30
    cycle = next(c for c in summary["garbage"]["cycles"] if "__main__.Order" in c["types"])
    assert cycle["cut"] in ("Order.line", "Line.order")
    assert summary["collector"]["enabled"] is False
    assert summary["collector"]["thresholds"] == [700, 10, 10] or sys.version_info >= (3, 12)


def test_summary_names_the_largest_object(heap):
    largest = answer("summary", heap[0])["largest"][0]
    assert largest["type"] == "bytes"
    assert largest["bytes"] == sys.getsizeof(bytes(300_000))
    assert largest["path"] == "local 'request' of serve().big"


def test_summary_sorts_as_asked(heap):
    for order, figure in ("size", "bytes"), ("objects", "objects"), ("retained", "retained_bytes"):
        types = answer("summary", heap[0], "--sort", order)["types"]
        figures = [t[figure] for t in types]
        assert figures == sorted(figures, reverse=True)


def rows_by_path(tree):
    """Each row by the names on the way down to it."""
    paths = {}
    for row in tree["rows"]:
        above = paths[row["parent"]] if row["parent"] is not None else ""
        name = row["name"] if row["name"] is not None else "(several)"
        paths[row["row"]] = name if row["held"] in ("root", "several") else above + name
    return {path: tree["rows"][index] for index, path in paths.items()}


def test_tree_shows_what_hangs_on_what(heap):
    path, known = heap
    tree = answer("tree", path, "--rows", 400, "--depth", 12)
    assert tree["schema"] == "unfreed.tree/1"
    rows = rows_by_path(tree)
    sessions = next(r for p, r in rows.items() if p.endswith(".STORE._sessions[*]"))
    assert sessions["type"] == "__main__.Session"
    assert sessions["objects"] == 200
    assert sessions["retained_bytes"] == known["session_retained"]
    users = next(r for p, r in rows.items() if p.endswith(".STORE._sessions[*].user"))
    assert users["objects"] == 200
    local = next(r for r in tree["rows"] if r["address"] == known["local"])
    assert local["held"] == "root"
    assert local["name"] == "thread server local 'request' of serve()"


def test_tree_begins_where_it_is_told_to(heap):
    path, known = heap
    for wanted in known["store"], known["store_decimal"], "__main__.Store":
        tree = answer("tree", path, wanted)
        assert tree["rows"][0]["held"] == "start"
        assert tree["rows"][0]["address"] == known["store"]
        assert tree["rows"][1]["name"] == "._sessions"
    sessions = answer("tree", path, "Session")
    assert sessions["retained_bytes"] == known["session_retained"]


def test_why_tells_the_path_and_what_to_cut(heap):
    path, known = heap
    why = answer("why", path, known["session"])
    assert why["schema"] == "unfreed.why/1"
    assert why["verdict"] == "alive"
    assert why["references"] == 1
    assert why["paths"][0]["expression"] == "__main__.STORE._sessions['key 7']"
    edges = [step["edge"] for step in why["paths"][0]["steps"]]
    assert edges[-3:] == [".STORE", "._sessions", "['key 7']"]
    assert why["paths"][0]["steps"][-1]["suspect"] is True
    assert why["cut"]["singles"][0]["reference"] == "__main__.STORE._sessions['key 7']"
    assert why["cut"]["singles"][0]["frees_objects"] == 3


def test_why_finds_both_references_where_two_hold(heap):
    path, known = heap
    why = answer("why", path, known["shared"])
    assert why["references"] == 2
    assert {p["expression"] for p in why["paths"]} == {
        "__main__.SHARED['one'][0]",
        "__main__.SHARED['two']['again']",
    }
    assert why["cut"]["single_count"] >= 1  # all of SHARED
    assert why["cut"]["singles"][0]["reference"].startswith("__main__.SHARED")


def test_why_groups_the_objects_of_a_type(heap):
    path, known = heap
    why = answer("why", path, "Session")
    assert [g["path"] for g in why["groups"]] == ["module __main__.STORE._sessions[*]"]
    assert why["groups"][0]["objects"] == 200
    assert why["groups"][0]["retained_bytes"] == known["session_retained"]
    assert why["cut"]["singles"][0]["reference"] == "__main__.STORE._sessions"
    assert why["explained_objects"] == 200


def test_why_of_a_local_names_function_and_thread(heap):
    path, known = heap
    why = answer("why", path, known["local"])
    assert why["paths"][0]["root"] == "thread server"
    if sys.version_info >= (3, 11):  # before, the frame is an object that holds it as well
        assert why["cut"]["singles"][0]["reference"] == "local 'request' of serve()"


def test_why_of_garbage_shows_the_cycle(heap):
    why = answer("why", heap[0], "Order")
    assert why["verdict"] == "garbage"
    assert why["paths"] == []
    assert why["groups"] == [
        {
            "path": "nothing",
            "garbage": True,
            "objects": 30,
            "bytes": why["bytes"],
            "retained_bytes": 0,
            "example": why["example"]["address"],
        }
    ]
    edges = {step["edge"] for step in why["cycles"][0]["cycle"]}
    assert edges == {".line", ".order"}


COMMANDS = [["summary"], ["tree"], ["why", "Session"], ["why", "Order"], ["why", "Shared"]]


def text_of(heap, command, *options):
    done = run(command[0], heap[0], *command[1:], *options)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_first_line_is_the_verdict(heap):
    assert text_of(heap, ["summary"], "-q").startswith("HEAP  ")
    assert text_of(heap, ["tree"], "-q").startswith("TREE  ")
    session = text_of(heap, ["why", "Session"], "-q").replace("\n      ", "")
    assert session.startswith("ALIVE  200 x __main__.Session, ")
    assert "all of them at module __main__.STORE._sessions[*]" in session
    assert text_of(heap, ["why", "Order"], "-q").startswith("GARBAGE  30 x __main__.Order, ")


def columns(line):
    return sum(
        0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF")
        for c in line
    )


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_no_line_is_wider_than_the_terminal(heap, command, width):
    arguments = [command[0], str(heap[0]), *command[1:]]
    code, text = on_terminal(arguments, environment(NO_COLOR="1"), columns=width)
    assert code == 0
    assert "\x1b" not in text
    assert all(columns(line) <= width for line in text.splitlines())


def test_colour_is_for_terminals_and_changes_nothing_else(heap):
    arguments = ["summary", str(heap[0])]
    _, colored = on_terminal(arguments, environment(), columns=100)
    assert "\x1b[" in colored
    assert "\x1b" not in text_of(heap, ["summary"])
    assert "\x1b[1m" in text_of(heap, ["summary"], "--color", "always")


def test_names_of_the_program_cannot_write_to_the_terminal(heap):
    for command in ["summary", "--rows", "1000"], ["tree", "--rows", "1000"]:
        text = run(command[0], heap[0], *command[1:]).stdout
        assert "\x1b" not in text
        assert "\u202e" not in text
    assert "[2J\u65e5\u672c" in run("summary", heap[0], "--rows", "1000").stdout
    json.loads(run("tree", heap[0], "--rows", "1000", "--json").stdout)


def test_text_and_json_say_the_same(heap):
    path, known = heap
    text = " ".join(run("why", path, known["session"]).stdout.split())
    why = answer("why", path, known["session"])
    cut = why["cut"]["singles"][0]
    assert f"{cut['reference']}: this alone frees {cut['frees_objects']} objects" in text
    summary = " ".join(run("summary", path).stdout.split())
    facts = answer("summary", path)
    assert f"HEAP {facts['heap']['objects']:,} objects" in summary
    assert f"; {facts['garbage']['objects']:,} of them" in summary


def test_a_redacted_heap_still_tells_who_holds_what(tmp_path):
    path, known = snapshot(tmp_path, "--redact")
    why = answer("why", path, "Session")
    assert why["heap"]["redacted"] is True
    assert why["groups"][0]["path"] == "module __main__.STORE._sessions[*]"
    assert "user number" not in json.dumps(why)
    assert "redacted" in run("summary", path).stdout


def bad_files(folder, good):
    """(name, words of the error) of files that are no snapshots."""
    whole = good.read_bytes()
    (folder / "empty").write_bytes(b"")
    (folder / "text").write_text("hello, this is no snapshot at all\n" * 100)
    (folder / "cut").write_bytes(whole[: len(whole) // 2])
    (folder / "program").write_bytes(b"\x7fELF" + bytes(100))
    changed = bytearray(whole)
    changed[len(whole) // 3] ^= 1
    (folder / "changed").write_bytes(changed)
    return [
        ("empty", ["empty"]),
        ("text", []),
        ("cut", []),
        ("changed", ["damaged"]),
        ("program", ["core"]),
        ("not-there", ["No such file"]),
        (".", ["folder"]),
        ("/dev/null", ["not a regular file"]),
    ]


@pytest.mark.parametrize("command", [["summary"], ["tree"], ["why", "dict"]], ids=" ".join)
def test_what_is_no_snapshot_is_refused_in_one_line(heap, tmp_path, command):
    for name, words in bad_files(tmp_path, heap[0]):
        for form in [], ["--json"]:
            done = run(command[0], name, *command[1:], *form, cwd=tmp_path)
            refused(done, 4, name, "(", *words)


def test_a_newer_format_says_so(heap, tmp_path):
    newer = bytearray(heap[0].read_bytes())
    assert newer[8] == 1  # the format's version (docs/snapshot-format.md)
    newer[8] = 99
    (tmp_path / "newer").write_bytes(newer)
    refused(run("summary", "newer", cwd=tmp_path), 4, "newer", "(")


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_file_of_others_is_refused(heap, tmp_path):
    locked = tmp_path / "locked"
    locked.write_bytes(heap[0].read_bytes())
    locked.chmod(0)
    refused(run("summary", locked), 4, "Permission denied", "owner")


def test_what_is_not_in_the_heap_is_wrong_usage(heap):
    for command in "why", "tree":
        refused(run(command, heap[0], "0x10"), 2, "no object at 0x10")
        refused(run(command, heap[0], "0xhello"), 2, "is no address")
        refused(run(command, heap[0], "Sesion"), 2, "did you mean __main__.Session?")
        refused(run(command, heap[0], "zzz.Qqqqqqqq"), 2, "no object of type")
    refused(run("tree", heap[0], "Order"), 2, "is garbage", "unfreed why")
    refused(run("tree", heap[0], "Store"), 2, "ast.Store or __main__.Store?")


def test_wrong_usage_is_one_line_with_an_example(heap):
    refused(run("summary"), 2, "no FILE given", "unfreed summary 4711")
    refused(run("why", heap[0]), 2, "no OBJECT given")
    refused(run("why", heap[0], ""), 2, "OBJECT is empty")
    refused(run("summary", heap[0], "more"), 2, "one argument too many")
    refused(run("tree", heap[0], "--depht", "3"), 2, "--depth")
    refused(run("tree", heap[0], "--rows", "0"), 2, "--rows")
    refused(run("summary", heap[0], "--sort", "colour"), 2, "size, objects, retained")


@pytest.mark.parametrize("command", ["summary", "tree", "why"])
def test_help_says_what_a_file_is_and_fits_the_terminal(command):
    done = run(command, "--help")
    assert done.returncode == 0
    assert "unfreed.snapshot(path)" in done.stdout
    assert "exit codes" in done.stdout
    assert all(len(line) <= 80 for line in done.stdout.splitlines())
    assert run("help", command).stdout == done.stdout


def test_a_closed_pipe_is_no_error(heap):
    writer = subprocess.Popen(
        [UNFREED, "summary", heap[0], "--json"], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    writer.stdout.close()
    assert writer.stderr.read() == b""
    assert writer.wait() == 0
