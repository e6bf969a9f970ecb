"""What a reader must know about how an evaluation was made: first metrics, methods and limits, constants."""

from __future__ import annotations

from typing import Any

from steelyard.analyses import slices
from steelyard.analyses.cost.metric import NAME as VALUE
from steelyard.analyses.study import Study
from steelyard.facts import LogitGrid, RootGrid
from steelyard.metrics import Metric

FIRST: dict[str, tuple[str, ...]] = {
    "binary": ("roc_auc", "average_precision", "f1", "recall", "precision", "accuracy", "brier"),
    "multiclass": ("accuracy", "balanced_accuracy", "f1_macro", "roc_auc_ovr", "log_loss"),
    "multilabel": ("f1_micro", "f1_macro", "hamming_loss", "subset_accuracy", "roc_auc_macro"),
    "regression": ("mae", "rmse", "r2", "bias", "median_absolute_error"),
    "forecasting": ("mae", "wape", "rmse", "mase", "bias"),
    "ranking": ("ndcg_at_10", "map", "mrr", "hit_rate_at_10", "recall_at_10"),
}


def headline(study: Study) -> tuple[str, ...]:
    """The metric names to show first: a user's own, then those of the task, where they have a value.

    What a decision is worth has a line and a section of its own, and stands last.
    """
    first = FIRST[study.problem.task]
    names = [m.name for m in study.metrics]
    found = [name for name in first if study.estimate(name) is not None]
    own = [metric.name for metric in study.metrics if _is_own(metric) and study.estimate(metric.name) is not None]
    worth = [name for name in own if name == VALUE and study.costs is not None]
    own = [name for name in own if name not in worth]
    return tuple(dict.fromkeys([*own, *found, *worth])) or tuple(names[:5])


def notes(study: Study) -> tuple[str, ...]:
    """Methods and limits that hold for this evaluation."""
    found = [
        f"Every interval aims to cover the true value in {study.level:.0%} of repeated samples; "
        "each names its own method.",
        "Intervals speak for sampling alone: they cannot know of labels that are wrong or rows that are not "
        "representative.",
    ]
    if study.bucket is not None:
        found.append(
            f"Rows of one {study.bucket.column} count as dependent: standard errors come from leaving out each of "
            f"{study.bucket.groups} groups of clusters in turn."
        )
    if study.problem.weighted:
        found.append(f"Rows are weighted by {study.roles.weight}.")
    if isinstance(study.problem.score_grid, LogitGrid | RootGrid):
        found.append(
            "Scores are counted in fine bins; metrics of rank state the largest error that this can make "
            "(discretisation). Metrics at the threshold, Brier score and log loss are exact."
        )
    if "reference" in study.profiles:
        found.append("Differences take the current and the reference data as independent samples.")
    if len(study.slices) > 1:
        found.append(
            "Slices are compared with the rest of the rows; false discoveries among them are held to 10 % "
            "(Benjamini–Hochberg)."
        )
    found += slices.notes(study)
    return tuple(found)


def constants(study: Study) -> dict[str, Any]:
    """The constants used."""
    problem = study.problem
    found: dict[str, Any] = {"level": study.level, "seed": study.seed}
    if problem.threshold is not None:
        found["threshold"] = problem.threshold
    if study.roles.positive is not None:
        found["positive"] = study.roles.positive
    if problem.scored:
        grid = problem.score_grid
        found["score_grid"] = "exact" if grid is None else type(grid).__name__
    if study.bucket is not None:
        found["cluster_groups"] = study.bucket.groups
    return found


def _is_own(metric: Metric) -> bool:
    """Whether it was written by the user: as an expression, or as a function of a view."""
    return any(name in ("expression", "function") for name, _ in metric.parameters)
