"""Intervals for one proportion, and for the two scores that are a proportion in disguise (Jaccard, F1)."""

import math

from scipy import special

from steelyard.stats.critical import quantile, tail


def wilson(p: float, n: float, level: float, df: float = math.inf) -> tuple[float, float]:
    """Score interval of a proportion `p` seen in `n` (effective) rows.

    The set of π with |p − π| ≤ q·sqrt(π(1−π)/n), q the critical value for `df`. Stays inside [0, 1], has
    positive width at p = 0 and p = 1, where the outer bound is exactly 0 or 1.

    Raises:
        ValueError: unless 0 ≤ p ≤ 1, n > 0 and 0 < level < 1.

    Source: Wilson 1927; recommended by Brown, Cai & DasGupta 2001.
    """
    _check_share(p, n)
    z2n = quantile(level, df) ** 2 / n
    return _wilson_low(p, z2n), 1.0 - _wilson_low(1.0 - p, z2n)


def jeffreys(k: float, n: float, level: float) -> tuple[float, float]:
    """Equal-tailed interval of Beta(k + ½, n − k + ½): `k` successes in `n` rows. Good one-sided bounds.

    Both bounds lie strictly inside (0, 1), also for k = 0 and k = n.

    Raises:
        ValueError: unless 0 ≤ k ≤ n, n > 0 and 0 < level < 1.

    Source: Brown, Cai & DasGupta 2001 (without their modification at the boundary).
    """
    _check_count(k, n)
    lower = tail(level)
    a, b = k + 0.5, n - k + 0.5
    return float(special.betaincinv(a, b, lower)), float(1.0 - special.betaincinv(b, a, lower))


def clopper_pearson(k: float, n: float, level: float) -> tuple[float, float]:
    """Interval that covers with probability at least `level` whatever the truth; wider than needed.

    Raises:
        ValueError: unless 0 ≤ k ≤ n, n > 0 and 0 < level < 1.

    Source: Clopper & Pearson 1934.
    """
    _check_count(k, n)
    lower = tail(level)
    low = 0.0 if k == 0 else float(special.betaincinv(k, n - k + 1.0, lower))
    high = 1.0 if k == n else float(1.0 - special.betaincinv(n - k, k + 1.0, lower))
    return low, high


def wilson_jaccard(j: float, n: float, level: float, df: float = math.inf) -> tuple[float, float]:
    """Interval of Jaccard's J = TP / (TP + FP + FN), with n = TP + FP + FN (effective).

    Given n, TP is Binomial(n, J), so this is Wilson's interval.

    Raises:
        ValueError: unless 0 ≤ j ≤ 1, n > 0 and 0 < level < 1.
    """
    return wilson(j, n, level, df)


def wilson_f1(j: float, n: float, level: float, df: float = math.inf) -> tuple[float, float]:
    """Interval of F1 = 2J / (1 + J) from the Jaccard value `j` and n = TP + FP + FN (effective).

    F1 rises strictly with J, so Wilson's interval of J maps to it. Give the Jaccard value, not F1.

    Raises:
        ValueError: unless 0 ≤ j ≤ 1, n > 0 and 0 < level < 1.

    Source: the family of Lam, Gopal & Qian, arXiv 2309.14621.
    """
    low, high = wilson_jaccard(j, n, level, df)
    return 2.0 * low / (1.0 + low), 2.0 * high / (1.0 + high)


def _wilson_low(p: float, z2n: float) -> float:
    # The two roots have product p²/(1 + z²/n): dividing by the upper one loses no digits when p is tiny.
    upper = p + z2n / 2.0 + math.sqrt(z2n * (p * (1.0 - p) + z2n / 4.0))
    return p * p / upper


def _check_share(p: float, n: float) -> None:
    if not n > 0.0:
        raise ValueError(f"a proportion needs n > 0 rows, got n = {n!r}")
    if not 0.0 <= p <= 1.0:
        raise ValueError(f"a proportion must lie in [0, 1], got {p!r}")


def _check_count(k: float, n: float) -> None:
    if not n > 0.0:
        raise ValueError(f"a proportion needs n > 0 rows, got n = {n!r}")
    if not 0.0 <= k <= n:
        raise ValueError(f"successes must lie in [0, n] = [0, {n!r}], got {k!r}")
