"""Labels that the scores doubt: confident learning on the cells of label × score."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import polars as pl

from steelyard.analyses.quality.columns import look
from steelyard.analyses.quality.defect import Defect
from steelyard.analyses.quality.evidence import CURRENT, design
from steelyard.analyses.slicing import SliceBy, slices_of
from steelyard.analyses.study import Study
from steelyard.facts import Cells, FactTable, text
from steelyard.facts.levels import normal
from steelyard.metrics.read import scores
from steelyard.metrics.views import ScoreCells
from steelyard.records import Estimate, Slice
from steelyard.stats.label_noise import LabelNoise, label_noise

TOLD = 0.005
FEWEST = 200
FEWEST_OF_A_CLASS = 50
TWICE = 2.0
METHOD = "wilson, confident learning"


@dataclass(frozen=True, kw_only=True)
class DoubtedLabels(Defect):
    """Labels that contradict confident scores more often than the scores allow for.

    Attributes:
        estimate: share of wrong labels by confident learning.
        by_class: given label, class the scores say, and the estimated share of the rows with that label.
        worst: the slice where it is clearly more, with its share, None where there is none.
        contradicted: rows whose label contradicts a confident score.
    """

    estimate: Estimate
    by_class: tuple[tuple[str, str, float], ...]
    worst: tuple[Slice, Estimate] | None
    contradicted: int


def doubted_labels(study: Study) -> Iterator[DoubtedLabels]:
    """Doubted labels of the current data, in binary and multiclass problems with probabilities."""
    problem = study.problem
    if not problem.probability or not problem.scored:
        return
    if problem.task == "binary":
        found = _binary(study)
    elif problem.task == "multiclass" and len(problem.scored) == len(problem.classes):
        found = _multiclass(study)
    else:
        return
    if found is not None and found.share.low > 0 and found.share.value >= TOLD:
        yield found


def _binary(study: Study) -> DoubtedLabels | None:
    cells = study.problem.cells()
    fact = _within(cells, SliceBy(), study)
    table = study.profiles[CURRENT].tables.get(fact)
    if table is None:
        return None
    noise = _of_cells(fact, table, study)
    if noise is None:
        return None
    return _made(
        study, noise, ("not positive", "positive"), study.profiles[CURRENT].rows, _worst(study, cells, noise)
    )


def _within(cells: Cells, by: SliceBy, study: Study) -> Cells:
    return Cells(cells.cells, by.within(study.bucket), cells.values, cells.weight)


def _of_cells(fact: Cells, table: FactTable, study: Study) -> LabelNoise | None:
    view = scores(fact, table)
    if min(view.p_counts.sum(), view.q_counts.sum()) < FEWEST_OF_A_CLASS:
        return None
    score = _means(view)
    labels = np.repeat([1, 0], len(score))
    columns = np.column_stack([1 - score, score])
    counts = np.concatenate([view.p_counts, view.q_counts]) / design(study, CURRENT)
    return label_noise(labels, np.vstack([columns, columns]), study.level, counts)


def _means(view: ScoreCells) -> np.ndarray:
    """Mean score of each bin."""
    weight = view.p + view.q
    total = view.score_p + view.score_q
    middle = (view.left + view.right) / 2
    return np.asarray(np.clip(np.divide(total, weight, out=middle.copy(), where=weight > 0), 0.0, 1.0))


def _worst(study: Study, cells: Cells, overall: LabelNoise) -> tuple[Slice, Estimate] | None:
    """The slice with clearly more doubted labels than twice those of all rows."""
    best: tuple[Slice, Estimate] | None = None
    for by in study.slices[1:]:
        fact = _within(cells, by, study)
        table = study.profiles[CURRENT].tables.get(fact)
        if table is None:
            continue
        for where, cells_of in slices_of(by, fact, table)[0]:
            noise = _of_cells(fact, table.where(cells_of), study)
            if noise is None or noise.excess_low < TWICE * max(overall.excess, 0.0):
                continue
            if best is None or noise.excess > best[1].value:
                best = where, _excess(noise, study, int(table.where(cells_of).rows))
    return best


def _multiclass(study: Study) -> DoubtedLabels | None:
    """From the rows of a look: of several classes the scores of one row must be seen together."""
    problem, roles = study.problem, study.roles
    label = look(study, roles.labels[0], CURRENT)
    columns = [look(study, c, CURRENT) for c in roles.scores]
    if label is None or any(c is None or not c.dtype.is_numeric() for c in columns):
        return None
    names = [text(normal(v)) if v is not None else "" for v in label.to_list()]
    place = {name: i for i, name in enumerate(problem.scored)}
    given = np.array([place.get(name, -1) for name in names])
    p = np.column_stack([c.cast(pl.Float64).fill_null(np.nan).to_numpy() for c in columns if c is not None])
    known = (given >= 0) & np.isfinite(p).all(axis=1)
    if known.sum() < FEWEST or np.bincount(given[known], minlength=len(place)).min() < FEWEST_OF_A_CLASS:
        return None
    weight = np.full(int(known.sum()), 1 / design(study, CURRENT))
    noise = label_noise(given[known], p[known], study.level, weight)
    return None if noise is None else _made(study, noise, problem.scored, int(known.sum()), None)


def _made(
    study: Study, noise: LabelNoise, names: tuple[str, ...], rows: int, worst: tuple[Slice, Estimate] | None
) -> DoubtedLabels:
    held = noise.joint.sum(axis=1)
    pairs = [
        (names[i], names[j], float(noise.joint[i, j] / held[i]))
        for i in range(len(names))
        for j in range(len(names))
        if i != j and noise.joint[i, j] >= TOLD / 2
    ]
    excess = _excess(noise, study, rows)
    return DoubtedLabels(
        columns=study.roles.labels,
        share=excess,
        rows=round(max(excess.value, 0.0) * study.profiles[CURRENT].rows),
        estimate=Estimate(noise.share, noise.low, noise.high, study.level, rows, METHOD),
        by_class=tuple(sorted(pairs, key=lambda pair: -pair[2])),
        worst=worst,
        contradicted=round(noise.contradicted * design(study, CURRENT) * study.profiles[CURRENT].rows / max(rows, 1)),
    )


def _excess(noise: LabelNoise, study: Study, rows: int) -> Estimate:
    return Estimate(
        noise.excess, noise.excess_low, noise.excess_high, study.level, rows, "wilson, confident learning"
    )
