"""Rows by label, decision and score, with what they are worth: any way to decide is valued from it.

A row is the vector (1, value when flagged, value when left alone, value of asking the model, value of a look). Any
way to decide that goes by the score is worth a linear function of the cells' sums of these vectors, so its value and
standard error are exact at the edges of the score bins, constant amounts or not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.cost.amounts import FLAG, HOLD, RUN, SIZE, constants, varying
from steelyard.analyses.costs import Costs
from steelyard.analyses.curves.cells import over_all
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Bucket, Cells, FactTable, Moments, measure_index, text
from steelyard.facts.grids import MISSING

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Ledger:
    """Cells with rows; every array has one entry a cell.

    Attributes:
        label: 1 for positive rows.
        decided: the decision made on them, 1 or 0; −1 where there is none.
        place: their score bin, as a place in `left`.
        counts: rows.
        sums: Σw·v of the vectors v; cells × SIZE.
        products: Σw²·v·vᵀ; cells × SIZE × SIZE. None where the vectors hang on the label alone.
        cubes: Σw·v³; cells × SIZE. None likewise.
        squares: Σw².
        fixed: the vector of a negative and of a positive row, where `products` is None.
        left: lower edges of the score bins, ascending.
        bucket: the cluster bucket of each cell; None for independent rows.
        fold: the part of the rows that a cell belongs to, where they were split.
        probability: whether scores are probabilities.
        scored: whether there are scores.
    """

    label: Ints
    decided: Ints
    place: Ints
    counts: Floats
    sums: Floats
    squares: Floats
    fixed: Floats
    left: Floats
    products: Floats | None = None
    cubes: Floats | None = None
    bucket: Ints | None = None
    fold: Ints | None = None
    probability: bool = True
    scored: bool = True

    @property
    def weight(self) -> Floats:
        """Σw of each cell."""
        return self.sums[:, 0]

    @cached_property
    def total(self) -> float:
        """Σw of all."""
        return float(self.weight.sum())

    @property
    def rows(self) -> int:
        """Rows in all."""
        return round(float(self.counts.sum()))

    @cached_property
    def effective_rows(self) -> float:
        """Kish's (Σw)²/Σw²."""
        return self.total**2 / float(self.squares.sum()) if self.rows else 0.0

    @property
    def bins(self) -> int:
        """Number of score bins."""
        return len(self.left)

    @property
    def is_decided(self) -> bool:
        """Whether decisions were made on the rows."""
        return self.rows > 0 and bool((self.decided >= 0).all())

    def at(self, cells: NDArray[np.bool_] | NDArray[np.intp]) -> Ledger:
        """Some of the cells, by mask or place."""
        return replace(
            self,
            label=self.label[cells],
            decided=self.decided[cells],
            place=self.place[cells],
            counts=self.counts[cells],
            sums=self.sums[cells],
            squares=self.squares[cells],
            products=None if self.products is None else self.products[cells],
            cubes=None if self.cubes is None else self.cubes[cells],
            bucket=None if self.bucket is None else self.bucket[cells],
            fold=None if self.fold is None else self.fold[cells],
        )

    def by_bin(self, vector: Floats) -> Floats:
        """Σ over the cells of each score bin."""
        return np.bincount(self.place, weights=vector, minlength=self.bins).astype(float)


def fact_of(study: Study, costs: Costs) -> Cells | Moments:
    """The fact that the ledger is read from: the cells that metrics ask for anyway, where amounts are constant."""
    cells = over_all(study.problem.cells(), study)
    amounts = varying(costs)
    if not amounts:
        return cells
    return Moments(tuple(amounts.values()), by=(*cells.by, *cells.cells), weight=cells.weight)


def ledger(study: Study, costs: Costs, data: str = "current") -> Ledger | None:
    """Read the rows that have a label, a decision and a score as far as the problem has them, and every amount."""
    fact = fact_of(study, costs)
    if fact not in study.profiles[data]:
        return None
    problem, table = study.problem, study.profiles[data][fact]
    first = 0 if study.bucket is None else 1
    label = _coded(table, first)
    decided = _coded(table, first + 1) if problem.decided else np.full(len(table), -1)
    scored = bool(problem.scored)
    last = len(fact.keys) - 1
    score, left = (
        _scores(fact, table, last) if scored else (np.zeros(len(table), dtype=np.int64), np.array([-np.inf]))
    )
    known = (label >= 0) & (score >= 0) & ((decided >= 0) | (not problem.decided))
    used, place = np.unique(score[known], return_inverse=True)
    sums, squares, products, cubes = _summed(fact, table, costs)
    made = Ledger(
        label=label,
        decided=decided,
        place=np.zeros(len(table), dtype=np.int64),
        counts=table.sums[:, measure_index(fact, 0)],
        sums=_with_constants(sums, label, costs),
        squares=squares,
        fixed=constants(costs),
        left=left[used],
        products=products,
        cubes=cubes,
        bucket=None if study.bucket is None else table.codes[:, 0],
        probability=problem.probability,
        scored=scored,
    ).at(known)
    return replace(made, place=place.astype(np.int64).ravel())


def _coded(table: FactTable, key: int) -> Ints:
    """1 and 0 of a label or decision, −1 where it is missing."""
    codes = {"1": 1, "0": 0}
    lookup = np.array([-1 if v is None else codes.get(text(v), -1) for v in table.levels[key]] or [-1])
    return np.asarray(lookup[table.codes[:, key]], dtype=np.int64)


def _scores(fact: Cells | Moments, table: FactTable, key: int) -> tuple[Ints, Floats]:
    """Place of each cell's score among the ascending edges, −1 where it is missing; and the edges."""
    made, codes = fact.keys[key], table.codes[:, key]
    if isinstance(made, Binned):
        bins, place = np.unique(codes, return_inverse=True)
        left = np.where(bins == MISSING, np.nan, made.grid.edges(bins)[0])
        place = np.where(codes == MISSING, -1, place.ravel())
        return place.astype(np.int64), left
    numbers = np.array([np.nan if v is None or isinstance(v, str) else float(v) for v in table.levels[key]])
    place = np.where(np.isnan(numbers), -1, np.arange(len(numbers)))
    return np.asarray(place[codes], dtype=np.int64), numbers


def _summed(
    fact: Cells | Moments, table: FactTable, costs: Costs
) -> tuple[Floats, Floats, Floats | None, Floats | None]:
    """Sums, Σw², products and cubes of the vectors, as far as the fact has them; constants are filled in after."""
    weight, squares = (table.sums[:, measure_index(fact, power)] for power in (1, 2))
    sums = np.zeros((len(table), SIZE))
    sums[:, 0] = weight
    if isinstance(fact, Cells):
        return sums, squares, None, None
    basis, places = _basis(fact, table), list(varying(costs))
    kinds = constants(costs)
    label = _coded(table, sum(isinstance(key, Bucket) for key in fact.by))
    # A row's vector is a linear map of (1, its amounts): constants come from the 1.
    lift = np.zeros((2, SIZE, len(places) + 1))
    lift[:, :, 0] = kinds
    for at, place in enumerate(places):
        lift[:, place, :] = 0.0
        lift[:, place, at + 1] = 1.0
    by_cell = lift[np.maximum(label, 0)]
    products = np.einsum("cik,ckl,cjl->cij", by_cell, basis, by_cell)
    cubes = np.zeros((len(table), SIZE))
    for at, place in enumerate(places):
        sums[:, place] = table.sums[:, measure_index(fact, 1, (at,))]
        cubes[:, place] = table.sums[:, measure_index(fact, 1, (at, at, at))]
    return sums, squares, products, cubes


def _basis(fact: Moments, table: FactTable) -> Floats:
    """Σw²·(1, v)(1, v)ᵀ of the amounts; cells × (k + 1) × (k + 1)."""
    k = len(fact.values)
    made = np.empty((len(table), k + 1, k + 1))
    for i in range(k + 1):
        for j in range(i, k + 1):
            factors = tuple(sorted(p - 1 for p in (i, j) if p))
            made[:, i, j] = made[:, j, i] = table.sums[:, measure_index(fact, 2, factors)]
    return made


def _with_constants(sums: Floats, label: Ints, costs: Costs) -> Floats:
    """The sums with those amounts that are numbers."""
    kinds, known = constants(costs), varying(costs)
    for place in (FLAG, HOLD, RUN, SIZE - 1):
        if place not in known:
            sums[:, place] = sums[:, 0] * kinds[np.maximum(label, 0), place]
    return sums
