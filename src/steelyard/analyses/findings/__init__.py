"""What was found, most important first: one file a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from steelyard.analyses.failure import failed
from steelyard.analyses.findings.accuracy_paradox import accuracy_paradox
from steelyard.analyses.findings.backtested import backtested
from steelyard.analyses.findings.calibration import calibrations
from steelyard.analyses.findings.cause import causes
from steelyard.analyses.findings.change import changes
from steelyard.analyses.findings.classes import classes
from steelyard.analyses.findings.coverage import coverage, vagueness
from steelyard.analyses.findings.decisions import decisions, scores_out_of_range
from steelyard.analyses.findings.drift import drifts
from steelyard.analyses.findings.estimated import estimated
from steelyard.analyses.findings.fairness import fairness_gaps, fairness_proxies, fairness_unsure
from steelyard.analyses.findings.imbalance import imbalance
from steelyard.analyses.findings.joint import joint
from steelyard.analyses.findings.linking import as_current, linked
from steelyard.analyses.findings.missing import missing_values
from steelyard.analyses.findings.money import money_matters
from steelyard.analyses.findings.no_problem import no_problem
from steelyard.analyses.findings.over_time import over_time
from steelyard.analyses.findings.overall import overall
from steelyard.analyses.findings.quality import (
    changed_values,
    doubted,
    leakage,
    repeated_rows,
    representativeness,
    uninformative_columns,
    written_values,
)
from steelyard.analyses.findings.quantiles import quantile_coverages
from steelyard.analyses.findings.ranking import no_relevant
from steelyard.analyses.findings.regression import bias, heteroscedastic, outliers
from steelyard.analyses.findings.rising import rising_errors
from steelyard.analyses.findings.segments import segments
from steelyard.analyses.findings.threshold import thresholds
from steelyard.analyses.findings.too_few_rows import too_few_rows
from steelyard.analyses.findings.uncertainty import better_probabilities, blind_confidence
from steelyard.analyses.findings.weak_slice import weak_slices
from steelyard.analyses.study import Study
from steelyard.records import Finding

__all__ = ["QUESTIONS", "findings"]

Question = Callable[[Study], list[Finding]]
OF_ONE: tuple[Question, ...] = (
    overall,
    missing_values,
    decisions,
    scores_out_of_range,
    calibrations,
    accuracy_paradox,
    thresholds,
    weak_slices,
    bias,
    heteroscedastic,
    outliers,
    quantile_coverages,
    classes,
    no_relevant,
    imbalance,
    too_few_rows,
    written_values,
    uninformative_columns,
    repeated_rows,
    doubted,
)
"""Questions about one data set; what the reference would have answered to them stood before."""
QUESTIONS: tuple[Question, ...] = (
    *OF_ONE,
    changes,
    causes,
    changed_values,
    drifts,
    joint,
    leakage,
    representativeness,
    segments,
    over_time,
    estimated,
    backtested,
    fairness_gaps,
    fairness_unsure,
    fairness_proxies,
    money_matters,
    coverage,
    vagueness,
    blind_confidence,
    better_probabilities,
    rising_errors,
)


def findings(study: Study, questions: Iterable[Question] = QUESTIONS) -> list[Finding]:
    """Ask every question; the answers linked and ranked, each id once."""
    found: dict[str, Finding] = {finding.id: finding for finding in study.failures}
    answered: list[Question] = []
    for question in questions:
        told = _asked(question, study)
        if told and question in OF_ONE:
            answered.append(question)
        for finding in told:
            found.setdefault(finding.id, finding)
    for name in _standing(study, answered) & found.keys():
        found[name] = replace(found[name], standing=True)

    def nothing(study: Study) -> list[Finding]:
        return no_problem(study, found.values())

    for finding in _asked(nothing, study):
        found.setdefault(finding.id, finding)
    return linked(study, found.values())


def _standing(study: Study, questions: Iterable[Question]) -> set[str]:
    """What these questions would have found on the reference too."""
    if "reference" not in study.profiles:
        return set()
    before = as_current(study, "reference")
    return {finding.id for question in questions for finding in _asked(question, before)}


def _asked(question: Question, study: Study) -> list[Finding]:
    name = getattr(question, "__name__", str(question))
    try:
        return question(study)
    except Exception as error:  # noqa: BLE001 - the one place where an analysis' failure becomes its result
        return [failed(name, error)]
