"""p-values that agree with the intervals a reader sees."""

from __future__ import annotations

from steelyard.records import Estimate
from steelyard.stats import intervals
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.critical import quantile


def p_value(estimate: Estimate, null: float = 0.0) -> float:
    """Two-sided p of `null`: below 1 − level exactly where the interval leaves it out.

    The end of the interval nearer to `null` gives the standard error on that side.
    """
    gap = estimate.value - null
    reach = estimate.value - estimate.low if gap > 0 else estimate.high - estimate.value
    if gap == 0 or not reach > 0:
        return 1.0 if gap == 0 else 0.0
    return two_sided_p(quantile(estimate.level) * abs(gap) / reach)


def difference(a: Estimate, b: Estimate) -> Estimate:
    """The difference a − b of independent estimates, by MOVER."""
    low, high = intervals.mover_difference(a.value, a.low, a.high, b.value, b.low, b.high)
    return Estimate(a.value - b.value, low, high, a.level, a.n + b.n, "mover")


def outside(estimate: Estimate, null: float) -> bool:
    """Whether the interval leaves `null` out."""
    return not estimate.low <= null <= estimate.high
