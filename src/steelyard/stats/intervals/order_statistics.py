"""The interval of a quantile, as ranks in the sorted rows."""

import math

from scipy import special

from steelyard.stats.critical import tail


def quantile_ranks(n: float, q: float, level: float) -> tuple[float, float]:
    """Ranks (1 = smallest) of the two order statistics that enclose the q-quantile of `n` rows.

    With B ~ Binomial(n, q): the low rank is the α/2 quantile of B, the high rank the 1 − α/2 quantile plus 1,
    so that P(X_(low) ≤ ξ_q ≤ X_(high)) ≥ level for any distribution. Rank 0 says that no row is low enough
    (the bound is −∞), a rank above n that none is high enough. `n` may be fractional (effective): then the
    binomial is continued by the incomplete beta function, and rank/n is the share of the weight at which to
    read the bound off the distribution function (Woodruff 1952).

    Raises:
        ValueError: unless n > 0, 0 < q < 1 and 0 < level < 1.
    """
    if not n > 0.0:
        raise ValueError(f"a quantile needs n > 0 rows, got n = {n!r}")
    if not 0.0 < q < 1.0:
        raise ValueError(f"q must lie strictly between 0 and 1, got {q!r}; the median is 0.5")
    lower = tail(level)
    return float(_binomial_quantile(lower, n, q)), float(_binomial_quantile(1.0 - lower, n, q) + 1)


def _binomial_quantile(probability: float, n: float, q: float) -> int:
    below, reached = -1, math.ceil(n)
    while reached - below > 1:
        middle = (below + reached) // 2
        if _at_most(middle, n, q) >= probability:
            reached = middle
        else:
            below = middle
    return reached


def _at_most(k: int, n: float, q: float) -> float:
    return 1.0 if k >= n else float(special.betainc(n - k, k + 1.0, 1.0 - q))
