"""Quantiles of the residuals."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.residuals import residuals
from steelyard.analyses.study import Study
from steelyard.records import Curve

SHARES = (0.001, 0.005, *np.round(np.linspace(0.01, 0.99, 50), 4).tolist(), 0.995, 0.999)


def residual_quantiles(study: Study, data: str) -> Curve | None:
    """The residual (actual − predicted) that a share of the rows does not exceed."""
    found = residuals(study, data)
    if found is None:
        return None
    shares = [s for s in SHARES if min(s, 1 - s) * found.rows >= 1]
    if not shares:
        return None
    values = [found.quantile(s) for s in shares]
    return Curve(
        "residual_quantiles",
        {"share": shares, "value": values},
        data,
        notes={"residual": "actual − predicted"},
    )
