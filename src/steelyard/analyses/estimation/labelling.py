"""Which rows to label first, and what they would tell."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.estimation.cells import Tally
from steelyard.analyses.estimation.chances import Chances
from steelyard.analyses.estimation.known import Known
from steelyard.analyses.estimation.losses import ABSOLUTE, Losses, Sizes
from steelyard.stats.critical import quantile
from steelyard.stats.label_free import neyman_allocation, stratified_se

Floats = NDArray[np.float64]
GROUPS = 10
"""Groups of scores, of about equal numbers of rows, that labels are shared out among."""
LEAST, MOST = 100, 5_000
"""Rows that are advised at least and at most."""
FINEST, USUAL = 0.005, 0.02
"""Half-widths, relative to the scale of the loss, that advice aims at: at the least, and where none is asked for."""
TOP = 0.6
"""Share of the labels that the named groups make up at least."""


@dataclass(frozen=True)
class Labelling:
    """So many labels, and where they tell most.

    Attributes:
        rows: labels in all.
        where: the scores most of them should have ("260 of them with scores 0.31 to 0.68"); "" for anywhere.
        half: half-width of the mean loss they lead to.
        what: the mean loss they tell.
    """

    rows: int
    where: str
    half: float
    what: str


def labelling(found: Known, half: float | None) -> Labelling | None:
    """Neyman's allocation over groups of scores, of as many labels as give about that half-width of the mean loss.

    Without a half-width two hundredths of the scale are aimed at. None where nothing tells rows apart.
    """
    if isinstance(found.rows, Losses):
        what, middle, rows, spread, scale = _of_losses(found)
    else:
        what, middle, rows, spread, scale = _of_decisions(found)
    if not len(rows) or rows.sum() <= 0 or not (spread > 0).any():
        return None
    z = quantile(found.study.level)
    aimed = max(USUAL * scale if half is None else half, FINEST * scale)
    # Neyman's variance for n labels is (Σ share·spread)²/n, less as they become a part of all rows.
    wanted = (z * float(rows @ spread) / rows.sum() / aimed) ** 2
    wanted /= 1 + wanted / rows.sum()
    budget = int(min(max(10 * np.ceil(wanted / 10), LEAST), MOST, rows.sum()))
    given = neyman_allocation(budget, rows, spread)
    given = np.maximum(given, np.minimum((rows > 0) & (spread > 0), rows).astype(np.int64))
    reached = z * stratified_se(rows, spread, given)
    return Labelling(int(given.sum()), _where(found, middle, given, rows), reached, what)


def _of_decisions(found: Known) -> tuple[str, Floats, Floats, Floats, float]:
    """Rows by group of scores, and the standard deviation of a right decision in each."""
    tally: Tally = found.rows
    model = found.reference.model if found.reference is not None else None
    learnt = found.learnt(found.reference, tally)
    if learnt is None or not isinstance(model or learnt.model, Chances):
        return "accuracy", np.zeros(0), np.zeros(0), np.zeros(0), 1.0
    chance, waiting = learnt.model.of(tally), tally.unknown[:, 0]
    group, edges = _grouped(tally.score, waiting)
    return "accuracy", edges, *_spread(group, len(edges), waiting, chance * (1 - chance)), 1.0


def _of_losses(found: Known) -> tuple[str, Floats, Floats, Floats, float]:
    """Rows by group of predictions, and the standard deviation of the absolute error in each."""
    rows: Losses = found.rows
    learnt = found.learnt(found.reference, rows)
    if learnt is None or not isinstance(learnt.model, Sizes):
        return "mean absolute error", np.zeros(0), np.zeros(0), np.zeros(0), 1.0
    variance = learnt.model.variance[rows.stratum, rows.group][:, ABSOLUTE]
    waiting = rows.unknown[:, 0]
    made = _spread(rows.group, rows.groups, waiting, variance)
    scale = float(np.sqrt(np.average(variance, weights=np.maximum(waiting, 1e-12))))
    return "mean absolute error", np.zeros(0), *made, scale


def _spread(group: NDArray[np.int64], groups: int, waiting: Floats, variance: Floats) -> tuple[Floats, Floats]:
    rows = np.bincount(group, weights=waiting, minlength=groups).astype(float)
    total = np.bincount(group, weights=waiting * variance, minlength=groups)
    return np.floor(rows), np.sqrt(np.divide(total, rows, out=np.zeros(groups), where=rows > 0))


def _grouped(score: Floats, rows: Floats) -> tuple[NDArray[np.int64], Floats]:
    """Group of each cell, and the lowest score of each group; rows without a score are the last group."""
    known = ~np.isnan(score) & (rows > 0)
    if not known.any():
        return np.zeros(len(score), dtype=np.int64), np.full(1, np.nan)
    order = np.argsort(score[known], kind="stable")
    values, cumulative = score[known][order], np.cumsum(rows[known][order])
    at = np.searchsorted(cumulative, cumulative[-1] * np.arange(1, GROUPS) / GROUPS)
    edges = np.unique(np.concatenate([[values[0]], values[at]]))
    group = np.searchsorted(edges, np.where(np.isnan(score), edges[0], score), side="right") - 1
    return np.where(np.isnan(score), len(edges), np.maximum(group, 0)), np.append(edges, np.nan)


def _where(found: Known, edges: Floats, given: NDArray[np.int64], rows: Floats) -> str:
    """The neighbouring groups of scores that most labels should come from."""
    scored = len(edges) - 1
    if scored < 3 or found.study.problem.task != "binary":
        return ""
    rate = np.divide(given[:scored], rows[:scored], out=np.zeros(scored), where=rows[:scored] > 0)
    first = last = int(np.argmax(rate))
    while given[first : last + 1].sum() < TOP * given.sum() and (first > 0 or last < scored - 1):
        left = rate[first - 1] if first > 0 else -1.0
        right = rate[last + 1] if last < scored - 1 else -1.0
        first, last = (first - 1, last) if left >= right else (first, last + 1)
    if first == 0 and last == scored - 1:
        return ""
    part = f"{int(given[first : last + 1].sum()):,} of them with scores"
    if last == scored - 1:
        return f"{part} from {edges[first]:.2g} up"
    return (
        f"{part} below {edges[last + 1]:.2g}" if first == 0 else f"{part} {edges[first]:.2g} to {edges[last + 1]:.2g}"
    )
