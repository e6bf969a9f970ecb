"""Does the model know when it is wrong?"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.records import Curve, Estimate, Outcome, SafeThreshold, Selective, Uncertainty
from steelyard.report import numerals
from steelyard.report.figures.risk_coverage import risk_coverage
from steelyard.report.section import Block, Column, Grid, Section, grid

MEASURES = {
    "error": "Share of errors",
    "auroc_failure": "AUROC of failure: how well confidence tells right from wrong (0.5 is chance)",
    "augrc": "AUGRC: chance that a row is answered and wrong, over all coverages (0 is best)",
    "aurc": "AURC: mean share of errors over all coverages (0 is best)",
}


def selective(found: Uncertainty) -> Section | None:
    """The risk–coverage curve, its measures, and thresholds with a guarantee."""
    current = next((s for s in found.selective if s.data == "current"), None)
    if current is None:
        return None
    blocks: list[Block] = [risk_coverage([_curve(s) for s in found.selective if s.curve])] if current.curve else []
    blocks.append(_measures(found.selective))
    if current.safe:
        blocks.append(_safe(current.safe))
    return Section(
        "selective",
        "Does the model know when it is wrong?",
        _lead(current),
        tuple(blocks),
        "Confidence",
    )


def _curve(read: Selective) -> Curve:
    names = ("confidence", "coverage", "risk", "low", "high")
    columns = {name: [getattr(point, name) for point in read.curve] for name in names}
    return Curve("risk_coverage", columns, read.data)


def _lead(current: Selective) -> str:
    best = next((s for s in reversed(current.safe) if s.confidence is not None), None)
    auc = current.measure("auroc_failure")
    said = ""
    if isinstance(auc, Estimate):
        said = (
            f"Of a right and a wrong answer the right one is the surer in {numerals.percent(auc.value)} of the cases "
            "(50 % is chance). "
        )
    return said + ("" if best is None else _answer_above(best))


def _answer_above(safe: SafeThreshold) -> str:
    share = numerals.percent(safe.coverage.value) if isinstance(safe.coverage, Estimate) else "some"
    return (
        f"Answer only above {numerals.number(safe.confidence)} confidence: {share} of the rows, and errors are at "
        f"most {_nominal(safe.risk)} of them with {_nominal(safe.level)} confidence."
    )


def _nominal(share: float) -> str:
    """A share that was chosen, as it was chosen: 2 %, 0.5 %."""
    return f"{100 * share:.6g}{numerals.NBSP}%"


def _measures(read: Sequence[Selective]) -> Grid:
    """Measures by row, data sets side by side."""
    titles = {"current": "Value", "reference": "Reference"}
    columns = [Column("Measure", "label"), *(Column(titles.get(s.data, s.data), "estimate") for s in read)]
    names = [name for name, _ in read[0].measures]
    rows = [(_measure(name), *(s.measure(name) for s in read)) for name in names]
    return grid("Confidence", columns, rows, brief=4)


def _measure(name: str) -> str:
    if name.startswith("accuracy_at_"):
        return f"Accuracy of the {name.removeprefix('accuracy_at_')}{numerals.NBSP}% most certain"
    return MEASURES.get(name, name)


def _safe(safe: Sequence[SafeThreshold]) -> Grid:
    columns = [
        Column("Errors at most", "label"),
        Column("Answer from", "number"),
        Column("Share answered", "estimate"),
        Column("Errors seen among them", "estimate"),
    ]
    rows: list[tuple[str | Outcome, ...]] = [
        (_nominal(s.risk), "–" if s.confidence is None else numerals.number(s.confidence), s.coverage, s.seen)
        for s in safe
    ]
    if any(s.confidence is None for s in safe):
        columns.append(Column("What it takes", "words"))
        rows = [(*row, "" if s.confidence is not None else _wanting(s)) for row, s in zip(rows, safe, strict=True)]
    level = _nominal(safe[0].level)
    note = f"Each bound on the errors holds with {level} confidence although these rows chose the threshold."
    return grid("Thresholds with a guarantee", columns, rows, note=note)


def _wanting(safe: SafeThreshold) -> str:
    if safe.rows_needed is None:
        return "no confidence is that reliable"
    return f"about {safe.rows_needed:,} rows like these could prove it"
