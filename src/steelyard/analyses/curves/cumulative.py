"""What taking every row from a score on would find, for every score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.metrics import ScoreCells

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Cumulative:
    """Positives and negatives at or above each threshold, thresholds descending."""

    threshold: Floats
    tp: Floats
    fp: Floats

    @property
    def positives(self) -> float:
        """Weight of all positives."""
        return float(self.tp[-1])

    @property
    def negatives(self) -> float:
        """Weight of all negatives."""
        return float(self.fp[-1])

    @property
    def tpr(self) -> Floats:
        """Recall."""
        return self.tp / self.positives

    @property
    def fpr(self) -> Floats:
        """Share of negatives that are flagged."""
        return self.fp / self.negatives

    @property
    def precision(self) -> Floats:
        """Share of flagged rows that are positive."""
        return self.tp / (self.tp + self.fp)

    @property
    def flagged(self) -> Floats:
        """Share of rows that are flagged."""
        return (self.tp + self.fp) / (self.positives + self.negatives)


def cumulative(view: ScoreCells) -> Cumulative:
    """Add up from the highest score; every bin holds a row."""
    full = (view.p + view.q) > 0
    return Cumulative(
        view.left[full][::-1].astype(float), np.cumsum(view.p[full][::-1]), np.cumsum(view.q[full][::-1])
    )


def plain(values: Floats) -> list[float | None]:
    """Numbers for a curve; what is not finite is None."""
    return [float(v) if np.isfinite(v) else None for v in np.asarray(values, dtype=float).tolist()]
