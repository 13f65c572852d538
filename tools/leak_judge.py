"""Compares what unfreed said about a case with what the case expects, and adds it up.

Pure: reports in, rows out. A row has five answers, each True, False, or None where it has no
meaning (an open leak has no fixed side) or could not be had (no such interpreter here).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from leak_cases import Case, Side

TARGETS = {"verdict": 0.95, "fixed": 1.0, "culprit": 0.85}
LABELS = {
    "verdict": "right verdict on the leaky version",
    "fixed": "no false alarm on fixed versions and look-alikes",
    "culprit": "culprit named first",
    "proof": "fix proved",
}


@dataclass
class Outcome:
    """One run of unfreed on one side. Without a report, `problem` says why; a problem of the
    surroundings (no interpreter, no package) is `unavailable`, which blames nobody."""

    side: str
    python: str = ""
    report: dict[str, Any] | None = None
    problem: str = ""
    unavailable: bool = False
    seconds: float = 0.0


@dataclass
class Row:
    case: Case
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    answers: dict[str, bool | None] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    @property
    def seconds(self) -> float:
        return sum(outcome.seconds for outcome in self.outcomes.values())

    def first(self) -> dict[str, Any]:
        """The leaky side's finding 1, or an empty one."""
        outcome = self.outcomes.get("leaky")
        findings = (outcome.report or {}).get("findings") if outcome else None
        return findings[0] if findings else {}

    def regressed(self) -> list[str]:
        """What is wrong and not listed as such in the case. A proof is never demanded."""
        return [
            aspect
            for aspect in ("verdict", "culprit", "fixed")
            if self.answers.get(aspect) is False and aspect not in self.case.unmet
        ]


def _words_of_steps(steps: Iterable[dict[str, Any]] | None) -> Iterable[str]:
    for step in steps or []:
        for key in ("edge", "type", "object"):
            yield step.get(key) or ""


def _native_words(finding: dict[str, Any]) -> Iterable[str]:
    for frame in finding.get("allocated_at") or []:
        for key in ("library", "symbol", "function", "file"):
            yield frame.get(key) or ""


def culprit_words(finding: dict[str, Any]) -> list[str]:
    """Every place in which a finding may name what holds the leak."""
    words = [finding.get("holder") or "", finding.get("path_root") or ""]
    words += _words_of_steps(finding.get("path"))
    words += _words_of_steps(finding.get("cycle"))
    if finding.get("kind") in ("native", "orphan", "descriptor", "thread", "task"):
        words += _native_words(finding)
    for kind in ("descriptor", "thread", "task"):
        details = finding.get(kind) or {}
        words += [str(details.get(key) or "") for key in ("target", "name", "coroutine")]
        words += list(_native_words({"allocated_at": details.get("stack")}))
    return [word for word in words if word]


def _has_any(wanted: tuple[str, ...], texts: Iterable[str]) -> bool:
    texts = list(texts)
    return any(want in text for want in wanted for text in texts)


def culprit_faults(side: Side, report: dict[str, Any], own: str = "") -> list[str]:
    """What finding 1 gets wrong; empty when it names the culprit. `own`: the name of the case's
    folder, which often names the package and would make every frame of its program a hit."""
    findings = report.get("findings") or []
    if not findings:
        return ["no finding"]
    first = findings[0]
    faults = []
    if side.severity and first["severity"] not in side.severity:
        faults.append(f"severity {first['severity']}")
    if side.kind and first["kind"] not in side.kind:
        faults.append(f"kind {first['kind']}")
    if side.type and not _has_any(side.type, [first["type"], *(first.get("types") or [])]):
        faults.append(f"type {first['type']}")
    words = [word for word in culprit_words(first) if not own or own not in word]
    if side.holder and not _has_any(side.holder, words):
        faults.append(f"holder {first.get('holder') or 'unknown'}")
    if side.collectable is not None and first.get("collectable") is not side.collectable:
        faults.append(f"collectable {first.get('collectable')}")
    return faults


def _judge_side(row: Row, side: Side, outcome: Outcome) -> None:
    aspect = "fixed" if side.name == "fixed" else "verdict"
    if outcome.report is None:
        row.answers[aspect] = None if outcome.unavailable else False
        row.notes.append(f"{side.name}: {outcome.problem}")
        if side.name == "leaky" and not outcome.unavailable and side.names_culprit():
            row.answers["culprit"] = False
        return
    verdict = outcome.report["verdict"]
    right = verdict in side.verdict
    row.answers[aspect] = right
    if not right:
        row.notes.append(f"{side.name}: {verdict}, not {' or '.join(side.verdict)}")
    if not side.names_culprit() or (side.name == "fixed" and not right):
        return
    faults = culprit_faults(side, outcome.report, row.case.folder.name)
    if side.name == "leaky":
        row.answers["culprit"] = not faults
    elif faults:
        row.answers["fixed"] = False
    if faults:
        row.notes.append(f"{side.name}: {', '.join(faults)}")


def judge(case: Case, outcomes: Iterable[Outcome]) -> Row:
    """The row of `case`, from the runs of those of its sides that were asked for."""
    row = Row(case, {outcome.side: outcome for outcome in outcomes})
    for name, outcome in row.outcomes.items():
        _judge_side(row, case.sides[name], outcome)
    if row.answers.get("verdict") is not None and row.first():
        row.answers["proof"] = bool(row.first()["fix"].get("verified"))
    row.notes += [f"known, {aspect}: {why}" for aspect, why in case.unmet.items()]
    return row


def totals(rows: Iterable[Row]) -> dict[str, tuple[int, int]]:
    """For each aspect: how many rows have it right, of how many that have it at all."""
    counts = dict.fromkeys(LABELS, (0, 0))
    for row in rows:
        for aspect in LABELS:
            answer = row.answers.get(aspect)
            if answer is not None:
                good, of = counts[aspect]
                counts[aspect] = (good + answer, of + 1)
    return counts


def missed(counts: dict[str, tuple[int, int]]) -> list[str]:
    """The aspects whose target is missed."""
    return [name for name, share in TARGETS.items() if counts[name][0] < share * counts[name][1]]
