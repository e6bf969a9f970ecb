"""Right and wrong answers by confidence: the table that selective prediction is read from.

The confidence of a binary answer is max(p, 1 − p); that of a multiclass one its largest score.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.cells import Scored, bucketed, over_all
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Category, Cells, FactTable, measure_index, text
from steelyard.facts.grids import MISSING
from steelyard.metrics import ScoreCells
from steelyard.metrics.rows import CONFIDENCE, CORRECT

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SUBJECT = "confidence"
DIGITS = 9
"""Confidences that agree to so many digits are one: p and 1 − p."""


def fact(study: Study) -> Cells | None:
    """The cells of confidence and truth; None where the problem has no probabilities and decisions."""
    problem = study.problem
    if not problem.probability or not problem.decided:
        return None
    if problem.task == "binary" and "1" in problem.scored:
        return over_all(problem.cells(), study)
    if problem.task == "multiclass" and {CONFIDENCE, CORRECT} <= problem.columns:
        cells = Cells((Category(CORRECT), problem.score_key(CONFIDENCE)), weight=problem.weight)
        return over_all(cells, study)
    return None


def confident(study: Study, data: str) -> Scored | None:
    """Right (positive) and wrong (negative) rows by ascending confidence; None where there are none."""
    asked = fact(study)
    if asked is None or asked not in study.profiles[data]:
        return None
    table = study.profiles[data][asked]
    right = _right(study, asked, table)
    left, upper = _bins(asked, table, binary=study.problem.task == "binary")
    known = (right >= 0) & ~np.isnan(left)
    if not known.any():
        return None
    middle = np.round((left + upper) / 2, DIGITS)
    bins, first = np.unique(middle[known], return_index=True)
    edges = left[known][first], upper[known][first]
    place = np.where(known, np.searchsorted(bins, middle), -1)
    whole = _cells(asked, table, right, place, bins, edges)
    parts = []
    for part in bucketed(asked, table):
        here = table.codes[:, 0] == part.codes[0, 0]
        parts.append(_cells(asked, part, right[here], place[here], bins, edges))
    return Scored(study, data, SUBJECT, whole, tuple(parts))


def _right(study: Study, asked: Cells, table: FactTable) -> Ints:
    """1 where the answer is right, 0 where it is wrong, −1 where that is not known."""
    first = len(asked.by)
    names = [[None if v is None else text(v) for v in table.levels[first + k]] for k in range(2)]
    if study.problem.task == "multiclass":
        told = np.array([-1 if v is None else int(v == "1") for v in names[0]] or [-1])
        return np.asarray(told[table.codes[:, first]], dtype=np.int64)
    truth, answer = (
        np.array([{"1": 1, "0": 0}.get(v or "", -1) for v in names[k]] or [-1])[table.codes[:, first + k]]
        for k in range(2)
    )
    return np.where((truth < 0) | (answer < 0), -1, (truth == answer).astype(np.int64))


def _bins(asked: Cells, table: FactTable, binary: bool) -> tuple[Floats, Floats]:
    """Lower and upper end of each cell's confidence; NaN where there is none."""
    key, codes = asked.keys[-1], table.codes[:, -1]
    if isinstance(key, Binned):
        ends = [np.where(codes == MISSING, np.nan, end) for end in key.grid.edges(codes)]
    else:
        levels = [np.nan if v is None or isinstance(v, str) else float(v) for v in table.levels[-1]] or [np.nan]
        ends = [np.array(levels)[codes]] * 2
    low, high = (np.clip(end, 0.0, 1.0) for end in ends)
    if not binary:
        return low, high
    upper_half = low + high >= 1.0
    return np.where(upper_half, low, 1.0 - high), np.where(upper_half, high, 1.0 - low)


def _cells(
    asked: Cells, table: FactTable, right: Ints, place: Ints, bins: Floats, edges: tuple[Floats, Floats]
) -> ScoreCells:
    def per_bin(power: int, which: int) -> Floats:
        chosen = (place >= 0) & (right == which)
        column = table.sums[chosen, measure_index(asked, power)]
        return np.bincount(place[chosen], weights=column, minlength=len(bins)).astype(float)

    p, q = per_bin(1, 1), per_bin(1, 0)
    return ScoreCells(
        p=p,
        q=q,
        p_squares=per_bin(2, 1),
        q_squares=per_bin(2, 0),
        p_counts=per_bin(0, 1),
        q_counts=per_bin(0, 0),
        score_p=p * bins,
        score_q=q * bins,
        score2_p=p * bins**2,
        score2_q=q * bins**2,
        left=edges[0],
        right=edges[1],
    )
