"""Runs unfreed on the real leaks of tests/leaks and says what it got right.

    python3 tools/leaks.py [ID ...] [--jobs 2] [--side leaky|fixed] [--json FILE] [--verbose]

Each case has a leaky and a fixed version of a package, and what unfreed is to say about them
(tests/leaks/README.md). Exit code 1 when a target is missed or a row is not as it expects.
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path

import system_packages
from environment import BUILD, Failed, say
from leak_cases import SIDES, BadCase, Case, Side, read_all
from leak_judge import Outcome, Row, judge, missed, totals
from leak_places import Tool, Tools, Unavailable, check, choose, packages
from leak_table import as_json, first_finding, table
from python_facts import NoInterpreter

_REPORTS = BUILD / "leaks"


class Progress:
    """One line that is overwritten, on a terminal's standard error only."""

    def __init__(self, total: int) -> None:
        self._total = total
        self._done = 0
        self._running: list[str] = []
        self._lock = threading.Lock()
        self._show = sys.stderr.isatty()

    def _print(self) -> None:
        if self._show:
            line = f"{self._done} of {self._total} done; {', '.join(self._running)}"
            print(f"\r\x1b[K{line[:100]}", end="", file=sys.stderr, flush=True)

    def start(self, name: str) -> None:
        with self._lock:
            self._running.append(name)
            self._print()

    def end(self, name: str) -> None:
        with self._lock:
            self._running.remove(name)
            self._done += 1
            self._print()

    def close(self) -> None:
        if self._show:
            print("\r\x1b[K", end="", file=sys.stderr, flush=True)


def run_limited(
    command: list[str], variables: dict[str, str], cwd: Path, limit: float
) -> tuple[int, str, str]:
    """Exit code (-1: out of time), standard output, standard error; no process is left."""
    with tempfile.TemporaryFile("w+") as out, tempfile.TemporaryFile("w+") as err:
        process = subprocess.Popen(
            command,
            env=variables,
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=err,
            start_new_session=True,
        )
        try:
            code = process.wait(limit)
        except subprocess.TimeoutExpired:
            code = -1
        finally:
            with suppress(ProcessLookupError):  # also what a case left behind: its servers
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        out.seek(0)
        err.seek(0)
        return code, out.read(), err.read()


def run_side(case: Case, side: Side, tool: Tool, limit: float) -> Outcome:
    """unfreed's answer about one side of a case; never raises for what the case does."""
    outcome = Outcome(side.name, tool.python.version)
    try:
        folder = packages(tool.python, side.packages, side.build)
    except Unavailable as error:
        outcome.problem, outcome.unavailable = str(error), True
        return outcome
    command, variables = check(side, tool, folder)
    start = time.monotonic()
    code, out, err = run_limited(command, variables, case.folder, limit)
    outcome.seconds = time.monotonic() - start
    _REPORTS.mkdir(parents=True, exist_ok=True)
    (_REPORTS / f"{case.id}-{side.name}.json").write_text(out)
    (_REPORTS / f"{case.id}-{side.name}.err").write_text(err)
    if code == -1:
        outcome.problem = f"not done within {limit:.0f} s"
    else:
        try:
            outcome.report = json.loads(out)
        except ValueError:
            lines = err.strip().splitlines() or ["no message"]
            outcome.problem = f"exit code {code}: {lines[-1][:200]}"
    return outcome


def _all_outcomes(
    cases: list[Case], sides: tuple[str, ...], tools: Tools, jobs: int, limit: float
) -> dict[str, list[Outcome]]:
    wanted = [(case, side) for case in cases for side in case.sides.values() if side.name in sides]
    usable = tools.interpreters({wish for _, side in wanted for wish in side.pythons})
    outcomes: dict[str, list[Outcome]] = {case.id: [] for case in cases}
    work: list[tuple[Case, Side, Tool]] = []
    for case, side in wanted:
        try:
            work.append((case, side, tools.tool(choose(side, usable))))
        except Unavailable as error:
            outcomes[case.id].append(Outcome(side.name, problem=str(error), unavailable=True))
    progress = Progress(len(work))

    def one(item: tuple[Case, Side, Tool]) -> None:
        case, side, tool = item
        name = f"{case.id} {side.name}"
        progress.start(name)
        outcomes[case.id].append(run_side(case, side, tool, limit))
        progress.end(name)

    try:
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, work))
    finally:
        progress.close()
    for some in outcomes.values():
        some.sort(key=lambda outcome: SIDES.index(outcome.side))
    return outcomes


def _show(rows: list[Row], verbose: bool) -> None:
    print(table(rows))
    if verbose:
        print()
        for row in rows:
            lines = [line for side in SIDES for line in first_finding(row, side)]
            print("\n".join([f"{row.case.id:4}  {row.case.title}", *lines]))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("ids", nargs="*", metavar="ID", help="cases to run (default: all)")
    parser.add_argument("--jobs", type=int, default=2, help="checks at a time (default 2)")
    parser.add_argument("--side", choices=SIDES, help="only this side of each case")
    parser.add_argument("--limit", type=float, default=300, help="seconds for a check")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    parser.add_argument("--verbose", action="store_true", help="also show the first findings")
    parser.add_argument("--built", type=Path, help=argparse.SUPPRESS)  # hand builds, one a version
    given = parser.parse_args()
    try:
        cases = read_all(ids=given.ids)
        tools = Tools(given.built.resolve() if given.built else None)
        sides = (given.side,) if given.side else SIDES
        outcomes = _all_outcomes(cases, sides, tools, given.jobs, given.limit)
    except BadCase as error:
        say(str(error))
        return 2
    except (Failed, NoInterpreter, system_packages.Missing) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    rows = [judge(case, outcomes[case.id]) for case in cases]
    _show(rows, given.verbose)
    if given.json:
        given.json.write_text(json.dumps(as_json(rows), indent=1) + "\n")
    bad = missed(totals(rows)) or any(row.regressed() for row in rows)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
