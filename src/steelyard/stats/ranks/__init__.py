"""Ranking metrics from counts per score bin: `p` the positives, `q` the negatives, bins by ascending score.

Both are arrays of shape (B,) of non-negative weight sums. A bin holds either one score (an *atom*: its rows
are tied) or an interval of scores, whose inner order the counts do not tell.
"""

from steelyard.stats.ranks.delong import (
    delong_covariance,
    delong_difference,
    delong_variance,
    roc_auc_interval,
)
from steelyard.stats.ranks.precision_recall import (
    average_precision,
    average_precision_bounds,
    average_precision_gradient,
    boyd_interval,
)
from steelyard.stats.ranks.roc import (
    placements,
    richardson_error,
    roc_auc,
    roc_auc_bounds,
    roc_auc_gradient,
)
from steelyard.stats.ranks.separation import ks, ks_bounds

__all__ = [
    "average_precision",
    "average_precision_bounds",
    "average_precision_gradient",
    "boyd_interval",
    "delong_covariance",
    "delong_difference",
    "delong_variance",
    "ks",
    "ks_bounds",
    "placements",
    "richardson_error",
    "roc_auc",
    "roc_auc_bounds",
    "roc_auc_gradient",
    "roc_auc_interval",
]
