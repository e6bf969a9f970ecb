"""Metrics of a classifier on rows whose labels are unknown: the expected table, and the metric read from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.analyses.estimation.cells import Tally
from steelyard.analyses.estimation.chances import Chances
from steelyard.analyses.estimation.intervals import Terms, stated
from steelyard.data.border import as_table
from steelyard.facts import Moments, compile_expression, names_in
from steelyard.metrics import Confusion, Means, Metric, Problem, ScoreCells, binary, multiclass
from steelyard.metrics.estimate import gradient_of, value_of
from steelyard.metrics.means import read_means
from steelyard.metrics.problem import DECISION, LABEL, SCORE
from steelyard.metrics.score_cells import read_scores
from steelyard.records import Outcome, Undefined, UndefinedMetricError
from steelyard.stats import label_free

Floats = NDArray[np.float64]
LEAST_EXPECTED = 5
"""Rows of each class from which on a ranking is estimated."""
OF_A_ROW = frozenset({LABEL, DECISION, SCORE})
"""Row columns that a cell tells."""


@dataclass(frozen=True, eq=False)
class Wrong:
    """Which class it is where a decision is wrong: `share[d, k]`, from `support[d]` wrong decisions with a label."""

    share: Floats
    support: Floats


@dataclass(frozen=True, eq=False)
class Expected:
    """Rows with what is known, and what is to be expected, of their labels.

    Attributes:
        tally: the rows.
        chance: (C,) probability of a hit of the rows without a label.
        chances: where it comes from.
        problem: task, classes.
        wrong: of several classes, which one a miss is.
        values: by row expressions, their (C, k) values were the label a hit, and were it a miss.
    """

    tally: Tally
    chance: Floats
    chances: Chances
    problem: Problem
    wrong: Wrong | None = None
    values: Mapping[tuple[str, ...], tuple[Floats, Floats]] = field(default_factory=dict)

    def where(self, cells: NDArray[np.bool_]) -> Expected:
        """Only some of the cells."""
        values = {names: (hit[cells], miss[cells]) for names, (hit, miss) in self.values.items()}
        return replace(self, tally=self.tally.where(cells), chance=self.chance[cells], values=values)

    def forgotten(self) -> Expected:
        """The rows that have a label, as if they had none."""
        return replace(self, tally=self.tally.forgotten())

    def known(self) -> Expected:
        """The rows that have a label alone."""
        return replace(self, tally=self.tally.known())

    @property
    def hit(self) -> Floats:
        """(C, 3) expected rows, weight and squared weight of hits."""
        return np.asarray(self.tally.hit + self.chance[:, None] * self.tally.unknown)

    @property
    def miss(self) -> Floats:
        """(C, 3) the same of misses."""
        return np.asarray(self.tally.miss + (1 - self.chance[:, None]) * self.tally.unknown)


Slopes = Callable[[Floats], tuple[Floats, Floats]]
"""From a metric's gradient to its slope for a hit and for a miss in each cell of rows."""


def expect(
    tally: Tally, chances: Chances, problem: Problem, wrong: Wrong | None = None, metrics: Sequence[Metric] = ()
) -> Expected:
    """What is to be expected of the labels of these rows, and of the row values that these metrics are means of."""
    wanted = list(dict.fromkeys(names for metric in metrics if (names := _row_values(metric, problem))))
    values = dict(zip(wanted, _evaluated(wanted, tally), strict=True)) if wanted else {}
    return Expected(tally, chances.of(tally), chances, problem, wrong, values)


def outcome(metric: Metric, rows: Expected, terms: Terms) -> Outcome | None:
    """The metric on these rows once their labels are there; None where cells do not tell it."""
    seen = _seen(metric, rows)
    if seen is None:
        return None
    view, slopes = seen
    if isinstance(view, ScoreCells) and min(view.p_counts.sum(), view.q_counts.sum()) < LEAST_EXPECTED:
        return Undefined(f"fewer than {LEAST_EXPECTED} rows of one class are expected")
    try:
        value = value_of(metric, view)
    except UndefinedMetricError as error:
        return Undefined(str(error))
    gradient = gradient_of(metric, view)
    hit, miss = slopes(gradient)
    unknown, chances = rows.tally.unknown, rows.chances
    spread = label_free.realised_uncertainty(
        hit, miss, rows.chance, unknown[:, 1], unknown[:, 2], chances.cell(rows.tally), chances.support
    )
    variance = (spread.variance + _of_wrong_classes(gradient, rows)) * chances.design
    return stated(metric, value, variance, chances.degrees, view.rows, view.effective_rows, terms)


def _seen(metric: Metric, rows: Expected) -> tuple[Confusion | ScoreCells | Means, Slopes] | None:
    if metric.read is binary.read_confusion:
        return _two_by_two(rows)
    if metric.read is read_scores and rows.problem.task == "binary":
        return _by_score(rows)
    if metric.read is multiclass.read_confusion and rows.wrong is not None:
        return _square(rows, rows.wrong)
    if metric.read is read_means and (values := _row_values(metric, rows.problem)) in rows.values:
        return _means(values, rows)
    return None


def _two_by_two(rows: Expected) -> tuple[Confusion, Slopes]:
    said, known = np.maximum(rows.tally.decision, 0), rows.tally.decision >= 0

    def table(column: int) -> Floats:
        of = [
            np.bincount(said[known], weights=side[known, column], minlength=2)[:2] for side in (rows.miss, rows.hit)
        ]
        return np.array(of, dtype=float)

    def slopes(gradient: Floats) -> tuple[Floats, Floats]:
        g = gradient.reshape(2, 2)
        return np.where(known, g[1, said], 0.0), np.where(known, g[0, said], 0.0)

    return Confusion(table(1), table(2), _whole(table(0)), binary.CLASSES), slopes


def _by_score(rows: Expected) -> tuple[ScoreCells, Slopes]:
    tally, known = rows.tally, ~np.isnan(rows.tally.score)
    middle = tally.left[known] + tally.right[known]
    bins, place = np.unique(middle, return_inverse=True)
    example = np.zeros(len(bins), dtype=np.int64)
    example[place] = np.arange(len(place))

    def per_bin(column: Floats) -> Floats:
        return np.bincount(place, weights=column[known], minlength=len(bins)).astype(float)

    p, q, s = rows.hit, rows.miss, np.where(known, tally.score, 0.0)
    view = ScoreCells(
        p=per_bin(p[:, 1]),
        q=per_bin(q[:, 1]),
        p_squares=per_bin(p[:, 2]),
        q_squares=per_bin(q[:, 2]),
        p_counts=_whole(per_bin(p[:, 0])),
        q_counts=_whole(per_bin(q[:, 0])),
        left=tally.left[known][example],
        right=tally.right[known][example],
        score_p=per_bin(p[:, 1] * s),
        score_q=per_bin(q[:, 1] * s),
        score2_p=per_bin(p[:, 1] * s * s),
        score2_q=per_bin(q[:, 1] * s * s),
        probability=rows.problem.probability,
    )

    def slopes(gradient: Floats) -> tuple[Floats, Floats]:
        hit, miss = np.zeros(len(known)), np.zeros(len(known))
        hit[known], miss[known] = gradient[place], gradient[len(bins) + place]
        return hit, miss

    return view, slopes


def _square(rows: Expected, wrong: Wrong) -> tuple[Confusion, Slopes]:
    k, said, known = len(rows.problem.classes), np.maximum(rows.tally.decision, 0), rows.tally.decision >= 0

    def table(column: int) -> Floats:
        hit, miss = (
            np.bincount(said[known], weights=side[known, column], minlength=k) for side in (rows.hit, rows.miss)
        )
        return np.asarray(np.diag(hit) + (miss[:, None] * wrong.share).T, dtype=float)

    def slopes(gradient: Floats) -> tuple[Floats, Floats]:
        g = gradient.reshape(k, k)
        missed = np.sum(wrong.share * g.T, axis=1)
        return np.where(known, np.diagonal(g)[said], 0.0), np.where(known, missed[said], 0.0)

    return Confusion(table(1), table(2), _whole(table(0)), rows.problem.classes), slopes


def _whole(counts: Floats) -> Floats:
    """Expected numbers of rows, without the last digits that would make their sum fall short of a whole number."""
    return np.asarray(np.round(counts, 6))


def _of_wrong_classes(gradient: Floats, rows: Expected) -> float:
    """Variance from not knowing which class a miss is; 0 for two classes."""
    if rows.wrong is None:
        return 0.0
    share, k = rows.wrong.share, len(rows.problem.classes)
    g = gradient.reshape(k, k).T
    spread = np.maximum(np.sum(share * g**2, axis=1) - np.sum(share * g, axis=1) ** 2, 0.0)
    said, known = rows.tally.decision, rows.tally.decision >= 0
    missed = rows.tally.unknown[known] * (1 - rows.chance[known])[:, None]
    weight, square = (np.bincount(said[known], weights=missed[:, c], minlength=k) for c in (1, 2))
    return float(np.sum(spread * (square + weight**2 / (rows.wrong.support + label_free.KAPPA + 1))))


def _row_values(metric: Metric, problem: Problem) -> tuple[str, ...]:
    """The row expressions that a metric is a mean of, where a cell of rows tells them; else none."""
    needs = metric.needs(problem)
    if isinstance(needs, str) or len(needs) != 1 or not isinstance(needs[0], Moments) or problem.task != "binary":
        return ()
    told = all(OF_A_ROW.issuperset(names_in(expression)) for expression in needs[0].values)
    return needs[0].values if told else ()


def _means(expressions: tuple[str, ...], rows: Expected) -> tuple[Means, Slopes]:
    if_hit, if_miss = rows.values[expressions]
    known = np.asarray(np.isfinite(if_hit).all(axis=1) & np.isfinite(if_miss).all(axis=1))
    ones = np.ones((int(known.sum()), 1))
    hit = np.hstack([ones, if_hit[known]])
    miss = np.hstack([ones, if_miss[known]])
    p, q = rows.hit[known], rows.miss[known]
    view = Means(
        sums=p[:, 1] @ hit + q[:, 1] @ miss,
        products=(hit.T * p[:, 2]) @ hit + (miss.T * q[:, 2]) @ miss,
        cubes=np.zeros(len(expressions)),
        counts=round(float(p[:, 0].sum() + q[:, 0].sum())),
        names=expressions,
    )

    def slopes(gradient: Floats) -> tuple[Floats, Floats]:
        made = np.zeros((2, known.size))
        made[0, known], made[1, known] = hit @ gradient, miss @ gradient
        return made[0], made[1]

    return view, slopes


def _evaluated(wanted: Sequence[tuple[str, ...]], tally: Tally) -> Iterator[tuple[Floats, Floats]]:
    """(C, k) values of each group of row expressions in each cell, were its label a hit, and were it a miss."""
    cells = len(tally.score)
    decision = np.where(tally.decision >= 0, tally.decision, np.nan)
    frame = pl.DataFrame(
        {
            LABEL: np.repeat([1.0, 0.0], cells),
            DECISION: pl.Series(np.tile(decision, 2), nan_to_null=True, dtype=pl.Float64),
            SCORE: pl.Series(np.tile(tally.score, 2), nan_to_null=True),
        }
    )
    table = as_table(frame, "cells")
    expressions = list(dict.fromkeys(e for names in wanted for e in names))
    made = table.frame.select(
        **{str(i): compile_expression(e, table.kinds) for i, e in enumerate(expressions)}
    ).collect("polars")
    values = np.asarray(made.to_numpy(), dtype=float)
    for names in wanted:
        of = values[:, [expressions.index(e) for e in names]]
        yield of[:cells], of[cells:]
