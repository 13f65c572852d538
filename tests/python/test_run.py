"""`unfreed run --snapshot-on`: the program runs as under Python, and a signal writes its heap."""

import contextlib
import os
import re
import signal
import stat
import subprocess
import sys
import textwrap
import time

import pytest
from cli_runs import refused
from unfreed_runs import UNFREED, run

RUN = ["run", "--python", sys.executable, "--snapshot-on", "SIGUSR2"]


def write(tmp_path, text, name="app.py"):
    path = tmp_path / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(textwrap.dedent(text))
    return path


def both(tmp_path, *arguments, **options):
    """The same program under Python and under unfreed: each as a finished process."""
    plain = [sys.executable, *arguments]
    under = [UNFREED, *RUN, *arguments]
    return [
        subprocess.run(words, cwd=tmp_path, capture_output=True, text=True, timeout=60, **options)
        for words in (plain, under)
    ]


@contextlib.contextmanager
def started(tmp_path, *arguments, options=(), **popen):
    """A program under unfreed that has said "ready"; its lines on standard error are read by said()."""
    process = subprocess.Popen(
        [UNFREED, *RUN, *options, *arguments],
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        stdin=subprocess.PIPE,
        text=True,
        **popen,
    )
    try:
        assert process.stdout.readline().strip() == "ready", process.stderr.read()
        # A signal on the way from the last instruction into read() is seen when read() returns: that
        # is so with every handler in Python.
        time.sleep(0.3)
        yield process
    finally:
        process.kill()
        process.wait()
        for stream in (process.stdin, process.stdout, process.stderr):
            stream.close()


def said(process):
    line = process.stderr.readline()
    assert line.startswith("unfreed: "), line
    return line


WAIT = """
    import sys, time
    KEPT = [f"password-{number}" for number in range(10)]
    print("ready", flush=True)
    for line in sys.stdin:
        print("got", line.strip(), flush=True)
"""


@pytest.mark.parametrize(
    "program",
    [
        "import sys; print(sys.argv, sys.path[0], __name__, __file__, __spec__, sorted(globals()))",
        "import sys; sys.exit(7)",
        "import sys; sys.exit('a word')",
        "1 / 0",
        "def f(:",
        "raise SystemExit",
        "import os, sys; print(sorted(os.environ.items())); print(sys.path, sys.flags)",
        "import sys; print('sitecustomize' in sys.modules, sorted(sys.path_importer_cache))",
        "import sys; print(sys._getframe().f_back)",
        "import atexit; atexit.register(print, 'end'); raise KeyboardInterrupt",
        "import os, signal; os.kill(os.getpid(), signal.SIGTERM)",
        "import subprocess, sys; print(subprocess.run([sys.executable, '-c', "
        "'import sys, os; print(sys.path, os.environ.get(\"PYTHONPATH\"))'], capture_output=True).stdout)",
    ],
)
def test_the_program_sees_what_it_sees_under_python(tmp_path, program):
    write(tmp_path, program)
    plain, under = both(tmp_path, "app.py", "--help", "-x", "--", "last")
    assert under.returncode == plain.returncode
    assert (under.stdout, under.stderr) == (plain.stdout, plain.stderr)


@pytest.mark.parametrize("path", [None, "", "elsewhere"])
def test_pythonpath_is_what_it_was(tmp_path, path):
    write(tmp_path, "import os, sys; print(os.environ.get('PYTHONPATH'), sys.path)")
    (tmp_path / "elsewhere").mkdir()
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ours = os.environ.get("PYTHONPATH")
    if path is not None:
        environment["PYTHONPATH"] = f"{path}:{ours}" if ours else path
    elif ours:
        pytest.skip("unfreed itself is found by PYTHONPATH here")
    plain, under = both(tmp_path, "app.py", env=environment)
    assert (under.stdout, under.stderr) == (plain.stdout, plain.stderr)


def test_the_environments_own_sitecustomize_is_loaded(tmp_path):
    write(tmp_path, "print('mine')", "site/sitecustomize.py")
    write(tmp_path, "import sitecustomize, sys; print(sitecustomize.__file__)")
    ours = os.environ.get("PYTHONPATH")
    path = f"{tmp_path}/site:{ours}" if ours else f"{tmp_path}/site"
    plain, under = both(tmp_path, "app.py", env={**os.environ, "PYTHONPATH": path})
    assert (under.stdout, under.stderr) == (plain.stdout, plain.stderr)
    assert under.stdout.startswith("mine")
    write(tmp_path, "raise ValueError('not mine')", "site/sitecustomize.py")
    plain, under = both(tmp_path, "app.py", env={**os.environ, "PYTHONPATH": path})
    assert under.stderr == plain.stderr and "not mine" in under.stderr


def test_modules_folders_and_standard_input_run_as_under_python(tmp_path):
    write(
        tmp_path,
        "import sys; print(sys.argv, __name__, __package__, sys.path[0])",
        "pkg/__main__.py",
    )
    for arguments in (
        ["-m", "pkg", "a"],
        ["pkg", "b"],
        ["-m", "json.tool", "--help"],
        ["-m", "nothing.here"],
    ):
        plain, under = both(tmp_path, *arguments)
        assert (under.returncode, under.stdout, under.stderr) == (
            plain.returncode,
            plain.stdout,
            plain.stderr,
        )


def test_a_signal_writes_the_heap_and_the_program_goes_on(tmp_path):
    write(tmp_path, WAIT)
    with started(tmp_path, "app.py") as process:
        for number in (1, 2):
            process.send_signal(signal.SIGUSR2)
            line = said(process)
            name = f"unfreed-{process.pid}-{number}.snapshot"
            assert re.fullmatch(
                rf"unfreed: {name}: [\d,]+ objects, [\d.]+ [KM]iB; the program stood still for .*s "
                r"\(the file holds what the heap holds, secrets too\)\n",
                line,
            ), line
            path = tmp_path / name
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            process.stdin.write("a word\n")
            process.stdin.flush()
            assert process.stdout.readline() == "got a word\n"
        why = run("why", path, "str", cwd=tmp_path)
        assert why.returncode == 0
        assert b"password-3" in path.read_bytes()
        summary = run("summary", path, "--json")
        assert '"app.py' not in summary.stdout or str(process.pid) in summary.stdout
        process.stdin.close()
        assert process.wait(30) == 0


def test_redacted_snapshots_hold_no_contents(tmp_path):
    write(tmp_path, WAIT)
    with started(
        tmp_path, "app.py", "argument-of-mine", options=["--redact", "-o", "{n}-{pid}"]
    ) as process:
        process.send_signal(signal.SIGUSR2)
        assert "contents are left out" in said(process)
        data = (tmp_path / f"1-{process.pid}").read_bytes()
        assert b"password-" not in data and b"argument-of-mine" not in data and b"KEPT" in data


@pytest.mark.parametrize(
    "waiting",
    [
        "time.sleep(60)",
        "import socket; a, b = socket.socketpair(); a.recv(1)",
        "import threading; threading.Event().wait()",
        "import threading; lock = threading.Lock(); lock.acquire(); lock.acquire()",
        "import asyncio; asyncio.run(asyncio.sleep(60))",
        "import select; select.select([0], [], [])",
        "import queue; queue.Queue().get()",
        "while True: pass",
    ],
)
def test_a_program_that_waits_answers_and_waits_on(tmp_path, waiting):
    write(tmp_path, f"import time\nprint('ready', flush=True)\n{waiting}\n")
    with started(tmp_path, "app.py") as process:
        time.sleep(0.1)
        process.send_signal(signal.SIGUSR2)
        assert "objects" in said(process)
        time.sleep(0.1)
        assert process.poll() is None


def test_a_folder_that_cannot_be_written_is_told_and_the_program_goes_on(tmp_path):
    write(tmp_path, WAIT)
    with started(tmp_path, "app.py", options=["-o", "no/folder/{n}"]) as process:
        process.send_signal(signal.SIGUSR2)
        line = said(process)
        assert "no/folder/1: not written" in line and "No such file" in line and "goes on" in line
        process.stdin.write("a word\n")
        process.stdin.flush()
        assert process.stdout.readline() == "got a word\n"


def test_a_full_disk_is_told_and_leaves_no_file(tmp_path):
    write(
        tmp_path,
        "import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, (50000, 50000))\n"
        + textwrap.dedent(WAIT),
    )
    with started(tmp_path, "app.py") as process:
        process.send_signal(signal.SIGUSR2)
        line = said(process)
        assert "not written" in line and "File too large" in line
        assert [entry.name for entry in tmp_path.iterdir()] == ["app.py"]
        assert process.poll() is None


def test_many_signals_at_once_write_whole_files_and_refuse_the_rest(tmp_path):
    write(
        tmp_path,
        "keep = [[number] for number in range(300_000)]\n" + textwrap.dedent(WAIT),
    )
    with started(tmp_path, "app.py") as process:
        process.send_signal(signal.SIGUSR2)
        time.sleep(0.05)
        process.send_signal(signal.SIGUSR2)
        lines = [said(process), said(process)]
        written = [line for line in lines if " objects" in line]
        assert written, lines
        for line in lines:
            assert " objects" in line or "being written already" in line
        names = sorted(path.name for path in tmp_path.glob("*.snapshot"))
        assert len(names) == len(written)
        assert run("summary", names[0], cwd=tmp_path).returncode == 0


def test_each_forked_worker_answers_for_itself(tmp_path):
    write(
        tmp_path,
        """
        import os, signal, sys, time
        workers = []
        for number in range(3):
            pid = os.fork()
            if pid == 0:
                MINE = f"worker {number}"
                time.sleep(60)
                os._exit(0)
            workers.append(pid)
        time.sleep(0.2)
        print("ready", flush=True)
        print(*workers, flush=True)
        sys.stdin.read()
        for pid in workers:
            os.kill(pid, signal.SIGKILL)
        """,
    )
    with started(tmp_path, "app.py") as process:
        workers = [int(word) for word in process.stdout.readline().split()]
        for pid in (*workers, process.pid):
            os.kill(pid, signal.SIGUSR2)
            assert f"unfreed-{pid}-1.snapshot" in said(process)
        for number, pid in enumerate(workers):
            assert (
                f"worker {number}".encode() in (tmp_path / f"unfreed-{pid}-1.snapshot").read_bytes()
            )
        process.stdin.close()
        assert process.wait(30) == 0


def test_a_program_that_ends_meanwhile_gets_its_file_all_the_same(tmp_path):
    write(
        tmp_path,
        """
        import os, signal
        keep = [[number] for number in range(300_000)]
        print("ready", flush=True)
        os.kill(os.getpid(), signal.SIGUSR2)
        os._exit(5)
        """,
    )
    with started(tmp_path, "app.py") as process:
        assert process.wait(30) == 5
        assert re.search(r"unfreed-\d+-1.snapshot: [\d,]+ objects", said(process))
        name = f"unfreed-{process.pid}-1.snapshot"
        assert run("summary", name, cwd=tmp_path).returncode == 0


def test_a_signal_while_the_collector_runs_is_answered_when_it_has_ended(tmp_path):
    write(
        tmp_path,
        """
        import gc, os, signal, sys
        class Loud:
            def __del__(self):
                os.kill(os.getpid(), signal.SIGUSR2)
                for _ in range(1000): pass
        loud = Loud()
        loud.me = loud
        del loud
        print("ready", flush=True)
        gc.collect()
        sys.stdin.read()
        """,
    )
    with started(tmp_path, "app.py") as process:
        assert " objects" in said(process)


def test_the_programs_own_children_and_handlers_are_left_alone(tmp_path):
    write(
        tmp_path,
        """
        import os, signal, sys, threading
        seen = []
        signal.signal(signal.SIGCHLD, lambda *args: seen.append(1))
        print("ready", flush=True)
        sys.stdin.readline()
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("no children", seen, threading.active_count(), flush=True)
        """,
    )
    with started(tmp_path, "app.py") as process:
        process.send_signal(signal.SIGUSR2)
        assert " objects" in said(process)
        process.stdin.write("\n")
        process.stdin.flush()
        assert process.stdout.readline() == "no children [] 1\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["run", "app.py"], ["--snapshot-on SIGUSR2"]),
        (["run"], ["--snapshot-on SIGUSR2"]),
        (["run", "--snapshot-on", "SIGUSR2"], ["no SCRIPT"]),
        (["run", "--snapshot-on", "SIGNOTHING", "app.py"], ["SIGNOTHING", "not a signal"]),
        (["run", "--snapshot-on", "KILL", "app.py"], ["no program can answer"]),
        (["run", "--snapshot-on", "SIGSTOP", "app.py"], ["no program can answer"]),
        (["run", "--snapshot-on", "9", "app.py"], ["no program can answer"]),
        (["run", "--snapshot-on", "SIGSEGV", "app.py"], ["not a signal"]),
        (["run", "--snapshot-on", "", "app.py"], ["not a signal"]),
        (["run", "--snapshot-on", "USR2", "nothing.py"], ["nothing.py", "No such file"]),
        (["run", "--snapshot-on", "USR2", "-m"], ["-m needs"]),
        (["run", "--snapshot-on", "USR2", "-o", "", "app.py"], ["--output is empty"]),
        (["run", "--snapshot-on"], ["--snapshot-on needs a value"]),
        (["run", "--snapshot", "USR2", "app.py"], ["--snapshot", "did you mean --snapshot-on"]),
        (["run", "--snapshot-on", "USR2", "--python", "/nothing", "app.py"], ["/nothing"]),
    ],
)
def test_wrong_usage_is_one_line(tmp_path, arguments, words):
    write(tmp_path, "print('ran')")
    refused(run(*arguments, cwd=tmp_path), 2, *words)
