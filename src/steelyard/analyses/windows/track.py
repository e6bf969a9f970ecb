"""One number by window as a control chart needs it: on a scale where it is about normal, with its sampling variance.

The sampling variance of a window is that of an unchanged process with the window's number of rows, not the window's
own guess: a window's guess goes with its value (a perfect window would claim to be certain), and so would skew the
chart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from steelyard.records import Estimate, Outcome
from steelyard.stats.critical import quantile

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Kind = Literal["metric", "drift", "missing", "volume"]
FEW_ROWS = 20
"""Windows with fewer rows are shown but not charted."""
Back = Callable[[float], float]


@dataclass(frozen=True)
class Track:
    """A number by window.

    Attributes:
        subject: metric or column.
        kind: what the values are.
        outcomes: the estimate of every window of the timeline.
        values: the same on the scale of the chart; NaN where there is none.
        noise: sampling variance on that scale if nothing changed.
        back: from that scale to that of the outcomes.
        upward: whether only what is too large matters.
        scale: the chart's scale, in words.
    """

    subject: str
    kind: Kind
    outcomes: tuple[Outcome, ...]
    values: Floats
    noise: Floats
    back: Back
    upward: bool = False
    scale: str = ""


def of_estimates(subject: str, kind: Kind, outcomes: Sequence[Outcome], baseline: Mask) -> Track:
    """A track of estimates: shares on the arcsine scale, anything else as it is."""
    found = [o if isinstance(o, Estimate) and o.n >= FEW_ROWS else None for o in outcomes]
    value = np.array([np.nan if o is None else o.value for o in found])
    rows = np.array([np.nan if o is None else float(o.n) for o in found])
    error = np.array([np.nan if o is None else _error(o) for o in found])
    if all(o is None or (o.method.startswith("wilson") and "jaccard" not in o.method) for o in found):
        return _of_shares(subject, kind, outcomes, value, rows, error, baseline)
    unit = _typical(rows * error**2, baseline)
    return Track(subject, kind, tuple(outcomes), value, unit / rows, float)


def _of_shares(
    subject: str, kind: Kind, outcomes: Sequence[Outcome], value: Floats, rows: Floats, error: Floats, baseline: Mask
) -> Track:
    """Anscombe's arcsine: of variance 1/(4n) whatever the share, and none too small for a window without a case."""
    inner = (value > 0.0) & (value < 1.0) & (error > 0.0)
    spread = np.where(inner, value * (1.0 - value), np.nan)
    unit = _typical(rows * error**2 / spread, baseline)
    n = rows / (unit if unit > 0.0 else 1.0)
    angle = np.arcsin(np.sqrt(np.clip((value * n + 0.375) / (n + 0.75), 0.0, 1.0)))

    usual = float(np.nanmedian(n)) if np.isfinite(n).any() else 1.0

    def back(level: float) -> float:
        share = np.sin(np.clip(level, 0.0, np.pi / 2.0)) ** 2
        return float(np.clip(share + (0.75 * share - 0.375) / usual, 0.0, 1.0))

    return Track(subject, kind, tuple(outcomes), angle, 1.0 / (4.0 * n + 2.0), back, scale="the arcsine of the root")


def of_counts(subject: str, outcomes: Sequence[Outcome], counts: NDArray[np.int64], known: Mask) -> Track:
    """A track of numbers of rows, on the scale of their root."""
    root = np.where(known, np.sqrt(counts + 0.375), np.nan)

    def back(level: float) -> float:
        return max(max(level, 0.0) ** 2 - 0.375, 0.0)

    return Track(subject, "volume", tuple(outcomes), root, np.full(len(root), 0.25), back, scale="the root")


def _error(estimate: Estimate) -> float:
    if estimate.se is not None:
        return estimate.se
    return (estimate.high - estimate.low) / 2.0 / quantile(estimate.level)


def _typical(unit: Floats, baseline: Mask) -> float:
    """The median over the baseline; over all windows where that has none; 0 where nobody has."""
    for chosen in (unit[baseline], unit):
        known = chosen[np.isfinite(chosen)]
        if len(known):
            return float(np.median(known))
    return 0.0
