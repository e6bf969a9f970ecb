"""Does confidence tell when the model is wrong, and would other probabilities be better?"""

from __future__ import annotations

from collections.abc import Sequence

from steelyard.analyses.findings.calibration import calibrations
from steelyard.analyses.findings.recalibration import NAMES
from steelyard.analyses.study import Study
from steelyard.analyses.words import NBSP, half_width, listed, number, shown
from steelyard.records import Estimate, Finding, Recalibration, Recommendation, Severity

FEW_ERRORS = 50
"""Errors below which nothing is said of how confidence ranks them."""
USEFUL = 0.6
"""An AUROC of failure that may be ½ is told of where it is at most this."""
LEAST_GAIN = 0.01
"""Part of the log loss that a recalibration saves at least to be worth a finding."""


def blind_confidence(study: Study) -> list[Finding]:
    """Confidence that does not tell right answers from wrong ones."""
    found = study.uncertainty
    ranked = None if found is None else next((s for s in found.selective if s.data == "current"), None)
    if ranked is None:
        return []
    auc, error = ranked.measure("auroc_failure"), ranked.measure("error")
    if not (isinstance(auc, Estimate) and isinstance(error, Estimate)) or error.value * error.n < FEW_ERRORS:
        return []
    if auc.low > 0.5 or auc.high > USEFUL:
        return []
    return [
        Finding(
            "uncertainty:confidence",
            "uncertainty",
            Severity.MEDIUM,
            "confidence",
            f"The model is no surer of its right answers than of its wrong ones: of two answers, one right and one "
            f"wrong, the right one is the more confident in {shown(auc, share=True)} of the cases (50{NBSP}% is "
            "chance).",
            Recommendation(
                "Do not send rows to people by this confidence. Train one that knows (an ensemble, a second model "
                "that predicts errors), or treat all answers alike."
            ),
            f"AUROC of failure {shown(auc, share=False)}, {error.value * error.n:,.0f} errors in {error.n:,} rows.",
            estimate=auc,
            impact=error.value,
        )
    ]


def better_probabilities(study: Study) -> list[Finding]:
    """A recalibration whose gain is certain on held-out rows, where no broken promise of the scores tells of it."""
    found = study.uncertainty
    verified = [] if found is None else [r for r in found.recalibrations if r.verified]
    if not verified or calibrations(study):
        return []
    best = max(verified, key=_gain)
    effect = best.effect("log_loss")
    if effect is None or not all(isinstance(o, Estimate) for o in (effect.before, effect.after, effect.change)):
        return []
    if _gain(best) < LEAST_GAIN * _before(best):
        return []
    return [_recalibrate(best, verified)]


def _recalibrate(best: Recalibration, verified: Sequence[Recalibration]) -> Finding:
    effect = best.effects[0]
    before, after, change = (o for o in (effect.before, effect.after, effect.change) if isinstance(o, Estimate))
    half = half_width(change)
    what = {"": "the scores", "confidence": "the confidence of the chosen class"}.get(
        best.subject, f"the scores of {best.subject}"
    )
    others = [r.subject for r in verified if r is not best]
    more = f" So would those of {listed(others)}." if others else ""
    low, high = number(-change.high, half), number(-change.low, half)
    return Finding(
        "uncertainty:recalibration",
        "uncertainty",
        Severity.LOW,
        best.subject or "score",
        f"With {NAMES[best.method]} {what} would be better probabilities: log loss {number(after.value, half)} "
        f"instead of {number(before.value, half)} on rows that did not fit it.{more}",
        Recommendation(
            "Recalibrate (`steelyard improve` writes the map), and choose the threshold again afterwards.",
            f"Log loss lower by {number(-change.value, half)} ({low} to {high}).",
            True,
        ),
        "Fitted on four fifths of the rows and judged on the last, five times; the change is paired by row.",
        estimate=change,
        impact=min(-change.value / before.value, 1.0) if before.value > 0 else 0.0,
    )


def _gain(found: Recalibration) -> float:
    change = found.effects[0].change
    return -change.value if isinstance(change, Estimate) else 0.0


def _before(found: Recalibration) -> float:
    before = found.effects[0].before
    return before.value if isinstance(before, Estimate) else 0.0
