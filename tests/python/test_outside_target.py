"""Programs read from outside: every interpreter that is here, however it was started, and what is refused."""

import os
import pathlib
import shutil
import subprocess
import sys

import pytest
from core_runs import UNDER_ASAN, each_python, kernel_core, oldest_and_newest
from outside_runs import OUTSIDE, plain_environment, read, readable, refusal, running
from unfreed_runs import built

ANY = pathlib.Path(os.path.realpath(sys.executable))


def tool(*command, **options):
    """Runs a tool of the system's; its standard output."""
    done = subprocess.run(
        command, check=True, capture_output=True, text=True, env=plain_environment(), **options
    )
    return done.stdout


def paths_to_planted(pid):
    report = read("why", pid, "__main__.Planted")
    return {group["path"]: group["garbage"] for group in report["groups"]}


def only(paths, text):
    """The one path that leads through `text`."""
    found = [path for path in paths if text in path]
    assert len(found) == 1, paths
    return found[0]


# --- every interpreter -----------------------------------------------------------------------------


@each_python
def test_objects_of_a_live_process_are_named_by_who_holds_them(python):
    with running([python, OUTSIDE]) as (process, said):
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


@each_python
def test_a_report_says_what_the_process_itself_would_say(python):
    with running([python, OUTSIDE, "freeze"]) as (process, said):
        report = read("summary", process.pid)
    heap, collector = report["heap"], report["collector"]
    assert (heap["python"], heap["pid"], heap["executable"]) == (
        said["version"],
        process.pid,
        said["executable"],
    )
    assert heap["command_line"].endswith("outside.py freeze")
    assert heap["layout"].startswith(".".join(said["version"].split(".")[:2]))
    assert heap["layout"].endswith(" (release)")
    assert heap["interpreters"] == (2 if said["interpreter"] is not None else 1)
    assert collector["enabled"] is False
    assert collector["thresholds"] == said["thresholds"]
    assert collector["collections"] == said["collections"]
    assert said["frozen"] > 1000
    frozen_by_start = collector["frozen_objects"] - said["frozen"]  # of the other interpreter: 3.12
    assert 0 <= frozen_by_start < 1000


@pytest.mark.skipif(UNDER_ASAN, reason="the shadow memory of its extension is terabytes")
def test_a_program_that_uses_unfreed_itself_is_shown_without_it(tmp_path):
    file = tmp_path / "inside.unfreed"
    script = (
        "import sys, unfreed\n"
        f"unfreed.snapshot({str(file)!r})\n"
        "print('null', flush=True)\n"
        "sys.stdin.read()\n"
    )
    with running([sys.executable, "-c", script], env=dict(os.environ)) as (process, _):
        outside = read("summary", process.pid)
    inside = read("summary", file)
    for part in ("heap", "collector"):
        name = {"heap": "objects", "collector": "tracked_objects"}[part]
        assert abs(inside[part][name] - outside[part][name]) < 60, name
    names = {entry["type"] for entry in outside["types"]}
    assert "dict" in names and not any(name.startswith("unfreed.") for name in names)


# --- however it was started ------------------------------------------------------------------------


def test_a_program_started_through_its_dynamic_loader_is_found():
    interpreter = tool("readelf", "-p", ".interp", ANY)
    loader = interpreter[interpreter.index("]") + 1 :].split()[0]
    with running([loader, ANY, OUTSIDE]) as (process, _):
        assert os.path.realpath(f"/proc/{process.pid}/exe") == os.path.realpath(loader)
        assert "module __main__.HELD" in paths_to_planted(process.pid)


@pytest.mark.skipif(not shutil.which("strip"), reason="needs strip")
def test_a_stripped_program_is_found(tmp_path):
    stripped = tmp_path / "server"
    tool("strip", "-o", stripped, ANY)
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


def built_in(folder, python, *flags):
    """A program that has `python` built in and shows no symbol; skips where its library is not there."""
    question = (
        "import sysconfig as s; print(s.get_config_var('LIBPL')); "
        "print(s.get_config_var('MODLIBS'), s.get_config_var('LIBS'), s.get_config_var('SYSLIBS'))"
    )
    where, libraries = tool(python, "-c", question).splitlines()
    archives = list(pathlib.Path(where).glob("libpython3.*[0-9].a"))
    if not archives or not shutil.which("cc"):
        pytest.skip(f"{python} has no library to build in")
    source, program = folder / "main.c", folder / "server"
    source.write_text(
        "int Py_BytesMain(int, char **);\n"
        "int main(int count, char **args) { return Py_BytesMain(count, args); }\n"
    )
    try:
        tool("cc", "-w", "-s", *flags, source, archives[0], *libraries.split(), "-o", program)
    except subprocess.CalledProcessError as failed:
        pytest.skip(f"cannot be linked here: {failed.stderr.strip().splitlines()[-1]}")
    return program


@pytest.mark.parametrize("flag", ["-static", "-no-pie"])
def test_a_program_with_python_built_in_and_no_symbols_is_found(tmp_path, flag):
    pythons = [(v, program) for v, program in readable().items() if program.startswith("/usr/bin/")]
    if not pythons:
        pytest.skip("no interpreter of the system's own is here")
    version, python = pythons[0]
    program = built_in(tmp_path, python, flag)
    alone = (  # without symbols it can load no extension modules
        "class Planted: pass\n"
        "HELD = Planted()\n"
        "import sys; print('\"%s\"' % sys.version.split()[0], flush=True); sys.stdin.read()"
    )
    with running([program, "-c", alone]) as (process, said):
        assert said == version
        assert "module __main__.HELD" in paths_to_planted(process.pid)


def in_namespaces(*flags):
    """A command before a program that gives it namespaces of its own; skips where that is not allowed."""
    command = ["unshare", *flags]
    try:
        tool(*command, "true", timeout=20)
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


STAYS_IN_A_FINALIZER = """
import gc, os, sys
class Planted: pass
class Stays:
    def __del__(self):
        print("null", flush=True)
        END()
END, HELD = %s, Planted()
circle = Stays()
circle.itself = circle
circle.planted = Planted()
del circle
gc.collect()
"""


@oldest_and_newest
def test_a_core_of_a_program_that_died_while_collecting_is_read(python, tmp_path):
    core = kernel_core([python, "-c", STAYS_IN_A_FINALIZER % "os.abort"], tmp_path)
    paths = paths_to_planted(core)
    assert paths["module __main__.HELD"] is False
    assert "__del__()" in only(paths, ".planted")


def test_a_program_whose_collection_never_ends_is_read_all_the_same():
    with running([ANY, "-c", STAYS_IN_A_FINALIZER % "sys.stdin.read"]) as (process, _):
        report = read("why", process.pid, "__main__.Planted")
    assert report["heap"]["collecting"] is True
    paths = {group["path"]: group["garbage"] for group in report["groups"]}
    assert paths["module __main__.HELD"] is False
    assert "__del__()" in only(paths, ".planted")


NEARLY_ENDED = """
import os
class Last:
    def __del__(self, write=os.write, read=os.read):
        write(1, b"null\\n")
        read(0, 1)
last = Last()
"""


def test_a_program_that_is_ending_is_refused_as_such():
    with running([ANY, "-c", NEARLY_ENDED]) as (process, _):
        said = refusal(process.pid)
    if sys.version_info >= (3, 11):
        assert "is just starting or ending" in said
    assert "try again" in said


# --- what is refused -------------------------------------------------------------------------------


def test_a_process_that_runs_no_python_is_refused():
    with subprocess.Popen(["sleep", "60"], env=plain_environment()) as process:
        said = refusal(process.pid)
        process.kill()
    assert "not a Python process: there is no CPython in sleep" in said


def test_pypy_is_refused(tmp_path):
    program = tmp_path / "pypy3.10"
    shutil.copy2(shutil.which("sleep"), program)
    with subprocess.Popen([program, "60"], env=plain_environment()) as process:
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
    assert "CPython 3.13.0 is not laid out as 3.13" in said
