"""Broken inputs: groups of rows whose values became missing, unseen, out of range, one value, or another unit."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.attribution.cubes import Ints, Mask, Pair
from steelyard.analyses.features import Feature
from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.quality.units import FACTORS
from steelyard.analyses.study import Study
from steelyard.analyses.words import percent
from steelyard.facts import Among, Histogram, Values
from steelyard.facts.grids import ABOVE, MISSING
from steelyard.facts.levels import normal
from steelyard.facts.table import OVERFLOW
from steelyard.metrics.read import distribution
from steelyard.records import UndefinedMetricError
from steelyard.stats.comparison import two_proportions_p

Floats = NDArray[np.float64]
LEAST = 0.005
"""Share of rows by which broken values must have grown."""
SURE = 1e-4
MOSTLY = 0.5
"""Share of a group's rows that must be broken for the group to be."""
SPIKE = 0.05
"""Share of rows by which a single value must have grown to look filled in."""
SPIKE_FACTOR = 5.0
VANISHED = 0.2
"""A group that fell below this share of what it should be now has gone into the broken ones."""
SHARES = (0.1, 0.25, 0.5, 0.75, 0.9)
CLOSE = 0.04


@dataclass(frozen=True)
class Fault:
    """What broke in one column.

    Attributes:
        feature: the column.
        codes: the groups whose rows are touched.
        everywhere: whether all rows are.
        then, now: share of the broken rows.
        what: in words, as the end of "rows where age …".
    """

    feature: Feature
    codes: Ints
    everywhere: bool
    then: float
    now: float
    what: str

    @property
    def sentence(self) -> str:
        """What broke, in words."""
        grew = f"{self.feature.name} {self.what}"
        if self.everywhere:
            return grew
        return f"{grew} in {percent(self.now)} of the rows, up from {percent(self.then)}"


def fault_of(study: Study, pair: Pair) -> Fault | None:
    """What broke in a column since the reference; None where nothing clearly did."""
    feature = pair.feature
    unit = _unit(study, feature.plan)
    if unit:
        return Fault(feature, pair.codes, True, 0.0, 1.0, unit)
    causes = _broken(study, pair)
    if not causes:
        return None
    broken = np.isin(pair.codes, list(causes))
    then, now = (cube.segments / cube.weight.sum() for cube in (pair.then, pair.now))
    rose = float(now[broken].sum() - then[broken].sum())
    expected = then * (1 - now[broken].sum()) / max(1 - float(then[broken].sum()), 1e-12)
    # Values that were renamed have gone from their own group into the broken one: both are the same rows.
    gone = ~broken & (then >= LEAST) & (now < VANISHED * expected) & (then <= 2 * rose)
    what = " and ".join(dict.fromkeys(cause.what for cause in causes.values()))
    touched = broken | gone
    before, after = (sum(cause.shares[i] for cause in causes.values()) for i in (0, 1))
    return Fault(feature, pair.codes[touched], bool(touched.all()), before, after, what)


@dataclass(frozen=True)
class _Broken:
    """What is wrong with most rows of a group, and the share of all rows, then and now, of which that is so."""

    what: str
    shares: tuple[float, float]


def _broken(study: Study, pair: Pair) -> dict[int, _Broken]:
    """Broken groups, and what is wrong with each."""
    then, now = pair.then.segments, pair.now.segments
    fine = _Fine.of(study, pair.feature)
    found: dict[int, _Broken] = {}
    for i, code in enumerate(pair.codes.tolist()):
        if not _rose(then[i], pair.then.weight.sum(), pair.then.rows, now[i], pair.now.weight.sum(), pair.now.rows):
            continue
        if code == MISSING:
            shares = (float(then[i] / pair.then.weight.sum()), float(now[i] / pair.now.weight.sum()))
            found[code] = _Broken("is missing", shares)
        elif fine is not None and (wrong := fine.wrong_with(pair.feature, code)) is not None:
            found[code] = wrong
    return found


def _rose(then: float, all_then: float, rows_then: float, now: float, all_now: float, rows_now: float) -> bool:
    before, after = then / all_then, now / all_now
    if after - before < LEAST:
        return False
    return two_proportions_p(after * rows_now, rows_now, before * rows_then, rows_then) < SURE


@dataclass(frozen=True)
class _Fine:
    """Rows of a column by value or fine bin, in both data sets, and the group that each falls into.

    Attributes:
        group: code of the feature's group.
        then, now: rows.
        ordered: whether these are numbers, in ascending order.
    """

    group: Ints
    then: Floats
    now: Floats
    ordered: bool

    @classmethod
    def of(cls, study: Study, feature: Feature) -> _Fine | None:
        """From the facts of the data overview; None where they were not measured."""
        fact = next(iter(feature.plan.facts()), None)
        profiles = [study.profiles[data] for data in ("reference", "current")]
        if fact is None or any(fact not in profile for profile in profiles):
            return None
        tables = [profile[fact] for profile in profiles]
        if isinstance(fact, Histogram):
            codes = np.unique(np.concatenate([t.codes[:, -1] for t in tables]))
            codes = codes[codes != MISSING]
            counts = [_counts(codes, t.codes[:, -1], t.sums[:, 0]) for t in tables]
            left, right = fact.grid.edges(codes)
            at = np.where(np.isfinite(left), left, right)
            return cls(_groups(feature, at.tolist()), counts[0], counts[1], True)
        if not isinstance(fact, Values) or any(OVERFLOW in t.values(0) for t in tables):
            return None
        rows = [dict(zip(t.values(0), t.sums[:, 0].tolist(), strict=True)) for t in tables]
        levels = [v for v in dict.fromkeys([*rows[0], *rows[1]]) if v is not None]
        counts = [np.array([r.get(v, 0.0) for v in levels]) for r in rows]
        return cls(_groups(feature, levels), counts[0], counts[1], False)

    def wrong_with(self, feature: Feature, code: int) -> _Broken | None:
        """What is wrong with most of the current rows of a group, if anything."""
        inside = self.group == code
        if not (self.now[inside].sum() > 0 and self.then.sum() > 0):
            return None
        if isinstance(feature.key, Among) or not self.ordered:
            return self._mostly(inside, self.then == 0, "has values never seen before")
        seen, place = np.flatnonzero(self.then > 0), np.arange(len(self.then))
        before, after = self.then / self.then.sum(), self.now / self.now.sum()
        filled = (after - before >= SPIKE) & (after >= SPIKE_FACTOR * before)
        outside = (place < seen[0]) | (place > seen[-1])
        return self._mostly(inside, outside, "is outside the range of the reference") or self._mostly(
            inside, filled, "is one and the same value"
        )

    def _mostly(self, inside: Mask, broken: Mask, what: str) -> _Broken | None:
        rows = inside & broken
        if self.now[rows].sum() < MOSTLY * self.now[inside].sum():
            return None
        shares = (float(self.then[rows].sum() / self.then.sum()), float(self.now[rows].sum() / self.now.sum()))
        return _Broken(what, shares)


def _counts(codes: Ints, held: Ints, rows: Floats) -> Floats:
    keep = np.isin(held, codes)
    place = np.searchsorted(codes, held[keep])
    return np.bincount(place, weights=rows[keep], minlength=len(codes)).astype(float)


def _groups(feature: Feature, values: Sequence[object]) -> Ints:
    key = feature.key
    if isinstance(key, Among):
        place: dict[object, int] = {value: i for i, value in enumerate(key.values)}
        return np.array([place.get(normal(v), ABOVE) for v in values], dtype=np.int64)
    numbers = np.array([float(v) if isinstance(v, (int, float)) else math.nan for v in values])
    return np.asarray(key.grid.positions(numbers) - 2, dtype=np.int64)


def _unit(study: Study, plan: ColumnPlan) -> str:
    """The factor between the units of then and now, in words; "" where the values are the same or other ones."""
    fact = next(iter(plan.facts()), None)
    profiles = [study.profiles[data] for data in ("reference", "current")]
    if not isinstance(fact, Histogram) or any(fact not in p or not len(p[fact]) for p in profiles):
        return ""
    try:
        then, now = (np.array([distribution(fact, p[fact]).quantile(share) for share in SHARES]) for p in profiles)
    except UndefinedMetricError:
        return ""
    if not np.all(then * now > 0) or np.ptp(then) == 0:
        return ""
    ratio = now / then
    middle = float(np.median(ratio))
    if np.max(np.abs(np.log(ratio / middle))) > CLOSE:
        return ""
    for factor in FACTORS:
        for by, word in ((factor, "times"), (1 / factor, "of")):
            if abs(math.log(middle / by)) <= CLOSE:
                told = f"{factor:g} times" if word == "times" else f"1/{factor:g} of"
                return f"is {told} what it was, as if in another unit"
    return ""
