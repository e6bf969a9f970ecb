"""Power of a comparison of two arms, and the units that give it.

Everything is asked of a `Design`: the statistic's critical value, its spread where nothing differs and where the
effect is there, and its degrees of freedom. Covariates, clusters, looks and several arms change the variance of a
unit, or the critical value, and nothing else.
"""

import math
from collections.abc import Callable
from typing import Literal, NamedTuple

from scipy import special

from steelyard.stats.critical import quantile

Sides = Literal[1, 2]
MOST_UNITS = 1e15


class Design(NamedTuple):
    """A comparison of a treatment with a control.

    Attributes:
        variance: of a unit of the control.
        treated: of a unit of the treatment, where the effect is there.
        null: of a unit of either where it is not, by which the test is scaled.
        ratio: units of the treatment for each of the control.
        alpha: chance of a false alarm.
        sides: of the test.
        limit: standard errors that the test asks for; None takes Student's t, or the normal, at alpha.
        student: whether the variance is estimated, so that the statistic is Student's t.
    """

    variance: float
    treated: float
    null: float
    ratio: float = 1.0
    alpha: float = 0.05
    sides: Sides = 2
    limit: float | None = None
    student: bool = False


def means(sd: float, ratio: float = 1.0, alpha: float = 0.05, sides: Sides = 2) -> Design:
    """Means of a value with standard deviation `sd` in both arms, by Student's t.

    Raises:
        ValueError: unless sd > 0, ratio > 0 and 0 < alpha < 1.
    """
    return _checked(Design(sd**2, sd**2, sd**2, ratio, alpha, sides, student=True))


def proportions(p0: float, p1: float, ratio: float = 1.0, alpha: float = 0.05, sides: Sides = 2) -> Design:
    """A control's proportion against a treatment's, by the score test (pooled variance where nothing differs).

    Raises:
        ValueError: unless both proportions lie in [0, 1] and not both on one end, ratio > 0 and 0 < alpha < 1.

    Source: Fleiss, Levin & Paik 2003, chapter 4.
    """
    if not (0.0 <= p0 <= 1.0 and 0.0 <= p1 <= 1.0):
        raise ValueError(f"proportions must lie in [0, 1], got {p0!r} and {p1!r}")
    pooled = (p0 + ratio * p1) / (1.0 + ratio)
    return _checked(Design(p0 * (1.0 - p0), p1 * (1.0 - p1), pooled * (1.0 - pooled), ratio, alpha, sides))


def power(design: Design, effect: float, units: float) -> float:
    """Chance to find a difference of `effect` with `units` in the control (and ratio · units in the treatment).

    Raises:
        ValueError: unless units > 0.
    """
    null, spread, df = _errors(design, units)
    limit = _limit(design, df)
    if design.student and math.isfinite(df):
        away = abs(effect) / spread
        found = 1.0 - _noncentral(df, away, limit)
        return found + _noncentral(df, away, -limit) if design.sides == 2 else found
    scaled = limit * null
    found = float(special.ndtr((abs(effect) - scaled) / spread))
    return found + float(special.ndtr((-abs(effect) - scaled) / spread)) if design.sides == 2 else found


def noninferiority_power(design: Design, margin: float, units: float, effect: float = 0.0) -> float:
    """Chance to show that the treatment is worse by less than `margin` where it is better by `effect`.

    One-sided at `alpha`.

    Raises:
        ValueError: unless margin > 0 and units > 0.
    """
    if not margin > 0.0:
        raise ValueError(f"the margin must be positive, got {margin!r}")
    if margin + effect <= 0.0:
        return design.alpha
    return power(design._replace(sides=1), margin + effect, units)


def equivalence_power(design: Design, margin: float, units: float, effect: float = 0.0) -> float:
    """Chance to show that the arms differ by less than `margin` where they differ by `effect`: two one-sided tests.

    Raises:
        ValueError: unless margin > 0 and units > 0.

    Source: Phillips 1990, by the normal distribution of the difference given its standard error.
    """
    if not margin > 0.0:
        raise ValueError(f"the margin must be positive, got {margin!r}")
    null, spread, df = _errors(design, units)
    reach = _limit(design._replace(sides=1), df) * null
    both = special.ndtr((margin - effect - reach) / spread) + special.ndtr((margin + effect - reach) / spread)
    return max(float(both) - 1.0, 0.0)


def units_for(chance: Callable[[float], float], wanted: float) -> float:
    """The fewest units (not rounded) at which a power that grows with them reaches `wanted`; infinite if none do.

    Raises:
        ValueError: unless 0 < wanted < 1.
    """
    if not 0.0 < wanted < 1.0:
        raise ValueError(f"power must lie strictly between 0 and 1, got {wanted!r}")
    low, high = 1.0, 2.0
    while chance(high) < wanted:
        low, high = high, 2.0 * high
        if high > MOST_UNITS:
            return math.inf
    while high - low > 1e-9 * high:
        middle = (low + high) / 2.0
        low, high = (middle, high) if chance(middle) < wanted else (low, middle)
    return high


def smallest_effect(chance: Callable[[float], float], wanted: float, most: float) -> float:
    """The smallest effect in (0, most] that is found with a chance of `wanted`; infinite if none is.

    Raises:
        ValueError: unless 0 < wanted < 1.
    """
    if not 0.0 < wanted < 1.0:
        raise ValueError(f"power must lie strictly between 0 and 1, got {wanted!r}")
    if chance(most) < wanted:
        return math.inf
    low, high = 0.0, most
    while high - low > 1e-10 * most:
        middle = (low + high) / 2.0
        low, high = (middle, high) if chance(middle) < wanted else (low, middle)
    return high


def design_effect(cluster_size: float, icc: float, variation: float = 0.0) -> float:
    """How many times the variance grows where whole clusters are assigned: 1 + ((1 + cv²)·m − 1)·icc.

    Args:
        cluster_size: units in a cluster, on average.
        icc: correlation of two units of a cluster.
        variation: coefficient of variation of the clusters' sizes.

    Raises:
        ValueError: unless cluster_size ≥ 1, 0 ≤ icc ≤ 1 and variation ≥ 0.

    Source: Kish 1965; Eldridge, Ashby & Kerry 2006 (unequal sizes).
    """
    if not (cluster_size >= 1.0 and 0.0 <= icc <= 1.0 and variation >= 0.0):
        raise ValueError(f"needs clusters of 1 or more, an icc in [0, 1], got {(cluster_size, icc, variation)!r}")
    return 1.0 + ((1.0 + variation**2) * cluster_size - 1.0) * icc


def _errors(design: Design, units: float) -> tuple[float, float, float]:
    """Standard errors where nothing differs and where the effect is there, and degrees of freedom."""
    if not units > 0.0:
        raise ValueError(f"needs a positive number of units, got {units!r}")
    null = math.sqrt(design.null * (1.0 + 1.0 / design.ratio) / units)
    spread = math.sqrt((design.variance + design.treated / design.ratio) / units)
    return null, spread, max(units * (1.0 + design.ratio) - 2.0, 1e-3)


def _limit(design: Design, df: float) -> float:
    if design.limit is not None:
        return design.limit
    return quantile(1.0 - 2.0 * design.alpha / design.sides, df if design.student else math.inf)


def _noncentral(df: float, away: float, limit: float) -> float:
    """P(T ≤ limit) of a noncentral t; normal where the degrees of freedom are so many that it cannot be told."""
    found = float(special.nctdtr(df, away, limit)) if df < 1e7 else math.nan
    return float(special.ndtr(limit - away)) if math.isnan(found) else min(max(found, 0.0), 1.0)


def _checked(design: Design) -> Design:
    if not (design.null > 0.0 and math.isfinite(design.null) and design.ratio > 0.0 and 0.0 < design.alpha < 1.0):
        raise ValueError(f"needs units that vary, a positive ratio and an alpha in (0, 1), got {design}")
    return design
