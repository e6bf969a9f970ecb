"""Effects that means do not tell: how far a quantile moved, and which arm tends to have the larger values."""

from __future__ import annotations

import math

import numpy as np

from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.experiment.ranked import Held, Ranked, ranked
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.sums import Floats
from steelyard.facts import names_in
from steelyard.records import Estimate, Outcome, Undefined
from steelyard.stats.intervals import logit, mover_difference
from steelyard.stats.lift import Lift
from steelyard.stats.quantile_shift import Bins, QuantileValue, bins, quantile_shift, quantile_value
from steelyard.stats.rank_sum import RankSum, rank_sum
from steelyard.stats.resampling import jackknife


def values_of(setup: Setup, metric: Metric) -> Ranked | None:
    """The values of a metric in order, by arm; None where they are not kept."""
    named = names_in(metric.numerator)
    if metric.kind not in ("mean", "quantile") or len(named) != 1 or named[0] not in setup.grids:
        return None
    return ranked(setup, named[0])


def quantile_in(values: Ranked, arm: str, share: float, level: float) -> Outcome:
    """The quantile in one arm."""
    held = values.held(arm)
    if held is None:
        return Undefined(f"no unit of the arm {arm} has a value")
    found = quantile_value(_bins(values, held, share), share, level)
    if not (math.isfinite(found.low) and math.isfinite(found.high)):
        return Undefined(f"the arm {arm} has too few units for an interval of this quantile")
    return Estimate(found.value, found.low, found.high, level, held.rows, "order statistics")


def shift(values: Ranked, arm: str, control: str, share: float, level: float) -> Lift:
    """The quantile in an arm minus that in the control.

    Raises:
        ValueError: an arm has no units, or too few.
    """
    return quantile_shift(*_both(values, arm, control, share), share, level)


def ratio_ends(
    values: Ranked, arm: str, control: str, share: float, level: float
) -> tuple[float, float, float] | None:
    """The same as a share of the control's quantile, with its interval; None unless all are positive."""
    ends = [quantile_value(held, share, level) for held in _both(values, arm, control, share)]
    if not all(math.isfinite(end.high) and end.low > 0.0 for end in ends):
        return None
    a, b = (QuantileValue(*map(math.log, end)) for end in ends)
    low, high = mover_difference(*a, *b)
    return math.expm1(a.value - b.value), math.expm1(low), math.expm1(high)


def superiority(setup: Setup, values: Ranked | None, arm: str, control: str) -> Outcome | None:
    """Probability that a unit of the arm has the larger value, ties half; None where values are not kept."""
    if values is None:
        return None
    ours, theirs = values.held(arm), values.held(control)
    if ours is None or theirs is None:
        return Undefined("an arm has no values")
    try:
        found = _compared(ours.counts, theirs.counts, setup.level)
        low, high, se, method = found.low, found.high, found.se, "brunner-munzel"
        if setup.bucket is not None:
            se, df = jackknife(_without_each(ours, theirs, setup.level))
            inside = 0.0 < found.value < 1.0 and se > 0.0
            low, high = logit(found.value, se, setup.level, df) if inside else (low, high)
            method = "jackknife, clustered"
    except ValueError as error:
        return Undefined(str(error))
    return Estimate(found.value, low, high, setup.level, ours.rows + theirs.rows, method, se=se)


def _without_each(arm: Held, control: Held, level: float) -> list[float]:
    """The probability with each cluster bucket left out of both arms in turn."""
    found = []
    for key in sorted({*arm.keys, *control.keys}):
        ours, theirs = (held.weight[[k != key for k in held.keys]].sum(axis=0) for held in (arm, control))
        found.append(_compared(ours, theirs, level).value)
    return found


def _compared(ours: Floats, theirs: Floats, level: float) -> RankSum:
    """The comparison by rank; bins that neither arm has say nothing and cost time."""
    there = ours + theirs > 0
    return rank_sum(ours[there], theirs[there], level)


def _both(values: Ranked, arm: str, control: str, share: float) -> tuple[Bins, Bins]:
    ours, theirs = values.held(arm), values.held(control)
    if ours is None or theirs is None:
        raise ValueError("an arm has no values")
    return _bins(values, ours, share), _bins(values, theirs, share)


def _bins(values: Ranked, held: Held, share: float) -> Bins:
    counts = held.counts
    reached = np.cumsum(counts) / counts.sum()
    below = np.asarray(np.arange(len(counts)) <= np.searchsorted(reached, share), dtype=float)
    return bins(values.left, values.right, counts, held.effective(below))
