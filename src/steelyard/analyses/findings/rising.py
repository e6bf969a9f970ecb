"""Did errors rise so slowly that no chart tells of it?"""

from __future__ import annotations

import math

from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.windows import evidence
from steelyard.analyses.windows.evidence import Rise
from steelyard.analyses.windows.timeline import timeline
from steelyard.analyses.words import percent
from steelyard.records import Finding, Recommendation


def rising_errors(study: Study) -> list[Finding]:
    """An error rate above the reference's that no chart has told of yet: it rose too little at any one time."""
    line = timeline(study) if study.window is not None and "reference" in study.profiles else None
    if line is None:
        return []
    told = {s.subject for s in study.series if s.kind == "metric" and (s.alarms or s.changes)}
    return [_finding(rise) for rise in evidence.alarming(study, line) if rise.metric not in told]


def _finding(rise: Rise) -> Finding:
    allowed = rise.bound + rise.tolerance
    power = rise.evidence.log_e[-1] / math.log(10)
    return Finding(
        f"over-time:{rise.metric}:evidence",
        "over-time",
        severity.of_change((rise.value - allowed) / allowed),
        rise.metric,
        f"The {rise.rate} is {percent(rise.value, 0.001)}, above what the reference allows for "
        f"({percent(allowed, 0.001)}), though no single window stands out. The chance that this is noise, however "
        f"often one looked, is at most {evidence.chance(rise.p)}.",
        Recommendation("Look for a slow change: of the inputs, of how labels are taken, or of the world."),
        f"E-value 10^{power:.1f} ({rise.evidence.method}) against a rate of at most {percent(rise.bound, 0.001)}, "
        f"the reference's upper bound at {percent(1 - evidence.BOUND, 0.001)}, and "
        f"{percent(rise.tolerance, 0.001)} that windows differ by anyway; an alarm by e-BH over all series.",
        impact=min(max(rise.value - allowed, 0.0), 1.0),
    )
