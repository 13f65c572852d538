"""Fuzzes the reader of snapshot files with libFuzzer.

    python3 tools/run_fuzz.py [--seconds 60] [LIBFUZZER ARGS ...]

Begins with tests/fuzz/corpus and what earlier runs found (build/fuzz/corpus). An input that makes
the target fail is left in build/fuzz, and named by libFuzzer; when it is fixed, put it into
tests/fuzz/corpus, whose inputs are run by `make test` too.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

import system_packages
from environment import ROOT, say

# of these layers everything is compiled in; what the target does not call costs nothing
LAYERS = ("base", "graph", "analysis", "snapshot")
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


def compile_target(clang: str, folder: Path) -> Path:
    target = folder / "fuzz_snapshot"
    sources = [ROOT / "tests/fuzz/fuzz_snapshot.c"]
    for layer in LAYERS:
        sources += sorted((ROOT / "src" / layer).glob("*.c"))
    includes = [f"-I{ROOT / name}" for name in ("src", "include", "tests/unit")]
    command = [clang, *FLAGS, *includes, *map(str, sources), "-lz", "-lm", "-o", str(target)]
    if subprocess.run(command).returncode != 0:
        raise system_packages.Missing("the fuzzer does not compile")
    return target


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=60)
    given, arguments = parser.parse_known_args()
    folder = ROOT / "build" / "fuzz"
    corpus = folder / "corpus"
    corpus.mkdir(parents=True, exist_ok=True)
    try:
        target = compile_target(system_packages.require_fuzzer(), folder)
    except system_packages.Missing as error:
        say(str(error))
        return 1
    return subprocess.run(
        [
            str(target),
            f"-max_total_time={given.seconds}",
            "-max_len=8192",
            "-print_final_stats=1",
            f"-artifact_prefix={folder}/",
            *arguments,
            str(corpus),
            str(ROOT / "tests/fuzz/corpus"),
        ]
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
