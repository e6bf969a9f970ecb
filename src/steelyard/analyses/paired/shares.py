"""Shares of rows that two models decide one way: accuracy, recall and the like, from who is right on which row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.paired.joints import Pair
from steelyard.facts import Cells, FactTable, measure_index, text
from steelyard.metrics import Metric
from steelyard.records import Estimate
from steelyard.stats import paired
from steelyard.stats.tango import tango

OF_BINARY = {
    "accuracy": (None, None),
    "recall": ("1", "1"),
    "specificity": ("0", "0"),
    "false_negative_rate": ("1", "0"),
    "false_positive_rate": ("0", "1"),
}
"""Metric to the label of the rows that it is a share of (None: all) and the decision it counts (None: the label)."""
OF_CLASSES = {"accuracy": (None, None)}


@dataclass(frozen=True)
class Shares:
    """Rows of a share: those that count for the first model only, for the second only, and all."""

    only_a: float
    only_b: float
    rows: float

    @property
    def p(self) -> float:
        """McNemar's mid-p of equal shares."""
        return paired.mcnemar_midp(self.only_a, self.only_b)

    def estimate(self, level: float) -> Estimate:
        """The difference, by Tango's score interval; its standard error has one row added to each side."""
        low, high = tango(self.only_a, self.only_b, self.rows, level)
        value = (self.only_a - self.only_b) / self.rows
        _, se = paired.paired_difference(self.only_a + 1.0, self.only_b + 1.0, self.rows + 2.0)
        return Estimate(value, min(low, value), max(high, value), level, int(self.rows), "tango", self.rows, se)


def counted(metric: Metric, pair: Pair, fact: Cells, table: FactTable) -> Shares | None:
    """The rows behind a share; None where the metric is none, or rows have weights."""
    known = OF_BINARY if pair.a.problem.task == "binary" else OF_CLASSES
    if metric.name not in known or fact.weight is not None:
        return None
    wanted, counted_as = known[metric.name]
    labels, of_a, of_b = (_texts(table, len(fact.by) + k) for k in range(3))
    rows = table.sums[:, measure_index(fact, 0)]
    inside = (labels != "") & (of_a != "") & (of_b != "")
    if wanted is not None:
        inside &= labels == wanted
    target = labels if counted_as is None else np.full(len(labels), counted_as, dtype=object)
    hit_a, hit_b = of_a == target, of_b == target
    total = float(rows[inside].sum())
    if not total:
        return None
    return Shares(float(rows[inside & hit_a & ~hit_b].sum()), float(rows[inside & hit_b & ~hit_a].sum()), total)


def _texts(table: FactTable, key: int) -> NDArray[np.object_]:
    """A key's values as a reader sees them; "" where they are missing."""
    names = np.array(["" if level is None else text(level) for level in table.levels[key]] or [""], dtype=object)
    found: NDArray[np.object_] = names[table.codes[:, key]]
    return found
