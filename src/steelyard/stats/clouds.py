"""How far two clouds of points are apart by their means and covariances: Hotelling's T² and the Fréchet distance.

Points are rows of numbers, of shape (rows, dimensions).
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.products import product

Floats = npt.NDArray[np.float64]


class Hotelling(NamedTuple):
    """Hotelling's T² of two means, and p of equal means under equal covariances."""

    statistic: float
    p: float


def cloud(points: npt.ArrayLike) -> Floats:
    """The points as a float array.

    Raises:
        ValueError: unless it is two-dimensional, has a row, and all numbers are finite.
    """
    array = np.asarray(points, dtype=float)
    if array.ndim != 2 or not len(array) or not np.all(np.isfinite(array)):
        raise ValueError(f"needs finite points of shape (rows, dimensions), got shape {array.shape}")
    return array


def covariance(points: Floats) -> Floats:
    """Sample covariance of the dimensions, shape (dimensions, dimensions)."""
    centred = points - points.mean(axis=0)
    return product(centred.T, centred) / (len(points) - 1)


def hotelling(a: npt.ArrayLike, b: npt.ArrayLike) -> Hotelling:
    """T² = nm/(n + m) · gapᵀ S⁻¹ gap with the pooled covariance S, held against Fisher's F.

    Raises:
        ValueError: unless there are more rows than dimensions + 1 and the pooled covariance has full rank.

    Source: Hotelling 1931.
    """
    a, b = cloud(a), cloud(b)
    n, m, d = len(a), len(b), a.shape[1]
    if n < 2 or m < 2 or n + m - d - 1 < 1:
        raise ValueError(f"needs more than {d + 1} rows in two samples, got {n} and {m}")
    pooled = ((n - 1) * covariance(a) + (m - 1) * covariance(b)) / (n + m - 2)
    if np.linalg.matrix_rank(pooled, hermitian=True) < d:
        raise ValueError("the pooled covariance has no inverse: a dimension is constant or follows from others")
    gap = a.mean(axis=0) - b.mean(axis=0)
    statistic = n * m / (n + m) * float(gap @ np.linalg.solve(pooled, gap))
    df = n + m - d - 1
    return Hotelling(statistic, float(special.fdtrc(d, df, statistic * df / (d * (n + m - 2)))))


def frechet_distance(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """|m₁ − m₂|² + tr(C₁ + C₂ − 2(C₁C₂)^½): the squared Wasserstein distance of two normal distributions.

    Between samples it is above 0 without any difference, by about what two halves of one sample show.

    Raises:
        ValueError: if a sample has fewer than two rows.

    Source: Fréchet 1957; Dowson & Landau 1982; Heusel et al. 2017.
    """
    a, b = cloud(a), cloud(b)
    if min(len(a), len(b)) < 2:
        raise ValueError("each sample needs at least two rows")
    first, second = covariance(a), covariance(b)
    gap = a.mean(axis=0) - b.mean(axis=0)
    values, vectors = np.linalg.eigh(first)
    root = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T
    shared = np.sqrt(np.maximum(np.linalg.eigvalsh(root @ second @ root), 0.0)).sum()
    return max(float(gap @ gap + np.trace(first) + np.trace(second) - 2.0 * shared), 0.0)


def frechet_beyond_chance(a: npt.ArrayLike, b: npt.ArrayLike, seed: int, draws: int = 20) -> float:
    """The Fréchet distance less its mean between random halves of the rows, of the same sizes; 0 at least.

    Raises:
        ValueError: if a sample has fewer than two rows.
    """
    a, b = cloud(a), cloud(b)
    seen, both, rng = frechet_distance(a, b), np.concatenate([a, b]), np.random.default_rng(seed)
    chance = []
    for _ in range(draws):
        mixed = rng.permutation(both)
        chance.append(frechet_distance(mixed[: len(a)], mixed[len(a) :]))
    return max(seen - float(np.mean(chance)), 0.0)
