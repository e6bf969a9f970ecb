"""A thousand bootstrap replicates of ROC AUC and average precision, over the cells of the score.

The clock runs on the draws and the metrics, not on reading and counting.
"""

import json
import sys
import time

import steelyard
from steelyard.facts import Binned, Category, Cells, LogitGrid, measure
from steelyard.metrics.read import scores
from steelyard.stats import ranks, resampling

REPLICATES = 1_000
fact = Cells((Category("label"), Binned("score", LogitGrid((0.5,)))), (), ("score", "score * score"))
profile = measure(steelyard.read(sys.argv[1]), [fact])
cells = scores(fact, profile[fact])

began_cpu, began = time.process_time(), time.perf_counter()
drawn = resampling.multinomial_replicates(cells.weights, REPLICATES, seed=0)
found = []
for weights in drawn:
    again = cells.replaced(weights)
    found.append((ranks.roc_auc(again.p, again.q), ranks.average_precision(again.p, again.q, again.atom)))
for values in zip(*found, strict=True):
    resampling.percentile(values, 0.95)
said = {
    "bootstrap_cpu": time.process_time() - began_cpu,
    "bootstrap_wall": time.perf_counter() - began,
    "replicates": REPLICATES,
    "cells": len(cells.weights),
}
print(json.dumps(said))
