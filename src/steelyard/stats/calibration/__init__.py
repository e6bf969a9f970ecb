"""Calibration from sums per score bin, bins by ascending score.

Arrays of shape (B,): `n` the weight, `s` the sum of predicted probabilities, `y` the sum of labels, `s2` and
`sy` the sums of s² and s·y, `v` the sum of w²·s·(1 − s). Empty bins (n = 0) are allowed everywhere.
"""

from steelyard.stats.calibration.binned import (
    debiased_ece,
    debiased_l2,
    equal_mass_groups,
    expected_calibration_error,
)
from steelyard.stats.calibration.brier import BrierDecomposition, brier_decomposition
from steelyard.stats.calibration.null_tests import ecce, spiegelhalter
from steelyard.stats.calibration.recalibration import isotonic, logistic_recalibration

__all__ = [
    "BrierDecomposition",
    "brier_decomposition",
    "debiased_ece",
    "debiased_l2",
    "ecce",
    "equal_mass_groups",
    "expected_calibration_error",
    "isotonic",
    "logistic_recalibration",
    "spiegelhalter",
]
