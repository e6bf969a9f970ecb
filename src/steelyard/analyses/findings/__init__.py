"""What was found, most important first: one file a question."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from steelyard.analyses.findings.calibration import calibrations
from steelyard.analyses.findings.change import changes
from steelyard.analyses.findings.overall import overall
from steelyard.analyses.findings.weak_slice import weak_slices
from steelyard.analyses.study import Study
from steelyard.records import Finding, Recommendation, Severity

__all__ = ["QUESTIONS", "findings"]

Question = Callable[[Study], list[Finding]]
QUESTIONS: tuple[Question, ...] = (overall, calibrations, weak_slices, changes)


def findings(study: Study, questions: Iterable[Question] = QUESTIONS) -> list[Finding]:
    """Ask every question; the answers ranked by severity, then by impact, each id once."""
    found: dict[str, Finding] = {}
    for question in questions:
        for finding in _asked(question, study):
            found.setdefault(finding.id, finding)
    return sorted(found.values(), key=lambda f: (f.severity.rank, -f.impact, f.id))


def _asked(question: Question, study: Study) -> list[Finding]:
    name = getattr(question, "__name__", str(question))
    try:
        return question(study)
    except Exception as error:  # noqa: BLE001 - the one place where an analysis' failure becomes its result
        return [
            Finding(
                f"analysis-failed:{name}", "analysis-failed", Severity.INFO, name,
                f"The question {name!r} could not be answered; all others were.",
                Recommendation("Report this with the detail below; it is a fault of Steelyard, not of the data."),
                f"{type(error).__name__}: {error}",
            )
        ]  # fmt: skip
