"""Why a metric changed: a waterfall from the reference's value to today's; the same told by column and segment."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Attribution, Mechanism, Part
from steelyard.report import numerals
from steelyard.report.metric_words import metric_doc
from steelyard.report.performance import Cell, cell
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
    """One step of a waterfall, from `start` to `end` on the scale of the metric."""

    label: str
    about: str
    start: float
    end: float
    kind: str
    cell: Cell
    share: str
    sentence: str


@dataclass(frozen=True)
class DetailLine:
    """The change told by one column or segment; these overlap."""

    mechanism: str
    subject: str
    cell: Cell
    share: str
    sentence: str


@dataclass(frozen=True)
class Cause:
    """One attribution in words, ready to draw."""

    title: str
    sentence: str
    then: Cell
    now: Cell
    change: Cell
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
    worse = -1.0 if metric_doc(attribution.metric, task).direction == "lower" else 1.0
    bars = tuple(_bars(attribution, worse))
    ends = [end for bar in bars for end in (bar.start, bar.end)]
    return Cause(
        metric_doc(attribution.metric, task).title,
        sentence(attribution.sentence),
        cell(attribution.then),
        cell(attribution.now),
        cell(attribution.change, sign=True),
        bars,
        tuple(_detail(part) for part in attribution.details[:MOST_DETAILS]),
        visible(attribution.since),
        tuple((visible(e.time), visible(e.kind), visible(e.title)) for e in attribution.events),
        sentence(attribution.method),
        Scale.around([attribution.then.value, attribution.now.value, *ends]),
    )


def _bars(attribution: Attribution, worse: float) -> Iterator[Bar]:
    at = attribution.then.value
    for part in attribution.parts:
        end = at + part.effect.value
        kind = "worse" if worse * part.effect.value < 0 else "better"
        yield Bar(
            _label(part),
            EXPLAINED.get(part.mechanism, ""),
            at,
            end,
            kind,
            cell(part.effect, sign=True),
            numerals.percent(part.share),
            sentence(part.sentence),
        )
        at = end


def _detail(part: Part) -> DetailLine:
    return DetailLine(
        MECHANISMS.get(part.mechanism, visible(part.mechanism)),
        visible(part.where) if part.where else visible(part.subject),
        cell(part.effect, sign=True),
        numerals.percent(part.share),
        sentence(part.sentence),
    )


def _label(part: Part) -> str:
    name = MECHANISMS.get(part.mechanism, visible(part.mechanism))
    about = visible(part.where) if part.where else visible(part.subject)
    return f"{name}: {about}" if about else name
