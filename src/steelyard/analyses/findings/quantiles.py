"""Do predicted quantiles keep their promise?"""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.quantile_coverage import Coverage, coverages
from steelyard.analyses.findings import severity
from steelyard.analyses.study import Study
from steelyard.analyses.testing import p_value
from steelyard.analyses.words import listed, p_text, percent
from steelyard.records import Estimate, Finding, Recommendation
from steelyard.stats.multiplicity import holm

FALSE_ALARMS = 0.01


def quantile_coverages(study: Study) -> list[Finding]:
    """Quantiles that the truth lies below too often or too rarely; a false alarm at most once in a hundred."""
    found = coverages(study, "current")
    if not found:
        return []
    estimates = [Estimate(c.observed, c.low, c.high, study.level, c.rows, "wilson") for c in found]
    p = holm(np.array([p_value(e, c.nominal) for e, c in zip(estimates, found, strict=True)]))
    off = [(c, e, v) for c, e, v in zip(found, estimates, p.tolist(), strict=True) if v <= FALSE_ALARMS]
    if not off:
        return []
    worst, estimate, _ = max(off, key=lambda t: abs(t[0].observed - t[0].nominal))
    distance = abs(worst.observed - worst.nominal)
    return [
        Finding(
            "quantile-coverage",
            "quantile-coverage",
            severity.of_coverage(distance),
            f"q{worst.nominal:g}",
            f"Predicted quantiles do not keep their promise{_width(found)}: "
            f"{listed([_line(c) for c, _, _ in off], 3)}.",
            Recommendation(
                "Recalibrate the quantiles on recent labelled rows (conformal prediction adds or takes away a "
                "margin), then check the coverage on rows that the margin has not seen."
            ),
            "; ".join(
                f"{_line(c)} ({percent(c.low, 0.001)} to {percent(c.high, 0.001)}), {p_text(v)} (Holm)"
                for c, _, v in off
            ),
            estimate=estimate,
            impact=distance,
        )
    ]


def _line(c: Coverage) -> str:
    return f"{percent(c.observed, 0.01)} of the actual values lie below the {percent(c.nominal, 0.01)} quantile"


def _width(found: list[Coverage]) -> str:
    low = [c for c in found if c.nominal < 0.5]
    high = [c for c in found if c.nominal > 0.5]
    if not low or not high:
        return ""
    promised, seen = high[-1].nominal - low[0].nominal, high[-1].observed - low[0].observed
    if abs(promised - seen) < 0.01:
        return ""
    return " (the range is too " + ("narrow" if seen < promised else "wide") + ")"
