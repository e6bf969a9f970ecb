"""What changed since the reference?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from steelyard.analyses.changes import FALSE_DISCOVERIES, Moved, clear_changes
from steelyard.analyses.findings import severity
from steelyard.analyses.findings.contrast import FEW_ROWS
from steelyard.analyses.findings.shift import shift_finding
from steelyard.analyses.losses import Loss
from steelyard.analyses.shifts import Shift
from steelyard.analyses.study import Study
from steelyard.analyses.testing import p_value
from steelyard.analyses.words import half_width, is_share, listed, number, p_text, percent, shown
from steelyard.records import Finding, Recommendation, Severity
from steelyard.stats.multiplicity import benjamini_hochberg


def changes(study: Study) -> list[Finding]:
    """One finding for all metrics that changed, and one for labels, scores or predictions that moved."""
    clear = clear_changes(study)
    found = [shift_finding(s, v) for s, v in clear.shifted]
    if clear.worse:
        found.append(_worse(study, clear.worse, clear.better, clear.shifted))
    elif clear.better:
        found.append(_better(clear.better))
    return found


def _line(m: Moved) -> str:
    written = percent if is_share(m.now) else number
    half = half_width(m.difference) / 4 if is_share(m.now) else half_width(m.difference)
    low, high = written(m.difference.low, half, sign=True), written(m.difference.high, half, sign=True)
    change = written(m.difference.value, half, sign=True)
    return f"{m.metric.title} from {shown(m.then)} to {shown(m.now)}, {change} ({low} to {high})"


def _worse(
    study: Study, worse: Sequence[Moved], better: Sequence[Moved], shifted: Sequence[tuple[Shift, float]]
) -> Finding:
    main = worse[0]
    fall = "fell" if main.difference.value < 0 else "rose"
    rest = f" Also worse: {listed([m.metric.title for m in worse[1:]])}." if len(worse) > 1 else ""
    up = f" {listed([m.metric.title for m in better])} got better." if better else ""
    where, detail_where = _where(study, main)
    half = half_width(main.now)
    written = percent if is_share(main.now) else number
    sentence = (
        f"The model got worse than on the reference data: {main.metric.title} {fall} from "
        f"{written(main.then.value, half)} to {shown(main.now)}; {Loss(main.metric).name} grew by "
        f"{percent(main.growth)}.{rest}{up}{where}"
    )
    advice = "Find out what changed in the inputs"
    if any(s.what == "label" for s, _ in shifted):
        advice = "Labels moved too, so look at calibration first; then find out what changed in the inputs"
    return Finding(
        f"change:{main.metric.name}",
        "change",
        severity.of_change(max(m.growth for m in worse)),
        main.metric.name,
        sentence,
        Recommendation(
            f"{advice}, and compare with a model retrained on recent data before it is replaced.",
            f"Up to {percent(main.growth / (1 + main.growth))} of today's {Loss(main.metric).name} if the old level "
            "came back.",
        ),
        "; ".join(f"{_line(m)}, {p_text(m.q, 'q')}" for m in (*worse, *better))
        + ". Intervals by MOVER; the data sets are taken as independent."
        + detail_where,
        estimate=main.difference,
        impact=main.growth / (1 + main.growth),
    )


def _better(better: Sequence[Moved]) -> Finding:
    main = better[0]
    return Finding(
        f"change:{main.metric.name}",
        "change",
        Severity.INFO,
        main.metric.name,
        f"The model does better than on the reference data: {_line(main)}.",
        Recommendation("Make sure that the gain is real: the same kind of rows, labels of the same age, no leakage."),
        "; ".join(f"{_line(m)}, {p_text(m.q, 'q')}" for m in better),
        estimate=main.difference,
        impact=min(-main.growth, 1.0),
    )


def _where(study: Study, main: Moved) -> tuple[str, str]:
    """The slice with most of the change, among those whose change is clear on its own."""
    loss = Loss(main.metric)
    found = ((r.slice, r.estimate) for r in study.sliced(main.metric.name, "difference"))
    readings = [(where, e) for where, e in found if e is not None and e.n >= 2 * FEW_ROWS]
    if not readings:
        return "", ""
    q = benjamini_hochberg(np.array([p_value(e) for _, e in readings])).tolist()
    certain = [pair for pair, v in zip(readings, q, strict=True) if v <= FALSE_DISCOVERIES]
    clear = [(where, e) for where, e in certain if loss.worse(e.value) > 0]
    if not clear:
        return " No slice stands out: the change is everywhere or too small to place.", ""
    total = main.now.n + main.then.n
    part, most = max(clear, key=lambda pair: loss.worse(pair[1].value) * min(pair[1].n / total, 1.0))
    name = main.metric.name
    now, then = study.estimate(name, part), study.estimate(name, part, "reference")
    if now is None or then is None or loss.worse(most.value) <= loss.worse(main.difference.value):
        return "", ""
    return (
        f" It changed most where {part}: from {shown(then)} to {shown(now)}.",
        f" {len(clear)} of {len(readings)} slices got clearly worse.",
    )
