"""Builds, installs and runs all tests with one interpreter: first those in C, then pytest.

    python3 tools/run_tests.py [--venv VENV] [--python PYTHON] [--werror | --sanitize] [PYTEST ARGS]

--sanitize is `make asan`: everything compiled with AddressSanitizer and UBSan. The interpreter is
not, so the runtime is preloaded into it, Python's own allocator is switched to malloc, which the
sanitizer watches, and leak detection is off (an interpreter does not free all at its end). Tests
marked `native` are left out, by name: the sanitizer's malloc has no mallinfo2.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
from pathlib import Path

import system_packages
from environment import ROOT, Environment, Failed, Options, prepared, say
from python_facts import NoInterpreter

PROBES = "probes"  # the extensions through which Python tests see the inside of the engine
_SANITIZER_EXIT = 99  # no exit code of unfreed


def sanitizer_variables() -> dict[str, str]:
    library = system_packages.asan_library()
    if library is None:
        raise Failed(f"{system_packages.compiler()} has no libasan")
    return {
        "LD_PRELOAD": str(library),
        "ASAN_OPTIONS": ":".join(
            (
                "detect_leaks=0",
                "allocator_may_return_null=1",
                f"exitcode={_SANITIZER_EXIT}",
                "handle_segv=0:handle_abort=0",  # a target that crashes dies of its own signal
                "malloc_context_size=8:quarantine_size_mb=64",  # half the time
            )
        ),
        "UBSAN_OPTIONS": f"halt_on_error=1:print_stacktrace=1:exitcode={_SANITIZER_EXIT}",
        "PYTHONMALLOC": "malloc",
        "UNFREED_SANITIZED": "1",
    }


def probes(environment: Environment) -> str:
    """The folders of what is compiled for the Python tests, as PYTHONPATH."""
    if environment.meson("compile", PROBES) != 0:
        raise Failed("the probes of the tests do not compile")
    tests = environment.build / "tests"
    return os.pathsep.join(str(tests / folder) for folder in ("oracle", "extension", "unit"))


def run_c_tests(environment: Environment, variables: dict[str, str]) -> bool:
    # The programs carry the sanitizer themselves: nothing is to be preloaded into Meson.
    own = {k: v for k, v in variables.items() if k != "LD_PRELOAD"}
    return environment.meson("test", "--print-errorlogs", variables=own) == 0


def run_python_tests(
    environment: Environment, variables: dict[str, str], arguments: list[str]
) -> bool:
    pytest = [environment.python, "-m", "pytest"]
    settings = {
        **environment.variables(),
        **variables,
        "PYTHONPATH": probes(environment),
    }
    if environment.options.sanitize:
        chosen = [word for word in arguments if word not in ("-q", "-v")]  # one name per line
        listed = subprocess.run(
            [*pytest, "--collect-only", "-q", "-m", "native", *chosen],
            env=settings,
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        left_out = {line.split("[")[0] for line in listed.stdout.splitlines() if "::" in line}
        for name in sorted(left_out):
            say(f"not run under AddressSanitizer (rests on mallinfo2): {name}")
        pytest += ["-m", "not native"]
    return subprocess.run([*pytest, *arguments], env=settings, cwd=ROOT).returncode == 0


def heed_interrupts() -> None:
    """A program started in the background ignores Ctrl-C, and so would all that the tests start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


def run_all(environment: Environment, arguments: list[str]) -> bool:
    variables = sanitizer_variables() if environment.options.sanitize else {}
    in_c = run_c_tests(environment, variables)
    in_python = run_python_tests(environment, variables, arguments)
    if not (in_c and in_python):
        parts = [name for name, fine in (("C", in_c), ("Python", in_python)) if not fine]
        say(f"{' and '.join(parts)} tests failed with CPython {environment.facts.version}")
    return in_c and in_python


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--werror", action="store_true")
    parser.add_argument("--sanitize", action="store_true")
    given, arguments = parser.parse_known_args()
    options = Options(werror=given.werror, sanitize=given.sanitize)
    heed_interrupts()
    try:
        environment = prepared(given.venv, given.python, options, ("test", "arrow"))
        return 0 if run_all(environment, arguments) else 1
    except (Failed, NoInterpreter, system_packages.Missing) as error:
        say(str(error))
        return 1


if __name__ == "__main__":
    sys.exit(main())
