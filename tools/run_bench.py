"""Builds with the best optimisation that users get, and runs every benchmark in bench/.

    python3 tools/run_bench.py [--venv .venv] [--python PYTHON] [NAME ...]

A benchmark measures both sides of a claim in one run, prints the ratio, and exits with 1 when the
claim does not hold. NAME picks some: the name of its file without ending, e.g. bench_capture.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import system_packages
from environment import ROOT, Environment, Failed, Options, prepared, say
from python_facts import NoInterpreter
from run_tests import probes


def _commands(environment: Environment) -> dict[str, list[str]]:
    if environment.meson("compile", "benches") != 0:
        raise Failed("the benchmarks in C do not compile")
    commands = {
        program.name: [str(program)]
        for program in sorted((environment.build / "bench").glob("bench_*"))
        if program.is_file()
    }
    for script in sorted((ROOT / "bench").glob("bench_*.py")):
        commands[script.stem] = [environment.python, str(script)]
    return commands


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--venv", type=Path, default=ROOT / ".venv")
    parser.add_argument("--python", default="python3")
    parser.add_argument("names", nargs="*")
    given = parser.parse_args()
    try:
        environment = prepared(given.venv, given.python, Options(), ("test", "bench"))
        commands = _commands(environment)
        settings = {
            **environment.variables(),
            "PYTHONPATH": probes(environment),
            "UNFREED_BENCH": str(environment.build / "bench"),
        }
    except (Failed, NoInterpreter, system_packages.Missing) as error:
        say(str(error))
        return 1
    failed: list[str] = []
    for name in given.names or commands:
        if name not in commands:
            say(f"no benchmark {name} (there are: {', '.join(commands)})")
            return 2
        print(f"== {name}", flush=True)
        done = subprocess.run(commands[name], env=settings, cwd=ROOT)
        if done.returncode != 0:
            failed.append(name)
    if failed:
        say(f"not as claimed: {', '.join(failed)}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
