"""How surprising a statistic is among windows in which nothing changed, and how much counts vary beyond chance.

Rows of one day have the day in common, so days differ by more than independent rows would. With enough windows the
reference itself says by how much.
"""

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.divergences.pairs import Floats


def conformal_p(reference: npt.ArrayLike, current: float) -> float:
    """(1 + number of reference statistics at least as large)/(K + 1).

    Valid without any other assumption where the current window and the K reference windows are exchangeable; never
    below 1/(K + 1).

    Raises:
        ValueError: unless all are numbers.

    Source: Vovk, Gammerman & Shafer 2005.
    """
    known = _statistics(reference)
    if np.isnan(current):
        raise ValueError("the statistic must be a number, got NaN")
    return (1.0 + float(np.sum(known >= current))) / (known.size + 1.0)


def moment_scaled_p(statistic: float, reference: npt.ArrayLike, df: float) -> float:
    """P(χ²_df ≥ df · statistic / mean of the reference statistics), with the mean's own uncertainty.

    Statistics are chi-square-like up to one unknown factor, which the reference windows tell. The mean of K of them
    is itself about chi-square with K·df degrees of freedom, so the quotient is held against Fisher's F.

    Raises:
        ValueError: if there is no reference statistic, one is negative or no number, or df ≤ 0.
    """
    known = _statistics(reference)
    if not (known.size and np.all(known >= 0.0) and df > 0.0 and statistic >= 0.0):
        raise ValueError("needs statistics of at least 0, at least one of the reference, and positive df")
    mean = float(known.mean())
    if mean == 0.0:
        return 1.0 if statistic == 0.0 else 0.0
    return float(special.fdtrc(df, known.size * df, statistic / mean))


def effective_df(reference: npt.ArrayLike, df: float) -> float:
    """Degrees of freedom that the spread of the reference statistics tells, 2·mean²/variance, `df` at most.

    Where windows differ in one direction only (all numbers a little higher), statistics vary as if of few bins.
    Two statistics at least tell something; fewer leave `df` as it is.

    Raises:
        ValueError: unless all are numbers.

    Source: Satterthwaite 1946.
    """
    known = _statistics(reference)
    variance = float(known.var(ddof=1)) if known.size > 1 else 0.0
    return min(df, max(2.0 * float(known.mean()) ** 2 / variance, 1.0)) if variance > 0.0 else df


def overdispersion(counts: npt.ArrayLike) -> float:
    """Variance of counts by bin between groups of rows, over that of independent rows.

    1 for independent rows. The mean design effect of the shares (Rao & Scott's first-order correction), from groups
    (buckets of clusters, windows) by bins, of shape (G, B); divide a chi-square statistic by it.

    Raises:
        ValueError: unless there are two groups and two bins that hold something.

    Source: Rao & Scott 1981.
    """
    table = np.asarray(counts, dtype=float)
    if table.ndim != 2 or not np.all(table >= 0.0):
        raise ValueError("needs groups × bins of counts of at least 0")
    table = table[:, table.sum(axis=0) > 0.0]
    table = table[table.sum(axis=1) > 0.0]
    groups, bins = table.shape
    if groups < 2 or bins < 2:
        raise ValueError(f"needs two groups and two bins that hold something, got {groups} and {bins}")
    shares = table.sum(axis=0) / table.sum()
    residuals = table - table.sum(axis=1, keepdims=True) * shares
    between = float(np.sum(residuals**2 / shares)) / table.sum()
    return float(between * groups / ((groups - 1) * (bins - 1)))


def pooled_overdispersion(current: float, n: float, reference: float, m: float) -> float:
    """Overdispersion of a statistic of two samples of n and m rows, from that of each.

    Raises:
        ValueError: unless n > 0 and m > 0.
    """
    if not (n > 0.0 and m > 0.0):
        raise ValueError(f"needs rows on both sides, got {n!r} and {m!r}")
    return (current / n + reference / m) / (1.0 / n + 1.0 / m)


def _statistics(values: npt.ArrayLike) -> Floats:
    known = np.asarray(values, dtype=float)
    if known.ndim != 1 or np.any(np.isnan(known)):
        raise ValueError("the reference statistics must be one array of numbers")
    return known
