"""Are there enough rows to conclude anything?"""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.findings import severity
from steelyard.analyses.findings.contrast import FEW_ROWS
from steelyard.analyses.losses import BY_SLICE, MAIN, chosen
from steelyard.analyses.study import Study
from steelyard.analyses.words import half_width, is_share, listed, number, percent, rows, shown
from steelyard.metrics import Metric
from steelyard.records import Estimate, Finding, Recommendation, Severity
from steelyard.stats import power

WIDE = 0.05
RELATIVE = frozenset({"mae", "rmse", "log_loss", "mase", "brier"})
"""Metrics without a scale of 0 to 1: their half-width is held against their value."""


def too_few_rows(study: Study) -> list[Finding]:
    """The main interval is wide, or slices hold too few rows."""
    return [*_main(study), *_slices(study)]


def main_estimate(study: Study) -> tuple[Metric, Estimate] | None:
    """The first of the task's main metrics that has a value."""
    return next(((m, e) for m in chosen(study, MAIN) if (e := study.estimate(m.name)) is not None), None)


def _main(study: Study) -> Iterator[Finding]:
    main = main_estimate(study)
    if main is None:
        return
    metric, e = main
    scale = abs(e.value) if metric.name in RELATIVE and e.value else 1.0
    half = half_width(e) / scale
    if not half > WIDE or not e.se or not e.n:
        return
    needed = power.rows_for_half_width(e.se, e.n, WIDE * scale, e.level)
    written = percent(WIDE) if scale != 1.0 or is_share(e) else number(WIDE)
    of_value = " of its value" if scale != 1.0 else ""
    yield Finding(
        "too-few-rows",
        "too-few-rows",
        severity.of_width(half),
        metric.name,
        f"There are too few rows to be sure: {metric.title} is {shown(e)} on {rows(e.n)}.",
        Recommendation(
            f"Label about {needed:,.0f} rows in all for an interval of ± {written}{of_value}.",
            f"{max(needed - e.n, 0):,.0f} more than there are.",
        ),
        "Standard errors shrink with the square root of the rows.",
        estimate=e,
        impact=min(half, 1.0) / 10,
    )


def _slices(study: Study) -> Iterator[Finding]:
    main = next(iter(chosen(study, BY_SLICE, sliced=True)), None)
    if main is None:
        return
    small: list[str] = []
    total = 0
    for reading in study.sliced(main.name):
        total += 1
        if not isinstance(reading.outcome, Estimate) or reading.outcome.n < FEW_ROWS:
            small.append(str(reading.slice))
    if not small:
        return
    yield Finding(
        "too-few-rows:slices",
        "too-few-rows",
        Severity.INFO,
        "slices",
        f"{rows(len(small), 'slice')} of {total} have too few rows to be judged (fewer than {FEW_ROWS}, or no "
        f"{main.title}): {listed(small, 6)}.",
        Recommendation(
            "Do not read their numbers as good or bad; join them with neighbours, or label more of their rows."
        ),
        impact=0.0,
    )
