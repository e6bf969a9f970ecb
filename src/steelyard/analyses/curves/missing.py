"""How many rows lack a label, a score or a prediction."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.cells import decided_fact, scored_fact
from steelyard.analyses.slicing import SliceBy, slices_of
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Category, Cells, FactTable, Moments, measure_index
from steelyard.facts.grids import MISSING
from steelyard.metrics.problem import DECISION, LABEL, SCORE
from steelyard.records import Slice

INFINITE = 1e300


@dataclass(frozen=True)
class Missing:
    """Rows of a slice, and those among them that lack something.

    Attributes:
        where: the slice.
        rows: all rows.
        label, score, decision: rows that lack it; None where the problem has none. An infinite score is missing.
        infinite: rows whose numeric prediction is infinite.
    """

    where: Slice
    rows: float
    label: float
    score: float | None
    decision: float | None
    infinite: float


def missing_facts(study: Study) -> Iterator[Cells | Moments]:
    """What tells missing rows, overall and by slice."""
    for by in study.slices:
        fact = _fact(study, by)
        if fact is not None:
            yield fact


def missing(study: Study, data: str) -> Iterator[Missing]:
    """Read them, all rows first."""
    for by in study.slices:
        fact = _fact(study, by)
        if fact is None or fact not in study.profiles[data]:
            continue
        table = study.profiles[data][fact]
        for where, cells in slices_of(by, fact, table)[0]:
            yield _read(fact, table.where(cells), where)


def _fact(study: Study, by: SliceBy) -> Cells | Moments | None:
    problem = study.problem
    keys = by.within(study.bucket)
    match problem.task:
        case "binary":
            fact = decided_fact(study) or scored_fact(study, "", "")
            return None if fact is None else Cells(fact.cells, keys, fact.values, fact.weight)
        case "multiclass":
            fact = decided_fact(study)
            return None if fact is None else Cells(fact.cells, keys, fact.values, fact.weight)
        case "regression" | "forecasting":
            if not {LABEL, DECISION} <= problem.columns:
                return None
            return Moments(
                (
                    f"where(is_missing({LABEL}), 1, 0)",
                    f"where(is_missing({DECISION}), 1, 0)",
                    f"where(abs({DECISION}) > {INFINITE!r}, 1, 0)",
                ),
                by=keys,
                cubes=False,
            )
        case _:
            return None


def _read(fact: Cells | Moments, table: FactTable, where: Slice) -> Missing:
    if isinstance(fact, Moments):
        rows, label, decision, infinite = (
            float(table.sums[:, measure_index(fact, 0, f)].sum()) for f in ((), (0,), (1,), (2,))
        )
        return Missing(where, rows, label, None, decision, infinite)
    counts = table.sums[:, measure_index(fact, 0)]
    lacking: dict[str, float] = {}
    for place, key in enumerate(fact.keys):
        if place < len(fact.by) or not isinstance(key, Category | Binned):
            continue
        lacking[key.column] = float(counts[_empty(table, place, key)].sum())
    return Missing(
        where, float(counts.sum()), lacking.get(LABEL, 0.0), lacking.get(SCORE), lacking.get(DECISION), 0.0
    )


def _empty(table: FactTable, place: int, key: Category | Binned) -> NDArray[np.bool_]:
    codes = table.codes[:, place]
    if isinstance(key, Binned):
        return np.asarray(codes == MISSING)
    levels = table.levels[place]
    return np.asarray(codes == len(levels) - 1) if levels and levels[-1] is None else np.zeros(len(codes), dtype=bool)
