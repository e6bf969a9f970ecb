"""The control chart of one track: the baseline, its limits, and the alarms."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import special

from steelyard.analyses.windows.timeline import FEWEST, Timeline
from steelyard.analyses.windows.track import Track
from steelyard.stats import control
from steelyard.stats.designs import Design, combined_design

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Mask = NDArray[np.bool_]
CYCLES = 3
"""Cycles the baseline must hold before windows are held against those of the same phase."""
SEASONAL_P = 0.01
"""p of the F test below which phases differ clearly."""
INCIDENT_P = 0.01
"""Chance of leaving any window of a clean baseline out as an incident."""
MOST_INCIDENTS = 0.2
"""Share of the baseline that may be left out; where more is odd, nothing is left out."""


@dataclass(frozen=True)
class Baseline:
    """What windows are held against, on the scale of the track.

    Attributes:
        used: the windows it rests on.
        centre: the level of every window of the timeline, that of its phase where phases differ.
        level: their mean.
        seasonal: the cycle, 1 where windows have no phases.
        between: variance between windows beyond sampling error.
        variance: of every window about its centre.
        precision: windows of usual precision that the level is worth.
        df: degrees of freedom of the variance.
        incidents: windows that were left out of it.
    """

    used: Mask
    centre: Floats
    level: float
    seasonal: int
    between: float
    variance: Floats
    precision: float
    df: int
    incidents: int


@dataclass(frozen=True)
class Chart:
    """The outcome: the path of the EWMA (NaN where nothing is watched), alarms, onsets, and the limits used."""

    baseline: Baseline
    design: Design
    residuals: Floats
    statistic: Floats
    alarms: Mask

    def reach(self, upper: bool) -> float:
        """A limit for a single window of usual precision, on the scale of the track."""
        usual = float(np.nanmedian(self.baseline.variance[self.baseline.used]))
        return self.baseline.level + (1.0 if upper else -1.0) * self.design.single * math.sqrt(usual)


def baseline_of(track: Track, line: Timeline) -> Baseline | str:
    """The baseline of a track, or why it has none."""
    there = line.baseline & np.isfinite(track.values)
    if not line.baseline.any():
        return line.basis
    if there.sum() < FEWEST:
        return f"no limits: only {there.sum()} windows of the baseline have a value, and they need {FEWEST}"
    fit = _fitted(track, line, there)
    clean = there & ~_incidents(track, fit)
    dropped = int((there & ~clean).sum())
    if dropped and dropped <= MOST_INCIDENTS * there.sum() and clean.sum() >= FEWEST:
        return _fitted(track, line, clean, dropped)
    return fit


def chart(track: Track, line: Timeline, base: Baseline, run_length: float, correlation: float = 0.0) -> Chart:
    """Watch a track whose neighbouring windows have a `correlation`: one false alarm in `run_length` on average."""
    two_sided = run_length / 2.0 if track.upward else run_length
    design = designed(two_sided, _floored(base.precision), base.df, correlation)
    residuals = (track.values - base.centre) / np.sqrt(base.variance)
    at = np.flatnonzero(line.monitored | ((line.rows == 0) & line.current & _after(line)))
    path = control.ewma(residuals[at], design.limit, design.smoothing, design.single, track.upward)
    statistic, alarms = np.full(len(line), np.nan), np.zeros(len(line), dtype=bool)
    statistic[at], alarms[at] = path.average, path.alarms
    statistic[~np.isfinite(residuals)] = np.nan
    return Chart(base, design, residuals, statistic, alarms)


@lru_cache(maxsize=512)
def designed(run_length: float, precision: float, df: int, correlation: float) -> Design:
    """Limits, kept for series of equal make."""
    return combined_design(run_length, precision, df, correlation=correlation)


def _after(line: Timeline) -> Mask:
    """Windows from the first watched one on: gaps among them are watched too."""
    found = np.zeros(len(line), dtype=bool)
    watched = np.flatnonzero(line.monitored)
    found[watched[0] if len(watched) else len(line) :] = True
    return found


def _floored(windows: float) -> float:
    """Two digits, rounded down: limits of nearly equal baselines are then the same, and never too narrow."""
    step = 10.0 ** max(math.floor(math.log10(windows)) - 1, 0)
    return max(math.floor(windows / step) * step, 1.0)


def _fitted(track: Track, line: Timeline, used: Mask, incidents: int = 0) -> Baseline:
    phases, period = _phases(track.values, line, used)
    means = np.array([track.values[used & (phases == p)].mean() for p in range(period)])
    df = int(used.sum()) - period
    residual = track.values[used] - means[phases[used]]
    spread = float(np.sum(residual**2)) / df
    between = max(spread - float(track.noise[used].mean()), 0.0)
    variance = positive(track.noise + between, track.values[used])
    weight = np.where(used, 1.0 / variance, 0.0)
    centres = np.array(
        [np.average(track.values[used], weights=weight[used] * (phases[used] == p)) for p in range(period)]
    )
    share = np.bincount(phases[used], minlength=period) / used.sum()
    # A phase's own mean is less sure than the mean of all: what it adds changes sign from window to window.
    variance = variance * (1.0 + (1.0 / share - 1.0) / used.sum())[phases]
    watched = line.monitored & np.isfinite(variance)
    usual = float(np.median(variance[watched if watched.any() else used]))
    return Baseline(
        used,
        centres[phases],
        float(np.sum(centres * share)),
        period,
        between,
        variance,
        usual * float(weight.sum()),
        df,
        incidents,
    )


def positive(variance: Floats, values: Floats) -> Floats:
    """Variances of at least what rounding makes, so that a constant can be left."""
    least = (1e-9 * max(float(np.max(np.abs(values))), 1e-9)) ** 2
    return np.maximum(variance, least)


def _phases(values: Floats, line: Timeline, used: Mask) -> tuple[Ints, int]:
    """The phase of every window, and how many there are: 1 unless phases differ clearly."""
    period = line.period
    phases = line.codes % period
    counts = np.bincount(phases[used], minlength=period)
    if period == 1 or counts.min() < CYCLES:
        return np.zeros(len(line), dtype=np.int64), 1
    means = np.bincount(phases[used], weights=values[used], minlength=period) / counts
    within = float(np.sum((values[used] - means[phases[used]]) ** 2))
    among = float(np.sum(counts * (means - values[used].mean()) ** 2))
    df = int(used.sum()) - period
    clear = (
        among > 0.0
        if within <= 0.0
        else special.fdtrc(period - 1, df, among / (period - 1) / (within / df)) < SEASONAL_P
    )
    return (phases, period) if clear else (np.zeros(len(line), dtype=np.int64), 1)


def _incidents(track: Track, fit: Baseline) -> Mask:
    """Windows of the baseline that do not belong to it."""
    robust = track.values - fit.centre
    middle = float(np.median(robust[fit.used]))
    sd = 1.4826 * float(np.median(np.abs(robust[fit.used] - middle)))
    limit = -float(special.stdtrit(max(fit.df // 2, 3), INCIDENT_P / (2.0 * fit.used.sum())))
    scale = np.maximum(sd, np.sqrt(np.where(np.isfinite(track.noise), track.noise, 0.0)))
    return fit.used & (np.abs(robust - middle) > limit * scale) & (scale > 0.0)
