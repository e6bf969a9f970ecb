"""Every series of a study: tracks, their charts, and the budget of false alarms that they share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from steelyard.analyses.study import Study
from steelyard.analyses.windows.budget import CHANCE_OF_CHANGE, WINDOWS_A_FALSE_ALARM
from steelyard.analyses.windows.chart import Baseline, Chart, baseline_of, chart
from steelyard.analyses.windows.counts import missing, volume
from steelyard.analyses.windows.drift import drifts
from steelyard.analyses.windows.evidence import with_evidence
from steelyard.analyses.windows.levels import Levels, levels
from steelyard.analyses.windows.metrics import means, metrics
from steelyard.analyses.windows.timeline import Timeline, timeline
from steelyard.analyses.windows.track import Track
from steelyard.records import Estimate, Outcome, Point, Series


def read(study: Study) -> Study:
    """The study with its series: metrics, then rows, means, drifts and missing values."""
    line = timeline(study)
    if line is None:
        return study
    of_model = list(metrics(study, line))
    of_data = [volume(study, line), *means(study, line), *drifts(study, line), *missing(study, line)]
    return replace(study, series=with_evidence(study, line, (*_charted(of_model, line), *_charted(of_data, line))))


def _charted(tracks: Sequence[Track], line: Timeline) -> list[Series]:
    """Series of the metrics, or of the data: each of the two has half of either budget, in equal parts."""
    found = [(track, baseline_of(track, line)) for track in tracks]
    charted = sum(isinstance(base, Baseline) for _, base in found)
    run_length = 2.0 * WINDOWS_A_FALSE_ALARM * max(charted, 1)
    chance = CHANCE_OF_CHANGE / 2.0 / max(len(found), 1)
    return [_series(track, line, base, run_length, chance) for track, base in found]


def _series(track: Track, line: Timeline, base: Baseline | str, run_length: float, chance: float) -> Series:
    steps = levels(track, line, base if isinstance(base, Baseline) else None, chance)
    if isinstance(base, str):
        plain = Series(track.subject, track.kind, _points(track, line, None), method=_sentence(base))
        return replace(plain, changes=steps.changes)
    made = chart(track, line, base, run_length, steps.correlation)
    low, high = track.back(made.reach(upper=False)), track.back(made.reach(upper=True))
    return Series(
        track.subject,
        track.kind,
        _points(track, line, made),
        centre=track.back(base.level),
        limits=(low, high),
        between=_between(track, base),
        baseline=int(base.used.sum()),
        budget=(
            f"one false alarm in {WINDOWS_A_FALSE_ALARM:,} windows over all series together; "
            f"one in {run_length:,.0f} windows of this one"
        ),
        changes=steps.changes,
        method=_method(track, line, made, steps, chance),
    )


def _points(track: Track, line: Timeline, made: Chart | None) -> tuple[Point, ...]:
    return tuple(
        Point(
            line.starts[i],
            line.ends[i],
            _noted(outcome, bool(line.partial[i])),
            "current" if line.current[i] else "reference",
            None if made is None or np.isnan(made.statistic[i]) else float(made.statistic[i]),
            bool(made is not None and made.alarms[i]),
        )
        for i, outcome in enumerate(track.outcomes)
    )


def _noted(outcome: Outcome, partial: bool) -> Outcome:
    if not partial or not isinstance(outcome, Estimate):
        return outcome
    return replace(outcome, note="this window seems cut off: it is neither baseline nor watched")


def _between(track: Track, base: Baseline) -> float:
    """Standard deviation between windows, on the scale of the values."""
    half = float(np.sqrt(base.between)) / 2.0
    return abs(track.back(base.level + half) - track.back(base.level - half))


def _method(track: Track, line: Timeline, made: Chart, steps: Levels, chance: float) -> str:
    base, design = made.baseline, made.design
    average = (
        "the baseline is too short for a moving average, so single windows only"
        if np.isinf(design.limit)
        else f"EWMA (λ = {design.smoothing:g}) beyond ±{design.limit:.2f}"
    )
    parts = [
        f"Residuals from {line.basis}, over sampling error and what windows differ by"
        + (f", on the scale of {track.scale}" if track.scale else ""),
        f"alarm: {average}, or a single residual beyond ±{design.single:.2f}"
        + ("; only what is too large counts" if track.upward else ""),
        "limits allow for the level and spread being estimated",
    ]
    if base.seasonal > 1:
        parts.append(f"windows are held against those of the same phase of {base.seasonal}")
    if steps.correlation > 0:
        parts.append(f"neighbouring windows are alike (correlation {steps.correlation:.2f}), limits are wider for it")
    if base.incidents:
        parts.append(f"{base.incidents} windows of the baseline were left out as incidents")
    parts.append(f"changes of level by optimal partitioning, chance of any in a stable series {chance:.2g}")
    parts += [f"{rows:,} rows {reason} are in no window" for reason, rows in line.left_out.items()]
    return _sentence("; ".join(parts))


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."
