"""Scoring tools: who scores above the median of all."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from steelyard.analyses.fairness.counting import KINDS, Tables
from steelyard.analyses.fairness.criteria import MISSING, SELECTION
from steelyard.analyses.fairness.groups import Floats, Groups, Ints, bucket_cells
from steelyard.analyses.fairness.values import Values, shares
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Cells, FactTable, measure_index
from steelyard.facts.grids import MISSING as NO_BIN
from steelyard.metrics.problem import SCORE
from steelyard.records import Estimate

EVEN = 1e-12
"""Rounding of sums of weights, where half of them lies exactly between two scores."""


@dataclass(frozen=True)
class Scoring:
    """Scores held against the median of all.

    Attributes:
        values: the share of each group that scores above it.
        above, rows: rows of each group above it, and with a score.
        median: the median score.
        without_score: rows that have none.
    """

    values: Values
    above: Floats
    rows: Floats
    median: float
    without_score: int


def scores_by(study: Study, by: SliceBy) -> Cells | None:
    """Rows by group and score; None where the problem has no score, or several."""
    problem = study.problem
    if problem.task != "binary" or not problem.scored:
        return None
    return Cells((problem.score_key(SCORE),), by=by.within(study.bucket), weight=problem.weight)


def scoring(groups: Groups, fact: Cells, table: FactTable, level: float) -> Scoring | None:
    """Read who scores strictly above the median of all rows; None where no row has a score.

    In a bin that holds the median, rows are taken to be spread evenly over it; the share of a group's rows in that
    bin is the `discretisation` of its estimate.
    """
    order, left, right = _positions(fact, table)
    known, weight = order >= 0, table.sums[:, measure_index(fact, 1)]
    if not weight[known].sum() > 0:
        return None
    mass = np.bincount(order[known], weights=weight[known], minlength=len(left))
    reached = np.cumsum(mass).astype(float)
    half = float(reached[-1]) / 2
    at = int(np.searchsorted(reached, half * (1 - EVEN)))
    inside = min(max((half - (reached[at] - mass[at])) / mass[at], 0.0), 1.0)
    above = (order > at).astype(float)
    if left[at] < right[at]:
        above[order == at] = 1.0 - inside
    place = groups.places(fact, table)
    made = _tables(groups, fact, table, np.where(known, place, -1), above)
    unsure = (order == at) & (place >= 0) & bool(left[at] < right[at])
    in_bin = np.bincount(place[unsure], weights=weight[unsure], minlength=len(groups)).astype(float)
    ratios = made.ratios(SELECTION)
    values = _with_bound(shares(ratios, level, "no row has a score"), in_bin, ratios.bottom)
    return Scoring(
        values,
        made.above(SELECTION),
        ratios.rows,
        _median(left, right, at, inside, reached, half),
        int(table.sums[~known, 0].sum()),
    )


def _positions(fact: Cells, table: FactTable) -> tuple[Ints, Floats, Floats]:
    """The place of each cell's score in ascending order, −1 without one; and the edges at each place."""
    key, code = fact.keys[-1], table.codes[:, -1]
    if isinstance(key, Binned):
        known = code != NO_BIN
        bins, order = np.unique(code[known], return_inverse=True)
        left, right = key.grid.edges(bins)
    else:
        number = np.array([_number(level) for level in table.levels[-1]] or [np.nan])[code]
        known = ~np.isnan(number)
        left, order = np.unique(number[known], return_inverse=True)
        right = left
    places = np.full(len(code), -1, dtype=np.int64)
    places[known] = order.ravel()
    return places, left, right


def _tables(groups: Groups, fact: Cells, table: FactTable, place: Ints, above: Floats) -> Tables:
    """Rows above and not above by group, as decisions without a label."""
    count = len(groups)
    buckets, spread = bucket_cells(fact, table, place, count)

    def split(cell: Ints, cells: int, power: int) -> Floats:
        used = cell >= 0
        number = table.sums[used, measure_index(fact, power)]
        made = np.zeros((cells, KINDS, KINDS))
        made[:, MISSING, 1] = np.bincount(cell[used], weights=number * above[used], minlength=cells)
        made[:, MISSING, 0] = np.bincount(cell[used], weights=number * (1 - above[used]), minlength=cells)
        return made

    by_bucket = split(spread, buckets * count, 1).reshape(buckets, count, KINDS, KINDS)
    return Tables(split(place, count, 1), split(place, count, 2), split(place, count, 0), by_bucket)


def _with_bound(values: Values, in_bin: Floats, total: Floats) -> Values:
    outcomes = tuple(
        replace(o, discretisation=float(b / t)) if isinstance(o, Estimate) and b > 0 else o
        for o, b, t in zip(values.outcomes, in_bin.tolist(), total.tolist(), strict=True)
    )
    return replace(values, outcomes=outcomes)


def _median(left: Floats, right: Floats, at: int, inside: float, reached: Floats, half: float) -> float:
    if left[at] < right[at]:
        ends = [e for e in (left[at], right[at]) if np.isfinite(e)]
        return float(left[at] + (right[at] - left[at]) * inside) if len(ends) == 2 else float(ends[0])
    between = at + 1 < len(left) and abs(float(reached[at]) - half) <= EVEN * half
    return float((left[at] + left[at + 1]) / 2) if between else float(left[at])


def _number(level: object) -> float:
    return float(level) if isinstance(level, int | float) else np.nan
