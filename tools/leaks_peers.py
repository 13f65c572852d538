"""Runs the programs of tests/leaks under the tools that people use today.

    python3 tools/leaks_peers.py [ID ...] [--peer NAME] [--jobs 2] [--again] [--json FILE]

tests/leaks/PEERS.md says how each is used and what came out. It measures; it does not fail.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path

import system_packages
from environment import BUILD, Failed, say
from leak_cases import BadCase, Case, Side, read_all
from leak_peer_judge import PeerRow, Said, as_json, table
from leak_peer_probe import PEERS
from leak_places import Tool, Tools, Unavailable, choose, packages
from leaks import Progress, run_limited
from python_facts import NoInterpreter

PINS = (
    "objgraph==3.7.0",
    "Pympler==1.1",
    "memray==1.20.0",
    "pytest-memray==1.11.0",
    "pytest==9.2.0",
    "psleak==0.1.6",
    "psutil==7.2.2",
)
_PROBE = Path(__file__).resolve().parent / "leak_peer_probe.py"
_SAID = BUILD / "leaks" / "peers"


def _variables(peer: str, side: Side, folders: list[Path]) -> dict[str, str]:
    variables = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
    variables["PYTHONPATH"] = os.pathsep.join(map(str, folders))
    variables["PYTHONDONTWRITEBYTECODE"] = "1"
    if peer == "psleak":  # as its page recommends
        variables["PYTHONMALLOC"] = "malloc"
        variables["PYTHONUNBUFFERED"] = "1"
    variables.update(side.environment)
    return variables


def ask(peer: str, case: Case, side: Side, tool: Tool, limit: float) -> Said:
    """What `peer` says about one side of a case."""
    try:
        folders = [packages(tool.python, side.packages, side.build), packages(tool.python, PINS)]
    except Unavailable as error:
        return Said(problem=str(error), unavailable=True)
    python = tool.program.parent / "python"
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        command = [str(python), str(_PROBE), peer, side.target, str(answer)]
        variables = _variables(peer, side, [f for f in folders if f])
        start = time.monotonic()
        code, out, err = run_limited(command, variables, case.folder, limit)
        said = Said(seconds=time.monotonic() - start)
        if answer.exists():
            given = json.loads(answer.read_text())
            said.flagged, said.first = given["flagged"], given["first"]
        elif code == -1:
            said.problem = f"not done within {limit:.0f} s"
        else:
            lines = (err or out).strip().splitlines() or ["no message"]
            said.problem = f"exit code {code}: {lines[-1][:200]}"
    _SAID.mkdir(parents=True, exist_ok=True)
    _file(peer, case, side).write_text(json.dumps({**asdict(said), "errors": err[-4000:]}))
    return said


def _file(peer: str, case: Case, side: Side) -> Path:
    return _SAID / f"{case.id}-{side.name}-{peer}.json"


def said_last(peer: str, case: Case, side: Side) -> Said:
    """What `peer` said when it was asked last."""
    try:
        saved = json.loads(_file(peer, case, side).read_text())
    except (OSError, ValueError):
        return Said(problem="not run yet", unavailable=True)
    del saved["errors"]
    return Said(**saved)


def _judge_again(cases: list[Case], peers: list[str]) -> list[PeerRow]:
    rows = [PeerRow(case) for case in cases if case.sides]
    for row in rows:
        for side in row.case.sides.values():
            for peer in peers:
                row.said[peer, side.name] = said_last(peer, row.case, side)
    return rows


def _all(
    cases: list[Case], peers: list[str], tools: Tools, jobs: int, limit: float
) -> list[PeerRow]:
    rows = [PeerRow(case) for case in cases if case.sides]
    sides = [(row, side) for row in rows for side in row.case.sides.values()]
    usable = tools.interpreters({wish for _, side in sides for wish in side.pythons})
    work: list[tuple[PeerRow, Side, Tool, str]] = []
    for row, side in sides:
        try:
            tool = tools.tool(choose(side, usable))
        except Unavailable as error:
            for peer in peers:
                row.said[peer, side.name] = Said(problem=str(error), unavailable=True)
            continue
        work += [(row, side, tool, peer) for peer in peers]
    progress = Progress(len(work))

    def one(item: tuple[PeerRow, Side, Tool, str]) -> None:
        row, side, tool, peer = item
        name = f"{row.case.id} {side.name} {peer}"
        progress.start(name)
        row.said[peer, side.name] = ask(peer, row.case, side, tool, limit)
        progress.end(name)

    try:
        with ThreadPoolExecutor(jobs) as pool:
            list(pool.map(one, work))
    finally:
        progress.close()
    return rows


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("ids", nargs="*", metavar="ID", help="cases to run (default: all)")
    parser.add_argument("--peer", action="append", choices=list(PEERS), help="only this tool")
    parser.add_argument("--jobs", type=int, default=2, help="programs at a time (default 2)")
    parser.add_argument("--limit", type=float, default=180, help="seconds for a program")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the results there")
    parser.add_argument("--again", action="store_true", help="judge the last answers, run nothing")
    parser.add_argument("--built", type=Path, help=argparse.SUPPRESS)  # hand builds, one a version
    given = parser.parse_args()
    peers = given.peer or list(PEERS)
    try:
        cases = read_all(ids=given.ids)
        if given.again:
            rows = _judge_again(cases, peers)
        else:
            tools = Tools(given.built.resolve() if given.built else None)
            rows = _all(cases, peers, tools, given.jobs, given.limit)
    except BadCase as error:
        say(str(error))
        return 2
    except (Failed, NoInterpreter, system_packages.Missing) as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        return 130
    print(table(rows, peers))
    silent = [
        f"{row.case.id} {side} {peer}: {said.problem}"
        for row in rows
        for (peer, side), said in row.said.items()
        if said.problem
    ]
    if silent:
        print("\n".join(["", "no answer", *silent]))
    if given.json:
        given.json.write_text(json.dumps(as_json(rows, peers), indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
