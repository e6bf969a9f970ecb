"""Audit fairness by three attributes and all their intersections: every criterion with intervals."""

import json
import sys
import time

import steelyard

began = time.process_time()
roles = steelyard.Roles(label="label", score="score", prediction="pred", sensitive=("sex", "age_band", "c3"))
evaluation = steelyard.evaluate(sys.argv[1], roles, metrics=["accuracy"], columns=False)
assert evaluation.fairness is not None
print(json.dumps({"work_cpu": time.process_time() - began, "parities": len(evaluation.fairness.parities)}))
