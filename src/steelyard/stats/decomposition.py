"""A difference of two tables told by its causes: mix against rate, and exact Shapley values over mechanisms.

A table is an array of weights whose last four axes are segment, score group, truth and decision; axes before
them hold replicates. A mechanism is one factor of it, such as P(score group | segment). A hybrid takes some factors
from one period and the others from the other; what a mechanism does to any metric is its Shapley value over hybrids.
"""

import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
SEGMENT, GROUP, TRUTH, DECISION = -4, -3, -2, -1
MOST_PLAYERS = 6
BACK_OFF = 5.0
"""Weight of the wider rate that stands in for that of an empty cell."""


class Kitagawa(NamedTuple):
    """A change of a mean by slice: because slices grew or shrank, and because their own means moved.

    Attributes:
        mix, rate: one number a slice; all of them add up to the change.
        mix_se: standard error of all mix together, for independent rows.
        rate_se: standard error of each slice's rate part, its share taken as known.
    """

    mix: Floats
    rate: Floats
    mix_se: float
    rate_se: Floats


class Groups(NamedTuple):
    """Slices of one period: `weight`, `mean` and its `variance` over rows, each of shape (S,); `rows` in all."""

    weight: Floats
    mean: Floats
    variance: Floats
    rows: float

    @property
    def share(self) -> Floats:
        """Weights that sum to 1."""
        return np.asarray(self.weight / self.weight.sum())


def kitagawa(before: Groups, after: Groups) -> Kitagawa:
    """Split M₁ − M₀, M = Σ w·m, into mix (w₁ − w₀)·((m₀ + m₁)/2 − M̄) and rate (m₁ − m₀)·(w₀ + w₁)/2.

    M̄ = (M₀ + M₁)/2 centres the mix, so that a slice that grew with an average mean is not blamed. For a ratio
    metric the weights are those of its denominator. A slice that is absent from one period is taken to have moved as
    the whole did.

    Raises:
        ValueError: if a period has no weight.

    Source: Kitagawa 1955.
    """
    if not (before.weight.sum() > 0 and after.weight.sum() > 0):
        raise ValueError("both periods need weight")
    w0, w1 = before.share, after.share
    all0, all1 = w0[w0 > 0] @ before.mean[w0 > 0], w1[w1 > 0] @ after.mean[w1 > 0]
    m0 = np.where(w0 > 0, before.mean, after.mean - all1 + all0)
    m1 = np.where(w1 > 0, after.mean, before.mean - all0 + all1)
    middle, held = (m0 + m1) / 2, (w0 + w1) / 2
    centred = middle - (all0 + all1) / 2
    spread = sum(
        max(float(w @ centred**2 - (w @ centred) ** 2), 0.0) / side.rows for w, side in ((w0, before), (w1, after))
    )
    both = (w0 > 0) & (w1 > 0)
    noise = _quotient(before.variance, w0 * before.rows, 0.0) + _quotient(after.variance, w1 * after.rows, 0.0)
    # The mean of a slice that only one period has is that period's alone; else it is half of either's.
    means = float(np.sum((np.where(both, 0.5, 1.0) * (w1 - w0)) ** 2 * noise))
    return Kitagawa((w1 - w0) * centred, (m1 - m0) * held, math.sqrt(spread + means), held * np.sqrt(noise))


def surprise(before: npt.ArrayLike, after: npt.ArrayLike) -> Floats:
    """How much each slice's share moved: its part of the Jensen–Shannon divergence (natural logarithm). Shape (S,).

    Source: Bhagwan et al. 2014 (Adtributor).
    """
    p, q = (np.asarray(w, dtype=float) / np.sum(w) for w in (before, after))
    middle = np.where(p + q > 0, (p + q) / 2, 1.0)
    return (_information(p, middle) + _information(q, middle)) / 2


def coalitions(players: int) -> npt.NDArray[np.bool_]:
    """Every subset of the players: row `i` holds the binary digits of `i`. Shape (2^players, players).

    Raises:
        ValueError: if there are more than six players.
    """
    if players > MOST_PLAYERS:
        raise ValueError(f"exact Shapley values are made for at most {MOST_PLAYERS} players, not {players}")
    return np.asarray((np.arange(2**players)[:, None] >> np.arange(players)) % 2 == 1)


def shapley(values: npt.ArrayLike) -> Floats:
    """Exact Shapley values of a game from its value on every subset, in the order of `coalitions`.

    They add up to the value of all players minus that of none. `values` has shape (2^k, …), the result (k, …).

    Raises:
        ValueError: if the number of values is not a power of two, or there are more than six players.

    Source: Shapley 1953.
    """
    v = np.asarray(values, dtype=float)
    players = len(v).bit_length() - 1
    if len(v) != 2**players:
        raise ValueError(f"needs the value of every subset, a power of two, not {len(v)}")
    members = coalitions(players)
    size = members.sum(axis=1)
    parts = np.zeros((players, *v.shape[1:]))
    for player in range(players):
        without = np.flatnonzero(~members[:, player])
        for subset in without.tolist():
            taken = int(size[subset])
            chance = math.factorial(taken) * math.factorial(players - taken - 1) / math.factorial(players)
            parts[player] += chance * (v[subset | 1 << player] - v[subset])
    return parts


def conditional(table: Floats, of: int, given: Sequence[int] = (), back_off: float = BACK_OFF) -> Floats:
    """P(of | given) of a table of weights; axes that take no part are kept with length 1.

    Where a cell of `given` is empty, the rate of all segments together stands in, itself drawn towards the rate of
    everything by `back_off` rows.
    """
    axes = range(-4, 0)
    joint = table.sum(axis=tuple(a for a in axes if a not in (of, *given)), keepdims=True)
    return mean_given(joint, joint.sum(axis=of, keepdims=True), tuple(a for a in given if a != SEGMENT), back_off)


def mean_given(total: Floats, weight: Floats, wider: Sequence[int] = (), back_off: float = BACK_OFF) -> Floats:
    """total/weight cell by cell; an empty cell takes the quotient over the axes not in `wider`, backed off to all.

    Args:
        total: sums of a value (or weights of an outcome) by cell.
        weight: weights of the cells, broadcastable to `total`.
        wider: the axes that the stand-in still depends on.
        back_off: weight of the rate of everything inside the stand-in.
    """
    conditions = tuple(a for a in range(-4, 0) if weight.shape[a] > 1)
    overall = _quotient(total.sum(axis=conditions, keepdims=True), weight.sum(axis=conditions, keepdims=True), 0.0)
    pooled = tuple(a for a in conditions if a not in wider)
    top = total.sum(axis=pooled, keepdims=True) + back_off * overall
    bottom = weight.sum(axis=pooled, keepdims=True) + back_off
    return _quotient(total, weight, top / bottom)


def product(factors: Sequence[Floats], summed: int = SEGMENT) -> Floats:
    """The table that the factors make together, summed over one axis (which is left out)."""
    joint = factors[0]
    for factor in factors[1:]:
        joint = joint * factor
    return np.asarray(joint.sum(axis=summed))


def gamma_replicates(weight: Floats, squares: Floats, replicates: int, seed: int) -> Floats:
    """Tables as they might have come out: gamma draws with mean `weight` and variance `squares` (Σw² of each cell).

    For unit weights these are the Bayesian bootstrap of the rows (Rubin 1981). Shape (replicates, *weight.shape).
    """
    scale = _quotient(squares, weight, 1.0)
    draws = np.random.default_rng(seed).standard_gamma(weight / scale, size=(replicates, *weight.shape))
    return np.asarray(draws * scale)


def shifted(rate: Floats, offset: npt.ArrayLike) -> Floats:
    """expit(logit(rate) + offset), exact at 0 and 1."""
    odds = np.exp(np.asarray(offset, dtype=float))
    return np.asarray(rate * odds / (1.0 - rate + rate * odds))


def shapley_of(value: Callable[[npt.NDArray[np.bool_]], npt.ArrayLike], players: int) -> Floats:
    """Exact Shapley values of any set function of a row of `coalitions`; 2^players calls. Shape (players, …).

    Raises:
        ValueError: if there are more than six players.
    """
    return shapley(np.array([value(members) for members in coalitions(players)]))


def _quotient(top: Floats, bottom: Floats, otherwise: Floats | float) -> Floats:
    shape = np.broadcast_shapes(top.shape, bottom.shape)
    stand_in = np.array(np.broadcast_to(otherwise, shape), dtype=float)
    return np.asarray(np.divide(top, bottom, out=stand_in, where=np.broadcast_to(bottom > 0, shape)))


def _information(p: Floats, middle: Floats) -> Floats:
    ratio = np.where(p > 0, p / middle, 1.0)
    return np.asarray(p * np.log(ratio))
