"""Where models disagree, and who is right then."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.evaluation.comparison import Comparison
from steelyard.records import Disagreement
from steelyard.report import numerals
from steelyard.report.comparison_words import p_text
from steelyard.report.section import Column, Grid, Section, grid
from steelyard.report.text import sentence, visible

MOST_PAIRS = 12
"""Pairs of models whose disagreement is shown; the JSON has all."""
KAPPA = (
    "Kappa of errors is 1 where two err on the same rows and 0 where as if by chance: the lower, the more they could "
    "give together."
)


def disagreement(comparison: Comparison) -> Section:
    """Rows by who is right, of two models; of more, pair by pair."""
    found = comparison.disagreements
    if not found:
        return Section("disagreement", "Where they disagree")
    made = _one_pair(comparison, found[0]) if len(found) == 1 else _pairs(comparison, found)
    lead = sentence(_lead(found[0], _numbers(comparison)))
    return Section("disagreement", "Where they disagree", lead, (made,), "Disagreement")


def _one_pair(comparison: Comparison, d: Disagreement) -> Grid:
    """Rows by who is right."""
    right, both = ("nearer", "Equally near") if _numbers(comparison) else ("right", "Both right")
    counts = [
        (both, d.both_right),
        (f"Only {visible(d.model, 40)} {right}", d.only_model),
        (f"Only {visible(d.against, 40)} {right}", d.only_against),
        *([] if _numbers(comparison) else [("Both wrong", d.both_wrong)]),
    ]
    rows = [(name, numerals.count(count), numerals.percent(count / d.rows)) for name, count in counts]
    told = [f"McNemar's mid-p of equal shares: {p_text(d.p)}."] if d.p is not None else []
    if d.kappa is not None:
        told.append(f"Kappa of their errors: {numerals.number(d.kappa)}. {KAPPA}")
    columns = (Column("Who is right", "label"), Column("Rows", "number"), Column("Share", "number"))
    return grid("Rows by who is right", columns, rows, note=" ".join(told))


def _pairs(comparison: Comparison, found: Sequence[Disagreement]) -> Grid:
    """Pairs of models, those that disagree most first."""
    numbers = _numbers(comparison)
    columns = (
        Column("First and second", "label"),
        Column("Both near" if numbers else "Both", "number"),
        Column("1st only", "number"),
        Column("2nd only", "number"),
        *(() if numbers else (Column("Neither", "number"), Column("Kappa", "number"))),
        Column("p", "number"),
    )
    rows = [
        (
            f"{visible(d.model, 40)}, {visible(d.against, 40)}",
            *(numerals.count(n) for n in (d.both_right, d.only_model, d.only_against)),
            *(() if numbers else (numerals.count(d.both_wrong), "" if d.kappa is None else numerals.number(d.kappa))),
            p_text(d.p),
        )
        for d in found[:MOST_PAIRS]
    ]
    near = "Rows on which each is nearer to the truth." if numbers else f"Rows by who is right. {KAPPA}"
    note = f"{near} p is McNemar's mid-p of both being so equally often."
    return grid("Who is right where they differ", columns, rows, note=note, total=len(found))


def _lead(d: Disagreement, numbers: bool) -> str:
    if numbers:
        return (
            f"{d.model} is nearer to the truth on {numerals.count(d.only_model)} rows, {d.against} on "
            f"{numerals.count(d.only_against)}."
        )
    either = d.only_model + d.only_against
    return (
        f"On {numerals.count(either)} of {numerals.count(d.rows)} rows only one of {d.model} and {d.against} is "
        f"right: {d.model} on {numerals.count(d.only_model)}, {d.against} on {numerals.count(d.only_against)}."
    )


def _numbers(comparison: Comparison) -> bool:
    return comparison.task in ("regression", "forecasting")
