"""Distances that need no order of the bins."""

import math

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.divergences.pairs import pair, without_zeros


def psi(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Population stability index Σ (p − q)·ln(p/q), from 0 on; half a row is added to every bin where one is empty.

    Without any change its mean is (B − 1)(1/n + 1/m), so no bound on the bare number means anything by itself.

    Raises:
        ValueError: if the counts are malformed or a side has no rows.
    """
    p, q = without_zeros(pair(current, reference)).shares
    return float(np.sum((p - q) * np.log(p / q)))


def kullback_leibler(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Σ p·ln(p/q) in nats, from 0 on; half a row is added to every bin where one is empty.

    Raises:
        ValueError: if the counts are malformed or a side has no rows.
    """
    p, q = without_zeros(pair(current, reference)).shares
    return float(max(np.sum(p * np.log(p / q)), 0.0))


def jensen_shannon(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Jensen–Shannon distance, base 2: 0 for equal shares, 1 for no bin in common.

    The square root of the divergence ½·KL(p‖m) + ½·KL(q‖m), m = (p + q)/2; a metric.

    Raises:
        ValueError: if the counts are malformed or a side has no rows.

    Source: Lin 1991; Endres & Schindelin 2003.
    """
    p, q = pair(current, reference).shares
    middle = (p + q) / 2.0
    nats = float(np.sum(special.rel_entr(p, middle) + special.rel_entr(q, middle))) / 2.0
    return math.sqrt(min(max(nats / math.log(2.0), 0.0), 1.0))


def hellinger(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Hellinger distance sqrt(½ Σ (√p − √q)²), in [0, 1].

    Raises:
        ValueError: if the counts are malformed or a side has no rows.
    """
    p, q = pair(current, reference).shares
    return math.sqrt(min(float(np.sum((np.sqrt(p) - np.sqrt(q)) ** 2)) / 2.0, 1.0))


def total_variation(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """½ Σ |p − q|: the share of rows that would have to change their bin, in [0, 1].

    Raises:
        ValueError: if the counts are malformed or a side has no rows.
    """
    p, q = pair(current, reference).shares
    return float(np.sum(np.abs(p - q))) / 2.0


def chi_square(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Pearson's statistic of the 2 × B table.

    Raises:
        ValueError: if the counts are malformed or a side has no rows.

    Source: Pearson 1900.
    """
    two = pair(current, reference)
    p, q = two.shares
    return float(np.sum((p - q) ** 2 / (two.a + two.r))) * two.n * two.m


def g_statistic(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """The likelihood-ratio statistic of the 2 × B table.

    Raises:
        ValueError: if the counts are malformed or a side has no rows.

    Source: Wilks 1938.
    """
    two = pair(current, reference)
    both = (two.a + two.r) / (two.n + two.m)
    p, q = two.shares
    apart = two.n * np.sum(special.rel_entr(p, both)) + two.m * np.sum(special.rel_entr(q, both))
    return max(2.0 * float(apart), 0.0)


def cramers_v(current: npt.ArrayLike, reference: npt.ArrayLike) -> float:
    """Cramér's V of the 2 × B table, sqrt(χ²/(n + m)), in [0, 1]; it depends on the sizes of the two samples.

    Raises:
        ValueError: if the counts are malformed or a side has no rows.

    Source: Cramér 1946.
    """
    two = pair(current, reference)
    return math.sqrt(min(chi_square(two.a, two.r) / (two.n + two.m), 1.0))
