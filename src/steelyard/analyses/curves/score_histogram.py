"""How scores are spread among positives and negatives."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.curves.cumulative import plain
from steelyard.records import Curve

BARS = 40


def score_histogram(one: Scored) -> Curve | None:
    """Weight of positives and negatives in bars of equal width."""
    view = one.view
    weight = view.p + view.q
    full = weight > 0
    if not full.any():
        return None
    middle = (view.score_p + view.score_q)[full] / weight[full]
    inside = np.isfinite(middle)
    low, high = (0.0, 1.0) if view.probability else (float(middle[inside].min()), float(middle[inside].max()))
    if not low < high:
        low, high = low - 0.5, high + 0.5
    edges = np.linspace(low, high, BARS + 1)
    bars = [np.histogram(middle[inside], edges, weights=c[full][inside].astype(float))[0] for c in (view.p, view.q)]
    return Curve(
        "score_histogram",
        {
            "left": plain(edges[:-1]),
            "right": plain(edges[1:]),
            "positives": plain(bars[0]),
            "negatives": plain(bars[1]),
        },
        one.data,
        one.subject,
        one.notes,
    )
