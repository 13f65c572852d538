"""Cores of real Python processes, of the kernel and of gcore, read when the process has gone."""

import gzip
import pathlib
import shutil
import signal
import sys

import pytest
from cli_runs import refused
from core_runs import each_python, gcore, kernel_core, oldest_and_newest
from outside_runs import plain_environment, read, running
from unfreed_runs import TARGETS, run

PROGRAM = TARGETS / "dumped.py"


def of_type(summary, name):
    found = [t for t in summary["types"] if t["type"] == name]
    assert len(found) == 1, name
    return found[0]


def expect_the_heap(core, *options):
    """What dumped.py planted, and who holds it."""
    summary = read("summary", core, *options)
    sessions, waste = of_type(summary, "__main__.Session"), of_type(summary, "__main__.Waste")
    assert (sessions["objects"], sessions["garbage_objects"]) == (501, 0)
    assert (waste["objects"], waste["garbage_objects"]) == (20, 20)
    heap = summary["heap"]
    assert (heap["source"], heap["threads"], heap["missing_files"]) == ("core", 2, [])
    held = read("why", core, "__main__.Session", *options)["groups"]
    assert [(group["path"], group["objects"]) for group in held] == [
        ("module __main__.SESSIONS[*]", 500),
        ("thread Waiter local 'kept_by_a_local' of waits()", 1),
    ]
    return heap


@oldest_and_newest
def test_a_core_of_gcore_has_the_heap_of_the_process(python, tmp_path):
    command = [python, PROGRAM]
    with running(command, cwd=tmp_path, env=plain_environment()) as (process, said):
        core = gcore(process, tmp_path)
    heap = expect_the_heap(core)
    assert heap["command_line"] == f"{python} {PROGRAM}"
    assert (heap["python"], heap["pid"], heap["signal"]) == (said["version"], process.pid, 0)


@each_python
def test_a_core_of_the_kernel_has_the_heap_of_the_process(python, tmp_path):
    core = kernel_core([python, PROGRAM, "abort"], tmp_path)
    heap = expect_the_heap(core)
    assert heap["signal"] == signal.SIGABRT
    assert heap["command_line"] == f"{python} {PROGRAM} abort"


@pytest.fixture(scope="module")
def moved(tmp_path_factory):
    """(core, sysroot, program, file that Python is in) of an interpreter whose files have gone from where it ran."""
    folder = tmp_path_factory.mktemp("moved")
    app, sysroot = folder / "app", folder / "sysroot"
    app.mkdir()
    program = pathlib.Path(shutil.copy(pathlib.Path(sys.executable).resolve(), app))
    python = program
    for library in pathlib.Path(sys.base_prefix, "lib").glob("libpython3*.so.1.0"):
        python = pathlib.Path(shutil.copy(library, app))
    env = plain_environment(LD_LIBRARY_PATH=str(app), PYTHONHOME=sys.base_prefix)
    core = kernel_core([program, PROGRAM, "abort"], folder, env=env)
    expect_the_heap(core)
    there = sysroot / app.relative_to("/")
    there.parent.mkdir(parents=True)
    app.rename(there)
    return core, sysroot, there / program.name, there / python.name


def test_a_file_that_is_not_here_is_named(moved):
    core, _, _, python = moved
    done = run("summary", core, "--json")
    refused(done, 4, f"/app/{python.name}: not found", "--sysroot", "--binary")


def test_files_are_found_under_a_sysroot(moved):
    core, sysroot, _, _ = moved
    expect_the_heap(core, "--sysroot", sysroot)


def test_files_are_found_in_a_flat_folder_by_their_build_id(moved, tmp_path):
    core, _, program, python = moved
    for file in {program, python}:
        shutil.copy(file, tmp_path)
    expect_the_heap(core, "--sysroot", tmp_path)


def test_the_file_with_python_is_enough(moved):
    core, _, program, python = moved
    summary = read("summary", core, "--binary", python)
    assert of_type(summary, "__main__.Session")["objects"] == 501
    if program != python:
        assert summary["heap"]["missing_files"] == [f"{core.parent}/app/{program.name}: not found"]


def test_another_program_is_refused(moved):
    core, _, _, _ = moved
    done = run("summary", core, "--binary", "/bin/ls", "--json")
    refused(done, 4, "--binary is no file of this core: its build id is", "the very file that ran")


def test_a_file_of_another_build_is_not_believed(moved, tmp_path):
    core, sysroot, _, python = moved
    folder = tmp_path / python.relative_to(sysroot).parent
    folder.mkdir(parents=True)
    shutil.copy("/bin/ls", folder / python.name)
    done = run("summary", core, "--sysroot", tmp_path, "--json")
    refused(done, 4, f"/app/{python.name}: another build is there now", "in the core")


def test_a_core_that_is_cut_says_how_much_is_there(moved, tmp_path):
    core, sysroot, _, _ = moved
    cut = tmp_path / "core"
    size = core.stat().st_size
    for part in (64, 5000, size // 2, size - 1):
        cut.write_bytes(core.read_bytes()[:part])
        done = run("summary", cut, "--sysroot", sysroot, "--json")
        refused(done, 4, "the core is cut short", str(part), "ulimit -c")


def test_a_core_that_is_packed_says_how_to_unpack_it(moved, tmp_path):
    packed = tmp_path / "core.gz"
    packed.write_bytes(gzip.compress(moved[0].read_bytes()[:100_000], 1))
    refused(run("summary", packed, "--json"), 4, "compressed with gzip", "gzip -d", "coredumpctl")


def test_a_core_without_the_heap_says_which_filter(tmp_path):
    core = kernel_core([sys.executable, PROGRAM, "abort"], tmp_path, filter_bits=0x32)
    refused(run("summary", core, "--json"), 4, "lacks the process's own memory", "coredump_filter")


def test_a_core_with_all_memory_needs_no_files(tmp_path):
    """coredump_filter 0x7f: what files hold is dumped, too."""
    folder = tmp_path / "app"
    folder.mkdir()
    env = plain_environment(LD_LIBRARY_PATH=str(folder), PYTHONHOME=sys.base_prefix)
    program = pathlib.Path(shutil.copy(pathlib.Path(sys.executable).resolve(), folder))
    for library in pathlib.Path(sys.base_prefix, "lib").glob("libpython3*.so.1.0"):
        shutil.copy(library, folder)
    core = kernel_core([program, PROGRAM, "abort"], tmp_path, filter_bits=0x7F, env=env)
    shutil.rmtree(folder)
    expect_the_heap(core)


def test_a_snapshot_of_a_core_is_what_the_core_is(moved, tmp_path):
    core, sysroot, _, _ = moved
    path = tmp_path / "heap.snapshot"
    done = run("snapshot", core, "--sysroot", sysroot, "-o", path)
    assert done.returncode == 0, done.stderr
    direct, written = read("summary", core, "--sysroot", sysroot), read("summary", path)
    for part in ("types", "garbage", "held_by", "collector", "native", "largest"):
        assert direct[part] == written[part], part
    for part in ("objects", "references", "bytes", "python", "pid", "taken"):
        assert direct["heap"][part] == written["heap"][part], part
