"""The mean of rows that come in clusters (users, sessions, days)."""

import math
from typing import NamedTuple

from steelyard.stats.intervals.transforms import wald


class ClusteredMean(NamedTuple):
    """A mean, its cluster-robust standard error, degrees of freedom and interval."""

    mean: float
    se: float
    df: float
    low: float
    high: float


def clustered_mean(G: float, sN: float, sS: float, sSS: float, sSN: float, sNN: float, level: float) -> ClusteredMean:
    """Mean of all rows, with the standard error that knows that rows of one cluster go together (CR1).

    From the number of clusters `G` and, over clusters with N rows (or weight) summing to S, the sums of N, S,
    S², S·N and N²: m = ΣS/ΣN, se² = [ΣS² − 2mΣSN + m²ΣN²]/(ΣN)² · G/(G − 1), Student's t with G − 1 degrees.

    Raises:
        ValueError: with fewer than two clusters, ΣN ≤ 0 or level outside (0, 1).

    Source: Liang & Zeger 1986; Cameron & Miller 2015.
    """
    if not G > 1.0:
        raise ValueError(f"a clustered mean needs at least two clusters, got {G!r}")
    if not sN > 0.0:
        raise ValueError(f"a clustered mean needs rows, got a total of {sN!r}")
    mean = sS / sN
    scatter = max(sSS - 2.0 * mean * sSN + mean**2 * sNN, 0.0)
    se = math.sqrt(scatter * G / (G - 1.0)) / sN
    return ClusteredMean(mean, se, G - 1.0, *wald(mean, se, level, G - 1.0))
