"""How far each window's values of a column lie from the reference: a track of distances."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.features import Feature
from steelyard.analyses.study import Study
from steelyard.analyses.windows.timeline import Timeline
from steelyard.analyses.windows.track import FEW_ROWS, Track
from steelyard.analyses.windows.wanted import groups
from steelyard.facts import Count
from steelyard.facts.grids import MISSING
from steelyard.records import Estimate, Outcome, Undefined
from steelyard.stats.divergences import JENSEN_SHANNON, Effect, effect

Floats = NDArray[np.float64]
BITS = 8.0 * math.log(2.0)
"""A squared distance times this, over 1/n + 1/m, is about chi-square."""


def drifts(study: Study, line: Timeline) -> Iterator[Track]:
    """The Jensen–Shannon distance of every feature's groups, window by window; what is missing aside."""
    wanted = groups(study, line.window)
    for feature in study.features:
        fact = wanted.get(feature.name)
        if fact is not None and fact in study.profiles["current"]:
            yield _drift(study, line, feature, fact)


def _drift(study: Study, line: Timeline, feature: Feature, fact: Count) -> Track:
    codes, counts, pool, leave_out = _counts(study, line, feature, fact)
    outcomes: list[Outcome] = []
    scaled, unit = np.full(len(line), np.nan), np.full(len(line), np.nan)
    for place, here in enumerate(counts):
        there = pool - here if leave_out[place] else pool
        n, m = here.sum(), there.sum()
        if not n or not m:
            what = "no row in this window has a value" if m else "there is nothing to hold it against"
            outcomes.append(Undefined(what))
            continue
        found = effect(JENSEN_SHANNON, here, there, study.level)
        outcomes.append(_estimate(found, int(n), study.level))
        if n >= FEW_ROWS and found.df:
            scaled[place], unit[place] = BITS * found.value**2 / found.df, 1.0 / n + 1.0 / m
    return _track(feature.name, outcomes, scaled, unit, max(len(codes) - 1, 1), line)


def _track(name: str, outcomes: list[Outcome], scaled: Floats, unit: Floats, df: int, line: Timeline) -> Track:
    """The cube root of the distance squared over its expectation, which is about normal (Wilson & Hilferty 1931).

    Windows differ by more than chance does; what they differ by in the baseline is part of the expectation, so that
    windows of more or fewer rows can be held against each other.
    """
    known = line.baseline & np.isfinite(scaled)
    jitter = max(float(np.mean(scaled[known] - unit[known])), 0.0) if known.any() else 0.0
    values = np.cbrt(scaled / (unit + jitter))
    usual = float(np.nanmedian(unit)) if np.isfinite(unit).any() else 0.0

    def back(level: float) -> float:
        squared = max(level, 0.0) ** 3 * (usual + jitter) - usual
        return math.sqrt(min(max(squared, 0.0) * df / BITS, 1.0))

    return Track(
        name,
        "drift",
        tuple(outcomes),
        values,
        np.where(np.isfinite(values), 0.0, np.nan),
        back,
        upward=True,
        scale="the cube root of the squared distance over what windows without change have",
    )


def _counts(
    study: Study, line: Timeline, feature: Feature, fact: Count
) -> tuple[list[int], Floats, Floats, NDArray[np.bool_]]:
    """Rows by window and group, the pool they are held against, and which windows are part of that pool."""
    tables = {data: profile[fact] for data, profile in study.profiles.items() if fact in profile}
    whole = Count((feature.key,))
    apart = study.profiles["reference"][whole] if _untimed(study, fact, whole) else None
    held = [table.codes[:, -1] for table in (*tables.values(), *((apart,) if apart is not None else ()))]
    codes = sorted(set(np.concatenate(held).tolist()) - {MISSING})
    column = {code: i for i, code in enumerate(codes)}
    counts = np.zeros((len(line), len(codes)))
    for data, table in tables.items():
        places = line.places(data)
        for (window, group), rows in zip(table.codes.tolist(), table.sums[:, 0].tolist(), strict=True):
            if window in places and group in column:
                counts[places[window], column[group]] += rows
    if apart is not None:
        pool = np.zeros(len(codes))
        for group, rows in zip(apart.codes[:, 0].tolist(), apart.sums[:, 0].tolist(), strict=True):
            if group in column:
                pool[column[group]] += rows
        return codes, counts, pool, np.zeros(len(line), dtype=bool)
    members = ~line.current if counts[~line.current].any() else line.baseline
    return codes, counts, counts[members].sum(axis=0), members


def _untimed(study: Study, fact: Count, whole: Count) -> bool:
    """Whether the reference has the column but no time."""
    reference = study.profiles.get("reference")
    return reference is not None and fact not in reference and whole in reference


def _estimate(found: Effect, n: int, level: float) -> Estimate:
    return Estimate(
        found.debiased,
        min(found.low, found.debiased),
        max(found.high, found.debiased),
        level,
        n,
        "jensen_shannon, less what chance adds; noncentral chi-square",
    )
