"""Signals, limits, and how it all ends."""

import os
import re
import signal
import subprocess
import time
from pathlib import Path

import pytest
from cli_runs import CLEAN, environment, on_terminal
from unfreed_runs import TARGETS, UNFREED


def started(*arguments, **options):
    return subprocess.Popen(
        [UNFREED, *arguments],
        cwd=TARGETS,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        **options,
    )


def child_of(process):
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        if pids:
            return int(pids[0])
        time.sleep(0.05)
    raise AssertionError("no child was started")


def is_gone(pid):
    """Waits until a process that is nobody's child here has ended."""
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            stat = Path(f"/proc/{pid}/stat").read_text()
        except OSError:
            return True
        if stat.rpartition(")")[2].split()[0] in "ZX":
            return True
        time.sleep(0.05)
    return False


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGKILL])
def test_whatever_ends_the_program_ends_the_target(number):
    process = started("check", "naughty.py:never_returns_in_c")
    child = child_of(process)
    time.sleep(1)
    process.send_signal(number)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == -number
    assert out == ""
    assert is_gone(child)


def test_a_second_interrupt_ends_at_once():
    process = started("check", "naughty.py:never_returns_in_c")
    time.sleep(1)
    for _ in range(2):
        os.killpg(process.pid, signal.SIGINT)
        time.sleep(0.3)
    out, err = process.communicate(timeout=5)
    assert (process.returncode, out) == (130, "")
    assert err == "unfreed: interrupted: nothing was found out yet\n"


def test_ctrl_c_on_a_terminal_reaches_the_target_once_and_prints_what_there_is():
    long = ["check", "clean.py:pass_through", "--calls", "100000000"]
    code, text = on_terminal(long, environment(NO_COLOR="1"), interrupt_after=2.5)
    assert code == 130, text
    assert "Traceback" not in text
    assert "interrupted" in text
    assert re.search(r"^(CLEAN|UNDECIDED) ", text.rpartition("\x1b[K")[2], re.MULTILINE)


def test_an_ignored_interrupt_stays_ignored():
    """As under nohup, or in the background of a plain shell."""
    process = started(*CLEAN, preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_IGN))
    time.sleep(0.2)
    os.killpg(process.pid, signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert out.startswith("CLEAN")


def test_under_small_limits_it_works_or_says_why(tmp_path):
    (tmp_path / "mine.py").write_text("def f(): pass\n")
    limited = 'ulimit -f {}; exec "$@"'
    for blocks, codes in ((100000, (0,)), (4096, (0,)), (1, (70,))):
        done = subprocess.run(
            [
                "/bin/sh",
                "-c",
                limited.format(blocks),
                "sh",
                UNFREED,
                "check",
                "mine.py:f",
                "--calls",
                "6",
            ],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
        assert done.returncode in codes, done.stderr
    assert "ulimit" in done.stderr
