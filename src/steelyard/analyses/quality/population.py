"""Whether the data stand for a stated population: shares of groups against those they should have."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from scipy import special

from steelyard.analyses.quality.defect import Defect
from steelyard.analyses.quality.evidence import CURRENT, FALSE_DISCOVERIES, adjusted, design
from steelyard.analyses.study import Study
from steelyard.facts import Category, Count, Fact, measure_index, text
from steelyard.records import ConfigError, Estimate
from steelyard.stats import intervals
from steelyard.stats.resampling import multinomial_replicates, percentile

TOLD = 0.02
DRAWS, SEED = 500, 0
Population = Mapping[str, Mapping[str, float]]
ROUNDED = 0.02
"""Shares may miss 1 by this much, as published ones do; they are scaled to 1."""


@dataclass(frozen=True)
class Group:
    """A group's share among the rows and in the population."""

    name: str
    share: Estimate
    population: float


@dataclass(frozen=True, kw_only=True)
class Unrepresentative(Defect):
    """A column whose groups have other shares than in the population; `share` is what would have to move.

    Attributes:
        groups: the groups whose interval leaves the population's share out, the furthest off first.
        unknown: values of the column that the population does not name, with their share of the rows.
    """

    groups: tuple[Group, ...]
    unknown: tuple[tuple[str, float], ...]


def parse_population(given: object) -> dict[str, dict[str, float]]:
    """Read `[population.sex] F = 0.51, M = 0.49`: shares of groups by column.

    Raises:
        ConfigError: it is no table of shares that add up to 1; the message names the column and the value.
    """
    if not isinstance(given, Mapping):
        raise ConfigError("population must be tables of shares: [population.sex] with F = 0.51 and M = 0.49.")
    return {str(column): _shares(str(column), groups) for column, groups in given.items()}


def _shares(column: str, groups: object) -> dict[str, float]:
    if not isinstance(groups, Mapping) or not groups:
        raise ConfigError(f"The population of {column!r} must be a table of value = share, not {groups!r}.")
    shares: dict[str, float] = {}
    for name, share in groups.items():
        if isinstance(share, bool) or not isinstance(share, (int, float)) or not 0 <= share <= 1:
            raise ConfigError(
                f"The share of {name!r} in the population of {column!r} must be from 0 to 1, not {share!r}."
            )
        shares[str(name)] = float(share)
    total = sum(shares.values())
    if abs(total - 1) > ROUNDED:
        raise ConfigError(f"The shares in the population of {column!r} add up to {total:.4g}, not to 1.")
    return {name: share / total for name, share in shares.items()}


def wanted(population: Population, weight: str | None) -> Iterator[Fact]:
    """Rows and weight by value of the columns whose population is stated."""
    yield from (Count((Category(column),), weight) for column in population)


def unrepresentative(study: Study, population: Population) -> Iterator[Unrepresentative]:
    """Columns whose shares differ from the population: chi² test, Benjamini–Hochberg over the columns."""
    found = [made for column, shares in population.items() if (made := _column(study, column, shares)) is not None]
    q = adjusted([p for _, p in found])
    for (defect, _), value in zip(found, q, strict=True):
        if value <= FALSE_DISCOVERIES and defect.share.value >= TOLD:
            yield defect


def _column(study: Study, column: str, shares: Mapping[str, float]) -> tuple[Unrepresentative, float] | None:
    fact = Count((Category(column),), study.roles.weight)
    table = study.profiles[CURRENT].tables.get(fact)
    if table is None:
        return None
    weights, squares = (table.sums[:, measure_index(fact, power)] for power in (1, 2))
    counted = {text(v): w for v, w in zip(table.values(0), weights.tolist(), strict=True) if v is not None}
    named = np.array([counted.get(name, 0.0) for name in shares])
    total = float(named.sum())
    if total <= 0:
        return None
    n = (
        total**2 / float(squares.sum()) / design(study, CURRENT)
        if study.roles.weight
        else total / design(study, CURRENT)
    )
    observed, expected = named / total, np.array(list(shares.values()))
    inside = expected > 0
    statistic = n * float(np.sum((observed[inside] - expected[inside]) ** 2 / expected[inside]))
    p = float(special.chdtrc(max(int(inside.sum()) - 1, 1), statistic)) if not observed[~inside].any() else 0.0
    apart = float(np.abs(observed - expected).sum() / 2)
    draws = multinomial_replicates(np.round(observed * n), DRAWS, SEED)
    low, high = percentile(np.abs(draws / draws.sum(axis=1, keepdims=True) - expected).sum(axis=1) / 2, study.level)
    everyone = sum(counted.values())
    return Unrepresentative(
        columns=(column,),
        share=Estimate(apart, min(low, apart), max(high, apart), study.level, round(n), "multinomial draws"),
        rows=round(apart * study.profiles[CURRENT].rows),
        groups=tuple(_groups(list(shares), observed, expected, n, study.level)),
        unknown=tuple((v, w / everyone) for v, w in counted.items() if v not in shares),
    ), p


def _groups(names: list[str], observed: np.ndarray, expected: np.ndarray, n: float, level: float) -> Iterator[Group]:
    for i in np.argsort(observed - expected).tolist():
        low, high = intervals.wilson(float(observed[i]), n, level)
        if not low <= expected[i] <= high:
            share = Estimate(float(observed[i]), low, high, level, round(n), "wilson")
            yield Group(names[i], share, float(expected[i]))
