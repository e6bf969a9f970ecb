"""Confidence intervals from a value and its spread. Every function returns ``(low, high)``."""

from steelyard.stats.critical import quantile
from steelyard.stats.intervals.differences import katz_log_ratio, mover_difference, mover_sum, newcombe
from steelyard.stats.intervals.means import hall, mean_interval
from steelyard.stats.intervals.order_statistics import quantile_ranks
from steelyard.stats.intervals.proportions import (
    clopper_pearson,
    jeffreys,
    wilson,
    wilson_f1,
    wilson_jaccard,
)
from steelyard.stats.intervals.transforms import fisher, log, logit, wald

__all__ = [
    "clopper_pearson",
    "fisher",
    "hall",
    "jeffreys",
    "katz_log_ratio",
    "log",
    "logit",
    "mean_interval",
    "mover_difference",
    "mover_sum",
    "newcombe",
    "quantile",
    "quantile_ranks",
    "wald",
    "wilson",
    "wilson_f1",
    "wilson_jaccard",
]
