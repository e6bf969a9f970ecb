"""What another way to decide changes, on rows that did not choose it: measures before and after, paired."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.cost.ledger import Floats, Ledger
from steelyard.analyses.cost.linear import mean_of_cells
from steelyard.analyses.cost.options import Case
from steelyard.analyses.cost.worth import FLAGGED, Way, grouped, worth
from steelyard.analyses.words import rows
from steelyard.metrics import Confusion, Metric, estimate, get
from steelyard.metrics.estimate import value_of
from steelyard.records import (
    EVERYTHING,
    Effect,
    Estimate,
    Move,
    Outcome,
    Undefined,
    UndefinedMetricError,
)
from steelyard.stats import influence, intervals, resampling
from steelyard.stats.power import rows_to_settle

Kind = Callable[[NDArray[np.intp], NDArray[np.intp]], NDArray[Any]]
"""A number by what is done to a row before and after."""
CLASSES = ("0", "1")
ACTS = 3
LEAST_BUCKETS = 5


def value_effect(case: Case, name: str) -> Effect:
    """The value a row of a chosen way to decide."""
    assert case.parts is not None  # noqa: S101 - for the type checker: ways are chosen only where there are parts
    level, rules = case.study.level, case.rules
    before = worth(case.parts, Way(case.parts.decided), rules, level)
    return Effect("value", before, worth(case.parts, case.held[name], rules, level), case.gain(name))


def effect(name: str, parts: Ledger, before: Way, after: Way, level: float, leave_out: int | None = None) -> Effect:
    """A metric of the decisions before and after, and their paired difference.

    Args:
        name: of a metric of the 2 × 2 table.
        parts: a split ledger.
        before, after: ways to decide on its cells.
        level: nominal coverage.
        leave_out: what is done to rows that count afterwards as decided by nobody.
    """
    joint = _Joint(parts, before, after, leave_out)
    metric = get(name, "binary")
    one, other = (joint.estimate(metric, which, level) for which in (0, 1))
    return Effect(name, one, other, joint.change(metric, level))


def flagged_effect(parts: Ledger, before: Way, after: Way, level: float) -> Effect:
    """The share of the rows that is flagged."""
    share = _shares(parts, before, after, level)
    flagged = (share(lambda was, now: was == FLAGGED), share(lambda was, now: now == FLAGGED))
    return Effect("flagged", *flagged, share(lambda was, now: (now == FLAGGED) * 1.0 - (was == FLAGGED)))


def flips(parts: Ledger, before: Way, after: Way, level: float) -> Move:
    """Which share of the rows is newly flagged, and which no longer."""
    share = _shares(parts, before, after, level)
    gained = share(lambda was, now: (now == FLAGGED) & (was != FLAGGED))
    return Move(EVERYTHING, parts.rows, gained, share(lambda was, now: (was == FLAGGED) & (now != FLAGGED)))


def _shares(parts: Ledger, before: Way, after: Way, level: float) -> Callable[[Kind], Outcome]:
    """Means over rows of what hangs on what is done to them before and after."""
    size = ACTS * ACTS
    code = before.acts * ACTS + after.acts
    weight, squares = (grouped(v, code, size) for v in (parts.weight, parts.squares))
    buckets = None
    if parts.bucket is not None:
        names, which = np.unique(parts.bucket, return_inverse=True)
        buckets = grouped(parts.weight, which.ravel() * size + code, len(names) * size).reshape(len(names), size)
    was, now = np.divmod(np.arange(size), ACTS)
    return lambda kind: mean_of_cells(
        weight, squares, np.asarray(kind(was, now), dtype=float), parts.rows, level, buckets
    )


def settled_by(gain: Estimate) -> str:
    """How many rows would settle whether a gain is one, as a sentence after a blank."""
    if not gain.value > 0 or not gain.se:
        return ""
    needed = rows_to_settle(gain.value, gain.se, gain.n, 0.0, gain.level)
    if not math.isfinite(needed) or needed <= gain.n:
        return ""
    return f" About {rows(float(f'{needed:.2g}'))} would settle it, if the gain stayed as it is."


class _Joint:
    """Weights by label, decision before and decision after."""

    def __init__(self, parts: Ledger, before: Way, after: Way, leave_out: int | None) -> None:
        self.rows = parts.rows
        self.left_out = leave_out
        code = (parts.label * ACTS + before.acts) * ACTS + after.acts
        size = 2 * ACTS * ACTS
        self.weight, self.squares, self.counts = (
            grouped(v, code, size).reshape(2, ACTS, ACTS) for v in (parts.weight, parts.squares, parts.counts)
        )
        self.parts: Floats | None = None
        if parts.bucket is not None:
            buckets, which = np.unique(parts.bucket, return_inverse=True)
            made = grouped(parts.weight, which.ravel() * size + code, len(buckets) * size)
            self.parts = made.reshape(len(buckets), 2, ACTS, ACTS)

    def table(self, joint: Floats, which: int) -> Floats:
        """Label × decision before (0) or after (1); what is left out afterwards counts nowhere."""
        if which == 0:
            return np.asarray(joint.sum(axis=2)[:, :2], dtype=float)
        kept = [act for act in range(ACTS) if act != self.left_out]
        return np.asarray(joint.sum(axis=1)[:, kept][:, :2], dtype=float)

    def estimate(self, metric: Metric, which: int, level: float) -> Outcome:
        made = [self.table(v, which) for v in (self.weight, self.squares, self.counts)]
        parts = None
        if self.parts is not None:
            rest = [self.weight - part for part in self.parts]
            parts = [Confusion(t := self.table(r, which), t, t, CLASSES) for r in rest]
        return estimate(metric, Confusion(made[0], made[1], made[2], CLASSES), level, parts)

    def change(self, metric: Metric, level: float) -> Outcome:
        """The difference after − before: delta method on the joint table, jackknife over clusters."""

        def difference(cells: Floats) -> float:
            joint = cells.reshape(self.weight.shape)
            one, other = (self._value(metric, self.table(joint, which)) for which in (1, 0))
            return one - other

        try:
            value = difference(self.weight)
            if self.parts is None:
                gradient = influence.numeric_gradient(difference, self.weight.ravel())
                se, df = math.sqrt(influence.variance(gradient, self.squares.ravel())), math.inf
            elif len(self.parts) < LEAST_BUCKETS:
                return Undefined(f"only {len(self.parts)} groups of clusters; {LEAST_BUCKETS} are needed")
            else:
                se, df = resampling.jackknife([difference(self.weight - part) for part in self.parts])
        except UndefinedMetricError as error:
            return Undefined(str(error))
        low, high = intervals.wald(value, se, level, df)
        method = "cross-fitted, delta method" if self.parts is None else "cross-fitted, jackknife"
        return Estimate(value, low, high, level, self.rows, method, se=se)

    def _value(self, metric: Metric, table: Floats) -> float:
        return value_of(metric, Confusion(table, table, table, CLASSES))
