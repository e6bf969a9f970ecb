"""What a reader with one minute takes along: the verdict, one line of answer, the findings."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import EVERYTHING, CheckResult, Finding, Severity, Verdict
from steelyard.report import numerals
from steelyard.report.performance import Cell, MetricLine, cell
from steelyard.report.text import sentence, visible

_BADGES = {
    Verdict.PASS: ("pass", "✓", "Pass"),
    Verdict.FAIL: ("fail", "✕", "Fail"),
    Verdict.INCONCLUSIVE: ("inconclusive", "?", "Inconclusive"),
}
_SENTENCE_END = re.compile(r"(?<=[.!?]) (?=[A-Z])")
PARTS_SHOWN = 3
_SIGNS = {Severity.HIGH: "▲", Severity.MEDIUM: "◆", Severity.LOW: "●", Severity.INFO: "○"}
_MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


@dataclass(frozen=True)
class Badge:
    """A verdict as a class name, a sign and a word: never colour alone."""

    kind: str
    sign: str
    word: str


@dataclass(frozen=True)
class FindingLine:
    """A finding in words; `anchor` is its place on the page."""

    anchor: str
    id: str
    kind: str
    severity: str
    sign: str
    sentence: str
    lead: str
    rest: str
    detail: str
    action: str
    effect: str
    verified: bool
    where: str
    impact: str
    number: str
    standing: bool


@dataclass(frozen=True)
class FindingGroup:
    """A finding and those that follow from it."""

    lead: FindingLine
    parts: tuple[FindingLine, ...]

    @property
    def size(self) -> int:
        """How many findings these are."""
        return 1 + len(self.parts)

    @property
    def shown(self) -> tuple[FindingLine, ...]:
        """The parts that stand in the open."""
        return self.parts[:PARTS_SHOWN]

    @property
    def folded(self) -> tuple[FindingLine, ...]:
        """The parts behind a fold."""
        return self.parts[PARTS_SHOWN:]


@dataclass(frozen=True)
class AnswerLine:
    """One question of a comparison with its answer; `anchor` is the finding it rests on, or ""."""

    question: str
    answer: str
    anchor: str


@dataclass(frozen=True)
class CheckLine:
    """A check in words."""

    metric: str
    where: str
    bound: str
    badge: Badge
    sentence: str
    cell: Cell


def badge(verdict: Verdict | None) -> Badge:
    """Return the badge of a verdict; without checks there is none to give."""
    return Badge(*_BADGES[verdict]) if verdict else Badge("none", "–", "No checks")


def answer(evaluation: Evaluation, key: tuple[MetricLine, ...]) -> str:
    """Say in a sentence or two what came out."""
    return f"{_checks_answer(evaluation.checks)} {_number_answer(evaluation, key)}".strip()


def _checks_answer(checks: tuple[CheckResult, ...]) -> str:
    by = {v: [c for c in checks if c.verdict is v] for v in Verdict}
    failed, unsettled = by[Verdict.FAIL], by[Verdict.INCONCLUSIVE]
    several = len(checks) > 1
    if failed:
        lead = f"{len(failed)} of {len(checks)} checks {'fails' if len(failed) == 1 else 'fail'}: " if several else ""
        return f"{lead}{sentence(failed[0].sentence)}"
    if unsettled:
        lead = f"{len(unsettled)} of {len(checks)} checks cannot be settled yet: " if several else "Not settled yet: "
        return f"{lead}{sentence(unsettled[0].sentence)}"
    if checks:
        return "All checks pass." if several else sentence(checks[0].sentence)
    return ""


def _number_answer(evaluation: Evaluation, key: tuple[MetricLine, ...]) -> str:
    line = next((k for k in key if k.current.estimate), None)
    if line and [(c.metric, c.slice) for c in evaluation.checks] == [(line.name, EVERYTHING)]:
        return ""  # the check has said it
    if line is None:
        reason = key[0].current.reason if key else "no metric was read"
        return f"There is no number to report: {reason.rstrip('.')}."
    at = line.current
    text = f"{line.title} is {at.value} ({at.interval})"
    if line.reference and line.reference.estimate:
        how = f"{line.change} than" if line.change in ("better", "worse", "higher", "lower") else "against"
        text += f", {how} {line.reference.value} on the reference"
    return text + "."


def answer_lines(evaluation: Evaluation) -> tuple[AnswerLine, ...]:
    """Return the questions of a comparison with their answers."""
    anchors = {f.id: _anchor(i) for i, f in enumerate(evaluation.findings)}
    return tuple(
        AnswerLine(visible(a.question), sentence(a.answer), anchors.get(a.finding, "")) for a in evaluation.answers
    )


def finding_groups(evaluation: Evaluation) -> tuple[FindingGroup, ...]:
    """Return all findings in words, in their order, each with those that follow from it, however indirectly."""
    findings = evaluation.findings
    places = {f.id: i for i, f in reversed(list(enumerate(findings)))}
    parts: dict[int, list[FindingLine]] = {}
    leads: dict[int, FindingLine] = {}
    for place, finding in enumerate(findings):
        root, line = _root(place, findings, places), _finding(finding, _anchor(place))
        if root == place:
            leads[place] = line
        else:
            parts.setdefault(root, []).append(line)
    return tuple(FindingGroup(line, tuple(parts.get(place, ()))) for place, line in leads.items())


def _root(place: int, findings: Sequence[Finding], places: Mapping[str, int]) -> int:
    """Return the place of the finding that explains this one; its own where there is none, or a circle of them."""
    at, met = place, {place}
    while (above := places.get(findings[at].part_of)) is not None:
        if above in met:
            return at if above == at else place
        met.add(above)
        at = above
    return at


def _anchor(place: int) -> str:
    return f"finding-{place + 1}"


def _finding(finding: Finding, anchor: str) -> FindingLine:
    shown = cell(finding.estimate) if finding.estimate else None
    said = sentence(finding.sentence)
    lead, rest = _SENTENCE_END.split(said, maxsplit=1) if _SENTENCE_END.search(said) else (said, "")
    return FindingLine(
        anchor,
        visible(finding.id),
        visible(finding.kind).replace("-", " "),
        finding.severity.value,
        _SIGNS[finding.severity],
        said,
        lead,
        rest,
        sentence(finding.detail),
        sentence(finding.recommendation.action),
        sentence(finding.recommendation.effect),
        finding.recommendation.verified,
        visible(finding.slice) if finding.slice else "",
        numerals.percent(finding.impact) if finding.impact and finding.severity is not Severity.INFO else "",
        f"{shown.value} ({shown.interval})" if shown and shown.estimate else "",
        finding.standing,
    )


def check_lines(evaluation: Evaluation) -> tuple[CheckLine, ...]:
    """Return all checks in words, the failing ones first."""
    order = [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS]
    return tuple(_check(c) for c in sorted(evaluation.checks, key=lambda c: order.index(c.verdict)))


def _check(check: CheckResult) -> CheckLine:
    return CheckLine(
        visible(check.metric),
        visible(check.slice),
        visible(check.bound),
        badge(check.verdict),
        sentence(" ".join([check.sentence, *check.notes, check.next]).strip()),
        cell(check.outcome, sign=check.relative_to is not None),
    )


def moment(iso: str) -> str:
    """Write an ISO time as a date people read."""
    try:
        at = datetime.fromisoformat(iso)
    except ValueError:
        return visible(iso)
    return f"{at.day} {_MONTHS[at.month - 1]} {at.year}, {at:%H:%M} {'UTC' if at.tzinfo else ''}".strip()
