"""The ways to decide that are worth most on some rows, from their sums by score bin.

A threshold is the place of the first bin that is flagged: 0 flags everyone, the number of bins no one.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple, dataclass

import numpy as np

from steelyard.analyses.cost.amounts import FLAG, HOLD
from steelyard.analyses.cost.ledger import Floats, Ints, Ledger
from steelyard.analyses.cost.worth import FLAGGED, HELD, REVIEWED, Rules, Way, grouped
from steelyard.analyses.crossfit import FOLDS

LESS = 1e-12
"""Relative difference below which two places are worth the same."""


@dataclass(frozen=True, eq=False)
class Bins:
    """Sums by ascending score bin: weight of positives and negatives, and value under each act."""

    p: Floats
    q: Floats
    flag: Floats
    hold: Floats
    review: Floats

    @property
    def flagged(self) -> Floats:
        """Share of rows flagged, by threshold."""
        return _from(self.p + self.q) / float((self.p + self.q).sum())


@dataclass(frozen=True)
class Places:
    """Bins from `review` on are reviewed, those from `flag` on flagged; equal where nothing is reviewed."""

    review: int
    flag: int


Choose = Callable[[Bins], Places]


def bins_of(book: Ledger, rules: Rules) -> Bins:
    """The sums of a ledger by score bin."""
    return Bins(*(book.by_bin(column) for column in _columns(book, rules)))


def _columns(book: Ledger, rules: Rules) -> tuple[Floats, ...]:
    """By cell what `Bins` holds by bin."""
    reviewed = np.array([rules.weights(REVIEWED, label, asks=False) for label in (0, 1)])
    looked = np.sum(book.sums * reviewed[book.label], axis=1)
    return (
        book.weight * book.label,
        book.weight * (1 - book.label),
        book.sums[:, FLAG],
        book.sums[:, HOLD],
        looked,
    )


def by_threshold(bins: Bins) -> Floats:
    """Summed value by threshold; one more than there are bins."""
    return _from(bins.flag) + _until(bins.hold)


def best_threshold(bins: Bins, capacity: float | None = None) -> Places:
    """The threshold that is worth most, with at most the share `capacity` of the rows flagged."""
    value = by_threshold(bins)
    if capacity is not None:
        value = np.where(bins.flagged <= capacity * (1 + 1e-9), value, -np.inf)
    place = middle(value)
    return Places(place, place)


def best_review(bins: Bins, capacity: float | None = None) -> Places:
    """The two thresholds that are worth most, with people deciding in between."""
    reviewed = _until(bins.review)
    start = np.maximum.accumulate(_until(bins.hold) - reviewed)
    value = start + reviewed + _from(bins.flag)
    if capacity is not None:
        value = np.where(bins.flagged <= capacity * (1 + 1e-9), value, -np.inf)
    flag = middle(value)
    first = (_until(bins.hold) - reviewed)[: flag + 1]
    return Places(int(np.flatnonzero(first >= first.max() - LESS * np.abs(first).max())[-1]), flag)


def middle(value: Floats) -> int:
    """Place of the largest value; of a stretch of equal ones the middle."""
    finite = value[np.isfinite(value)]
    slack = LESS * float(np.abs(finite).max(initial=0.0))
    best = np.flatnonzero(value >= np.nanmax(value) - slack)
    return int(best[len(best) // 2])


def way(book: Ledger, places: Places) -> Way:
    """The way to decide by these places."""
    return Way(acts(book.place, places.review, places.flag))


def acts(place: Ints, review: int | Ints, flag: int | Ints) -> Ints:
    """What is done to rows of score bins."""
    return np.where(place >= flag, FLAGGED, np.where(place >= review, REVIEWED, HELD))


def held_out(parts: Ledger, rules: Rules, choose: Choose) -> Way:
    """On each part of a ledger that was split, the way that the other parts of the same split choose."""
    fold = np.asarray(parts.fold)
    splits = int(fold.max()) // FOLDS + 1
    code = fold * parts.bins + parts.place
    tables = [
        grouped(column, code, splits * FOLDS * parts.bins).reshape(splits, FOLDS, parts.bins)
        for column in _columns(parts, rules)
    ]
    chosen = [
        choose(Bins(*(np.delete(table[r], k, axis=0).sum(axis=0) for table in tables)))
        for r in range(splits)
        for k in range(FOLDS)
    ]
    review, flag = (np.array(places, dtype=np.int64) for places in zip(*map(astuple, chosen), strict=True))
    return Way(acts(parts.place, review[fold], flag[fold]))


def edge(book: Ledger, place: int) -> float:
    """The threshold at a place: the lower edge of its bin, +∞ past the last."""
    return float(book.left[place]) if place < book.bins else float("inf")


def _from(values: Floats) -> Floats:
    """Σ of the values from each place on."""
    return np.append(np.cumsum(values[::-1])[::-1], 0.0)


def _until(values: Floats) -> Floats:
    """Σ of the values before each place."""
    return np.concatenate([[0.0], np.cumsum(values)])
