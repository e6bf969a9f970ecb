"""Yardsticks: what a metric is on a table of shares by score group, truth and decision, and its slope there."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.attribution.cubes import Kind, Layout
from steelyard.analyses.curves.cells import Scored, decided, over_all, scored
from steelyard.analyses.study import Study
from steelyard.facts import Cells
from steelyard.metrics import Confusion, Metric, ScoreCells
from steelyard.metrics.estimate import gradient_of, value_of
from steelyard.metrics.views import ADDED

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
SMALLEST = 1e-15
ROOTS = frozenset({"rmse"})
MEAN_LOSSES = {
    "mae": ("regression", "forecasting"),
    "rmse": ("regression", "forecasting"),
    "hamming_loss": ("multilabel",),
    "accuracy": ("multiclass",),
}
"""Metrics that are a function of the mean loss alone, and the tasks of which."""


class Yardstick(Protocol):
    """A metric on tables of shares, of shape (groups, truths, decisions)."""

    @property
    def kind(self) -> Kind:
        """What it is a function of."""

    @property
    def power(self) -> int:
        """Of the loss that is averaged."""

    def value(self, joint: Floats, now: bool) -> float:
        """The metric; `now` says whose scores are inside the groups."""

    def slope(self, joint: Floats, now: bool) -> Floats:
        """∂metric/∂joint."""


@dataclass(frozen=True)
class OfDecisions:
    """A metric of truth and decision."""

    metric: Metric
    classes: tuple[str, ...]
    rows: int
    kind: Kind = "decisions"
    power: int = 1

    def value(self, joint: Floats, now: bool) -> float:
        """The metric."""
        return value_of(self.metric, self._view(joint))

    def slope(self, joint: Floats, now: bool) -> Floats:
        """The metric's own gradient, the same for every score group."""
        k = len(self.classes)
        grad = gradient_of(self.metric, self._view(joint)).reshape(k, k) * self.rows
        # Without a score the groups are the decisions.
        return grad.T[:, :, None] if joint.shape[2] == 1 else np.broadcast_to(grad, joint.shape)

    def _view(self, joint: Floats) -> Confusion:
        table = joint[:, :, 0].T if joint.shape[2] == 1 else joint.sum(axis=0)
        table = table * self.rows
        return Confusion(table, table, table, self.classes)


@dataclass(frozen=True)
class OfScores:
    """A metric of truth and score: each group's weight is spread over its fine bins as it was in either period.

    Attributes:
        metric: the metric, of `ScoreCells`; or brier or log_loss.
        views: the fine bins of reference and current data, on the same bins.
        group: the place of each fine bin's score group.
        groups: how many there are.
    """

    metric: Metric
    views: tuple[ScoreCells, ScoreCells]
    group: Ints
    groups: int
    kind: Kind = "scores"
    power: int = 1

    def value(self, joint: Floats, now: bool) -> float:
        """The metric."""
        view = self._view(joint, now)
        if self._losses is None:
            return value_of(self.metric, view)
        return float(np.sum(view.weights * self._losses[now]) / view.weights.sum())

    def slope(self, joint: Floats, now: bool) -> Floats:
        """The mean of the fine gradient over each group's bins."""
        view = self._view(joint, now)
        if self._losses is None:
            fine = gradient_of(self.metric, view) * self.views[now].rows
        else:
            fine = (self._losses[now] - self.value(joint, now)) / joint.sum()
        grad = np.zeros((self.groups, 2, 1))
        for truth, part in enumerate((fine[len(self.group) :], fine[: len(self.group)])):
            grad[:, truth, 0] = np.bincount(
                self.group, weights=part * self._inside[now][truth], minlength=self.groups
            )
        return grad

    @cached_property
    def _inside(self) -> tuple[tuple[Floats, Floats], tuple[Floats, Floats]]:
        """Share of each fine bin in its group, by period, for negatives and positives."""
        found = [
            [self._shares(getattr(view, side), getattr(other, side)) for side in ("q", "p")]
            for view, other in (self.views, self.views[::-1])
        ]
        return (found[0][0], found[0][1]), (found[1][0], found[1][1])

    def _shares(self, fine: Floats, other: Floats) -> Floats:
        total = np.bincount(self.group, weights=fine, minlength=self.groups)
        filled = np.where(total[self.group] > 0, fine, other)
        filled = np.where((total[self.group] > 0) | (_totals(self.group, other, self.groups) > 0), filled, 1.0)
        return filled / _totals(self.group, filled, self.groups)

    @cached_property
    def _losses(self) -> tuple[Floats, Floats] | None:
        if self.metric.name not in ("brier", "log_loss"):
            return None
        return self._loss(self.views[0]), self._loss(self.views[1])

    def _loss(self, view: ScoreCells) -> Floats:
        """Mean loss in each cell, positives then negatives; of log loss that at the cell's mean score."""
        middle = np.where(np.isfinite(view.left + view.right), (view.left + view.right) / 2, 0.5)
        first_p, first_q = _mean(view.score_p, view.p, middle), _mean(view.score_q, view.q, middle)
        if self.metric.name == "brier":
            second_p, second_q = _mean(view.score2_p, view.p, middle**2), _mean(view.score2_q, view.q, middle**2)
            return np.concatenate([1 - 2 * first_p + second_p, second_q])
        chance = np.clip(np.concatenate([first_p, 1 - first_q]), SMALLEST, 1.0)
        return np.asarray(-np.log(chance))

    def _view(self, joint: Floats, now: bool) -> ScoreCells:
        negative, positive = (
            joint[self.group, truth, 0] * self._inside[now][truth] * self.views[now].rows for truth in (0, 1)
        )
        return self.views[now].replaced(np.concatenate([positive, negative]))


@dataclass(frozen=True)
class OfLoss:
    """The mean of a loss, or a function of it: `scale`·mean + `shift`, or its root."""

    metric: Metric
    power: int = 1
    scale: float = 1.0
    shift: float = 0.0
    kind: Kind = "loss"

    def value(self, joint: Floats, now: bool) -> float:
        """The metric."""
        mean = float(joint.sum())
        return math.sqrt(max(mean, 0.0)) if self.power == 2 else self.scale * mean + self.shift

    def slope(self, joint: Floats, now: bool) -> Floats:
        """The same for every group."""
        at = self.value(joint, now)
        by = (0.5 / at if at > 0 else 0.0) if self.power == 2 else self.scale
        return np.full(joint.shape, by)


def yardstick(study: Study, cells: Layout, metric: Metric) -> Yardstick | None:
    """How a metric is measured on cubes; None where it is no function of them."""
    problem = study.problem
    needs = metric.needs(problem)
    if isinstance(needs, str):
        return None
    own = problem.cells() if problem.task == "binary" else problem.confusion()
    if needs == (own,) and problem.task in ("binary", "multiclass"):
        return _of_cells(study, cells, metric, own)
    if problem.task == "binary" and metric.name in ("brier", "log_loss"):
        return _of_scores(study, cells, metric)
    if problem.task in MEAN_LOSSES.get(metric.name, ()):
        return OfLoss(metric, 2 if metric.name in ROOTS else 1)
    return None


def _of_cells(study: Study, cells: Layout, metric: Metric, fact: Cells) -> Yardstick | None:
    problem = study.problem
    if cells.values:
        return OfLoss(metric, scale=-1.0, shift=1.0) if metric.name == "accuracy" else None
    found = decided(study, "current")
    measured = over_all(fact, study)
    view = metric.read((measured,), (study.overall(measured),), problem)
    if isinstance(view, Confusion):
        return None if found is None else OfDecisions(metric, problem.classes, max(found.view.rows, 1))
    return _of_scores(study, cells, metric) if isinstance(view, ScoreCells) else None


def _of_scores(study: Study, cells: Layout, metric: Metric) -> Yardstick | None:
    then, now = scored(study, "reference"), scored(study, "current")
    grid = cells.score_grid
    if then is None or now is None or grid is None or not (then.view.rows and now.view.rows):
        return None
    views = _on_same_bins(then, now)
    edges = np.where(np.isfinite(views[0].left), views[0].left, views[0].right)
    # A bin lies where its left edge does; a bin that is one score lies at it.
    return OfScores(metric, views, grid.positions(edges) - 2, len(grid.cuts) + 1)


def _on_same_bins(then: Scored, now: Scored) -> tuple[ScoreCells, ScoreCells]:
    edges = np.concatenate([np.column_stack([v.view.left, v.view.right]) for v in (then, now)])
    bins, place = np.unique(edges, axis=0, return_inverse=True)
    order = np.lexsort((bins[:, 1], bins[:, 0]))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    place = rank[place.ravel()]
    made, start = [], 0
    for one in (then.view, now.view):
        at = place[start : start + len(one.left)]
        start += len(one.left)
        made.append(_spread(one, at, bins[order]))
    return made[0], made[1]


def _spread(view: ScoreCells, at: Ints, bins: Floats) -> ScoreCells:
    def full(column: Floats) -> Floats:
        found = np.zeros(len(bins))
        found[at] = column
        return found

    added = {name: full(getattr(view, name)) for name in ADDED}
    return ScoreCells(**added, left=bins[:, 0], right=bins[:, 1], probability=view.probability)


def _totals(group: Ints, weight: Floats, groups: int) -> Floats:
    return np.asarray(np.bincount(group, weights=weight, minlength=groups)[group])


def _mean(total: Floats, weight: Floats, otherwise: Floats) -> Floats:
    return np.asarray(np.divide(total, weight, out=np.array(otherwise, dtype=float), where=weight > 0))
