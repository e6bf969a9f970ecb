"""Compare: data quality, drift, segments, estimates, causes and findings; with a third argument also over time."""

import json
import sys
import time

import steelyard

began = time.process_time()
roles = steelyard.Roles(label="label", score="score", prediction="pred", slices=["sex", "age_band"], time="ts")
evaluation = steelyard.compare(*sys.argv[1:3], roles, window=sys.argv[3] if len(sys.argv) > 3 else None)
print(json.dumps({"work_cpu": time.process_time() - began, "findings": len(evaluation.findings)}))
