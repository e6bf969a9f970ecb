"""What is believed about arms after the data: chance to be best, expected loss, credible intervals of a lift.

Posteriors are Beta (proportions) or normal (means), independent by arm. They say what to bet on, not how often one
is wrong: an error rate under looks at any time belongs to `sequential`.
"""

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import tail
from steelyard.stats.lift import Arm

Floats = npt.NDArray[np.float64]
REACH, NODES = 8.0, 2049
MOST = 20
"""Arms beyond which draws take the place of integrals."""
DRAWS = 20_000
UNIFORM = (1.0, 1.0)


class Belief(NamedTuple):
    """A posterior: its distribution function, its quantile function, draws from it, and its mean."""

    below: Callable[[Floats], Floats]
    at: Callable[[Floats], Floats]
    draw: Callable[[np.random.Generator, int], Floats]
    mean: float


class Standing(NamedTuple):
    """By arm: the chance to be the best, and what is lost on average by choosing it. Shapes (k,)."""

    best: Floats
    loss: Floats


class Credible(NamedTuple):
    """A lift: posterior median, equal-tailed interval, and the chance that it is above 0."""

    value: float
    low: float
    high: float
    above: float


def proportion(k: float, n: float, prior: tuple[float, float] = UNIFORM) -> Belief:
    """Posterior Beta(a + k, b + n − k) of a proportion from prior Beta(a, b).

    Raises:
        ValueError: unless 0 ≤ k ≤ n and a, b > 0.
    """
    a, b = prior
    if not (0.0 <= k <= n and a > 0.0 and b > 0.0):
        raise ValueError(f"needs 0 ≤ k ≤ n and a prior of positive numbers, got {k!r} of {n!r} and {prior!r}")
    a, b = a + k, b + n - k
    return Belief(
        lambda x: np.asarray(special.betainc(a, b, np.clip(x, 0.0, 1.0))),
        lambda u: np.asarray(special.betaincinv(a, b, u)),
        lambda rng, size: rng.beta(a, b, size),
        a / (a + b),
    )


def mean(arm: Arm, prior: tuple[float, float] | None = None) -> Belief:
    """Posterior normal of a mean whose standard error is taken as known; flat prior, or N(mean, sd²).

    Raises:
        ValueError: unless n > 0, variance > 0 and, where given, the prior's sd > 0.
    """
    if not (arm.n > 0.0 and arm.variance > 0.0 and (prior is None or prior[1] > 0.0)):
        raise ValueError(f"needs units that vary and a prior with a positive sd, got {arm} and {prior!r}")
    sure, centre = arm.n / arm.variance, arm.mean
    if prior is not None:
        before = 1.0 / prior[1] ** 2
        centre = (sure * arm.mean + before * prior[0]) / (sure + before)
        sure += before
    sd = float(sure**-0.5)
    return Belief(
        lambda x: np.asarray(special.ndtr((x - centre) / sd)),
        lambda u: np.asarray(centre + sd * special.ndtri(u)),
        lambda rng, size: rng.normal(centre, sd, size),
        centre,
    )


def standing(arms: Sequence[Belief], higher_is_better: bool = True, seed: int = 0) -> Standing:
    """How the arms stand against each other. By integration; beyond `MOST` arms from draws of the seed.

    Raises:
        ValueError: if there is no arm.
    """
    if not arms:
        raise ValueError("needs at least one arm")
    made = _drawn(arms, higher_is_better, seed) if len(arms) > MOST else _integrated(arms, higher_is_better)
    return Standing(*made)


def difference(treatment: Belief, control: Belief, level: float) -> Credible:
    """Treatment minus control.

    Raises:
        ValueError: if level is outside (0, 1).
    """
    values, chances = _spread(control)
    return _credible(lambda d: float(chances @ treatment.below(values + d)), level, *_ends(treatment, control))


def relative(treatment: Belief, control: Belief, level: float) -> Credible:
    """Treatment over control, minus 1, of quantities that are hardly ever below 0.

    Raises:
        ValueError: if level is outside (0, 1), or the control is below 0 with a chance of more than one in a million.
    """
    values, chances = _spread(control)
    if float(control.below(np.zeros(1))[0]) > 1e-6:
        raise ValueError("a relative lift needs a control that is above 0")
    top = float(treatment.at(np.array([1.0 - 1e-9]))[0])
    bottom = max(float(control.at(np.array([1e-9]))[0]), 1e-300)
    return _credible(lambda r: float(chances @ treatment.below(values * (1.0 + r))), level, -1.0, top / bottom)


def _integrated(arms: Sequence[Belief], higher_is_better: bool) -> tuple[Floats, Floats]:
    sign = 1.0 if higher_is_better else -1.0
    chance, reached = np.empty(len(arms)), np.empty(len(arms))
    for i, arm in enumerate(arms):
        values, chances = _spread(arm)
        others = np.ones_like(values)
        for j, other in enumerate(arms):
            if j != i:
                below = other.below(values)
                others = others * (below if higher_is_better else 1.0 - below)
        chance[i], reached[i] = chances @ others, chances @ (others * values)
    means = np.array([arm.mean for arm in arms])
    return chance / chance.sum(), np.maximum(sign * (reached.sum() - means), 0.0)


def _drawn(arms: Sequence[Belief], higher_is_better: bool, seed: int) -> tuple[Floats, Floats]:
    rng = np.random.default_rng(seed)
    sign = 1.0 if higher_is_better else -1.0
    best, winner = np.full(DRAWS, -np.inf), np.zeros(DRAWS, dtype=np.intp)
    for i, arm in enumerate(arms):
        draws = sign * arm.draw(rng, DRAWS)
        winner[draws > best] = i
        best = np.maximum(best, draws)
    means = sign * np.array([arm.mean for arm in arms])
    return np.bincount(winner, minlength=len(arms)) / DRAWS, np.maximum(float(best.mean()) - means, 0.0)


def _spread(arm: Belief) -> tuple[Floats, Floats]:
    """Values of an arm with their probabilities, even on the normal scale."""
    z = np.linspace(-REACH, REACH, NODES)
    density = np.exp(-0.5 * z**2)
    return arm.at(special.ndtr(z)), density / density.sum()


def _ends(treatment: Belief, control: Belief) -> tuple[float, float]:
    far = np.array([1e-9, 1.0 - 1e-9])
    t, c = treatment.at(far), control.at(far)
    return float(t[0] - c[1]), float(t[1] - c[0])


def _credible(below: Callable[[float], float], level: float, low: float, high: float) -> Credible:
    lower = tail(level)
    middle, left, right = (_where(below, share, low, high) for share in (0.5, lower, 1.0 - lower))
    return Credible(middle, left, right, 1.0 - below(0.0))


def _where(below: Callable[[float], float], share: float, low: float, high: float) -> float:
    while high - low > 1e-12 + 1e-9 * max(abs(low), abs(high)):
        middle = (low + high) / 2.0
        low, high = (middle, high) if below(middle) < share else (low, middle)
    return (low + high) / 2.0
