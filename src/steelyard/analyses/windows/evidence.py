"""How sure one may be that a series is worse than the reference, however often one looked.

The limits of a chart ration false alarms; an e-value says how strong the evidence is, and may be looked at after
every window for ever. For error rates it speaks against "no more than the reference's upper bound and what windows
differ by anyway"; for columns against "the column did not move". Which of them deserve an alarm is said by e-BH, over
all of them.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.drift import evidence as drift
from steelyard.analyses.drift.evidence import ALPHA, Evidence
from steelyard.analyses.performance import facts_by
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.analyses.windows.timeline import Timeline
from steelyard.analyses.words import NBSP, percent
from steelyard.facts import Cells
from steelyard.metrics.read import confusion
from steelyard.records import Estimate, Series
from steelyard.stats import intervals, sequential

BOUND = 0.001
"""Chance that the reference's true rate lies above the bound it is given; part of every p."""
SPREADS = 2.0
"""Standard deviations between windows, beyond sampling error, that are tolerated."""
_LOST = {"accuracy": "error rate", "recall": "share of positives missed", "precision": "share of false alarms"}
_METRICS = tuple(_LOST)


@dataclass(frozen=True)
class Rise:
    """What speaks for an error rate above the reference's.

    Attributes:
        metric: the metric that is one less the rate.
        rate: what the rate is called.
        value: it over all windows so far.
        bound: the reference's upper bound.
        tolerance: what is allowed beyond it.
        evidence: log e-value after each window.
    """

    metric: str
    rate: str
    value: float
    bound: float
    tolerance: float
    evidence: Evidence

    @property
    def p(self) -> float:
        """At most the chance that this is noise, however often one looked."""
        return min(sequential.anytime_p(float(self.evidence.log_e.max())) + BOUND, 1.0)


def rises(study: Study, line: Timeline, series: Sequence[Series]) -> list[Rise]:
    """Error rates that are followed and have a reference; rows have to be independent and of equal weight."""
    binary = study.problem.task == "binary"
    if not (binary or study.problem.task == "multiclass") or study.bucket is not None or study.problem.weighted:
        return []
    followed = {s.subject: s for s in series if s.kind == "metric"}
    names = [name for name in (_METRICS if binary else _METRICS[:1]) if name in followed]
    return [r for name in names if (r := _rise(study, line, name, followed[name])) is not None]


def with_evidence(study: Study, line: Timeline, series: Sequence[Series]) -> tuple[Series, ...]:
    """The series, each with what the evidence so far says of it, where there is any."""
    if "reference" not in study.profiles:
        return tuple(series)
    risen, moved = rises(study, line, series), drift.evidence(study)
    every = [*(r.evidence for r in risen), *moved]
    hits = dict(zip(map(id, every), drift.alarms(every).tolist(), strict=True)) if every else {}
    told = {("metric", r.metric): f"{_of_rise(r)}{_alarm(hits[id(r.evidence)], len(every))}" for r in risen}
    told |= {("drift", e.column): f"{_of_move(e)}{_alarm(hits[id(e)], len(every))}" for e in moved if len(e.log_e)}
    return tuple(_noted(one, told.get((_what(one), one.subject), "")) for one in series)


def _rise(study: Study, line: Timeline, name: str, series: Series) -> Rise | None:
    metric = study.metric(name)
    wanted = () if metric is None else facts_by(study, metric, SliceBy((line.window,)))
    if len(wanted) != 1 or not isinstance(wanted[0], Cells):
        return None
    fact = wanted[0]
    counts = {data: _counts(study, line, fact, name, data) for data in ("reference", "current")}
    (before, known), (wrong, rows) = counts["reference"], counts["current"]
    if not known.sum() or not rows.sum():
        return None
    bound = intervals.clopper_pearson(float(before.sum()), float(known.sum()), 1.0 - 2.0 * BOUND)[1]
    tolerance = SPREADS * series.between
    most = bound + tolerance
    if not 0.0 < most < 1.0:
        return None
    log_e = [sequential.binomial_e(k, n, most) for k, n in zip(np.cumsum(wrong), np.cumsum(rows), strict=True)]
    codes = line.codes[line.current]
    made = Evidence(name, codes, np.array(log_e), "mixture of binomial likelihoods, rows independent")
    return Rise(name, _LOST[name], float(wrong.sum() / rows.sum()), bound, tolerance, made)


def _counts(
    study: Study, line: Timeline, fact: Cells, name: str, data: str
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Wrong rows, and rows that could be, of each window of a data set."""
    places = sorted(line.places(data))
    wrong, rows = np.zeros(len(places)), np.zeros(len(places))
    profile = study.profiles.get(data)
    if profile is None or fact not in profile:
        return wrong, rows
    table = profile[fact]
    at = fact.keys.index(line.window)
    classes = study.problem.classes if study.problem.task == "multiclass" else ("0", "1")
    for i, code in enumerate(places):
        counts = confusion(fact, table.where(table.codes[:, at] == code), classes).counts
        match name:
            case "recall":
                wrong[i], rows[i] = counts[1, 0], counts[1].sum()
            case "precision":
                wrong[i], rows[i] = counts[0, 1], counts[:, 1].sum()
            case _:
                wrong[i], rows[i] = counts.sum() - np.trace(counts), counts.sum()
    return wrong, rows


def _of_rise(rise: Rise) -> str:
    allowed = f" and the {percent(rise.tolerance, rise.tolerance)} that windows differ by" * (rise.tolerance > 0)
    return (
        f"Evidence so far that the {rise.rate} is above the reference's upper bound of "
        f"{percent(rise.bound, rise.bound / 10)}{allowed}: {_strength(float(rise.evidence.log_e[-1]), rise.p)}"
    )


def _of_move(made: Evidence) -> str:
    p = sequential.anytime_p(float(made.log_e.max()))
    return f"Evidence so far that the column moved ({made.method}): {_strength(float(made.log_e[-1]), p)}"


def _strength(log_e: float, p: float) -> str:
    if p >= 1.0:
        return "none"
    e = f"{math.exp(log_e):.2g}" if abs(log_e) < 14.0 else f"10^{log_e / math.log(10.0):.0f}"
    return f"e = {e}; the chance that this is noise, however often one looked, is at most {chance(p)}"


def chance(p: float) -> str:
    """A small chance as a percentage, rounded up to two digits: "0.31 %"; never below 0.01 %."""
    at = 100.0 * p
    if at <= 0.01:
        return f"0.01{NBSP}%"
    digits = max(1 - math.floor(math.log10(at)), 0)
    return f"{math.ceil(at * 10.0**digits - 1e-9) / 10.0**digits:.{digits}f}{NBSP}%"


def _alarm(hit: bool, series: int) -> str:
    return f", an alarm by e-BH over {series:,} series (false discoveries at most {percent(ALPHA)})." if hit else "."


def _what(series: Series) -> str:
    """Metrics, and the distances of columns; means of label, score and prediction have no evidence of this kind."""
    first = next((p.outcome for p in series.points if isinstance(p.outcome, Estimate)), None)
    distance = first is not None and "jensen" in first.method
    return series.kind if series.kind == "metric" or distance else ""


def _noted(series: Series, told: str) -> Series:
    return replace(series, method=" ".join(part for part in (series.method, told) if part)) if told else series


def alarming(study: Study, line: Timeline) -> Iterator[Rise]:
    """The rises that deserve an alarm by e-BH over error rates and columns."""
    risen, moved = rises(study, line, study.series), drift.evidence(study)
    every = [*(r.evidence for r in risen), *moved]
    if every:
        hits = drift.alarms(every)[: len(risen)]
        yield from (rise for rise, hit in zip(risen, hits.tolist(), strict=True) if hit)
