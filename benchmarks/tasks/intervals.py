"""What the intervals cost: one evaluation with a clock on the way from each value to its interval."""

import importlib
import json
import sys
import time

import steelyard

engine = importlib.import_module("steelyard.metrics.estimate")
spent = {"value": 0.0, "estimate": 0.0}
inside = []


def clocked(name, function):
    """Add up the time spent in a function, by name."""

    def called(*args, **kwargs):
        if inside[-1:] == [name] or (name == "value" and inside != ["estimate"]):
            return function(*args, **kwargs)
        inside.append(name)
        began = time.process_time()
        try:
            return function(*args, **kwargs)
        finally:
            spent[name] += time.process_time() - began
            inside.pop()

    return called


# The clocked value is the metric's first value; values of jackknife groups and replicates belong to the interval.
engine._estimate = clocked("estimate", engine._estimate)
engine.value_of = clocked("value", engine.value_of)
began = time.process_time()
roles = steelyard.Roles(label="label", score="score", prediction="pred", slices=["sex", "age_band"], time="ts")
steelyard.evaluate(sys.argv[1], roles)
total = time.process_time() - began
intervals = spent["estimate"] - spent["value"]
print(json.dumps({"intervals_cpu": intervals, "without_cpu": total - intervals}))
