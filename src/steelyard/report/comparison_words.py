"""Words that the sections of a comparison share."""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.evaluation.comparison import Comparison
from steelyard.records import CheckResult, FoldGain, Gain, Verdict
from steelyard.report import numerals
from steelyard.report.text import visible

MOST_ROWS = 60
"""Rows of a table of models or slices; the JSON has all."""


def title_of(comparison: Comparison, metric: str) -> str:
    """A metric for people."""
    return visible(comparison.titles.get(metric, metric))


def p_text(p: float | None) -> str:
    """A p-value, or nothing."""
    return "" if p is None else numerals.p_value(p)


def said(gain: Gain | FoldGain) -> str:
    """What a difference says, as the name of the better model."""
    if gain.word in ("better", "higher", "lower"):
        return visible(f"{gain.model} {gain.word}", 60)
    if gain.word == "worse":
        return visible(f"{gain.against} better", 60)
    return gain.word


def worst(checks: Sequence[CheckResult]) -> CheckResult:
    """The check that decides."""
    order = [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS]
    return min(checks, key=lambda check: order.index(check.verdict))
