"""A ledger split into parts at random: what one part chooses is judged on another.

Giving each row of a cell a random part is giving the cell's count a multinomial split (see `analyses.crossfit`). The
sums of amounts that differ by row split in proportion, with the scatter that so many random rows would have. Where
rows come in clusters whole cluster buckets go to a part.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.cost.amounts import SIZE
from steelyard.analyses.cost.ledger import Floats, Ledger
from steelyard.analyses.cost.worth import grouped
from steelyard.analyses.crossfit import FOLDS, bucket_shares, row_shares

REPEATS = 10
"""How often rows are split anew: what hangs on one split averages out."""
MOST_BINS = 500
"""Score bins among which a part of the rows chooses."""


def split(book: Ledger, seed: int, count: int = FOLDS, repeats: int = REPEATS) -> Ledger | None:
    """The ledger split several times, each split with its share of the weight, the part of every row in `fold`.

    Part k of split r is number r·count + k. None where a part would lack positives or negatives.
    """
    rng = np.random.default_rng(seed)
    by = _by_row if book.bucket is None else _by_bucket
    made = [_scaled(by(book, rng, count), 1 / repeats, r * count) for r in range(repeats)]
    whole = _together(made)
    held = np.zeros((2, repeats * count))
    np.add.at(held, (whole.label, np.asarray(whole.fold)), whole.counts)
    return whole if (held > 0).all() else None


def coarser(book: Ledger, most: int = MOST_BINS) -> Ledger:
    """The ledger with at most `most` score bins, of about equal weight; decisions stay as they were made."""
    if book.bins <= most:
        return book
    weight = np.cumsum(book.by_bin(book.weight))
    group = np.minimum((most * (weight - book.by_bin(book.weight)) / weight[-1]).astype(np.int64), most - 1)
    first, place = np.unique(group, return_index=True)[1], np.unique(group, return_inverse=True)[1].ravel()
    keys = [book.label, book.decided, place[book.place]]
    table = np.stack(keys if book.bucket is None else [*keys, book.bucket], axis=1)
    cells, code = np.unique(table, axis=0, return_inverse=True)
    code, size = code.ravel(), len(cells)
    return replace(
        book,
        label=cells[:, 0],
        decided=cells[:, 1],
        place=cells[:, 2],
        bucket=None if book.bucket is None else cells[:, 3],
        counts=grouped(book.counts, code, size),
        sums=grouped(book.sums, code, size),
        squares=grouped(book.squares, code, size),
        products=None if book.products is None else grouped(book.products, code, size),
        cubes=None if book.cubes is None else grouped(book.cubes, code, size),
        left=book.left[first],
    )


def _scaled(book: Ledger, by: float, first: int) -> Ledger:
    return replace(
        book,
        counts=book.counts * by,
        sums=book.sums * by,
        squares=book.squares * by,
        products=None if book.products is None else book.products * by,
        cubes=None if book.cubes is None else book.cubes * by,
        fold=np.asarray(book.fold) + first,
    )


def _together(books: list[Ledger]) -> Ledger:
    """The cells of several ledgers on the same bins, one after the other."""
    first = books[0]

    def joined(pick: Callable[[Ledger], NDArray[Any] | None]) -> Any:
        found = [column for book in books if (column := pick(book)) is not None]
        return np.concatenate(found) if found else None

    return replace(
        first,
        label=joined(lambda b: b.label),
        decided=joined(lambda b: b.decided),
        place=joined(lambda b: b.place),
        counts=joined(lambda b: b.counts),
        sums=joined(lambda b: b.sums),
        squares=joined(lambda b: b.squares),
        products=joined(lambda b: b.products),
        cubes=joined(lambda b: b.cubes),
        bucket=joined(lambda b: b.bucket),
        fold=joined(lambda b: b.fold),
    )


def _by_bucket(book: Ledger, rng: np.random.Generator, count: int) -> Ledger:
    share = bucket_shares(np.asarray(book.bucket), rng, count)
    return replace(book, fold=share.argmax(axis=0).astype(np.int64))


def _by_row(book: Ledger, rng: np.random.Generator, count: int) -> Ledger:
    share = row_shares(book.counts, rng, count).T
    cell, fold = np.nonzero(share)
    taken = share[cell, fold]
    parts = book.at(cell)
    sums = parts.sums * taken[:, None]
    if book.products is not None:
        sums[:, 1:] += _scatter(book, rng, share)[cell, fold]
    return replace(
        parts,
        counts=parts.counts * taken,
        sums=sums,
        squares=parts.squares * taken,
        products=None if parts.products is None else parts.products * taken[:, None, None],
        cubes=None if parts.cubes is None else parts.cubes * taken[:, None],
        fold=fold.astype(np.int64),
    )


def _scatter(book: Ledger, rng: np.random.Generator, share: Floats) -> Floats:
    """How far the sums of each part's random rows are from their share; adds up to 0 over the parts."""
    root = roots(book)
    drawn = rng.standard_normal((*share.shape, SIZE - 1)) * np.sqrt(share)[:, :, None]
    bridged = drawn - share[:, :, None] * drawn.sum(axis=1, keepdims=True)
    return np.asarray(np.einsum("cij,ckj->cki", root, bridged), dtype=float)


def roots(book: Ledger) -> Floats:
    """Roots of the covariance of each cell's sums of amounts, given its weight; cells × (SIZE − 1)²."""
    assert book.products is not None  # noqa: S101 - for the type checker: only called where amounts differ by row
    mean = book.sums[:, 1:] / book.weight[:, None]
    cross, base = book.products[:, 0, 1:], book.products[:, 0, 0]
    spread = (
        book.products[:, 1:, 1:]
        - mean[:, :, None] * cross[:, None, :]
        - cross[:, :, None] * mean[:, None, :]
        + base[:, None, None] * mean[:, :, None] * mean[:, None, :]
    )
    values, vectors = np.linalg.eigh((spread + spread.transpose(0, 2, 1)) / 2)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0.0))[:, None, :])
