"""Count what an evaluation of these columns needs, in one reading.

Histogram, moments and extremes of 20 numbers, values of 7 categories, label × decision × score cells and the
moments of log loss and squared error, overall and by both slices.
"""

import json
import sys
import time

import polars as pl

import steelyard
from steelyard.facts import (
    Binned,
    Category,
    Cells,
    Fact,
    Histogram,
    LogitGrid,
    Moments,
    RootGrid,
    Values,
    measure,
    shape,
)

NUMBERS, CATEGORIES = sys.argv[2].split(","), sys.argv[3].split(",")
SLICES = ("sex", "age_band")

began = time.process_time()
table = steelyard.read(sys.argv[1])
first = pl.scan_parquet(sys.argv[1]).select(NUMBERS).head(20_000).collect()
facts: list[Fact] = []
for name in NUMBERS:
    low, centre, high = (first[name].quantile(share) or 0.0 for share in (0.25, 0.5, 0.75))
    grid = RootGrid(centre, (high - low) / 1.349)
    facts += [Histogram(name, grid), shape(name, grid.centre, grid.scale)]
facts += [Values(name) for name in (*CATEGORIES, *SLICES)]
cells = (Category("label"), Category("pred"), Binned("score", LogitGrid((0.5,))))
losses = ("-(label * log(score) + (1 - label) * log(1 - score))", "(label - score) ** 2")
for by in ((), *((Category(name),) for name in SLICES)):
    facts += [Cells(cells, by, ("score", "score * score")), Moments(losses, by)]
measure(table, facts)
print(json.dumps({"work_cpu": time.process_time() - began}))
