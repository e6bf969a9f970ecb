"""Which columns are watched for drift, and the facts that tell of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import polars as pl

from steelyard.analyses.overview import MOST_VALUES, ColumnPlan
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Bucket, Category, Count, Fact, Histogram, Key
from steelyard.metrics.problem import WEIGHT
from steelyard.records.drift import What

REFERENCE, CURRENT = "reference", "current"
MANY_VALUES = MOST_VALUES // 10
"""Distinct values in a look from which on the count of all values may be given up: then groups are counted too."""
_WHAT: dict[str, What] = {
    "feature": "feature",
    "slice": "feature",
    "score": "score",
    "prediction": "prediction",
    "label": "label",
}


@dataclass(frozen=True)
class Watched:
    """A column that may drift.

    Attributes:
        plan: how it is counted for the overview.
        what: its role.
        key: how it is counted by window or by cluster: the groups of a feature, else the same fine bins or values.
        many: whether it may have too many values to count each.
    """

    plan: ColumnPlan
    what: What
    key: Key
    many: bool

    @property
    def name(self) -> str:
        """The column."""
        return self.plan.name

    def fine(self) -> Fact:
        """The fact of the overview that counts it finely."""
        return next(self.plan.facts())

    def counted(self, within: tuple[Key, ...], weight: str | None) -> Count:
        """Rows by its groups, within windows or clusters."""
        return Count((*within, self.key), weight)

    def weighed(self, weight: str) -> Histogram | None:
        """Its fine bins by weight; None of what is no number."""
        return Histogram(self.name, self.plan.grid, weight=weight) if self.plan.grid is not None else None


def watched(study: Study) -> list[Watched]:
    """Features, scores, predictions and labels of both data sets.

    What identifies rows or is free text has no distribution that could be held against another; a column that was
    constant has one.
    """
    if REFERENCE not in study.looks:
        return []
    keys = {feature.name: feature.key for feature in study.features}
    found = []
    for plan in study.columns:
        what = _what(plan)
        if what is None or not _comparable(study, plan):
            continue
        key = keys.get(plan.name, _own_key(plan))
        if what != "feature" or plan.name in keys or _was_constant(study, plan.name):
            found.append(Watched(plan, what, key, _distinct(study, plan.name) > MANY_VALUES))
    return found


def facts(study: Study) -> Iterator[Fact]:
    """What the overview does not count already: by weight, by window of time, by cluster.

    Of a ranking they are about its items; there weights and the row columns are those of queries.
    """
    weight = weight_of(study)
    for column in watched(study):
        if weight is not None and (fine := column.weighed(weight)) is not None:
            yield fine
        if (weight is not None and column.plan.grid is None) or column.many:
            yield column.counted((), weight)
        for within in (study.window, cluster_of(study)):
            if within is not None:
                yield column.counted((within,), weight)


def weight_of(study: Study) -> str | None:
    """The row column of the weight; None without weights, and of items."""
    return WEIGHT if study.problem.weighted and study.problem.task != "ranking" else None


def cluster_of(study: Study) -> Bucket | None:
    """What rows have in common: the cluster; of a ranking's items the query."""
    if study.problem.task == "ranking" and study.roles.query is not None:
        return Bucket(study.roles.query)
    return study.bucket


def _what(plan: ColumnPlan) -> What | None:
    return "prediction" if plan.role.startswith("quantile") else _WHAT.get(plan.role)


def _own_key(plan: ColumnPlan) -> Key:
    return Category(plan.name) if plan.grid is None else Binned(plan.name, plan.grid)


def _comparable(study: Study, plan: ColumnPlan) -> bool:
    """Whether both data sets have it, as the same kind of thing, and it is counted at all."""
    if any(study.lacks(plan.name, data) for data in (CURRENT, REFERENCE)):
        return False
    frames = [study.looks[data].frame for data in (CURRENT, REFERENCE)]
    if next(plan.facts(), None) is None or any(plan.name not in frame.columns for frame in frames):
        return False
    return len({_family(frame[plan.name].dtype) for frame in frames}) == 1


def _family(dtype: pl.DataType) -> str:
    if dtype.is_numeric():
        return "number"
    return "text" if dtype in (pl.String, pl.Categorical, pl.Enum) else str(dtype)


def _was_constant(study: Study, name: str) -> bool:
    return _distinct(study, name) < 2


def _distinct(study: Study, name: str) -> int:
    frame = study.looks[REFERENCE].frame
    return int(frame[name].drop_nulls().n_unique()) if name in frame.columns else 0
