"""Two models on the same rows, told by who is right: tests and intervals from the rows on which only one is.

`b` is the number of rows that only the first gets right, `c` those that only the second does, `n` all rows.
"""

import math
from typing import NamedTuple

from scipy import special

from steelyard.stats.critical import quantile


class Agreement(NamedTuple):
    """How far two models err on the same rows: Yule's Q, kappa and correlation (phi) of being right.

    1: they err on the same rows, 0: as if by chance, below 0: where one errs the other tends to be right. NaN where
    one of the models never errs, or always does.
    """

    q: float
    kappa: float
    phi: float


def mcnemar_exact(b: float, c: float) -> float:
    """Two-sided p-value that both models err equally often: the exact binomial test of b among b + c.

    Raises:
        ValueError: unless b, c ≥ 0.

    Source: McNemar 1947; conservative.
    """
    fewer, both = _discordant(b, c)
    return min(2.0 * float(special.bdtr(fewer, both, 0.5)), 1.0) if both else 1.0


def mcnemar_midp(b: float, c: float) -> float:
    """Two-sided mid-p-value that both models err equally often: half of the chance of what was seen counts.

    Not conservative as the exact test is, and hardly ever above its level.

    Raises:
        ValueError: unless b, c ≥ 0.

    Source: Fagerland, Lydersen & Laake 2013, doi 10.1186/1471-2288-13-91.
    """
    fewer, both = _discordant(b, c)
    if not both:
        return 1.0
    seen = math.exp(
        float(special.gammaln(both + 1.0) - special.gammaln(fewer + 1.0) - special.gammaln(both - fewer + 1.0))
        - both * math.log(2.0)
    )
    return min(2.0 * float(special.bdtr(fewer, both, 0.5)) - seen, 1.0)


def paired_difference(b: float, c: float, n: float) -> tuple[float, float]:
    """The difference (b − c)/n of two shares of the same rows, and its standard error √(b + c − (b − c)²/n)/n.

    Raises:
        ValueError: unless b, c ≥ 0, n > 0 and b + c ≤ n.
    """
    check_paired(b, c, n)
    return (b - c) / n, math.sqrt(max(b + c - (b - c) ** 2 / n, 0.0)) / n


def bonett_price(b: float, c: float, n: float, level: float) -> tuple[float, float]:
    """Interval of the difference of two shares of the same rows: Wald's with one row added to b and one to c.

    Raises:
        ValueError: unless b, c ≥ 0, n > 0, b + c ≤ n and 0 < level < 1.

    Source: Bonett & Price 2012.
    """
    check_paired(b, c, n)
    p, q = (b + 1.0) / (n + 2.0), (c + 1.0) / (n + 2.0)
    half = quantile(level) * math.sqrt((p + q - (p - q) ** 2) / (n + 2.0))
    return max(p - q - half, -1.0), min(p - q + half, 1.0)


def agreement(both_right: float, b: float, c: float, both_wrong: float) -> Agreement:
    """How far two models err on the same rows, from the 2 × 2 table of who is right.

    Raises:
        ValueError: if a count is negative or all are 0.

    Source: Yule 1900; Cohen 1960; Kuncheva & Whitaker 2003 for classifiers.
    """
    n = both_right + b + c + both_wrong
    if not (min(both_right, b, c, both_wrong) >= 0.0 and n > 0.0):
        raise ValueError(f"counts must be at least 0 and not all 0, got {(both_right, b, c, both_wrong)}")
    ahead, against = both_right * both_wrong, b * c
    right_a, right_b = both_right + b, both_right + c
    chance = right_a * right_b + (n - right_a) * (n - right_b)
    spread = right_a * right_b * (n - right_a) * (n - right_b)
    return Agreement(
        (ahead - against) / (ahead + against) if ahead + against > 0.0 else math.nan,
        (n * (both_right + both_wrong) - chance) / (n * n - chance) if n * n > chance else math.nan,
        (ahead - against) / math.sqrt(spread) if spread > 0.0 else math.nan,
    )


def check_paired(b: float, c: float, n: float) -> None:
    """Refuse counts that cannot be.

    Raises:
        ValueError: unless b, c ≥ 0, n > 0 and b + c ≤ n.
    """
    if not (b >= 0.0 and c >= 0.0 and n > 0.0 and b + c <= n * (1.0 + 1e-12)):
        raise ValueError(f"needs b, c ≥ 0, n > 0 and b + c ≤ n, got b = {b!r}, c = {c!r}, n = {n!r}")


def _discordant(b: float, c: float) -> tuple[float, float]:
    if not (b >= 0.0 and c >= 0.0):
        raise ValueError(f"numbers of rows must be at least 0, got {b!r} and {c!r}")
    both = round(b + c)
    return min(round(min(b, c)), both), both
