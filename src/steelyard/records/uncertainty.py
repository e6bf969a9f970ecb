"""Whether a model knows what it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from steelyard.records.estimate import Outcome
from steelyard.records.improvement import Effect
from steelyard.records.series import Series
from steelyard.records.slice import EVERYTHING, Slice
from steelyard.records.verdict import Verdict

By = Literal["all", "slice", "size", "prediction"]


@dataclass(frozen=True)
class Coverage:
    """How often intervals or sets held the truth, beside what was promised.

    Attributes:
        subject: which intervals or sets: "low to high", "quantiles 0.05 to 0.95", "the set of labels".
        coverage: observed share.
        promised: the nominal share; None where nothing was promised, and so nothing is judged.
        expected: the share that a promise kept shows on average; a little above the promised one where few rows
            calibrated it.
        limits: where the share lies with the level's probability if the promise is kept.
        p: of the promise, two-sided; among slices adjusted for their number (Benjamini–Hochberg).
        size: mean width of the intervals, or mean number of classes of the sets.
        verdict: pass, fail, inconclusive; None where nothing was promised.
        rows_needed: rows in all that would settle an inconclusive verdict; None where no number would.
        by: what the rows are told apart by: nothing, a slice, the size of the interval or set, or the prediction.
        where: the rows.
        data: "current" or "reference".
    """

    subject: str
    coverage: Outcome
    promised: float | None
    expected: float | None
    limits: tuple[float, float] | None
    p: float | None
    size: Outcome
    verdict: Verdict | None
    rows_needed: int | None = None
    by: By = "all"
    where: Slice = EVERYTHING
    data: str = "current"


@dataclass(frozen=True)
class Sharpness:
    """How much intervals or sets say.

    Attributes:
        subject: as of `Coverage`.
        kind: "interval" or "set".
        size: mean width, or mean number of classes.
        score: the interval (Winkler) score; None of sets.
        empty: share of sets without a class; None of intervals.
        full: share of sets with every class; None of intervals.
        ignorant: the size of what knows nothing of the inputs: the width that holds the promised share of all labels
            if those are about normal, or the number of classes; None where that is not known.
        data: "current" or "reference".
    """

    subject: str
    kind: Literal["interval", "set"]
    size: Outcome
    score: Outcome | None = None
    empty: Outcome | None = None
    full: Outcome | None = None
    ignorant: float | None = None
    data: str = "current"


@dataclass(frozen=True)
class RiskPoint:
    """A point of the risk–coverage curve: what is answered from a confidence on, and how much of it is wrong."""

    confidence: float
    coverage: float
    risk: float
    low: float
    high: float


@dataclass(frozen=True)
class SafeThreshold:
    """The confidence from which on answers keep a risk, chosen and guaranteed by the same rows.

    Attributes:
        risk: the share of errors that answers may have.
        confidence: answer from here on; None where no threshold can be guaranteed.
        coverage: share of rows that are answered then.
        seen: share of errors among them; low to high is an ordinary interval, the guarantee is that of `level`.
        level: how sure it is that the risk is kept.
        rows_needed: rows in all with which a guarantee may be hoped for, where there is none.
    """

    risk: float
    confidence: float | None
    coverage: Outcome
    seen: Outcome
    level: float
    rows_needed: int | None = None


@dataclass(frozen=True)
class Selective:
    """Whether confidence tells right answers from wrong ones.

    Attributes:
        measures: "auroc_failure", "augrc", "aurc", "error" and "accuracy_at_80" …, by name.
        curve: points of the risk–coverage curve, most certain first.
        safe: thresholds with a guarantee; of the current data only.
        data: "current" or "reference".
    """

    measures: tuple[tuple[str, Outcome], ...]
    curve: tuple[RiskPoint, ...] = ()
    safe: tuple[SafeThreshold, ...] = ()
    data: str = "current"

    def measure(self, name: str) -> Outcome | None:
        """A measure by its name, None where it was not read."""
        return dict(self.measures).get(name)


@dataclass(frozen=True)
class Recalibration:
    """A way to put probabilities right, judged on rows that did not fit it.

    Attributes:
        subject: label the score is of; "" for a binary problem; "confidence" for that of the chosen class.
        method: "temperature", "platt", "beta" or "isotonic".
        effects: log loss, Brier score and calibration error before and after.
        chosen: whether it is the one to take: the simplest whose log loss is within a standard error of the best.
        verified: whether its gain in log loss is certain.
        policy: the map, fitted on all rows, as plain values that `improve.policy` reads.
    """

    subject: str
    method: str
    effects: tuple[Effect, ...]
    chosen: bool = False
    verified: bool = False
    policy: Mapping[str, Any] = field(default_factory=dict)

    def effect(self, measure: str) -> Effect | None:
        """The effect on a measure, None where it was not read."""
        return next((e for e in self.effects if e.measure == measure), None)


@dataclass(frozen=True)
class Uncertainty:
    """Coverage, selective prediction and recalibration of one evaluation.

    Attributes:
        coverages: overall first, then by slice, by size and by prediction.
        sharpness: how wide intervals are, how large sets.
        series: coverage over windows of time, where there are windows.
        selective: how well confidence ranks errors.
        recalibrations: ways to recalibrate each score, the chosen one first.
        notes: methods and limits, in sentences.
    """

    coverages: tuple[Coverage, ...] = ()
    sharpness: tuple[Sharpness, ...] = ()
    series: tuple[Series, ...] = ()
    selective: tuple[Selective, ...] = ()
    recalibrations: tuple[Recalibration, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> Verdict | None:
        """The worst verdict on the coverage of all current rows; None where nothing was promised."""
        return Verdict.worst(
            c.verdict for c in self.coverages if c.by == "all" and c.data == "current" and c.verdict is not None
        )
