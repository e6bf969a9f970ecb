"""The content of an evaluation, once; every face draws from this."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.report import numerals
from steelyard.report.causes import Cause, causes
from steelyard.report.class_table import ClassTable, class_table
from steelyard.report.confusion import Confusion, confusion
from steelyard.report.decisions import sections
from steelyard.report.estimated import Estimated, estimated
from steelyard.report.figures import Figure, OverTime, curve_figures, error_figures, followed
from steelyard.report.first_screen import (
    AnswerLine,
    Badge,
    CheckLine,
    FindingGroup,
    answer,
    answer_lines,
    badge,
    check_lines,
    finding_groups,
    moment,
)
from steelyard.report.method import Method, method
from steelyard.report.moves import Moves, moves
from steelyard.report.overview import Overview, overview
from steelyard.report.performance import MetricGroup, MetricLine, key_numbers, metric_groups
from steelyard.report.section import Section
from steelyard.report.segments import Segments, segments
from steelyard.report.slices import SlicePanel, slice_panels
from steelyard.report.text import visible

TOP_FINDINGS = 3
_TASKS = {
    "binary": "binary classification",
    "multiclass": "multiclass classification",
    "multilabel": "multilabel classification",
}


@dataclass(frozen=True)
class Page:
    """All that a face shows, in words and ready to draw; nothing in it is markup."""

    subject: str
    task: str
    created: str
    level: str
    rows: tuple[tuple[str, str], ...]
    badge: Badge
    answer: str
    answers: tuple[AnswerLine, ...]
    key: tuple[MetricLine, ...]
    findings: tuple[FindingGroup, ...]
    causes: tuple[Cause, ...]
    segments: Segments
    moves: Moves
    over_time: OverTime
    estimated: tuple[Estimated, ...]
    sections: tuple[Section, ...]
    groups: tuple[MetricGroup, ...]
    curves: tuple[Figure, ...]
    errors: tuple[Figure, ...]
    confusions: tuple[Confusion, ...]
    classes: tuple[ClassTable, ...]
    slices: tuple[SlicePanel, ...]
    columns: Overview
    checks: tuple[CheckLine, ...]
    method: Method

    @property
    def compared(self) -> bool:
        """Whether there is a reference to compare with."""
        return any(line.reference or line.difference for group in self.groups for line in group.lines)

    @property
    def top_findings(self) -> tuple[FindingGroup, ...]:
        """The findings of the first screen."""
        return self.findings[:TOP_FINDINGS]

    @property
    def finding_count(self) -> int:
        """How many findings there are, those that follow from others counted."""
        return sum(group.size for group in self.findings)

    @property
    def rows_text(self) -> str:
        """Rows by data set, as one line."""
        if [name for name, _ in self.rows] == ["current"]:
            return "1 row" if self.rows[0][1] == "1" else f"{self.rows[0][1]} rows"
        return ", ".join(f"{n} {name} rows" for name, n in self.rows)


def build_page(evaluation: Evaluation) -> Page:
    """Turn an evaluation into its page."""
    key = key_numbers(evaluation)
    matrices = [confusion(c) for c in evaluation.curves if c.kind == "confusion"]
    tables = [class_table(c, evaluation.task) for c in evaluation.curves if c.kind in ("per_class", "per_label")]
    return Page(
        subject=visible(evaluation.subject) or "Evaluation",
        task=_TASKS.get(evaluation.task, visible(evaluation.task)),
        created=moment(evaluation.created),
        level=numerals.percent(evaluation.level),
        rows=tuple((visible(name), numerals.count(n)) for name, n in evaluation.rows.items()),
        badge=badge(evaluation.verdict),
        answer=answer(evaluation, key),
        answers=answer_lines(evaluation),
        key=key,
        findings=finding_groups(evaluation),
        causes=causes(evaluation),
        segments=segments(evaluation),
        moves=moves(evaluation),
        over_time=followed(evaluation),
        estimated=estimated(evaluation),
        sections=sections(evaluation),
        groups=metric_groups(evaluation),
        curves=curve_figures(evaluation),
        errors=error_figures(evaluation),
        confusions=tuple(m for m in matrices if m),
        classes=tuple(t for t in tables if t),
        slices=slice_panels(evaluation),
        columns=overview(evaluation),
        checks=check_lines(evaluation),
        method=method(evaluation),
    )
