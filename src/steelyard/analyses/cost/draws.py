"""Value by threshold on resampled rows: a band that holds the whole curve, and the thresholds that may be the best.

Counts of cells are drawn (multinomial; with weights Gamma of the same mean and variance), sums of amounts that differ
by row with the scatter of so many rows; where rows come in clusters, whole cluster buckets.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.cost.amounts import FLAG, HOLD, RUN, SIZE
from steelyard.analyses.cost.folding import roots
from steelyard.analyses.cost.ledger import Floats, Ints, Ledger
from steelyard.analyses.cost.worth import grouped
from steelyard.metrics.intervals import DIRICHLET_SEED, resampled

DRAWS = 1_000
MOST_PLACES = 160
"""Thresholds that are compared with each other."""
LEAST_ROWS = 10
"""Differences between thresholds are not held to be surer than those that this many rows make."""


@dataclass(frozen=True, eq=False)
class Thresholds:
    """Some thresholds, what they are worth a row, and what they would be worth on resampled rows.

    Attributes:
        places: ascending places of a ledger's bins; the last may be the number of bins (no one is flagged).
        value: value a row; places.
        draws: the same on resampled rows; draws × places.
        flagged: share of rows flagged.
        floor: a standard error below which none of a difference is believed.
    """

    places: NDArray[np.intp]
    value: Floats
    draws: Floats
    flagged: Floats
    floor: float

    def band(self, level: float) -> tuple[Floats, Floats]:
        """A band that holds the values at all places at once, by the largest |t| of the draws."""
        centred = self.draws - self.draws.mean(axis=0)
        se = centred.std(axis=0)
        t = np.abs(np.divide(centred, se, out=np.zeros_like(centred), where=se > 0)).max(axis=1)
        half = float(np.quantile(t, level)) * se
        return self.value - half, self.value + half

    def may_be_best(self, level: float, allowed: NDArray[np.bool_] | None = None) -> NDArray[np.bool_]:
        """Places that no other is surely better than: together they hold the best one with probability `level`.

        Only the `allowed` places take part. A place stays while the largest standardised lead of another over it is
        within what resampling makes of leads that are none.

        Source: Hsu 1981 (multiple comparisons with the best), with bootstrap critical values.
        """
        centred = self.draws - self.draws.mean(axis=0)
        cross = centred.T @ centred / len(centred)
        spread = np.diag(cross)
        kept = np.zeros(len(self.places), dtype=bool)
        rivals = np.arange(len(self.places)) if allowed is None else np.flatnonzero(allowed)
        for t in rivals.tolist():
            se = np.sqrt(np.maximum(spread + spread[t] - 2 * cross[t], 0.0) + self.floor**2)[rivals]
            se = np.where(se > 0, se, 1.0)
            lead = float(np.max((self.value[rivals] - self.value[t]) / se))
            chance = np.max((centred[:, rivals] - centred[:, t : t + 1]) / se, axis=1)
            kept[t] = lead <= float(np.quantile(chance, level))
        return kept


def thresholds(book: Ledger, keep: Ints | list[int], draws: int = DRAWS) -> Thresholds:
    """Value about `MOST_PLACES` thresholds, those in `keep` among them, on the rows and on resampled ones.

    The draws have a fixed seed: the same cells always give the same intervals.
    """
    places = _places(book, keep)
    group = np.searchsorted(places, book.place, side="right") - 1
    size = len(places) + 1
    cell = (group + 1) * 2 + book.label
    merged = _merged(book, cell, 2 * size)
    rng = np.random.default_rng(DIRICHLET_SEED)
    drawn = _by_row(merged, rng, draws) if book.bucket is None else _by_bucket(book, cell, 2 * size, rng, draws)
    value = _values(merged.sums[None])[0]
    gain = book.sums[:, FLAG] - book.sums[:, HOLD]
    typical = float(np.abs(gain).sum()) / book.total
    share = np.bincount(group + 1, weights=book.weight, minlength=size) / book.total
    flagged = np.cumsum(share[::-1])[::-1][1:]
    floor = typical * np.sqrt(LEAST_ROWS) / max(book.effective_rows, 1.0)
    return Thresholds(places, value, _values(drawn), np.asarray(flagged, dtype=float), float(floor))


def _places(book: Ledger, keep: Ints | list[int]) -> NDArray[np.intp]:
    """Places about as far apart in rows, the first and the last and those to keep among them."""
    weight = np.concatenate([[0.0], np.cumsum(book.by_bin(book.weight))]) / book.total
    marks = np.searchsorted(weight, np.linspace(0, 1, MOST_PLACES))
    return np.unique(np.clip(np.concatenate([marks, np.asarray(keep, dtype=np.intp), [0, book.bins]]), 0, book.bins))


def _merged(book: Ledger, cell: Ints, size: int) -> Ledger:
    """One cell for each stretch of scores between two places and each label."""

    everywhere = np.zeros(size, dtype=np.int64)
    return Ledger(
        label=np.arange(size) % 2,
        decided=everywhere,
        place=everywhere,
        counts=grouped(book.counts, cell, size),
        sums=grouped(book.sums, cell, size),
        squares=grouped(book.squares, cell, size),
        fixed=book.fixed,
        left=book.left,
        products=None if book.products is None else grouped(book.products, cell, size),
    )


def _by_row(merged: Ledger, rng: np.random.Generator, draws: int) -> Floats:
    """Sums of the merged cells on resampled rows; draws × cells × SIZE."""
    weight = resampled(merged.weight, merged.squares, draws)
    growth = np.divide(weight, merged.weight, out=np.zeros_like(weight), where=merged.weight > 0)
    made = growth[:, :, None] * merged.sums
    if merged.products is not None:
        full = merged.weight > 0
        root = np.zeros((len(full), SIZE - 1, SIZE - 1))
        root[full] = roots(merged.at(full))
        noise = rng.standard_normal((draws, len(full), SIZE - 1)) * np.sqrt(growth)[:, :, None]
        made[:, :, 1:] += np.einsum("cij,dcj->dci", root, noise)
    return np.asarray(made)


def _by_bucket(book: Ledger, cell: Ints, size: int, rng: np.random.Generator, draws: int) -> Floats:
    buckets, which = np.unique(np.asarray(book.bucket), return_inverse=True)
    count = len(buckets)
    flat = which.ravel() * size + cell
    parts = grouped(book.sums, flat, count * size)
    times = rng.multinomial(count, np.full(count, 1 / count), size=draws).astype(float)
    return np.asarray((times @ parts.reshape(count, size * SIZE)).reshape(draws, size, SIZE))


def _values(sums: Floats) -> Floats:
    """Value a row at each place, from sums of draws × cells × SIZE; rows below the first place are always held."""
    both = sums.reshape(len(sums), -1, 2, SIZE).sum(axis=2)
    total = both[:, :, 0].sum(axis=1)
    base = both[:, :, RUN].sum(axis=1) + both[:, :, HOLD].sum(axis=1)
    gain = (both[:, :, FLAG] - both[:, :, HOLD])[:, 1:]
    ahead = np.cumsum(gain[:, ::-1], axis=1)[:, ::-1]
    return np.asarray((base[:, None] + ahead) / np.where(total > 0, total, 1.0)[:, None])
