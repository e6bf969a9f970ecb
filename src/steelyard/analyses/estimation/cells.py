"""Rows of a classifier by segment, decision and score: how many were hits, how many misses, how many are unknown.

A hit is a positive label (binary) or a right decision (multiclass).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.study import Study
from steelyard.facts import Binned, Bucket, Category, Cells, FactTable, Key, measure_index, text
from steelyard.facts.grids import MISSING
from steelyard.metrics import Problem
from steelyard.metrics.problem import DECISION, LABEL
from steelyard.metrics.rows import CONFIDENCE, CORRECT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Tally:
    """Cells of rows that are alike.

    Attributes:
        stratum: (C,) the segment, a place below `strata`.
        bucket: (C,) the cluster bucket; 0 where rows are independent.
        decision: (C,) place of the decided class; -1 where there is none.
        score: (C,) mean score; NaN where it is missing, or the problem has none.
        left, right: (C,) edges of the score's bin; equal where it is a single score.
        hit, miss, unknown: (C, 3) rows, weight and squared weight, by what is known of the label.
        strata: number of segments.
    """

    stratum: Ints
    bucket: Ints
    decision: Ints
    score: Floats
    left: Floats
    right: Floats
    hit: Floats
    miss: Floats
    unknown: Floats
    strata: int

    @property
    def labelled(self) -> Floats:
        """(C, 3) rows, weight and squared weight of the rows with a label."""
        return np.asarray(self.hit + self.miss)

    @property
    def every(self) -> Floats:
        """(C, 3) rows, weight and squared weight of all rows."""
        return np.asarray(self.hit + self.miss + self.unknown)

    def where(self, cells: NDArray[np.bool_]) -> Tally:
        """Only some of the cells."""
        columns = ("stratum", "bucket", "decision", "score", "left", "right", "hit", "miss", "unknown")
        return replace(self, **{name: getattr(self, name)[cells] for name in columns})

    def forgotten(self) -> Tally:
        """The rows that have a label, as if they had none."""
        nothing = np.zeros_like(self.hit)
        return replace(self, hit=nothing, miss=nothing, unknown=self.labelled)

    def known(self) -> Tally:
        """The rows that have a label alone."""
        return replace(self, unknown=np.zeros_like(self.unknown))

    def pooled(self) -> Tally:
        """The same rows as one segment."""
        return replace(self, stratum=np.zeros_like(self.stratum), strata=1)


def cells_fact(problem: Problem) -> Cells | None:
    """The cells that tell a hit from a miss by decision and score; None where there is nothing to tell it by."""
    if not problem.decided and not problem.scored:
        return None
    if problem.task == "binary":
        return problem.cells() if LABEL in problem.columns else None
    if problem.task != "multiclass" or not {CORRECT, DECISION} <= problem.columns:
        return None
    keys: list[Key] = [Category(CORRECT), Category(DECISION)]
    if CONFIDENCE not in problem.columns:
        return Cells(tuple(keys), weight=problem.weight)
    values = tuple(f"where(is_missing({CONFIDENCE}), 0, {v})" for v in (CONFIDENCE, f"{CONFIDENCE} * {CONFIDENCE}"))
    return Cells((*keys, problem.score_key(CONFIDENCE)), values=values, weight=problem.weight)


def read_tally(study: Study, fact: Cells, table: FactTable, stratum: Ints, strata: int) -> Tally:
    """Read the cells of `fact`, whose rows lie in the given segments."""
    first = len(fact.by)
    names = [getattr(key, "column", "") for key in fact.cells]
    outcome = np.array([-1 if v is None else int(text(v) == "1") for v in table.levels[first]] or [-1])
    outcome = outcome[table.codes[:, first]]
    decision = np.full(len(table), -1, dtype=np.int64)
    if DECISION in names:
        place = {name: i for i, name in enumerate(study.problem.classes)}
        at = first + names.index(DECISION)
        known = np.array([-1 if v is None else place.get(text(v), -1) for v in table.levels[at]] or [-1])
        decision = known[table.codes[:, at]]
    bucket = table.codes[:, 0] if isinstance(fact.keys[0], Bucket) else np.zeros(len(table), dtype=np.int64)
    bins, left, right = _bins(fact, table) if fact.values else _no_scores(len(table))

    used, cell = np.unique(_joined(stratum, bucket, decision + 1, bins), return_inverse=True)
    example = np.zeros(len(used), dtype=np.int64)
    example[cell] = np.arange(len(table))

    def summed(which: NDArray[np.bool_], column: int) -> Floats:
        return np.bincount(cell[which], weights=table.sums[which, column], minlength=len(used)).astype(float)

    columns = [measure_index(fact, power) for power in range(3)]
    hit, miss, unknown = (np.column_stack([summed(outcome == o, c) for c in columns]) for o in (1, 0, -1))
    score = np.full(len(used), np.nan)
    if fact.values:
        everything = np.ones(len(table), dtype=bool)
        weight = summed(everything, columns[1])
        total = summed(everything, measure_index(fact, 1, (0,)))
        np.divide(total, weight, out=score, where=(weight > 0) & ~np.isnan(left[example]))
    return Tally(
        stratum=stratum[example],
        bucket=bucket[example],
        decision=decision[example],
        score=score,
        left=left[example],
        right=right[example],
        hit=hit,
        miss=miss,
        unknown=unknown,
        strata=strata,
    )


def _no_scores(rows: int) -> tuple[Ints, Floats, Floats]:
    return np.zeros(rows, dtype=np.int64), np.full(rows, np.nan), np.full(rows, np.nan)


def _bins(fact: Cells, table: FactTable) -> tuple[Ints, Floats, Floats]:
    """Place of each row's score bin, and its edges; NaN where the score is missing."""
    key, codes = fact.keys[-1], table.codes[:, -1]
    used, place = np.unique(codes, return_inverse=True)
    if isinstance(key, Binned):
        left, right = key.grid.edges(used)
        missing = used == MISSING
        left, right = np.where(missing, np.nan, left), np.where(missing, np.nan, right)
    else:
        levels = [table.levels[-1][code] for code in used.tolist()]
        left = right = np.array([float("nan") if v is None or isinstance(v, str) else float(v) for v in levels])
    return place.astype(np.int64), left[place], right[place]


def _joined(*columns: Ints) -> Ints:
    """One number for each combination of small numbers."""
    joined = np.zeros(len(columns[0]), dtype=np.int64)
    for column in columns:
        joined = joined * (int(column.max(initial=0)) + 1) + column
    return joined
