"""The ROC curve."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.curves.cumulative import cumulative, plain
from steelyard.analyses.curves.thin import thinned
from steelyard.records import Curve
from steelyard.stats import ranks


def roc(one: Scored) -> Curve | None:
    """False and true positive rate at every threshold, from "flag nothing" to "flag all"."""
    if not one.both:
        return None
    sums = cumulative(one.view)
    fpr, tpr = np.concatenate([[0.0], sums.fpr]), np.concatenate([[0.0], sums.tpr])
    at = thinned(fpr, tpr)
    threshold = [None, *plain(sums.threshold)]
    area = ranks.roc_auc(one.view.p, one.view.q)
    return Curve(
        "roc",
        {"fpr": plain(fpr[at]), "tpr": plain(tpr[at]), "threshold": [threshold[i] for i in at.tolist()]},
        one.data,
        one.subject,
        {**one.notes, "roc_auc": f"{area:.4f}"},
    )
