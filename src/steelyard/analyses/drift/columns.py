"""How far each column moved from the reference, whether that is more than chance, and whether it matters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from steelyard.analyses.drift import reliance
from steelyard.analyses.drift.counts import Counts, Floats, GroupedCounts, bins_of, counts
from steelyard.analyses.drift.measures import measures
from steelyard.analyses.drift.moves import Numbers, sentence
from steelyard.analyses.drift.significance import (
    Test,
    enough_clusters,
    enough_windows,
    of_clusters,
    of_rows,
    of_windows,
)
from steelyard.analyses.drift.watched import CURRENT, REFERENCE, Watched, cluster_of, watched, weight_of
from steelyard.analyses.features import Feature
from steelyard.analyses.study import Study
from steelyard.facts import Bucket, Fact, Histogram, Moments, RootGrid, Window, measure_index
from steelyard.records import Drift, Estimate
from steelyard.records.drift import Moved
from steelyard.stats import divergences
from steelyard.stats.multiplicity import benjamini_hochberg

TOLERANCE = 0.1
"""Jensen–Shannon distance from which on a drift counts: a mean that moves by a quarter of a standard deviation."""
NOTICEABLE = 0.02
"""A drift that is certain is told of from this distance on, as a small one; below it nothing in practice changed."""
FALSE_DISCOVERIES = 0.05
FEWEST_ROWS = 20
"""Rows that each data set must have for a distribution to be spoken of."""


@dataclass(frozen=True)
class Compared:
    """One column: its bins now and then, and how sure the difference is."""

    column: Watched
    counts: Counts
    now: Floats
    then: Floats
    test: Test


def drifts(study: Study) -> tuple[Drift, ...]:
    """Every column of both data sets that has a distribution: effect first, then significance.

    The distance is Jensen–Shannon's (base 2, in [0, 1]) between a moderate number of bins, less what chance adds, its
    interval by the noncentral chi-square law. A column drifted where it is certain (false discovery rate 5 % over the
    columns) and the whole interval lies beyond 0.02; beyond 0.1 it drifted far.
    """
    if REFERENCE not in study.profiles:
        return ()
    compared = [found for column in watched(study) if (found := compare(study, column)) is not None]
    if not compared:
        return ()
    q = benjamini_hochberg([c.test.p for c in compared]).tolist()
    return tuple(_drift(study, c, value) for c, value in zip(compared, q, strict=True))


def verdict(distance: Estimate, q: float) -> Moved:
    """Drifted where that is certain and noticeable, stable where it cannot be far, else inconclusive."""
    if q <= FALSE_DISCOVERIES and distance.low > NOTICEABLE:
        return "drifted"
    return "stable" if distance.high < TOLERANCE else "inconclusive"


def compare(study: Study, column: Watched) -> Compared | None:
    """Both data sets on the same bins, tested as well as they allow; None with nothing to compare.

    Against windows of time where there are enough of them, else by clusters where there are, else by rows.
    """
    by_window = grouped(study, column, study.window)
    if by_window is not None and study.window is not None and enough_windows(by_window):
        return _by_window(column, by_window, study.window)
    by_cluster = grouped(study, column, cluster_of(study))
    if by_cluster is not None and enough_clusters(by_cluster):
        return _by_cluster(column, by_cluster)
    return _by_row(study, column)


def grouped(study: Study, column: Watched, group: Window | Bucket | None) -> GroupedCounts | None:
    """Rows by window or cluster and level; None where that was not asked, or not had of both data sets."""
    if group is None:
        return None
    fact = column.counted((group,), weight_of(study))
    if any(fact not in study.profiles[data] for data in (CURRENT, REFERENCE)):
        return None
    return GroupedCounts.of(fact, *(study.profiles[data][fact] for data in (CURRENT, REFERENCE)))


def numbers_of(study: Study, column: Watched) -> Numbers | None:
    """The known values of a number in both data sets, in fine bins; None of anything else."""
    fine = _fine(study, column)
    profiles = [study.profiles[data] for data in (CURRENT, REFERENCE)]
    shapes = [fact for fact in column.plan.facts() if isinstance(fact, Moments)]
    if not isinstance(fine, Histogram) or not shapes or any(shapes[0] not in p for p in profiles):
        return None
    tables = [p[shapes[0]] for p in profiles]
    found = counts(fine, *(p[fine] for p in profiles))
    if found is None or not all(len(t) for t in tables):
        return None
    known = ~found.missing
    codes = np.array([level for level in found.levels if isinstance(level, int)], dtype=np.int64)[known]
    centre, scale = _shift_of(column)
    low = min(centre + scale * float(t.lows[0, 0]) for t in tables)
    high = max(centre + scale * float(t.highs[0, 0]) for t in tables)
    left, right = (np.clip(edge, low, high) for edge in fine.grid.edges(codes))
    now, then = found.now[known], found.then[known]
    if not (now.sum() > 0 and then.sum() > 0):
        return None
    if fine.weight is not None:
        spread = [_binned_moments(rows, (left + right) / 2.0) for rows in (now, then)]
    else:
        spread = [_exact_moments(shapes[0], t.sums[0], centre, scale) for t in tables]
    return Numbers(left, right, now, then, (spread[0][0], spread[1][0]), (spread[0][1], spread[1][1]))


def _drift(study: Study, c: Compared, q: float) -> Drift:
    level = study.level
    effect = divergences.effect(divergences.JENSEN_SHANNON, c.now, c.then, level, c.test.overdispersion)
    numbers = numbers_of(study, c.column)
    n, m = (float(side.sum()) for side in (c.now, c.then))
    distance = Estimate(
        effect.debiased,
        effect.low,
        max(effect.high, effect.debiased),
        level,
        int(n + m),
        "jensen_shannon",
        effective_n=(n + m) / c.test.overdispersion,
        note="less what chance adds to a distance",
    )
    feature = next((f for f in study.features if f.name == c.column.name), None)
    return Drift(
        column=c.column.name,
        what=c.column.what,
        distance=distance,
        verdict=verdict(distance, q),
        measures=measures(c.now, c.then, c.counts, numbers, level, c.test.overdispersion),
        p=c.test.p,
        q=q,
        test=c.test.name,
        tolerance=TOLERANCE,
        reliance=_reliance(study, c.column, feature),
        effect=reliance.effect(study, feature, c.test.overdispersion) if feature is not None else None,
        sentence=sentence(c.counts, numbers, c.test.overdispersion),
    )


def _reliance(study: Study, column: Watched, feature: Feature | None) -> float | None:
    if feature is not None:
        return reliance.reliance(study, feature)
    # A feature without groups was constant, so no score can have come from it.
    return 0.0 if column.what == "feature" else None


def _by_window(column: Watched, made: GroupedCounts, window: Window) -> Compared | None:
    test = of_windows(made, window)
    return None if test is None else _compared(column, made.counts, test)


def _by_cluster(column: Watched, made: GroupedCounts) -> Compared | None:
    first = of_clusters(*made.binned(), made.counts.design)
    if first is None:
        return None
    # Where rows repeat each other, five rows of a bin are less than five: bins are made again, wide enough for that.
    wide = replace(made, counts=replace(made.counts, design=(first.overdispersion, first.overdispersion)))
    test = of_clusters(*wide.binned(), made.counts.design)
    return None if test is None else _compared(column, wide.counts, test)


def _by_row(study: Study, column: Watched) -> Compared | None:
    whole = _whole(study, column)
    return None if whole is None else _compared(column, whole, of_rows(*_summed(whole), whole.design))


def _compared(column: Watched, found: Counts, test: Test) -> Compared | None:
    now, then = _summed(found)
    if min(now.sum(), then.sum()) < FEWEST_ROWS or len(now) < 2:
        return None
    return Compared(column, found, now, then if test.expected is None else test.expected, test)


def _summed(found: Counts) -> tuple[Floats, Floats]:
    bins = bins_of(found)
    size = int(bins.max()) + 1
    now, then = (np.bincount(bins, weights=side, minlength=size).astype(float) for side in (found.now, found.then))
    return now, then


def _fine(study: Study, column: Watched) -> Fact:
    weight = weight_of(study)
    weighed = column.weighed(weight) if weight is not None else None
    return column.fine() if weighed is None else weighed


def _whole(study: Study, column: Watched) -> Counts | None:
    """Both data sets, by the finest levels that were counted."""
    weight = weight_of(study)
    choices: Sequence[Fact] = (_fine(study, column), column.counted((), weight))
    if weight is not None and column.plan.grid is None:
        choices = choices[1:]
    for fact in choices:
        if all(fact in study.profiles[data] for data in (CURRENT, REFERENCE)):
            found = counts(fact, *(study.profiles[data][fact] for data in (CURRENT, REFERENCE)))
            if found is not None:
                return found
    return None


def _shift_of(column: Watched) -> tuple[float, float]:
    grid = column.plan.grid
    return (grid.centre, grid.scale) if isinstance(grid, RootGrid) else (0.0, 1.0)


def _exact_moments(fact: Moments, sums: Floats, centre: float, scale: float) -> tuple[float, float]:
    n, first, second = (float(sums[measure_index(fact, 0, f)]) for f in ((), (0,), (0, 0)))
    mean = first / n
    return centre + scale * mean, scale * float(np.sqrt(max(second / n - mean * mean, 0.0)))


def _binned_moments(rows: Floats, middle: Floats) -> tuple[float, float]:
    mean = float(rows @ middle / rows.sum())
    return mean, float(np.sqrt(max(rows @ (middle - mean) ** 2 / rows.sum(), 0.0)))
