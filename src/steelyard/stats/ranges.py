"""How far apart the largest and the smallest of many numbers lie by chance alone."""

import math
from functools import lru_cache

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import tail

STEP = 0.02
FAR = 9.0
"""Beyond so many standard errors the normal density adds nothing to sixteen digits."""
EXACT_TAIL = 1e-10
NODES = 401
HALVINGS = 50


@lru_cache(maxsize=4096)
def pair_quantile(groups: int, level: float) -> float:
    """Standard errors of a difference that the intervals of all pairs of `groups` must reach to hold together.

    1.96 for two groups at 0.95, 3.16 for ten.

    Raises:
        ValueError: for fewer than two groups, or unless 0 < level < 1.
    """
    out = 2.0 * tail(level)
    check_groups(groups)
    few, many = 0.0, 64.0
    for _ in range(HALVINGS):
        middle = (few + many) / 2.0
        few, many = (middle, many) if range_p(middle, groups) > out else (few, middle)
    return many / math.sqrt(2.0)


def pair_level(groups: int, level: float) -> float:
    """The level that an interval of one pair must have for those of all pairs of `groups` to hold together.

    Raises:
        ValueError: for fewer than two groups, or unless 0 < level < 1.
    """
    return 1.0 - 2.0 * float(special.ndtr(-pair_quantile(groups, level)))


def range_p(range_: float, groups: int) -> float:
    """Chance that the range of so many standard normal numbers is at least `range_`.

    1 − k·∫ φ(z)·[Φ(z) − Φ(z − r)]^(k−1) dz by the trapezoidal rule, which is exact to rounding for such functions;
    in the far tail the chance that any pair is so far apart, added over pairs.

    Raises:
        ValueError: for fewer than two groups or a negative range.

    Source: Hartley 1942; Tukey 1953 (the studentised range with infinite degrees of freedom).
    """
    check_groups(groups)
    if not range_ >= 0.0:
        raise ValueError(f"a range is at least 0, got {range_!r}")
    pairs = groups * (groups - 1) * float(special.ndtr(-range_ / math.sqrt(2.0)))
    if pairs < EXACT_TAIL:
        return pairs
    z = np.arange(-FAR, FAR + STEP, STEP)
    density = np.exp(-0.5 * z * z) / math.sqrt(2.0 * math.pi)
    # Where z is the largest: all others lie within the range below it.
    within = groups * density * (special.ndtr(z) - special.ndtr(z - range_)) ** (groups - 1)
    return float(np.clip(1.0 - STEP * within.sum(), 0.0, 1.0))


def gap_by_chance(errors: npt.ArrayLike) -> float:
    """The largest difference that groups with these standard errors show on average where all are alike.

    E max − E min = 2·∫ [1{x > 0} − Π Φ(x/e_i)] dx of normal values about one mean. Many small groups alone make a
    large gap: a gap near this value tells nothing.

    Raises:
        ValueError: for fewer than two groups, or unless errors are finite and at least 0, of shape (k,).
    """
    e = np.asarray(errors, dtype=float)
    if e.ndim != 1 or not (np.isfinite(e).all() and bool((e >= 0.0).all())):
        raise ValueError("errors must be one array of finite numbers of at least 0")
    check_groups(len(e))
    known = e[e > 0.0]
    if not known.size:
        return 0.0
    # Fine near 0, where the narrow groups are, and wide enough for the widest.
    u = np.linspace(-1.0, 1.0, NODES)
    x = FAR * known.max() * u**3
    below = np.exp(special.log_ndtr(x[:, None] / known).sum(axis=1))
    if known.size < len(e):
        below = np.where(x < 0.0, 0.0, below)
    return 2.0 * float(np.trapezoid((x > 0.0) - below, x))


def check_groups(groups: int) -> None:
    """Refuse what has no gap.

    Raises:
        ValueError: for fewer than two groups.
    """
    if groups < 2:
        raise ValueError(f"a gap needs at least two groups, got {groups}")
