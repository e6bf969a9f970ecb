"""Cumulative gain and lift."""

from __future__ import annotations

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.curves.cumulative import cumulative, plain
from steelyard.analyses.curves.thin import evenly
from steelyard.records import Curve

MOST = 100


def gain(one: Scored) -> Curve | None:
    """Share of the positives found, and lift over chance, by the share of rows taken from the top."""
    if not one.both:
        return None
    sums = cumulative(one.view)
    at = evenly(sums.flagged, MOST)
    share, captured = sums.flagged[at], sums.tpr[at]
    return Curve(
        "gain",
        {
            "share": [0.0, *plain(share)],
            "captured": [0.0, *plain(captured)],
            "lift": [None, *plain(captured / share)],
        },
        one.data,
        one.subject,
        one.notes,
    )
