"""Which metrics findings speak of, and what is lost in each."""

from __future__ import annotations

from dataclasses import dataclass

from steelyard.analyses.study import Study
from steelyard.metrics import Metric

MAIN: dict[str, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "accuracy", "recall", "precision", "f1", "brier", "log_loss"),
    "multiclass": ("accuracy", "balanced_accuracy", "f1_macro", "log_loss"),
    "multilabel": ("f1_macro", "f1_micro", "subset_accuracy", "exact_match", "hamming_loss"),
    "regression": ("mae", "rmse", "r2", "mean_pinball_loss"),
    "forecasting": ("mae", "rmse", "r2", "mase", "mean_pinball_loss"),
    "ranking": ("ndcg_at_10", "mrr", "map", "recall_at_10", "hit_rate_at_10"),
}
"""Metrics that tell of a change, by task."""
BY_SLICE: dict[str, tuple[str, ...]] = {
    "binary": ("accuracy", "recall", "precision", "roc_auc"),
    "multiclass": ("accuracy",),
    "multilabel": ("f1_micro", "hamming_loss"),
    "regression": ("mae",),
    "forecasting": ("mae",),
    "ranking": ("ndcg_at_10",),
}
"""Metrics that slices are held against, by task."""
_LOST = {
    "accuracy": "errors",
    "recall": "missed positives",
    "precision": "false alarms",
    "roc_auc": "misranked pairs",
    "mae": "absolute error",
    "hamming_loss": "wrong labels",
}


@dataclass(frozen=True)
class Loss:
    """A metric seen as something that should be small."""

    metric: Metric

    def of(self, value: float) -> float:
        """What is lost at a value of the metric."""
        return 1 - value if self.metric.direction == "higher" else value

    def worse(self, gap: float) -> float:
        """A difference of the metric, positive where it is for the worse."""
        return -gap if self.metric.direction == "higher" else gap

    @property
    def name(self) -> str:
        """What is lost, in the plural."""
        return _LOST.get(self.metric.name, "loss")


def chosen(study: Study, names: dict[str, tuple[str, ...]], sliced: bool = False) -> list[Metric]:
    """The metrics of a list that this study has; its own directed ones where it has none of them."""
    wanted = names.get(study.problem.task, ())
    found = [m for name in wanted if (m := study.metric(name)) is not None]
    if not found:
        found = [m for m in study.metrics if m.direction != "target"][:3]
    return [m for m in found if m.direction != "target" and (m.sliced or not sliced)]
