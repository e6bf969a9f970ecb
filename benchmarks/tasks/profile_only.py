"""Measure and read what metrics, curves and the data overview need of two data sets, and look no further."""

import importlib
import json
import sys
import time

import steelyard
from steelyard.analyses import diagnosis

engine = importlib.import_module("steelyard.evaluation.run")
diagnosis.ANALYSES = ()
engine.findings = lambda study: []
began = time.process_time()
roles = steelyard.Roles(label="label", score="score", prediction="pred", slices=["sex", "age_band"], time="ts")
evaluation = steelyard.compare(*sys.argv[1:3], roles)
print(json.dumps({"work_cpu": time.process_time() - began, "readings": len(evaluation.readings)}))
