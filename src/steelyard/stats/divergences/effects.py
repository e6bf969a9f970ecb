"""A distance with its interval: the noncentral chi-square law that all of them share near 0.

With s = 1/n + 1/m the statistics PSI/s, 8·JS/s (nats), 8·Hellinger²/s, Pearson's and the likelihood-ratio statistic
of two samples over B bins are about noncentral chi-square with B − 1 degrees of freedom and noncentrality λ = the
true distance over s. The interval holds every λ that the statistic does not refuse. The delta method, by contrast,
fails where it is needed most: at no change its standard error is 0 (Yurdakul & Naranjo 2020 for the null law).
The interval of the Jensen–Shannon distance keeps its level everywhere and is wide far out; that of the Hellinger
distance covers less from distances of 0.3 on where samples are small, that of PSI beyond 1.
"""

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import tail
from steelyard.stats.divergences.measures import chi_square, hellinger, jensen_shannon, psi
from steelyard.stats.divergences.pairs import Pair, pair

HALVINGS = 64
"""Steps of bisection; the noncentrality is then exact to the last digits that matter."""


class Law(NamedTuple):
    """What a chi-square-like statistic says: `noncentrality` is debiased (0 at least), `low` and `high` its ends."""

    statistic: float
    df: int
    noncentrality: float
    low: float
    high: float
    p: float

    @classmethod
    def of(cls, statistic: float, df: int, level: float) -> "Law":
        """The law of one statistic; with no degrees of freedom there is nothing that could differ.

        Raises:
            ValueError: unless 0 < level < 1, statistic ≥ 0 and df ≥ 0.
        """
        if not (statistic >= 0.0 and df >= 0):
            raise ValueError(f"needs a statistic and degrees of freedom of at least 0, got {statistic!r} and {df!r}")
        alpha = tail(level)
        if df == 0:
            return cls(0.0, 0, 0.0, 0.0, 0.0, 1.0)
        return cls(
            statistic,
            df,
            max(statistic - df, 0.0),
            noncentrality(statistic, df, 1.0 - alpha),
            # Never below what an average sample without change would give: fewer differences than chance makes are
            # no evidence that there is none (power constrained limits, Cowan et al. 2011).
            noncentrality(max(statistic, float(df)), df, alpha),
            float(special.chdtrc(df, statistic)),
        )


class Effect(NamedTuple):
    """A distance between two data sets.

    Attributes:
        value: as measured; without any change it is not 0 on average but about `null`.
        low, high: the interval of the true distance.
        debiased: the value less what chance adds; 0 at least.
        null: the value that no change gives on average.
        p: of no change at all.
        df: degrees of freedom of the test.
    """

    value: float
    low: float
    high: float
    debiased: float
    null: float
    p: float
    df: int


def noncentrality(statistic: float, df: int, share: float) -> float:
    """The λ at which a noncentral chi-square variable is below `statistic` with probability `share`; 0 if none is.

    Raises:
        ValueError: unless 0 < share < 1, statistic ≥ 0 and df > 0.
    """
    if not (0.0 < share < 1.0 and statistic >= 0.0 and df > 0):
        raise ValueError(f"needs share in (0, 1), statistic ≥ 0 and df > 0, got {share!r}, {statistic!r}, {df!r}")
    if special.chdtr(df, statistic) <= share:
        return 0.0
    # √X of a noncentral X is about √λ + N(0, 1), so the root lies within a few units of √statistic.
    low, high = 0.0, math.sqrt(statistic) + 2.0
    while special.chndtr(statistic, df, high * high) > share:
        high *= 2.0
    for _ in range(HALVINGS):
        middle = (low + high) / 2.0
        if special.chndtr(statistic, df, middle * middle) > share:
            low = middle
        else:
            high = middle
    return ((low + high) / 2.0) ** 2


class Measure(NamedTuple):
    """A distance whose `statistic` over 1/n + 1/m is about chi-square, and how a reader knows it."""

    statistic: Callable[[Pair], float]
    shown: Callable[[float, Pair], float]


PSI = Measure(lambda two: psi(two.a, two.r), lambda x, _: x)
JENSEN_SHANNON = Measure(
    lambda two: 8.0 * math.log(2.0) * jensen_shannon(two.a, two.r) ** 2,
    lambda x, _: math.sqrt(min(x / (8.0 * math.log(2.0)), 1.0)),
)
HELLINGER = Measure(
    lambda two: 8.0 * hellinger(two.a, two.r) ** 2,
    lambda x, _: math.sqrt(min(x / 8.0, 1.0)),
)
CRAMERS_V = Measure(
    lambda two: chi_square(two.a, two.r) * two.unit,
    lambda x, two: math.sqrt(min(x / (two.unit * (two.n + two.m)), 1.0)),
)


def effect(
    measure: Measure,
    current: npt.ArrayLike,
    reference: npt.ArrayLike,
    level: float,
    overdispersion: float = 1.0,
) -> Effect:
    """A distance with its interval.

    Args:
        measure: `PSI`, `JENSEN_SHANNON`, `HELLINGER` or `CRAMERS_V`.
        current, reference: counts by bin, of shape (B,).
        level: nominal coverage.
        overdispersion: variance of the counts over that of independent rows (see `windows`).

    Raises:
        ValueError: if the counts are malformed, a side has no rows, or overdispersion ≤ 0.
    """
    if not overdispersion > 0.0:
        raise ValueError(f"overdispersion must be positive, got {overdispersion!r}")
    two = pair(current, reference)
    unit = two.unit * overdispersion
    statistic = measure.statistic(two)
    law = Law.of(statistic / unit, len(two.a) - 1, level)
    low, high, debiased, null = (
        measure.shown(x * unit, two) for x in (law.low, law.high, law.noncentrality, float(law.df))
    )
    return Effect(measure.shown(statistic, two), low, high, debiased, null, law.p, law.df)
