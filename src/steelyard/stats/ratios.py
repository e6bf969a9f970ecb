"""Two proportions held against each other: the interval of their ratio, and the exact test that they are equal."""

import math

import numpy as np
from scipy import special

from steelyard.stats.critical import quantile

HALVINGS = 80
WINDOW = 40.0
"""Standard deviations of the hypergeometric law that are summed; what lies beyond is below the smallest number."""
EQUAL = 1e-7
"""Tables this much likelier (relatively) than the one seen count as equally likely, as rounding would have it."""


def koopman(k1: float, n1: float, k2: float, n2: float, level: float) -> tuple[float, float]:
    """Score interval of p1/p2: every ratio that the score test of k1/n1 and k2/n2 does not refuse.

    Holds its level where cells are empty, where the interval on the log scale breaks down. Without successes above
    it starts at 0, without any below it is unbounded; (0, inf) where neither side has one.

    Raises:
        ValueError: unless 0 ≤ k ≤ n and n > 0 for both, and 0 < level < 1.

    Source: Koopman 1984; Miettinen & Nurminen 1985 without their correction.
    """
    for k, n in ((k1, n1), (k2, n2)):
        if not (n > 0.0 and 0.0 <= k <= n):
            raise ValueError(f"a proportion needs 0 ≤ k ≤ n and n > 0, got k = {k!r}, n = {n!r}")
    most = quantile(level) ** 2
    if k1 == 0.0 and k2 == 0.0:
        return 0.0, math.inf
    if k1 == 0.0:
        return 0.0, _end(k1, n1, k2, n2, most, 1.0)
    if k2 == 0.0:
        return 1.0 / _end(k2, n2, k1, n1, most, 1.0), math.inf
    return _end(k1, n1, k2, n2, most, -1.0), _end(k1, n1, k2, n2, most, 1.0)


def fisher_exact_p(k1: int, n1: int, k2: int, n2: int) -> float:
    """Two-sided p-value that k1 of n1 and k2 of n2 have one rate: all tables no likelier than the one seen.

    The margins are held fixed, so k1 is hypergeometric.

    Raises:
        ValueError: unless 0 ≤ k ≤ n on both sides.

    Source: Fisher 1935; two-sided by likelihood, as R and SciPy.
    """
    if not (0 <= k1 <= n1 and 0 <= k2 <= n2):
        raise ValueError(f"needs 0 ≤ k ≤ n, got {k1!r} of {n1!r} and {k2!r} of {n2!r}")
    total, hits = n1 + n2, k1 + k2
    if total < 2:
        return 1.0
    centre = n1 * hits / total
    spread = math.sqrt(max(centre * (1.0 - hits / total) * n2 / (total - 1), 0.0))
    reach = max(WINDOW * (spread + 1.0), abs(k1 - centre) + 1.0)
    first, last = max(0, hits - n2, math.floor(centre - reach)), min(n1, hits, math.ceil(centre + reach))
    table = np.arange(first, last + 1, dtype=float)
    cells = np.stack([table, n1 - table, hits - table, n2 - hits + table])
    log = -special.gammaln(cells + 1.0).sum(axis=0)
    log -= log.max()
    weight = np.exp(log)
    no_likelier = log <= log[k1 - first] + EQUAL
    return float(min(weight[no_likelier].sum() / weight.sum(), 1.0))


def _end(k1: float, n1: float, k2: float, n2: float, most: float, side: float) -> float:
    """The ratio above (side 1) or below (side −1) the seen one at which the score statistic reaches `most`."""
    seen = (k1 / n1) / (k2 / n2)
    near = math.log(seen) if seen > 0.0 else math.log(0.5 / (n1 + 1.0)) - math.log(k2 / n2) - 1.0
    far = near + side
    while _score(math.exp(far), k1, n1, k2, n2) < most and abs(far) < 700.0:
        far += 2.0 * side
    for _ in range(HALVINGS):
        middle = (near + far) / 2.0
        near, far = (near, middle) if _score(math.exp(middle), k1, n1, k2, n2) >= most else (middle, far)
    return math.exp(far)


def _score(ratio: float, k1: float, n1: float, k2: float, n2: float) -> float:
    """The score statistic of p1 = ratio·p2, at the likeliest rates under it."""
    a, b, c = ratio * (n1 + n2), ratio * (n1 + k2) + k1 + n2, k1 + k2
    p2 = 2.0 * c / (b + math.sqrt(max(b * b - 4.0 * a * c, 0.0)))
    p1 = min(ratio * p2, 1.0)
    variance = p1 * (1.0 - p1) / n1 + ratio**2 * p2 * (1.0 - p2) / n2
    gap = k1 / n1 - ratio * k2 / n2
    return gap * gap / variance if variance > 0.0 else (0.0 if abs(gap) < 1e-15 else math.inf)
