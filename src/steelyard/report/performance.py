"""Every metric on all rows: its value, what it was on the reference, and whether it moved."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Estimate, Outcome
from steelyard.report import numerals
from steelyard.report.metric_words import group_of, group_order, metric_doc, told
from steelyard.report.text import sentence, visible

KEY_NUMBERS = 7
BINNING_SHOWS = 1.0
"""The bound on the error of binning is told where it is larger than this share of the interval."""


@dataclass(frozen=True)
class Cell:
    """An outcome in words; `estimate` is None where it is undefined and `reason` says why."""

    value: str
    interval: str = ""
    n: str = ""
    method: str = ""
    note: str = ""
    reason: str = ""
    estimate: Estimate | None = None


@dataclass(frozen=True)
class MetricLine:
    """One metric on all rows of the data sets."""

    name: str
    title: str
    told: tuple[tuple[str, str], ...]
    current: Cell
    reference: Cell | None = None
    difference: Cell | None = None
    change: str = ""


@dataclass(frozen=True)
class MetricGroup:
    """Metrics that answer one kind of question."""

    title: str
    lines: tuple[MetricLine, ...]


def cell(outcome: Outcome, sign: bool = False) -> Cell:
    """Put an outcome into words."""
    if not isinstance(outcome, Estimate):
        return Cell("–", reason=sentence(outcome.reason))
    if outcome.value != outcome.value or abs(outcome.value) == float("inf"):
        return Cell("–", reason="the value is not a finite number")
    return Cell(
        numerals.value(outcome, sign),
        numerals.interval(outcome, sign),
        numerals.count(outcome.n),
        visible(outcome.method).replace("_", " "),
        _note(outcome),
        estimate=outcome,
    )


def _note(estimate: Estimate) -> str:
    """Return the caution about a number, with the error of binning where it shows beside the interval."""
    binned = estimate.discretisation > BINNING_SHOWS * abs(estimate.high - estimate.low)
    binning = f"binning may move it by {numerals.number(estimate.discretisation)}" if binned else ""
    return "; ".join(part for part in (sentence(estimate.note), binning) if part)


def metric_lines(evaluation: Evaluation) -> list[MetricLine]:
    """Return all metrics read on all rows of the current data, headline ones first."""
    found: dict[tuple[str, str], Outcome] = {}
    for reading in evaluation.readings:
        if not reading.slice:
            found.setdefault((reading.metric, reading.data), reading.outcome)
    names = [m for m, data in found if data == "current"]
    first = [m for m in dict.fromkeys(evaluation.headline) if m in names]
    return [_line(m, found, evaluation.task) for m in dict.fromkeys([*first, *names])]


def key_numbers(evaluation: Evaluation) -> tuple[MetricLine, ...]:
    """Return the metrics of the first screen."""
    lines = metric_lines(evaluation)
    wanted = [line for line in lines if line.name in evaluation.headline] or lines
    return tuple(wanted[:KEY_NUMBERS])


def metric_groups(evaluation: Evaluation) -> tuple[MetricGroup, ...]:
    """Return all metrics by the question they answer."""
    groups: dict[str, list[MetricLine]] = {}
    for line in metric_lines(evaluation):
        groups.setdefault(group_of(line.name, evaluation.task), []).append(line)
    return tuple(MetricGroup(title, tuple(groups[title])) for title in sorted(groups, key=group_order))


def _line(name: str, found: dict[tuple[str, str], Outcome], task: str) -> MetricLine:
    doc = metric_doc(name, task)
    reference, difference = found.get((name, "reference")), found.get((name, "difference"))
    return MetricLine(
        name,
        visible(doc.title),
        told(doc),
        cell(found[name, "current"]),
        cell(reference) if reference else None,
        cell(difference, sign=True) if difference else None,
        change(difference, doc.direction) if difference else "",
    )


def change(difference: Outcome, direction: str) -> str:
    """Say what a difference means: "better", "worse", "higher", "lower", or that it is not clear."""
    if not isinstance(difference, Estimate):
        return ""
    if not (difference.low > 0 or difference.high < 0):
        return "no clear change"
    risen = difference.low > 0
    if direction == "target":
        return "higher" if risen else "lower"
    return "better" if risen == (direction == "higher") else "worse"
