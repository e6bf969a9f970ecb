"""Reliability diagram: groups of equal weight by score."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.curves.cells import Scored
from steelyard.analyses.curves.shares import share
from steelyard.records import Curve
from steelyard.stats import calibration as stats

Floats = NDArray[np.float64]
GROUPS = 15


@dataclass(frozen=True)
class Group:
    """Rows of similar score: what was said and what happened."""

    predicted: float
    observed: float
    low: float
    high: float
    rows: int
    share: float


def groups(one: Scored, most: int = GROUPS) -> list[Group]:
    """At most `most` groups of about equal weight, by ascending score."""
    view = one.view
    weight = view.p + view.q
    if not weight.sum() > 0:
        return []
    index = stats.equal_mass_groups(weight, most)

    def total(column: Floats) -> Floats:
        return np.bincount(index, weights=column, minlength=most).astype(float)

    n, y, s = total(weight), total(view.p), total(view.score_p + view.score_q)
    squares, rows = total(view.p_squares + view.q_squares), total(view.p_counts + view.q_counts)
    parts = [(total(b.p), total(b.p + b.q)) for b in one.buckets]
    found = []
    for g in np.flatnonzero(n > 0).tolist():
        by_bucket = (np.array([p[g] for p, _ in parts]), np.array([w[g] for _, w in parts])) if parts else None
        observed, low, high = share(y[g], n[g], squares[g], one.study.level, by_bucket)
        found.append(Group(float(s[g] / n[g]), observed, low, high, int(rows[g]), float(n[g] / n.sum())))
    return found


def calibration(one: Scored) -> Curve | None:
    """Mean score and share of positives per group, with Wilson's interval."""
    if not one.view.probability or not one.view.rows:
        return None
    found = groups(one)
    return Curve(
        "calibration",
        {
            "predicted": [g.predicted for g in found],
            "observed": [g.observed for g in found],
            "low": [g.low for g in found],
            "high": [g.high for g in found],
            "n": [float(g.rows) for g in found],
        },
        one.data,
        one.subject,
        {"groups": str(len(found))},
    )
