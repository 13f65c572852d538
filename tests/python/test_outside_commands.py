"""The commands on live processes and on cores: tests/targets/server.py, looked at from outside."""

import contextlib
import json
import os
import pty
import re
import select
import shutil
import signal
import subprocess
import sys
import time
import types

import pytest
from cli_runs import environment, refused
from core_runs import gcore
from outside_runs import read
from unfreed_runs import TARGETS, UNFREED, run

SERVER = TARGETS / "server.py"
HELD = "module __main__.SESSIONS"
OURS = ("LD_PRELOAD", "ASAN_OPTIONS", "UBSAN_OPTIONS", "LSAN_OPTIONS", "PYTHONPATH")


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


@contextlib.contextmanager
def serving(*arguments):
    """The server in a process group of its own, which ends with the block."""
    process = subprocess.Popen(
        [sys.executable, str(SERVER), *map(str, arguments)],
        env={name: value for name, value in os.environ.items() if name not in OURS},
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    try:
        assert process.stdout.readline() == "ready\n"
        yield process.pid
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def wait_for_sessions(pid, count=100):
    while not any(
        type_["type"] == "__main__.Session" and type_["objects"] >= count
        for type_ in read("summary", pid)["types"]
    ):
        time.sleep(0.05)


@pytest.fixture(scope="module")
def still():
    """A server that stands still: every look at it shows the same."""
    with serving() as pid:
        wait_for_sessions(pid)
        os.kill(pid, signal.SIGSTOP)
        yield pid


@pytest.fixture(scope="module")
def snapshot(still, tmp_path_factory):
    path = tmp_path_factory.mktemp("still") / "server.snapshot"
    done = run("snapshot", still, "-o", path, "--json")
    assert done.returncode == 0, done.stderr
    return path, json.loads(done.stdout)


def facts(report):
    """A report without what differs between a process, a core and a file of the same heap: a file keeps
    less of long texts."""
    if isinstance(report, list):
        return [facts(part) for part in report]
    if not isinstance(report, dict):
        return report
    left_out = ("heap", "seconds", "object", "example", "text", "length")
    return {key: facts(value) for key, value in report.items() if key not in left_out}


def place(report, name):
    found = [entry for entry in report["grown"] if entry["place"] == name]
    assert len(found) == 1, [entry["place"] for entry in report["grown"]]
    return found[0]


# --- one process -----------------------------------------------------------------------------------


def test_a_summary_says_how_the_process_was_read(still):
    heap = read("summary", still)["heap"]
    assert heap["source"] == "process" and heap["pid"] == still and heap["file"] is None
    assert heap["threads"] == 3 and heap["interpreters"] == 1 and heap["tries"] >= 1
    assert 0 < heap["longest_pause_seconds"] <= heap["pause_seconds"]
    assert "server.py" in heap["command_line"] and heap["rss_bytes"] > 1_000_000
    text = run("summary", still).stdout
    assert re.search(r"^taken .*, the program paused for ", text, re.MULTILINE)
    assert re.search(r"^read from +the live process, 3 threads$", text, re.MULTILINE)


def test_a_snapshot_of_a_process_is_the_same_heap(still, snapshot):
    path, written = snapshot
    assert written["schema"] == "unfreed.snapshot/1"
    assert written["out"] == str(path) and written["out_bytes"] == path.stat().st_size
    assert path.stat().st_mode & 0o777 == 0o600
    for arguments in ["summary"], ["tree"], ["why", "Session"]:
        live = read(arguments[0], still, *arguments[1:])
        other = read(arguments[0], path, *arguments[1:])
        assert facts(live) == facts(other)
        assert other["heap"]["source"] == "snapshot" and other["heap"]["pid"] == still
        for key in "objects", "references", "bytes", "process_started":
            assert live["heap"][key] == other["heap"][key] == written["heap"][key]


def test_who_holds_an_object_is_told_of_a_process(still):
    why = read("why", still, "Session")
    assert why["groups"][0]["path"] == f"{HELD}[*]"
    assert [step["guessed"] for step in why["paths"][0]["steps"]] == [False] * 3
    one = read("why", still, why["example"]["address"])
    assert one["paths"][0]["expression"].startswith("__main__.SESSIONS[")


def test_a_snapshot_says_what_it_did_and_that_it_holds_secrets(still, tmp_path):
    done = run("snapshot", still, "-o", tmp_path / "s")
    assert re.match(
        r"wrote  .*/s: [\d,]+ objects, [\d.]+ MiB; the process stood still for [\d.]+ ms",
        done.stdout,
    )
    assert "secrets" in done.stderr and done.returncode == 0
    assert run("snapshot", still, "-o", tmp_path / "s", "-q").stdout == ""
    assert "user 1 with" in run("export", tmp_path / "s", "--to", "json", "-o", "-").stdout


def test_a_redacted_snapshot_holds_no_contents(still, tmp_path):
    done = run("snapshot", still, "-o", tmp_path / "s", "--redact", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["heap"]["command_line"] is None
    assert "user 1 with" not in run("export", tmp_path / "s", "--to", "json", "-o", "-").stdout
    assert read("summary", tmp_path / "s")["heap"]["redacted"] is True


def test_a_process_is_exported_as_a_file_is(still, snapshot):
    live, other = (
        [
            json.loads(line)
            for line in run("export", heap, "--to", "json", "-o", "-").stdout.splitlines()
        ]
        for heap in (still, snapshot[0])
    )
    assert len(live) == len(other) > 10_000 and facts(live) == facts(other)


def test_a_file_with_a_number_for_a_name_comes_before_the_process(snapshot, still, tmp_path):
    shutil.copy(snapshot[0], tmp_path / str(still))
    done = run("summary", still, "--json", cwd=tmp_path)
    assert json.loads(done.stdout)["heap"]["source"] == "snapshot"


def test_a_stopped_process_stays_stopped(still):
    read("summary", still)
    with open(f"/proc/{still}/stat") as file:
        assert file.read().rpartition(")")[2].split()[0] == "T"


# --- growth ----------------------------------------------------------------------------------------


def test_what_grows_while_one_waits_is_named_by_its_holder():
    with serving() as pid:
        wait_for_sessions(pid)
        report = read("diff", pid, "--after", "1s")
        assert report["verdict"] == "grew" and report["same_process"]
        assert report["seconds"] >= 1 and report["processes"] is None
        assert report["old"]["pid"] == report["new"]["pid"] == pid
        entry = report["grown"][0]
        assert (entry["place"], entry["type"]) == (HELD, "__main__.Session")
        assert entry["objects"]["new"] > entry["objects"]["old"]
        assert entry["share"] > 0.9 and entry["by_process"] is None
        assert entry["fresh_objects"] > 0 and entry["retained_bytes"]["new"] > 0

        text = run("diff", pid, "--after", "500ms", "--fail-on-growth", "1k")
        assert text.returncode == 1 and text.stdout.startswith("GREW  ")
        assert f"is held by {HELD}" in text.stdout


def test_a_snapshot_and_a_process_are_compared_in_the_order_given(snapshot, still):
    with serving() as pid:
        grown = read("diff", snapshot[0], pid, "--rows", "1000")
        shrunk = read("diff", pid, snapshot[0], "--rows", "1000")
    assert not grown["same_process"] and grown["new"]["source"] == "process"
    assert shrunk["new"]["source"] == "snapshot"
    same = read("diff", snapshot[0], still)
    assert same["same_process"] and same["verdict"] == "steady"
    assert (same["grown_objects"], same["grown_bytes"]) == (0, 0)


def test_a_process_that_ends_while_one_waits_ends_the_waiting():
    with serving() as pid:
        waiting = subprocess.Popen(
            [UNFREED, "diff", str(pid), "--after", "10m", "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        try:
            time.sleep(1)
            os.kill(pid, signal.SIGKILL)
            out, err = waiting.communicate(timeout=60)
        finally:
            waiting.kill()
    assert (waiting.returncode, out) == (4, "")
    assert err.startswith(f"unfreed: {pid}: ") and err.count("\n") == 1


# --- Ctrl-C ----------------------------------------------------------------------------------------


class Interactive:
    """`unfreed ARGS --json` with a terminal for standard error."""

    def __init__(self, folder, *arguments):
        self.out = folder / "out.json"
        self.main, other = pty.openpty()
        with self.out.open("w") as out:
            self.process = subprocess.Popen(
                [UNFREED, *map(str, arguments), "--json"],
                stdout=out,
                stderr=other,
                stdin=other,
                env=environment(),
                preexec_fn=self._take_the_terminal,
            )
        os.close(other)
        self.said = ""

    @staticmethod
    def _take_the_terminal():
        import fcntl
        import termios

        os.setsid()
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)

    def read_until(self, words):
        end = time.monotonic() + 60
        while words not in self.said and time.monotonic() < end:
            if select.select([self.main], [], [], 1)[0]:
                self.said += os.read(self.main, 65536).decode()
        assert words in self.said

    def interrupt(self):
        os.write(self.main, b"\x03")
        code = self.process.wait(timeout=60)
        os.close(self.main)
        return code, json.loads(self.out.read_text())


def test_ctrl_c_ends_the_waiting_and_the_report_says_so(tmp_path):
    with serving() as pid:
        unfreed = Interactive(tmp_path, "diff", pid, "--after", "10m")
        unfreed.read_until("waiting, ")
        code, report = unfreed.interrupt()
    assert code == 130
    assert report["grown"][0]["place"] == HELD and report["seconds"] < 300
    assert [note for note in report["notes"] if note.startswith("interrupted: after ")]


# --- many processes --------------------------------------------------------------------------------


def test_what_all_workers_have_is_summed_up_in_one_report():
    with serving(3) as master:
        workers = children_of(master)
        for worker in workers:
            wait_for_sessions(worker)
        report = read("summary", "--children", master)
        text = run("summary", "--pids", ",".join(map(str, [master, *workers])))
    assert [p["pid"] for p in report["processes"]] == [master, *sorted(workers)]
    assert [p["master"] for p in report["processes"]] == [True, False, False, False]
    assert report["heap"] is None and report["largest"] is None and report["unread"] == []
    total = sum(p["heap"]["objects"] for p in report["processes"])
    assert sum(t["objects"] for t in report["types"]) == total
    [sessions] = [t for t in report["types"] if t["type"] == "__main__.Session"]
    assert sessions["fewest_objects"] == 0 < sessions["most_objects"] < sessions["objects"]
    assert sum(share["objects"] for share in report["held_by"].values()) == total
    assert " references in 4 processes" in text.stdout.splitlines()[0] + text.stdout.splitlines()[1]
    assert text.stdout.count("__main__.Session") <= 1


def test_what_grows_in_all_workers_is_named_once_with_the_share_of_each():
    with serving(3) as master:
        workers = sorted(children_of(master))
        report = read("diff", "--children", master, "--after", "1s")
        text = run("diff", "--pids", ",".join(map(str, workers)), "--after", "500ms")
    assert report["verdict"] == "grew" and report["old"] is None
    entry = place(report, HELD)
    assert report["grown"][0] == entry and entry["type"] == "__main__.Session"
    parts = {part["pid"]: part for part in entry["by_process"]}
    assert list(parts) == [master, *workers]
    assert parts[master]["objects"] == {"old": 0, "new": 0}
    for worker in workers:
        assert parts[worker]["objects"]["new"] > parts[worker]["objects"]["old"]
    for when in "old", "new":
        assert sum(p["objects"][when] for p in parts.values()) == entry["objects"][when]
    assert sum(p["grown_bytes"] for p in parts.values()) == entry["grown_bytes"]
    assert sum(p["grown_bytes"] for p in report["processes"]) == report["grown_bytes"]
    assert [len(report[key]) for key in ("came", "went", "unread")] == [0, 0, 0]
    assert entry["path_root"] == "module __main__"  # the way to an example is drawn, too
    assert "in 3 processes" in text.stdout and "all 3 processes" in text.stdout
    assert text.stdout.count("SESSIONS") <= 3


def test_workers_that_come_and_go_are_told_and_left_out(tmp_path):
    with serving(2) as master:
        first = sorted(children_of(master))
        unfreed = Interactive(tmp_path, "diff", "--children", master, "--after", "10m")
        unfreed.read_until("waiting, ")
        os.kill(first[0], signal.SIGKILL)
        os.kill(master, signal.SIGUSR1)
        while not (new := [pid for pid in children_of(master) if pid not in first]):
            time.sleep(0.01)
        code, report = unfreed.interrupt()
    assert code == 130
    assert (report["went"], report["came"]) == ([first[0]], new)
    assert [p["pid"] for p in report["processes"]] == [master, first[1]]


def test_children_that_run_no_python_are_named_and_left_out(tmp_path):
    script = tmp_path / "parent.py"
    script.write_text(
        "import subprocess, time\n"
        "child = subprocess.Popen(['sleep', '300'])\n"
        "print(child.pid, flush=True)\n"
        "time.sleep(300)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, script],
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={name: value for name, value in os.environ.items() if name not in OURS},
    )
    try:
        child = int(parent.stdout.readline())
        while os.path.basename(os.readlink(f"/proc/{child}/exe")) == os.path.basename(
            os.path.realpath(sys.executable)
        ):
            time.sleep(0.01)
        report = read("summary", "--children", parent.pid)
        assert [p["pid"] for p in report["processes"]] == [parent.pid]
        assert [p["pid"] for p in report["unread"]] == [child] and report["unread"][0]["why"]
        refused(run("summary", "--pids", f"{parent.pid},{child}", "--json"), 4, f"{child}: ", "(")
    finally:
        os.killpg(parent.pid, signal.SIGKILL)
        parent.communicate()


# --- a core ----------------------------------------------------------------------------------------


def test_a_core_is_read_as_the_process_was(still, tmp_path):
    core = gcore(types.SimpleNamespace(pid=still), tmp_path)
    live, other = read("summary", still), read("summary", core)
    assert facts(live)["types"] == facts(other)["types"]
    assert other["heap"]["source"] == "core" and other["heap"]["file"] == str(core)
    assert other["heap"]["file_bytes"] == core.stat().st_size
    assert other["heap"]["threads"] == 3 and other["heap"]["tries"] is None
    assert read("why", core, "Session")["groups"] == read("why", still, "Session")["groups"]
    assert run("snapshot", core, "-o", tmp_path / "s", "-q").returncode == 0
    assert facts(read("summary", tmp_path / "s")) == facts(other)
    refused(run("snapshot", core, "-o", core), 2, "the core itself")


# --- what cannot be read ---------------------------------------------------------------------------


def gone():
    ended = subprocess.Popen(["true"])
    ended.wait()
    return ended.pid


@pytest.mark.parametrize("form", [[], ["--json"]])
def test_what_is_no_python_process_is_one_line(form):
    sleeping = subprocess.Popen(["sleep", "300"])
    try:
        for pid in sleeping.pid, gone(), 0, 2**31 - 1, 2**31, 10**30:
            refused(run("summary", pid, *form), 4, f"unfreed: {pid}: ", "(")
    finally:
        sleeping.kill()
        sleeping.wait()


def test_unfreed_does_not_look_at_itself():
    done = subprocess.run(
        ["sh", "-c", f"exec '{UNFREED}' summary $$"], capture_output=True, text=True, timeout=60
    )
    refused(done, 4, "unfreed itself")


def test_a_process_of_another_user_is_refused_with_what_would_help(tmp_path):
    def be_nobody():
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)

    if os.geteuid() == 0:
        with serving() as pid:
            # from where everyone may start it: the build is in a folder of root's
            program = tmp_path / "unfreed"
            shutil.copy(UNFREED, program)
            for folder in [tmp_path, *tmp_path.parents[:3]]:
                if folder.stat().st_uid == 0 and folder != tmp_path.anchor:
                    folder.chmod(folder.stat().st_mode | 0o055)
            done = subprocess.run(
                [program, "summary", str(pid), "--json"],
                capture_output=True,
                text=True,
                timeout=60,
                preexec_fn=be_nobody,
                cwd="/",
            )
    else:
        done = run("summary", "1", "--json")
    refused(done, 4, "permi", "(")


def test_wrong_usage_says_what_would_be_right(still, snapshot, tmp_path):
    usage = {
        ("snapshot",): "no PID given",
        ("snapshot", still): "no file to write given",
        ("snapshot", still, "-o", "-"): "not written to standard output",
        ("snapshot", snapshot[0], "-o", tmp_path / "s"): "a snapshot already",
        ("diff", still): "no NEW given",
        ("diff", still, "--after", "5 parsecs"): "not a time (500ms",
        ("diff", still, "--after", "0"): "not a time",
        ("diff", still, "--after", "-1s"): "not a time",
        ("diff", still, still, "--after", "1s"): "second heap",
        ("diff", snapshot[0], "--after", "1s"): "not a process",
        ("diff", "--pids", "1,2"): "no --after TIME given",
        ("diff", "--pids", "1,2", "3", "--after", "1s"): "'3' beside --pids",
        ("summary", "--pids", "1,x"): "--pids '1,x': not process ids",
        ("summary", "--pids", "0"): "not process ids",
        ("summary", "--children", "0"): "--children '0'",
        ("summary", "--children", "1", "--pids", "2"): "leave out one",
        ("summary", "-5"): "unknown option",
        ("summary", still, "--binary", sys.executable): "for core files",
        ("why", "--pids", "1"): "unknown option",
    }
    for arguments, words in usage.items():
        refused(run(*arguments), 2, words)


def test_a_file_that_cannot_be_written_is_told_before_the_process_is_stopped(still, tmp_path):
    started = time.monotonic()
    refused(run("snapshot", still, "-o", tmp_path / "no" / "s"), 4, "cannot be written", "-o")
    assert not list(tmp_path.iterdir()) and time.monotonic() - started < 60
    (tmp_path / "s").write_text("kept")
    refused(run("snapshot", gone(), "-o", tmp_path / "s"), 4, "(")
    assert (tmp_path / "s").read_text() == "kept"


def test_a_program_that_is_no_core_is_refused(tmp_path):
    for command in "summary", "tree":
        refused(run(command, os.path.realpath(sys.executable)), 4, "neither a core file nor", "(")
    refused(run("snapshot", "/bin/true", "-o", tmp_path / "s"), 4, "neither a core file nor")


def test_help_names_processes_and_cores():
    for command in "snapshot", "summary", "tree", "why", "diff", "export":
        text = run(command, "--help").stdout
        assert "core" in text and "process id" in text, command
        assert max(map(len, text.splitlines())) <= 80, command
