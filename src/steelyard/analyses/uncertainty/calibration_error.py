"""How far probabilities are off before and after a recalibration, on the rows that did not fit it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.crossfit import Fold
from steelyard.analyses.curves.cells import Scored
from steelyard.records import Effect, Estimate
from steelyard.stats import intervals, resampling
from steelyard.stats.calibration import debiased_ece, equal_mass_groups

Floats = NDArray[np.float64]
GROUPS = 15
DRAWS = 200
SEED = 20_260_101


def calibration_effect(one: Scored, parts: list[Fold], before: Floats, after: Floats) -> Effect:
    """Debiased calibration error over groups of equal weight; `before` and `after` of shape (folds, bins).

    The spread is that of bootstrap draws of the rows by their groups before and after, so that both errors are read
    from the same rows.
    """
    p, q = (np.concatenate([getattr(part, name) for part in parts]) for name in ("test_p", "test_q"))
    scale = one.view.effective_rows / float(one.view.weights.sum())
    table = _Table.of(p * scale, q * scale, np.ravel(before), np.ravel(after))
    values = [table.debiased(side, one.study.seed) for side in (0, 1)]
    draws = table.drawn()
    spreads = [float(np.std(d, ddof=1)) for d in (*draws, draws[1] - draws[0])]

    def estimated(value: float, se: float, least: float) -> Estimate:
        low, high = intervals.wald(value, se, one.study.level)
        method = "cross-fitted, bootstrap over cells"
        return Estimate(value, max(low, least), high, one.study.level, one.view.rows, method, se=se)

    return Effect(
        "calibration_error",
        estimated(values[0], spreads[0], 0.0),
        estimated(values[1], spreads[1], 0.0),
        estimated(values[1] - values[0], spreads[2], -1.0),
    )


@dataclass(frozen=True)
class _Table:
    """Rows by group of the probability before and of that after.

    Attributes:
        p, q: positive and negative rows of each cell.
        groups: the cell's group before, and after.
        rates: the cell's mean probability before, and after.
    """

    p: Floats
    q: Floats
    groups: tuple[NDArray[np.intp], NDArray[np.intp]]
    rates: tuple[Floats, Floats]

    @classmethod
    def of(cls, p: Floats, q: Floats, before: Floats, after: Floats) -> _Table:
        there = p + q > 0
        p, q, before, after = p[there], q[there], before[there], after[there]
        fine = [_by_mass(p + q, rates) for rates in (before, after)]
        cells, place = np.unique(np.stack(fine), axis=1, return_inverse=True)
        place = place.ravel()
        sums = [np.bincount(place, weights=w).astype(float) for w in (p, q, (p + q) * before, (p + q) * after)]
        rows = sums[0] + sums[1]
        return cls(sums[0], sums[1], (cells[0], cells[1]), (sums[2] / rows, sums[3] / rows))

    def debiased(self, side: int, seed: int) -> float:
        """The debiased error before (0) or after (1)."""
        rows, rates = self.p + self.q, self.rates[side]
        n, s, y = (np.bincount(self.groups[side], weights=w) for w in (rows, rows * rates, self.p))
        return debiased_ece(n, s, y, seed)[0]

    def drawn(self) -> list[Floats]:
        """The plain errors before and after of bootstrap draws."""
        both = resampling.multinomial_replicates(np.concatenate([self.p, self.q]), DRAWS, SEED)
        p, rows = both[:, : len(self.p)], both[:, : len(self.p)] + both[:, len(self.p) :]
        found = []
        for group, rates in zip(self.groups, self.rates, strict=True):
            member = np.eye(int(group.max()) + 1)[group]
            found.append(np.abs((p - rows * rates) @ member).sum(axis=1) / rows.sum(axis=1))
        return found


def _by_mass(rows: Floats, rates: Floats) -> NDArray[np.intp]:
    order = np.argsort(rates, kind="stable")
    group = np.empty(len(rates), dtype=np.intp)
    group[order] = equal_mass_groups(rows[order], GROUPS)
    return group
