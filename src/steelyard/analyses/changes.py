"""Which metrics, labels and scores clearly changed since the reference?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from steelyard.analyses.losses import MAIN, Loss, chosen
from steelyard.analyses.shifts import Shift, shifts
from steelyard.analyses.study import Study
from steelyard.analyses.testing import p_value
from steelyard.metrics import Metric
from steelyard.records import Estimate
from steelyard.stats.multiplicity import benjamini_hochberg

FALSE_DISCOVERIES = 0.05


@dataclass(frozen=True)
class Moved:
    """A metric whose difference is clearly not 0."""

    metric: Metric
    difference: Estimate
    now: Estimate
    then: Estimate
    q: float

    @property
    def growth(self) -> float:
        """Relative growth of the loss; negative where it shrank."""
        loss = Loss(self.metric)
        before = loss.of(self.then.value)
        change = loss.worse(self.difference.value)
        return change / before if before > 0 else float(np.sign(change))


@dataclass(frozen=True)
class Changes:
    """What clearly changed: metrics for the worse, metrics for the better, labels and scores with their q."""

    worse: tuple[Moved, ...] = ()
    better: tuple[Moved, ...] = ()
    shifted: tuple[tuple[Shift, float], ...] = ()


def clear_changes(study: Study) -> Changes:
    """Metrics, labels and scores that changed, tested together at a false discovery rate of 5 %."""
    if "reference" not in study.profiles:
        return Changes()
    read = [(m, d) for m in chosen(study, MAIN) if (d := study.estimate(m.name, data="difference")) is not None]
    moved_data = list(shifts(study))
    p = np.array([p_value(d) for _, d in read] + [s.p for s in moved_data])
    if not len(p):
        return Changes()
    q = benjamini_hochberg(p).tolist()
    moved = []
    for (metric, difference), value in zip(read, q, strict=False):
        now, then = study.estimate(metric.name), study.estimate(metric.name, data="reference")
        if value <= FALSE_DISCOVERIES and now is not None and then is not None:
            moved.append(Moved(metric, difference, now, then, value))
    return Changes(
        tuple(m for m in moved if m.growth > 0),
        tuple(m for m in moved if m.growth < 0),
        tuple((s, v) for s, v in zip(moved_data, q[len(read) :], strict=True) if v <= FALSE_DISCOVERIES),
    )
