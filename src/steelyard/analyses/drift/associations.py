"""Pairs of columns that go together otherwise than they did, although neither moved by itself."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.drift.coded import COARSE, Coded
from steelyard.analyses.words import number
from steelyard.records import Drift, Estimate
from steelyard.stats import divergences
from steelyard.stats.discriminate import Flags
from steelyard.stats.divergences.effects import Law
from steelyard.stats.interaction import association_change, pair_cubes
from steelyard.stats.logistic import Floats, Ints
from steelyard.stats.multiplicity import benjamini_hochberg

TOLERANCE = 0.1
"""Jensen–Shannon distance from which on a drift of a column, or of an association, counts."""
MOST_COLUMNS = 40
"""Columns whose pairs are looked at: of more, those with the most evenly filled groups."""
MOST_CANDIDATES = 50
FALSE_DISCOVERIES = 0.05
TEST = "no three-way interaction, chi-square"


@dataclass(frozen=True)
class Associated:
    """A pair of columns, and the drift of its association."""

    names: tuple[str, str]
    drift: Drift


def associations(columns: Coded, second: Flags, clusters: Ints | None, level: float) -> list[Associated]:
    """The pairs whose association surely changed by more than the tolerance, the most changed first.

    A pair is left out where one of its columns moved by itself: that is told of the column.
    """
    places = _paired(columns)
    if len(places) < 2:
        return []
    pairs, cubes = pair_cubes(columns.coarse[:, places], COARSE, second)
    change = association_change(cubes)
    widened = np.ones(len(pairs))
    if clusters is not None:
        for i in np.argsort(change.p, kind="stable")[:MOST_CANDIDATES].tolist():
            first, other = (columns.coarse[:, places[k]] for k in pairs[i])
            widened[i] = _widening(first * COARSE + other, second, clusters)
    change = change.widened(widened)
    q = benjamini_hochberg(change.p)
    found = []
    for i in np.flatnonzero(q <= FALSE_DISCOVERIES).tolist():
        law = Law.of(float(change.statistic[i]), int(change.df[i]), level)
        distance = _distance(law, second, float(widened[i]), level)
        pair = (places[pairs[i][0]], places[pairs[i][1]])
        if distance.low > TOLERANCE and not any(_moved(columns, place, second, level) for place in pair):
            found.append(_associated(columns, pair, second, distance, float(change.p[i]), float(q[i])))
    return sorted(found, key=lambda pair: -pair.drift.distance.value)


def _paired(columns: Coded) -> list[int]:
    if len(columns.features) <= MOST_COLUMNS:
        return list(range(len(columns.features)))
    shares = [np.bincount(column, minlength=COARSE) / len(column) for column in columns.coarse.T]
    together = [float(share @ share) for share in shares]
    return sorted(np.argsort(together, kind="stable")[:MOST_COLUMNS].tolist())


def _widening(cells: Ints, second: Flags, clusters: Ints) -> float:
    """By how much clusters of rows, within each data set, make the statistic larger than independent rows would."""
    found = []
    for side in (second, ~second):
        _, unit = np.unique(clusters[side], return_inverse=True)
        counts = np.zeros((int(unit.max()) + 1, COARSE * COARSE))
        np.add.at(counts, (unit.ravel(), cells[side]), 1.0)
        found.append(divergences.overdispersion(counts) if min(counts.shape) > 1 and np.ptp(cells[side]) else 1.0)
    return max(1.0, float(np.mean(found)))


def _distance(law: Law, second: Flags, widened: float, level: float) -> Estimate:
    """What a chi-square says as a Jensen–Shannon distance: about λ·(1/n + 1/m)/8 nats of divergence."""
    scale = widened * (1.0 / second.sum() + 1.0 / (~second).sum()) / (8.0 * math.log(2.0))
    value, low, high = (math.sqrt(min(x * scale, 1.0)) for x in (law.noncentrality, law.low, law.high))
    return Estimate(value, low, high, level, len(second), "jensen_shannon beyond the margins, noncentral chi-square")


def _moved(columns: Coded, place: int, second: Flags, level: float) -> bool:
    code, width = columns.codes[:, place], columns.widths[place]
    now, then = (np.bincount(code[side], minlength=width) for side in (second, ~second))
    return divergences.effect(divergences.JENSEN_SHANNON, now, then, level).low > TOLERANCE


def _associated(
    columns: Coded, pair: tuple[int, int], second: Flags, distance: Estimate, p: float, q: float
) -> Associated:
    first, other = pair
    names = (columns.features[first].name, columns.features[other].name)
    what, then, now = _strengths(columns, first, other, second)
    sign = what == "rank correlation"
    said = f"{what} of {names[0]} and {names[1]} {number(then, 0.01, sign)} to {number(now, 0.01, sign)}"
    drift = Drift(
        f"{names[0]} × {names[1]}",
        "joint",
        distance,
        "drifted",
        {"association_reference": then, "association_current": now},
        p,
        q,
        TEST,
        TOLERANCE,
        sentence=f"{said}, while neither moved by itself",
    )
    return Associated(names, drift)


def _strengths(columns: Coded, first: int, other: int, second: Flags) -> tuple[str, float, float]:
    """What the association is measured by, then and now: rank correlation of what is ordered, else Cramér's V."""
    if columns.ordered[first] and columns.ordered[other]:
        ranks = [columns.ranks(place, ~second) for place in (first, other)]
        then, now = (_correlation(ranks[0][side], ranks[1][side]) for side in (~second, second))
        return "rank correlation", then, now
    cells = columns.coarse[:, first] * COARSE + columns.coarse[:, other]
    then, now = (_cramers_v(np.bincount(cells[side], minlength=COARSE**2)) for side in (~second, second))
    return "Cramér's V", then, now


def _correlation(x: Floats, y: Floats) -> float:
    x, y = x - x.mean(), y - y.mean()
    scale = math.sqrt(float(x @ x) * float(y @ y))
    return float(x @ y) / scale if scale > 0.0 else 0.0


def _cramers_v(counts: Ints) -> float:
    """Cramér's V without its bias (Bergsma 2013)."""
    table = counts.reshape(COARSE, COARSE).astype(float)
    table = table[table.sum(axis=1) > 0][:, table.sum(axis=0) > 0]
    n, (r, k) = table.sum(), table.shape
    if min(r, k) < 2:
        return 0.0
    expected = np.outer(table.sum(axis=1), table.sum(axis=0)) / n
    squared = float(((table - expected) ** 2 / expected).sum()) / n
    debiased = max(squared - (r - 1) * (k - 1) / (n - 1), 0.0)
    smaller = min(r - (r - 1) ** 2 / (n - 1), k - (k - 1) ** 2 / (n - 1)) - 1
    return math.sqrt(min(debiased / smaller, 1.0)) if smaller > 0 else 0.0
