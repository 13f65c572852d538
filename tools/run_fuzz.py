"""Fuzzes what reads files and memory that are not trusted, with libFuzzer.

    python3 tools/run_fuzz.py [--target NAME ...] [--seconds 60] [LIBFUZZER ARGS ...]

A target is tests/fuzz/fuzz_NAME.c; all of them share the seconds unless some are named. Each begins
with tests/fuzz/corpus/NAME and what earlier runs found (build/fuzz/corpus/NAME). An input that
makes a target fail is left in build/fuzz/NAME, and named by libFuzzer; when it is fixed, put it
into tests/fuzz/corpus/NAME, whose inputs are run by `make test` too.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

import system_packages
from environment import ROOT, say

# of these layers everything is compiled in; what the target does not call costs nothing
LAYERS = {
    "core": ("base", "memory", "symbols"),
    "heap": ("base", "memory", "graph", "cpython", "capture", "analysis", "snapshot"),
    "snapshot": ("base", "graph", "analysis", "snapshot"),
}
LIBRARIES = ("-ldw", "-lelf", "-lz", "-lm")
FLAGS = [
    "-std=c11",
    "-D_GNU_SOURCE",
    "-D__SANITIZE_ADDRESS__=1",  # as GCC says it: base/mem.c then takes blocks that are watched
    "-g",
    "-O1",
    "-fno-strict-aliasing",
    "-fno-omit-frame-pointer",
    "-fsanitize=fuzzer,address,undefined",
    "-fno-sanitize-recover=undefined",
]
FUZZED = ROOT / "tests" / "fuzz"
FOLDER = ROOT / "build" / "fuzz"


def compile_target(clang: str, name: str) -> Path:
    target = FOLDER / f"fuzz_{name}"
    sources = [FUZZED / f"fuzz_{name}.c"]
    for layer in LAYERS[name]:
        sources += sorted((ROOT / "src" / layer).glob("*.c"))
    includes = [f"-I{ROOT / folder}" for folder in ("src", "include", "tests/unit")]
    command = [clang, *FLAGS, *includes, *map(str, sources), *LIBRARIES, "-o", str(target)]
    if subprocess.run(command).returncode != 0:
        raise system_packages.Missing(f"fuzz_{name} does not compile")
    return target


def run_target(target: Path, name: str, seconds: int, arguments: list[str]) -> int:
    found, failures = FOLDER / "corpus" / name, FOLDER / name
    found.mkdir(parents=True, exist_ok=True)
    failures.mkdir(parents=True, exist_ok=True)
    say(f"fuzz_{name}: {seconds} s")
    return subprocess.run(
        [
            str(target),
            f"-max_total_time={seconds}",
            "-max_len=16384",
            "-timeout=20",
            "-print_final_stats=1",
            f"-artifact_prefix={failures}/",
            *arguments,
            str(found),
            str(FUZZED / "corpus" / name),
        ],
        env=os.environ | {"UNFREED_HEAP_IMAGES": str(FUZZED / "images")},
    ).returncode


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--target", action="append", choices=sorted(LAYERS))
    parser.add_argument("--seconds", type=int, default=60)
    given, arguments = parser.parse_known_args()
    names = given.target or sorted(LAYERS)
    FOLDER.mkdir(parents=True, exist_ok=True)
    try:
        clang = system_packages.require_fuzzer()
        targets = {name: compile_target(clang, name) for name in names}
    except system_packages.Missing as error:
        say(str(error))
        return 1
    seconds = max(given.seconds // len(names), 1)
    failed = [name for name in names if run_target(targets[name], name, seconds, arguments)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
