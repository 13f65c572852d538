"""Holds the layer table of docs/ARCHITECTURE.md, and what else can be seen without compiling.

    python3 tools/check_layers.py [ROOT]

- a source of a layer includes only headers of the layers that the table allows it;
- Python.h and the interpreter's internal headers appear in src/pyext and the tests' probes only;
- the engine calls no malloc, and nothing calls functions that end the process or overrun buffers;
- every C source is named in the meson.build beside it;
- no file is longer than 500 lines.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

PUBLIC = "unfreed.h"
LONGEST_LINES = 500

# A row of the table: | `src/LAYER` | what it may include | what it holds |
TABLE = "docs/ARCHITECTURE.md"
_ROW = re.compile(r"^\| `src/(\w+)` \| ([^|]+) \|", re.MULTILINE)
Rows = dict[str, set[str] | None]
NOTHING, PUBLIC_ONLY, ANYTHING = "nothing", "the public header only", "anything"

MAY_INCLUDE_PUBLIC = {"channel", "cli", "report", "answer"}  # all but cli implement it
MAY_INCLUDE_PYTHON = ("src/pyext/", "tests/oracle/probe", "tests/extension/")

# What may not be called, and where the ban does not hold.
BANNED: list[tuple[str, str, tuple[str, ...]]] = [
    (r"strcpy|strcat|sprintf|vsprintf|gets|alloca", "overruns its buffer", ()),
    (
        r"malloc|calloc|realloc|strdup|strndup|asprintf|vasprintf|free",
        "would show in the figures: base/mem.h",
        ("src/base/mem", "src/cli/", "src/preload/", "tests/", "bench/"),
    ),
    (
        r"abort|exit|_exit|assert",
        "ends a process that is not ours: return an error",
        ("src/cli/", "src/pyext/", "tests/", "bench/"),
    ),
]

_INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^">]+)[">]', re.MULTILINE)
_COMMENT_OR_TEXT = re.compile(
    r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S
)


def blanked(text: str) -> str:
    """`text` without comments and string literals, with the same line numbers."""
    return _COMMENT_OR_TEXT.sub(lambda m: "\n" * m.group().count("\n") or " ", text)


def _line(text: str, offset: int) -> int:
    return text.count("\n", 0, offset) + 1


def table(root: Path) -> Rows:
    """Each layer with those whose headers it may include besides its own; None: anything."""
    rows: Rows = {}
    for layer, allowed in _ROW.findall((root / TABLE).read_text()):
        if allowed.startswith(ANYTHING):
            rows[layer] = None
        elif allowed in (NOTHING, PUBLIC_ONLY):
            rows[layer] = set()
        else:
            rows[layer] = {word.strip() for word in allowed.split(",")}
    return rows


def _includes(root: Path, rows: Rows, file: Path, text: str) -> Iterator[str]:
    name = file.relative_to(root).as_posix()
    parts = name.split("/")
    layer = parts[1] if parts[0] == "src" and len(parts) > 2 else None
    for match in _INCLUDE.finditer(text):
        header = match.group(2)
        where = f"{name}:{_line(text, match.start())}"
        folder = header.split("/")[0] if "/" in header else None
        if header == "Python.h" or header.startswith(("pycore_", "internal/pycore_")):
            if not name.startswith(MAY_INCLUDE_PYTHON):
                yield f"{where}: {header} is for src/pyext only"
        elif layer is None or rows.get(layer) is None:
            continue
        elif header == PUBLIC:
            if layer not in MAY_INCLUDE_PUBLIC:
                yield f"{where}: the public header is for the program, not for the layer {layer}"
        elif folder in rows:
            own = rows[layer] or set()
            if folder != layer and folder not in own:
                allowed = ", ".join(sorted(own)) or "nothing"
                yield f"{where}: {layer} may include {allowed}, not {header}"
        elif match.group(1) == '"' and not (file.parent / header).is_file():
            yield f'{where}: "{header}" is not in this folder: name it by its layer'


def _calls(root: Path, file: Path, text: str) -> Iterator[str]:
    name = file.relative_to(root).as_posix()
    code = blanked(text)
    for names, why, free in BANNED:
        if free and name.startswith(free):
            continue
        for match in re.finditer(rf"(?<![\w.>])({names})\s*\(", code):
            yield f"{name}:{_line(code, match.start())}: {match.group(1)}: {why}"


def _is_built(root: Path, file: Path) -> Iterator[str]:
    build = file.parent / "meson.build"
    text = build.read_text() if build.is_file() else ""
    stem = file.stem.removeprefix("test_")
    if f"'{file.name}'" not in text and f"'{stem}'" not in text:
        yield f"{file.relative_to(root).as_posix()}: is in no meson.build"


def problems(root: Path) -> Iterator[str]:
    files = [
        f for top in ("include", "src", "tests", "bench") for f in (root / top).rglob("*.[ch]")
    ]
    scripts = [
        f
        for top in ("python", "tests", "tools", "bench", "demo")
        for f in (root / top).rglob("*.py")
    ]
    rows = table(root)
    for folder in sorted((root / "src").iterdir()):
        if folder.is_dir() and folder.name not in rows:
            yield f"src/{folder.name}: has no row in {TABLE}"
    for file in sorted(files):
        text = file.read_text()
        yield from _includes(root, rows, file, text)
        yield from _calls(root, file, text)
        if file.suffix == ".c" and file.relative_to(root).parts[0] in ("src", "tests", "bench"):
            yield from _is_built(root, file)
    for file in sorted(files + scripts):
        count = len(file.read_text().splitlines())
        if count > LONGEST_LINES:
            name = file.relative_to(root).as_posix()
            yield f"{name}: {count} lines; split it by meaning ({LONGEST_LINES} at most)"


def main() -> int:
    root = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent.parent).resolve()
    count = 0
    for problem in problems(root):
        print(problem)
        count += 1
    print(f"layers: {count} problem{'' if count == 1 else 's'}")
    return 1 if count else 0


if __name__ == "__main__":
    sys.exit(main())
