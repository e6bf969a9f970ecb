"""What decisions between several classes are worth, against always giving one answer."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from steelyard.analyses.cost.amounts import number
from steelyard.analyses.cost.ledger import Floats
from steelyard.analyses.cost.linear import mean_of_cells
from steelyard.analyses.cost.metric import worths
from steelyard.analyses.cost.options import DEPLOYED, PERFECT
from steelyard.analyses.costs import Costs
from steelyard.analyses.curves.cells import Decided, decided
from steelyard.analyses.study import Study
from steelyard.records import Option, Outcome


def options(study: Study, costs: Costs) -> Iterator[Option]:
    """The decisions as they are made, the one answer that would be worth most, and a perfect model."""
    found = decided(study, "current")
    if found is None:
        return
    classes = found.view.classes
    values, asking = worths(costs, classes), number(costs.run)
    ones = np.ones(len(classes))
    total = float(found.view.total)
    actual = found.view.table.sum(axis=1) / total
    alone = int(np.argmax(actual @ (values - asking)))
    ways = {
        DEPLOYED: values,
        f"always {classes[alone]}": np.outer(values[:, alone] - asking, ones),
        PERFECT: np.outer(np.diag(values), ones),
    }
    for name, worth in ways.items():
        gain = None if name == DEPLOYED else _mean(found, worth - values)
        yield Option(name, None, _mean(found, worth), 0.0, gain=gain)


def _mean(found: Decided, values: Floats) -> Outcome:
    view = found.view
    parts = np.stack([part.weights for part in found.buckets]) if found.buckets else None
    return mean_of_cells(view.weights, view.squares.ravel(), np.ravel(values), view.rows, found.study.level, parts)
