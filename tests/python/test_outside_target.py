"""Programs read from outside: every interpreter that is here, however it was started, and what is refused."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from outside_runs import OUTSIDE, read, readable, refusal, running
from unfreed_runs import built

PYTHONS = readable()
ANY = pathlib.Path(os.path.realpath(sys.executable))


def paths_to_planted(pid):
    report = read("why", pid, "__main__.Planted")
    return {group["path"]: group["garbage"] for group in report["groups"]}


def only(paths, text):
    """The one path that leads through `text`."""
    found = [path for path in paths if text in path]
    assert len(found) == 1, paths
    return found[0]


# --- every interpreter -----------------------------------------------------------------------------


@pytest.mark.parametrize("version", PYTHONS)
def test_objects_of_a_live_process_are_named_by_who_holds_them(version):
    with running([PYTHONS[version], OUTSIDE]) as (process, said):
        paths = paths_to_planted(process.pid)
    assert paths["module __main__.HELD"] is False
    assert paths["module __main__.HOLDER.attribute[*]"] is False
    assert paths["thread worker local 'of_thread' of work()"] is False
    assert only(paths, "local 'of_generator' of generate()").startswith("module __main__.GENERATOR")
    assert "local 'of_coroutine' of wait_for_ever()" in only(paths, "of_coroutine")
    assert [path for path, garbage in paths.items() if garbage] == ["nothing"]
    if said["interpreter"] is not None:
        other = f"module elsewhere (interpreter {said['interpreter']}).held"
        assert paths[other] is False


@pytest.mark.parametrize("version", PYTHONS)
def test_a_report_says_what_the_process_itself_would_say(version):
    with running([PYTHONS[version], OUTSIDE, "freeze"]) as (process, said):
        report = read("summary", process.pid)
    heap, collector = report["heap"], report["collector"]
    assert (heap["python"], heap["pid"], heap["executable"]) == (
        said["version"],
        process.pid,
        said["executable"],
    )
    assert heap["command_line"].endswith("outside.py freeze")
    assert heap["layout"] == f"{'.'.join(version.split('.')[:2])} (release)"
    assert heap["interpreters"] == (2 if said["interpreter"] is not None else 1)
    assert collector["enabled"] is False
    assert collector["thresholds"] == said["thresholds"]
    assert collector["collections"] == said["collections"]
    assert said["frozen"] > 1000
    frozen_by_start = collector["frozen_objects"] - said["frozen"]  # of the other interpreter: 3.12
    assert 0 <= frozen_by_start < 1000


# --- however it was started ------------------------------------------------------------------------


def test_a_program_started_through_its_dynamic_loader_is_found():
    interpreter = subprocess.run(
        ["readelf", "-p", ".interp", ANY], capture_output=True, text=True, check=True
    ).stdout
    loader = interpreter[interpreter.index("]") + 1 :].split()[0]
    with running([loader, ANY, OUTSIDE]) as (process, _):
        assert os.path.realpath(f"/proc/{process.pid}/exe") == os.path.realpath(loader)
        assert "module __main__.HELD" in paths_to_planted(process.pid)


@pytest.mark.skipif(not shutil.which("strip"), reason="needs strip")
def test_a_stripped_program_is_found(tmp_path):
    stripped = tmp_path / "server"
    subprocess.run(["strip", "-o", stripped, ANY], check=True)
    with running([stripped, OUTSIDE]) as (process, _):
        assert "module __main__.HELD" in paths_to_planted(process.pid)


def test_a_program_whose_file_was_deleted_is_found(tmp_path):
    copy = tmp_path / "python-that-goes"
    shutil.copy2(ANY, copy)
    with running([copy, OUTSIDE]) as (process, _):
        copy.unlink()
        assert "module __main__.HELD" in paths_to_planted(process.pid)


def test_a_program_whose_file_was_replaced_is_read_as_it_runs(tmp_path):
    copy = tmp_path / "python"
    shutil.copy2(ANY, copy)
    with running([copy, OUTSIDE]) as (process, _):
        copy.unlink()
        shutil.copy2(shutil.which("sleep"), copy)
        assert "module __main__.HELD" in paths_to_planted(process.pid)


def in_namespaces(*flags):
    """A command before a program that gives it namespaces of its own; skips where that is not allowed."""
    command = ["unshare", *flags]
    try:
        subprocess.run([*command, "true"], check=True, capture_output=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        pytest.skip(f"{' '.join(command)} is not allowed here")
    return command


def child_of(pid):
    return int(pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()[0])


def test_a_process_of_another_pid_namespace_is_read():
    command = in_namespaces("--pid", "--fork", "--mount-proc")
    with running([*command, ANY, OUTSIDE]) as (process, _):
        pid = child_of(process.pid)
        assert "module __main__.HELD" in paths_to_planted(pid)
        os.kill(pid, 9)


def test_a_program_whose_files_only_its_own_mount_namespace_has_is_read(tmp_path):
    command = in_namespaces("--mount")
    script = 'mount -t tmpfs none "$0" && cp "$1" "$0/python" && exec "$0/python" "$2"'
    with running([*command, "sh", "-c", script, tmp_path, ANY, OUTSIDE]) as (process, _):
        assert not (tmp_path / "python").exists()
        assert "module __main__.HELD" in paths_to_planted(process.pid)


# --- what is refused -------------------------------------------------------------------------------


def test_a_process_that_runs_no_python_is_refused():
    with subprocess.Popen(["sleep", "60"]) as process:
        said = refusal(process.pid)
        process.kill()
    assert "not a Python process: there is no CPython in sleep" in said


def test_pypy_is_refused(tmp_path):
    program = tmp_path / "pypy3.10"
    shutil.copy2(shutil.which("sleep"), program)
    with subprocess.Popen([program, "60"]) as process:
        said = refusal(process.pid)
        process.kill()
    assert "PyPy" in said and "only CPython 3.8 and later" in said


def test_a_free_threaded_build_is_refused():
    with running([built("pretender"), "030d01f0", "1"]) as (process, _):
        said = refusal(process.pid)
    assert "a free-threaded CPython 3.13.1" in said


def test_a_version_that_is_not_known_is_refused_with_those_that_are():
    with running([built("pretender"), "031000a3", "0"]) as (process, _):
        said = refusal(process.pid)
    assert "CPython 3.16.0a3, whose layout is not known (those of 3.8 to 3.15 are" in said


def test_a_program_that_only_claims_to_be_python_is_refused():
    with running([built("pretender"), "030d00f0", "0"]) as (process, _):
        said = refusal(process.pid)
    assert "CPython 3.13.0 is not laid out as 3.13 (release): it has no interpreter" in said
