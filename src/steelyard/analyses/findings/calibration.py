"""Do scores keep their promise?"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.curves.cells import Scored, all_scored
from steelyard.analyses.findings import severity
from steelyard.analyses.findings.promise import Promise, read_promise
from steelyard.analyses.findings.recalibration import Gain, best_recalibration
from steelyard.analyses.study import Study
from steelyard.analyses.words import listed, number, p_text, percent
from steelyard.records import Estimate, Finding, Recommendation

FALSE_ALARMS = 0.01
FEW_ROWS = 50
_STORIES = {
    "high": ("promise too much", "Over-predicting"),
    "low": ("promise too little", "Under-predicting"),
    "over": ("are too sure of themselves (over-confident)", "Over-confident"),
    "under": ("are too timid (under-confident)", "Under-confident"),
}


def calibrations(study: Study) -> list[Finding]:
    """One finding for the score that keeps its promise worst; a false one at most once in a hundred."""
    made = [one for one in all_scored(study, "current") if one.view.probability and one.view.rows >= FEW_ROWS]
    read = [(one, read_promise(one)) for one in made]
    broken = [(one, promise) for one, promise in read if promise.p < FALSE_ALARMS / len(made)]
    if not broken:
        return []
    broken.sort(key=lambda pair: (severity.of_calibration(pair[1].error, pair[1].factor).rank, -pair[1].error))
    return [_finding(*broken[0], broken[1:])]


def _finding(one: Scored, promise: Promise, others: Sequence[tuple[Scored, Promise]]) -> Finding:
    told, kind = _STORIES[promise.story]
    g = promise.example
    example = f"where the model says {_pc(g.predicted)}, {_pc(g.observed)} happen ({_pc(g.low)} to {_pc(g.high)})"
    average = ""
    if promise.factor >= 1.05:
        average = f" On average it says {_pc(promise.mean)} and {_pc(promise.rate)} happen."
    more = f" Scores of {listed([o.subject for o, _ in others])} are off as well." if others else ""
    gain = best_recalibration(one)
    return Finding(
        id="calibration",
        kind="calibration",
        severity=severity.of_calibration(promise.error, promise.factor),
        subject=one.subject or "score",
        sentence=f"The scores{f' of {one.subject}' if one.subject else ''} {told}: {example}.{average}{more}",
        recommendation=_advice(gain),
        detail="; ".join(_numbers(o, p) for o, p in ((one, promise), *others)) + f". {kind}.",
        estimate=Estimate(g.observed, g.low, g.high, one.study.level, g.rows, "wilson"),
        impact=max(gain.value / gain.before, 0.0) if gain is not None and gain.before > 0 else promise.error,
    )


def _numbers(one: Scored, promise: Promise) -> str:
    slope = ""
    if promise.slope is not None:
        slope = (
            f", logistic recalibration with slope {number(promise.slope, promise.slope_se)} (1 is right, less is "
            f"over-confident) and intercept {number(promise.intercept, 0.01)}"
        )
    return (
        f"{f'{one.subject}: ' if one.subject else ''}Kuiper range of the cumulative gap (ECCE) {promise.reach:.4f}, "
        f"{p_text(promise.p)}, debiased calibration error {promise.error:.4f} over {len(promise.groups)} groups of "
        f"equal size{slope}"
    )


def _pc(share: float) -> str:
    return percent(share, 0.01 if share >= 0.095 else 0.001)


def _advice(gain: Gain | None) -> Recommendation:
    if gain is None:
        return Recommendation(
            "Recalibrate the scores (Platt scaling or isotonic regression) on rows that the model was not trained "
            "on.",
            "Not yet verified on held-out data.",
        )
    written = f"{number(gain.before, 0.001)} to {number(gain.after, 0.001)}"
    if gain.low > 0:
        saved = f"{number(gain.low, gain.value / 10)} to {number(gain.high, gain.value / 10)} less"
        return Recommendation(
            f"Recalibrate the scores by {gain.name}, and choose the threshold again afterwards.",
            f"Brier score from {written} ({saved}), cross-fitted: on rows that the fit had not seen.",
            True,
        )
    return Recommendation(
        f"Recalibrate the scores by {gain.name} once there are more labels.",
        f"On held-out rows the Brier score went from {written}: no clear gain yet.",
    )
