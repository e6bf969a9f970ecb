"""The two ways to estimate: the expected table of a classifier, the mean loss of a regression, with one face."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.estimation import classified, losses
from steelyard.analyses.estimation.cells import Tally, cells_fact, read_tally
from steelyard.analyses.estimation.chances import Chances, fit, heterogeneity
from steelyard.analyses.estimation.intervals import Terms
from steelyard.analyses.slicing import ALL_ROWS, SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Cells, Count, CutGrid, Fact, FactTable, Key, Moments, Profile
from steelyard.metrics import Metric, Problem
from steelyard.metrics.problem import DECISION
from steelyard.metrics.read import confusion
from steelyard.metrics.rows import ABS_ERROR, CONFIDENCE
from steelyard.records import ConfigError, Outcome
from steelyard.stats.label_free import KAPPA, Pairs

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
PREDICTION_CUTS = (0.01, 0.03, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.997)
"""Shares of the reference's predictions that groups of them are cut at: finer where errors tend to grow."""
SQUARE = "sy_error * sy_error"


class Placed(Protocol):
    """Tells the segment of every cell of a fact's table."""

    def places(self, fact: Fact, table: FactTable) -> Ints:
        """Place of the segment of each cell."""

    @property
    def size(self) -> int:
        """Number of segments."""


@dataclass(frozen=True)
class Learnt:
    """What labelled rows said, for use on others.

    Attributes:
        model: `Chances` or `Sizes`.
        wrong: of several classes, which one a wrong decision is.
    """

    model: Any
    wrong: classified.Wrong | None = None


class Approach(Protocol):
    """How the metrics of a kind of task are estimated."""

    def facts(self, study: Study, by: SliceBy) -> tuple[Fact, ...]:
        """The facts that rows are read from, by segment."""

    def read(self, study: Study, profile: Profile, by: SliceBy, strata: Placed) -> Any:
        """Cells of rows in their segments."""

    def learn(self, study: Study, profile: Profile | None, rows: Any, base: Learnt | None = None) -> Learnt | None:
        """Learn from the labelled rows among them; None where these are too few."""

    def heterogeneity(self, learnt: Learnt, rows: Any) -> tuple[float, int]:
        """χ² of segments that differ from what was learnt without them, and its degrees of freedom."""

    def expect(self, study: Study, metrics: Sequence[Metric], rows: Any, learnt: Learnt) -> Any:
        """What these metrics need to know of the rows; it has the rows' `where`, `forgotten` and `known`."""

    def judged(self, expected: Any, learnt: Learnt) -> Any:
        """The same rows, by what other rows said."""

    def outcome(self, metric: Metric, expected: Any, terms: Terms) -> Outcome | None:
        """A metric on rows with what is to be expected of them; None where it cannot be estimated."""

    def pairs(self, rows: Any, learnt: Learnt) -> tuple[Pairs, tuple[float, float, float]] | None:
        """Sums of the main loss and its expectation over labelled rows; n, Σf and Σf² of the others."""

    def labelled(self, rows: Any) -> tuple[float, float]:
        """Rows with a label, and all rows that a label would tell something of."""


def approach_of(problem: Problem) -> Approach | None:
    """How this task's metrics are estimated; None where they cannot be."""
    if cells_fact(problem) is not None:
        return Classes()
    if problem.task in ("regression", "forecasting") and {ABS_ERROR, DECISION} <= problem.columns:
        return Numbers()
    return None


class Classes:
    """Binary and multiclass: CBPE by segment."""

    def facts(self, study: Study, by: SliceBy) -> tuple[Fact, ...]:
        """The cells of label, decision and score, as metrics ask for them; of several classes the errors too."""
        fact = _cells(study, by)
        if fact is None:
            return ()
        return (fact,) if study.problem.task == "binary" else (fact, _confusion(study))

    def read(self, study: Study, profile: Profile, by: SliceBy, strata: Placed) -> Tally:
        """Cells of rows in their segments."""
        fact = _cells(study, by)
        if fact is None:
            raise ConfigError("These rows have neither a decision nor a score, so nothing can be estimated of them.")
        table = profile[fact]
        return read_tally(study, fact, table, strata.places(fact, table), strata.size)

    def learn(self, study: Study, profile: Profile | None, rows: Tally, base: Learnt | None = None) -> Learnt | None:
        """Chances of a hit, and which class a wrong decision is."""
        problem = study.problem
        scored = bool(problem.scored) if problem.task == "binary" else CONFIDENCE in problem.columns
        model = fit(rows, len(problem.classes), scored and problem.probability, base.model if base else None)
        if model is None:
            return None
        wrong = base.wrong if base is not None else None
        if problem.task == "multiclass" and profile is not None:
            wrong = _wrong(study, profile, wrong)
        return Learnt(model, wrong)

    def heterogeneity(self, learnt: Learnt, rows: Tally) -> tuple[float, int]:
        """χ² of the hits by segment."""
        return heterogeneity(learnt.model, rows)

    def expect(self, study: Study, metrics: Sequence[Metric], rows: Tally, learnt: Learnt) -> classified.Expected:
        """The rows with what is to be expected of their labels."""
        return classified.expect(rows, learnt.model, study.problem, learnt.wrong, metrics)

    def judged(self, expected: classified.Expected, learnt: Learnt) -> classified.Expected:
        """The same rows, with other chances."""
        chance = learnt.model.of(expected.tally)
        return replace(expected, chance=chance, chances=learnt.model, wrong=learnt.wrong)

    def outcome(self, metric: Metric, expected: classified.Expected, terms: Terms) -> Outcome | None:
        """A metric of the expected table."""
        return classified.outcome(metric, expected, terms)

    def pairs(self, rows: Tally, learnt: Learnt) -> tuple[Pairs, tuple[float, float, float]] | None:
        """Right decisions, and the chance of each to be right."""
        model: Chances = learnt.model
        decided = rows.where(rows.decision >= 0)
        chance = model.of(decided)
        hit, miss, unknown = (side[:, 1] for side in (decided.hit, decided.miss, decided.unknown))
        if model.decisions == 2:
            said = decided.decision == 1
            chance = np.where(said, chance, 1 - chance)
            hit, miss = np.where(said, hit, miss), np.where(said, miss, hit)
        n = hit + miss
        right = float(hit.sum())
        labelled = Pairs(float(n.sum()), right, right, float(n @ chance), float(n @ chance**2), float(hit @ chance))
        return labelled, (float(unknown.sum()), float(unknown @ chance), float(unknown @ chance**2))

    def labelled(self, rows: Tally) -> tuple[float, float]:
        """Rows with a label, and all rows."""
        return float(rows.labelled[:, 0].sum()), float(rows.every[:, 0].sum())


class Numbers:
    """Regression and forecasts: direct estimation of the loss by segment and prediction."""

    def facts(self, study: Study, by: SliceBy) -> tuple[Fact, ...]:
        """Absolute and squared errors, and all rows, by group of predictions."""
        return self._losses(study, by), self._rows(study, by)

    def read(self, study: Study, profile: Profile, by: SliceBy, strata: Placed) -> losses.Losses:
        """Cells of rows in their segments."""
        known, every = self._losses(study, by), self._rows(study, by)
        return losses.read_losses(
            (known, profile[known], strata.places(known, profile[known])),
            (every, profile[every], strata.places(every, profile[every])),
            len(_prediction_cuts(study)),
            strata.size,
        )

    def learn(
        self, study: Study, profile: Profile | None, rows: losses.Losses, base: Learnt | None = None
    ) -> Learnt | None:
        """Mean losses."""
        model = losses.fit(rows, base.model if base else None)
        return None if model is None else Learnt(model)

    def heterogeneity(self, learnt: Learnt, rows: losses.Losses) -> tuple[float, int]:
        """χ² of the absolute errors by segment."""
        return losses.heterogeneity(learnt.model, rows)

    def expect(self, study: Study, metrics: Sequence[Metric], rows: losses.Losses, learnt: Learnt) -> losses.Foreseen:
        """The rows with what is to be expected of their errors."""
        return losses.Foreseen(rows, learnt.model)

    def judged(self, expected: losses.Foreseen, learnt: Learnt) -> losses.Foreseen:
        """The same rows, with other mean losses."""
        return replace(expected, sizes=learnt.model)

    def outcome(self, metric: Metric, expected: losses.Foreseen, terms: Terms) -> Outcome | None:
        """MAE, MSE and RMSE."""
        return losses.outcome(metric, expected, terms)

    def pairs(self, rows: losses.Losses, learnt: Learnt) -> tuple[Pairs, tuple[float, float, float]] | None:
        """Absolute errors, and what is to be expected of each."""
        f = learnt.model.of(rows)[:, losses.ABSOLUTE]
        n, total = rows.labelled[:, 1], rows.loss[:, losses.ABSOLUTE]
        unknown = rows.unknown[:, 1]
        labelled = Pairs(
            float(n.sum()),
            float(total.sum()),
            float(rows.square[:, losses.ABSOLUTE].sum()),
            float(n @ f),
            float(n @ f**2),
            float(total @ f),
        )
        return labelled, (float(unknown.sum()), float(unknown @ f), float(unknown @ f**2))

    def labelled(self, rows: losses.Losses) -> tuple[float, float]:
        """Rows with a label, and all rows."""
        return float(rows.labelled[:, 0].sum()), float(rows.every[:, 0].sum())

    def _losses(self, study: Study, by: SliceBy) -> Moments:
        return Moments((ABS_ERROR, SQUARE), self._keys(study, by), study.problem.weight, cubes=False)

    def _rows(self, study: Study, by: SliceBy) -> Count:
        return Count(self._keys(study, by), study.problem.weight)

    def _keys(self, study: Study, by: SliceBy) -> tuple[Key, ...]:
        return (*by.within(study.bucket), Binned(DECISION, CutGrid(_prediction_cuts(study))))


def _cells(study: Study, by: SliceBy) -> Cells | None:
    fact = cells_fact(study.problem)
    return None if fact is None else msgspec.structs.replace(fact, by=by.within(study.bucket))


def _confusion(study: Study) -> Cells:
    return msgspec.structs.replace(study.problem.confusion(), by=ALL_ROWS.within(study.bucket))


def _wrong(study: Study, profile: Profile, base: classified.Wrong | None) -> classified.Wrong:
    """Which class it is where a decision is wrong: shares by decision, shrunken to those of all labels."""
    fact = _confusion(study)
    seen = confusion(fact, profile[fact], study.problem.classes)
    scale = float(seen.table.sum() / seen.squares.sum()) if seen.squares.sum() > 0 else 1.0
    table = np.asarray(seen.table, dtype=float) * scale
    off = (table * (1 - np.eye(len(table)))).T
    support = off.sum(axis=1)
    if base is None:
        prior = np.tile(table.sum(axis=1) + 1.0, (len(table), 1)) * (1 - np.eye(len(table)))
        first = prior / np.maximum(prior.sum(axis=1, keepdims=True), 1.0)
    else:
        first = base.share
    return classified.Wrong((off + KAPPA * first) / (support + KAPPA)[:, None], support)


def _prediction_cuts(study: Study) -> tuple[float, ...]:
    """Cut points of the predictions into groups, from a look at the reference."""
    roles = study.roles
    column = roles.predictions[0] if roles.predictions else roles.quantiles.get(0.5)
    look = study.looks.get("reference") or study.looks.get("current")
    if look is None or column is None or column not in look.frame.columns:
        return ()
    values = look.frame[column].cast(float, strict=False).drop_nulls().to_numpy()
    values = values[np.isfinite(values)]
    if not len(values):
        return ()
    cuts = np.quantile(values, PREDICTION_CUTS)
    return tuple(sorted({float(f"{cut:.6g}") for cut in cuts}))
