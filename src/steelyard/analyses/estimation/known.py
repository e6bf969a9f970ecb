"""What is known for an estimate: the reference's labels by score and segment, and the rows that wait for theirs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from steelyard.analyses.estimation import strata
from steelyard.analyses.estimation.approach import Approach, Learnt, approach_of
from steelyard.analyses.estimation.strata import Strata
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.metrics import Metric

METRICS: dict[str, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "accuracy", "recall", "precision", "f1", "brier", "log_loss"),
    "multiclass": ("accuracy", "balanced_accuracy", "f1_macro"),
    "regression": ("mae", "rmse"),
    "forecasting": ("mae", "rmse"),
}
"""The metrics that are estimated, by task."""
CURRENT, REFERENCE = "current", "reference"
MANY_MISSING = 0.05
"""Share of rows without a label from which on estimates are given."""
FEW_LABELS = 50
"""Labelled rows from which on those of the current data correct what the reference says."""


@dataclass(frozen=True)
class Known:
    """Labels of the reference and rows of the current data, by the segments that tell most.

    Attributes:
        study: where they come from.
        approach: how this task's metrics are estimated.
        strata: the segments.
        reference: what the reference's labels say; None where there are none.
        rows: the current rows, with their labels as far as they are there.
        labelled, every: number of rows with a label, and of all.
    """

    study: Study
    approach: Approach
    strata: Strata
    reference: Learnt | None
    rows: Any
    labelled: float
    every: float

    @property
    def missing(self) -> float:
        """Share of the current rows without a label."""
        return 1 - self.labelled / self.every if self.every else 0.0

    @property
    def late(self) -> bool:
        """Whether so many labels are missing that estimates are given."""
        return self.missing > MANY_MISSING

    @property
    def corrected(self) -> bool:
        """Whether labels of the current data take part in the estimate."""
        return self.labelled >= FEW_LABELS

    @property
    def metrics(self) -> list[Metric]:
        """The metrics that are estimated, of those the study has."""
        wanted = METRICS.get(self.study.problem.task, ())
        return [metric for name in wanted if (metric := self.study.metric(name)) is not None]

    def learnt(self, base: Learnt | None, rows: Any) -> Learnt | None:
        """What to judge rows without a label by: the reference, corrected by the labels that are there."""
        if not self.corrected:
            return base
        return self.approach.learn(self.study, self.study.profiles[CURRENT], rows, base) or base


def known(study: Study) -> Known | None:
    """Gather what is known; None where nothing can be estimated."""
    approach = approach_of(study.problem)
    if approach is None or not measured(study, approach, Strata().by, CURRENT):
        return None
    profile = study.profiles[CURRENT]
    segments, reference = Strata(), None
    if measured(study, approach, segments.by, REFERENCE):
        then = study.profiles[REFERENCE]
        segments = strata.chosen(study, approach, then, [profile])
        reference = approach.learn(study, then, approach.read(study, then, segments.by, segments))
    rows = approach.read(study, profile, segments.by, segments)
    labelled, every = approach.labelled(rows)
    found = Known(study, approach, segments, reference, rows, labelled, every)
    return found if reference is not None or found.corrected else None


def measured(study: Study, approach: Approach, by: SliceBy, data: str) -> bool:
    """Whether a data set has the facts of a slicing."""
    profile = study.profiles.get(data)
    wanted = approach.facts(study, by)
    return profile is not None and bool(wanted) and all(fact in profile for fact in wanted)
