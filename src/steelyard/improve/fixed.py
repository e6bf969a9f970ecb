"""One threshold for each group, and nothing left to chance: the best of a search."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.training import Fitted, Learned, Training

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAME, TITLE = "fixed_thresholds", "one threshold a group"
MOST_STARTS = {1: 2_048, 2: 128}
"""Lowest rates that are tried, for one rate and for each of two; evenly chosen among those that groups can have."""


def learn(training: Training) -> Learned:
    """Learn one threshold a group, so that every rate of the criterion lies within a bound of the lowest.

    For every lowest rate (or pair of them) each group takes the threshold of most worth whose rates lie between it
    and it plus the bound; the best of all is kept. The bound is always kept; the optimum is that of the lowest rates
    that are tried.
    """
    rates = {place: training.rates(place) for place in training.scope}
    tables = {place: _RangeMaximum(training.worth(place)) for place in training.scope}
    starts = [_starts([r[kind] for r in rates.values()], len(training.criterion.rates)) for kind in _kinds(training)]
    lowest = [grid.ravel() for grid in np.meshgrid(*starts, indexing="ij")]

    def fit(bound: float) -> Fitted | None:
        total = np.zeros(len(lowest[0]))
        chosen = {}
        for place in training.scope:
            first, last = _window(rates[place], lowest, bound)
            best, at = tables[place].query(first, last)
            total += best
            chosen[place] = at
        if not np.isfinite(total).any():
            return None
        winner = int(np.argmax(total))
        rules = {place: [(int(at[winner]), 1.0)] for place, at in chosen.items()}
        return Fitted(training.chances(rules), training.policy(rules))

    return fit


def _kinds(training: Training) -> range:
    return range(len(training.criterion.rates))


def _starts(rates: Sequence[Floats], kinds: int) -> Floats:
    held = np.unique(np.concatenate(rates))
    most = MOST_STARTS[kinds]
    return held if len(held) <= most else held[np.unique(np.linspace(0, len(held) - 1, most).round().astype(int))]


def _window(rates: Sequence[Floats], lowest: Sequence[Floats], bound: float) -> tuple[Ints, Ints]:
    """First and last threshold (inclusive) whose rates all lie from the lowest up to the bound above it."""
    first, last = np.zeros(len(lowest[0]), dtype=np.int64), np.full(len(lowest[0]), len(rates[0]) - 1)
    for rate, low in zip(rates, lowest, strict=True):
        rising = rate[::-1]
        end = len(rate)
        first = np.maximum(first, end - np.searchsorted(rising, low + bound, side="right"))
        last = np.minimum(last, end - 1 - np.searchsorted(rising, low, side="left"))
    return first, last


class _RangeMaximum:
    """The largest value between any two places, and where: a sparse table."""

    def __init__(self, values: Floats) -> None:
        self.values = values
        self.levels = [np.arange(len(values))]
        width = 1
        while 2 * width <= len(values):
            left, right = self.levels[-1][:-width], self.levels[-1][width:]
            self.levels.append(np.where(values[right] > values[left], right, left))
            width *= 2

    def query(self, first: Ints, last: Ints) -> tuple[Floats, Ints]:
        """Maxima from `first` to `last`, both inclusive; −∞ where there is nothing between them."""
        size = last - first + 1
        found, best = np.zeros(len(first), dtype=np.int64), np.full(len(first), -np.inf)
        for power, level in enumerate(self.levels):
            here = np.flatnonzero((size >= 2**power) & (size < 2 ** (power + 1)))
            left, right = level[first[here]], level[last[here] + 1 - 2**power]
            found[here] = np.where(self.values[right] > self.values[left], right, left)
            best[here] = self.values[found[here]]
        return best, found
