"""Did columns move together, beyond what each does alone?"""

from __future__ import annotations

from steelyard.analyses.findings import severity
from steelyard.analyses.findings.words import p_text, shown
from steelyard.analyses.study import Study
from steelyard.records import Drift, Finding, Recommendation, Severity


def joint(study: Study) -> list[Finding]:
    """All columns together, where current rows can be told from reference rows; and pairs that went apart."""
    moved = [d for d in study.drifts if d.verdict == "drifted"]
    alone = any(d.what == "feature" and d.distance.value >= d.tolerance for d in moved)
    together = [d for d in moved if d.what == "joint"]
    return [_pair(d) if d.column else _all(d, alone=alone) for d in together]


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
        f"A classifier can tell current rows from those of the reference: AUC {shown(d.distance)}, where 0.5 is "
        f"guessing.{plain}{_told(d)}",
        Recommendation(
            "Look at the columns that are named, two at a time: a join that went wrong, or a new kind of row, moves "
            "columns together."
        ),
        _detail(d),
        estimate=d.distance,
        impact=max(2 * d.distance.low - 1, 0.0) / 2,
    )


def _pair(d: Drift) -> Finding:
    return Finding(
        f"drift:{d.column}",
        "drift",
        Severity.MEDIUM,
        d.column,
        f"{d.column} no longer go together as in the reference, though neither moved by itself.{_told(d)}",
        Recommendation("Check the step that brings the two together (a join, a sort), and who is in the data."),
        _detail(d),
        estimate=d.distance,
        impact=min(d.distance.value / 2, 0.5),
    )


def _told(d: Drift) -> str:
    return f" {d.sentence[:1].upper()}{d.sentence[1:]}." if d.sentence else ""


def _detail(d: Drift) -> str:
    measures = ", ".join(f"{name} {value:.3g}" for name, value in d.measures.items())
    p = p_text(d.p) if d.p is not None else ""
    return "; ".join(part for part in (d.test, p, measures) if part)
