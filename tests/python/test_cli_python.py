"""Which interpreter runs the target, what it leaves in the target's world, and `python -m unfreed`."""

import json
import os
import shutil
import subprocess
import sys

import pytest
from cli_runs import CLEAN, environment, refused
from unfreed_runs import ROOT, TARGETS, UNFREED, run

# --- the interpreter ---


def imitation(folder, line):
    """An interpreter that says of itself what `line` sets; sitecustomize runs before anything."""
    (folder / "sitecustomize.py").write_text(f"import sys\n{line}\n")
    return environment(PYTHONPATH=str(folder))


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("sys.version_info = (3, 9, 1)", ["Python 3.9", "3.10 or later"]),
        ("sys.implementation.name = 'pypy'", ["pypy is not supported"]),
        ("sys.abiflags += 't'", ["free-threaded build is not supported"]),
        ("sys.platform = 'darwin'", ["darwin is not supported"]),
    ],
)
def test_an_interpreter_that_is_not_supported_is_refused(tmp_path, line, words):
    for options in ([], ["--json"]):
        done = run(
            "check",
            "clean.py:pass_through",
            "--python",
            sys.executable,
            *options,
            env=imitation(tmp_path, line),
        )
        refused(done, 2, *words)


def test_an_interpreter_without_unfreed_is_told_how_to_get_it(tmp_path):
    made = [sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "bare")]
    subprocess.run(made, check=True)
    python = tmp_path / "bare" / "bin" / "python3"
    for named in (python, tmp_path / "bare"):
        done = run("check", "clean.py:pass_through", "--python", named, "--json")
        refused(done, 2, f"({python} -m pip install unfreed)")


def test_an_engine_that_cannot_be_loaded_is_told_with_the_reason(tmp_path):
    package = tmp_path / "unfreed"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "_engine.py").write_text("raise ImportError('libm.so.6:\\n no such thing')")
    done = run(
        "check",
        "clean.py:pass_through",
        "--python",
        sys.executable,
        env=environment(PYTHONPATH=str(tmp_path)),
    )
    refused(done, 2, sys.executable, "libm.so.6: no such thing")


def test_a_folder_named_unfreed_where_one_stands_is_not_imported(tmp_path):
    (tmp_path / "unfreed").mkdir()
    (tmp_path / "unfreed" / "__init__.py").write_text("raise SystemExit('the wrong one')")
    (tmp_path / "mine.py").write_text("def f(): pass\n")
    done = run("check", "mine.py:f", "--calls", 6, cwd=tmp_path)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("named", "words"),
    [
        ("/no/such/python", ["no such program"]),
        ("no-such-python", ["no such program"]),
        ("/etc/passwd", ["not a program"]),
        ("/etc", ["folder without an interpreter"]),
        ("/bin/true", ["/bin/true", "before unfreed was loaded"]),
    ],
)
def test_what_is_not_an_interpreter_is_refused(named, words):
    refused(run("check", "clean.py:pass_through", "--python", named), 2, *words)


def test_no_interpreter_anywhere_is_told(tmp_path):
    alone = tmp_path / "unfreed"
    shutil.copy(UNFREED, alone)
    done = subprocess.run(
        [alone, "check", "a.py:f"], env={"PATH": str(tmp_path)}, capture_output=True, text=True
    )
    refused(done, 2, "no Python interpreter", "--python PATH")


def test_an_interpreter_beside_the_program_comes_before_others(tmp_path):
    """And through a link the program still knows where it is itself."""
    home, elsewhere = tmp_path / "home", tmp_path / "elsewhere"
    home.mkdir()
    elsewhere.mkdir()
    shutil.copy(UNFREED, home / "unfreed")
    for folder in (home, elsewhere):
        (folder / "python3").write_text(f"#!/bin/sh\necho from {folder.name} >&2\nexit 2\n")
        (folder / "python3").chmod(0o755)
    (elsewhere / "unfreed").symlink_to(home / "unfreed")
    done = subprocess.run(
        [elsewhere / "unfreed", "check", "a.py:f"],
        env={"PATH": f"{elsewhere}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
    )
    assert (done.returncode, done.stderr) == (2, "from home\n")


# --- what the target sees ---


def target_sees(tmp_path, expression, **options):
    """The value of an expression inside a target."""
    (tmp_path / "looks.py").write_text(
        "import sys, json\n"
        f"def look():\n    import os, gc, threading\n"
        f"    open('seen.json', 'w').write(json.dumps({expression}))\n"
    )
    done = run("check", "looks.py:look", "--calls", 6, cwd=tmp_path, **options)
    assert done.returncode in (0, 1, 5), done.stderr
    return json.loads((tmp_path / "seen.json").read_text())


def test_the_start_leaves_few_traces(tmp_path):
    names = target_sees(
        tmp_path, "sorted(n for n in vars(sys.modules['__main__']) if n[:2] != '__')"
    )
    assert names == []
    path = target_sees(tmp_path, "[p for p in sys.path[1:] if p == '']")
    assert path == []
    assert target_sees(tmp_path, "[k for k in os.environ if k.startswith('UNFREED_CH')]") == []
    environment_of_c = "open('/proc/self/environ').read().count('UNFREED_CHANNEL') >= 0"
    assert target_sees(tmp_path, environment_of_c) is True
    modules = set(target_sees(tmp_path, "sorted(sys.modules)"))
    plain = subprocess.run(
        [sys.executable, "-c", "import json, sys, threading, os, gc; print(*sys.modules)"],
        capture_output=True,
        text=True,
        cwd=tmp_path,
    )
    extra = modules - set(plain.stdout.split()) - {"unfreed", "unfreed._engine", "looks"}
    assert extra <= {"atexit", "linecache"}, extra  # -c of CPython 3.13 imports linecache


def test_the_targets_first_descriptor_is_the_one_it_would_be(tmp_path):
    expression = "(lambda f: (os.close(f), f)[1])(os.open('/dev/null', os.O_RDONLY))"
    plain = subprocess.run(
        [sys.executable, "-c", f"import os; f = open('x', 'w'); print({expression}, file=f)"],
        cwd=tmp_path,
    )
    assert plain.returncode == 0
    assert target_sees(tmp_path, expression) == int((tmp_path / "x").read_text())


# --- python -m unfreed ---


def as_module(*arguments, **options):
    return subprocess.run(
        [sys.executable, "-m", "unfreed", *map(str, arguments)],
        cwd=TARGETS,
        capture_output=True,
        text=True,
        timeout=60,
        **options,
    )


@pytest.mark.parametrize(
    "arguments",
    [["--version"], ["--help"], [], ["chekc"], ["check"], ["check", "no.py:f"], [*CLEAN, "-q"]],
)
def test_the_module_does_what_the_program_does(arguments):
    module, program = as_module(*arguments), run(*arguments)
    assert module.returncode == program.returncode
    assert module.stderr == program.stderr
    if "clean.py:pass_through" not in arguments:
        assert module.stdout == program.stdout


def test_the_module_uses_its_own_interpreter(tmp_path):
    (tmp_path / "who.py").write_text(
        "import sys\ndef f():\n    open('who', 'w').write(sys.executable)\n"
    )
    env = environment(PATH="/usr/bin:/bin")
    done = subprocess.run(
        [sys.executable, "-m", "unfreed", "check", "who.py:f", "--calls", "6"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
    )
    assert done.stderr == ""
    assert (tmp_path / "who").read_text() == sys.executable


def test_the_package_imports_nothing():
    code = "import sys; b = set(sys.modules); import unfreed; print(*set(sys.modules) - b)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd="/")
    assert done.stdout == "unfreed\n", done.stderr


def test_the_module_says_when_the_program_is_missing(tmp_path):
    shutil.copytree(ROOT / "python" / "unfreed", tmp_path / "unfreed")
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin" / "python3").symlink_to(os.path.realpath(sys.executable))
    done = subprocess.run(
        [tmp_path / "bin" / "python3", "-S", "-m", "unfreed", "--version"],
        env={"PYTHONPATH": str(tmp_path), "PATH": str(tmp_path)},
        cwd="/",
        capture_output=True,
        text=True,
    )
    refused(done, 2, "cannot be started", "pip install")
