"""One measure of every group: ratios of sums, with an interval each, and errors for the largest gap."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.metrics.estimate import FEW_CLUSTERS
from steelyard.records import Estimate, Outcome, Undefined
from steelyard.stats import intervals
from steelyard.stats.ranges import pair_level, pair_quantile

Floats = NDArray[np.float64]
Interval = Callable[[int, float], tuple[float, float]]
UNBOUNDED, UNIT = (-math.inf, math.inf), (0.0, 1.0)
BORROWED = 5.0
"""Degrees of freedom that the pooled variance counts for in each group's own."""


@dataclass(frozen=True)
class Ratios:
    """Σ top over Σ bottom of each group: a share of rows, or a mean.

    Attributes:
        top, bottom: the sums, shape (groups,).
        variance: of the ratio, for independent rows.
        kish: effective rows below the line.
        rows: rows below the line.
        top_by_bucket, bottom_by_bucket: the same sums by cluster bucket, shape (buckets, groups); none for
            independent rows.
        there: whether a bucket holds any row of the group.
    """

    top: Floats
    bottom: Floats
    variance: Floats
    kish: Floats
    rows: Floats
    top_by_bucket: Floats
    bottom_by_bucket: Floats
    there: NDArray[np.bool_]

    @property
    def clustered(self) -> bool:
        """Whether rows come in clusters."""
        return bool(len(self.there))

    @property
    def value(self) -> Floats:
        """The ratios; NaN without rows."""
        value: Floats = np.divide(self.top, self.bottom, out=np.full(len(self.top), np.nan), where=self.bottom > 0)
        return value

    def errors(self) -> tuple[Floats, Floats]:
        """Standard errors, and their degrees of freedom: infinite, or those of the jackknife over clusters.

        The same law as `resampling.jackknife`, for all groups at once; NaN where too few buckets hold rows.
        """
        if not self.clustered:
            return np.sqrt(np.maximum(self.variance, 0.0)), np.full(len(self.top), math.inf)
        left = self.bottom - self.bottom_by_bucket
        used = self.there & (left > 1e-12 * self.bottom)
        without = np.divide(self.top - self.top_by_bucket, left, out=np.zeros_like(left), where=used)
        count = used.sum(axis=0)
        few = count < FEW_CLUSTERS
        mean = without.sum(axis=0) / np.maximum(count, 1)
        spread = (np.where(used, without - mean, 0.0) ** 2).sum(axis=0)
        se = np.sqrt((count - 1) / np.maximum(count, 1) * spread)
        return np.where(few, np.nan, se), np.where(few, np.nan, count - 1.0)


@dataclass(frozen=True)
class Values:
    """One measure of every group.

    Attributes:
        outcomes: of each group.
        errors: standard errors below and above each value that `worst_gap` takes, shape (groups, 2).
        noise: standard error of each value.
        noise_alike: the same were all groups alike.
        effective: effective rows of each, where the measure is a share; else None.
    """

    outcomes: tuple[Outcome, ...]
    errors: Floats
    noise: Floats
    noise_alike: Floats
    effective: Floats | None = None

    @property
    def defined(self) -> list[int]:
        """Places of the groups that have a value."""
        return [i for i, o in enumerate(self.outcomes) if isinstance(o, Estimate)]

    @property
    def estimates(self) -> list[Estimate]:
        """Their estimates."""
        return [o for o in self.outcomes if isinstance(o, Estimate)]


def shares(ratios: Ratios, level: float, nothing: str) -> Values:
    """Shares with Wilson's interval, n from the standard error (Korn & Graubard), as `metrics.intervals.proportion`.

    The errors of the largest gap among many groups come from exact intervals (Clopper & Pearson): at the levels that
    many pairs need, score intervals leave out rates that are not that unlikely.

    Args:
        ratios: the sums.
        level: nominal coverage of each interval.
        nothing: what is absent where a share has no rows.
    """
    value, (se, df) = np.clip(ratios.value, 0.0, 1.0), ratios.errors()
    inside = (se > 0) & (value > 0) & (value < 1)
    effective = ratios.kish.copy()
    np.divide(value * (1 - value), se**2, out=effective, where=inside)
    if ratios.clustered:
        effective = np.minimum(effective, ratios.kish)

    def wilson(i: int, at: float) -> tuple[float, float]:
        return intervals.wilson(float(value[i]), float(effective[i]), at, float(df[i]))

    def exact(i: int, at: float) -> tuple[float, float]:
        n = float(effective[i]) * (intervals.quantile(at) / intervals.quantile(at, float(df[i]))) ** 2
        return intervals.clopper_pearson(min(float(value[i]) * n, n), n, at)

    many = int(np.sum(np.isfinite(value) & np.isfinite(se))) > 2
    made = _values(ratios, value, se, df, (wilson, exact if many else wilson), level, "wilson", nothing)
    pooled = float(np.nansum(ratios.top)) / max(float(np.nansum(ratios.bottom)), 1e-300)
    n = np.maximum(effective, 1e-12)
    alike = np.sqrt(max(pooled * (1 - pooled), 0.0) / n)
    own = np.where(effective > 1, value * (1 - value) / np.maximum(effective - 1, 1e-12), alike**2)
    return Values(made.outcomes, made.errors, np.sqrt(own), alike, effective)


def means(ratios: Ratios, level: float, nothing: str, bounds: tuple[float, float] = UNBOUNDED) -> Values:
    """Means with Student's t, on variances that small groups borrow from all (moderated t).

    Two equal values are no proof that there is no spread: each variance is put together with the pooled one, which
    counts for `BORROWED` degrees of freedom, so that even one row has an interval.

    Args:
        ratios: the sums.
        level: nominal coverage of each interval.
        nothing: what is absent where a mean has no rows.
        bounds: of the values.

    Source: Smyth 2004, with a fixed weight of the pooled variance.
    """
    value, (se, df) = ratios.value, _moderated(ratios)

    def interval(i: int, at: float) -> tuple[float, float]:
        low, high = intervals.wald(float(value[i]), float(se[i]), at, float(df[i]))
        return max(low, bounds[0]), min(high, bounds[1])

    return _values(ratios, value, se, df, (interval, interval), level, "moderated t", nothing)


def excesses(errors: Ratios, rates: Ratios, level: float, nothing: str) -> Values:
    """Mean score less rate of positives: Wilson's interval of the rate, n from the standard error of the difference.

    A group without a single positive keeps the interval that so many rows leave to its rate.

    Args:
        errors: sums of score − label.
        rates: sums of labels.
        level: nominal coverage of each interval.
        nothing: what is absent where there are no rows.
    """
    value, rate, (se, df) = errors.value, np.clip(rates.value, 0.0, 1.0), _moderated(errors)
    inside = (se > 0) & (rate > 0) & (rate < 1)
    effective = errors.kish.copy()
    np.divide(rate * (1 - rate), se**2, out=effective, where=inside)

    def interval(i: int, at: float) -> tuple[float, float]:
        low, high = intervals.wilson(float(rate[i]), float(effective[i]), at, float(df[i]))
        return float(value[i] + rate[i] - high), float(value[i] + rate[i] - low)

    return _values(errors, value, se, df, (interval, interval), level, "wilson of the rate", nothing)


def of_outcomes(outcomes: Sequence[Outcome]) -> Values:
    """Values that were estimated elsewhere; their errors are the sides of their intervals."""
    errors = np.full((len(outcomes), 2), np.nan)
    for i, one in enumerate(outcomes):
        if isinstance(one, Estimate):
            errors[i] = np.array([one.value - one.low, one.high - one.value]) / intervals.quantile(one.level)
    noise = errors.mean(axis=1)
    return Values(tuple(outcomes), errors, noise, noise)


def _moderated(ratios: Ratios) -> tuple[Floats, Floats]:
    """Standard errors and degrees of freedom of means, from variances put together with the pooled one."""
    if ratios.clustered:
        return ratios.errors()
    n = ratios.kish
    # A variance of the mean as the delta method has it, times n, is one of the values with divisor n.
    scatter = ratios.variance * n * n
    free = np.maximum(n - 1.0, 0.0)
    pooled = float(scatter.sum()) / max(float(free.sum()), 1.0)
    variance = (BORROWED * pooled + scatter) / (BORROWED + free)
    se = np.sqrt(np.divide(variance, n, out=np.full_like(n, np.nan), where=n > 0))
    return se, np.where(n > 0, BORROWED + free, np.nan)


def _values(
    ratios: Ratios,
    value: Floats,
    se: Floats,
    df: Floats,
    made_by: tuple[Interval, Interval],
    level: float,
    method: str,
    nothing: str,
) -> Values:
    """Outcomes by the first kind of interval; errors by the second, at the level that all pairs need."""
    known = np.isfinite(value) & np.isfinite(se) & ~np.isnan(df)
    groups = int(known.sum())
    wide, q = (pair_level(groups, level), pair_quantile(groups, level)) if groups > 1 else (level, 1.0)
    named = f"{method}, clustered" if ratios.clustered else method
    errors = np.full((len(value), 2), np.nan)
    outcomes: list[Outcome] = []
    each = zip(value.tolist(), se.tolist(), ratios.rows.tolist(), ratios.kish.tolist(), strict=True)
    for i, (v, s, n, effective) in enumerate(each):
        if not known[i]:
            outcomes.append(_undefined(ratios, i, nothing))
            continue
        low, high = made_by[0](i, level)
        least, most = made_by[1](i, wide)
        errors[i] = max(v - least, 0.0) / q, max(most - v, 0.0) / q
        outcomes.append(Estimate(v, min(low, v), max(high, v), level, int(n), named, effective, s))
    return Values(tuple(outcomes), errors, se, se)


def _undefined(ratios: Ratios, i: int, nothing: str) -> Undefined:
    if not ratios.bottom[i] > 0:
        return Undefined(nothing)
    return Undefined(f"fewer than {FEW_CLUSTERS} groups of clusters: too few for an interval")
