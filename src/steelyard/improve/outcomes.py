"""From sums over held-out rows to estimates: rates before and after, paired changes, gaps between groups."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.groups import GroupCells, added
from steelyard.improve.measures import ALL, RATES, Criterion, Measure, Ratio
from steelyard.records import Effect, Estimate, Outcome, Slice, Undefined
from steelyard.stats import gaps, intervals, ranges, resampling

Floats = NDArray[np.float64]
FEW_BUCKETS = 5
ROUNDING = 1e-13
"""What is below this share of the terms it is the sum of is nothing but rounding."""


@dataclass(frozen=True, eq=False)
class Sums:
    """Sums of row values φ = (1, decision before, chance after, their product), by group and label.

    Attributes:
        first: Σw·φ, shape (places, 2, 4).
        second: Σw²·φφᵀ, shape (places, 2, 4, 4).
        rows: shape (places, 2).
        parts: `first` by cluster bucket, shape (buckets, places, 2, 4); None for independent rows.
    """

    first: Floats
    second: Floats
    rows: Floats
    parts: Floats | None = None

    def __add__(self, other: Sums) -> Sums:
        """Sums of both."""
        parts = None if self.parts is None or other.parts is None else self.parts + other.parts
        return Sums(self.first + other.first, self.second + other.second, self.rows + other.rows, parts)

    def of(self, places: Sequence[int] | slice) -> Sums:
        """Some groups put together, as one."""
        parts = None if self.parts is None else self.parts[:, places].sum(axis=1, keepdims=True)
        first, second, rows = (x[places].sum(axis=0, keepdims=True) for x in (self.first, self.second, self.rows))
        return Sums(first, second, rows, parts)


def sums_of(cells: GroupCells, chances: Floats, share: Floats | None = None) -> Sums:
    """Sum the rows of cells.

    Args:
        cells: the rows.
        chances: of a positive decision afterwards, by cell.
        share: the part of each cell's rows that counts; None for all of them.
    """
    part = np.ones(len(cells.weight)) if share is None else share
    before = cells.decision.astype(float)
    phi = np.stack([np.ones_like(before), before, chances, before * chances])
    flat, places = cells.group * 2 + cells.label, cells.places * 2
    shape = (cells.places, 2)

    def by_place(values: Floats) -> Floats:
        return added(flat, values * part, places).reshape(shape)

    first = np.stack([by_place(cells.weight * phi[i]) for i in range(4)], axis=-1)
    second = np.empty((*shape, 4, 4))
    for i in range(4):
        for j in range(i, 4):
            second[..., i, j] = second[..., j, i] = by_place(cells.square * phi[i] * phi[j])
    return Sums(first, second, by_place(cells.rows), _by_bucket(cells, phi, part))


def _by_bucket(cells: GroupCells, phi: Floats, part: Floats) -> Floats | None:
    if cells.bucket is None:
        return None
    held, at = np.unique(cells.bucket, return_inverse=True)
    flat = (at.ravel() * cells.places + cells.group) * 2 + cells.label
    size = len(held) * cells.places * 2
    made = [added(flat, cells.weight * phi[i] * part, size) for i in range(4)]
    return np.stack(made, axis=-1).reshape(len(held), cells.places, 2, 4)


def outcome(ratios: Sequence[Ratio], sums: Sums, measure: Measure, level: float) -> Outcome:
    """One side of a measure over all groups of `sums`."""
    read = _read([(1.0, r) for r in ratios], sums)
    if read is None:
        return Undefined(f"there are no {measure.lacks}")
    if isinstance(read, Undefined):
        return read
    value, se, df = read
    n = int(sums.rows.sum()) if len(ratios) > 1 else _rows(ratios[0], sums)
    if not measure.share:
        low, high = intervals.wald(value, se, level, df)
        return Estimate(value, low, high, level, n, "delta method", se=se)
    if len(ratios) > 1:
        low, high = intervals.logit(value, se, level, df)
        return Estimate(value, low, high, level, n, "delta method, logit", se=se)
    size = effective(ratios[0], sums)
    if 0 < value < 1 and se > 0:
        size = min(size, value * (1 - value) / se**2)
    low, high = intervals.wilson(min(max(value, 0.0), 1.0), size, level, df)
    return Estimate(value, min(low, value), max(high, value), level, n, "wilson", effective_n=size, se=se)


def change(measure: Measure, sums: Sums, level: float) -> Outcome:
    """A measure afterwards minus before, paired by row."""
    read = _read([*((1.0, r) for r in measure.after), *((-1.0, r) for r in measure.before)], sums, len(measure.after))
    if read is None:
        return Undefined(f"there are no {measure.lacks}")
    if isinstance(read, Undefined):
        return read
    value, se, df = read
    n = int(sums.rows.sum()) if len(measure.after) > 1 else _rows(measure.after[0], sums)
    if se > 0:
        low, high = intervals.wald(value, se, level, df)
        return Estimate(value, low, high, level, n, "paired, delta method", se=se)
    # No decision of these rows differs; how often others would is bounded as a share of none in n.
    reach = _span(measure) * intervals.wilson(0.0, min(effective(r, sums) for r in measure.after), level, df)[1]
    note = "no decision of these rows changes"
    return Estimate(value, value - reach, value + reach, level, n, "paired, wilson", se=0.0, note=note)


def effect(measure: Measure, sums: Sums, level: float, where: Slice = Slice()) -> Effect:  # noqa: B008 - frozen
    """A measure before and after, over all groups of `sums`."""
    before, after = (outcome(r, sums, measure, level) for r in (measure.before, measure.after))
    return Effect(measure.name, before, after, change(measure, sums, level), where)


def gap(criterion: Criterion, sums: Sums, scope: Sequence[int], level: float, *, before: bool = False) -> Outcome:
    """The largest difference between any two groups, in any rate of the criterion.

    The interval holds for all pairs of groups at once, and for all rates.
    """
    each = 1 - (1 - level) / len(criterion.rates)
    found = []
    for name in criterion.rates:
        one = _gap(RATES[name], sums, scope, each, before)
        if isinstance(one, Undefined):
            return one
        found.append(one)
    n = int(sums.rows[list(scope)].sum())
    worst = max(found, key=lambda g: g.value)
    low, high = max(g.low for g in found), max(g.high for g in found)
    method = "tukey–kramer" if len(scope) > 2 else "mover"
    more = ", the larger of two" if len(found) > 1 else ""
    return Estimate(worst.value, min(low, worst.value), high, level, n, f"{method}{more}")


def gap_change(before: Outcome, after: Outcome) -> Outcome:
    """The gap afterwards minus before; pairing is left out of account, which makes the interval too wide."""
    if isinstance(before, Undefined):
        return before
    if isinstance(after, Undefined):
        return after
    ends = after.value, after.low, after.high, before.value, before.low, before.high
    low, high = intervals.mover_difference(*ends)
    return Estimate(after.value - before.value, low, high, after.level, after.n, "mover")


def effective(ratio: Ratio, sums: Sums) -> float:
    """Kish's effective number of the rows in the denominator."""
    total = float((ratio.bottom[:, ALL] * sums.first.sum(axis=0)[:, ALL]).sum())
    squares = float((ratio.bottom[:, ALL] ** 2 * sums.second.sum(axis=0)[:, ALL, ALL]).sum())
    return total * total / squares if squares > 0 else 0.0


def _gap(rate: Measure, sums: Sums, scope: Sequence[int], level: float, before: bool) -> gaps.WorstGap | Undefined:
    if len(scope) < 2:
        return Undefined("a gap needs at least two groups with enough rows")
    pair, q = ranges.pair_level(len(scope), level), ranges.pair_quantile(len(scope), level)
    values, errors = [], []
    for place in scope:
        one = outcome(rate.before if before else rate.after, sums.of([place]), rate, pair)
        if isinstance(one, Undefined):
            return one
        values.append(one.value)
        errors.append(((one.value - one.low) / q, (one.high - one.value) / q))
    return gaps.worst_gap(values, errors, level)


Read = tuple[float, float, float]


def _read(signed: Sequence[tuple[float, Ratio]], sums: Sums, each: int | None = None) -> Read | Undefined | None:
    """Value, standard error and degrees of freedom of the mean of signed ratios; None where one has no rows."""
    count = len(signed) if each is None else each
    first, second = sums.first.sum(axis=0), sums.second.sum(axis=0)
    value, gradient = 0.0, np.zeros((2, 4))
    for sign, ratio in signed:
        bottom = float((ratio.bottom * first).sum())
        if bottom <= 0:
            return None
        one = float((ratio.top * first).sum()) / bottom
        value += sign * one / count
        gradient += sign * (ratio.top - one * ratio.bottom) / bottom / count
    if sums.parts is None:
        terms = gradient[:, :, None] * second * gradient[:, None, :]
        variance = float(terms.sum())
        return value, math.sqrt(variance) if variance > ROUNDING * float(np.abs(terms).sum()) else 0.0, math.inf
    left = first - sums.parts.sum(axis=1)
    bottoms = np.stack([(r.bottom * left).sum(axis=(1, 2)) for _, r in signed])
    known = (bottoms > 0).all(axis=0)
    if known.sum() < FEW_BUCKETS:
        return Undefined(f"only {int(known.sum())} groups of clusters; {FEW_BUCKETS} are needed for an interval")
    values = sum(
        s * (r.top * left[known]).sum(axis=(1, 2)) / b[known] for (s, r), b in zip(signed, bottoms, strict=True)
    )
    se, df = resampling.jackknife(np.asarray(values) / count)
    return value, se if se > ROUNDING * max(abs(value), 1.0) else 0.0, df


def _rows(ratio: Ratio, sums: Sums) -> int:
    return int(sums.rows.sum(axis=0)[ratio.bottom[:, ALL] > 0].sum())


def _span(measure: Measure) -> float:
    """How much the measure would change if every decision did."""
    spans = [
        np.abs(a.top - b.top).max() / a.bottom[a.bottom > 0].min()
        for a, b in zip(measure.after, measure.before, strict=True)
    ]
    return float(np.mean(spans))
