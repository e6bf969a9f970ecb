"""What a metric is called, what it means, and which metrics stand together."""

from __future__ import annotations

import contextlib
import re

from steelyard.metrics import MetricDoc, describe
from steelyard.records import UnknownNameError

GROUPS: dict[str, tuple[str, ...]] = {
    "How well cases are ranked": (
        "roc_auc average_precision gini ks ks_statistic partial_auc roc_auc_ovr roc_auc_ovo pr_auc lift lift_at gain concordance"
    ).split(),
    "Decisions": (
        "accuracy balanced_accuracy precision recall f1 f05 f2 fbeta specificity npv negative_predictive_value "
        "false_positive_rate false_negative_rate false_discovery_rate mcc matthews_corrcoef cohen_kappa kappa jaccard "
        "hamming hamming_loss subset_accuracy exact_match top_k_accuracy top_accuracy informedness youden markedness "
        "zero_one_loss geometric_mean fowlkes_mallows positive_likelihood_ratio negative_likelihood_ratio "
        "diagnostic_odds_ratio error_rate"
    ).split(),
    "Probabilities": (
        "log_loss brier brier_skill brier_score calibration_error ece ecce kuiper mce max_calibration_error "
        "expected_calibration_error calibration_slope calibration_intercept calibration_in_the_large mean_score "
        "mean_predicted observed_expected_ratio spherical resolution reliability uncertainty nll"
    ).split(),
    "Size of the errors": (
        "mae rmse mse rmsle msle mape smape wape mase rmsse median_absolute_error medae max_error r2 explained_variance "
        "huber pinball_loss quantile_loss d2_absolute_error poisson_deviance gamma_deviance tweedie_deviance "
        "mean_absolute_error mean_squared_error root_mean_squared_error mean_absolute_percentage_error nrmse"
    ).split(),
    "Direction and spread of the errors": "bias mean_error me mpe residual_sd over_forecast_share under_forecast_share".split(),
    "Prediction intervals": "coverage interval_coverage interval_width interval_score winkler_score crps".split(),
    "Ranked lists": "ndcg dcg mrr reciprocal_rank map mean_average_precision hit_rate catalogue_coverage catalog_coverage".split(),
    "Shares": "prevalence positive_rate base_rate flagged flagged_share selection_rate label_rate predicted_positive_rate".split(),
}
OTHER = "Other metrics"
_HOME = {name: title for title, names in GROUPS.items() for name in names}
_VARIANT = re.compile(r"(@.*|\[.*|_at_\d+|_\d+|_(macro|micro|weighted|samples))$")


def metric_doc(name: str, task: str | None = None) -> MetricDoc:
    """Return a metric's documentation, that of `task` where it has one of its own; of an unknown one, its name."""
    for of in dict.fromkeys((task, None)):
        with contextlib.suppress(UnknownNameError):
            return describe(name, of)
    return MetricDoc(name, name, "", "", "", "", "", "", "target", ())


def group_of(name: str) -> str:
    """Return the title of the group a metric stands in."""
    if name in _HOME:
        return _HOME[name]
    if "@" in name:
        return "Ranked lists"
    base = name
    while (shorter := _VARIANT.sub("", base)) != base:
        base = shorter
        if base in _HOME:
            return _HOME[base]
    base = re.sub(r"^top_\d+_", "top_", name)
    return _HOME.get(base, OTHER)


def group_order(title: str) -> int:
    """Return where a group stands on the page."""
    return [*GROUPS, OTHER].index(title)
