"""Four short runs against a loopback server, with the real requests library: what leaks, what does not."""

import os
import pathlib
import shlex
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
BIN = pathlib.Path(sys.executable).parent


def title(number, text):
    bold, dim, off = ("\033[1m", "\033[2m", "\033[0m") if sys.stdout.isatty() else ("", "", "")
    print(f"\n{bold}{number}. {text}{off}\n{dim}{'-' * min(len(text) + 3, 100)}{off}", flush=True)


def run(expected, *command, quiet=True):
    shown = [pathlib.Path(command[0]).name, *command[1:]]
    print("$ " + shlex.join(shown), flush=True)
    env = dict(os.environ)
    if quiet:
        env["UNFREED_DEMO_QUIET"] = "1"
    code = subprocess.run(command, cwd=HERE, env=env).returncode
    if code != expected:
        sys.exit(f"demo: exit code {code}, expected {expected}")


def main():
    unfreed = str(BIN / "unfreed")
    server = subprocess.Popen(
        [sys.executable, str(HERE / "server.py")],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        answering, closing = (
            f"http://127.0.0.1:{port}/" for port in server.stdout.readline().split()
        )
        title(1, "The usual advice: count the objects before and after")
        run(0, sys.executable, "before_and_after.py", answering, quiet=False)
        title(2, "The same call, properly: nothing stays")
        run(0, unfreed, "check", "fetch.py:fetch", "--", answering)
        title(
            3,
            "A server that closes without an answer: only the late collector makes it look like a leak",
        )
        run(0, unfreed, "check", "fetch.py:fetch_unanswered", "--", closing)
        title(4, "A program that keeps each response: a leak, and who holds it")
        run(1, unfreed, "check", "fetch.py:fetch_and_keep", "--", answering)
    finally:
        server.stdin.close()
        server.wait(10)
    print()


if __name__ == "__main__":
    main()
