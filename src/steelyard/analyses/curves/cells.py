"""The tables that curves and findings are drawn from: which facts they are, and how to look at them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.slicing import ALL_ROWS
from steelyard.analyses.study import Study
from steelyard.facts import Bucket, Cells, Count, Fact, FactTable, Histogram, Moments
from steelyard.metrics import Confusion, ScoreCells
from steelyard.metrics.read import confusion, scores
from steelyard.metrics.views import ADDED

Floats = NDArray[np.float64]
F = TypeVar("F", Cells, Count, Histogram, Moments)
MOST_SUBJECTS = 12
"""Classes or labels that get curves of their own; the largest."""


def over_all(fact: F, study: Study) -> F:
    """The fact over all rows: the same that metrics ask, so that it is counted once."""
    return msgspec.structs.replace(fact, by=ALL_ROWS.within(study.bucket))


@dataclass(frozen=True)
class Scored:
    """One score against one truth: of a binary problem, or of one class or label.

    Attributes:
        study, data: where it comes from.
        subject: class or label; "" for a binary problem.
        view: positives and negatives by ascending score.
        buckets: the same by cluster bucket, all on the bins of `view`; empty for independent rows.
    """

    study: Study
    data: str
    subject: str
    view: ScoreCells
    buckets: tuple[ScoreCells, ...] = field(default=(), repr=False)

    @property
    def notes(self) -> dict[str, str]:
        """What a caption needs."""
        threshold = self.study.problem.threshold
        return {} if threshold is None else {"threshold": f"{threshold:g}"}

    @property
    def both(self) -> bool:
        """Whether there are positives and negatives."""
        return bool(self.view.positives and self.view.negatives)


@dataclass(frozen=True)
class Decided:
    """Decisions against the truth, whole and by cluster bucket."""

    study: Study
    data: str
    subject: str
    view: Confusion
    buckets: tuple[Confusion, ...] = field(default=(), repr=False)


def bucketed(fact: Fact, table: FactTable) -> list[FactTable]:
    """The table of each cluster bucket; none where rows are independent."""
    if not fact.keys or not isinstance(fact.keys[0], Bucket):
        return []
    return [table.where(table.codes[:, 0] == b) for b in np.unique(table.codes[:, 0])]


def subjects(study: Study) -> list[tuple[str, str]]:
    """(subject, suffix of its row columns) of every binary question inside the problem."""
    problem = study.problem
    match problem.task:
        case "binary":
            return [("", "")]
        case "multilabel":
            return [(name, f"_{i}") for i, name in enumerate(problem.classes)]
        case _:
            return []


def scored_fact(study: Study, subject: str, suffix: str) -> Cells | None:
    """The cells of one score; None where the problem has none."""
    problem = study.problem
    if problem.task == "multiclass":
        return over_all(problem.class_scores(problem.classes.index(subject)), study)
    if (subject or "1") not in problem.scored:
        return None
    return over_all(problem.cells(suffix), study)


def scored(study: Study, data: str, subject: str = "", suffix: str = "") -> Scored | None:
    """Read one score of one data set."""
    fact = scored_fact(study, subject, suffix)
    if fact is None or fact not in study.profiles[data]:
        return None
    table = study.profiles[data][fact]
    positive = subject if study.problem.task == "multiclass" else "1"
    view = scores(fact, table, positive)
    parts = tuple(_aligned(scores(fact, part, positive), view) for part in bucketed(fact, table))
    return Scored(study, data, subject, view, parts)


def all_scored(study: Study, data: str) -> Iterator[Scored]:
    """Every score of one data set: the binary one, or those of the largest classes or labels."""
    problem = study.problem
    if problem.task == "multiclass":
        made = (scored(study, data, name) for name in largest(study, data) if name in problem.scored)
    else:
        made = (scored(study, data, *pair) for pair in subjects(study)[:MOST_SUBJECTS])
    yield from (one for one in made if one is not None and one.both)


def decided_fact(study: Study, suffix: str = "") -> Cells | None:
    """The cells with decisions; None where there are none."""
    problem = study.problem
    if not problem.decided or problem.task not in ("binary", "multiclass", "multilabel"):
        return None
    return over_all(problem.confusion() if problem.task == "multiclass" else problem.cells(suffix), study)


def decided(study: Study, data: str, subject: str = "", suffix: str = "") -> Decided | None:
    """Read the decisions of one data set."""
    fact = decided_fact(study, suffix)
    if fact is None or fact not in study.profiles[data]:
        return None
    table = study.profiles[data][fact]
    classes = study.problem.classes if study.problem.task == "multiclass" else ("0", "1")
    view = confusion(fact, table, classes)
    if not view.rows:
        return None
    parts = tuple(confusion(fact, part, classes) for part in bucketed(fact, table))
    return Decided(study, data, subject, view, parts)


def largest(study: Study, data: str) -> Sequence[str]:
    """The classes with most true rows, at most `MOST_SUBJECTS`, in their own order."""
    classes = study.problem.classes
    if len(classes) <= MOST_SUBJECTS:
        return classes
    found = decided(study, data)
    if found is None:
        return classes[:MOST_SUBJECTS]
    order = np.argsort(-found.view.counts.sum(axis=1), kind="stable")[:MOST_SUBJECTS]
    return [classes[i] for i in sorted(order.tolist())]


def _aligned(part: ScoreCells, whole: ScoreCells) -> ScoreCells:
    place = np.searchsorted(whole.left + whole.right, part.left + part.right)

    def spread(column: Floats) -> Floats:
        full = np.zeros(len(whole.left))
        full[place] = column
        return full

    made = {name: spread(getattr(part, name)) for name in ADDED}
    return ScoreCells(**made, left=whole.left, right=whole.right, probability=whole.probability)
