"""Moments of row values that add up: Chan–Pébay sums, and weighted means."""

import math
from typing import NamedTuple


class Moments(NamedTuple):
    """Rows, their mean, and the sums of (x − mean)², (x − mean)³ and (x − mean)⁴."""

    n: float
    mean: float
    m2: float
    m3: float
    m4: float


EMPTY = Moments(0.0, 0.0, 0.0, 0.0, 0.0)


def from_power_sums(n: float, s1: float, s2: float, s3: float = 0.0, s4: float = 0.0, shift: float = 0.0) -> Moments:
    """Moments from n and the sums of (x − shift), its square, cube and fourth power.

    A shift near the mean keeps the digits. Without s3 or s4 the third or fourth moment means nothing.

    Raises:
        ValueError: if n ≤ 0.
    """
    if not n > 0.0:
        raise ValueError(f"moments need n > 0 rows, got n = {n!r}")
    d = s1 / n
    return Moments(
        n,
        shift + d,
        max(s2 - n * d**2, 0.0),
        s3 - 3.0 * d * s2 + 2.0 * n * d**3,
        max(s4 - 4.0 * d * s3 + 6.0 * d**2 * s2 - 3.0 * n * d**4, 0.0),
    )


def merge(a: Moments, b: Moments) -> Moments:
    """Moments of the rows of `a` and `b` together; `EMPTY` is neutral.

    Source: Chan, Golub & LeVeque 1983; Pébay 2008.
    """
    if a.n == 0.0 or b.n == 0.0:
        return b if a.n == 0.0 else a
    n = a.n + b.n
    d = b.mean - a.mean
    share_a, share_b = a.n / n, b.n / n
    return Moments(
        n,
        a.mean + d * share_b,
        a.m2 + b.m2 + d**2 * a.n * share_b,
        a.m3 + b.m3 + d**3 * a.n * share_b * (share_a - share_b) + 3.0 * d * (share_a * b.m2 - share_b * a.m2),
        a.m4
        + b.m4
        + d**4 * a.n * share_b * (share_a**2 - share_a * share_b + share_b**2)
        + 6.0 * d**2 * (share_a**2 * b.m2 + share_b**2 * a.m2)
        + 4.0 * d * (share_a * b.m3 - share_b * a.m3),
    )


def sample_variance(moments: Moments) -> float:
    """Variance of a row, divisor n − 1.

    Raises:
        ValueError: if n ≤ 1.
    """
    if not moments.n > 1.0:
        raise ValueError(f"a variance needs more than one row, got n = {moments.n!r}")
    return moments.m2 / (moments.n - 1.0)


def mean_variance(moments: Moments) -> float:
    """Variance of the mean: the sample variance over n.

    Raises:
        ValueError: if n ≤ 1.
    """
    return sample_variance(moments) / moments.n


def skewness(moments: Moments) -> float:
    """Skewness of the rows, (m3/n) / (m2/n)^1.5; 0 when they do not vary.

    Raises:
        ValueError: if n ≤ 0.
    """
    if not moments.n > 0.0:
        raise ValueError(f"a skewness needs n > 0 rows, got n = {moments.n!r}")
    scale = math.sqrt(moments.m2 / moments.n)
    cubed = scale**3
    return moments.m3 / moments.n / cubed if cubed > 0.0 else 0.0


def weighted_mean(sw: float, sw2: float, swx: float, sw2x: float, sw2x2: float) -> tuple[float, float, float]:
    """Weighted mean, its standard error and Kish's effective number of rows: (mean, se, n_eff).

    From the sums of w, w², w·x, w²·x and w²·x²: m = Σwx/Σw, se = sqrt(Σw²(x − m)²)/Σw (weights fixed;
    the HC0 sandwich), n_eff = (Σw)²/Σw².

    Raises:
        ValueError: if Σw ≤ 0 or Σw² ≤ 0.

    Source: White 1980; Kish 1965.
    """
    if not (sw > 0.0 and sw2 > 0.0):
        raise ValueError(f"a weighted mean needs positive weight, got Σw = {sw!r}, Σw² = {sw2!r}")
    mean = swx / sw
    scatter = max(sw2x2 - 2.0 * mean * sw2x + mean**2 * sw2, 0.0)
    return mean, math.sqrt(scatter) / sw, sw**2 / sw2
