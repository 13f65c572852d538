"""unfreed.snapshot(): a program writes its own heap, and is afterwards as it was before."""

import os
import stat
import subprocess
import sys
import textwrap

import pytest
from unfreed_runs import run

MODULE = """
    import gc, os, signal, sys, threading, time
    import unfreed

    class Order:
        def __init__(self, number):
            self.number = number
            self.secret = f"password-{number}"

    KEPT = {f"key-{number}": Order(number) for number in range(100)}
"""


def program(body, tmp_path, *arguments, timeout=120, status=0, **options):
    """Runs a program that has MODULE in front; its standard output."""
    path = tmp_path / "program.py"
    path.write_text(textwrap.dedent(MODULE) + textwrap.dedent(body))
    done = subprocess.run(
        [sys.executable, str(path), *map(str, arguments)],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=timeout,
        **options,
    )
    assert done.returncode == status, done.stderr
    return done.stdout.strip() or done.stderr.strip()


def test_the_file_holds_the_heap_and_is_for_its_owner_only(tmp_path):
    told = program(
        """
        done = unfreed.snapshot("heap.snapshot")
        print(done.path, done.bytes, done.objects, done.references, done.pause_seconds, done.seconds)
        """,
        tmp_path,
    ).split()
    path = tmp_path / "heap.snapshot"
    status = path.stat()
    assert told[0] == "heap.snapshot" and int(told[1]) == status.st_size
    assert int(told[2]) > 10_000 and int(told[3]) > int(told[2])
    assert 0 < float(told[4]) < float(told[5])
    assert stat.S_IMODE(status.st_mode) == 0o600
    assert os.listdir(tmp_path).count("heap.snapshot") == 1 and len(os.listdir(tmp_path)) == 2
    why = run("why", path, "__main__.Order")
    assert why.returncode == 0 and "KEPT" in why.stdout, why.stdout + why.stderr
    assert b"password-7" in path.read_bytes()


def test_a_redacted_file_holds_names_and_no_contents(tmp_path):
    program('unfreed.snapshot("heap.snapshot", redact=True)', tmp_path, "argument-of-mine")
    data = (tmp_path / "heap.snapshot").read_bytes()
    for secret in (b"password-", b"key-7", b"argument-of-mine"):
        assert secret not in data
    for name in (b"KEPT", b"Order", b"secret", b"number"):
        assert name in data
    assert run("summary", tmp_path / "heap.snapshot").returncode == 0


@pytest.mark.parametrize(
    ("path", "error", "words"),
    [
        ("no/such/folder/x", "FileNotFoundError", "No such file"),
        ("", "FileNotFoundError", ""),
        ("x" * 300, "OSError", "too long"),
        ("/proc/self/x", "Error", ""),
        (".", "Error", ""),
    ],
)
def test_a_path_that_cannot_be_written_is_an_error_of_one_line(tmp_path, path, error, words):
    told = program(
        f"""
        try:
            unfreed.snapshot({path!r})
        except OSError as problem:
            print(type(problem).__name__, problem)
            assert problem.filename == {path!r}, problem.filename
        """,
        tmp_path,
    )
    assert error in told and words in told and len(told.splitlines()) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["program.py"]


def test_a_full_disk_leaves_no_file_and_says_so(tmp_path):
    told = program(
        """
        import resource
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        try:
            unfreed.snapshot("heap.snapshot")
        except OSError as problem:
            print(problem.errno, problem)
        """,
        tmp_path,
    )
    assert told.startswith("27 "), told
    assert [entry.name for entry in tmp_path.iterdir()] == ["program.py"]


def test_a_copy_that_is_killed_is_told_and_leaves_no_file(tmp_path):
    told = program(
        """
        def kill():
            while True:
                for entry in os.listdir("/proc"):
                    try:
                        with open(f"/proc/{entry}/stat") as text:
                            fields = text.read().rsplit(")", 1)[1].split()
                        if int(fields[1]) == os.getpid():
                            os.kill(int(entry), signal.SIGKILL)
                            return
                    except (OSError, ValueError):
                        pass
        keep = [[number] for number in range(1_000_000)]
        killer = threading.Thread(target=kill)
        killer.start()
        try:
            unfreed.snapshot("heap.snapshot")
        except RuntimeError as problem:
            print(problem)
        killer.join()
        """,
        tmp_path,
    )
    assert "killed" in told and "memory was out" in told and len(told.splitlines()) == 1
    assert [entry.name for entry in tmp_path.iterdir()] == ["program.py"]


def test_the_program_is_as_before(tmp_path):
    told = program(
        """
        unfreed.snapshot  # loaded
        def state():
            return (
                sorted(os.listdir("/proc/self/fd")), signal.pthread_sigmask(signal.SIG_BLOCK, []),
                [signal.getsignal(number) for number in range(1, 32)], gc.isenabled(), gc.get_threshold(),
                gc.get_debug(), len(gc.callbacks), gc.get_freeze_count(), threading.active_count(),
                os.listdir("/proc/self/task"), os.environ.copy(), os.getcwd(), sys.path[:],
            )
        seen = []
        signal.signal(signal.SIGCHLD, lambda *args: seen.append("SIGCHLD"))
        unfreed.snapshot("first.snapshot")
        before, objects, collections = state(), None, gc.get_stats()
        gc.disable()
        before = state()
        objects = len(gc.get_objects())
        unfreed.snapshot("second.snapshot")
        after = len(gc.get_objects())
        assert state() == before
        assert gc.get_stats() == collections, "collected"
        assert after - objects == 0, after - objects
        assert seen == [], seen
        try:
            os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            print("well")
        """,
        tmp_path,
    )
    assert told == "well"


def test_at_fork_handlers_of_the_program_do_not_run(tmp_path):
    told = program(
        """
        ran = []
        os.register_at_fork(before=lambda: ran.append(1), after_in_parent=lambda: ran.append(2),
                            after_in_child=lambda: os._exit(3))
        unfreed.snapshot("heap.snapshot")
        print(ran)
        """,
        tmp_path,
    )
    assert told == "[]"


def test_other_threads_go_on_while_the_file_is_written(tmp_path):
    told = program(
        """
        keep = [[number] for number in range(500_000)]
        ticks, end = [], False
        def tick():
            while not end:
                ticks.append(time.monotonic())
                time.sleep(0.002)
        thread = threading.Thread(target=tick)
        thread.start()
        begun = time.monotonic()
        done = unfreed.snapshot("heap.snapshot")
        during = [at for at in ticks if begun < at < begun + done.seconds]
        end = True
        thread.join()
        print(len(during) >= 5)
        """,
        tmp_path,
    )
    assert told == "True"


@pytest.mark.native  # under AddressSanitizer the engine uses malloc, in the copy too
def test_threads_that_allocate_all_the_time_do_not_hang_the_copy(tmp_path):
    told = program(
        """
        end = False
        def churn():
            import hashlib
            while not end:
                hashlib.sha256(b"x" * 10_000_000).digest()  # malloc, and the lock given up
                [bytearray(1000 + number) for number in range(100)]
        threads = [threading.Thread(target=churn) for _ in range(4)]
        [thread.start() for thread in threads]
        for number in range(15):
            unfreed.snapshot("heap.snapshot")
        end = True
        [thread.join() for thread in threads]
        print("well")
        """,
        tmp_path,
    )
    assert told == "well"


def test_connections_of_the_program_are_not_held_open_by_the_copy(tmp_path):
    told = program(
        """
        import socket
        keep = [[number] for number in range(1_000_000)]
        here, there = socket.socketpair()
        def take():
            unfreed.snapshot("heap.snapshot")
        thread = threading.Thread(target=take)
        thread.start()
        while not any("tmp" in name or name.endswith("snapshot") for name in os.listdir(".")):
            if not thread.is_alive():
                break
            time.sleep(0.005)
        writing = thread.is_alive()
        here.close()
        there.settimeout(20)
        got = there.recv(1)  # the end, as soon as this process closes it
        print(got, thread.is_alive() or not writing)
        thread.join()
        """,
        tmp_path,
    )
    assert told == "b'' True"


def test_ctrl_c_ends_the_wait_and_the_copy(tmp_path):
    told = program(
        """
        keep = [[number] for number in range(2_000_000)]
        threading.Timer(0.05, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
        try:
            unfreed.snapshot("heap.snapshot")
            print("whole")
        except KeyboardInterrupt:
            print("interrupted", os.path.exists("heap.snapshot"))
        """,
        tmp_path,
    )
    assert told in ("interrupted False", "whole")


def test_while_the_collector_runs_it_refuses(tmp_path):
    told = program(
        """
        class Loud:
            def __del__(self):
                try:
                    unfreed.snapshot("heap.snapshot")
                except RuntimeError as problem:
                    print(problem)
        loud = Loud()
        loud.me = loud
        del loud
        gc.collect()
        """,
        tmp_path,
    )
    assert told.startswith("the collector is running") and len(told.splitlines()) == 1


def test_two_snapshots_differ_by_what_the_program_did_and_nothing_of_ours(tmp_path):
    program(
        """
        gc.disable()
        unfreed.snapshot("first.snapshot")
        more = [Order(number) for number in range(1000, 1010)]
        unfreed.snapshot("second.snapshot")
        """,
        tmp_path,
    )
    done = run("diff", "first.snapshot", "second.snapshot", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "+10 __main__.Order" in done.stdout
    assert "unfreed" not in done.stdout


def test_a_snapshot_in_the_middle_of_asyncio_and_a_server_shows_their_frames(tmp_path):
    told = program(
        """
        import asyncio, http.server, urllib.request
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self):
                unfreed.snapshot("server.snapshot")
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"well")
            def log_message(self, *args): pass
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(urllib.request.urlopen(f"http://127.0.0.1:{server.server_port}").read().decode())
        server.shutdown()

        async def wait(mine):
            await asyncio.sleep(10)
        async def main():
            tasks = [asyncio.create_task(wait(Order(n))) for n in range(3)]
            await asyncio.sleep(0)
            unfreed.snapshot("loop.snapshot")
            [task.cancel() for task in tasks]
        asyncio.run(main())
        """,
        tmp_path,
    )
    assert told == "well"
    why = run("why", tmp_path / "loop.snapshot", "__main__.Order")
    assert why.returncode == 0 and "local 'mine' of wait()" in why.stdout, why.stdout
    why = run("why", tmp_path / "server.snapshot", "__main__.Handler")
    assert why.returncode == 0 and "process_request_thread" in why.stdout, why.stdout


def test_wrong_arguments_are_type_errors(tmp_path):
    told = program(
        """
        for given in ((), (1.5,), ("a", True)):
            try:
                unfreed.snapshot(*given)
            except TypeError:
                print("TypeError")
        try:
            unfreed.snapshot("a\\0b")
        except ValueError:
            print("ValueError")
        import pathlib
        unfreed.snapshot(pathlib.Path("a.snapshot"))
        unfreed.snapshot(b"b.snapshot")
        """,
        tmp_path,
    )
    assert told.split() == ["TypeError"] * 3 + ["ValueError"]
    assert {"a.snapshot", "b.snapshot"} <= {entry.name for entry in tmp_path.iterdir()}


def test_the_package_imports_nothing_by_itself():
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys; a = set(sys.modules); import unfreed; print(set(sys.modules) - a)",
        ],
        capture_output=True,
        text=True,
    )
    assert done.stdout.strip() == "{'unfreed'}"
