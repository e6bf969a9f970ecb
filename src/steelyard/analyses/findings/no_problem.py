"""Nothing was found: what was looked at, and how large an effect could have been missed."""

from __future__ import annotations

from collections.abc import Iterable

from steelyard.analyses.findings.contrast import FEW_ROWS
from steelyard.analyses.findings.too_few_rows import main_estimate
from steelyard.analyses.losses import BY_SLICE, chosen
from steelyard.analyses.study import Study
from steelyard.analyses.words import is_share, listed, number, percent, rows
from steelyard.records import Estimate, Finding, Recommendation, Severity
from steelyard.stats.critical import quantile

POWER_Z = 0.8416
"""Standard normal quantile of 80 % power."""


def no_problem(study: Study, found: Iterable[Finding]) -> list[Finding]:
    """Say so where no finding is of medium severity or more."""
    known = list(found)
    if any(f.severity.rank <= Severity.MEDIUM.rank for f in known):
        return []
    main = main_estimate(study)
    if main is None:
        return []
    missed = ""
    if main[1].se:
        effect = (quantile(study.level) + POWER_Z) * main[1].se
        written = percent(effect) if is_share(main[1]) else number(effect)
        missed = f" A difference of {written} in {main[0].title} would have been seen four times in five."
    looked = ["skill against a constant answer", "missing values"]
    if (
        study.problem.task in ("binary", "multiclass", "multilabel")
        and study.problem.scored
        and study.problem.probability
    ):
        looked.append("calibration")
    slices = _slices(study)
    if slices:
        looked.append(f"{rows(slices, 'slice')} against the rest")
    if "reference" in study.profiles:
        looked.append("change since the reference")
    small = (
        f" {rows(len([f for f in known if f.severity is Severity.LOW]), 'small finding')} below."
        if any(f.severity is Severity.LOW for f in known)
        else ""
    )
    return [
        Finding(
            "no-problem",
            "no-problem",
            Severity.INFO,
            study.problem.task,
            f"No serious problem was found. Looked at: {listed(looked, 9)}.{missed}{small}",
            Recommendation(
                "Set checks on the metrics that matter, so that a later run says when this no longer holds."
            ),
            "What was not in the data cannot be found: slices that were not given, labels that were not taken, and "
            "what happens after the decision.",
            impact=0.9,
        )
    ]


def _slices(study: Study) -> int:
    main = next(iter(chosen(study, BY_SLICE, sliced=True)), None)
    if main is None:
        return 0
    return sum(1 for r in study.sliced(main.name) if isinstance(r.outcome, Estimate) and r.outcome.n >= FEW_ROWS)
