"""Parts of the rows to learn from and parts to judge by, from the table of cells alone.

Rows of one cell are alike, so giving each row a random fold is giving each cell's count a multinomial split:
the same law as cross-validation over rows. Where rows come in clusters whole cluster buckets go to a fold.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.cells import Scored

Floats = NDArray[np.float64]
FOLDS = 5


@dataclass(frozen=True)
class Fold:
    """Weights of positives and negatives per score bin, to learn from and to judge by."""

    train_p: Floats
    train_q: Floats
    test_p: Floats
    test_q: Floats


def folds(one: Scored, seed: int, count: int = FOLDS) -> list[Fold]:
    """Seeded folds of one score; none where the rows are too few."""
    view = one.view
    rng = np.random.default_rng(seed)
    parts = _by_bucket(one, rng, count) if one.buckets else _by_row(one, rng, count)
    found = []
    for p, q in parts:
        fold = Fold(view.p - p, view.q - q, p, q)
        if min(x.sum() for x in (fold.train_p, fold.train_q, fold.test_p, fold.test_q)) <= 0:
            return []
        found.append(fold)
    return found


def row_shares(counts: Floats, rng: np.random.Generator, count: int = FOLDS) -> Floats:
    """The part of each cell's rows that falls into each fold, where rows are independent; shape (folds, cells)."""
    rows = rng.multinomial(counts.astype(np.int64), np.full(count, 1 / count)).T
    return np.asarray(rows / np.where(counts > 0, counts, 1.0), dtype=float)


def bucket_shares(buckets: NDArray[np.int64], rng: np.random.Generator, count: int = FOLDS) -> Floats:
    """1 in the fold that a cell's whole cluster bucket falls into, else 0; shape (folds, cells)."""
    held, place = np.unique(buckets, return_inverse=True)
    return np.array([np.isin(place, part) for part in _parts(len(held), rng, count)], dtype=float)


def _by_row(one: Scored, rng: np.random.Generator, count: int) -> Iterator[tuple[Floats, Floats]]:
    view = one.view
    shares = [row_shares(counts, rng, count) for counts in (view.p_counts, view.q_counts)]
    for k in range(count):
        yield view.p * shares[0][k], view.q * shares[1][k]


def _by_bucket(one: Scored, rng: np.random.Generator, count: int) -> Iterator[tuple[Floats, Floats]]:
    for members in _parts(len(one.buckets), rng, count):
        p, q = np.zeros_like(one.view.p, dtype=float), np.zeros_like(one.view.q, dtype=float)
        for i in members:
            p, q = p + one.buckets[i].p, q + one.buckets[i].q
        yield p, q


def _parts(buckets: int, rng: np.random.Generator, count: int) -> list[list[int]]:
    return [part.tolist() for part in np.array_split(rng.permutation(buckets), count)]
