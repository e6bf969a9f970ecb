"""Is accuracy no better than a constant answer, although the scores rank well?"""

from __future__ import annotations

from steelyard.analyses.curves.cells import decided
from steelyard.analyses.study import Study
from steelyard.analyses.words import percent, shown
from steelyard.records import Finding, Recommendation, Severity
from steelyard.stats import intervals

GOOD_AUC = 0.65


def accuracy_paradox(study: Study) -> list[Finding]:
    """Good ranking, decisions no better than the commonest class: the threshold is in the wrong place."""
    auc, accuracy, found = study.estimate("roc_auc"), study.estimate("accuracy"), decided(study, "current")
    if study.problem.task != "binary" or auc is None or accuracy is None or found is None or auc.low < GOOD_AUC:
        return []
    view = found.view
    share = float(view.table[1].sum() / view.total)
    larger = max(share, 1 - share)
    if accuracy.low > larger:
        return []
    # Accuracy less the share of the commonest class: right answers of the rarer class less wrong ones of the other.
    gained, lost = (view.tp, view.fp) if share <= 0.5 else (view.tn, view.fn)
    gain = float((gained - lost) / view.total)
    spread = float(gained + lost) / float(view.total) - gain * gain
    low, high = intervals.wald(gain, (max(spread, 0.0) / view.effective_rows) ** 0.5, study.level)
    if low > 0:
        return []
    often = "a lower" if share <= 0.5 else "a higher"
    return [
        Finding(
            "accuracy-paradox",
            "accuracy-paradox",
            Severity.MEDIUM,
            "accuracy",
            f"Scores rank well (ROC AUC {shown(auc)}), but the decisions are right no more often than a constant "
            f"answer: accuracy {shown(accuracy)}, while always answering the commonest class is right for "
            f"{percent(larger, 0.001)}.",
            Recommendation(
                f"The threshold is the problem, not the model: try {often} one, chosen for what misses and false "
                "alarms cost, and judge decisions by precision, recall and balanced accuracy."
            ),
            f"Accuracy less the share of the commonest class: {percent(gain, 0.001, sign=True)} "
            f"({percent(low, 0.001, sign=True)} to {percent(high, 0.001, sign=True)}), paired.",
            estimate=accuracy,
            impact=0.1,
        )
    ]
