"""Limits of a control chart whose centre and spread are estimated from a baseline of finitely many windows."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.run_lengths import LONGEST, ewma_rates, root

Floats = npt.NDArray[np.float64]
WIDEST = 3.0
"""An average that would have to move by more standard deviations than this tells less than single residuals do."""
WIDTH = 0.07
"""Width of the cells that the range of the average is cut into, in standard deviations of a residual."""


class Design(NamedTuple):
    """An EWMA with Shewhart limits: the limit of the average, that of a single residual, and λ."""

    limit: float
    single: float
    smoothing: float


def combined_design(
    arl0: float, baseline: float = math.inf, df: float = math.inf, smoothing: float = 0.2, correlation: float = 0.0
) -> Design:
    """Limits of an EWMA and of single residuals that together alarm once in `arl0` windows, half of it each.

    The level and spread of the residuals come from a baseline of finitely many windows, whose error all later
    residuals share. So the rate of alarms 1/ARL is averaged over what that error may be: the centre N(0, 1/baseline),
    the variance chi-square with `df` degrees of freedom. A single residual is then Student's t, and its limit exact.
    Where the baseline is too short for an average (it would have to pass `WIDEST`), its limit is infinite and single
    residuals have the whole rate.

    Args:
        arl0: windows by false alarm, on average.
        baseline: windows that the centre rests on, in windows as precise as those that are watched.
        df: degrees of freedom of the variance.
        smoothing: λ.
        correlation: lag-one autocorrelation of the residuals, by which the EWMA's limit is widened.

    Raises:
        ValueError: unless arl0 > 2, baseline > 0 and df > 0.

    Source: Jones, Champ & Rigdon 2001 (estimated parameters); Schmid 1997 (autocorrelation).
    """
    if not (arl0 > 2.0 and baseline > 0.0 and df > 0.0):
        raise ValueError(f"needs arl0 > 2, baseline > 0 and df > 0, got {arl0!r}, {baseline!r} and {df!r}")
    effective = baseline * (1.0 - correlation) / (1.0 + correlation)
    means, scales, weights = _unknown(effective, df)
    single = _single(0.5 / arl0, effective, df)

    def excess(limit: float) -> float:
        cells = 2 * math.ceil(limit / WIDTH) + 1
        rates = ewma_rates(smoothing, limit, single, means, scales, cells)
        return -math.log(max(float(np.sum(weights * rates)), 1.0 / LONGEST) * arl0)

    limit = root(excess, 0.6, WIDEST)
    if math.isinf(limit):
        return Design(limit, _single(1.0 / arl0, effective, df), smoothing)
    return Design(limit * _inflation(correlation, smoothing), single, smoothing)


def _single(rate: float, baseline: float, df: float) -> float:
    """Limit that a single residual passes at a rate: Student's t, as wide as the centre is unsure."""
    tail = rate / 2.0
    quantile = -float(special.ndtri(tail) if math.isinf(df) else special.stdtrit(df, tail))
    return math.sqrt(1.0 + 1.0 / baseline) * quantile


def _inflation(correlation: float, smoothing: float) -> float:
    """How much wider an EWMA of AR(1) residuals swings than one of independent residuals."""
    decay = correlation * (1.0 - smoothing)
    return math.sqrt((1.0 + decay) / (1.0 - decay))


def _unknown(baseline: float, df: float) -> tuple[Floats, Floats, Floats]:
    """Centres and scales that residuals may truly have, with their probabilities; centres by symmetry at least 0."""
    grid, mass = np.zeros(1), np.ones(1)
    if math.isfinite(baseline):
        grid = np.linspace(0.0, 5.0, 11)
        mass = np.exp(-0.5 * grid**2)
        mass[0] /= 2.0
    mean, centre_mass = grid / math.sqrt(baseline), mass / mass.sum()
    scale, scale_mass = np.ones(1), np.ones(1)
    if math.isfinite(df):
        z = np.linspace(-4.0, 4.0, 9)
        # Wilson and Hilferty: the cube root of a chi-square over its df is nearly normal.
        ratio = np.maximum(1.0 - 2.0 / (9.0 * df) + z * math.sqrt(2.0 / (9.0 * df)), 0.05) ** 3
        scale, scale_mass = 1.0 / np.sqrt(ratio), np.exp(-0.5 * z**2)
        scale_mass /= scale_mass.sum()
    means, scales = (part.ravel() for part in np.meshgrid(mean, scale, indexing="ij"))
    return means, scales, np.outer(centre_mass, scale_mass).ravel()
