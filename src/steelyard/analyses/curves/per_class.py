"""Precision, recall, F1 and ROC AUC of each class or label."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.curves.cells import Decided, Scored, decided, scored, subjects
from steelyard.analyses.curves.shares import share
from steelyard.analyses.study import Study
from steelyard.records import Curve
from steelyard.stats import ranks

Shown = tuple[float | None, float | None, float | None]
NOTHING: Shown = (None, None, None)


@dataclass(frozen=True)
class ClassLine:
    """One class: its rows and its measures as (value, low, high)."""

    name: str
    rows: float
    precision: Shown
    recall: Shown
    f1: Shown
    roc_auc: float | None


def per_class(study: Study, data: str) -> Curve | None:
    """One row a class of a multiclass problem."""
    found = decided(study, data)
    if found is None or study.problem.task != "multiclass":
        return None
    lines = [_line(found, i, name, _of(study, data, name)) for i, name in enumerate(found.view.classes)]
    return _curve("per_class", data, lines)


def per_label(study: Study, data: str) -> Curve | None:
    """One row a label of a multilabel problem."""
    if study.problem.task != "multilabel":
        return None
    lines = []
    for name, suffix in subjects(study):
        found = decided(study, data, name, suffix)
        if found is not None:
            lines.append(_line(found, 1, name, scored(study, data, name, suffix)))
    return _curve("per_label", data, lines) if lines else None


def _of(study: Study, data: str, name: str) -> Scored | None:
    return scored(study, data, name) if name in study.problem.scored else None


def _line(found: Decided, i: int, name: str, score: Scored | None) -> ClassLine:
    view = found.view
    one = slice(i, i + 1)
    hit, actual, said = (one, one), (one, slice(None)), (slice(None), one)

    def measure(*whole: tuple[slice, slice]) -> Shown:
        mask = np.zeros(view.table.shape, dtype=bool)
        for part in whole:
            mask[part] = True
        total = float(view.table[mask].sum())
        if not total > 0:
            return NOTHING
        parts = None
        if found.buckets:
            parts = (
                np.array([float(b.table[hit].sum()) for b in found.buckets]),
                np.array([float(b.table[mask].sum()) for b in found.buckets]),
            )
        return share(float(view.table[hit].sum()), total, float(view.squares[mask].sum()), found.study.level, parts)

    jaccard = measure(actual, said)
    f1: Shown = NOTHING if jaccard[0] is None else tuple(2 * v / (1 + v) for v in jaccard if v is not None)  # type: ignore[assignment]
    auc = ranks.roc_auc(score.view.p, score.view.q) if score is not None and score.both else None
    return ClassLine(name, float(view.counts[actual].sum()), measure(said), measure(actual), f1, auc)


def _curve(kind: str, data: str, lines: Sequence[ClassLine]) -> Curve:
    columns: dict[str, Sequence[float | str | None]] = {
        "class": [line.name for line in lines],
        "n": [line.rows for line in lines],
    }
    for name in ("precision", "recall", "f1"):
        for k, end in enumerate(("", "_low", "_high")):
            columns[f"{name}{end}"] = [getattr(line, name)[k] for line in lines]
    columns["roc_auc"] = [line.roc_auc for line in lines]
    return Curve(kind, columns, data)
