"""Proxies: features that give an attribute away, so that leaving the attribute out of the model changes little."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from steelyard.analyses.drift.reliance import reliance
from steelyard.analyses.fairness.groups import Floats
from steelyard.analyses.features import Feature
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.facts import Binned, Count, Fact, FactTable, measure_index
from steelyard.facts.grids import MISSING
from steelyard.records import Estimate, Proxy
from steelyard.stats.divergences.effects import Law

MOST_ATTRIBUTES = 6
NOTABLE = 0.1
"""Associations below this, to the top of their interval, are not told."""


def facts(study: Study) -> Iterator[Fact]:
    """Rows by groups of each feature and each attribute."""
    for by in study.sensitive[:MOST_ATTRIBUTES]:
        for feature in _others(study, by):
            yield _together(study, feature, by)


def proxies(study: Study) -> tuple[Proxy, ...]:
    """The features that go with an attribute, the closest first."""
    found = []
    profile = study.profiles["current"]
    for by in study.sensitive[:MOST_ATTRIBUTES]:
        for feature in _others(study, by):
            fact = _together(study, feature, by)
            if fact in profile and (one := _proxy(study, feature, by, fact, profile[fact])) is not None:
                found.append(one)
    return tuple(sorted(found, key=lambda p: (-p.association.value, p.attribute, p.feature)))


def _others(study: Study, by: SliceBy) -> list[Feature]:
    return [f for f in study.features if f.name not in by.columns]


def _together(study: Study, feature: Feature, by: SliceBy) -> Count:
    return Count((feature.key, *by.keys), study.problem.weight)


def _proxy(study: Study, feature: Feature, by: SliceBy, fact: Count, table: FactTable) -> Proxy | None:
    weight, squares = _crossed(fact, table, 1), _crossed(fact, table, 2)
    if min(weight.shape) < 2 or not squares.sum() > 0:
        return None
    total = float(weight.sum())
    effective = total**2 / float(squares.sum())
    association = cramers_v(weight * effective / total, study.level, int(_crossed(fact, table, 0).sum()))
    if association.high < NOTABLE:
        return None
    return Proxy(
        feature=feature.name,
        attribute=by.columns[0],
        association=association,
        guessed=float(weight.max(axis=1).sum() / total),
        base=float(weight.sum(axis=0).max() / total),
        reliance=_reliance(study, feature),
    )


def cramers_v(counts: Floats, level: float, rows: int) -> Estimate:
    """Cramér's V of a table, less what chance adds; its interval from the noncentral chi-square law.

    Args:
        counts: (effective) rows, shape (r, k), every row and column with some.
        level: nominal coverage.
        rows: rows the table rests on.

    Source: Bergsma 2013 for the bias, Smithson 2003 for the interval.
    """
    n = float(counts.sum())
    expected = counts.sum(axis=1, keepdims=True) * counts.sum(axis=0) / n
    statistic = float(((counts - expected) ** 2 / expected).sum())
    r, k = counts.shape
    law = Law.of(statistic, (r - 1) * (k - 1), level)
    most = n * (min(r, k) - 1)
    value, low, high = (math.sqrt(min(x / most, 1.0)) for x in (law.noncentrality, law.low, law.high))
    return Estimate(value, min(low, value), max(high, value), level, rows, "cramér's v, noncentral chi-square")


def _crossed(fact: Count, table: FactTable, power: int) -> Floats:
    """Feature groups × attribute groups that have rows; those without a value of the attribute are left out."""
    known = np.ones(len(table), dtype=bool)
    for place, key in enumerate(fact.keys[1:], start=1):
        if isinstance(key, Binned):
            known &= table.codes[:, place] != MISSING
        else:
            known &= np.array([level is not None for level in table.levels[place]] or [False])[table.codes[:, place]]
    rows, row = np.unique(table.codes[known, 0], return_inverse=True)
    columns, column = np.unique(table.codes[known, 1:], axis=0, return_inverse=True)
    made = np.zeros((len(rows), len(columns)))
    np.add.at(made, (row.ravel(), column.ravel()), table.sums[known, measure_index(fact, power)])
    return made


def _reliance(study: Study, feature: Feature) -> float | None:
    return reliance(study, feature) if "reference" in study.profiles else None
