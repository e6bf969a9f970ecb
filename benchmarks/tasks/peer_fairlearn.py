"""Fairlearn: a MetricFrame of six metrics by some attributes and by their intersection.

peer_fairlearn.py PATH ATTRIBUTES [BOOTSTRAPS]
"""

import sys

import pandas as pd
from fairlearn.metrics import MetricFrame, false_negative_rate, false_positive_rate, selection_rate
from sklearn.metrics import accuracy_score, precision_score, recall_score

attributes = sys.argv[2].split(",")
bootstraps = int(sys.argv[3]) if len(sys.argv) > 3 else 0
frame = pd.read_parquet(sys.argv[1], columns=["label", "pred", *attributes])
wanted = {
    "accuracy": accuracy_score,
    "precision": precision_score,
    "recall": recall_score,
    "selection_rate": selection_rate,
    "false_positive_rate": false_positive_rate,
    "false_negative_rate": false_negative_rate,
}
drawn = {"n_boot": bootstraps, "ci_quantiles": [0.025, 0.975], "random_state": 0} if bootstraps else {}
for chosen in (*([a] for a in attributes), attributes):
    found = MetricFrame(
        metrics=wanted, y_true=frame["label"], y_pred=frame["pred"], sensitive_features=frame[chosen], **drawn
    )
    found.by_group, found.difference(), found.ratio()
    if bootstraps:
        found.by_group_ci, found.difference_ci(), found.ratio_ci()
