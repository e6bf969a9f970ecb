"""Cubes: both data sets by segment × score group × truth × decision, of one feature's groups at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Literal

import numpy as np
import polars as pl
from numpy.typing import NDArray

from steelyard.analyses.features import Feature
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Category, Cells, CutGrid, Fact, FactTable, measure_index, text
from steelyard.facts.grids import Grid
from steelyard.metrics.problem import DECISION, LABEL, LOSS, SCORE
from steelyard.stats import decomposition

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
Kind = Literal["decisions", "scores", "loss"]
"""What a metric is a function of: truth and decision, truth and score, or the mean loss of rows."""

SCORE_GROUPS = 24
ROWS_PER_GROUP = 200
"""Rows of the look that a score group should hold at least."""
FEWEST_GROUPS = 4
PREDICTION_GROUPS = 12
MOST_CLASSES = 20
"""Classes up to which truth × decision is held; beyond, only whether a row was wrong."""
STRAY = 0.002
"""Share of decisions that may contradict a threshold for it still to be one."""


@dataclass(frozen=True)
class Cube:
    """One data set: weights by segment, group of scores, truth and decision; for a loss also its mean.

    Attributes:
        weight: Σw, of shape (segments, groups, truths, decisions).
        squares: Σw² likewise.
        loss: mean of the loss in each cell, where the cube is of one; truths and decisions are then of length 1.
        spread: variance of that loss inside each cell.
    """

    weight: Floats
    squares: Floats
    loss: Floats | None = None
    spread: Floats | None = None

    @cached_property
    def rows(self) -> float:
        """Kish's effective number of rows."""
        squares = float(self.squares.sum())
        return float(self.weight.sum()) ** 2 / squares if squares > 0 else 0.0

    @property
    def joint(self) -> Floats:
        """Shares by group, truth and decision; of a loss, what each group contributes to its mean."""
        table = self.weight if self.loss is None else self.weight * self.loss
        total = float(self.weight.sum())
        return np.asarray(table.sum(axis=0) / total) if total > 0 else np.zeros(table.shape[1:])

    @property
    def segments(self) -> Floats:
        """Weight of each segment."""
        return np.asarray(self.weight.sum(axis=(1, 2, 3)))

    def where(self, segments: Mask) -> Cube:
        """The rows of some segments."""
        return replace(
            self,
            weight=self.weight[segments],
            squares=self.squares[segments],
            loss=None if self.loss is None else self.loss[segments],
            spread=None if self.spread is None else self.spread[segments],
        )


@dataclass(frozen=True)
class Pair:
    """Reference and current data on the same axes.

    Attributes:
        feature: whose groups are the segments.
        codes: the code of each segment.
        groups: the code of each score group (or the place of each decision).
        then, now: the cubes.
    """

    feature: Feature
    codes: Ints
    groups: Ints
    then: Cube
    now: Cube

    def where(self, segments: Mask) -> Pair:
        """The rows of some segments."""
        return replace(self, codes=self.codes[segments], then=self.then.where(segments), now=self.now.where(segments))

    @property
    def empty(self) -> bool:
        """Whether a data set has no rows."""
        return self.then.rows == 0 or self.now.rows == 0


@dataclass(frozen=True)
class Layout:
    """What the cells of every feature hold beside its groups; made once, as it takes a look at the data.

    Attributes:
        cells: truth, decision and score group, or the prediction's group.
        values: the loss and its square, where it is a loss that is averaged.
        weight: the weight's column.
        classes: names of the classes.
    """

    cells: tuple[Category | Binned, ...]
    values: tuple[str, ...] = ()
    weight: str | None = None
    classes: tuple[str, ...] = ()

    def of(self, feature: Feature) -> Cells:
        """The cells of one feature."""
        return Cells(self.cells, by=(feature.key,), values=self.values, weight=self.weight)

    @property
    def score_grid(self) -> CutGrid | None:
        """Score groups, where there are scores."""
        last = self.cells[-1] if self.cells else None
        return last.grid if isinstance(last, Binned) and isinstance(last.grid, CutGrid) else None


def facts(study: Study) -> Iterator[Fact]:
    """One table of cells a feature, where there is a reference to compare with."""
    made = layout(study) if "reference" in study.looks and study.features else None
    if made is not None:
        yield from (made.of(feature) for feature in study.features)


def about(study: Study) -> Iterator[Fact]:
    """Causes are told of rows with their labels: nothing of the user's columns alone."""
    return iter(())


def layout(study: Study) -> Layout | None:
    """How cells are laid out; None where no cause of a change can be told."""
    problem = study.problem
    match problem.task:
        case "binary" if LABEL in problem.columns and (problem.scored or problem.decided):
            keys: list[Category | Binned] = [Category(LABEL)]
            if problem.decided:
                keys.append(Category(DECISION))
            if problem.scored:
                keys.append(Binned(SCORE, _score_grid(study)))
            return Layout(tuple(keys), weight=problem.weight, classes=problem.classes)
        case "multiclass" if problem.decided and LABEL in problem.columns and len(problem.classes) <= MOST_CLASSES:
            cells = (Category(LABEL), Category(DECISION))
            return Layout(cells, weight=problem.weight, classes=problem.classes)
        case "multiclass" | "multilabel" | "regression" | "forecasting" if problem.loss is not None:
            return Layout(_prediction_key(study), (LOSS, f"{LOSS} * {LOSS}"), problem.weight)
        case _:
            return None


def thresholds(study: Study) -> dict[str, float]:
    """The score from which on decisions are positive, by data set; where decisions follow the score."""
    problem, roles = study.problem, study.roles
    if problem.threshold is not None:
        return dict.fromkeys(study.looks, problem.threshold)
    if not (problem.scored and roles.predictions):
        return {}
    found = ((data, _threshold(study, data)) for data in study.looks)
    return {data: cut for data, cut in found if cut is not None}


def pair_of(study: Study, made: Layout, feature: Feature, kind: Kind, power: int = 1) -> Pair | None:
    """The cubes of one feature; None where they were not measured, or a data set has no rows in them.

    Args:
        study: the study.
        made: how its cells are laid out.
        feature: whose groups are the segments.
        kind: what the metric is a function of.
        power: of the loss (2 for a root mean square).
    """
    fact = made.of(feature)
    if any(fact not in study.profiles[data] for data in ("reference", "current")):
        return None
    tables = [study.profiles[data][fact] for data in ("reference", "current")]
    codes = np.unique(np.concatenate([t.codes[:, 0] for t in tables]))
    if kind == "loss":
        found = _of_loss(fact, tables, codes, power)
    else:
        found = _of_classes(fact, tables, codes, made.classes, kind)
    if found is None:
        return None
    groups, cubes = found
    pair = Pair(feature, codes, groups, *cubes)
    return None if pair.empty else pair


def _score_grid(study: Study) -> CutGrid:
    """Score groups: quantiles of the reference's look, and the thresholds of both data sets, on the score's grid."""
    cuts = _quantiles(study, study.roles.scores[0], SCORE_GROUPS)
    fine = _on_grid(cuts, study.problem.score_grid)
    return CutGrid(tuple(sorted({*fine.tolist(), *thresholds(study).values()})))


def _prediction_key(study: Study) -> tuple[Binned, ...]:
    """Groups of the prediction of a number; none for other tasks."""
    if study.problem.task not in ("regression", "forecasting") or not study.roles.predictions:
        return ()
    cuts = _quantiles(study, study.roles.predictions[0], PREDICTION_GROUPS)
    return (Binned(DECISION, CutGrid(tuple(cuts.tolist()))),)


def _of_classes(
    fact: Cells, tables: list[FactTable], codes: Ints, classes: tuple[str, ...], kind: Kind
) -> tuple[Ints, tuple[Cube, Cube]] | None:
    keys = [key.column for key in fact.cells if isinstance(key, (Category, Binned))]
    scored, decided = SCORE in keys, DECISION in keys
    if (kind == "decisions" and not decided) or (kind == "scores" and not scored):
        return None
    place = {name: i for i, name in enumerate(classes)}
    groups = _groups(fact, tables, keys, classes, kind)
    made = []
    for table in tables:
        truth, undecided = _places(table, 1, place), np.zeros(len(table), dtype=np.int64)
        decision = _places(table, 1 + keys.index(DECISION), place) if decided else undecided
        segment = np.searchsorted(codes, table.codes[:, 0])
        if scored:
            code = table.codes[:, 1 + keys.index(SCORE)]
            group, known = _found(groups, code)
        else:
            group, known = decision, decision >= 0
        # Without a score the decision is the group, and nothing is left to decide.
        last = decision if kind == "decisions" and scored else undecided
        known &= (truth >= 0) & (last >= 0)
        shape = (len(codes), len(groups), len(classes), len(classes) if kind == "decisions" and scored else 1)
        flat = np.ravel_multi_index((segment[known], group[known], truth[known], last[known]), shape)
        weight, squares = (
            np.bincount(flat, weights=table.sums[known, measure_index(fact, p)], minlength=int(np.prod(shape)))
            for p in (1, 2)
        )
        made.append(Cube(weight.astype(float).reshape(shape), squares.astype(float).reshape(shape)))
    return groups, (made[0], made[1])


def _of_loss(fact: Cells, tables: list[FactTable], codes: Ints, power: int) -> tuple[Ints, tuple[Cube, Cube]] | None:
    if not fact.values:
        return None
    grouped = bool(fact.cells)
    groups = np.unique(np.concatenate([t.codes[:, 1] for t in tables])) if grouped else np.zeros(1, dtype=np.int64)
    made = []
    for table in tables:
        segment = np.searchsorted(codes, table.codes[:, 0])
        group = np.searchsorted(groups, table.codes[:, 1]) if grouped else np.zeros(len(table), dtype=np.int64)
        flat = segment * len(groups) + group
        size, shape = len(codes) * len(groups), (len(codes), len(groups), 1, 1)

        def summed(
            weight_power: int,
            factors: tuple[int, ...] = (),
            table: FactTable = table,
            flat: Ints = flat,
            size: int = size,
            shape: tuple[int, ...] = shape,
        ) -> Floats:
            column = table.sums[:, measure_index(fact, weight_power, factors)]
            return np.bincount(flat, weights=column, minlength=size).astype(float).reshape(shape)

        weight = summed(1)
        first = decomposition.mean_given(summed(1, (0,)), weight)
        second = decomposition.mean_given(summed(1, (1,)), weight)
        if power == 1:
            made.append(Cube(weight, summed(2), first, np.maximum(second - first**2, 0.0)))
        else:
            # The fourth moment is not kept: that of a normal error stands in, and the whole is scaled to the
            # metric's own standard error afterwards.
            made.append(Cube(weight, summed(2), second, 2.0 * second**2))
    return groups, (made[0], made[1])


def _groups(fact: Cells, tables: list[FactTable], keys: list[str], classes: tuple[str, ...], kind: Kind) -> Ints:
    """Codes of the score groups: of rows with a score where only those count; without a score the decisions."""
    if SCORE not in keys:
        return np.arange(len(classes))
    at = keys.index(SCORE)
    key = fact.cells[at]
    if kind == "scores" and isinstance(key, Binned) and isinstance(key.grid, CutGrid):
        return np.arange(len(key.grid.cuts) + 1)
    return np.unique(np.concatenate([table.codes[:, 1 + at] for table in tables]))


def _found(groups: Ints, codes: Ints) -> tuple[Ints, Mask]:
    if not len(groups):
        return np.zeros(len(codes), dtype=np.int64), np.zeros(len(codes), dtype=bool)
    at = np.minimum(np.searchsorted(groups, codes), len(groups) - 1)
    return at.astype(np.int64), groups[at] == codes


def _places(table: FactTable, key: int, place: dict[str, int]) -> Ints:
    lookup = np.array([-1 if v is None else place.get(text(v), -1) for v in table.levels[key]] or [-1])
    return np.asarray(lookup[table.codes[:, key]], dtype=np.int64)


def _quantiles(study: Study, column: str, most: int) -> Floats:
    """Cuts between groups of about equal size, ascending, by the reference's look."""
    frame = study.looks["reference"].frame
    if column not in frame.columns:
        return np.zeros(0)
    values = frame[column].cast(pl.Float64, strict=False).drop_nulls().to_numpy()
    finite = values[np.isfinite(values)]
    wanted = min(max(len(finite) // ROWS_PER_GROUP, FEWEST_GROUPS), most)
    return np.unique(np.quantile(finite, np.arange(1, wanted) / wanted)) if len(finite) else np.zeros(0)


def _on_grid(cuts: Floats, grid: Grid | None) -> Floats:
    """Cuts moved to the edges of the fine grid, so that a fine bin lies in one group."""
    if grid is None or not len(cuts):
        return np.unique(cuts)
    low, _ = grid.size
    left, _ = grid.edges(grid.positions(cuts) - 2 + low)
    return np.unique(left[np.isfinite(left)])


def _threshold(study: Study, data: str) -> float | None:
    frame = study.looks[data].frame
    score, decision = study.roles.scores[0], study.roles.predictions[0]
    if score not in frame.columns or decision not in frame.columns:
        return None
    known = frame.select(pl.col(score).cast(pl.Float64, strict=False).alias("s"), pl.col(decision).alias("d"))
    known = known.filter(pl.col("s").is_finite() & pl.col("d").is_not_null())
    sides = known.group_by("d").agg(pl.col("s").mean().alias("mean"), pl.col("s").min().alias("low"), pl.len())
    if sides.height != 2:
        return None
    positive = sides.sort("mean").row(1, named=True)
    cut = float(positive["low"])
    stray = known.filter((pl.col("s") >= cut) & (pl.col("d") != positive["d"])).height
    return cut if stray <= STRAY * known.height else None
