"""How residuals are spread."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cumulative import plain
from steelyard.analyses.curves.residuals import residuals
from steelyard.analyses.study import Study
from steelyard.records import Curve

BARS = 40
TAIL = 0.005


def residual_histogram(study: Study, data: str) -> Curve | None:
    """Bars of equal width over the middle 99 % of the residuals, actual − predicted; the notes count the rest."""
    found = residuals(study, data)
    if found is None:
        return None
    low, high = found.quantile(TAIL), found.quantile(1 - TAIL)
    if not low < high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BARS + 1)
    inner = np.isfinite(found.left) & np.isfinite(found.right)
    left, right, mass = found.left[inner], found.right[inner], found.mass[inner]
    # Rows lie evenly inside a fine bin, so the cumulative weight is linear between its edges.
    corners = np.unique(np.concatenate([left, right]))
    below = np.zeros(len(corners))
    np.add.at(below, np.searchsorted(corners, right), mass)
    at_edges = np.interp(edges, corners, np.cumsum(below))
    n = np.diff(at_edges)
    outside = float(found.mass.sum() - n.sum())
    return Curve(
        "residual_histogram",
        {"left": plain(edges[:-1]), "right": plain(edges[1:]), "n": plain(n)},
        data,
        notes={"residual": "actual − predicted", "outside": f"{max(outside, 0.0):.0f}"},
    )
