"""Evaluate: every metric with its interval, overall and by two slices, data overview, curves, findings."""

import json
import sys
import time

import steelyard

began = time.process_time()
roles = steelyard.Roles(label="label", score="score", prediction="pred", slices=["sex", "age_band"], time="ts")
evaluation = steelyard.evaluate(sys.argv[1], roles)
said = {"work_cpu": time.process_time() - began}
if len(sys.argv) > 2:
    from pathlib import Path

    evaluation.to_html(sys.argv[2])
    said["report_bytes"] = Path(sys.argv[2]).stat().st_size
    Path(sys.argv[2]).unlink()
print(json.dumps(said))
