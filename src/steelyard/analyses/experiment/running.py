"""The effect as units came in: so far at the end of each window, and in each window on its own."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from steelyard.analyses.experiment.arms import Arms
from steelyard.analyses.experiment.contrast import constant, difference, estimate_of, sides_of
from steelyard.analyses.experiment.looks import Looks
from steelyard.analyses.experiment.metric import Metric
from steelyard.analyses.experiment.setup import MOST_SLICED, Setup
from steelyard.analyses.experiment.sums import Sums, sums_by
from steelyard.analyses.words import number, p_text
from steelyard.facts.grids import MISSING
from steelyard.facts.windows import end_of, start_of
from steelyard.records import Estimate, Outcome, Point, Undefined, Verdict
from steelyard.records.experiment import IntegrityCheck, Running
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.critical import quantile
from steelyard.stats.multiplicity import holm

MOST_WINDOWS = 400
FEWEST_WINDOWS = 4
"""Windows from which on a trend can be told from noise."""
TREND = 0.01


def running(setup: Setup, arms: Arms) -> tuple[Running, ...]:
    """The primary effects over all units so far, with intervals that hold at every window at once."""
    anytime = replace(setup, looks=Looks("any", setup.looks.planned))
    return tuple(
        _so_far(anytime, metric, arms, arm, windows)
        for metric, windows in _followed(setup)
        for arm in arms.largest(MOST_SLICED)
    )


def novelty(setup: Setup, arms: Arms) -> Iterator[IntegrityCheck]:
    """Whether primary effects rise or fall from window to window: what is new may wear off, or take time to learn."""
    found = []
    for metric, windows in _followed(setup):
        for arm in arms.largest(MOST_SLICED):
            each = [_effect(setup, metric, arms, arm, sums) for sums in windows.values()]
            slope = _slope(each, setup.level)
            if slope is not None:
                found.append((metric, arm, slope))
    if not found or setup.window is None:
        return
    p = [two_sided_p(slope.value / slope.se) if slope.se else 1.0 for _, _, slope in found]
    for (metric, arm, slope), q in zip(found, holm(p).tolist(), strict=True):
        half = (slope.high - slope.low) / 2.0
        ends = f"{number(slope.low, half, True)} to {number(slope.high, half, True)}"
        change = f"{number(slope.value, half, True)} ({ends}) from one window of {setup.window.every} to the next"
        moves = q < TREND
        said = (
            f"The effect of {arm} on {metric.name} changes over time, by {change} ({p_text(q, 'adjusted p')}): "
            "what is "
            "seen so far is not what will stay. Let it run until it has settled."
            if moves
            else f"The effect of {arm} on {metric.name} shows no trend: {change}."
        )
        verdict = Verdict.INCONCLUSIVE if moves else Verdict.PASS
        yield IntegrityCheck(f"novelty:{metric.name}:{arm}", verdict, said, q, slope)


def _followed(setup: Setup) -> Iterator[tuple[Metric, dict[int, dict[str, Sums]]]]:
    """The primary metrics with their sums by window and arm, in the order of time."""
    if setup.window is None:
        return
    for metric in setup.primary:
        if metric.kind == "quantile":
            continue
        windows: dict[int, dict[str, Sums]] = {}
        for (code, arm), sums in sorted(
            sums_by(setup, metric, setup.window).items(), key=lambda item: int(item[0][0])
        ):
            if code != MISSING:
                windows.setdefault(int(code), {})[str(arm)] = sums
        if 2 <= len(windows) <= MOST_WINDOWS:
            yield metric, windows


def _so_far(setup: Setup, metric: Metric, arms: Arms, arm: str, windows: Mapping[int, Mapping[str, Sums]]) -> Running:
    window, held, points, crossed = setup.window, dict[str, Sums](), list[Point](), ""
    for code, sums in windows.items():
        for name in (arm, arms.control):
            if name in sums:
                held[name] = held[name] + sums[name] if name in held else sums[name]
        outcome = _effect(setup, metric, arms, arm, held)
        start, end = (start_of(window, code), end_of(window, code)) if window is not None else ("", "")
        beyond = isinstance(outcome, Estimate) and not outcome.low <= 0.0 <= outcome.high
        crossed = crossed or (start if beyond else "")
        points.append(Point(start, end, outcome, alarm=beyond))
    return Running(metric.name, arm, tuple(points), anytime=True, crossed=crossed)


def _effect(setup: Setup, metric: Metric, arms: Arms, arm: str, sums: Mapping[str, Sums]) -> Outcome:
    sides = sides_of(setup, metric, {name: sums[name] for name in (arms.control, arm) if name in sums})
    side, base = sides.sides.get(arm), sides.sides.get(arms.control)
    if side is None or base is None:
        return Undefined(sides.why(arm if side is None else arms.control))
    units = side.rows + base.rows
    if setup.looks.too_early(units):
        return Undefined(f"intervals that hold at any time begin at 100 units; there are {units:,}")
    if constant([side, base]):
        return Undefined("no unit differs from the others of its arm")
    wide = setup.looks.level(setup.level, units, arms.share(arm))
    return estimate_of(difference(side, base, wide), setup.level, units, setup.looks.told())


def _slope(effects: list[Outcome], level: float) -> Estimate | None:
    """The trend of effects over their windows, weighted by their precision."""
    known = [(i, e) for i, e in enumerate(effects) if isinstance(e, Estimate) and e.se]
    if len(known) < FEWEST_WINDOWS:
        return None
    at = np.array([float(i) for i, _ in known])
    value, se = (np.array([getattr(e, name) for _, e in known]) for name in ("value", "se"))
    weight = 1.0 / se**2
    centred = at - float(weight @ at) / float(weight.sum())
    precision = float(weight @ centred**2)
    slope, error = float(weight @ (centred * value)) / precision, 1.0 / math.sqrt(precision)
    reach = quantile(level) * error
    units = sum(e.n for _, e in known)
    return Estimate(slope, slope - reach, slope + reach, level, units, "weighted least squares", se=error)
