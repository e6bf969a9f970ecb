"""The isotonic fit of outcome on score."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.curves.cumulative import plain
from steelyard.analyses.curves.thin import thinned
from steelyard.records import Curve
from steelyard.stats import calibration as stats


def calibration_smooth(one: Scored) -> Curve | None:
    """The non-decreasing share of positives nearest to the data (pool adjacent violators), by score."""
    if not one.view.probability or not one.both:
        return None
    weight = one.view.p + one.view.q
    full = weight > 0
    predicted = ((one.view.score_p + one.view.score_q)[full] / weight[full]).astype(float)
    observed = stats.isotonic(weight[full], one.view.p[full])
    order = np.argsort(predicted, kind="stable")
    predicted, observed = predicted[order], observed[order]
    at = thinned(predicted, observed)
    return Curve(
        "calibration_smooth",
        {"predicted": plain(predicted[at]), "observed": plain(observed[at])},
        one.data,
        one.subject,
    )
