"""From an estimated value and its standard error to an interval, on the scale that the metric lives on."""

from __future__ import annotations

import math
from dataclasses import dataclass

from steelyard.metrics import Metric
from steelyard.records import Estimate
from steelyard.stats import intervals

NEAR = 0.5
"""Standard errors, relative to the distance from a bound, up to which the logit scale serves."""
NOTE = (
    "assuming what is true of rows with a given score and segment has not changed; concept drift cannot be seen "
    "without labels"
)


@dataclass(frozen=True)
class Terms:
    """How estimates are made and stated.

    Attributes:
        level: nominal coverage.
        method: how the value was made ("cbpe by region").
        note: what it assumes.
        widen: factor on standard errors, from how far past estimates were off.
    """

    level: float
    method: str
    note: str = NOTE
    widen: float = 1.0


def stated(
    metric: Metric, value: float, variance: float, degrees: float, rows: int, effective: float, terms: Terms
) -> Estimate:
    """The estimate with its interval: logit scale for shares of success, log scale for losses."""
    se = math.sqrt(max(variance, 0.0)) * terms.widen
    if metric.direction == "higher" and 0.0 <= value <= 1.0:
        low, high = _share(value, se, terms.level, degrees)
    elif metric.direction == "lower" and value > 0.0:
        low, high = intervals.log(value, se, terms.level, degrees)
    else:
        low, high = intervals.wald(value, se, terms.level, degrees)
    return Estimate(
        value, min(low, value), max(high, value), terms.level, rows, terms.method, effective, se, note=terms.note
    )


def _share(value: float, se: float, level: float, degrees: float) -> tuple[float, float]:
    """Logit scale; next to a bound, where that would reach to the other one, the plain interval, cut there."""
    if se <= NEAR * min(value, 1 - value):
        return intervals.logit(value, se, level, degrees)
    low, high = intervals.wald(value, se, level, degrees)
    return max(low, 0.0), min(high, 1.0)
