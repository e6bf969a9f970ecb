"""The main metrics, and the means of what is predicted and of what came, window by window."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.performance import Reader
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.analyses.windows.timeline import Timeline
from steelyard.analyses.windows.track import Track, of_estimates
from steelyard.analyses.windows.wanted import averaged, watched
from steelyard.facts import Fact, FactTable, Moments, Profile, Window, measure_index
from steelyard.records import Estimate, Outcome, Undefined
from steelyard.stats import intervals
from steelyard.stats.critical import quantile
from steelyard.stats.moments import weighted_mean

EMPTY = Undefined("no row is in this window")


def metrics(study: Study, line: Timeline) -> Iterator[Track]:
    """The main metrics that have a value in any window."""
    by = SliceBy((line.window,))
    readers = {data: Reader(study, by, _cutter(profile, line, data)) for data, profile in study.profiles.items()}
    for metric in watched(study):
        found: dict[int, Outcome] = {}
        for data, reader in readers.items():
            places = line.places(data)
            found |= {places[code]: outcome for code, outcome in reader.read(metric).items()}
        if any(isinstance(outcome, Estimate) for outcome in found.values()):
            yield of_estimates(metric.name, "metric", _filled(found, line), line.baseline)


def means(study: Study, line: Timeline) -> Iterator[Track]:
    """Means of label, score and prediction."""
    for name, fact in averaged(study, line.window).items():
        found: dict[int, Outcome] = {}
        share = study.problem.task == "binary" and name == "label"
        for data, profile in study.profiles.items():
            if fact in profile:
                places = line.places(data)
                cut = cut_by_window(fact, profile[fact], places)
                found |= {places[c]: _mean(fact, table, study.level, share) for c, table in cut.items()}
        if found:
            yield of_estimates(name, "drift", _filled(found, line), line.baseline)


def cut_by_window(fact: Fact, table: FactTable, codes: Mapping[int, int]) -> dict[int, FactTable]:
    """The cells of each of some windows."""
    if not len(table):
        return {}
    at = next(i for i, key in enumerate(fact.keys) if isinstance(key, Window))
    order = np.argsort(table.codes[:, at], kind="stable")
    found, starts = np.unique(table.codes[order, at], return_index=True)
    parts = np.split(order, starts[1:])
    return {code: _taken(table, part) for code, part in zip(found.tolist(), parts, strict=True) if code in codes}


def _taken(table: FactTable, cells: NDArray[np.intp]) -> FactTable:
    return FactTable(table.codes[cells], table.levels, table.sums[cells], table.lows[cells], table.highs[cells])


def _cutter(profile: Profile, line: Timeline, data: str) -> Callable[[Fact], Mapping[int, FactTable]]:
    places = line.places(data)

    def cut(fact: Fact) -> Mapping[int, FactTable]:
        return cut_by_window(fact, profile[fact], places) if fact in profile else {}

    return cut


def _filled(found: Mapping[int, Outcome], line: Timeline) -> list[Outcome]:
    return [found.get(place, EMPTY) for place in range(len(line))]


def _mean(fact: Moments, table: FactTable, level: float, share: bool) -> Outcome:
    def total(power: int, factors: tuple[int, ...]) -> float:
        return float(table.sums[:, measure_index(fact, power, factors)].sum())

    n, weight = int(total(0, ())), total(1, ())
    if not n or not weight > 0:
        return Undefined("no row in this window has a value")
    mean, se, effective = weighted_mean(weight, total(2, ()), total(1, (0,)), total(2, (0,)), total(2, (0, 0)))
    if share:
        mean = min(max(mean, 0.0), 1.0)
        low, high = intervals.wilson(mean, effective, level)
        return Estimate(mean, low, high, level, n, "wilson", effective, se)
    if n < 2:
        return Undefined("one row makes no interval")
    half = quantile(level, n - 1.0) * se
    return Estimate(mean, mean - half, mean + half, level, n, "student-t", effective, se)
