"""Do intervals and sets keep their promise?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from steelyard.records import Coverage, Estimate, Outcome, Sharpness, Uncertainty, Verdict
from steelyard.report import numerals
from steelyard.report.figures.over_time import drawable, over_time
from steelyard.report.section import Block, Column, Grid, Section, grid
from steelyard.report.text import sentence, visible

MOST_ROWS = 40
DATA = {"current": "", "reference": " (reference)"}
STRATA = {"size": "by size", "prediction": "by prediction"}


def coverage(found: Uncertainty, task: str) -> Section | None:
    """Promised and observed coverage, sizes, and coverage over time."""
    subjects = list(dict.fromkeys(c.subject for c in found.coverages))
    if not subjects:
        return None
    blocks = tuple(
        block
        for subject in subjects
        for block in _promise(subject, [c for c in found.coverages if c.subject == subject], found, task)
    )
    return Section(
        "uncertainty",
        "Do intervals and sets keep their promise?",
        " ".join(_said(c) for c in found.coverages if c.by == "all" and c.data == "current"),
        blocks,
        "Coverage",
    )


def _promise(subject: str, coverages: Sequence[Coverage], found: Uncertainty, task: str) -> Iterator[Block]:
    whole = [c for c in coverages if c.by == "all"]
    forest = [*whole, *(c for c in coverages if c.by == "slice" and c.data == "current")]
    yield _forest(f"Coverage of {subject}", forest, len(forest))
    for by in ("size", "prediction"):
        strata = [c for c in coverages if c.by == by and c.data == "current"]
        if strata:
            yield _forest(f"Coverage of {subject} {STRATA[by]}", strata, len(strata))
    yield _sizes(subject, [s for s in found.sharpness if s.subject == subject])
    for series in found.series:
        if series.subject == subject and drawable(series):
            yield replace(over_time(series, task), title=f"Coverage over time: {visible(subject)}")


def _forest(title: str, coverages: Sequence[Coverage], total: int) -> Grid:
    promised = coverages[0].promised
    columns = [
        Column("Rows", "label"),
        Column("Coverage", "estimate", drawn=True),
        Column("If kept", "number"),
        Column("Size", "number"),
        Column("p", "number"),
        Column("Verdict", "verdict"),
    ]
    shown = _worst_first(coverages)[:MOST_ROWS]
    rows = [(_where(c), c.coverage, _limits(c), _size(c), _p(c), c.verdict) for c in shown]
    note = '"If kept": where the coverage lies for as many rows if the promise is kept. Size: mean width or classes.'
    return grid(title, columns, rows, middle=promised, note=note if promised is not None else "", total=total)


def _worst_first(coverages: Sequence[Coverage]) -> list[Coverage]:
    """All rows first; then by coverage, the lowest first."""

    def place(c: Coverage) -> tuple[bool, float]:
        return bool(c.where), c.coverage.value if isinstance(c.coverage, Estimate) and c.by == "slice" else 0.0

    return sorted(coverages, key=place)


def _where(c: Coverage) -> str:
    return f"{c.where}{DATA.get(c.data, f' ({c.data})')}"


def _limits(c: Coverage) -> str:
    if c.limits is None:
        return "–"
    low, high = (numerals.percent(limit) for limit in c.limits)
    return f"{low.removesuffix(f'{numerals.NBSP}%')}–{high}"


def _size(c: Coverage) -> str:
    return numerals.number(c.size.value) if isinstance(c.size, Estimate) else "–"


def _p(c: Coverage) -> str:
    return "–" if c.p is None else numerals.p_value(c.p)


def _sizes(subject: str, sharpness: Sequence[Sharpness]) -> Grid:
    names = {"size": "Mean size", "score": "Interval score", "empty": "Empty sets", "full": "Sets with every class"}
    rows: list[tuple[str, Outcome]] = []
    for s in sharpness:
        found = {"size": s.size, "score": s.score, "empty": s.empty, "full": s.full}
        rows += [(f"{names[name]}{DATA.get(s.data, '')}", o) for name, o in found.items() if o is not None]
    ignorant = next((s.ignorant for s in sharpness if s.ignorant is not None), None)
    note = ""
    if ignorant is not None:
        note = f"What knows nothing of the inputs would have a size of {numerals.number(ignorant)}."
    return grid(f"Size of {subject}", [Column("Measure", "label"), Column("Value", "estimate")], rows, note=note)


def _said(c: Coverage) -> str:
    if not isinstance(c.coverage, Estimate):
        return f"The coverage of {visible(c.subject)} is not known: {sentence(c.coverage.reason)}."
    seen = f"{numerals.percent(c.coverage.value)} of the rows lie in {visible(c.subject)}"
    if c.promised is None:
        return f"{seen}; what was promised is not said."
    promised = f"{numerals.percent(c.promised)} were promised"
    match c.verdict:
        case Verdict.PASS:
            return f"{seen}; {promised}, and the promise is kept."
        case Verdict.FAIL:
            return f"{seen}; {promised}, and the promise is broken."
        case _:
            needed = f"{c.rows_needed:,} rows would tell" if c.rows_needed else "more of these rows would not tell"
            luck = "" if c.rows_needed else ": calibrate on more rows"
            return f"{seen}; {promised}, and whether that is kept cannot be told yet ({needed}{luck})."
