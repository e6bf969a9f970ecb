"""Why a metric changed: a waterfall from the reference's value to today's; the same told by column and segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Attribution, Mechanism, Part
from steelyard.report import numerals
from steelyard.report.metric_words import metric_doc
from steelyard.report.performance import Cell, cell, change
from steelyard.report.scale import Scale
from steelyard.report.text import sentence, visible

MOST_DETAILS = 12
MECHANISMS: dict[Mechanism, str] = {
    "data fault": "Broken inputs",
    "mix": "Other rows",
    "scores": "Inputs moved",
    "base rate": "Base rate",
    "concept": "Concept",
    "policy": "Decision rule",
    "rest": "Not told apart",
}
EXPLAINED: dict[Mechanism, str] = {
    "data fault": "inputs that are missing, out of range or unknown",
    "mix": "who the rows are",
    "scores": "the scores that like rows get",
    "base rate": "how frequent positives are, at every score",
    "concept": "what is true of rows with a given score",
    "policy": "how scores become decisions",
    "rest": "what no part explains",
}


@dataclass(frozen=True)
class Bar:
    """One step of a waterfall, from `start` to `end` on the metric's scale; it may end from `low` to `high`."""

    label: str
    name: str
    words: str
    start: float
    end: float
    low: float
    high: float
    kind: str
    cell: Cell
    share: str


@dataclass(frozen=True)
class DetailLine:
    """The change told by one column or segment; these overlap."""

    mechanism: str
    subject: str
    cell: Cell
    share: str


@dataclass(frozen=True)
class Cause:
    """One attribution in words, ready to draw; `since` where its sentence does not say it."""

    title: str
    sentence: str
    then: Cell
    now: Cell
    change: Cell
    word: str
    bars: tuple[Bar, ...]
    details: tuple[DetailLine, ...]
    since: str
    events: tuple[tuple[str, str, str], ...]
    method: str
    scale: Scale | None


def causes(evaluation: Evaluation) -> tuple[Cause, ...]:
    """Return every attribution, in the order of the evaluation."""
    return tuple(_cause(a, evaluation.task) for a in evaluation.attributions)


def _cause(attribution: Attribution, task: str) -> Cause:
    doc = metric_doc(attribution.metric, task)
    bars = tuple(_bars(attribution, doc.direction))
    levels = [end for e in (attribution.then, attribution.now) for end in (e.low, e.value, e.high)]
    ends = [end for bar in bars for end in (bar.start, bar.end, bar.low, bar.high)]
    return Cause(
        visible(doc.title),
        sentence(attribution.sentence),
        cell(attribution.then),
        cell(attribution.now),
        cell(attribution.change, sign=True),
        change(attribution.change, doc.direction),
        bars,
        tuple(_detail(part) for part in attribution.details[:MOST_DETAILS]),
        "" if attribution.since in attribution.sentence else visible(attribution.since),
        tuple((visible(e.time), visible(e.kind), visible(e.title)) for e in attribution.events),
        sentence(attribution.method),
        Scale.around([*levels, *ends]),
    )


def _bars(attribution: Attribution, direction: str) -> Iterator[Bar]:
    at = attribution.then.value
    for part in attribution.parts:
        name = MECHANISMS[part.mechanism]
        subject = _subject(part)
        label = f"{name}: {subject}" if subject else name
        yield Bar(
            label,
            name if part.sentence else label,
            sentence(part.sentence) or EXPLAINED[part.mechanism],
            at,
            at + part.effect.value,
            at + part.effect.low,
            at + part.effect.high,
            _kind(part.effect.value, direction),
            cell(part.effect, sign=True),
            numerals.percent(part.share),
        )
        at += part.effect.value


def _kind(effect: float, direction: str) -> str:
    if direction == "target":
        return "higher" if effect > 0 else "lower"
    return "better" if (effect > 0) == (direction == "higher") else "worse"


def _subject(part: Part) -> str:
    return visible(part.where) if part.where else visible(part.subject)


def _detail(part: Part) -> DetailLine:
    return DetailLine(
        MECHANISMS[part.mechanism],
        _subject(part) or "all rows",
        cell(part.effect, sign=True),
        numerals.percent(part.share),
    )
