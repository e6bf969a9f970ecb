"""How good is a model on rows whose labels are not there? Estimators from counts and sums alone.

Rows come as cells: rows (or weight) of a score bin in a segment. What is known of labels comes from cells of
labelled rows. All estimators but those of `few_labels` assume something that rows without labels cannot show to
be wrong; each says what.
"""

from steelyard.stats.label_free.arrival import Arrival, arrival, conformal_factor
from steelyard.stats.label_free.assumptions import (
    average_threshold_confidence,
    black_box_shift,
    difference_of_confidences,
    post_stratified,
    reweighted,
    shifted_prior,
)
from steelyard.stats.label_free.calibration import KAPPA, LIGHT, Calibration, calibrate, logit_offsets
from steelyard.stats.label_free.expected import (
    Uncertainty,
    expected_confusion,
    population_uncertainty,
    realised_uncertainty,
    shrunken_error,
)
from steelyard.stats.label_free.few_labels import (
    Pairs,
    Rectified,
    neyman_allocation,
    prediction_powered_mean,
    stratified_se,
)

__all__ = [
    "KAPPA",
    "LIGHT",
    "Arrival",
    "Calibration",
    "Pairs",
    "Rectified",
    "Uncertainty",
    "arrival",
    "average_threshold_confidence",
    "black_box_shift",
    "calibrate",
    "conformal_factor",
    "difference_of_confidences",
    "expected_confusion",
    "logit_offsets",
    "neyman_allocation",
    "population_uncertainty",
    "post_stratified",
    "prediction_powered_mean",
    "realised_uncertainty",
    "reweighted",
    "shifted_prior",
    "shrunken_error",
    "stratified_se",
]
