"""All features together: how well they tell the largest group of an attribute from the others."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.drift.coded import coded
from steelyard.analyses.drift.joint import MOST_FEATURES
from steelyard.analyses.drift.sampled import FEWEST, Sampled
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.data import read
from steelyard.facts import Among, Binned, Category, CutGrid, Sample, Window, measure, text
from steelyard.facts.levels import MISSING_TEXT
from steelyard.records import Estimate, GivenAway, Slice
from steelyard.stats.discriminate import folds_of, separation, unseen_additive

ROWS = 5_000
"""Rows of the look that are taken; more would take longer and tell little more."""


def given_away(study: Study) -> tuple[GivenAway, ...]:
    """What each attribute's largest group is told by, on a sample of rows; nothing where rows or groups are few."""
    return tuple(found for by in study.sensitive if (found := _of(study, by)) is not None)


def _of(study: Study, by: SliceBy) -> GivenAway | None:
    frame = study.looks["current"].frame
    (key,) = by.keys
    features = [f for f in study.features if f.name != key.column and f.name in frame.columns][:MOST_FEATURES]
    if not features or key.column not in frame.columns:
        return None
    frame = frame.sample(min(ROWS, frame.height), seed=study.seed) if frame.height else frame
    fact = Sample((key.column, *(f.name for f in features)), ROWS)
    table = measure(read(frame), [fact])[fact]
    rows = Sampled(fact.columns, (table,), (np.repeat(np.arange(len(table)), table.sums[:, 0].astype(np.int64)),))
    names = np.array(_names(rows, key))
    known = names != MISSING_TEXT
    found, counts = np.unique(names[known], return_counts=True)
    if len(found) < 2:
        return None
    group = str(found[counts.argmax()])
    second = names[known] == group
    columns = coded(features, rows)
    if not columns.features or min(int(second.sum()), int((~second).sum())) < FEWEST:
        return None
    unseen = unseen_additive(
        columns.codes[known], columns.widths, columns.coarse[known], second, folds_of(second, study.seed)
    )
    told = separation(unseen.scores, second, study.level)
    auc = Estimate(told.auc, told.low, told.high, study.level, len(second), "cross-fitted, delong", se=told.se)
    return GivenAway(key.column, Slice.of({key.column: group}), auc, len(columns.features))


def _names(rows: Sampled, key: Category | Binned | Among | Window) -> list[str]:
    """The group of each row as a reader sees it."""
    if isinstance(key, Binned) and isinstance(key.grid, CutGrid):
        grid = key.grid
        # Positions count a missing value first, then what lies below and above all bins.
        return [grid.name(place - 2) if place else MISSING_TEXT for place in rows.grouped(key).tolist()]
    return [text(value) for value in rows.values(key.column)]
