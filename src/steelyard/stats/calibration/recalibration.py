"""Better probabilities from the table: a logistic line and a monotone step function."""

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.calibration.sums import Floats, filled

_MAX_STEPS = 60
_TOLERANCE = 1e-10


def logistic_recalibration(
    logit_mean: npt.ArrayLike,
    n: npt.ArrayLike,
    y: npt.ArrayLike,
    u: npt.ArrayLike | None = None,
) -> tuple[float, float, Floats]:
    """Calibration intercept and slope: P(y = 1) = expit(intercept + slope·logit(s)), by maximum likelihood.

    `logit_mean` is the mean logit of the predictions in each bin (of any value where n = 0). Perfect
    calibration is (0, 1). The third item is their 2 × 2 covariance: inverse information when rows have weight
    1, the sandwich when `u`, the sums of squared weights per bin, is given.

    Raises:
        ValueError: if the labels are all equal, the logits are all equal, or the score separates the labels
            perfectly (the slope is then infinite).

    Source: Cox 1958; White 1980 for the sandwich.
    """
    weights, x, labels, squared = filled(n, logit_mean, y, n if u is None else u)
    if np.ptp(x) == 0.0:
        raise ValueError(f"recalibration needs at least two distinct scores, got only the logit {x[0]:g}")
    design = np.column_stack([np.ones_like(x), x])
    beta = most_likely(design, weights, labels)
    return float(beta[0]), float(beta[1]), _covariance(design, beta, weights, labels, None if u is None else squared)


def isotonic(n: npt.ArrayLike, y: npt.ArrayLike) -> Floats:
    """Non-decreasing rates closest to y/n in weighted squares (pool adjacent violators), one per bin.

    Shape (B,), in the order of the bins; an empty bin takes the value of the filled bin before it, or, at
    the start, of the first filled one. Linear time.

    Raises:
        ValueError: if no bin holds a row or the arrays are malformed.

    Source: Ayer et al. 1955; as a reliability diagram Dimitriadis, Gneiting & Jordan 2021 (CORP).
    """
    weights, sums = filled(n, y)
    pools: list[tuple[float, float, int]] = []
    for weight, total in zip(weights.tolist(), sums.tolist(), strict=True):
        size = 1
        while pools and pools[-1][1] * weight >= total * pools[-1][0]:
            below = pools.pop()
            weight, total, size = weight + below[0], total + below[1], size + below[2]
        pools.append((weight, total, size))
    rates = np.repeat([total / weight for weight, total, _ in pools], [size for _, _, size in pools])
    full = np.asarray(n, dtype=float) > 0.0
    values: Floats = rates[np.maximum(np.cumsum(full) - 1, 0)]
    return values


def most_likely(design: Floats, n: Floats, y: Floats) -> Floats:
    """The coefficients that make `y` positives of `n` rows in each row of a design most likely, logit link.

    Shapes: design (bins, k), n and y (bins,), the result (k,). Newton's steps, halved where they go too far.

    Raises:
        ValueError: if only one class is there, or the design separates the labels perfectly.
    """
    if not 0.0 < y.sum() < n.sum():
        raise ValueError("recalibration needs labels of both classes, got only one")
    beta = np.zeros(design.shape[1])
    reached = _log_likelihood(design @ beta, n, y)
    for _ in range(_MAX_STEPS):
        rate = special.expit(design @ beta)
        information = (design.T * (n * rate * (1.0 - rate))) @ design
        if not np.linalg.cond(information) < 1e15:
            break
        step = np.linalg.solve(information, design.T @ (y - n * rate))
        length = 1.0
        slack = 1e-13 * abs(reached)  # near the maximum rounding alone can make a good step look worse
        while (value := _log_likelihood(design @ (beta + length * step), n, y)) < reached - slack and length > 1e-9:
            length /= 2.0
        beta, reached = beta + length * step, value
        if float(np.abs(step).max()) <= _TOLERANCE * (1.0 + float(np.abs(beta).max())):
            return beta
    raise ValueError("the score separates the labels perfectly: the recalibration slope is infinite")


def _log_likelihood(eta: Floats, n: Floats, y: Floats) -> float:
    return float(y @ special.log_expit(eta) + (n - y) @ special.log_expit(-eta))


def _covariance(design: Floats, beta: Floats, n: Floats, y: Floats, u: Floats | None) -> Floats:
    rate = special.expit(design @ beta)
    bread = np.asarray(np.linalg.inv((design.T * (n * rate * (1.0 - rate))) @ design), dtype=float)
    if u is None:
        return bread
    seen = y / n
    scatter = u * (seen * (1.0 - rate) ** 2 + (1.0 - seen) * rate**2)
    covariance: Floats = bread @ ((design.T * scatter) @ design) @ bread
    return covariance
