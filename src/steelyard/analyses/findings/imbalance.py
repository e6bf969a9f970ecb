"""Are positives so rare that some metrics mislead?"""

from __future__ import annotations

from steelyard.analyses.curves.cells import decided, scored
from steelyard.analyses.study import Study
from steelyard.analyses.words import percent, rows
from steelyard.records import Finding, Recommendation, Severity

RARE = 0.05


def imbalance(study: Study) -> list[Finding]:
    """One class has less than 5 % of the rows."""
    if study.problem.task != "binary":
        return []
    one, found = scored(study, "current"), decided(study, "current")
    if one is not None:
        positives, total = float(one.view.p.sum()), float(one.view.weights.sum())
        count = one.view.positives if positives < total / 2 else one.view.negatives
    elif found is not None:
        positives, total = float(found.view.table[1].sum()), float(found.view.total)
        count = int(found.view.counts[1].sum() if positives < total / 2 else found.view.counts[0].sum())
    else:
        return []
    if not total > 0 or min(positives, total - positives) >= RARE * total or not count:
        return []
    rare, share = ("Positives", positives / total) if positives < total / 2 else ("Negatives", 1 - positives / total)
    return [
        Finding(
            "imbalance",
            "imbalance",
            Severity.LOW,
            "label",
            f"{rare} are rare: {percent(share)} of the rows ({rows(count)}). A constant answer is right for "
            f"{percent(1 - share, 0.001)}, so accuracy and specificity look good whatever the model does.",
            Recommendation(
                "Judge by precision, recall and average precision; the uncertainty depends on these few rows, so "
                "label more of them if intervals are too wide."
            ),
            impact=0.01,
        )
    ]
