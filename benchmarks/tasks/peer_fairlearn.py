"""Fairlearn: a MetricFrame of six metrics by two attributes, one after the other."""

import sys

import pandas as pd
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate
from sklearn.metrics import accuracy_score, precision_score, recall_score

frame = pd.read_parquet(sys.argv[1], columns=["label", "pred", "sex", "age_band"])
wanted = {
    "accuracy": accuracy_score,
    "precision": precision_score,
    "recall": recall_score,
    "selection_rate": selection_rate,
    "false_positive_rate": false_positive_rate,
    "false_negative_rate": false_negative_rate,
}
for attribute in ("sex", "age_band"):
    found = MetricFrame(
        metrics=wanted, y_true=frame["label"], y_pred=frame["pred"], sensitive_features=frame[attribute]
    )
    found.by_group, found.difference(), found.ratio()
