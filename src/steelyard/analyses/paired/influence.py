"""How two models' estimates go together, by what each row adds to the one and to the other.

With φ the influence of a row (the gradient of the metric at its cell), the variance of a difference of two metrics of
the same rows is Σ w²·(φ_a − φ_b)². For decisions the joint cells tell it exactly; for scores φ is taken as linear
within coarse bins, whose first and second sums are known; for means of row values the joint sums tell it.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.paired.sides import Side
from steelyard.facts import Binned, Cells, CutGrid, FactTable, Moments, measure_index, text
from steelyard.facts.levels import Level
from steelyard.metrics import Metric
from steelyard.metrics.estimate import gradient_of, value_of
from steelyard.metrics.views import Means, ScoreCells

Floats = NDArray[np.float64]
HALF = 0.5
"""Rows added to each cell in which two models decide differently (Bonett & Price add one to each side of two)."""


def of_decisions(metric: Metric, a: Side, b: Side, fact: Cells, table: FactTable) -> float:
    """Variance of the difference, from label × decision × decision; half a row added where decisions differ."""
    first = len(fact.by)
    labels, of_a, of_b = (table.levels[k] for k in range(first, first + 3))
    decisions = tuple(dict.fromkeys(d for d in (*of_a, *of_b) if d is not None))
    known = tuple(label for label in labels if label is not None)
    phi_a, phi_b = (_by_decision(metric, side, labels, decisions) for side in (a, b))
    y = table.codes[:, first]
    at_a, at_b = (
        np.array([decisions.index(d) if d is not None else -1 for d in levels] or [-1])[table.codes[:, k]]
        for k, levels in ((first + 1, of_a), (first + 2, of_b))
    )
    both = (at_a >= 0) & (at_b >= 0)
    squares: Floats = table.sums[both, measure_index(fact, 2)]
    seen = float(squares @ np.square(phi_a[y, at_a] - phi_b[y, at_b])[both])
    rows = float(table.sums[both, measure_index(fact, 0)].sum())
    unit = float(squares.sum()) / rows if rows else 1.0
    return seen + unit * _where_they_differ(phi_a, phi_b, [labels.index(label) for label in known])


def _where_they_differ(phi_a: Floats, phi_b: Floats, known: list[int]) -> float:
    """What half a row in each cell where decisions differ adds; of many classes as much in all as of two."""
    k = phi_a.shape[1]
    if k < 2 or not known:
        return 0.0
    gaps = (phi_a[known][:, :, None] - phi_b[known][:, None, :]) ** 2
    gaps[:, np.arange(k), np.arange(k)] = 0.0
    return float(HALF * 4.0 / (len(known) * k * (k - 1)) * gaps.sum())


def _by_decision(metric: Metric, side: Side, labels: tuple[Level, ...], decisions: tuple[Level, ...]) -> Floats:
    """What a row of each label and decision adds to the metric: its gradient at the cell that it falls into."""
    gradient = gradient_of(metric, side.view)
    found = np.zeros((len(labels), len(decisions)))
    for i, label in enumerate(labels):
        for j, decision in enumerate(decisions):
            cell = metric.read(side.facts, [_one_row(side.facts[0], label, decision)], side.entrant.problem)
            found[i, j] = float(np.real(cell.weights @ gradient))
    return found


def _one_row(fact: Any, label: Level, decision: Level) -> FactTable:
    """The cells of one row: how a metric reads it tells where it belongs."""
    levels: list[tuple[Level, ...]] = [(label,), (decision,)]
    levels += [() if isinstance(key, Binned) else (0.5,) for key in fact.keys[2:]]
    blank = np.empty((1, 0))
    codes = np.zeros((1, len(levels)), dtype=np.int64)
    return FactTable(codes, tuple(levels), np.ones((1, len(fact.measures))), blank, blank)


def of_scores(metric: Metric, a: Side, b: Side, fact: Moments, table: FactTable) -> float:
    """Variance of the difference, from label × coarse score × coarse score."""
    first = len(fact.by) - 3
    is_positive = np.array([label is not None and text(label) == "1" for label in table.levels[first]])
    labelled = np.array([label is not None for label in table.levels[first]])
    if not len(table):
        return 0.0
    kind = is_positive[table.codes[:, first]].astype(int)
    lines = [_lines(metric, side) for side in (a, b)]
    at = [_bins(side.entrant.cuts, table.codes[:, first + 1 + k]) for k, side in enumerate((a, b))]
    constant = lines[0][0][kind, at[0]] - lines[1][0][kind, at[1]]
    slope_a, slope_b = lines[0][1][kind, at[0]], -lines[1][1][kind, at[1]]
    sums = {key: table.sums[:, measure_index(fact, 2, key)] for key in ((), (0,), (1,), (0, 0), (0, 1), (1, 1))}
    each = (
        constant**2 * sums[()]
        + 2.0 * constant * (slope_a * sums[(0,)] + slope_b * sums[(1,)])
        + slope_a**2 * sums[(0, 0)]
        + 2.0 * slope_a * slope_b * sums[(0, 1)]
        + slope_b**2 * sums[(1, 1)]
    )
    spread = max(float(each[labelled[table.codes[:, first]]].sum()), 0.0)
    return spread * 0.5 * (_inflation(metric, a) + _inflation(metric, b))


def _lines(metric: Metric, side: Side) -> tuple[Floats, Floats]:
    """Intercept and slope of the influence in the scaled score, by class (0, 1) and coarse bin."""
    view: ScoreCells = side.view
    centre, scale = side.entrant.scale
    gradient = gradient_of(metric, view)
    bins = len(side.entrant.cuts.cuts) + 1
    found = np.zeros((2, 2, bins))
    for kind, weight, square, total, phi in (
        (1, view.p, view.p_squares, view.score_p, gradient[: len(view.p)]),
        (0, view.q, view.q_squares, view.score_q, gradient[len(view.p) :]),
    ):
        full = weight > 0
        # The mean of rows that all have one score may round to the other side of a cut.
        score = np.where(view.atom[full], view.left[full], total[full] / weight[full])
        at = np.searchsorted(side.entrant.cuts.cuts, score, side="right")
        found[:, kind] = _fitted((score - centre) / scale, phi[full], square[full], at, bins)
    return found[0], found[1]


def _fitted(x: Floats, y: Floats, weight: Floats, at: NDArray[np.intp], bins: int) -> Floats:
    """Least squares of y on x within each bin: intercepts, slopes; shape (2, bins)."""

    def summed(values: Floats) -> Floats:
        return np.bincount(at, weights=values, minlength=bins).astype(float)

    total = summed(weight)
    safe = np.where(total > 0, total, 1.0)
    mean_x, mean_y = summed(weight * x) / safe, summed(weight * y) / safe
    off_x, off_y = x - mean_x[at], y - mean_y[at]
    spread, joint = summed(weight * off_x**2), summed(weight * off_x * off_y)
    slope = np.divide(joint, spread, out=np.zeros(bins), where=spread > 1e-18 * safe)
    return np.stack([mean_y - slope * mean_x, slope])


def _bins(cuts: CutGrid, codes: NDArray[np.int64]) -> NDArray[np.int64]:
    return np.clip(codes, 0, len(cuts.cuts))


def _inflation(metric: Metric, side: Side) -> float:
    """How much more than the delta method's is the metric's own variance: its terms for small samples."""
    if metric.variance is None:
        return 1.0
    plain = side.view.variance(gradient_of(metric, side.view))
    own = float(metric.variance(side.view))
    return max(own / plain, 1.0) if plain > 0 and np.isfinite(own) else 1.0


def of_means(metric: Metric, a: Side, b: Side, joint: Means) -> tuple[float, float]:
    """The difference on the rows where both have all their values, and its variance."""
    split = 1 + len(a.view.sums) - 1
    places = [0, *range(1, split)], [0, *range(split, len(joint.sums))]
    views = [_part(side.view, joint, place) for side, place in zip((a, b), places, strict=True)]
    value = value_of(metric, views[0]) - value_of(metric, views[1])
    slope = np.zeros(len(joint.sums))
    for view, place, sign in zip(views, places, (1.0, -1.0), strict=True):
        slope[place] += sign * gradient_of(metric, view)
    n = joint.effective_rows
    return value, joint.variance(slope) * (n / (n - 1.0) if n > 1.0 else np.nan)


def _part(own: Means, joint: Means, places: list[int]) -> Means:
    """One model's means over the joint rows."""
    return replace(
        own,
        sums=joint.sums[places],
        products=joint.products[np.ix_(places, places)],
        cubes=np.zeros(len(places) - 1),
        counts=joint.counts,
    )
