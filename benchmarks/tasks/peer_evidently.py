"""Evidently: the classification preset, saved as HTML."""

import json
import sys
from pathlib import Path

import pandas as pd
from evidently import BinaryClassification, DataDefinition, Dataset, Report
from evidently.presets import ClassificationPreset

columns = ["label", "score", "pred", *sys.argv[3].split(",")]
frame = pd.read_parquet(sys.argv[1], columns=columns)
kind = BinaryClassification(target="label", prediction_labels="pred", prediction_probas="score", pos_label=1)
data = Dataset.from_pandas(frame, DataDefinition(classification=[kind]))
result = Report([ClassificationPreset()]).run(data, None)
result.save_html(sys.argv[2])
print(json.dumps({"report_bytes": Path(sys.argv[2]).stat().st_size}))
Path(sys.argv[2]).unlink()
