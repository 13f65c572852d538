"""Reads and validates the cases of tests/leaks: a folder each, described by its case.toml.

tests/leaks/README.md says what each key means. Anything that is not understood is an error: a
misspelt expectation would otherwise pass for ever.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

try:
    import tomllib
except ModuleNotFoundError:  # before Python 3.11
    import tomli as tomllib  # type: ignore[no-redef]

CASES = Path(__file__).resolve().parent.parent / "tests" / "leaks"

VERDICTS = ("clean", "delayed", "leak")
KINDS = ("retained", "growing", "cycle", "orphan", "native", "descriptor", "thread", "task")
SEVERITIES = ("leak", "delayed", "bounded")
SIDES = ("leaky", "fixed")
ASPECTS = ("verdict", "culprit", "proof", "fixed")

_PYTHON = re.compile(r"3\.\d+(\.\d+(-\d+)?)?")
_PIN = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*(\[[a-z0-9_,-]+\])?==[A-Za-z0-9.+!]+")
_FOR_ALL = {"id", "title", "class", "thread", "seen", "not_reproduced"}
_FOR_BOTH = {"python", "target", "options", "environment", "build"}
_EXPECTED = {"packages", "verdict", "severity", "kind", "type", "holder", "collectable"}


class BadCase(Exception):
    """A case.toml that is not as README.md says; the text is one line."""


@dataclass(frozen=True)
class Side:
    """One version of the package, and what unfreed is to say about it."""

    name: str  # leaky or fixed
    pythons: tuple[str, ...]
    packages: tuple[str, ...]
    build: tuple[str, ...]  # what sdists are built with, instead of pip's choice
    target: str
    options: tuple[str, ...]
    environment: dict[str, str]
    verdict: tuple[str, ...]
    severity: tuple[str, ...] = ()
    kind: tuple[str, ...] = ()
    type: tuple[str, ...] = ()
    holder: tuple[str, ...] = ()
    collectable: bool | None = None

    def names_culprit(self) -> bool:
        return bool(self.kind or self.type or self.holder)


@dataclass(frozen=True)
class Case:
    id: str
    title: str
    group: str  # the class of REAL_LEAKS: a cycle, b registry, c C code, d descriptors, e none
    thread: str
    seen: str
    folder: Path
    sides: dict[str, Side] = field(default_factory=dict)
    unmet: dict[str, str] = field(default_factory=dict)  # aspect -> why it is not as expected
    not_reproduced: str | None = None


def _texts(where: str, name: str, value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
        raise BadCase(f"{where}: {name} is not a list of texts")
    return tuple(value)


def _among(where: str, name: str, values: tuple[str, ...], allowed: tuple[str, ...]) -> None:
    for value in values:
        if value not in allowed:
            raise BadCase(f"{where}: {name} {value!r} is none of {', '.join(allowed)}")


def _only(where: str, table: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise BadCase(f"{where}: unknown key {unknown[0]!r} (known: {', '.join(sorted(known))})")


def _side(where: str, name: str, shared: dict[str, Any], table: dict[str, Any]) -> Side:
    where = f"{where} [{name}]"
    _only(where, table, _EXPECTED | _FOR_BOTH)
    given = {**shared, **table}
    lists = {
        key: _texts(where, key, given.get(key, []))
        for key in ("python", "packages", "build", "options", *sorted(_EXPECTED - {"collectable"}))
    }
    for wish in lists["python"]:
        if not _PYTHON.fullmatch(wish):
            raise BadCase(f"{where}: python {wish!r} is not like 3.11, 3.11.2 or 3.12.0-6")
    for pin in lists["packages"]:
        if not _PIN.fullmatch(pin):
            raise BadCase(f"{where}: {pin!r} is not pinned as NAME==VERSION")
    if not lists["python"] or not lists["verdict"]:
        raise BadCase(f"{where}: python and verdict are needed")
    _among(where, "verdict", lists["verdict"], VERDICTS)
    _among(where, "severity", lists["severity"], SEVERITIES)
    _among(where, "kind", lists["kind"], KINDS)
    target = given.get("target")
    if not isinstance(target, str) or not target:
        raise BadCase(f"{where}: target is needed")
    environment = given.get("environment", {})
    if not all(isinstance(v, str) for v in environment.values()):
        raise BadCase(f"{where}: environment is not a table of texts")
    collectable = given.get("collectable")
    if collectable is not None and not isinstance(collectable, bool):
        raise BadCase(f"{where}: collectable is not true or false")
    return Side(
        name=name,
        pythons=lists.pop("python"),
        target=target,
        environment=dict(environment),
        collectable=collectable,
        **lists,
    )


def parse(text: str, folder: Path) -> Case:
    """The case that `text`, the case.toml of `folder`, describes. Raises BadCase."""
    where = folder.name
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadCase(f"{where}: {error}") from error
    _only(where, table, _FOR_ALL | _FOR_BOTH | set(SIDES) | {"unmet"})
    for key in ("id", "title", "class", "thread"):
        if not isinstance(table.get(key), str) or not table[key]:
            raise BadCase(f"{where}: {key} is needed")
    if folder.name.split("-")[0] != table["id"]:
        raise BadCase(f"{where}: the folder's name does not start with the id {table['id']!r}")
    _among(where, "class", (table["class"],), ("a", "b", "c", "d", "e"))
    unmet = table.get("unmet", {})
    _among(where, "unmet", tuple(unmet), ASPECTS)
    shared = {key: table[key] for key in _FOR_BOTH if key in table}
    sides = {name: _side(where, name, shared, table[name]) for name in SIDES if name in table}
    not_reproduced = table.get("not_reproduced")
    if bool(sides) == bool(not_reproduced):
        raise BadCase(f"{where}: either [leaky] or [fixed], or not_reproduced with the reason")
    if sides and "seen" not in table:
        raise BadCase(f"{where}: seen is needed: what was seen on reproducing it")
    return Case(
        id=table["id"],
        title=table["title"],
        group=table["class"],
        thread=table["thread"],
        seen=table.get("seen", ""),
        folder=folder,
        sides=sides,
        unmet=dict(unmet),
        not_reproduced=not_reproduced,
    )


def _order(case: Case) -> tuple[str, int, str]:
    number = re.match(r"[A-Z]+(\d+)", case.id)
    return case.id[:1], int(number[1]) if number else 0, case.id


def read_all(folder: Path = CASES, ids: list[str] | None = None) -> list[Case]:
    """The cases in order of their ids; `ids` picks some. Raises BadCase."""
    cases: dict[str, Case] = {}
    for file in sorted(folder.glob("*/case.toml")):
        if ids and file.parent.name.split("-")[0] not in ids:
            continue  # somebody else's unfinished case does not stop this one
        case = parse(file.read_text(), file.parent)
        if case.id in cases:
            raise BadCase(f"{case.id}: is there twice: {file.parent.name}")
        cases[case.id] = case
    for wanted in ids or []:
        if wanted not in cases:
            raise BadCase(f"{wanted}: no such case in {folder.name}")
    return sorted(cases.values(), key=_order)
