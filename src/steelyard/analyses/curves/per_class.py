"""Precision, recall, F1 and ROC AUC of each class or label against the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from steelyard.analyses.curves.cells import Decided, Scored, decided, scored, subjects
from steelyard.analyses.study import Study
from steelyard.metrics import estimate, get
from steelyard.metrics.views import Confusion
from steelyard.records import Curve, Estimate, Outcome

DECISIONS = ("precision", "recall", "f1")
RANKS = "roc_auc"


def per_class(study: Study, data: str) -> Curve | None:
    """One row a class of a multiclass problem."""
    found = decided(study, data)
    if found is None or study.problem.task != "multiclass":
        return None
    lines = []
    for i, name in enumerate(found.view.classes):
        parts = [part.against_rest(i) for part in found.buckets]
        score = scored(study, data, name) if name in study.problem.scored else None
        lines.append((name, found.view.against_rest(i), parts, score))
    return _curve("per_class", data, study, lines)


def per_label(study: Study, data: str) -> Curve | None:
    """One row a label of a multilabel problem."""
    if study.problem.task != "multilabel":
        return None
    lines = []
    for name, suffix in subjects(study):
        found: Decided | None = decided(study, data, name, suffix)
        if found is not None:
            lines.append((name, found.view, list(found.buckets), scored(study, data, name, suffix)))
    return _curve("per_label", data, study, lines) if lines else None


Line = tuple[str, Confusion, list[Confusion], Scored | None]


def _curve(kind: str, data: str, study: Study, lines: Sequence[Line]) -> Curve:
    rows = [_measured(study, *line[1:]) for line in lines]
    columns: dict[str, Sequence[float | str | None]] = {
        "class": [line[0] for line in lines],
        "n": [float(line[1].counts[1].sum()) for line in lines],
    }
    for name in (*DECISIONS, RANKS):
        for end in ("value", "low", "high"):
            column = name if end == "value" else f"{name}_{end}"
            columns[column] = [getattr(r[name], end) if isinstance(r[name], Estimate) else None for r in rows]
    return Curve(kind, columns, data)


def _measured(
    study: Study, view: Confusion, buckets: Sequence[Confusion], score: Scored | None
) -> Mapping[str, Outcome | None]:
    """The binary metrics of one class, by the engine that measures everything else."""
    left_out = [view.without(part) for part in buckets] if study.bucket is not None else None
    found: dict[str, Outcome | None] = {
        name: estimate(get(name, "binary"), view, study.level, left_out) for name in DECISIONS
    }
    ranked = None
    if score is not None:
        parts = [score.view.without(part) for part in score.buckets] if study.bucket is not None else None
        ranked = estimate(get(RANKS, "binary"), score.view, study.level, parts)
    return {**found, RANKS: ranked}
