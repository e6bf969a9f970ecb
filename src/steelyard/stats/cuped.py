"""CUPED: what a unit did before the experiment explains part of what it does in it, and that part is taken out."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.lift import Arm
from steelyard.stats.ratio import Joint, Variable, linearised, together

Floats = npt.NDArray[np.float64]


class Adjusted(NamedTuple):
    """Arms after the adjustment.

    `theta` are the slopes on the covariates, shape (k,); `reduction` is the share of the variance of the arms' means
    that is gone (0.31: as if there were 1/(1 − 0.31) as many units); `imbalance` are the differences of the
    covariates' means between the most distant arms, in standard deviations, shape (k,).
    """

    arms: tuple[Arm, ...]
    theta: Floats
    reduction: float
    imbalance: Floats


def adjusted(arms: Sequence[Joint], outcome: Variable, covariates: Sequence[Variable]) -> Adjusted:
    """Means and variances of an outcome with its linear relation to covariates taken out.

    theta solves Cov(x)·θ = Cov(x, y) over all arms together; an arm's mean becomes ȳ − θ·(x̄ − x̄_all) and its variance
    that of y − θ·x. Covariates must have been settled before the assignment, else they may carry the effect
    away. Constant covariates, and ones that repeat others, count for nothing. Ratios are linearised first.

    Args:
        arms: moments of the same variables in each arm.
        outcome: the variable, or ratio of two, to be compared.
        covariates: the variables, or ratios, that explain it.

    Raises:
        ValueError: if there is no arm or no covariate, or the mean of a denominator is 0.

    Source: Deng, Xu, Kohavi & Walker 2013; Lin 2013.
    """
    if not covariates:
        raise ValueError("an adjustment needs at least one covariate")
    asked = [outcome, *covariates]
    whole = linearised(together(arms), asked)
    theta = _slopes(whole.covariance[1:, 1:], whole.covariance[1:, 0])
    lines = [linearised(arm, asked) for arm in arms]
    weights = np.concatenate([[1.0], -theta])
    made = tuple(
        Arm(
            line.n,
            float(line.means[0] - theta @ (line.means[1:] - whole.means[1:])),
            max(float(weights @ line.covariance @ weights), 0.0),
        )
        for line in lines
    )
    before = sum(float(line.covariance[0, 0]) / line.n for line in lines)
    after = sum(arm.variance / arm.n for arm in made)
    reduction = 1.0 - after / before if before > 0.0 else 0.0
    return Adjusted(made, theta, reduction, _imbalance(lines, whole))


def _slopes(among: Floats, across: Floats) -> Floats:
    """Least squares with the smallest slopes, on covariates brought to one scale; constant ones get 0."""
    scale = np.sqrt(np.maximum(np.diag(among), 0.0))
    used = scale > 0.0
    slopes = np.zeros_like(across)
    if used.any():
        correlation = among[np.ix_(used, used)] / np.outer(scale[used], scale[used])
        slopes[used] = np.linalg.lstsq(correlation, across[used] / scale[used], rcond=1e-9)[0] / scale[used]
    return slopes


def _imbalance(lines: Sequence[Joint], whole: Joint) -> Floats:
    means = np.array([line.means[1:] for line in lines])
    scale = np.sqrt(np.maximum(np.diag(whole.covariance)[1:], 0.0))
    apart: Floats = means.max(axis=0) - means.min(axis=0)
    return np.divide(apart, scale, out=np.zeros_like(apart), where=scale > 0.0)
