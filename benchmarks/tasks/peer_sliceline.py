"""SliceLine: the ten slices with the highest score among groups of equal size of 20 numbers and the values of 5."""

import json
import sys
import time

import numpy as np
import pandas as pd
from sliceline.slicefinder import Slicefinder

columns = sys.argv[2].split(",")
depth = int(sys.argv[3])
began = time.process_time()
frame = pd.read_parquet(sys.argv[1], columns=["label", "pred", *columns])
errors = (frame["label"] != frame["pred"]).to_numpy().astype(float)
coded = np.column_stack(
    [
        pd.qcut(frame[c], 10, labels=False, duplicates="drop").fillna(-1).to_numpy() + 2
        if pd.api.types.is_numeric_dtype(frame[c])
        else pd.factorize(frame[c])[0] + 1
        for c in columns
    ]
).astype(int)
finder = Slicefinder(alpha=0.95, k=10, max_l=depth, min_sup=max(32, len(frame) // 100), verbose=False)
finder.fit(coded, errors)
print(json.dumps({"work_cpu": time.process_time() - began, "segments": len(finder.top_slices_)}))
