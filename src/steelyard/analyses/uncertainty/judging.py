"""Is the promise kept? A verdict of three values, and what would settle it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from steelyard.analyses.uncertainty.promises import Promise
from steelyard.records import Coverage, Estimate, Outcome, Slice, Verdict
from steelyard.records.uncertainty import By
from steelyard.stats import conformal, power
from steelyard.stats.critical import quantile
from steelyard.stats.multiplicity import benjamini_hochberg

LEEWAY = 0.2
"""The truth may be missed by this much more often than promised: 0.9 passes where it is surely above 0.88."""
Part = tuple[Slice, Outcome, Outcome]
"""Rows, their coverage, and the mean size of their intervals or sets."""


def judged(
    promise: Promise, parts: Sequence[Part], level: float, by: By = "all", data: str = "current"
) -> list[Coverage]:
    """Judge parts of one data set; among several p is adjusted for their number."""
    tests = [_test(promise, coverage, level) for _, coverage, _ in parts]
    p = np.array([1.0 if test is None else test.p for test in tests])
    adjusted = (benjamini_hochberg(p) if by != "all" and len(p) else p).tolist()
    found = []
    for (where, coverage, size), test, q in zip(parts, tests, adjusted, strict=True):
        verdict, needed = (None, None) if test is None else verdict_of(promise, coverage, test, q, level)
        found.append(
            Coverage(
                subject=promise.subject,
                coverage=coverage,
                promised=promise.promised,
                expected=None if test is None else test.expected,
                limits=None if test is None else (test.low, test.high),
                p=None if test is None else q,
                size=size,
                verdict=verdict,
                rows_needed=needed,
                by=by,
                where=where,
                data=data,
            )
        )
    return found


def rows_worth(estimate: Estimate) -> float:
    """How many independent rows a share is worth, by its standard error; weights and clusters make it fewer."""
    known = estimate.effective_n or float(estimate.n)
    if estimate.se and 0.0 < estimate.value < 1.0:
        return max(min(estimate.value * (1.0 - estimate.value) / estimate.se**2, float(estimate.n)), 1.0)
    return max(known, 1.0)


def verdict_of(
    promise: Promise, coverage: Outcome, test: conformal.CoverageTest, p: float, level: float
) -> tuple[Verdict, int | None]:
    """The verdict; and where it is inconclusive the rows that would settle it.

    It passes where the interval of the coverage lies above the promise less the leeway; it fails where the coverage
    is lower than the law of a kept promise allows.
    """
    if promise.promised is None or not isinstance(coverage, Estimate):
        return Verdict.INCONCLUSIVE, None
    least = promise.promised - LEEWAY * (1.0 - promise.promised)
    if coverage.low >= least:
        return Verdict.PASS, None
    if p <= 1.0 - level and coverage.value < test.expected:
        return Verdict.FAIL, None
    return Verdict.INCONCLUSIVE, _rows_needed(promise, coverage, test.expected, least, level)


def _test(promise: Promise, coverage: Outcome, level: float) -> conformal.CoverageTest | None:
    if promise.promised is None or not isinstance(coverage, Estimate):
        return None
    rows = rows_worth(coverage)
    return conformal.coverage_test(coverage.value * rows, rows, promise.promised, level, promise.calibrated_on)


def _rows_needed(promise: Promise, coverage: Estimate, expected: float, least: float, level: float) -> int | None:
    """Rows in all, if the coverage stayed where it is; None where no number would settle it."""
    value, worth = coverage.value, rows_worth(coverage)
    per_row = coverage.n / worth
    if value >= 1.0:
        return math.ceil(per_row * quantile(level) ** 2 * least / (1.0 - least))
    if value >= least:
        se = math.sqrt(value * (1.0 - value) / worth)
        needed = power.rows_to_settle(value, se, coverage.n, least, level)
        return None if math.isinf(needed) else max(int(needed), coverage.n + 1)
    gap = ((expected - value) / quantile(level)) ** 2
    luck = 0.0 if promise.calibrated_on is None else _spread(promise.promised or 0.0, promise.calibrated_on)
    if gap <= luck:
        return None
    return max(math.ceil(per_row * value * (1.0 - value) / (gap - luck)), coverage.n + 1)


def _spread(promised: float, calibrated_on: int) -> float:
    """Variance of the share that a predictor calibrated on so many rows covers."""
    law = conformal.conformal_law(promised, calibrated_on)
    total = law.a + law.b
    return law.a * law.b / (total**2 * (total + 1.0))
