"""Which columns drifted so that it matters?"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.drift.reliance import EFFECT_ON, UNUSED
from steelyard.analyses.findings import severity
from steelyard.analyses.losses import Loss
from steelyard.analyses.shifts import shifts
from steelyard.analyses.study import Study
from steelyard.analyses.words import half_width, listed, number, p_text, percent
from steelyard.records import Drift, Estimate, Finding, Recommendation, Severity

MOST = 8
TOLD_ELSEWHERE = 0.01
"""A mean of labels, scores or predictions that moved with a p-value below this is told of as a change."""
FAR, MIDDLING = 0.5, 0.3
"""Distances from which on a drift of a column that the score hangs on is severe whatever its estimated effect."""
LEANS = 0.10
"""Share of the score's spread from which on the score hangs on a column."""
OVER_AVERAGE = {"score": "Scores", "prediction": "Predictions", "label": "Labels"}


def drifts(study: Study) -> list[Finding]:
    """Columns that drifted: those that matter most first, small ones together."""
    moved = [d for d in study.drifts if d.verdict == "drifted" and d.what != "joint"]
    if not moved:
        return []
    told = _told_elsewhere(study, moved)
    moved = [d for d in moved if d.what not in told]
    large = [d for d in moved if d.distance.value >= d.tolerance or _severity(study, d).rank < Severity.LOW.rank]
    small = [d for d in moved if d not in large]
    findings = sorted((_finding(study, d) for d in large), key=lambda f: (f.severity.rank, -f.impact, f.id))
    found = findings[:MOST]
    if len(findings) > MOST:
        found.append(_others(findings[MOST:]))
    return [*found, _small(small)] if small else found


def of_drift(distance: float, reliance: float | None, growth: float) -> Severity:
    """By the certain growth of the loss first; by distance where the score hangs on the column, or may do so."""
    by_effect = severity.of_change(growth)
    if reliance is not None and reliance < UNUSED:
        return by_effect
    far = FAR if reliance is not None and reliance >= LEANS else None
    return min(by_effect, severity.by_bounds(distance, far, MIDDLING), key=lambda s: s.rank)


def _told_elsewhere(study: Study, moved: Sequence[Drift]) -> set[str]:
    """Roles whose move another finding tells: a mean that changed, or scores that decisions follow."""
    told = {shift.what for shift in shifts(study) if shift.p < TOLD_ELSEWHERE}
    if study.problem.task == "binary" and (told | {d.what for d in moved}) & {"score"}:
        told.add("prediction")
    return told


def _severity(study: Study, d: Drift) -> Severity:
    return of_drift(d.distance.value, d.reliance, _growth(study, d))


def _growth(study: Study, d: Drift) -> float:
    """By how much the loss grows at least through this drift, relative to what it was; 0 where that is not known."""
    loss = _loss(study)
    if d.effect is None or loss is None:
        return 0.0
    worse = sorted(loss.worse(end) for end in (d.effect.low, d.effect.high))[0]
    then = study.estimate(loss.metric.name, data="reference")
    before = loss.of(then.value) if then is not None else 0.0
    return max(worse, 0.0) / before if before > 0 else 0.0


def _loss(study: Study) -> Loss | None:
    metric = study.metric(EFFECT_ON.get(study.problem.task, ""))
    return None if metric is None else Loss(metric)


def _finding(study: Study, d: Drift) -> Finding:
    growth = _growth(study, d)
    return Finding(
        id=f"drift:{d.column}",
        kind="drift",
        severity=_severity(study, d),
        subject=d.column,
        sentence=_sentence(study, d),
        recommendation=_advice(study, d),
        detail=_detail(d),
        estimate=d.distance,
        impact=max(growth / (1.0 + growth), min(d.distance.value * _weight(d) / 10.0, 0.1)),
    )


def _weight(d: Drift) -> float:
    return LEANS if d.reliance is None else max(d.reliance, UNUSED)


def _sentence(study: Study, d: Drift) -> str:
    what = OVER_AVERAGE.get(d.what)
    subject = f"{what} ({d.column}) have" if what else f"{d.column} has"
    words = f": {d.sentence}" if d.sentence else ""
    half = half_width(d.distance)
    low, high = number(d.distance.low, half), number(d.distance.high, half)
    distance = f"distance {number(d.distance.value, half)} on a scale of 0 to 1, {low} to {high}"
    return f"{subject} moved since the reference data{words} ({distance}).{_leaning(study, d)}{_effect(study, d)}"


def _leaning(study: Study, d: Drift) -> str:
    if d.reliance is None:
        return ""
    answer = "predictions" if study.problem.task in ("regression", "forecasting") else "scores"
    if d.reliance < UNUSED:
        return f" The model's {answer} hardly go with it."
    return f" It goes with {percent(d.reliance)} of the spread of the model's {answer}."


def _effect(study: Study, d: Drift) -> str:
    if d.effect is None:
        return ""
    loss = _loss(study)
    name = loss.metric.title if loss is not None else EFFECT_ON[study.problem.task]
    value, low, high = (_units(study, x, d.effect) for x in (d.effect.value, d.effect.low, d.effect.high))
    points = " points" if _in_points(study) else ""
    if d.effect.low <= 0.0 <= d.effect.high:
        return f" By itself the move is not seen to change {name} ({low} to {high}{points})."
    return f" By itself the move would change {name} by {value}{points} ({low} to {high})."


def _in_points(study: Study) -> bool:
    return EFFECT_ON.get(study.problem.task) in ("accuracy", "hamming_loss")


def _units(study: Study, value: float, effect: Estimate) -> str:
    scale = 100.0 if _in_points(study) else 1.0
    return number(scale * value, scale * half_width(effect), sign=True)


def _advice(study: Study, d: Drift) -> Recommendation:
    if d.what != "feature":
        return Recommendation(
            "See which inputs moved with it, and whether the threshold still flags as many rows as can be handled."
            if d.what != "label"
            else "See whether labels are made as before; if they are, look at calibration and the threshold."
        )
    if d.reliance is not None and d.reliance < UNUSED:
        return Recommendation(
            f"Find out why {d.column} moved, in case it is recorded in another way now; the model needs nothing done."
        )
    growth = _growth(study, d)
    gain = f"At least {percent(growth / (1 + growth))} of today's loss comes with the new mix." if growth else ""
    return Recommendation(
        f"Check that {d.column} is still recorded as in the reference; if the change is real, retrain or reweight "
        "with recent rows, and watch the groups that grew.",
        gain,
    )


def _detail(d: Drift) -> str:
    shown = {
        "psi": "PSI",
        "wasserstein": "Wasserstein in standard deviations",
        "ks": "KS",
        "hellinger": "Hellinger",
        "total_variation": "total variation",
        "cramers_v": "Cramér's V",
    }
    others = ", ".join(f"{name} {number(d.measures[key])}" for key, name in shown.items() if key in d.measures)
    half = half_width(d.distance)
    value, low, high = (number(x, half) for x in (d.distance.value, d.distance.low, d.distance.high))
    told = [
        f"Jensen–Shannon distance (base 2, less what chance adds) {value}, "
        f"{low} to {high} by the noncentral chi-square law; tolerance {d.tolerance:g}.",
        f"{others}." if others else "",
        f"{p_text(d.q, 'q')} ({d.test})." if d.q is not None else "",
        f"Effect: losses of the reference by group, at today's shares ({d.effect.method})." if d.effect else "",
    ]
    return " ".join(part for part in told if part)


def _others(rest: Sequence[Finding]) -> Finding:
    names = [f.subject for f in rest]
    return Finding(
        id="drift:others",
        kind="drift",
        severity=rest[0].severity,
        subject="columns",
        sentence=f"{len(rest)} more columns have moved since the reference data: {listed(names, 12)}.",
        recommendation=Recommendation(
            "If so many columns moved, look for one cause first: another source, a join, a filter."
        ),
        detail=" ".join(f.sentence for f in rest),
        impact=max(f.impact for f in rest),
    )


def _small(small: Sequence[Drift]) -> Finding:
    order = sorted(small, key=lambda d: -d.distance.value)
    told = [f"{d.column} ({d.sentence or f'distance {number(d.distance.value)}'})" for d in order]
    verb = "has" if len(small) == 1 else "have"
    return Finding(
        id="drift:small",
        kind="drift",
        severity=Severity.INFO,
        subject=order[0].column if len(small) == 1 else "columns",
        sentence=f"{listed(told)} {verb} moved since the reference data, for certain but only a little.",
        recommendation=Recommendation("Nothing is to be done now; watch whether it goes on."),
        detail=" ".join(f"{d.column}: {_detail(d)}" for d in order),
        estimate=order[0].distance,
    )
