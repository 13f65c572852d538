"""Reads layout rows out of an interpreter's headers.

The rows are those that the extension is compiled with (src/pyext/layout_*.c). Which fields a row
has is read from src/cpython/layout*.h; from that a small C program is written that prints them all.
It is compiled against the headers and run here, without the interpreter that they belong to.
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
ROW_HEADERS = ("layout_objects.h", "layout_runtime.h", "layout.h")
ROW_SOURCES = ("layout_objects.c", "layout_records.c", "layout_runtime.c", "layout_roots.c")


# A value of a row: a number, a text (None: NULL), a struct, or an array or table of those.
Value = int | str | None | dict[str, "Value"] | list["Value"]


class NoRow(Exception):
    """No row can be made from these headers; the text says why, in one line."""


@dataclass(frozen=True)
class Headers:
    """The headers of one build of CPython."""

    folders: tuple[Path, ...]  # to be searched, the one with Python.h first
    version_hex: int
    debug: bool
    derived: bool = False  # of a release build, compiled as if they were of a debug build

    @property
    def minor(self) -> str:
        return f"{self.version_hex >> 24}.{self.version_hex >> 16 & 255}"

    @property
    def release(self) -> str:
        return f"{self.minor}.{self.version_hex >> 8 & 255}"

    def __str__(self) -> str:
        return self.release + (" debug" if self.debug else "")


_FACTS = """
#include <patchlevel.h>
#include <pyconfig.h>
"""


def _ask(folders: tuple[Path, ...], derived: bool, compiler: str) -> Headers | None:
    includes = [x for folder in folders for x in ("-I", str(folder))]
    done = subprocess.run(
        [compiler, "-E", "-dM", "-x", "c", *includes, "-"],
        input=_FACTS,
        capture_output=True,
        text=True,
    )
    defined = dict(re.findall(r"^#define (\w+) (.*)$", done.stdout, re.MULTILINE))
    level = defined.get("PY_RELEASE_LEVEL", "")
    numbers = [
        defined.get(f"PY_{x}", "") for x in ("MAJOR_VERSION", "MINOR_VERSION", "MICRO_VERSION")
    ]
    if done.returncode != 0 or not all(map(str.isdigit, numbers)) or "Py_GIL_DISABLED" in defined:
        return None
    if level != "PY_RELEASE_LEVEL_FINAL":
        return None  # before its release a version may still move fields
    major, minor, micro = map(int, numbers)
    debug = "Py_DEBUG" in defined
    if derived and debug:
        return None
    return Headers(
        folders, major << 24 | minor << 16 | micro << 8 | 0xF0, debug or derived, derived
    )


def find(root: Path, compiler: str = "cc") -> Iterator[Headers]:
    """The builds whose headers lie somewhere below `root`, free-threaded ones left out. With each
    release build also the debug build that is derived from it."""
    for at, _, files in os.walk(root):
        folder = Path(at)
        if "Python.h" not in files or not (folder / "internal").is_dir():
            continue
        # pyconfig.h of Debian includes <TRIPLE/python3.X/pyconfig.h>; of its debug build, beside
        # which are links to all other headers, <TRIPLE/python3.Xd/pyconfig.h>.
        folders = (folder, folder.parent) if any(folder.parent.glob("*-linux-*")) else (folder,)
        for derived in (False, True):
            found = _ask(folders, derived, compiler)
            if found is not None:
                yield found


# --- which fields there are -----------------------------------------------------------------


@dataclass
class Member:
    """A member of a struct of src/cpython/layout*.h."""

    name: str
    kind: str  # "number", "text", "struct", or "table": a pointer to an array of structs
    enum: str | None = None  # the enum that names its values
    type: str = ""  # of a number, as C has it
    length: str | None = None  # of an array, as C has it
    members: list[Member] = field(default_factory=list)


_TOKEN = re.compile(r"/\* enum (\w+) \*/|/\*.*?\*/|(\w+|[{}\[\];,*])", re.DOTALL)


class _Parser:
    """Reads struct and enum declarations. Only the C that layout*.h are written in."""

    def __init__(self, text: str) -> None:
        text = re.sub(r"^\s*#.*$", "", text, flags=re.MULTILINE)
        self.tokens = [
            f"/{match.group(1)}" if match.group(1) else match.group(2)
            for match in _TOKEN.finditer(text)
            if match.group(1) or match.group(2)
        ]
        self.at = 0
        self.structs: dict[str, list[Member]] = {}
        self.enums: dict[str, list[str]] = {}
        while self.at < len(self.tokens):
            word = self._next()
            if word == "enum" and self._peek(1) == "{":
                self._enum()
            elif word == "struct" and self._peek(1) == "{":
                tag = self._next()
                self.structs[tag] = self._body()

    def _peek(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else ""

    def _next(self) -> str:
        self.at += 1
        return self._peek(-1)

    def _enum(self) -> None:
        tag, _ = self._next(), self._next()
        names = self.enums.setdefault(tag, [])
        while (word := self._next()) != "}":
            if re.fullmatch(r"[A-Z]\w+", word):
                names.append(word)

    def _body(self) -> list[Member]:
        members: list[Member] = []
        self._next()
        while self._peek() != "}":
            if self._peek().startswith("/"):  # the comment behind a member: what its values mean
                members[-1].enum = self._next()[1:]
            else:
                members += self._member()
        self._next()
        return members

    def _member(self) -> list[Member]:
        words: list[str] = []
        inner: list[Member] | None = None
        while self._peek() not in (";", ",", "["):
            if self._peek() == "{":
                inner = self._body()
            else:
                words.append(self._next())
        *types, name = words
        kind = "number"
        if inner is None and "struct" in types:
            inner = self.structs[types[types.index("struct") + 1]]
        if inner is not None:
            kind = "table" if "*" in types else "struct"
        elif "*" in types:
            kind = "text"
        members = [Member(name, kind, type=types[-1] if types else "", members=inner or [])]
        while self._peek() != ";":
            if self._next() == "[":
                members[-1].length = self._next()
                self._next()
            else:
                members.append(Member(self._next(), kind, type=members[0].type))
        self._next()
        return members


@dataclass(frozen=True)
class Fields:
    row: list[Member]  # of struct uf_layout
    enums: dict[str, list[str]]


def fields() -> Fields:
    folder = ROOT / "src" / "cpython"
    parser = _Parser("\n".join((folder / name).read_text() for name in ROW_HEADERS))
    return Fields(parser.structs["uf_layout"], parser.enums)


# --- the program that prints them -----------------------------------------------------------


_PRINTER = """
#include "cpython/layout.h"
#include <stdio.h>
#define NUMBER(path, value) fprintf(out, "%s %lld\\n", path, (long long)(value))
static void text(FILE *out, const char *path, const char *value)
{
    if (value)
        fprintf(out, "%s \\"%s\\"\\n", path, value);
    else
        fprintf(out, "%s NULL\\n", path);
}
void print_row(const struct uf_layout *row, FILE *out)
{
"""

_PROGRAM = """
#include "pyext/layout_objects.h"
#include "pyext/layout_runtime.h"
#include <patchlevel.h>
int main(void)
{
    static struct uf_layout row;
    row.version_hex = PY_VERSION_HEX;
    row.objects = *uf_layout_objects_self();
    row.runtime = uf_layout_runtime_self;
    print_row(&row, stdout);
    return 0;
}
"""


def _print_members(members: list[Member], value: str, path: str, depth: int) -> list[str]:
    """C statements that print members of the struct `value`; `path` is a C expression."""
    lines: list[str] = []
    names = {member.name for member in members}
    for member in members:
        here = f"{value}.{member.name}"
        buffer, index = f"at{depth}", f"i{depth}"
        body: list[str]
        if member.length is None and member.kind != "table":
            label, element = f'"%s.{member.name}", {path}', here
        else:
            label, element = f'"%s.{member.name}[%d]", {path}, {index}', f"{here}[{index}]"
        body = [f"char {buffer}[256];", f"snprintf({buffer}, sizeof {buffer}, {label});"]
        if member.kind == "number":
            body.append(f"NUMBER({buffer}, {element});")
        elif member.kind == "text":
            body.append(f"text(out, {buffer}, {element});")
        else:
            body += _print_members(member.members, element, buffer, depth + 1)
        if member.kind == "table" or member.length is not None:
            count = next(
                (n for n in (f"{member.name[:-1]}_count",) if n in names), None
            )  # "records" are "record_count" many
            if count is not None:
                until = f"{index} < {value}.{count}"
            elif member.length is not None:
                until = f"{index} < {member.length}"
            else:
                until = f"{element}.name"
            body = [f"for (int {index} = 0; {until}; {index}++) {{", *body, "}"]
        else:
            body = ["{", *body, "}"]
        lines += body
    return lines


def printer() -> str:
    """A C source whose function print_row() writes every field of a row, a line each."""
    return _PRINTER + "\n".join(_print_members(fields().row, "(*row)", '""', 0)) + "\n}\n"


def _store(row: dict[str, Value], path: str, value: Value) -> None:
    place: Value = row
    steps: list[str | int] = []
    for name, index in re.findall(r"\.(\w+)((?:\[\d+\])?)", path):
        steps.append(name)
        if index:
            steps.append(int(index[1:-1]))
    for step, following in zip(steps, [*steps[1:], None], strict=True):
        new: Value = value if following is None else [] if isinstance(following, int) else {}
        if isinstance(place, dict) and isinstance(step, str):
            place = place.setdefault(step, new)
        elif isinstance(place, list) and isinstance(step, int):
            if step == len(place):
                place.append(new)
            place = place[step]


def _compile(headers: Headers, folder: Path, compiler: str, program: str) -> Path:
    source, made = folder / "rows.c", folder / "rows"
    source.write_text(program)
    sources = [str(ROOT / "src" / "pyext" / name) for name in ROW_SOURCES]
    defines = ["-DPy_DEBUG=1"] if headers.derived else []
    searched = [*headers.folders, headers.folders[0] / "internal"]
    # Not -isystem: of a system header that is a link, gcc looks for "pyconfig.h" where that leads.
    includes = [x for folder_ in searched for x in ("-I", str(folder_))]
    command = [compiler, "-std=c11", "-D_GNU_SOURCE", "-O1", "-w", *defines, *includes]
    # Inline functions of the headers name functions of the interpreter; none is called.
    command += ["-I", str(ROOT / "src"), "-Wl,--unresolved-symbols=ignore-all"]
    done = subprocess.run(
        [*command, str(source), *sources, "-o", str(made)], capture_output=True, text=True
    )
    if done.returncode != 0:
        errors = [x for x in done.stderr.splitlines() if "error" in x] or ["no message"]
        raise NoRow(f"the rows do not compile with the headers of {headers}: {errors[0]}")
    return made


def read(printed: str) -> dict[str, Value]:
    """What print_row() printed, as nested dicts."""
    answer: dict[str, Value] = {}
    for line in printed.splitlines():
        path, text = line.split(" ", 1)
        quoted = text.startswith('"')
        _store(answer, path, text[1:-1] if quoted else None if text == "NULL" else int(text))
    return answer


def row_of(headers: Headers, compiler: str = "cc") -> dict[str, Value]:
    """The row that the extension would have if it was compiled with these headers. Raises NoRow."""
    with tempfile.TemporaryDirectory(prefix="layouts-") as work:
        made = _compile(headers, Path(work), compiler, printer() + _PROGRAM)
        done = subprocess.run([str(made)], capture_output=True, text=True)
    if done.returncode != 0:
        raise NoRow(f"the program that prints the row of {headers} failed: {done.returncode}")
    return read(done.stdout)
