"""Two clouds of points, told apart by a classifier and by their distance: for all columns, embeddings and words."""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from steelyard.records import Estimate
from steelyard.records.drift import Moved
from steelyard.stats.discriminate import FOLDS, Flags, Separation
from steelyard.stats.kernels import Discrepancy, fourier_features, mean_discrepancy, median_distance, windows_p
from steelyard.stats.logistic import Floats, Ints

AUC_TOLERANCE = 0.55
"""ROC-AUC of telling rows apart from which on a drift counts."""
FREQUENCIES = 128
ABLE: Mapping[Moved, str] = {"drifted": "tells", "stable": "cannot tell", "inconclusive": "may tell"}
"""What a classifier can do, by verdict."""
METHOD = f"domain classifier, {FOLDS}-fold, 2 x delong"


def as_estimate(told: Separation, rows: int, level: float, note: str = "") -> Estimate:
    """The classifier's AUC as an estimate."""
    return Estimate(told.auc, told.low, told.high, level, rows, METHOD, se=told.se, note=note)


def moved(auc: Estimate, tolerance: float = AUC_TOLERANCE) -> Moved:
    """What an AUC says: the whole interval above the tolerance, below it, or neither."""
    return "drifted" if auc.low > tolerance else "stable" if auc.high < tolerance else "inconclusive"


def discrepancy(points: Floats, second: Flags, clusters: Ints | None, level: float, seed: int) -> Discrepancy:
    """Maximum mean discrepancy of the two clouds; where rows come in clusters, its p is that between clusters.

    Clusters that both data sets have stand on both sides, each with its own rows.
    """
    features = fourier_features(points, median_distance(points, seed), FREQUENCIES, seed)
    found = mean_discrepancy(features[second], features[~second], level)
    if clusters is None:
        return found
    units, which = np.unique(np.stack([second, clusters]), axis=1, return_inverse=True)
    counts = np.bincount(which.ravel()).astype(float)
    sums = np.zeros((len(counts), features.shape[1]))
    np.add.at(sums, which.ravel(), features)
    return found._replace(p=windows_p(sums / counts[:, None], units[0].astype(bool), seed))


def as_measures(found: Discrepancy) -> Mapping[str, float]:
    """The discrepancy, not squared, by name."""
    return {
        "mmd": math.sqrt(found.squared),
        "mmd_low": math.sqrt(found.low),
        "mmd_high": math.sqrt(found.high),
        "mmd_p": found.p,
    }
