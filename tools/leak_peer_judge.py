"""Judges what other tools said about the cases, and lays it out as a table. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from leak_cases import Case, Side

ASPECTS = ("leaky", "fixed", "named")
LABELS = {
    "leaky": "flagged the leaky version",
    "fixed": "kept quiet on the fixed one and on look-alikes",
    "named": "named the holder in the first thing it says",
}


@dataclass
class Said:
    """What one tool said about one side."""

    flagged: bool = False
    first: str = ""
    problem: str = ""  # it gave no answer: why
    unavailable: bool = False  # it could not be tried here: no package for this interpreter
    seconds: float = 0.0


@dataclass
class PeerRow:
    case: Case
    said: dict[tuple[str, str], Said] = field(default_factory=dict)  # by (peer, side)

    def answers(self, peer: str) -> dict[str, bool | None]:
        """By aspect: right, wrong, or None where there is no such question."""
        found: dict[str, bool | None] = dict.fromkeys(ASPECTS)
        for name, side in self.case.sides.items():
            said = self.said.get((peer, name))
            if said is None or said.unavailable:
                continue
            if name == "fixed" and ("leak" in side.verdict or said.problem):
                continue  # the fix did not help, or the tool failed: no false alarm to speak of
            found[name] = right(side, said)
            if name == "leaky" and side.holder:
                own = self.case.folder.name
                found["named"] = bool(said.flagged and found[name] and names(side, said, own))
        return found


def garbage_only(said: Said) -> bool:
    """psleak's word for what the collector would free."""
    return said.first.startswith("UncollectableGarbageError")


def right(side: Side, said: Said) -> bool:
    """Whether a tool's answer is right. Whatever a leaky version keeps is to be flagged, be it
    garbage that waits for the collector or a cache with a bound that is too large. On the other
    side such garbage may be called garbage, and is no leak."""
    if said.problem:
        return False
    if side.name == "leaky":
        return said.flagged
    return not said.flagged or ("delayed" in side.verdict and garbage_only(said))


def names(side: Side, said: Said, own: str = "") -> bool:
    """Whether a word for the holder is anywhere in the first thing said. `own`: the name of the
    case's folder, which names the package and proves nothing."""
    text = said.first.replace(own, "") if own else said.first
    return any(word in text for word in side.holder)


def _mark(answer: bool | None) -> str:
    return "-" if answer is None else "yes" if answer else "no"


def cell(row: PeerRow, peer: str) -> str:
    answers = row.answers(peer)
    if all(answer is None for answer in answers.values()):
        return "not tried"
    return " ".join(_mark(answers[aspect]) for aspect in ASPECTS)


def totals(rows: Iterable[PeerRow], peer: str) -> dict[str, tuple[int, int]]:
    counts = dict.fromkeys(ASPECTS, (0, 0))
    for row in rows:
        for aspect, answer in row.answers(peer).items():
            if answer is not None:
                good, of = counts[aspect]
                counts[aspect] = (good + answer, of + 1)
    return counts


def _share(good: int, of: int) -> str:
    return f"{good}/{of} {100 * good / of:.0f} %" if of else "-"


def table(rows: list[PeerRow], peers: list[str]) -> str:
    """One column for each tool: flagged the leaky version, quiet on the fixed one, named."""
    width = max([len(peer) for peer in peers] + [12])
    lines = ["  ".join(["id  ", *(peer.ljust(width) for peer in peers)]).rstrip()]
    for row in rows:
        cells = [cell(row, peer).ljust(width) for peer in peers]
        lines.append("  ".join([f"{row.case.id:4}", *cells]).rstrip())
    lines += ["", "each: flagged the leaky version, quiet on the fixed one, named the holder", ""]
    groups = [
        ("all", rows),
        ("without class a (garbage that waits for the collector)", _but_a(rows)),
    ]
    for title, some in groups:
        lines.append(f"{title}: {len(some)} rows")
        for aspect in ASPECTS:
            shares = [_share(*totals(some, peer)[aspect]).ljust(width) for peer in peers]
            lines.append("  ".join([f"  {LABELS[aspect]:48}", *shares]).rstrip())
    return "\n".join(lines)


def _but_a(rows: list[PeerRow]) -> list[PeerRow]:
    return [row for row in rows if row.case.group != "a"]


def as_json(rows: list[PeerRow], peers: list[str]) -> dict[str, Any]:
    return {
        "schema": "unfreed.leaks-peers/1",
        "rows": [
            {
                "id": row.case.id,
                "class": row.case.group,
                "peers": {
                    peer: {
                        "answers": row.answers(peer),
                        **{
                            side: {
                                "flagged": said.flagged,
                                "first": said.first[:1000],
                                "problem": said.problem or None,
                                "seconds": round(said.seconds, 1),
                            }
                            for (who, side), said in row.said.items()
                            if who == peer
                        },
                    }
                    for peer in peers
                },
            }
            for row in rows
        ],
        "totals": {peer: totals(rows, peer) for peer in peers},
    }
