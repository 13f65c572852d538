"""Reads a program with everything in it from outside, and compares with what it says of itself.

    python3 tools/outside_truth.py [--only MINOR]... [--instances N] [--docs]

For each CPython that is here, 3.8 and later: an environment with requirements/outside.txt; a
program that builds a heap of all kinds (tests/targets/truth.py), writes down its references and
stands still; `unfreed export PID`; the comparison (truth_judge.py). Prints a line per version and
every gap by its types. Ends with 1 where recall or the share of wrong references misses its bar.
--docs puts the figures into docs/outside-truth.md.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import fetch_pythons
import interpreters
import truth_judge
from python_facts import OLDEST_OUTSIDE, Facts

ROOT = Path(__file__).resolve().parent.parent
REQUIREMENTS = ROOT / "requirements" / "outside.txt"
PROGRAM = ROOT / "tests" / "targets" / "truth.py"
PAGE = ROOT / "docs" / "outside-truth.md"
PACKAGES = [
    "numpy",
    "pandas",
    "lxml",
    "pydantic",
    "orjson",
    "cryptography",
    "aiohttp",
    "sqlalchemy",
    "protobuf",
    "msgpack",
]
RECALL, WRONG = 0.999, 0.001
_OPTIONS = [
    "-q",
    "--disable-pip-version-check",
    "--only-binary=:all:",
    "--root-user-action=ignore",
]


class Failed(Exception):
    """The text is one line."""


def _pip(python: str, cache: Path) -> dict[str, str]:
    """What the environment of `python -m pip` must hold: Debian's interpreters have no pip."""
    if subprocess.run([python, "-m", "pip", "--version"], capture_output=True).returncode == 0:
        return {}
    folder = cache / "pip"
    if not folder.exists():
        wanted = re.search(r"^pip==.*$", (ROOT / "requirements" / "build.txt").read_text(), re.M)
        command = [sys.executable, "-m", "pip", "install", *_OPTIONS, "--target", str(folder)]
        subprocess.run([*command, wanted[0] if wanted else "pip"], check=True)
    return {"PYTHONPATH": str(folder)}


def packages_of(facts: Facts) -> Path:
    """The folder with the packages for this interpreter, installed first if need be."""
    digest = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:10]
    cache = fetch_pythons.cache().parent / "outside"
    folder = cache / f"{facts.version}-{digest}"
    if (folder / "done").exists():
        return folder
    cache.mkdir(parents=True, exist_ok=True)
    command = [facts.executable, "-m", "pip", "install", *_OPTIONS, "--upgrade"]
    done = subprocess.run(
        [*command, "--target", str(folder), "-r", str(REQUIREMENTS)],
        env={**os.environ, **_pip(facts.executable, cache)},
        capture_output=True,
        text=True,
    )
    if done.returncode:
        raise Failed(f"{facts.version}: {done.stderr.strip().splitlines()[-1]}")
    (folder / "done").touch()
    return folder


def measure(
    executable: str, unfreed: str, instances: int, packages: list[str], path: Path | None = None
) -> tuple[truth_judge.Verdict, dict[str, str | None], float]:
    """The verdict, the packages' versions, and how long reading took."""
    environment = dict(os.environ, PYTHONPATH=str(path or ""), PYTHONWARNINGS="ignore")
    with tempfile.TemporaryDirectory(prefix="unfreed-truth-") as folder:
        truth, read = Path(folder, "truth"), Path(folder, "heap.jsonl")
        command = [executable, str(PROGRAM), str(truth), str(instances), *packages]
        with subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=environment,
        ) as process:
            assert process.stdin and process.stdout and process.stderr
            said = process.stdout.readline()
            if not said:
                raise Failed((process.stderr.read().strip().splitlines() or ["no output"])[-1])
            program = json.loads(said)
            started = time.monotonic()
            done = subprocess.run(
                [unfreed, "export", str(program["pid"]), "--to", "json", "-o", str(read), "-q"],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
            )
            seconds = time.monotonic() - started
            process.stdin.close()
            if done.returncode:
                raise Failed(done.stderr.strip())
        with read.open(encoding="utf-8") as lines:
            heap = truth_judge.read_heap(lines)
        verdict = truth_judge.judge(heap, truth_judge.read_truth(truth), program["left_out"])
        return verdict, program["packages"], seconds


def _row(version: str, v: truth_judge.Verdict) -> str:
    return (
        f"| {version} | {v.objects:,} | {v.reported:,} | {v.missing:,} | {v.recall:.5f} "
        f"| {v.guessed:,} | {v.explained:,} | {v.immortal:,} | {v.wrong:,} | {v.wrong_share:.4%} |"
    )


_HEAD = (
    "| CPython | tracked objects | references reported | missing | recall "
    "| guessed | of these explained | immortal | wrong | share wrong |\n"
    "|---|---|---|---|---|---|---|---|---|---|"
)


def _named(counter: dict[tuple[str, str], int], most: int = 12) -> list[str]:
    ordered = sorted(counter.items(), key=lambda item: (-item[1], item[0]))
    lines = [f"{count:,} {one} -> {other}" for (one, other), count in ordered[:most]]
    if len(ordered) > most:
        lines.append(f"{sum(count for _, count in ordered[most:]):,} more")
    return lines


def _show(results: dict[str, tuple[truth_judge.Verdict, dict[str, str | None]]]) -> str:
    text = [_HEAD, *(_row(version, verdict) for version, (verdict, _) in results.items()), ""]
    for version, (verdict, packages) in results.items():
        left = [name for name in PACKAGES if not packages.get(name)]
        if left:
            text.append(f"- {version}: without {', '.join(left)}")
        if verdict.gaps:
            text.append(f"- {version}, missing: {'; '.join(_named(verdict.gaps))}")
        if verdict.faults:
            text.append(f"- {version}, wrong: {'; '.join(_named(verdict.faults))}")
    return "\n".join(text)


def _into_page(figures: str) -> None:
    page = PAGE.read_text(encoding="utf-8")
    begin, end = "<!-- figures -->\n", "<!-- end of figures -->"
    head, tail = page.index(begin) + len(begin), page.index(end)
    PAGE.write_text(page[:head] + "\n" + figures + "\n\n" + page[tail:], encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--only", action="append", metavar="MINOR")
    parser.add_argument("--instances", type=int, default=100_000)
    parser.add_argument("--docs", action="store_true")
    options = parser.parse_args()
    unfreed = os.environ.get("UNFREED_BIN", str(ROOT / ".venv" / "bin" / "unfreed"))
    results: dict[str, tuple[truth_judge.Verdict, dict[str, str | None]]] = {}
    failed = False
    print(_HEAD)
    for facts in interpreters.found(OLDEST_OUTSIDE)[0]:
        if options.only and ".".join(facts.version.split(".")[:2]) not in options.only:
            continue
        try:
            verdict, packages, _ = measure(
                facts.executable, unfreed, options.instances, PACKAGES, packages_of(facts)
            )
        except Failed as error:
            print(f"{facts.version}: {error}", file=sys.stderr)
            failed = True
            continue
        results[facts.version] = verdict, packages
        print(_row(facts.version, verdict), flush=True)
        if verdict.recall < RECALL or verdict.wrong_share >= WRONG or verdict.absent:
            print(f"{facts.version}: below the bar ({verdict.absent} absent)", file=sys.stderr)
            failed = True
    text = _show(results)
    print(text[text.index("\n\n") + 1 :])
    if options.docs:
        _into_page(text)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
