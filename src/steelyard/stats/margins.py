"""Tests against a margin: no worse than it (non-inferiority), within it (equivalence), better by it (superiority)."""

import math
from typing import NamedTuple

from scipy import special

from steelyard.stats.comparison import quotient
from steelyard.stats.critical import tail
from steelyard.stats.lift import Lift


class MarginTest(NamedTuple):
    """A one-sided test against a margin: the bound that must clear it, the statistic, its p-value, and whether.

    `bound` is the end of the lift's own interval that faces the margin, `shown` whether it clears it: at level 0.95
    a test at 0.025, so that interval and test never disagree.
    """

    bound: float
    statistic: float
    p: float
    shown: bool


def noninferiority(lift: Lift, margin: float, higher_is_better: bool = True) -> MarginTest:
    """Whether the treatment is worse by less than `margin` > 0.

    Raises:
        ValueError: unless margin > 0 and finite.

    Source: Piaggio et al. 2012 (CONSORT for non-inferiority).
    """
    _check(margin)
    return _beyond(lift, -margin, 1.0) if higher_is_better else _beyond(lift, margin, -1.0)


def superiority(lift: Lift, margin: float, higher_is_better: bool = True) -> MarginTest:
    """Whether the treatment is better by more than `margin` ≥ 0.

    Raises:
        ValueError: unless margin ≥ 0 and finite.
    """
    if margin != 0.0:
        _check(margin)
    return _beyond(lift, margin, 1.0) if higher_is_better else _beyond(lift, -margin, -1.0)


def equivalence(lift: Lift, margin: float) -> MarginTest:
    """Whether the lift lies within ± `margin` > 0: two one-sided tests, the weaker of which counts.

    Raises:
        ValueError: unless margin > 0 and finite.

    Source: Schuirmann 1987.
    """
    _check(margin)
    tests = _beyond(lift, -margin, 1.0), _beyond(lift, margin, -1.0)
    weaker = max(tests, key=lambda test: test.p)
    return weaker._replace(shown=all(test.shown for test in tests))


def noninferior_proportions(
    k1: float, n1: float, k0: float, n0: float, margin: float, level: float, higher_is_better: bool = True
) -> MarginTest:
    """Whether a proportion is worse than the control's by less than `margin`: the score test.

    The standard error is that of the likeliest pair of proportions that are just a margin apart, so that the test
    holds its level where few units succeed. `shown` is p < (1 − level)/2, `bound` the margin.

    Raises:
        ValueError: unless 0 ≤ k ≤ n and n > 0 in both arms, 0 < margin < 1 and 0 < level < 1.

    Source: Farrington & Manning 1990.
    """
    if not (0.0 <= k1 <= n1 and 0.0 <= k0 <= n0 and n1 > 0.0 and n0 > 0.0):
        raise ValueError(f"needs 0 ≤ k ≤ n and n > 0, got {k1!r} of {n1!r} and {k0!r} of {n0!r}")
    if not 0.0 < margin < 1.0:
        raise ValueError(f"the margin of a proportion must lie in (0, 1), got {margin!r}")
    if not higher_is_better:
        k1, k0 = n1 - k1, n0 - k0
    p1, p0 = _constrained(k1, n1, k0, n0, -margin)
    se = math.sqrt(p1 * (1.0 - p1) / n1 + p0 * (1.0 - p0) / n0)
    z = quotient(k1 / n1 - k0 / n0 + margin, se)
    p = float(special.ndtr(-z))
    return MarginTest(-margin if higher_is_better else margin, z, p, p < tail(level))


def _constrained(k1: float, n1: float, k0: float, n0: float, gap: float) -> tuple[float, float]:
    """The likeliest proportions p1 and p0 with p1 − p0 = gap: the root of a cubic."""
    share, seen1, seen0 = n0 / n1, k1 / n1, k0 / n0
    a = 1.0 + share
    b = -(1.0 + share + seen1 + share * seen0 + gap * (share + 2.0))
    c = gap**2 + gap * (2.0 * seen1 + share + 1.0) + seen1 + share * seen0
    d = -seen1 * gap * (1.0 + gap)
    v = b**3 / (27.0 * a**3) - b * c / (6.0 * a**2) + d / (2.0 * a)
    u = math.copysign(math.sqrt(max(b**2 / (9.0 * a**2) - c / (3.0 * a), 0.0)), v)
    cosine = min(max(v / u**3, -1.0), 1.0) if u else 0.0
    p1 = 2.0 * u * math.cos((math.pi + math.acos(cosine)) / 3.0) - b / (3.0 * a)
    p1 = min(max(p1, max(gap, 0.0)), min(1.0 + gap, 1.0))
    return p1, min(max(p1 - gap, 0.0), 1.0)


def _beyond(lift: Lift, edge: float, side: float) -> MarginTest:
    """Whether the lift lies above (side 1) or below (side −1) an edge."""
    statistic = side * quotient(lift.value - edge, lift.se)
    p = (
        float(special.ndtr(-statistic))
        if math.isinf(lift.df) or math.isinf(statistic)
        else float(special.stdtr(lift.df, -statistic))
    )
    bound = lift.low if side > 0.0 else lift.high
    return MarginTest(bound, statistic, p, side * (bound - edge) > 0.0)


def _check(margin: float) -> None:
    if not (margin > 0.0 and math.isfinite(margin)):
        raise ValueError(f"the margin must be a positive number, got {margin!r}")
