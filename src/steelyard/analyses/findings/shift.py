"""Labels, scores or predictions that moved, in words."""

from __future__ import annotations

from steelyard.analyses.findings import severity
from steelyard.analyses.shifts import Shift
from steelyard.analyses.words import number, p_text, percent
from steelyard.records import Finding, Recommendation

_MOVED = {
    "label": "Labels have moved",
    "score": "Scores have moved",
    "prediction": "Predictions have moved",
}
_ADVICE = {
    "label": "Read metrics that depend on the spread of labels (precision, R²) with care; look at calibration.",
    "score": "See whether the inputs moved, and whether the threshold still flags as many rows as can be handled.",
    "prediction": "See whether the inputs moved, or whether the model did.",
}


def shift_finding(s: Shift, q: float) -> Finding:
    """A clear shift, in words."""
    written = percent if s.share else number
    moved = f"Positives are {'more' if s.now > s.then else 'less'} frequent" if s.share else _MOVED[s.what]
    change, gap = number(s.deviations, 0.05, sign=True), number(s.now - s.then, s.half, sign=True)
    return Finding(
        id=f"change:{s.what}",
        kind="change",
        severity=severity.of_shift(s.deviations),
        subject=s.what,
        sentence=(
            f"{moved} since the reference data: their {'share' if s.share else 'mean'} went from "
            f"{written(s.then, s.half)} to {written(s.now, s.half)} ({change} standard deviations)."
        ),
        recommendation=Recommendation(_ADVICE[s.what]),
        detail=f"Difference {gap} ± {number(s.half, s.half)}, {p_text(q, 'q')}.",
        impact=min(abs(s.deviations) / 10, 0.5),
    )
