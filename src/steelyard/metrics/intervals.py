"""How a metric's value and standard error become an interval. Each maker returns an `Interval`."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.metrics.metric import Interval, Measured
from steelyard.stats import intervals, resampling

SMALL_CELL = 5
DRAWS = 2000
DIRICHLET_SEED = 20_260_101

Tables = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""A metric of many tables at once: draws × cells → draws."""


def proportion(support: Callable[[Any], float]) -> Interval:
    """Wilson's interval with n from the standard error (Korn & Graubard), never above the `support`.

    `support(view)` is the effective number of rows in the denominator.
    """

    def interval(m: Measured) -> tuple[float, float, str]:
        n = support(m.view)
        if m.se > 0 and 0 < m.value < 1:
            n = min(n, m.value * (1 - m.value) / m.se**2) if m.clustered else m.value * (1 - m.value) / m.se**2
        low, high = intervals.wilson(min(max(m.value, 0.0), 1.0), n, m.level, m.df)
        return low, high, "wilson, clustered" if m.clustered else "wilson"

    return interval


def f1(support: Callable[[Any], float]) -> Interval:
    """Wilson's interval on Jaccard J = F1/(2 − F1), mapped back; `support` is the effective TP + FP + FN."""

    def interval(m: Measured) -> tuple[float, float, str]:
        j = m.value / (2 - m.value)
        n = support(m.view)
        if m.se > 0 and 0 < j < 1:
            se_j = m.se * 2 / (2 - m.value) ** 2
            n = min(n, j * (1 - j) / se_j**2) if m.clustered else j * (1 - j) / se_j**2
        low, high = intervals.wilson_f1(j, n, m.level, m.df)
        return low, high, "wilson on jaccard"

    return interval


def plain(low: float = -math.inf, high: float = math.inf) -> Interval:
    """Value ± t·se, cut at the metric's own bounds."""

    def interval(m: Measured) -> tuple[float, float, str]:
        a, b = intervals.wald(m.value, m.se, m.level, m.df)
        return max(a, low), min(b, high), _named("delta method", m)

    return interval


def logit(
    low: float = 0.0, high: float = 1.0, df: Callable[[Any], float] | None = None, name: str = "logit"
) -> Interval:
    """Symmetric on the logit scale of (low, high)."""

    def interval(m: Measured) -> tuple[float, float, str]:
        degrees = min(m.df, df(m.view)) if df is not None else m.df
        a, b = intervals.logit(m.value, m.se, m.level, degrees, bounds=(low, high))
        return a, b, _named(name, m)

    return interval


def log(m: Measured) -> tuple[float, float, str]:
    """Symmetric on the log scale; for positive quantities."""
    low, high = intervals.log(m.value, m.se, m.level, m.df)
    return low, high, _named("log", m)


def fisher(m: Measured) -> tuple[float, float, str]:
    """Fisher's z on [−1, 1]."""
    low, high = intervals.fisher(m.value, m.se, m.level, m.df)
    return low, high, _named("fisher z", m)


def or_dirichlet(otherwise: Interval, small: Callable[[Any], bool], tables: Tables) -> Interval:
    """Draws from a Dirichlet posterior where cells are `small`, else another interval."""

    def interval(m: Measured) -> tuple[float, float, str]:
        if m.clustered or not small(m.view):
            return otherwise(m)
        with np.errstate(divide="ignore", invalid="ignore"):
            values = tables(posterior(m.view.weights, np.ravel(m.view.squares)))
        return *resampling.percentile(values, m.level), "dirichlet, small cells"

    return interval


def posterior(weights: NDArray[np.float64], squares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draws of cells from Dirichlet(n + ½), n = W²/Σw² the effective rows of each; shape (draws, cells)."""
    unit = np.divide(squares, weights, out=np.full_like(weights, squares.sum() / weights.sum()), where=weights > 0)
    return resampling.dirichlet_replicates(weights / unit, DRAWS, DIRICHLET_SEED) * unit


def within(interval: Interval, low: float = -math.inf, high: float = math.inf) -> Interval:
    """An interval cut at the metric's own bounds."""

    def cut(m: Measured) -> tuple[float, float, str]:
        a, b, method = interval(m)
        return max(a, low), min(b, high), method

    return cut


def mean(m: Measured) -> tuple[float, float, str]:
    """Student's t, or Hall's skewness-corrected interval where the mean's sampling skewness matters."""
    if m.clustered:
        low, high = intervals.wald(m.value, m.se, m.level, m.df)
        return low, high, _named("student t", m)
    n = m.view.effective_rows
    if n <= 1:
        return math.nan, math.nan, "student t"
    # The delta method divides by n where the variance of a sample divides by n − 1.
    return intervals.mean_interval(m.value, m.se * math.sqrt(n / (n - 1)), m.view.skewness(), n, m.level)


def bootstrap(low: float = -math.inf, high: float = math.inf, draws: int = 1000) -> Interval:
    """Percentiles of the metric over resampled cells: the same law as resampling the rows."""

    def interval(m: Measured) -> tuple[float, float, str]:
        if m.clustered:
            return plain(low, high)(m)
        values = m.replicates(resampled(m.view.weights, m.view.squares, draws))
        a, b = resampling.percentile(values, m.level)
        return max(a, low), min(b, high), "bootstrap over cells"

    return interval


def resampled(weights: NDArray[np.float64], squares: NDArray[np.float64], draws: int) -> NDArray[np.float64]:
    """Bootstrap draws of cells: multinomial; with weights, Gamma of the same mean and variance in each cell."""
    if np.array_equal(weights, squares):
        return resampling.multinomial_replicates(weights, draws, DIRICHLET_SEED)
    full = weights > 0
    drawn = np.zeros((draws, len(weights)))
    unit = squares[full] / weights[full]
    rng = np.random.default_rng(DIRICHLET_SEED)
    drawn[:, full] = rng.standard_gamma(weights[full] / unit, size=(draws, int(full.sum()))) * unit
    return drawn


def _named(method: str, m: Measured) -> str:
    return f"{method}, clustered" if m.clustered else method
