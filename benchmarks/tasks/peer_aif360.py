"""AIF360: its group metrics by some attributes, one after the other; no intervals.

peer_aif360.py PATH ATTRIBUTES
"""

import sys

import pandas as pd
from aif360.datasets import BinaryLabelDataset
from aif360.metrics import ClassificationMetric

attributes = sys.argv[2].split(",")
frame = pd.read_parquet(sys.argv[1], columns=["label", "pred", *attributes])
for name in attributes:
    codes = frame[name].astype("category").cat.codes.astype(float)
    truth = pd.DataFrame({"label": frame["label"].astype(float), name: codes})
    answer = truth.assign(label=frame["pred"].astype(float))
    made = [
        BinaryLabelDataset(df=part, label_names=["label"], protected_attribute_names=[name])
        for part in (truth, answer)
    ]
    groups = [{name: code} for code in sorted(codes.unique())]
    # One group against all others at a time: AIF360 knows privileged and unprivileged groups only.
    for group in groups:
        rest = [other for other in groups if other != group]
        metric = ClassificationMetric(*made, unprivileged_groups=[group], privileged_groups=rest)
        metric.selection_rate(privileged=False), metric.disparate_impact(), metric.average_odds_difference()
        metric.equal_opportunity_difference(), metric.false_positive_rate_difference()
        metric.false_omission_rate_difference(), metric.positive_predictive_value(privileged=False)
