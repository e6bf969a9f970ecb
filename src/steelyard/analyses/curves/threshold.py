"""What every threshold would do."""

from __future__ import annotations

import numpy as np

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.curves.cumulative import cumulative, plain
from steelyard.analyses.curves.thin import evenly
from steelyard.records import Curve

MOST = 120


def threshold(one: Scored) -> Curve | None:
    """Precision, recall, F1, specificity, flagged share and accuracy by threshold, in score order.

    Half the points lie evenly on the score, half evenly on the rows; the deployed threshold is one of them.
    """
    if not one.both:
        return None
    sums = cumulative(one.view)
    at_score = sums.threshold[::-1]
    places = (
        len(at_score)
        - 1
        - np.concatenate(
            [
                evenly(
                    np.where(np.isfinite(at_score), at_score, at_score[np.isfinite(at_score)].min(initial=0.0)),
                    MOST // 2 - 1,
                ),
                (len(at_score) - 1 - evenly(sums.flagged, MOST // 2 - 1)),
            ]
        )
    )
    deployed = one.study.problem.threshold
    if deployed is not None:
        # The last threshold that is not below the deployed one takes the same rows.
        above = np.flatnonzero(sums.threshold >= deployed)
        places = np.append(places, above[-1:])
    at = np.unique(places)[::-1]
    tp, fp = sums.tp[at], sums.fp[at]
    P, N = sums.positives, sums.negatives
    return Curve(
        "threshold",
        {
            "threshold": plain(sums.threshold[at]),
            "precision": plain(tp / (tp + fp)),
            "recall": plain(tp / P),
            "f1": plain(2 * tp / (tp + fp + P)),
            "specificity": plain(1 - fp / N),
            "flagged": plain((tp + fp) / (P + N)),
            "accuracy": plain((tp + N - fp) / (P + N)),
        },
        one.data,
        one.subject,
        one.notes,
    )
