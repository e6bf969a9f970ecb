"""Which arm tends to have the larger values, from counts by bin: heavy tails do not matter."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.comparison import quotient, two_sided_p
from steelyard.stats.intervals.proportions import wilson
from steelyard.stats.intervals.transforms import logit
from steelyard.stats.ranks.counts import Floats, counts
from steelyard.stats.ranks.roc import placements


class RankSum(NamedTuple):
    """P(treatment > control) + ½·P(equal), its interval and standard error; Brunner and Munzel's test that it is ½.

    `mann_whitney_p` is the p-value of "both arms have one distribution", which is asked more often and says less.
    """

    value: float
    low: float
    high: float
    se: float
    df: float
    statistic: float
    p: float
    mann_whitney_p: float


def rank_sum(treatment: npt.ArrayLike, control: npt.ArrayLike, level: float) -> RankSum:
    """Compare two arms by rank, from units per bin, bins by ascending value; values in one bin are tied.

    The interval is on the logit scale with Satterthwaite's degrees of freedom. Where the arms do not overlap at all
    their spread says nothing; then Wilson's interval of as many pairs as the smaller arm has units.

    Raises:
        ValueError: unless both are arrays of one shape of counts of at least 0 with more than one unit each, and
            0 < level < 1.

    Source: Brunner & Munzel 2000; Mann & Whitney 1947, corrected for ties.
    """
    t, c = counts(treatment, control)
    n1, n0 = float(t.sum()), float(c.sum())
    if not (n1 > 1.0 and n0 > 1.0):
        raise ValueError(f"a comparison by rank needs more than one unit in each arm, got {n1:g} and {n0:g}")
    below, above = placements(t, c)
    value = float(t @ below) / n1
    share1, share0 = _share(t, below - value), _share(c, above - value)
    both = share1 + share0
    p_same = _mann_whitney(value, t + c, n1, n0)
    if both == 0.0:
        low, high = wilson(value, min(n1, n0), level) if value in (0.0, 1.0) else (value, value)
        statistic = quotient(value - 0.5, 0.0)
        return RankSum(value, low, high, 0.0, n1 + n0 - 2.0, statistic, two_sided_p(statistic), p_same)
    df = both**2 / (share1**2 / (n1 - 1.0) + share0**2 / (n0 - 1.0))
    se = math.sqrt(both)
    statistic = (value - 0.5) / se
    return RankSum(value, *logit(value, se, level, df), se, df, statistic, two_sided_p(statistic, df), p_same)


def _share(units: Floats, away: Floats) -> float:
    """An arm's part of the variance: the sample variance of its placements over its units."""
    n = float(units.sum())
    return float(units @ away**2) / (n - 1.0) / n


def _mann_whitney(value: float, units: Floats, n1: float, n0: float) -> float:
    n = n1 + n0
    ties = float(np.sum(units**3 - units)) / (n * (n - 1.0))
    se = math.sqrt(max((n + 1.0 - ties) / (12.0 * n1 * n0), 0.0))
    return two_sided_p(quotient(value - 0.5, se)) if se > 0.0 else 1.0
