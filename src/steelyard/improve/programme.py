"""Thresholds by group, mixed by chance where that is better: the exact optimum of a linear programme."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.training import Fitted, Learned, Training

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
NAME, TITLE = "thresholds", "thresholds mixed by chance"
NOTHING = 1e-11
"""A chance below this is none."""
FEASIBLE = 1e-10


def learn(training: Training) -> Learned:
    """Learn mixtures of thresholds that keep every rate of the criterion within a bound of each other.

    What a group's mixture of thresholds reaches is a point in the convex hull of its ROC points; all rates and the
    objective are linear there. A point below the diagonal is never needed: lifting every group's recall to its false
    positive rate, where it is below, widens no gap. So only thresholds at corners of the upper hull take part, and
    the programme is exact.

    Source: Hardt, Price & Srebro 2016, with |gap| ≤ bound in place of equality.
    """
    corners = {place: _corners(training, place) for place in training.scope}
    rates = {place: [rate[at] for rate in training.rates(place)] for place, at in corners.items()}
    total = float(training.flagged[..., 0].sum())
    worth = {place: training.worth(place)[at] / total for place, at in corners.items()}
    starts = np.cumsum([0, *(len(at) for at in corners.values())])
    upper, equal = _constraints(rates, starts)
    gain = np.concatenate([*worth.values(), np.zeros(len(training.criterion.rates))])

    def fit(bound: float) -> Fitted | None:
        found = _solved(-gain, upper, bound, equal)
        if found is None:
            return None
        rules = {
            place: _mixture(at, found[start : start + len(at)])
            for (place, at), start in zip(corners.items(), starts[:-1].tolist(), strict=True)
        }
        return Fitted(training.chances(rules), training.policy(rules))

    return fit


def _constraints(rates: dict[int, list[Floats]], starts: NDArray[np.int_]) -> tuple[Floats, Floats]:
    """Rows "rate − lowest ≤ bound" and "lowest − rate ≤ 0" of each rate and group, and "chances add up to 1"."""
    kinds = len(next(iter(rates.values())))
    size = int(starts[-1])
    upper, equal = np.zeros((2 * kinds * len(rates), size + kinds)), np.zeros((len(rates), size + kinds))
    row = 0
    for group, (start, made) in enumerate(zip(starts.tolist(), rates.values(), strict=False)):
        place = slice(start, start + len(made[0]))
        equal[group, place] = 1.0
        for kind, rate in enumerate(made):
            upper[row, place], upper[row, size + kind] = rate, -1.0
            upper[row + 1, place], upper[row + 1, size + kind] = -rate, 1.0
            row += 2
    return upper, equal


def _solved(cost: Floats, upper: Floats, bound: float, equal: Floats) -> Floats | None:
    from scipy.optimize import linprog

    limits = np.zeros(len(upper))
    limits[::2] = bound
    found = linprog(
        cost,
        A_ub=upper,
        b_ub=limits,
        A_eq=equal,
        b_eq=np.ones(len(equal)),
        bounds=(0, 1),
        method="highs",
        options={"primal_feasibility_tolerance": FEASIBLE, "dual_feasibility_tolerance": FEASIBLE},
    )
    return np.asarray(found.x, dtype=float) if found.status == 0 else None


def _mixture(corners: Ints, chances: Floats) -> list[tuple[int, float]]:
    kept = np.where(chances > NOTHING, chances, 0.0)
    kept = kept / kept.sum()
    return [(int(corners[i]), float(kept[i])) for i in np.flatnonzero(kept).tolist()]


def _corners(training: Training, place: int) -> Ints:
    """Thresholds at the corners of the upper convex hull of a group's ROC points (Andrew's monotone chain)."""
    flagged = training.flagged[place]
    x, y = flagged[0] / flagged[0, 0], flagged[1] / flagged[1, 0]
    # A bin without rows of the group is no threshold of its own.
    distinct = np.flatnonzero(np.concatenate([[True], (np.diff(x) != 0) | (np.diff(y) != 0)]))
    px, py = x[distinct].tolist(), y[distinct].tolist()
    kept: list[int] = []
    for i in range(len(px)):
        while len(kept) > 1:
            a, b = kept[-2], kept[-1]
            if (px[b] - px[a]) * (py[i] - py[a]) > (py[b] - py[a]) * (px[i] - px[a]):
                break
            kept.pop()
        kept.append(i)
    return distinct[kept]
