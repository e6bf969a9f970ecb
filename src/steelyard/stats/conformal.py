"""How often intervals and sets of a conformal predictor hold the truth, and how far that may stray by chance.

A predictor that was calibrated on n exchangeable rows holds the truth on m new rows X times, X ~ BetaBinomial(m, k,
n + 1 − k) with k = ⌈(n + 1)·coverage⌉: the same calibration rows decide about all new ones, so that X strays further
than a binomial, however large m is. A binomial test of such a predictor raises false alarms ever more often.
"""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import tail

Floats = npt.NDArray[np.float64]

MOST_ROWS = 1_000_000
"""More new rows count as this many: what they add to the spread of the share is below 0.0005 then."""


class Law(NamedTuple):
    """The law of the share that is covered: Beta(a, b), binomial around it; b = 0 where it is `expected` for sure."""

    a: float
    b: float

    @property
    def expected(self) -> float:
        """The mean share."""
        return self.a / (self.a + self.b)


class CoverageTest(NamedTuple):
    """What a promise kept would show.

    Attributes:
        expected: the mean share covered.
        low, high: the share covered lies between these with the level's probability.
        p: two-sided; twice the smaller tail.
    """

    expected: float
    low: float
    high: float
    p: float


def conformal_law(coverage: float, calibrated_on: int) -> Law:
    """The law of the share that a split conformal predictor covers.

    Where k = ⌈(n + 1)·coverage⌉ is more than n the predictor has to hold everything: Law(1, 0).

    Raises:
        ValueError: unless 0 < coverage < 1 and calibrated_on ≥ 1.

    Source: Vovk 2012; Angelopoulos & Bates 2021.
    """
    if not (0.0 < coverage < 1.0 and calibrated_on >= 1):
        raise ValueError(f"needs a coverage in (0, 1) and a row at least, got {coverage!r} and {calibrated_on!r}")
    # 0.9 · 10 may come out as 9.000000000000002, which must not round up to 10.
    k = math.ceil(round((calibrated_on + 1) * coverage, 9))
    return Law(1.0, 0.0) if k > calibrated_on else Law(float(k), float(calibrated_on + 1 - k))


def coverage_test(
    covered: float, rows: float, coverage: float, level: float, calibrated_on: int | None = None
) -> CoverageTest:
    """Hold `covered` of `rows` against a promise: beta-binomial where it is known on how many rows it was calibrated.

    Without that the promise counts as exact, and the law is binomial. Numbers that are not whole (effective rows) are
    rounded.

    Raises:
        ValueError: unless 0 ≤ covered ≤ rows, rows ≥ ½, 0 < coverage < 1, 0 < level < 1 and calibrated_on ≥ 1.

    Source: Vovk 2012.
    """
    if not (rows >= 0.5 and 0.0 <= covered <= rows):
        raise ValueError(f"needs 0 ≤ covered ≤ rows and a row at least, got {covered!r} of {rows!r}")
    m = min(max(round(rows), 1), MOST_ROWS)
    k = min(max(round(covered / rows * m), 0), m)
    if calibrated_on is None:
        if not 0.0 < coverage < 1.0:
            raise ValueError(f"a promised coverage must lie in (0, 1), got {coverage!r}")
        expected, mass = coverage, binomial(m, coverage)
    else:
        law = conformal_law(coverage, calibrated_on)
        expected, mass = law.expected, beta_binomial(m, law)
    below = np.cumsum(mass)
    p = 2.0 * min(float(below[k]), float(mass[k:].sum()))
    lower = tail(level)
    low, high = (min(int(np.searchsorted(below, q * (1.0 - 1e-12))), m) for q in (lower, 1.0 - lower))
    return CoverageTest(expected, low / m, high / m, min(p, 1.0))


def beta_binomial(m: int, law: Law) -> Floats:
    """P(X = k) for k = 0 … m, X ~ BetaBinomial(m, a, b); shape (m + 1,).

    Raises:
        ValueError: if m < 1, a ≤ 0 or b < 0.
    """
    if not (m >= 1 and law.a > 0.0 and law.b >= 0.0):
        raise ValueError(f"needs m ≥ 1, a > 0 and b ≥ 0, got {m!r} and {law!r}")
    k = np.arange(m + 1.0)
    if law.b == 0.0:
        return np.where(k == m, 1.0, 0.0)
    return _mass(special.betaln(k + law.a, m - k + law.b) - special.betaln(k + 1.0, m - k + 1.0))


def binomial(m: int, share: float) -> Floats:
    """P(X = k) for k = 0 … m, X ~ Binomial(m, share); shape (m + 1,).

    Raises:
        ValueError: if m < 1 or the share is outside [0, 1].
    """
    if not (m >= 1 and 0.0 <= share <= 1.0):
        raise ValueError(f"needs m ≥ 1 and a share in [0, 1], got {m!r} and {share!r}")
    k = np.arange(m + 1.0)
    return _mass(special.xlogy(k, share) + special.xlog1py(m - k, -share) - special.betaln(k + 1.0, m - k + 1.0))


def _mass(log: Floats) -> Floats:
    mass = np.exp(log - log.max())
    whole: Floats = mass / mass.sum()
    return whole
