"""Finalizers run in the copy of the process: whatever they do, the world does not see it."""

import contextlib
import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import pytest
from unfreed_runs import TARGETS, UNFREED, check

MOST_SECONDS = 60


@pytest.fixture
def evil(tmp_path):
    """Checks proof.py:FUNCTION; returns the fix of its finding, and what the target saw at exit."""

    def check_it(function, verdict=(1, "leak")):
        log = tmp_path / "log"
        env = {**os.environ, "PROOF_LOG": str(log), "TMPDIR": str(tmp_path)}
        code, report = check(f"proof.py:{function}", "--calls", 12, env=env, timeout=MOST_SECONDS)
        assert (code, report.get("verdict")) == verdict, report
        assert not [name for name in os.listdir(tmp_path) if "evil" in name]
        assert "evil" not in report["stderr"]
        return report["findings"][0]["fix"], json.loads(log.read_text()) if log.exists() else None

    return check_it


def was_freed(fix):
    return (fix["how"], fix["verified"], fix["why_not"]) == ("copy", True, None)


def test_a_temporary_directory_stays_on_the_disk(evil):
    fix, seen = evil("temporary_directories")
    assert was_freed(fix) and fix["frees_objects"] >= 14
    assert seen["made"] >= 14 and seen["gone"] == 0


def test_the_peer_of_a_socket_hears_nothing(evil):
    fix, seen = evil("farewell")
    assert was_freed(fix) and seen["heard"] is False


def test_no_connection_is_made(evil):
    fix, seen = evil("connects")
    assert was_freed(fix) and seen["connected"] is False


def test_no_file_is_written_moved_or_removed(evil):
    fix, seen = evil("writes_files")
    assert was_freed(fix)
    assert (seen["scratch"], seen["scratch_is_there"], seen["others"]) == ("", True, [])


def test_shared_memory_is_read_but_not_written(evil):
    fix, seen = evil("writes_shared_memory")
    assert was_freed(fix)
    assert (seen["mapped"], seen["file"]) == ("kept", "")


@pytest.mark.parametrize("function", ["forks", "kills", "prints", "raises"])
def test_a_finalizer_cannot(evil, function):
    fix, _ = evil(function)
    assert was_freed(fix)


STOPPED = [
    ("sleeps", "did not end within"),
    ("spins", "did not end within"),
    ("waits_for_a_lock", "did not end within"),
    ("aborts", "crashed"),
    ("reads_nowhere", "crashed"),
    ("exits", "ended without an answer"),
    ("closes_every_descriptor", "ended without an answer"),
    ("writes_to_every_descriptor", "wrote into the copy's report"),
]


@pytest.mark.parametrize(("function", "why"), STOPPED, ids=[row[0] for row in STOPPED])
def test_a_copy_that_comes_to_a_bad_end_leaves_the_answer_of_the_graph(evil, function, why):
    fix, _ = evil(function)
    assert (fix["how"], fix["verified"]) == ("graph", True)
    assert "not done in a copy of the process: " in fix["why_not"] and why in fix["why_not"]


def test_threads_that_are_busy_in_c_do_not_hang_the_copy(evil):
    fix, _ = evil("beside_busy_threads")
    assert was_freed(fix)


def test_no_handler_of_a_fork_runs(evil):
    fix, seen = evil("with_handlers")
    assert was_freed(fix) and seen["at_fork"] == []


@pytest.mark.parametrize("function", ["signals", "farewell", "temporary_directories"])
def test_the_process_is_afterwards_as_it_was_before(evil, function):
    _, seen = evil(function)
    assert seen["last"] == seen["first"]
    assert seen["at_fork"] == []  # nor was it told of a child that ended


def test_more_shared_memory_than_can_be_copied_is_a_reason_against_it(evil):
    fix, _ = evil("shares_too_much")
    assert (fix["how"], fix["verified"]) == ("graph", False)
    assert "kept from the world" in fix["why_not"] and "128 MiB" in fix["why_not"]


def children_of(pid):
    found = []
    for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            if int(stat.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(stat.parent.name))
    return found


def test_an_interrupt_during_the_proof_leaves_the_verdict(tmp_path):
    with subprocess.Popen(
        [UNFREED, "check", "proof.py:sleeps", "--calls", "12", "--json"],
        cwd=TARGETS,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env={**os.environ, "PROOF_LOG": str(tmp_path / "log")},
    ) as check_:
        until = time.monotonic() + MOST_SECONDS
        copies = []
        while not copies and time.monotonic() < until:
            copies = [copy for target in children_of(check_.pid) for copy in children_of(target)]
            time.sleep(0.01)
        assert copies, "no copy was seen"
        os.killpg(check_.pid, signal.SIGINT)
        report = json.loads(check_.communicate(timeout=MOST_SECONDS)[0])
    assert report["verdict"] == "leak"
    assert not os.path.exists(f"/proc/{copies[0]}")


WITHOUT_SECCOMP = """
import ctypes, os, struct, sys

NR = {"x86_64": 317, "aarch64": 277}[os.uname().machine]
LOAD, JUMP_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, ERRNO = 0x7FFF0000, 0x00050000


def op(code, yes, no, k):
    return struct.pack("HBBI", code, yes, no, k)


program = (
    op(LOAD, 0, 0, 0)
    + op(JUMP_EQUAL, 0, 1, NR)
    + op(RETURN, 0, 0, ERRNO | 38)
    + op(RETURN, 0, 0, ALLOW)
)
code = ctypes.create_string_buffer(program)
head = ctypes.create_string_buffer(struct.pack("HxxxxxxQ", 4, ctypes.addressof(code)))
libc = ctypes.CDLL(None, use_errno=True)
assert libc.prctl(38, 1, 0, 0, 0) == 0
assert libc.prctl(22, 2, ctypes.c_void_p(ctypes.addressof(head)), 0, 0) == 0
os.execv(sys.argv[1], sys.argv[1:])
"""


def test_without_a_filter_for_system_calls_nothing_is_verified():
    check_it = [UNFREED, "check", "proof.py:items_of_a_list", "--calls", "12", "--json"]
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_SECCOMP, *check_it],
        cwd=TARGETS,
        capture_output=True,
        text=True,
        timeout=MOST_SECONDS,
    )
    assert done.returncode == 1, done.stderr
    fix = json.loads(done.stdout)["findings"][0]["fix"]
    assert (fix["how"], fix["verified"]) == ("graph", False)
    assert "seccomp" in fix["why_not"]
