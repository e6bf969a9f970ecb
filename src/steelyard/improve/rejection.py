"""Reject-option classification: scores near the threshold are decided in favour of the groups that fare worse."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.training import Fitted, Learned, Training

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAME, TITLE = "reject_option", "reject option"
MOST_MARGINS = 256


def learn(training: Training) -> Learned:
    """Learn how wide the critical region around the threshold in use must be.

    Within it, groups whose rate lies below that of all rows are decided positively and the others negatively; beyond
    it nothing changes. With two rates of a criterion the first decides who is favoured.

    Source: Kamiran, Karim & Zhang 2012.
    """
    cut = training.otherwise
    favoured = _favoured(training, cut)
    lows, highs = _margins(training, cut)
    rates = {place: training.rates(place) for place in training.scope}
    gap, worth = np.zeros(len(lows)), np.zeros(len(lows))
    ends = {place: lows if place in favoured else highs for place in training.scope}
    for kind in range(len(training.criterion.rates)):
        reached = np.stack([rates[place][kind][at] for place, at in ends.items()])
        gap = np.maximum(gap, reached.max(axis=0) - reached.min(axis=0))
    for place, at in ends.items():
        worth += training.worth(place)[at]

    def fit(bound: float) -> Fitted | None:
        kept = np.flatnonzero(gap <= bound)
        if not len(kept):
            return None
        best = int(kept[np.argmax(worth[kept])])
        rules = {place: [(int(at[best]), 1.0)] for place, at in ends.items()}
        return Fitted(training.chances(rules), _policy(training, favoured, int(lows[best]), int(highs[best])))

    return fit


def _favoured(training: Training, cut: int) -> set[int]:
    rate = np.array([training.rates(place)[0][cut] for place in training.scope])
    weight = np.array([training.flagged[place, :, 0].sum() for place in training.scope])
    middle = float(rate @ weight / weight.sum())
    return {place for place, one in zip(training.scope, rate.tolist(), strict=True) if one < middle}


def _margins(training: Training, cut: int) -> tuple[Ints, Ints]:
    """Lower and upper thresholds about equally far in score from the one in use, from none to all of the scores."""
    edges = training.cells.edges
    middle = (
        training.cells.threshold if training.cells.threshold is not None else float(edges[min(cut, len(edges) - 1)])
    )
    far = np.unique(np.abs(edges[np.isfinite(edges)] - middle))
    chosen = far[np.unique(np.linspace(0, len(far) - 1, MOST_MARGINS).round().astype(int))] if len(far) else far
    margins = np.concatenate([[0.0], chosen])
    lows = np.searchsorted(edges, middle - margins, side="left")
    highs = np.searchsorted(edges, middle + margins, side="left")
    return np.minimum(lows, cut), np.maximum(highs, cut)


def _policy(training: Training, favoured: set[int], low: int, high: int) -> dict[str, Any]:
    cells = training.cells
    edges = cells.edges

    def score(at: int) -> float:
        told = training.score(at)
        if isinstance(told, float):
            return told
        lowest, highest = (0.0, 1.0) if cells.unit else (float(x) for x in edges[np.isfinite(edges)][[0, -1]])
        return lowest if at == 0 else float(np.nextafter(highest, np.inf))

    def named(yes: bool) -> list[dict[str, str]]:
        return [cells.named(place) for place in training.scope if (place in favoured) is yes]

    return {
        "kind": "reject_option",
        "by": list(cells.columns),
        "favoured": named(True),
        "unfavoured": named(False),
        "low": score(low),
        "threshold": score(training.otherwise),
        "high": score(high),
        **training.range,
    }
