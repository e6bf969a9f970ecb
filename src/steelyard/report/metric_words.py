"""What a metric is called, what it means, and which metrics stand together."""

from __future__ import annotations

import contextlib
import re
from dataclasses import replace

from steelyard.metrics import MetricDoc, describe
from steelyard.records import UnknownNameError
from steelyard.report.text import sentence

CASES, LISTS, OTHER = "How well cases are ranked", "Ranked lists", "Other metrics"
GROUPS = {
    CASES: """roc_auc roc_auc_ovr_weighted average_precision gini ks lift_at_10pct recall_at_10pct precision_at_10pct
        recall_at_precision_90 gain concordance""",
    "Decisions": """accuracy balanced_accuracy precision recall specificity npv f1 f2 f0_5 matthews_corrcoef
        cohen_kappa jaccard false_positive_rate false_negative_rate false_discovery_rate youden informedness
        markedness positive_likelihood_ratio negative_likelihood_ratio diagnostic_odds_ratio error_rate
        hamming_loss subset_accuracy top_accuracy zero_one_loss""",
    "Probabilities": """log_loss brier brier_skill_score brier_reliability brier_resolution brier_uncertainty
        expected_calibration_error calibration_error ecce calibration_slope calibration_intercept mean_calibration""",
    "Size of the errors": """mae rmse mse rmsle mape smape wape mase rmsse median_absolute_error max_error r2
        explained_variance pearson_r mean_pinball_loss""",
    "Direction of the errors": "bias bias_share mean_error",
    "Prediction intervals": "interval_coverage interval_width interval_score quantile_coverage crps",
    LISTS: "ndcg ndcg_exp map mrr hit_rate catalogue_coverage",
    "Shares": "prevalence selection_rate positive_rate",
    OTHER: "",
}
_HOME = {name: title for title, names in GROUPS.items() for name in names.split()}
_NUMBER = re.compile(r"\d+(?:\.\d+)?")
_VARIANT = re.compile(r"(\[.*|_of_.*|_[\d.]+|_(macro|micro|weighted|samples|ovr|ovo))$")


def metric_doc(name: str, task: str | None = None) -> MetricDoc:
    """Return a metric's documentation, that of `task` where it has one of its own; of an unknown one, its name."""
    for of in dict.fromkeys((task, None)):
        with contextlib.suppress(UnknownNameError):
            return _named(describe(name, of), name)
    return MetricDoc(name, name, "", "", "", "", "", "", "target", ())


def _named(doc: MetricDoc, name: str) -> MetricDoc:
    """Give a metric that is explained by its sibling (`ndcg_at_7` by `ndcg_at_10`) its own name and title."""
    if doc.name == name:
        return doc
    theirs, ours = _NUMBER.findall(doc.name), _NUMBER.findall(name)
    same_shape = len(theirs) == len(ours) == 1 and doc.title.count(theirs[0]) == 1
    return replace(doc, name=name, title=doc.title.replace(theirs[0], ours[0]) if same_shape else name)


def told(doc: MetricDoc) -> tuple[tuple[str, str], ...]:
    """Return what a metric's documentation says, as headings and sentences."""
    parts = {
        "What it means": doc.meaning,
        "Formula": doc.formula,
        "Range": doc.range,
        "When it misleads": doc.misleads,
        "What to do next": doc.next,
        "Source": doc.source,
    }
    plain = {heading: sentence(text).replace("`", "").strip() for heading, text in parts.items()}
    return tuple((h, t if h in ("Formula", "Source") else t[:1].upper() + t[1:]) for h, t in plain.items() if t)


def group_of(name: str, task: str) -> str:
    """Return the title of the group a metric stands in: its own, or that of the metric it is a variant of."""
    if "_at_" in name or "@" in name:
        return LISTS if task == "ranking" else CASES
    base = re.sub(r"^top_\d+_", "top_", name)
    while base not in _HOME and (shorter := _VARIANT.sub("", base)) != base:
        base = shorter
    return _HOME.get(base, OTHER)


def group_order(title: str) -> int:
    """Return where a group stands on the page."""
    return list(GROUPS).index(title)
