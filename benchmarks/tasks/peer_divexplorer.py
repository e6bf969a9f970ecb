"""DivExplorer: the divergence of the error rate of every slice of 25 columns, numbers cut into ten groups.

It knows no largest depth: the support of 1 % is what ends it.
"""

import json
import sys
import time

import pandas as pd
from divexplorer import DivergenceExplorer

columns = sys.argv[2].split(",")

began = time.process_time()
frame = pd.read_parquet(sys.argv[1], columns=["label", "pred", *columns])
frame["error"] = (frame["label"] != frame["pred"]).astype(float)
for column in columns:
    if pd.api.types.is_numeric_dtype(frame[column]):
        frame[column] = pd.qcut(frame[column], 10, labels=False, duplicates="drop").astype(str)
    else:
        frame[column] = frame[column].astype(str)
found = DivergenceExplorer(frame).get_pattern_divergence(
    min_support=max(32 / len(frame), 0.01),
    attributes=columns,
    boolean_outcomes=["error"],
    show_coincise=False,
)
print(json.dumps({"work_cpu": time.process_time() - began, "segments": len(found)}))
