"""When a series left its usual level, from its alarms and changes of level: once or for good, from what to what."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.records import Estimate, Point, Series
from steelyard.stats.critical import quantile

NEAR = 3
"""Windows by which alarms and changes may be apart and yet tell of the same thing."""
BACK = 1 / 3
"""A level is the usual one again within this share of the farthest that it had gone."""


@dataclass(frozen=True)
class Departure:
    """A run of windows away from the usual level.

    Attributes:
        series: of what.
        first, last: places of its first and last window among the points.
        ongoing: whether it lasts to the end.
        sustained: whether it is a level of its own, and not a few windows beyond their limits.
        before, after: the usual level, and that of the run.
        difference: after − before.
        p: of no change of level where it is sustained, else None.
    """

    series: Series
    first: int
    last: int
    ongoing: bool
    sustained: bool
    before: Estimate
    after: Estimate
    difference: Estimate
    p: float | None

    @property
    def since(self) -> str:
        """Start of its first window."""
        return self.series.points[self.first].start

    @property
    def until(self) -> str:
        """End of its last window."""
        return self.series.points[self.last].end

    @property
    def windows(self) -> int:
        """Windows with a value in it."""
        return sum(p is not None for p in map(_estimate, self.series.points[self.first : self.last + 1]))


def departures(series: Series) -> list[Departure]:
    """Every departure in the current data, in the order of time."""
    levels = list(_levels(series))
    inside = {place for first, last, _ in levels for place in range(first - NEAR, last + NEAR + 1)}
    alarms = [i for i, point in enumerate(series.points) if point.alarm and i not in inside]
    runs = [(run[0], run[-1], None) for run in _runs(alarms)]
    found = (_departure(series, first, last, p) for first, last, p in sorted([*levels, *runs], key=lambda r: r[0]))
    return [departure for departure in found if departure is not None]


def away(series: Series) -> Departure | None:
    """The departure that lasts to the end of the data; None where the series is at its usual level."""
    return next((d for d in reversed(departures(series)) if d.ongoing and d.sustained), None)


def _levels(series: Series) -> Iterator[tuple[int, int, float | None]]:
    """First and last place, and p, of every level of the current data that is not the usual one."""
    if not series.changes:
        return
    starts = [point.start for point in series.points]
    current = [i for i, point in enumerate(series.points) if point.data == "current"]
    usual = series.centre if series.centre is not None else series.changes[0].before
    farthest = max(abs(change.after - usual) for change in series.changes)
    run: tuple[int, float] | None = None
    for change in series.changes:
        place = starts.index(change.at, current[0]) if change.at in starts[current[0] :] else None
        far = abs(change.after - usual) > BACK * farthest and not (_rising(series) and change.after < usual)
        if run is not None and (not far or _turned(change.before, change.after, usual)):
            yield run[0], (place if place is not None else current[0]) - 1, run[1]
            run = None
        if far and run is None and place is not None:
            run = place, change.p
    if run is not None:
        yield run[0], len(series.points) - 1, run[1]


def is_distance(series: Series) -> bool:
    """Whether it is of distances from the reference; other series of kind "drift" are of means."""
    first = next((e for e in map(_estimate, series.points) if e is not None), None)
    return first is not None and first.method.startswith("jensen_shannon")


def _rising(series: Series) -> bool:
    """Whether only too large a value is a departure: of distances and of missing values."""
    return series.kind == "missing" or is_distance(series)


def _turned(before: float, after: float, usual: float) -> bool:
    return (before - usual) * (after - usual) < 0


def _runs(places: Sequence[int]) -> list[list[int]]:
    runs: list[list[int]] = []
    for place in places:
        if runs and place - runs[-1][-1] <= NEAR:
            runs[-1].append(place)
        else:
            runs.append([place])
    return runs


def _departure(series: Series, first: int, last: int, p: float | None) -> Departure | None:
    run = [e for e in map(_estimate, series.points[first : last + 1]) if e is not None]
    usual = [e for i, e in _usual(series, first, last) if e is not None]
    if not run or not usual:
        return None
    before, after = _pooled(usual), _pooled(run)
    return Departure(
        series, first, last, last == len(series.points) - 1, p is not None, before, after, _minus(after, before), p
    )


def _usual(series: Series, first: int, last: int) -> Iterator[tuple[int, Estimate | None]]:
    """Windows at the usual level: those before the run since the last change; all others where they are too few."""
    ats = [point.start for point in series.points]
    starts = [ats.index(change.at) for change in series.changes if change.at in ats[:first]]
    begin = max(starts, default=0)
    chosen = [i for i in range(begin, first) if not series.points[i].alarm]
    if len(chosen) < NEAR:
        chosen = [i for i in range(len(ats)) if not first <= i <= last and not series.points[i].alarm]
    return ((i, _estimate(series.points[i])) for i in chosen)


def _estimate(point: Point) -> Estimate | None:
    return point.outcome if isinstance(point.outcome, Estimate) else None


def _pooled(estimates: Sequence[Estimate]) -> Estimate:
    """Mean over windows by rows; its error is that of sampling or what the windows differ by, the larger."""
    value = np.array([e.value for e in estimates])
    rows = np.array([max(float(e.n), 1.0) for e in estimates])
    level, k = estimates[0].level, len(estimates)
    share = rows / rows.sum()
    mean = float(share @ value)
    own = np.array([e.se if e.se is not None else (e.high - e.low) / 2 / quantile(level) for e in estimates])
    sampling = math.sqrt(float(share**2 @ own**2))
    among = math.sqrt(float(share**2 @ (value - mean) ** 2) * k / (k - 1)) if k > 1 else 0.0
    half = quantile(level, k - 1.0) * among if among > sampling else quantile(level) * sampling
    low, high = min(e.low for e in estimates), max(e.high for e in estimates)
    return Estimate(
        mean,
        max(mean - half, low),
        min(mean + half, high),
        level,
        int(rows.sum()),
        _method(estimates[0], k),
        se=max(among, sampling),
    )


def _method(one: Estimate, windows: int) -> str:
    return f"{one.method.split(',')[0]}, mean of {windows} windows" if windows > 1 else one.method


def _minus(a: Estimate, b: Estimate) -> Estimate:
    se = math.hypot(a.se or 0.0, b.se or 0.0)
    gap, half = a.value - b.value, math.hypot((a.high - a.low) / 2, (b.high - b.low) / 2)
    return Estimate(gap, gap - half, gap + half, a.level, a.n + b.n, "mover of means of windows", se=se)
