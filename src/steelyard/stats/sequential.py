"""Evidence that may be looked at again at every row or window, whenever one likes, and stopped at any time.

An e-value is at least 0 and 1 on average where nothing is the matter, so the chance that it ever reaches 1/α is at
most α. E-values are given as natural logarithms. The one of counts by bin against known shares is
`divergences.dirichlet_multinomial`.
"""

import math
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
BURN_IN = 100
"""Rows before which an asymptotic confidence sequence is not to be trusted."""


class Anytime(NamedTuple):
    """An interval, and evidence against one value, that hold at every moment: log e-value and its p-value."""

    low: float
    high: float
    log_e: float
    p: float


def anytime_p(log_e: float) -> float:
    """The p-value that holds at any time: min(1, 1/E)."""
    return math.exp(min(-log_e, 0.0))


def binomial_e(k: float, n: float, most: float, a: float = 1.0, b: float = 1.0) -> float:
    """Log e-value against "the rate is at most `most`" after k of n, from Beta(a, b) rates above it.

    For a harmful shift: `most` is the source's error rate (its upper bound) plus what is tolerated.

    Raises:
        ValueError: unless 0 ≤ k ≤ n, 0 < most < 1 and a, b > 0.

    Source: Podkopaev & Ramdas 2022; Robbins 1970 (mixtures).
    """
    if not (0.0 <= k <= n and 0.0 < most < 1.0 and a > 0.0 and b > 0.0):
        raise ValueError(f"needs 0 ≤ k ≤ n, a rate in (0, 1) and a, b > 0, got {(k, n, most, a, b)!r}")
    likelihood = special.xlogy(k, most) + special.xlog1py(n - k, -most)
    return _log_upper_beta(a + k, b + n - k, most) - _log_upper_beta(a, b, most) - float(likelihood)


def confidence_sequence(mean: float, sd: float, n: float, level: float, planned: float) -> tuple[float, float]:
    """An interval of a mean that holds at all n at once, tightest about `planned` rows (asymptotic).

    mean ± sd·sqrt(2(nρ² + 1)/(n²ρ²)·ln(sqrt(nρ² + 1)/α)); begin after about a hundred rows. It is
    about 1.6 times as wide as the interval for one look.

    Raises:
        ValueError: unless n > 0, planned > 0, sd ≥ 0 and 0 < level < 1.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024.
    """
    if not (n > 0.0 and planned > 0.0 and sd >= 0.0 and 0.0 < level < 1.0):
        raise ValueError(f"needs n, planned > 0, sd ≥ 0 and a level in (0, 1), got {(n, planned, sd, level)!r}")
    half = sd / math.sqrt(n) * critical(n, level, planned)
    return mean - half, mean + half


def critical(n: float, level: float, planned: float) -> float:
    """Standard errors that a confidence sequence reaches to each side at n rows.

    sqrt(2(nρ² + 1)/(nρ²)·ln(sqrt(nρ² + 1)/α)); 3.04 at the planned rows for level 0.95, where one look needs 1.96.

    Raises:
        ValueError: unless n > 0, planned > 0 and 0 < level < 1.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024.
    """
    if not (n > 0.0 and planned > 0.0 and 0.0 < level < 1.0):
        raise ValueError(f"needs n, planned > 0 and a level in (0, 1), got {(n, planned, level)!r}")
    scaled = n * _tightest(1.0 - level, planned) ** 2
    return math.sqrt(2.0 * (scaled + 1.0) / scaled * math.log(math.sqrt(scaled + 1.0) / (1.0 - level)))


def anytime(value: float, se: float, n: float, level: float, planned: float, null: float = 0.0) -> Anytime:
    """Interval and test, good at all n at once, of any estimate whose variance falls as 1/n.

    For two arms: their difference (plain, adjusted by CUPED, of ratios, of logarithms), its standard error, and all
    units of both. The sequence excludes `null` just when p < 1 − level.

    Args:
        value: the estimate from `n` units.
        se: its standard error.
        n: units it rests on.
        level: how often the sequence holds all along.
        planned: units at which it is tightest; fix it before the first look.
        null: the value that is tested.

    Raises:
        ValueError: unless n > 0, planned > 0, se ≥ 0 and 0 < level < 1.

    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2024.
    """
    low, high = confidence_sequence(value, se * math.sqrt(n), n, level, planned)
    if se == 0.0:
        log_e = 0.0 if value == null else math.inf
    else:
        scaled = n * _tightest(1.0 - level, planned) ** 2
        log_e = 0.5 * (((value - null) / se) ** 2 * scaled / (scaled + 1.0) - math.log1p(scaled))
    return Anytime(low, high, log_e, anytime_p(log_e))


def mixture_ratio(mean: float, variance: float, n: float, spread: float, null: float = 0.0) -> float:
    """Log likelihood ratio of the mSPRT: N(null, spread) means against `null`, rows of known variance.

    Raises:
        ValueError: unless n ≥ 0, variance > 0 and spread > 0.

    Source: Johari, Koomen, Pekelis & Walsh 2022.
    """
    if not (n >= 0.0 and variance > 0.0 and spread > 0.0):
        raise ValueError(f"needs n ≥ 0 and positive variance and spread, got {(n, variance, spread)!r}")
    wide = variance + n * spread
    return 0.5 * math.log(variance / wide) + n * n * spread * (mean - null) ** 2 / (2.0 * variance * wide)


def e_detector(log_factors: npt.ArrayLike, rule: Literal["shiryaev-roberts", "cusum"] = "shiryaev-roberts") -> Floats:
    """Log of an e-detector over windows; an alarm at log(1/α) comes by chance once in 1/α windows or more rarely.

    From each window's e-value L: SR = L·(SR + 1), or CU = L·max(CU, 1), both from 0. Unlike one e-process it finds a
    change whenever that comes, however long all was well before. Shape (T,).

    Raises:
        ValueError: for an unknown rule.

    Source: Shin, Ramdas & Rinaldo 2024.
    """
    if rule not in ("shiryaev-roberts", "cusum"):
        raise ValueError(f"the rule must be 'shiryaev-roberts' or 'cusum', not {rule!r}")
    factors = np.asarray(log_factors, dtype=float)
    path = np.empty(factors.size)
    now = -math.inf
    for t, factor in enumerate(factors.tolist()):
        carried = float(np.logaddexp(now, 0.0)) if rule == "shiryaev-roberts" else max(now, 0.0)
        now = path[t] = factor + carried
    return path


def _tightest(alpha: float, planned: float) -> float:
    """The mixture's scale ρ with which the sequence is about tightest at `planned` rows."""
    doubled = -2.0 * math.log(alpha)
    return math.sqrt((doubled + math.log(doubled + 1.0)) / planned)


def _log_upper_beta(a: float, b: float, cut: float) -> float:
    """Log of ∫ x^(a−1)·(1−x)^(b−1) from `cut` to 1."""
    above = float(special.betaincc(a, b, cut))
    if above > 0.0:
        return float(special.betaln(a, b)) + math.log(above)
    # Far in the tail: the first term of the expansion at the cut, where the integrand falls off fastest.
    slope = (a - 1.0) / cut - (b - 1.0) / (1.0 - cut)
    return (a - 1.0) * math.log(cut) + (b - 1.0) * math.log1p(-cut) - math.log(-slope)
