"""The confusion matrix, in long form."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cells import Decided
from steelyard.records import Curve

MOST_CLASSES = 30
OTHER = "(other)"


def confusion(one: Decided) -> Curve:
    """Weight by actual and predicted class; past 30 classes the largest and "(other)"."""
    table, names = one.view.table.astype(float), list(one.view.classes)
    if len(names) > MOST_CLASSES:
        kept = np.sort(np.argsort(-(table.sum(axis=0) + table.sum(axis=1)), kind="stable")[:MOST_CLASSES])
        place = np.full(len(names), MOST_CLASSES)
        place[kept] = np.arange(MOST_CLASSES)
        small = np.zeros((MOST_CLASSES + 1, MOST_CLASSES + 1))
        np.add.at(small, (place[:, None], place[None, :]), table)
        table, names = small, [*(names[i] for i in kept.tolist()), OTHER]
    threshold = one.study.problem.threshold
    return Curve(
        "confusion",
        {
            "actual": [a for a in names for _ in names],
            "predicted": names * len(names),
            "n": [float(v) for v in table.ravel().tolist()],
        },
        one.data,
        one.subject,
        {} if threshold is None else {"threshold": f"{threshold:g}"},
    )
