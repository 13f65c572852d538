"""What the tests of the program around the check share."""

import fcntl
import os
import pty
import select
import struct
import subprocess
import termios
import time

from unfreed_runs import TARGETS, UNFREED


def refused(done, code, *words):
    """One line on standard error, nothing on standard output."""
    assert done.returncode == code, done.stderr
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("unfreed: ")
    for word in words:
        assert word in lines[0]
    assert done.stdout == ""


def environment(**changes):
    """This process's environment, without what steers colours and the choice of interpreter."""
    kept = {k: v for k, v in os.environ.items() if k not in ("NO_COLOR", "VIRTUAL_ENV")}
    return {**kept, "TERM": "xterm", **changes}


# The shortest run that ends with a verdict.
CLEAN = ["check", "clean.py:pass_through", "--calls", "6"]


def on_terminal(arguments, variables, columns=80, also_stdout=True, interrupt_after=None):
    """Runs the program with a terminal: its exit code and what appeared there. `interrupt_after`:
    seconds after which Ctrl-C is typed."""
    main, other = pty.openpty()
    fcntl.ioctl(other, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))

    def take_the_terminal():
        os.setsid()
        fcntl.ioctl(2, termios.TIOCSCTTY, 0)

    process = subprocess.Popen(
        [UNFREED, *arguments],
        cwd=TARGETS,
        env=variables,
        preexec_fn=take_the_terminal,
        stdin=other,
        stdout=other if also_stdout else subprocess.DEVNULL,
        stderr=other,
    )
    os.close(other)
    if interrupt_after is not None:
        time.sleep(interrupt_after)
        os.write(main, b"\x03")
    text = b""
    while select.select([main], [], [], 60)[0]:
        try:
            part = os.read(main, 65536)
        except OSError:  # the other side is closed
            break
        if not part:
            break
        text += part
    os.close(main)
    return process.wait(), text.decode()
