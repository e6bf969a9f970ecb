"""Scores of two models over the folds of a cross-validation."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.comparison import quotient, two_sided_p
from steelyard.stats.critical import quantile


class FoldTest(NamedTuple):
    """Mean difference a − b over folds, its corrected standard error, t, p and interval; and the naive test's p.

    `naive_p` takes the folds as independent samples, which they are not: they share most of their training rows. It
    is there to show what the correction does.
    """

    difference: float
    se: float
    t: float
    df: float
    p: float
    low: float
    high: float
    naive_p: float


def corrected_t(scores_a: npt.ArrayLike, scores_b: npt.ArrayLike, test_share: float, level: float = 0.95) -> FoldTest:
    """Test of equal scores over folds, or repeated random splits, whose training sets overlap.

    t = mean/√((1/J + n_test/n_train)·s²) with J − 1 degrees of freedom, s² the sample variance of the J differences.

    Args:
        scores_a: scores of the first model, shape (J,), J ≥ 2.
        scores_b: scores of the second on the same folds.
        test_share: share of all rows that each fold tests on: 1/J for one round of J folds, 0.1 for any number of
            rounds of ten folds.
        level: coverage of the interval of the mean difference.

    Raises:
        ValueError: for fewer than two folds, shapes that differ, scores that are not finite, or a share outside
            (0, 1).

    Source: Nadeau & Bengio 2003, doi 10.1023/A:1024068626366; Bouckaert & Frank 2004.
    """
    a, b = np.asarray(scores_a, dtype=float), np.asarray(scores_b, dtype=float)
    if a.ndim != 1 or a.shape != b.shape or a.size < 2:
        raise ValueError(
            f"scores must be two arrays of one shape (folds,), two folds or more, got {a.shape}, {b.shape}"
        )
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise ValueError("the scores of some folds are missing or infinite")
    if not 0.0 < test_share < 1.0:
        raise ValueError(f"the share of rows that a fold tests on must lie in (0, 1), got {test_share!r}")
    gaps = a - b
    folds, mean, spread = gaps.size, float(gaps.mean()), float(gaps.var(ddof=1))
    df = folds - 1.0
    se = math.sqrt((1.0 / folds + test_share / (1.0 - test_share)) * spread)
    t, naive = (quotient(mean, s) for s in (se, math.sqrt(spread / folds)))
    half = quantile(level, df) * se
    return FoldTest(mean, se, t, df, two_sided_p(t, df), mean - half, mean + half, two_sided_p(naive, df))
