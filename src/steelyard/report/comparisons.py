"""Models against models as a report: the answers, the order, the differences, who is right where they disagree."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.evaluation.comparison import Comparison
from steelyard.records import Outcome
from steelyard.report import numerals
from steelyard.report.comparison_words import worst
from steelyard.report.document import Document
from steelyard.report.first_screen import AnswerLine, Badge, badge, moment
from steelyard.report.method import method_of
from steelyard.report.model_differences import differences, folds, further, slices, together
from steelyard.report.model_disagreement import disagreement
from steelyard.report.model_order import challenger, order
from steelyard.report.section import Section
from steelyard.report.text import sentence, visible

_SECTIONS = {
    "Which is better?": "order",
    "By how much?": "differences",
    "Where?": "slices",
    "What would they give together?": "together",
    "What next?": "",
}


def document(comparison: Comparison) -> Document:
    """Turn a comparison into its document."""
    sections = tuple(section for section in _sections(comparison) if section.blocks)
    there = {section.id for section in sections}
    return Document(
        kind="comparison",
        subject=visible(comparison.subject),
        badge=_badge(comparison),
        answer=sentence(_answer(comparison)),
        answers=tuple(
            AnswerLine(
                a.question, sentence(a.answer), _SECTIONS[a.question] if _SECTIONS[a.question] in there else ""
            )
            for a in comparison.answers
        ),
        about=_about(comparison),
        sections=sections,
        method=method_of(
            _outcomes(comparison),
            notes=comparison.notes,
            warnings=comparison.warnings,
            guesses=comparison.guesses,
            roles=comparison.roles,
            settings=comparison.settings,
            versions=comparison.versions,
            record={
                "Created": comparison.created,
                "Interval level": numerals.percent(comparison.level),
                "Seed": comparison.seed,
            },
        ),
        level=numerals.percent(comparison.level),
    )


def _sections(comparison: Comparison) -> Iterator[Section]:
    yield challenger(comparison)
    yield order(comparison)
    yield differences(comparison)
    yield disagreement(comparison)
    yield slices(comparison)
    yield together(comparison)
    yield folds(comparison)
    yield further(comparison)


def _badge(comparison: Comparison) -> Badge:
    if comparison.verdict is not None:
        return badge(comparison.verdict)
    best = comparison.best.get(comparison.metric, ())
    if len(best) == 1:
        return Badge("pass", "✓", visible(f"{best[0]} is best", 40))
    return Badge("none", "–", "No best shown")


def _answer(comparison: Comparison) -> str:
    if comparison.checks:
        return worst(comparison.checks).sentence
    return comparison.answers[0].answer if comparison.answers else "Nothing could be compared."


def _about(comparison: Comparison) -> tuple[str, ...]:
    return (
        f"{numerals.count(comparison.rows)} {'queries' if comparison.task == 'ranking' else 'rows'}",
        f"{len(comparison.models)} models",
        visible(comparison.task),
        moment(comparison.created),
    )


def _outcomes(comparison: Comparison) -> Iterator[Outcome]:
    yield from (g.outcome for g in comparison.gains)
    yield from (s.gap for s in comparison.standings)
    yield from (r.outcome for r in comparison.readings if not r.slice)
    yield from (f.outcome for f in comparison.folds)
