"""Estimates of the main metrics while labels are missing, overall and by the declared slices."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from steelyard.analyses.estimation.intervals import NOTE, Terms
from steelyard.analyses.estimation.known import CURRENT, REFERENCE, Known, measured
from steelyard.analyses.estimation.strata import Strata, strata_of
from steelyard.metrics import Metric
from steelyard.records import Estimate, Outcome, Reading
from steelyard.stats import intervals
from steelyard.stats.label_free import prediction_powered_mean

ESTIMATED, POWERED = "estimated", "ppi"
LABELS_SO_FAR = "assuming rows with a given score, decision and segment are labelled at random among themselves"
AT_RANDOM = "assuming the labelled rows are a random sample of all"
MEAN_LOSS = {"binary": "accuracy", "multiclass": "accuracy", "regression": "mae", "forecasting": "mae"}
"""The metric that is a mean over rows, by task."""


def estimated(found: Known, widen: Mapping[str, float]) -> Iterator[Reading]:
    """Readings of all rows and of each declared slice; `widen` by metric where past estimates were off."""
    learnt = found.learnt(found.reference, found.rows)
    if learnt is None:
        return
    expected = found.approach.expect(found.study, found.metrics, found.rows, learnt)
    for metric, outcome in _outcomes(found, expected, found.strata, widen):
        yield Reading(metric.name, outcome, data=ESTIMATED)
    for by in found.study.slices:
        if by.keys and measured(found.study, found.approach, by, CURRENT):
            yield from _of_slices(found, Strata(by), widen)


def terms(found: Known, segments: Strata, widen: float = 1.0, corrected: bool | None = None) -> Terms:
    """How estimates are made and stated."""
    told = f" by {segments.told}" if segments.told else ""
    if found.corrected if corrected is None else corrected:
        return Terms(found.study.level, f"labels so far, post-stratified{told}", LABELS_SO_FAR)
    name = "dle" if found.study.problem.task in ("regression", "forecasting") else "cbpe"
    widened = f", widened ×{widen:.2g} by back-test" if widen > 1 else ""
    return Terms(found.study.level, f"{name}{told}{widened}", NOTE, widen)


def powered(found: Known) -> Reading | None:
    """The mean loss from few labels and many predictions of it (PPI++), for independent, unweighted rows."""
    study = found.study
    name = MEAN_LOSS.get(study.problem.task, "")
    if not found.corrected or found.reference is None or study.problem.weighted or study.bucket is not None:
        return None
    sums = found.approach.pairs(found.rows, found.reference)
    if sums is None or sums[0].n < 2 or sums[1][0] <= 0 or study.metric(name) is None:
        return None
    labelled, others = sums
    made = prediction_powered_mean(labelled, *others)
    low, high = intervals.wald(made.value, made.se, study.level)
    upper = 1.0 if name == "accuracy" else high
    estimate = Estimate(
        made.value,
        max(low, 0.0),
        min(high, upper),
        study.level,
        round(found.every),
        f"ppi++, λ = {made.power:.2f}",
        se=made.se,
        note=AT_RANDOM,
    )
    return Reading(name, estimate, data=POWERED)


def _of_slices(found: Known, wanted: Strata, widen: Mapping[str, float]) -> Iterator[Reading]:
    study, approach, by = found.study, found.approach, wanted.by
    profiles = [study.profiles[d] for d in (REFERENCE, CURRENT) if measured(study, approach, by, d)]
    segments = strata_of(by, approach.facts(study, by)[0], profiles)
    rows = approach.read(study, study.profiles[CURRENT], by, segments)
    base = None
    if measured(study, approach, by, REFERENCE):
        then = study.profiles[REFERENCE]
        base = approach.learn(study, then, approach.read(study, then, by, segments))
    learnt = found.learnt(base, rows)
    if learnt is None:
        return
    expected = approach.expect(study, found.metrics, rows, learnt)
    for place, name in enumerate(segments.names):
        inside = rows.stratum == place
        if inside.any():
            for metric, outcome in _outcomes(found, expected.where(inside), segments, widen):
                if metric.sliced:
                    yield Reading(metric.name, outcome, name, ESTIMATED)


def _outcomes(
    found: Known, expected: Any, segments: Strata, widen: Mapping[str, float]
) -> Iterator[tuple[Metric, Outcome]]:
    """Metrics on some rows, each with its own factor of widening."""
    for metric in found.metrics:
        stated = terms(found, segments, widen.get(metric.name, 1.0))
        outcome = found.approach.outcome(metric, expected, stated)
        if outcome is not None:
            yield metric, outcome
