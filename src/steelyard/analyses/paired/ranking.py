"""The order of many models on a metric, and which of them may be the best."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.paired.contest import Contest
from steelyard.analyses.paired.sides import Side, Sides
from steelyard.analyses.slicing import ALL_ROWS
from steelyard.metrics import Metric
from steelyard.metrics.estimate import FEW_CLUSTERS
from steelyard.records import EVERYTHING, Estimate, Gain, Outcome, Standing, Undefined
from steelyard.stats.best_of import with_the_best

Floats = NDArray[np.float64]


def standings(contest: Contest, sides: Sides, metric: Metric, found: Sequence[Gain], seed: int) -> list[Standing]:
    """Models by their value on all rows, best first, each with its distance from the best of the others.

    Args:
        contest: the models.
        sides: the reader of their own metrics.
        metric: what they are ranked by.
        found: the gains of all pairs on all rows, where they were counted jointly.
        seed: of the draws behind simultaneous intervals.
    """
    read = {e.name: _side(contest, sides, metric, e.name) for e in contest.entrants}
    values = {name: side.outcome for name, side in read.items()}
    known = [name for name, outcome in values.items() if isinstance(outcome, Estimate)]
    sign = -1.0 if metric.direction == "lower" else 1.0
    gaps = _gaps(contest, sides, metric, {n: read[n] for n in known}, found, sign, seed)
    order = sorted(values, key=lambda name: _rank(values[name], sign))
    return [
        Standing(metric.name, name, place, values[name], *gaps.get(name, (_nothing(values[name]), None)))
        for place, name in enumerate(order, start=1)
    ]


def _side(contest: Contest, sides: Sides, metric: Metric, name: str) -> Side:
    entrant = next(e for e in contest.entrants if e.name == name)
    bucket = contest.clusters or (contest.units if contest.crowded else contest.grouped(metric, entrant))
    return sides.read(entrant, metric, ALL_ROWS, bucket)[EVERYTHING]


def _gaps(
    contest: Contest,
    sides: Sides,
    metric: Metric,
    read: Mapping[str, Side],
    found: Sequence[Gain],
    sign: float,
    seed: int,
) -> dict[str, tuple[Outcome, bool | None]]:
    """Each model's distance from the best of the others, and whether it may be the best."""
    names = list(read)
    if len(names) < 2:
        return {name: (Undefined("no other model has a value"), None) for name in names}
    apart, df, why = (
        _by_groups(sides, metric, read)
        if contest.clusters is not None or contest.crowded
        else _by_pairs(metric, names, found)
    )
    if apart is None:
        return {name: (Undefined(why), None) for name in names}
    values = [sign * read[name].outcome.value for name in names]  # type: ignore[union-attr]
    best = with_the_best(values, apart, contest.level, df, seed)
    rows = {name: side.outcome.n for name, side in read.items()}  # type: ignore[union-attr]
    return {
        name: (
            Estimate(
                float(best.gap[i]),
                float(min(best.low[i], best.gap[i])),
                float(max(best.high[i], best.gap[i])),
                contest.level,
                rows[name],
                "simultaneous, with the best of the others",
            ),
            bool(best.possible[i]),
        )
        for i, name in enumerate(names)
    }


def _by_pairs(metric: Metric, names: Sequence[str], found: Sequence[Gain]) -> tuple[Floats | None, float, str]:
    """Variances of all differences, from the pairs that were counted jointly."""
    place = {name: i for i, name in enumerate(names)}
    apart = np.zeros((len(names), len(names)))
    for gain in found:
        if gain.metric != metric.name or gain.slice or gain.model not in place or gain.against not in place:
            continue
        if not isinstance(gain.outcome, Estimate) or gain.outcome.se is None:
            reason = (
                gain.outcome.reason if isinstance(gain.outcome, Undefined) else "a difference has no standard error"
            )
            return None, math.inf, f"{gain.model} against {gain.against}: {reason}"
        i, j = place[gain.model], place[gain.against]
        apart[i, j] = apart[j, i] = gain.outcome.se**2
    return apart, math.inf, ""


def _by_groups(sides: Sides, metric: Metric, read: Mapping[str, Side]) -> tuple[Floats | None, float, str]:
    """Variances of all differences, from leaving out groups of rows in turn."""
    left_out = [sides.left_out(metric, side) for side in read.values()]
    shared = sorted(set.intersection(*map(set, left_out)))
    if len(shared) < FEW_CLUSTERS:
        return None, math.inf, f"only {len(shared)} groups of rows; {FEW_CLUSTERS} are needed"
    values = np.array([[of[group] for of in left_out] for group in shared])
    groups = len(values)
    off = values - values.mean(axis=0)
    joint = (groups - 1.0) / groups * (off.T @ off)
    spread = np.diag(joint)
    return np.maximum(spread[:, None] + spread[None, :] - 2.0 * joint, 0.0), groups - 1.0, ""


def _rank(outcome: Outcome, sign: float) -> tuple[bool, float]:
    return (False, -sign * outcome.value) if isinstance(outcome, Estimate) else (True, 0.0)


def _nothing(outcome: Outcome) -> Outcome:
    return outcome if isinstance(outcome, Undefined) else Undefined("it was not compared")
