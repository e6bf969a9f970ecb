"""The truth of each row of a look: which rows count as positive, where the task has two classes."""

from __future__ import annotations

from dataclasses import dataclass

import narwhals.stable.v2 as nw
import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.study import Study
from steelyard.metrics.class_values import is_class


@dataclass(frozen=True)
class Answers:
    """Labels of the rows of a look: known ones, and positive ones among them."""

    known: NDArray[np.bool_]
    positive: NDArray[np.bool_]


def answers(study: Study, data: str) -> Answers | None:
    """The labels of a binary problem; None for any other, or without labels."""
    peek = study.looks.get(data)
    if study.problem.task != "binary" or not study.roles.labels or peek is None:
        return None
    label = study.roles.labels[0]
    kind = next((plan.kind for plan in study.columns if plan.name == label), None)
    if kind is None or label not in peek.frame.columns:
        return None
    positive = True if study.roles.positive is None else study.roles.positive
    truth = nw.from_native(peek.frame).select(sy_truth=is_class(label, kind, positive)).to_native()["sy_truth"]
    return Answers(truth.is_not_null().to_numpy(), truth.fill_null(value=False).cast(bool).to_numpy())
