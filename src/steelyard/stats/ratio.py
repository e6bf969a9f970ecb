"""Ratios of means (clicks by view, revenue by order) as if they were means of one value, by the delta method.

The unit that was assigned to an arm is the row: what it added to the numerator and to the denominator. Units that
hold several rows of an analysis (users with sessions, shops with customers) are therefore a ratio too: the sum of
the outcome over the number of rows.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.lift import Arm

Floats = npt.NDArray[np.float64]
Variable = int | tuple[int, int]
"""A variable by its place, or the ratio of two."""


class Joint(NamedTuple):
    """Units of an arm, the means of k variables, shape (k,), and their sample covariance, shape (k, k)."""

    n: float
    means: Floats
    covariance: Floats


def joint(n: float, means: npt.ArrayLike, covariance: npt.ArrayLike) -> Joint:
    """Moments of k variables of `n` units, checked.

    Raises:
        ValueError: unless n > 1, the shapes are (k,) and (k, k), and all numbers are finite.
    """
    m, c = np.asarray(means, dtype=float), np.asarray(covariance, dtype=float)
    if not n > 1.0:
        raise ValueError(f"a covariance needs more than one unit, got n = {n!r}")
    if m.ndim != 1 or c.shape != (m.size, m.size) or not (np.all(np.isfinite(m)) and np.all(np.isfinite(c))):
        raise ValueError(f"needs k means and a k × k covariance of finite numbers, got {m.shape} and {c.shape}")
    return Joint(float(n), m, c)


def together(arms: Sequence[Joint]) -> Joint:
    """The moments of all units of several arms.

    Raises:
        ValueError: if there is no arm.

    Source: Chan, Golub & LeVeque 1983.
    """
    if not arms:
        raise ValueError("needs at least one arm")
    n = sum(arm.n for arm in arms)
    means = sum(((arm.n / n) * arm.means for arm in arms), start=np.zeros_like(arms[0].means))
    scatter = np.zeros_like(arms[0].covariance)
    for arm in arms:
        away = arm.means - means
        scatter += (arm.n - 1.0) * arm.covariance + arm.n * np.outer(away, away)
    return Joint(n, means, scatter / (n - 1.0))


def linearised(arm: Joint, variables: Sequence[Variable]) -> Joint:
    """The moments of ratios of the variables (and of variables as they are), to first order about their means.

    A ratio R = X/Y is the mean of X/Ȳ − R·(Y/Ȳ − 1), so Var = (Var X − 2R·Cov + R²·Var Y)/Ȳ².

    Args:
        arm: moments of k variables.
        variables: m of them: a place, or (numerator, denominator).

    Returns:
        Moments of the m variables.

    Raises:
        ValueError: if the mean of a denominator is 0.

    Source: Deng, Knoblich & Lu 2018, "Applying the delta method in metric analytics".
    """
    means, slopes = np.empty(len(variables)), np.zeros((len(variables), arm.means.size))
    for row, variable in enumerate(variables):
        if isinstance(variable, tuple):
            top, bottom = variable
            if arm.means[bottom] == 0.0:
                raise ValueError("a ratio needs a denominator whose mean is not 0")
            means[row] = arm.means[top] / arm.means[bottom]
            slopes[row, top] += 1.0 / arm.means[bottom]
            slopes[row, bottom] -= means[row] / arm.means[bottom]
        else:
            means[row], slopes[row, variable] = arm.means[variable], 1.0
    return Joint(arm.n, means, slopes @ arm.covariance @ slopes.T)


def arm_of(units: Joint, variable: Variable = 0) -> Arm:
    """One variable, or the ratio of two, as an arm that `lift` compares.

    Raises:
        ValueError: if the mean of a denominator is 0.
    """
    line = linearised(units, [variable])
    return Arm(line.n, float(line.means[0]), max(float(line.covariance[0, 0]), 0.0))
