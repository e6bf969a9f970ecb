"""What people call their columns."""

from __future__ import annotations

import re

LABEL = (
    "y_true", "label", "labels", "target", "ground_truth", "groundtruth", "truth", "true_label", "true_class",
    "gold", "gold_label", "actual", "actuals", "y", "y_test", "class", "outcome", "observed",
    "response_label",
    "churned", "churn", "defaulted", "default", "is_fraud", "fraud", "converted", "readmitted", "survived",
)  # fmt: skip
RELEVANCE = ("relevance", "rel", "grade", "relevance_grade", "relevance_label", "gain")
PREDICTION = (
    "y_pred", "pred", "preds", "prediction", "predictions", "predicted", "predicted_label", "pred_label",
    "predicted_class", "pred_class", "prediction_label", "predicted_value", "scored_labels", "y_hat",
    "predict",
    "forecast", "decision",
)  # fmt: skip
SCORE = (
    "y_score", "y_prob", "y_proba", "score", "scores", "proba", "prob", "probs", "probability",
    "predicted_probability",
    "predicted_prob", "predicted_proba", "pred_prob", "pred_proba", "prediction_probability",
    "prediction_score",
    "predict_proba", "scored_probabilities", "probability_1", "proba_1", "prob_1", "p_1", "p", "p_hat",
    "propensity",
    "risk_score", "model_score",
)  # fmt: skip
WEIGHT = ("sample_weight", "sample_weights", "sampling_weight", "case_weight", "survey_weight")
TIME = (
    "timestamp", "time", "date", "datetime", "ts", "event_time", "event_timestamp", "event_date",
    "prediction_time",
    "predicted_at", "scored_at", "created_at",
)  # fmt: skip
ID = (
    "id",
    "row_id",
    "record_id",
    "prediction_id",
    "example_id",
    "sample_id",
    "observation_id",
    "uuid",
    "guid",
)
QUERY = ("qid", "query_id", "query")
CLUSTER = ("cluster", "cluster_id")
SLICES = (
    "sex", "gender", "race", "ethnicity", "age_group", "age_band", "age_bucket", "age_range", "nationality",
    "religion", "disability", "marital_status", "education", "language", "country", "region", "state",
    "segment",
    "customer_segment", "channel", "device", "device_type", "platform", "plan", "tier", "site", "market",
    "product",
)  # fmt: skip

POSITIVE = (
    "1", "true", "yes", "y", "t", "positive", "pos", "+", "bad", "fraud", "fraudulent", "churn", "churned",
    "default",
    "defaulted", "spam", "toxic", "sick", "disease", "malignant", "abnormal", "anomaly", "attack", "failure",
    "fail",
    "readmitted", "converted", "click", "clicked", "relevant", "approved",
)  # fmt: skip
NEGATIVE = (
    "0", "false", "no", "n", "f", "negative", "neg", "-", "good", "legit", "legitimate", "stay", "stayed",
    "retained",
    "paid", "ham", "healthy", "benign", "normal", "ok", "success", "pass", "none",
)  # fmt: skip

OPPOSITE = {
    "0": "1", "-1": "1", "false": "true", "no": "yes", "n": "y", "f": "t", "negative": "positive", "neg": "pos",
}  # fmt: skip

PREDICTED_WORDS = (
    "pred",
    "preds",
    "predicted",
    "prediction",
    "yhat",
    "hat",
    "forecast",
    "prob",
    "proba",
    "probability",
)
LABEL_WORDS = ("label", "target", "truth", "true", "actual", "outcome")
BODY_OR_PARCEL = ("height", "bmi", "length", "width", "depth", "volume", "price", "bloodpressure")


def folded(name: str) -> str:
    """Return a name without case, spaces, underscores and punctuation; as it is if nothing else is left."""
    return re.sub(r"[\W_]+", "", name.casefold()) or name


def words(name: str) -> list[str]:
    """Return the words of snake_case, kebab-case or camelCase, in lower case."""
    spaced = re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", name)
    return [word for word in re.split(r"[\W_]+", spaced.casefold()) if word]
