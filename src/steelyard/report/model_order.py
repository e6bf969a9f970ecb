"""The order of models: how far each is ahead of the others, and whether the challenger passes."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.evaluation.comparison import Comparison
from steelyard.records import Standing
from steelyard.report.comparison_words import MOST_ROWS, title_of, worst
from steelyard.report.section import Block, Column, Grid, Section, grid
from steelyard.report.text import sentence, visible


def challenger(comparison: Comparison) -> Section:
    """The challenger against each other model."""
    columns = (
        Column("Against", "label"),
        Column("Difference", "estimate", drawn=True, sign=True),
        Column("Needed", "text"),
        Column("Verdict", "verdict"),
    )
    rows = [
        (c.name.rpartition(":")[0] or c.name, c.outcome, c.bound.replace("-", "−"), c.verdict)
        for c in comparison.checks
    ]
    title = f"{comparison.challenger} as the challenger"
    made = grid(title, columns, rows, middle=0.0, note=f"Differences of {title_of(comparison, comparison.metric)}.")
    lead = worst(comparison.checks).sentence if comparison.checks else ""
    return Section("challenge", title, sentence(lead), (made,) if rows else (), "Challenger")


def order(comparison: Comparison) -> Section:
    """The models on the metric that decides, and which may be the best on others."""
    metrics = dict.fromkeys(s.metric for s in comparison.standings)
    best = comparison.best.get(comparison.metric, ())
    title = title_of(comparison, comparison.metric)
    lead = ""
    if len(best) == 1:
        lead = f"By {title}, {best[0]} is the best of the {len(comparison.models)}."
    elif best:
        lead = f"By {title}, {len(best)} of {len(comparison.models)} may be the best."
    return Section(
        "order",
        "Which is best",
        sentence(lead),
        tuple(_ranking(comparison, metric) for metric in sorted(metrics, key=lambda m: m != comparison.metric)[:1])
        + _summary(comparison, list(metrics)),
        "Order",
    )


def _ranking(comparison: Comparison, metric: str) -> Grid:
    """Models by one metric; of two the difference says more than how far each is ahead."""
    standings = [s for s in comparison.standings if s.metric == metric]
    several = len(comparison.models) > 2
    ahead = (Column("Ahead of the best other", "estimate", drawn=True, sign=True),) if several else ()
    title = title_of(comparison, metric)
    columns = (Column("Model", "label"), Column(title, "estimate"), *ahead, Column("May be the best", "text"))
    rows = [(visible(s.model), s.value, *((s.gap,) if several else ()), _may(s)) for s in standings]
    note = (
        "How far each is ahead of the best of the others; intervals hold for all models at once and reach to 0 where "
        "it cannot be told."
    )
    if comparison.directions.get(metric) == "lower":
        note = f"{note} Lower values are better, so that a lower one is ahead."
    return grid(
        f"Models by {title}",
        columns,
        rows[:MOST_ROWS],
        middle=0.0 if several else None,
        note=note if several else "",
        total=len(rows),
    )


def _summary(comparison: Comparison, metrics: Sequence[str]) -> tuple[Block, ...]:
    """Which may be the best on each other metric."""
    others = [m for m in metrics if m != comparison.metric]
    if not others:
        return ()
    columns = (Column("Metric", "label"), Column("Best value", "text"), Column("May be the best", "text"))
    rows = []
    for metric in others:
        standings = [s for s in comparison.standings if s.metric == metric]
        may = comparison.best.get(metric, ())
        names = ", ".join(visible(m) for m in may) if len(may) < len(comparison.models) else "any of them"
        rows.append((title_of(comparison, metric), visible(standings[0].model), names if may else "cannot be told"))
    return (grid("By other metrics", columns, rows),)


def _may(standing: Standing) -> str:
    return {True: "yes", False: "no", None: "cannot be told"}[standing.may_be_best]
