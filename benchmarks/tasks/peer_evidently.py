"""Evidently: the classification preset, saved as HTML; with `all`, also summary and drift of the two halves."""

import json
import sys
from pathlib import Path

import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.presets import ClassificationPreset, DataDriftPreset, DataSummaryPreset

columns = ["period", "label", "score", "pred", *sys.argv[3].split(",")]
frame = pd.read_parquet(sys.argv[1], columns=columns)
frame = frame.astype({"label": "int64", "pred": "int64"})  # its summary refuses int8
kind = BinaryClassification(target="label", prediction_labels="pred", prediction_probas="score", pos_label=1)
definition = DataDefinition(classification=[kind])
if sys.argv[4:] == ["all"]:
    halves = [frame[frame["period"] == name].drop(columns="period") for name in ("current", "reference")]
    current, reference = (Dataset.from_pandas(half, definition) for half in halves)
    result = Report([ClassificationPreset(), DataSummaryPreset(), DataDriftPreset()]).run(current, reference)
else:
    result = Report([ClassificationPreset()]).run(Dataset.from_pandas(frame.drop(columns="period"), definition), None)
result.save_html(sys.argv[2])
print(json.dumps({"report_bytes": Path(sys.argv[2]).stat().st_size}))
Path(sys.argv[2]).unlink()
