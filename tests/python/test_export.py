"""unfreed export: what it is asked for, what it says, and what it leaves when it fails."""

import json
import os
import signal
import stat
import subprocess

import pytest
from cli_runs import refused
from exported_heaps import shop
from unfreed_runs import UNFREED, run

FORMATS = ("heapsnapshot", "pprof", "json", "arrow")


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory):
    return shop(tmp_path_factory.mktemp("export"), 20)[0]


def test_help_names_every_format():
    done = run("export", "--help")
    assert done.returncode == 0
    for name in FORMATS:
        assert f"\n  {name} " in done.stdout
    assert max(map(len, done.stdout.splitlines())) <= 80


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["--to", "pprof", "-o", "x"], ["no FILE", "unfreed export app.snapshot"]),
        (["a", "b", "--to", "pprof", "-o", "x"], ["'b' is one argument too many"]),
        (["a", "-o", "x"], ["no format given", "pprof", "json"]),
        (["a", "--to", "pprof"], ["no file to write"]),
        (["a", "--to", "prof", "-o", "x"], ["prof: unknown format", "did you mean pprof?"]),
        (["a", "--to", "html", "-o", "x"], ["html: unknown format", "there are ", "pprof", "json"]),
        (["a", "--to", "arrow", "-o", "-"], ["arrow is not written to standard output"]),
        (["a", "--to", "json", "-o", "-", "--json"], ["cannot both go to standard output"]),
    ],
)
def test_wrong_usage_is_told(arguments, words, tmp_path):
    refused(run("export", *arguments, cwd=tmp_path), 2, *words)
    assert list(tmp_path.iterdir()) == []


def test_the_snapshot_itself_is_not_overwritten(snapshot):
    before = snapshot.read_bytes()
    refused(run("export", snapshot, "--to", "pprof", "-o", snapshot), 2, "the snapshot itself")
    assert snapshot.read_bytes() == before


def test_a_file_that_is_no_snapshot_is_refused_and_nothing_is_written(tmp_path):
    file = tmp_path / "notes.txt"
    file.write_text("not a heap\n" * 1000)
    refused(run("export", file, "--to", "pprof", "-o", tmp_path / "out"), 4, "notes.txt")
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("where", ["missing/out", "folder", "/dev/full"])
def test_a_place_that_cannot_be_written_is_told(where, snapshot, tmp_path):
    (tmp_path / "folder").mkdir()
    for format in FORMATS:
        done = run("export", snapshot, "--to", format, "-o", where, cwd=tmp_path)
        refused(done, 4, "export:", where)
    assert [p.name for p in tmp_path.iterdir()] == ["folder"]


@pytest.mark.parametrize("format", FORMATS)
def test_a_full_disk_leaves_the_file_that_was_there(format, snapshot, tmp_path):
    out = tmp_path / "out"
    out.write_text("before")
    limited = 'ulimit -f 8; exec "$0" export "$1" --to "$2" -o "$3"'
    done = subprocess.run(
        ["/bin/sh", "-c", limited, UNFREED, str(snapshot), format, str(out)],
        preexec_fn=lambda: signal.signal(signal.SIGXFSZ, signal.SIG_IGN),
        capture_output=True,
        text=True,
    )
    refused(done, 4, "File too large", "make room")
    assert out.read_text() == "before"
    assert list(tmp_path.iterdir()) == [out]


@pytest.mark.parametrize("format", FORMATS)
def test_a_file_is_replaced_as_a_whole_and_is_its_owners(format, snapshot, tmp_path):
    out = tmp_path / "out"
    out.write_text("before")
    out.chmod(0o644)
    done = run("export", snapshot, "--to", format, "-o", out)
    assert done.returncode == 0
    assert out.read_bytes()[:6] != b"before"
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    assert done.stdout.startswith(f"wrote  {out}: ")


def test_only_formats_with_contents_warn_of_secrets(snapshot, tmp_path):
    warned = run("export", snapshot, "--to", "json", "-o", tmp_path / "out").stderr
    assert warned.startswith("unfreed: ")
    assert "secrets" in warned
    assert run("export", snapshot, "--to", "pprof", "-o", tmp_path / "out").stderr == ""
    assert run("export", snapshot, "--to", "json", "-o", tmp_path / "out", "-q").stderr == ""


def test_the_json_report_has_its_keys(snapshot, tmp_path):
    done = run("export", snapshot, "--to", "json", "-o", tmp_path / "out", "--json")
    report = json.loads(done.stdout)
    assert list(report) == [
        "schema",
        "format",
        "out",
        "also",
        "bytes",
        "objects",
        "references",
        "redacted",
        "seconds",
    ]
    assert report["also"] == []
    assert report["redacted"] is False
    assert report["seconds"] > 0
    assert report["bytes"] == (tmp_path / "out").stat().st_size


def test_an_interrupt_ends_it_without_a_traceback_or_a_file(snapshot, tmp_path):
    process = subprocess.Popen(
        [UNFREED, "export", snapshot, "--to", "json", "-o", "-", "-q"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=tmp_path,
    )
    assert process.stdout.read(10) == b'{"line": "'  # it is at work, and soon the pipe is full
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate()
    assert (process.returncode, errors) == (130, b"unfreed: interrupted\n")
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_early_is_no_fault(snapshot):
    reading, writing = os.pipe()
    process = subprocess.Popen(
        [UNFREED, "export", snapshot, "--to", "json", "-o", "-", "-q"],
        stdout=writing,
        stderr=subprocess.PIPE,
        text=True,
    )
    os.close(writing)
    assert os.read(reading, 10) == b'{"line": "'
    os.close(reading)
    assert process.communicate() == (None, "")
    assert process.returncode == 0
