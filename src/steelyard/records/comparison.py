"""Models held against each other on the same rows."""

from __future__ import annotations

from dataclasses import dataclass, field

from steelyard.records.estimate import Estimate, Outcome
from steelyard.records.slice import EVERYTHING, Slice


@dataclass(frozen=True)
class Gain:
    """One model minus another on one metric, on the rows that both have an answer for.

    Attributes:
        metric: its name.
        model: the one.
        against: the other.
        outcome: the difference `model` − `against`, paired by row.
        word: "better", "worse" (of `model`), "higher", "lower" (where neither side is better), "alike" (within the
            margin), "no difference shown" or "undefined".
        p: two-sided, of no difference; None where there is no estimate.
        adjusted_p: the same after accounting for all pairs of models (Holm), or for all slices
            (Benjamini–Hochberg).
        test: how p was made: "mcnemar mid-p" or "interval".
        slice: where.
    """

    metric: str
    model: str
    against: str
    outcome: Outcome
    word: str = ""
    p: float | None = None
    adjusted_p: float | None = None
    test: str = ""
    slice: Slice = field(default=EVERYTHING)

    @property
    def estimate(self) -> Estimate | None:
        """The estimate, or None where there is none."""
        return self.outcome if isinstance(self.outcome, Estimate) else None


@dataclass(frozen=True)
class Standing:
    """A model's place on one metric.

    Attributes:
        metric: its name.
        model: whose.
        place: 1 for the best value; models without a value come last.
        value: the metric on the common rows.
        gap: the value minus the best of the others', larger being better; intervals of all models hold at once.
        may_be_best: whether it is in the set that holds the truly best one at the level asked for; None where that
            cannot be told.
    """

    metric: str
    model: str
    place: int
    value: Outcome
    gap: Outcome
    may_be_best: bool | None = None


@dataclass(frozen=True)
class Disagreement:
    """Where two models decide differently, and who is right then.

    For predicted numbers "right" is nearer to the truth: `only_model` are rows where `model` is nearer, and the rows
    where both are equally near count as `both_right`.

    Attributes:
        model, against: the two.
        rows: rows with a label and both answers; the counts below are of rows too.
        both_right, only_model, only_against, both_wrong: rows by who is right.
        differ: share of the rows that are decided differently, with its interval.
        p: of the two being right equally often (McNemar's mid-p); None under weights or clusters.
        kappa: agreement of their errors beyond chance; 1 where they err on the same rows.
        q: Yule's Q of their errors, -1 to 1; None where one of them never errs.
        oracle: share of the rows that at least one gets right: what the best choice between them could reach.
    """

    model: str
    against: str
    rows: int
    both_right: int
    only_model: int
    only_against: int
    both_wrong: int
    differ: Outcome
    p: float | None = None
    kappa: float | None = None
    q: float | None = None
    oracle: Outcome | None = None


@dataclass(frozen=True)
class Ensemble:
    """What models would reach together, measured on the same rows.

    Attributes:
        how: "mean of scores", "mean of predictions" or "majority".
        members: the models.
        metric: its name.
        value: the metric of the ensemble.
        gain: the ensemble minus the best of its members; that one was chosen on these rows, so it is not flattered.
    """

    how: str
    members: tuple[str, ...]
    metric: str
    value: Outcome
    gain: Gain


@dataclass(frozen=True)
class FoldGain:
    """One model minus another over the folds of a cross-validation.

    Attributes:
        metric: its name.
        model, against: the two.
        folds: folds in which both have a value.
        outcome: mean difference, with the corrected resampled interval (Nadeau & Bengio 2003).
        p: two-sided, of the corrected t.
        naive_p: what a paired t-test would have said, which takes overlapping training sets for independent.
        word: as of a `Gain`.
    """

    metric: str
    model: str
    against: str
    folds: int
    outcome: Outcome
    p: float | None = None
    naive_p: float | None = None
    word: str = ""
