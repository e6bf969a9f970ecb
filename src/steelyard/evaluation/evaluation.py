"""The evaluation: everything that is known about one subject after its data was read once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from steelyard.evaluation.result import Result
from steelyard.records import (
    EVERYTHING,
    Answer,
    Attribution,
    CheckResult,
    ColumnSummary,
    Curve,
    Drift,
    Fairness,
    Finding,
    Money,
    Outcome,
    Reading,
    Segment,
    Series,
    Slice,
    Uncertainty,
    UnknownNameError,
    Verdict,
    nearest,
)


class Estimates(Mapping[str, Outcome]):
    """Readings by metric name; `estimates["roc_auc"]` is the overall outcome on the current data.

    `estimates.of("roc_auc", {"sex": "F"}, data="reference")` reaches the rest; iterating gives names.
    """

    def __init__(self, readings: tuple[Reading, ...]) -> None:
        self._readings = {(r.metric, r.slice, r.data): r for r in readings}

    def of(self, metric: str, where: Mapping[str, object] | Slice = EVERYTHING, data: str = "current") -> Outcome:
        """Return the outcome of a metric on a slice of a data set."""
        place = where if isinstance(where, Slice) else Slice.of(where)
        found = self._readings.get((metric, place, data))
        if found is None:
            known = {m for m, _, _ in self._readings}
            if metric not in known:
                raise UnknownNameError(f"There is no estimate of {metric!r}. {nearest(metric, sorted(known))}")
            slices = sorted({str(s) for m, s, d in self._readings if m == metric and d == data})
            raise UnknownNameError(
                f"{metric} was not read on {place} of the {data} data. {nearest(str(place), slices)}"
            )
        return found.outcome

    def __getitem__(self, metric: str) -> Outcome:
        return self.of(metric)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(m for m, s, d in self._readings if not s and d == "current"))

    def __len__(self) -> int:
        return sum(1 for _ in self)


@dataclass(frozen=True, repr=False)
class Evaluation(Result):
    """Estimates, findings, checks and curves of one model on one data set.

    Attributes:
        subject: what was evaluated, for people ("predictions.parquet").
        task: "binary", "multiclass", "multilabel", "regression", "forecasting" or "ranking".
        roles: what each column meant, as plain values.
        guesses: the roles that were guessed, each a sentence with how to change it.
        rows: rows by data set, e.g. {"current": 41230, "reference": 90000}.
        readings: every metric on every slice of every data set; `data` is "current", "reference",
            "difference" (current minus reference), "estimated" (current, where labels are late), "champion" (another
            model on the same rows) or "gain" (this model minus the champion, paired).
        headline: the metric names to show first, most telling first.
        findings: most important first.
        checks: metrics held against bounds.
        answers: is it worse, how much, why, where, what to do first; where there is a reference.
        drifts: how far columns moved from the reference, all of them.
        segments: where the model fails most, found by search.
        series: metrics and drifts over windows of time.
        attributions: why metrics changed.
        fairness: how groups fare; where there are sensitive attributes.
        money: what decisions are worth; where costs were given.
        uncertainty: whether intervals, sets and confidence keep their promise.
        curves: points of the charts.
        columns: the data overview.
        warnings: what the reader of the data noticed.
        notes: the methods and limits that hold for this evaluation, each a sentence.
        level: nominal coverage of the intervals.
        seed: of the folds and draws that verify findings; draws inside intervals have fixed seeds of their own.
        digest: of the current data, where known.
        created: ISO time in UTC.
        versions: steelyard, python, polars, numpy …
        settings: the constants used (threshold, clusters, grid …).
    """

    kind = "evaluation"

    subject: str
    task: str
    roles: Mapping[str, Any]
    rows: Mapping[str, int]
    readings: tuple[Reading, ...]
    guesses: tuple[str, ...] = ()
    headline: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()
    checks: tuple[CheckResult, ...] = ()
    answers: tuple[Answer, ...] = ()
    drifts: tuple[Drift, ...] = ()
    segments: tuple[Segment, ...] = ()
    series: tuple[Series, ...] = ()
    attributions: tuple[Attribution, ...] = ()
    fairness: Fairness | None = None
    money: Money | None = None
    uncertainty: Uncertainty | None = None
    curves: tuple[Curve, ...] = ()
    columns: tuple[ColumnSummary, ...] = ()
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    level: float = 0.95
    seed: int = 0
    digest: str | None = None
    created: str = ""
    versions: Mapping[str, str] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)

    @property
    def estimates(self) -> Estimates:
        """Outcomes by metric name."""
        return Estimates(self.readings)

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict of the checks; None where there are no checks."""
        return Verdict.worst(c.verdict for c in self.checks)

    def __repr__(self) -> str:
        shown = ", ".join(f"{m}={self.estimates[m]}" for m in self.headline[:3])
        return f"<Evaluation of {self.subject}: {self.task}, {self.rows.get('current', 0):,} rows; {shown}>"
