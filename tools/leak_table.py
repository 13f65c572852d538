"""Prints the rows of `make leaks` as a table, and writes them as JSON."""

from __future__ import annotations

from typing import Any

from leak_judge import LABELS, TARGETS, Row, missed, totals

_WIDTHS = {"id": 4, "title": 52, "leaky": 11, "fixed": 11, "culprit": 8, "proof": 6, "seconds": 5}


def _cut(text: str, width: int) -> str:
    return text if len(text) <= width else text[: width - 1] + "…"


def _verdict(row: Row, side: str, aspect: str) -> str:
    """The verdict itself, marked when it is not the expected one."""
    if side not in row.case.sides:
        return "open" if side == "fixed" else "-"
    outcome = row.outcomes.get(side)
    if outcome is None:
        return ""
    if outcome.report is None:
        return "not run" if outcome.unavailable else "FAILED"
    verdict = outcome.report["verdict"]
    return verdict if row.answers.get(aspect) else f"!{verdict}"


def _mark(answer: bool | None) -> str:
    return "-" if answer is None else "yes" if answer else "NO"


def proof(row: Row) -> str:
    """How finding 1's fix was checked."""
    fix = row.first().get("fix") or {}
    if row.answers.get("proof") is None:
        return "-"
    return (fix.get("how") or "yes") if fix.get("verified") else "no"


def _cells(row: Row) -> dict[str, str]:
    return {
        "id": row.case.id,
        "title": _cut(row.case.title, _WIDTHS["title"]),
        "leaky": _verdict(row, "leaky", "verdict"),
        "fixed": _verdict(row, "fixed", "fixed"),
        "culprit": _mark(row.answers.get("culprit")),
        "proof": proof(row),
        "seconds": f"{row.seconds:.0f}",
    }


def _line(cells: dict[str, str]) -> str:
    return "  ".join(cells[name].ljust(width) for name, width in _WIDTHS.items()).rstrip()


def totals_lines(rows: list[Row]) -> list[str]:
    counts = totals(rows)
    lines = []
    for aspect, label in LABELS.items():
        good, of = counts[aspect]
        share = f"{100 * good / of:.1f} %" if of else "-"
        target = f"target {100 * TARGETS[aspect]:.0f} %" if aspect in TARGETS else "no target"
        wrong = "  MISSED" if aspect in missed(counts) else ""
        lines.append(f"  {label:50}  {good:3} of {of:3}  {share:>8}  {target}{wrong}")
    return lines


def table(rows: list[Row]) -> str:
    """The whole answer: rows, what is wrong in them, what was not reproduced, totals."""
    ran = [row for row in rows if not row.case.not_reproduced]
    lines = [_line({name: name for name in _WIDTHS})]
    for row in ran:
        lines.append(_line(_cells(row)))
        lines += [f"      {note}" for note in row.notes]
    absent = [row for row in rows if row.case.not_reproduced]
    if absent:
        lines += ["", "not reproduced"]
        lines += [f"{r.case.id:4}  {r.case.title}: {r.case.not_reproduced}" for r in absent]
    leaky = sum(1 for row in ran if (row.outcomes.get("leaky") and row.outcomes["leaky"].report))
    lines += ["", f"{leaky} leaky versions run, of {len(rows)} rows", *totals_lines(rows)]
    regressed = [f"{row.case.id} ({', '.join(row.regressed())})" for row in ran if row.regressed()]
    if regressed:
        lines.append(f"  not as the case expects: {', '.join(regressed)}")
    return "\n".join(lines)


def _side_as_json(row: Row, side: str) -> dict[str, Any] | None:
    outcome = row.outcomes.get(side)
    if outcome is None:
        return None
    report = outcome.report or {}
    findings = report.get("findings") or []
    return {
        "python": outcome.python or None,
        "verdict": report.get("verdict"),
        "evidence": report.get("evidence"),
        "calls": report.get("calls"),
        "findings": len(findings),
        "first": findings[0] if findings else None,
        "seconds": round(outcome.seconds, 2),
        "problem": outcome.problem or None,
    }


def as_json(rows: list[Row]) -> dict[str, Any]:
    counts = totals(rows)
    return {
        "schema": "unfreed.leaks/1",
        "rows": [
            {
                "id": row.case.id,
                "title": row.case.title,
                "class": row.case.group,
                "not_reproduced": row.case.not_reproduced,
                "answers": {aspect: row.answers.get(aspect) for aspect in LABELS},
                "notes": row.notes,
                "leaky": _side_as_json(row, "leaky"),
                "fixed": _side_as_json(row, "fixed"),
            }
            for row in rows
        ],
        "totals": {aspect: {"good": g, "of": of} for aspect, (g, of) in counts.items()},
        "targets": TARGETS,
        "missed": missed(counts),
    }


def first_finding(row: Row, side: str) -> list[str]:
    """What a writer of cases wants to see of one side, in a few lines."""
    outcome = row.outcomes.get(side)
    if outcome is None or outcome.report is None:
        return []
    report = outcome.report
    lines = [f"      {side} on {outcome.python}: {report['verdict']}; {report['evidence']}"]
    for finding in (report.get("findings") or [])[:3]:
        types = f" {finding['types']}" if finding.get("types") else ""
        lines.append(
            f"        {finding['severity']} {finding['kind']} {finding['type']}{types} "
            f"{finding['objects_per_call']} objects, {finding['bytes_per_call']} B per call; "
            f"held by {finding['holder']} from {finding['path_root']}"
        )
        for name in ("path", "cycle"):
            steps = finding.get(name) or []
            walk = " ".join(f"{s['edge']}{'<<<' if s['suspect'] else ''}" for s in steps)
            lines += [f"          {name}: {_cut(walk, 400)}"] if steps else []
        born = [
            f"{f.get('file') or f.get('library')}:{f.get('line') or ''} "
            f"{f.get('function') or f.get('symbol')}"
            for f in (finding.get("allocated_at") or [])[:3]
        ]
        lines.append(f"          born: {' <- '.join(born) or finding.get('allocated_at_unknown')}")
        lines.append(f"          fix: {finding['fix']}")
    return lines
