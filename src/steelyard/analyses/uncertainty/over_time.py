"""Coverage by window of time, held against the law of the promise."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import numpy as np

from steelyard.analyses.performance import Reader, facts_by
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.analyses.uncertainty.coverage import measures
from steelyard.analyses.uncertainty.judging import rows_worth
from steelyard.analyses.uncertainty.promises import Promise
from steelyard.analyses.windows.metrics import EMPTY, cut_by_window
from steelyard.analyses.windows.timeline import Timeline, timeline
from steelyard.facts import Fact, FactTable, Profile
from steelyard.records import Estimate, Outcome, Point, Series
from steelyard.stats import conformal


def facts(study: Study, promise: Promise) -> Iterator[Fact]:
    """The facts of coverage by window."""
    if study.window is not None and promise.promised is not None:
        yield from facts_by(study, measures(study, promise)["coverage"], SliceBy((study.window,)))


def series(study: Study, promise: Promise) -> Series | None:
    """Coverage over time; None where there are no windows, or nothing was promised.

    A window has an alarm where its coverage is further from the promise than chance makes it in one chart of twenty
    (at level 0.95): each window's p-value is held against its share of that.
    """
    line = timeline(study) if promise.promised is not None else None
    if line is None or promise.promised is None:
        return None
    outcomes = list(_outcomes(study, promise, line))
    watched = [i for i, o in enumerate(outcomes) if isinstance(o, Estimate) and line.current[i]]
    if not watched:
        return None
    chance = (1.0 - study.level) / len(watched)
    alarms = {i for i in watched if _p(promise, outcomes[i], study.level) <= chance}
    usual = float(np.median([rows_worth(o) for o in outcomes if isinstance(o, Estimate)]))
    law = conformal.coverage_test(0.0, usual, promise.promised, 1.0 - chance, promise.calibrated_on)
    basis = (
        "binomial" if promise.calibrated_on is None else f"beta-binomial, {promise.calibrated_on:,} calibration rows"
    )
    return Series(
        promise.subject,
        "metric",
        tuple(
            Point(line.starts[i], line.ends[i], o, "current" if line.current[i] else "reference", None, i in alarms)
            for i, o in enumerate(outcomes)
        ),
        centre=law.expected,
        limits=(law.low, law.high),
        budget=f"one chart in {round(1.0 / (1.0 - study.level)):,} has an alarm where the promise is kept",
        method=f"Coverage against the promise of {promise.promised:g} ({basis}), Bonferroni over {len(watched)} "
        "windows.",
    )


def _outcomes(study: Study, promise: Promise, line: Timeline) -> Iterator[Outcome]:
    metric, by = measures(study, promise)["coverage"], SliceBy((line.window,))
    found: dict[int, Outcome] = {}
    for data, profile in study.profiles.items():
        places = line.places(data)
        reader = Reader(study, by, _cutter(profile, places))
        found |= {places[code]: outcome for code, outcome in reader.read(metric).items()}
    yield from (found.get(place, EMPTY) for place in range(len(line)))


def _cutter(profile: Profile, places: Mapping[int, int]) -> Callable[[Fact], Mapping[int, FactTable]]:
    def cut(fact: Fact) -> Mapping[int, FactTable]:
        return cut_by_window(fact, profile[fact], places) if fact in profile else {}

    return cut


def _p(promise: Promise, outcome: Outcome, level: float) -> float:
    if not isinstance(outcome, Estimate) or promise.promised is None:
        return 1.0
    rows = rows_worth(outcome)
    return conformal.coverage_test(outcome.value * rows, rows, promise.promised, level, promise.calibrated_on).p
