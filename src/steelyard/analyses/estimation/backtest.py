"""What would have been estimated without the labels that are there, against what they say."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from steelyard.analyses.estimation.approach import Learnt
from steelyard.analyses.estimation.known import CURRENT, REFERENCE, Known, measured
from steelyard.analyses.estimation.readings import terms
from steelyard.analyses.estimation.strata import Strata, strata_of
from steelyard.analyses.slicing import SliceBy
from steelyard.records import Estimate, Reading, Slice
from steelyard.stats.label_free import conformal_factor

BACKTEST, REALISED = "backtest", "realised"
FEW_ROWS = 100
"""Labelled rows below which nothing is back-tested."""
FOLDS = 10
"""Parts of the reference's windows that are left out in turn."""


@dataclass(frozen=True)
class Trial:
    """An estimate made without labels, and what came out.

    Attributes:
        metric: its name.
        where: the window; all rows without one.
        data: the data set the rows are of.
        estimate: what would have been said.
        realised: the metric on the same rows with their labels.
    """

    metric: str
    where: Slice
    data: str
    estimate: Estimate
    realised: Estimate

    @property
    def inside(self) -> bool:
        """Whether the interval held."""
        return self.estimate.low <= self.realised.value <= self.estimate.high

    @property
    def ratio(self) -> float:
        """Distance in standard errors."""
        gap = abs(self.estimate.value - self.realised.value)
        return gap / self.estimate.se if self.estimate.se else 0.0 if gap == 0 else float("inf")


def overall(found: Known) -> list[Trial]:
    """The current rows that have a label, judged by the reference alone."""
    if found.reference is None or found.labelled < FEW_ROWS:
        return []
    expected = found.approach.expect(found.study, found.metrics, found.rows, found.reference)
    return list(_trials(found, expected, found.strata, Slice(), CURRENT))


def by_window(found: Known) -> list[Trial]:
    """Every window with labels, judged by the reference; those of the reference by its other windows."""
    window = found.study.window
    if window is None or found.reference is None:
        return []
    by, study, approach = SliceBy((window,)), found.study, found.approach
    trials: list[Trial] = []
    for data in (REFERENCE, CURRENT):
        if not measured(study, approach, by, data):
            continue
        profile = study.profiles[data]
        segments = strata_of(by, approach.facts(study, by)[0], [profile])
        rows = approach.read(study, profile, by, segments)
        # Values of rows are the same whoever judges: they are made once, for all windows.
        expected = approach.expect(study, found.metrics, rows.pooled(), found.reference)
        for places, learnt in _folds(found, rows, segments) if data == REFERENCE else _whole(found, segments):
            for place in places:
                window = rows.stratum == place
                if approach.labelled(rows.where(window))[0] >= FEW_ROWS:
                    judged = approach.judged(expected.where(window), learnt)
                    trials += _trials(found, judged, Strata(), segments.names[place], data)
    return trials


def widening(found: Known, trials: list[Trial]) -> Mapping[str, float]:
    """Factor on the standard errors of each metric, from windows of the reference; none where these are too few."""
    ratios: dict[str, list[float]] = defaultdict(list)
    for trial in trials:
        if trial.data == REFERENCE:
            ratios[trial.metric].append(trial.ratio)
    factors = {name: conformal_factor(np.array(of), found.study.level) for name, of in ratios.items()}
    return {name: factor for name, factor in factors.items() if np.isfinite(factor)}


def readings(trials: list[Trial]) -> Iterator[Reading]:
    """The trials as readings: "backtest", and for windows "realised" beside it."""
    for trial in trials:
        yield Reading(trial.metric, trial.estimate, trial.where, BACKTEST)
        if trial.where:
            yield Reading(trial.metric, trial.realised, trial.where, REALISED)


def _trials(found: Known, expected: Any, segments: Strata, where: Slice, data: str) -> Iterator[Trial]:
    stated = terms(found, segments, corrected=False)
    before, after = expected.forgotten(), expected.known()
    for metric in found.metrics:
        estimate, realised = (found.approach.outcome(metric, of, stated) for of in (before, after))
        if isinstance(estimate, Estimate) and isinstance(realised, Estimate):
            yield Trial(metric.name, where, data, estimate, realised)


def _folds(found: Known, rows: Any, segments: Strata) -> Iterator[tuple[list[int], Learnt]]:
    """Windows of the reference in turn, with what all others say; neighbours are left out together."""
    count = len(segments.names)
    for places in np.array_split(np.arange(count), min(FOLDS, count)):
        others = rows.where(~np.isin(rows.stratum, places)).pooled()
        learnt = found.approach.learn(found.study, found.study.profiles[REFERENCE], others)
        if learnt is not None:
            yield places.tolist(), learnt


def _whole(found: Known, segments: Strata) -> Iterator[tuple[list[int], Learnt]]:
    """All windows, with what the whole reference says."""
    study, approach, one = found.study, found.approach, Strata()
    then = study.profiles[REFERENCE]
    learnt = approach.learn(study, then, approach.read(study, then, one.by, one).pooled())
    if learnt is not None:
        yield list(range(len(segments.names))), learnt
