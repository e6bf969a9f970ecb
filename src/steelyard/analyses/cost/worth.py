"""What ways to decide are worth a row, alone and against each other, with intervals.

A way to decide says what is done in each cell of a ledger: hold, flag or review. Rows of one label on which the same
is done are one group, and there are at most 18; the value is linear in their sums.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.cost.amounts import FLAG, HOLD, REVIEW, RUN, SIZE
from steelyard.analyses.cost.ledger import Floats, Ints, Ledger
from steelyard.analyses.cost.linear import from_spread, jackknifed, mean_of_cells
from steelyard.metrics.views import kish
from steelyard.records import Estimate, Outcome, Undefined

HELD, FLAGGED, REVIEWED = 0, 1, 2
ACTS = 3
GROUPS = 2 * ACTS * ACTS
"""Label × what one way does × what the other does."""


@dataclass(frozen=True, eq=False)
class Way:
    """A way to decide.

    Attributes:
        acts: HELD, FLAGGED or REVIEWED, by cell of a ledger.
        asks: whether the model has to be asked.
        informed: whether it goes by the label itself, and so makes no mistake.
    """

    acts: Ints
    asks: bool = True
    informed: bool = False


@dataclass(frozen=True)
class Rules:
    """What a person's look brings: the share of rows that it decides rightly."""

    accuracy: float = 1.0

    def weights(self, act: int, label: int, asks: bool) -> Floats:
        """The value of a row, as weights of its vector."""
        made = np.zeros(SIZE)
        made[RUN] = float(asks)
        if act == REVIEWED:
            right = self.accuracy
            made[FLAG], made[HOLD] = (right, 1 - right) if label else (1 - right, right)
            made[REVIEW] = 1.0
        else:
            made[FLAG if act == FLAGGED else HOLD] = 1.0
        return made


def worth(book: Ledger, way: Way, rules: Rules, level: float, less: Way | None = None) -> Outcome:
    """Value a row of a way to decide, or, with `less`, how much more it is than that of another, paired by row.

    Intervals as in `linear.mean_of_cells`; where amounts differ by row the delta method with their own spread.
    """
    if book.rows == 0:
        return Undefined("no row has a label, a decision, a score and every amount")
    code = (book.label * ACTS + way.acts) * ACTS + (less.acts if less is not None else 0)
    weights = _weights(way, rules, less)
    if book.products is None:
        return _of_constants(book, code, weights, level, way.informed)
    sums = grouped(book.sums, code, GROUPS)
    mean = float(np.sum(sums * weights)) / book.total
    made = Estimate(mean, mean, mean, level, book.rows, "", effective_n=book.effective_rows)
    if book.bucket is not None:
        parts = _by_bucket(book, code, book.sums)
        return jackknifed(made, np.einsum("bgi,gi->b", parts, weights), parts[:, :, 0].sum(axis=1))
    centred = weights.copy()
    centred[:, 0] -= mean
    products = grouped(book.products, code, GROUPS)
    variance = max(float(np.einsum("gi,gij,gj->", centred, products, centred)), 0.0)
    skewness = _skewness(sums, products, grouped(np.asarray(book.cubes), code, GROUPS), centred)
    if less is not None and not (weights == 0).all(axis=1)[code].all():
        moved = ~(weights == 0).all(axis=1)[code]
        telling = max(kish(book.weight[moved], book.squares[moved]), 2.0)
    else:
        telling = book.effective_rows
    return from_spread(made, math.sqrt(variance) / book.total, skewness, book.effective_rows, telling)


def acted(book: Ledger, way: Way) -> tuple[float, float]:
    """Shares of the rows that are flagged and reviewed."""
    weight = np.bincount(way.acts, weights=book.weight, minlength=ACTS) / book.total
    return float(weight[FLAGGED]), float(weight[REVIEWED])


def grouped(values: Floats, codes: Ints, size: int) -> Floats:
    """Sums over cells by code; the first axis of `values` runs over cells, that of the result over `size` codes."""
    flat = values.reshape(len(values), -1)
    made = np.stack([np.bincount(codes, weights=column, minlength=size) for column in flat.T], axis=1)
    return made.reshape(size, *values.shape[1:]).astype(float)


def _weights(way: Way, rules: Rules, less: Way | None) -> Floats:
    made = np.zeros((GROUPS, SIZE))
    for at in range(GROUPS):
        label, act, other = at // ACTS**2, at // ACTS % ACTS, at % ACTS
        made[at] = rules.weights(act, label, way.asks)
        if less is not None:
            made[at] -= rules.weights(other, label, less.asks)
    return made


def _of_constants(book: Ledger, code: Ints, weights: Floats, level: float, informed: bool) -> Outcome:
    label, act = np.arange(GROUPS) // ACTS**2, np.arange(GROUPS) // ACTS % ACTS
    values = np.sum(weights * book.fixed[label], axis=1)
    # What is done to rows of one label could have been done to rows of the other, unless that is known.
    possible = np.tile(np.bincount(code % ACTS**2, minlength=ACTS**2) > 0, 2)
    possible &= (act == label) if informed else True
    weight, squares = (grouped(column, code, GROUPS)[possible] for column in (book.weight, book.squares))
    parts = None if book.bucket is None else _by_bucket(book, code, book.weight)[:, possible]
    return mean_of_cells(weight, squares, values[possible], book.rows, level, parts)


def _by_bucket(book: Ledger, code: Ints, values: Floats) -> Floats:
    buckets, which = np.unique(np.asarray(book.bucket), return_inverse=True)
    made = grouped(values, which.ravel() * GROUPS + code, len(buckets) * GROUPS)
    return made.reshape(len(buckets), GROUPS, *values.shape[1:])


def _skewness(sums: Floats, products: Floats, cubes: Floats, centred: Floats) -> float:
    """Skewness of the rows' values; several amounts of a row are taken to rise and fall together."""
    full: NDArray[np.bool_] = products[:, 0, 0] > 0
    weight, base, c = sums[full, 0], products[full, 0, 0], centred[full]
    means, products = sums[full] / weight[:, None], products[full] / base[:, None, None]
    first = np.sum(means * c, axis=1)
    spread = np.maximum(np.einsum("gi,gij,gj->g", c, products, c) - first**2, 0.0)
    third = cubes[full] / weight[:, None] - 3 * means * np.einsum("gii->gi", products) + 2 * means**3
    own = np.sum(c * np.cbrt(np.where(cubes[full] != 0, third, 0.0)), axis=1) ** 3
    share = weight / weight.sum()
    variance = float(share @ (first**2 + spread))
    skew = float(share @ (first**3 + 3 * first * spread + own))
    return skew / variance**1.5 if variance > 1e-300 else 0.0
