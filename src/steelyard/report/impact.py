"""Adverse impact: rates and impact ratios, as Local Law 144 asks for them and the four-fifths rule reads them."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.fairness.criteria import FOUR_FIFTHS
from steelyard.analyses.fairness.telling import group_name, listed_attributes
from steelyard.records import Estimate, Fairness, ImpactRow, ImpactTable, Verdict
from steelyard.report import numerals
from steelyard.report.first_screen import Badge, badge
from steelyard.report.section import Column, Grid, Section, grid
from steelyard.report.text import visible

MOST_ROWS, MOST_CROSSED = 16, 8
_WORDS = {
    Verdict.PASS: "At least four fifths",
    Verdict.FAIL: "Below four fifths",
    Verdict.INCONCLUSIVE: "Can't tell",
}
_HEADERS = {"selection_rate": ("Selected", "Selection rate"), "scoring_rate": ("Above median", "Scoring rate")}


def impact(found: Fairness) -> Section | None:
    """Return the section; None where there is no table."""
    tables = _shown([t for t in found.impacts if t.data == "current"])
    if not tables:
        return None
    blocks = tuple(_grid_of(table) for table in tables)
    return Section("adverse-impact", "Adverse impact", _lead(tables), blocks, brief=False)


def _shown(tables: Sequence[ImpactTable]) -> list[ImpactTable]:
    """Return tables of decisions, or of scores where there are none: each attribute, and the worst intersection."""
    decided = [t for t in tables if t.measure == "selection_rate"] or tables
    ordered = sorted(decided, key=lambda t: (_lowest(t), t.attribute))
    single, crossed = ([t for t in ordered if (len(t.attribute) == 1) == one] for one in (True, False))
    return [*single, *crossed[:1]]


def _lowest(table: ImpactTable) -> float:
    worst = table.worst
    return worst.ratio.value if worst is not None and isinstance(worst.ratio, Estimate) else 1.0


def _lead(tables: Sequence[ImpactTable]) -> str:
    single = [t for t in tables if len(t.attribute) == 1] or tables
    worst = single[0].worst
    law = (
        "New York City's Local Law 144 asks for these tables and sets no bound; four fifths is the federal rule of "
        "thumb."
    )
    if worst is None or not isinstance(worst.ratio, Estimate):
        return f"No ratio of rates can be had. {law}"
    by = visible(listed_attributes(single[0].attribute))
    chosen = "selected" if single[0].measure == "selection_rate" else "above the median score"
    often = f"never {chosen}, unlike"
    if worst.selected:
        often = f"{numerals.number(worst.ratio.value)} times as often {chosen} as"
    return (
        f"By {by}, {visible(group_name(worst.where, single[0].attribute))} is {often} "
        f"{visible(group_name(single[0].favoured, single[0].attribute))} (impact ratio "
        f"{numerals.interval(worst.ratio)}): {_WORDS[worst.verdict].lower()}. {law}"
    )


def _grid_of(table: ImpactTable) -> Grid:
    selected, rate = _HEADERS[table.measure]
    by = visible(listed_attributes(table.attribute))
    return grid(
        f"{rate} and impact ratio by {by}",
        [
            Column("Group", "label"),
            Column("Rows", "number"),
            Column(selected, "number"),
            Column(rate, "estimate"),
            Column("Impact ratio", "estimate", drawn=True),
            Column("p (Holm)", "number"),
            Column("Short of four fifths", "number"),
            Column("Verdict", "verdict"),
        ],
        [_row(row, table) for row in _told(table)],
        middle=FOUR_FIFTHS,
        total=len(table.rows),
        note=_note(table),
        brief=6,
    )


def _told(table: ImpactTable) -> list[ImpactRow]:
    """Return all groups, or of many the favoured one and the lowest."""
    most = MOST_ROWS if len(table.attribute) == 1 else MOST_CROSSED
    if len(table.rows) <= most:
        return list(table.rows)
    lowest = table.rows[1 - most :]
    return [*(row for row in table.rows[: 1 - most] if row.where == table.favoured), *lowest]


def _row(row: ImpactRow, table: ImpactTable) -> list[str | Badge | Estimate | None]:
    favoured = row.where == table.favoured
    name = group_name(row.where, table.attribute)
    return [
        f"{name} (under 2 %)" if row.small else name,
        numerals.count(row.rows),
        numerals.count(row.selected),
        row.rate if isinstance(row.rate, Estimate) else None,
        row.ratio if isinstance(row.ratio, Estimate) else None,
        "–" if row.adjusted_p is None else numerals.p_value(row.adjusted_p),
        numerals.count(row.shortfall) if row.shortfall > 0 else "–",
        Badge("none", "–", "Compared with") if favoured else _badge(row.verdict),
    ]


def _badge(verdict: Verdict) -> Badge:
    made = badge(verdict)
    return Badge(made.kind, made.sign, _WORDS[verdict])


def _note(table: ImpactTable) -> str:
    by = visible(listed_attributes(table.attribute))
    parts = [
        f"Ratios are to {visible(group_name(table.favoured, table.attribute))}, the highest rate among groups of at "
        "least 2 % of the rows; Katz's interval on the log scale, Fisher's exact test"
    ]
    if table.median is not None:
        parts.append(f"the median score of all is {numerals.number(table.median)}")
    if table.unknown:
        parts.append(f"rows of unknown {by}: {numerals.count(table.unknown)}")
    if table.without_outcome:
        parts.append(f"rows without a decision, left out: {numerals.count(table.without_outcome)}")
    flips = [visible(group_name(row.where, table.attribute)) for row in table.rows if row.flips]
    if flips:
        parts.append(f"one more or less selected would move {', '.join(flips)} across four fifths")
    return f"{'; '.join(parts)}."
