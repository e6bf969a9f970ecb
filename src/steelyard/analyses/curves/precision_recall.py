"""The precision–recall curve."""

from __future__ import annotations

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.curves.cumulative import cumulative, plain
from steelyard.analyses.curves.thin import thinned
from steelyard.records import Curve
from steelyard.stats import ranks


def precision_recall(one: Scored) -> Curve | None:
    """Precision and recall at every threshold, from the highest score to the lowest."""
    if not one.both:
        return None
    view, sums = one.view, cumulative(one.view)
    recall, precision = sums.tpr, sums.precision
    at = thinned(recall, precision)
    area = ranks.average_precision(view.p, view.q, view.atom)
    prevalence = sums.positives / (sums.positives + sums.negatives)
    return Curve(
        "precision_recall",
        {
            "recall": plain(recall[at]),
            "precision": plain(precision[at]),
            "threshold": plain(sums.threshold[at]),
        },
        one.data,
        one.subject,
        {**one.notes, "average_precision": f"{area:.4f}", "prevalence": f"{prevalence:.4f}"},
    )
