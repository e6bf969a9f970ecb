"""Replicates of a table of cells, and intervals from replicates.

A bootstrap of n rows draws the cells' counts from Multinomial(n, n_c/n), so drawing counts *is* drawing rows,
at a cost that does not grow with n. Every draw takes its seed as an argument.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import tail

Floats = npt.NDArray[np.float64]
Seed = int | np.random.SeedSequence | np.random.Generator

_CHUNK = 1 << 20  # numbers drawn at a time


def multinomial_replicates(counts: npt.ArrayLike, B: int, seed: Seed) -> Floats:
    """`B` bootstrap tables with the total held fixed; shape (B, cells).

    Empty cells stay empty and cost nothing. A fractional total is rounded to rows and each replicate is
    scaled back to it.

    Raises:
        ValueError: if a count is negative or NaN, all are 0, or B < 1.

    Source: Efron 1979.
    """
    counts = _checked(counts, B)
    rng = np.random.default_rng(seed)
    total = float(counts.sum())
    rows = max(round(total), 1)
    full = np.flatnonzero(counts)
    shares = counts[full] / total
    shares /= shares.sum()
    return _in_chunks(B, counts.size, full, lambda size: rng.multinomial(rows, shares, size=size) * (total / rows))


def poisson_replicates(counts: npt.ArrayLike, B: int, seed: Seed) -> Floats:
    """`B` tables of independent Poisson(n_c) counts: the bootstrap whose total varies; shape (B, cells).

    Raises:
        ValueError: if a count is negative or NaN, all are 0, or B < 1.

    Source: Hanley & MacGibbon 2006; Chamandy et al. 2012.
    """
    counts = _checked(counts, B)
    rng = np.random.default_rng(seed)
    full = np.flatnonzero(counts)
    return _in_chunks(B, counts.size, full, lambda size: rng.poisson(counts[full], size=(size, full.size)))


def dirichlet_replicates(counts: npt.ArrayLike, B: int, seed: Seed, prior: float = 0.5) -> Floats:
    """`B` draws of the cells' shares from Dirichlet(n_c + prior), scaled to the total; shape (B, cells).

    Empty cells take part, so a table without errors still gets an interval. All cells that could hold a row
    must be listed.

    Raises:
        ValueError: if a count is negative or NaN, all are 0, B < 1 or prior ≤ 0.
    """
    counts = _checked(counts, B)
    if not prior > 0.0:
        raise ValueError(f"prior must be positive, got {prior!r}; 0.5 is Jeffreys'")
    rng = np.random.default_rng(seed)
    draws = rng.standard_gamma(counts + prior, size=(B, counts.size))
    scaled: Floats = draws * (counts.sum() / draws.sum(axis=1, keepdims=True))
    return scaled


def percentile(draws: npt.ArrayLike, level: float) -> tuple[float, float]:
    """Equal-tailed interval of the draws. Draws where the metric is undefined (NaN) are left out.

    Raises:
        ValueError: if no draw is defined or level is outside (0, 1).
    """
    lower = tail(level)
    low, high = np.quantile(_defined(draws), [lower, 1.0 - lower])
    return float(low), float(high)


def bca(estimate: float, draws: npt.ArrayLike, level: float, acceleration: float) -> tuple[float, float]:
    """Bias-corrected and accelerated interval of bootstrap draws.

    The bias is Φ⁻¹ of the share of draws below the estimate, ties counting half; the acceleration comes from
    `influence.acceleration`. Undefined (NaN) draws are left out.

    Raises:
        ValueError: if no draw is defined or level is outside (0, 1).

    Source: Efron 1987.
    """
    lower, values = tail(level), _defined(draws)
    share = float(np.mean(values < estimate) + np.mean(values == estimate) / 2.0)
    edge = 0.5 / values.size
    bias = float(special.ndtri(min(max(share, edge), 1.0 - edge)))
    low, high = (_adjusted(p, bias, acceleration) for p in (lower, 1.0 - lower))
    return float(np.quantile(values, low)), float(np.quantile(values, high))


def jackknife(thetas: npt.ArrayLike) -> tuple[float, float]:
    """Delete-a-group jackknife: (standard error, degrees of freedom).

    `thetas[j]` is the metric of all rows but those of group j, for the G groups that hold rows:
    se² = (G − 1)/G · Σ (θ_(j) − mean)², df = G − 1. Groups of whole clusters make it robust to clustering.

    Raises:
        ValueError: with fewer than two groups or an undefined (NaN) value.

    Source: Tukey 1958; Chamandy et al. 2012.
    """
    values = np.asarray(thetas, dtype=float)
    if values.ndim != 1 or values.size < 2:
        raise ValueError(f"the jackknife needs at least two groups, got shape {values.shape}")
    if not np.all(np.isfinite(values)):
        raise ValueError("the metric is undefined when one of the groups is left out")
    groups = values.size
    spread = float(np.sum((values - values.mean()) ** 2))
    return math.sqrt((groups - 1) / groups * spread), groups - 1.0


def _adjusted(p: float, bias: float, acceleration: float) -> float:
    shifted = bias + float(special.ndtri(p))
    slope = 1.0 - acceleration * shifted
    if slope <= 0.0:
        return 1.0 if shifted > 0.0 else 0.0
    return float(special.ndtr(bias + shifted / slope))


def _defined(draws: npt.ArrayLike) -> Floats:
    values = np.asarray(draws, dtype=float)
    defined: Floats = values[~np.isnan(values)]
    if not defined.size:
        raise ValueError("the metric is undefined in every replicate")
    return defined


def _in_chunks(B: int, cells: int, full: npt.NDArray[np.intp], draw: Callable[[int], npt.NDArray[Any]]) -> Floats:
    result = np.zeros((B, cells))
    rows = max(_CHUNK // full.size, 1)
    for start in range(0, B, rows):
        stop = min(start + rows, B)
        result[start:stop, full] = draw(stop - start)
    return result


def _checked(counts: npt.ArrayLike, B: int) -> Floats:
    array = np.asarray(counts, dtype=float)
    if array.ndim != 1 or not np.all(array >= 0.0) or not array.sum() > 0.0:
        raise ValueError("counts must be one array of numbers of at least 0, not all 0")
    if B < 1:
        raise ValueError(f"the number of replicates must be at least 1, got {B!r}")
    return array
