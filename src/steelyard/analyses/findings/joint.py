"""Did columns move together, beyond what each does alone?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.words import listed, p_text
from steelyard.records import Drift, Finding, Recommendation, Severity

PAIR = " × "
"""Stands between the names of two columns."""


def joint(study: Study) -> list[Finding]:
    """All columns together, where current rows can be told from reference rows; and pairs that went apart."""
    moved = [d for d in study.drifts if d.verdict == "drifted"]
    alone = any(d.what == "feature" and d.distance.value >= d.tolerance for d in moved)
    together = [d for d in moved if d.what == "joint"]
    found = [_all(d, alone=alone) for d in together if not d.column]
    return [*found, *_apart([d for d in together if PAIR in d.column])]


def of_joint(d: Drift, *, alone: bool) -> Severity:
    """By how well rows can be told apart; low where columns that moved by themselves explain it."""
    return Severity.LOW if alone else severity.by_bounds(d.distance.low, 0.75, 0.60)


def _all(d: Drift, *, alone: bool) -> Finding:
    plain = "" if alone else " No column moved by itself, so the columns no longer go together as they did."
    return Finding(
        "drift:joint",
        "drift",
        of_joint(d, alone=alone),
        "all columns",
        f"{_told(d).strip()}{plain}",
        Recommendation(
            "Look at the columns that are named, two at a time: a join that went wrong, or a new kind of row, moves "
            "columns together."
        ),
        _detail(d),
        estimate=d.distance,
        impact=max(2 * d.distance.low - 1, 0.0) / 2,
    )


def _apart(pairs: Sequence[Drift]) -> Iterator[Finding]:
    """One finding for each column that most of the pairs have in common."""
    left = list(pairs)
    while left:
        counts = Counter(column for d in left for column in d.column.split(PAIR))
        column, most = max(counts.items(), key=lambda item: (item[1], item[0]))
        told = [d for d in left if column in d.column.split(PAIR)]
        left = [d for d in left if d not in told]
        yield _pair(told[0]) if most == 1 else _one(column, told)


def _pair(d: Drift) -> Finding:
    first, second = d.column.split(PAIR)
    return _of_pairs(
        f"drift:{d.column}",
        d.column,
        f"{first} and {second} no longer go together as in the reference, though neither moved by itself.{_told(d)}",
        "Check the step that brings the two together (a join, a sort), and who is in the data.",
        [d],
    )


def _one(column: str, pairs: Sequence[Drift]) -> Finding:
    others = [next(c for c in d.column.split(PAIR) if c != column) for d in pairs]
    return _of_pairs(
        f"drift:apart:{column}",
        column,
        f"{column} no longer goes with the other columns as in the reference, though it did not move by itself: with "
        f"{listed(others)} it has lost or changed its association.",
        f"Check where {column} is joined to the rest of the row: its values may belong to other rows.",
        pairs,
    )


def _of_pairs(name: str, subject: str, sentence: str, action: str, pairs: Sequence[Drift]) -> Finding:
    distance = max((d.distance for d in pairs), key=lambda e: e.value)
    return Finding(
        name,
        "drift",
        severity.by_bounds(distance.low, 0.3, 0.1),
        subject,
        sentence,
        Recommendation(action),
        " ".join(f"{d.sentence}; {_detail(d)}." for d in pairs),
        estimate=distance,
        impact=min(distance.value / 2, 0.5),
    )


def _told(d: Drift) -> str:
    return f" {d.sentence[:1].upper()}{d.sentence[1:]}." if d.sentence else ""


def _detail(d: Drift) -> str:
    measures = ", ".join(f"{name} {value:.3g}" for name, value in d.measures.items())
    p = p_text(d.p) if d.p is not None else ""
    return "; ".join(part for part in (d.test, p, measures) if part)
