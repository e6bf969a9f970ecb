"""The changes of level of one track, and how much neighbouring windows are alike within a level."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.windows.chart import Baseline, positive
from steelyard.analyses.windows.timeline import FEWEST, Timeline
from steelyard.analyses.windows.track import Track
from steelyard.records import Change
from steelyard.stats import changepoints, control
from steelyard.stats.changepoints import ChangePoint

Floats = NDArray[np.float64]
CORRELATED_P = 0.1
"""p below which neighbouring windows are clearly alike; lenient, as what is overlooked costs false alarms."""
MOST_CORRELATED = 0.8
ROUNDS = 2
"""Levels are found again once it is known how much windows are alike."""


@dataclass(frozen=True)
class Levels:
    """Changes of level in the order of time, and the lag-one correlation within levels (0 where it is not clear)."""

    changes: tuple[Change, ...] = ()
    correlation: float = 0.0


def levels(track: Track, line: Timeline, base: Baseline | None, chance: float) -> Levels:
    """The levels of all whole windows in one course of time, those of the baseline included.

    Args:
        track: what is looked at.
        line: its windows.
        base: the baseline, whose cycle is taken out.
        chance: of any change in a stable track.
    """
    at = np.flatnonzero(np.isfinite(track.values) & line.in_order & ~line.partial)
    if len(at) < FEWEST:
        return Levels()
    season = base.centre[at] - base.level if base is not None else np.zeros(len(at))
    noise = track.noise[at]
    x = _despiked(track.values[at] - season, noise)
    correlation, found = 0.0, _found(x, noise, 0.0, chance)
    for _ in range(ROUNDS):
        correlation = _alike(x, noise, found)
        found = _found(x, noise, correlation, chance)
    return Levels(
        tuple(Change(line.starts[at[c.at]], track.back(c.before), track.back(c.after), c.p) for c in found),
        correlation,
    )


def _despiked(x: Floats, noise: Floats) -> Floats:
    rough = changepoints.difference_variance(x, noise)
    return changepoints.despiked(x, np.sqrt(positive(noise + rough, x)))


def _found(x: Floats, noise: Floats, correlation: float, chance: float) -> list[ChangePoint]:
    """Changes, taking windows that are alike for as many fewer as they tell."""
    between = changepoints.difference_variance(x, noise, correlation)
    variance = positive(noise + between, x) * (1.0 + correlation) / (1.0 - correlation)
    return changepoints.levels(x, variance, chance, df=2.0 * len(x) / 3.0)


def _alike(x: Floats, noise: Floats, found: list[ChangePoint]) -> float:
    """Correlation of neighbouring windows within levels; 0 unless it is clear."""
    pieces = np.split(x, [c.at for c in found])
    residual = np.concatenate([piece - piece.mean() for piece in pieces])
    alike = control.lag_one(residual / np.sqrt(positive(noise + float(np.var(residual)), x)), len(pieces))
    clear = alike.p < CORRELATED_P and alike.value > 0.0
    return round(min(alike.value, MOST_CORRELATED), 2) if clear else 0.0
