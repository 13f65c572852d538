"""Runs clang-tidy on the engine, the program and the extension, as they are compiled.

    python3 tools/lint_c.py VENV

Reads the compile commands of the build directory that make installed VENV from.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from environment import ROOT, installed_build


def _tidy(program: Path, build: Path, file: Path) -> tuple[bool, str]:
    done = subprocess.run(
        [str(program), "--quiet", "-p", str(build), str(file)], capture_output=True, text=True
    )
    return done.returncode == 0, done.stdout


def main() -> int:
    venv = Path(sys.argv[1])
    build = installed_build(venv)
    if build is None:
        print(f"lint: {venv} was not built by make")
        return 1
    commands = json.loads((build / "compile_commands.json").read_text())
    named = {(build / command["file"]).resolve() for command in commands}
    files = sorted(f for f in named if f.is_relative_to(ROOT / "src"))
    failed = 0
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        program = venv.resolve() / "bin" / "clang-tidy"
        for fine, output in pool.map(lambda f: _tidy(program, build, f), files):
            if not fine:
                failed += 1
                print(output)
    print(f"lint: clang-tidy found fault with {failed} of {len(files)} C sources")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
