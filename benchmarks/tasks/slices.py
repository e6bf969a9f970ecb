"""Find the worst segments of 25 features and their intersections, and nothing else of an evaluation."""

import json
import sys
import time
from dataclasses import replace

import steelyard
from steelyard.analyses import slices
from steelyard.analyses.study import Study
from steelyard.data import peek
from steelyard.evaluation.plan import column_plans, features, types_of
from steelyard.evaluation.pose import pose
from steelyard.facts import measure
from steelyard.metrics.rows import informed, prepare_rows

depth = int(sys.argv[3])
roles = steelyard.Roles(
    label="label", score="score", prediction="pred", task="binary", features=sys.argv[2].split(",")
)
began = time.process_time()
table = steelyard.read(sys.argv[1])
look = peek(table)
problem = pose(roles, {"current": look}, {"current": table})
rows = prepare_rows(table, roles, problem)
plans = column_plans({"current": table}, look, roles)
study = Study(
    problem=informed(problem, rows),
    roles=roles,
    metrics=(),
    features=features(plans, look, {"current": table}),
    types={"current": types_of(table)},
    looks={"current": look},
)
study = slices.read(replace(study, profiles={"current": measure(rows, slices.facts(study))}))
if depth == 3:
    study = slices.refine(study, lambda data, facts: measure(rows, facts))
print(json.dumps({"work_cpu": time.process_time() - began, "segments": len(study.segments)}))
