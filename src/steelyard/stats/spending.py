"""A few planned looks at a growing experiment: what each look may spend of α, and the limits that follow.

The statistic at information t, Z·sqrt(t), is a Brownian motion with the experiment's drift. Its density over all
paths that crossed no limit so far is carried from look to look by numerical integration.
"""

import math
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.critical import quantile

Floats = npt.NDArray[np.float64]
Kind = Literal["obrien_fleming", "pocock"]
REACH = 9.0
"""Standard deviations beyond which nothing happens."""
MOST_PANELS = 120
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(16)


class Boundaries(NamedTuple):
    """Looks, in shares of the planned information, with the |z| that stops at each and α spent up to each."""

    information: Floats
    z: Floats
    spent: Floats


class Crossing(NamedTuple):
    """Chance to cross the upper and the lower limit for the first time at each look."""

    upper: Floats
    lower: Floats


def spent(information: npt.ArrayLike, alpha: float, kind: Kind = "obrien_fleming") -> Floats:
    """α that one side may have spent at each share of the information; all of it from 1 on.

    O'Brien–Fleming-like: 2 − 2Φ(z_{1−α/2}/√t), hardly any at first. Pocock-like: α·ln(1 + (e − 1)t), about as much
    at every look.

    Raises:
        ValueError: unless the information ascends from above 0, 0 < alpha < 1 and the kind is known.

    Source: Lan & DeMets 1983.
    """
    t = np.minimum(_looks(information), 1.0)
    _check(alpha)
    if kind == "obrien_fleming":
        return np.asarray(2.0 * special.ndtr(-quantile(1.0 - alpha) / np.sqrt(t)))
    if kind == "pocock":
        return np.asarray(alpha * np.log1p(math.expm1(1.0) * t))
    raise ValueError(f"the kind must be 'obrien_fleming' or 'pocock', not {kind!r}")


def boundaries(
    information: npt.ArrayLike, alpha: float, kind: Kind = "obrien_fleming", sides: Literal[1, 2] = 2
) -> Boundaries:
    """Limits of |Z| (of Z, one-sided) at looks that need be neither equally spaced nor known beforehand.

    Args:
        information: share of the planned units (more exactly: of the information, 1/se²) at each look so far.
        alpha: chance of a false alarm over all looks; two-sided tests spend half of it on each side.
        kind: how it is spent.
        sides: 2, or 1 for the upper side only.

    Returns:
        One limit a look; infinite where a look may spend nothing to speak of.

    Raises:
        ValueError: as `spent`.

    Source: Armitage, McPherson & Rowe 1969; Lan & DeMets 1983.
    """
    if sides not in (1, 2):
        raise ValueError(f"sides must be 1 or 2, got {sides!r}")
    _check(alpha)
    t = _looks(information)
    allowed = spent(t, alpha / sides, kind)
    steps = np.diff(allowed, prepend=0.0)
    walk, limits = _Walk(0.0, sides == 2), np.empty(t.size)
    for look, (at, chance) in enumerate(zip(t.tolist(), steps.tolist(), strict=True)):
        limits[look] = walk.limit(at, chance)
        walk.go_on(at, limits[look])
    return Boundaries(t, limits, sides * allowed)


def crossing(information: npt.ArrayLike, z: npt.ArrayLike, drift: float, sides: Literal[1, 2] = 2) -> Crossing:
    """Chances to cross limits for the first time at each look, where E Z = drift·√t.

    `drift` is the expected statistic at full information: the effect over its standard error there. Shapes (K,).

    Raises:
        ValueError: unless there is a limit for each look and the information ascends from above 0.

    Source: Armitage, McPherson & Rowe 1969; Jennison & Turnbull 2000, chapter 19.
    """
    t, limits = _looks(information), np.asarray(z, dtype=float)
    if limits.shape != t.shape:
        raise ValueError(f"needs one limit a look, got {limits.size} for {t.size}")
    walk, upper, lower = _Walk(drift, sides == 2), np.empty(t.size), np.zeros(t.size)
    for look, (at, limit) in enumerate(zip(t.tolist(), limits.tolist(), strict=True)):
        upper[look] = walk.above(at, limit)
        lower[look] = walk.below(at, -limit) if sides == 2 else 0.0
        walk.go_on(at, limit)
    return Crossing(upper, lower)


class _Walk:
    """The density of a drifting Brownian motion over the paths that are still inside their limits."""

    def __init__(self, drift: float, both_sides: bool) -> None:
        self._drift, self._both = drift, both_sides
        self._time, self._places, self._mass = 0.0, np.zeros(1), np.ones(1)

    def above(self, at: float, z: float) -> float:
        """Chance to be inside until now and above z at the next look."""
        return float(self._mass @ special.ndtr(-self._gaps(at, z)))

    def below(self, at: float, z: float) -> float:
        return float(self._mass @ special.ndtr(self._gaps(at, z)))

    def limit(self, at: float, chance: float) -> float:
        """The z above which the walk is at the next look with a given chance."""
        low, high = -REACH, REACH
        if chance <= self.above(at, high):
            return math.inf
        while high - low > 1e-11:
            middle = (low + high) / 2.0
            low, high = (middle, high) if self.above(at, middle) > chance else (low, middle)
        return high

    def go_on(self, at: float, z: float) -> None:
        """Keep the paths that are inside at the next look."""
        sd, step, reach = math.sqrt(at), math.sqrt(at - self._time), REACH * math.sqrt(at)
        centre = self._drift * at
        top = min(z * sd, centre + reach)
        bottom = max(-z * sd if self._both else -math.inf, centre - reach)
        if top <= bottom:
            self._time, self._places, self._mass = at, np.zeros(1), np.zeros(1)
            return
        places, weights = _grid(bottom, top, step)
        moved = (places[:, None] - self._places - self._drift * (at - self._time)) / step
        density = np.exp(-0.5 * moved**2) @ self._mass / (step * math.sqrt(2.0 * math.pi))
        self._time, self._places, self._mass = at, places, weights * density

    def _gaps(self, at: float, z: float) -> Floats:
        step = at - self._time
        return np.asarray((z * math.sqrt(at) - self._places - self._drift * step) / math.sqrt(step))


def _grid(bottom: float, top: float, finest: float) -> tuple[Floats, Floats]:
    """Nodes and weights of an integral, in panels that are not much wider than what varies fastest."""
    panels = min(max(2, math.ceil((top - bottom) / (2.5 * finest))), MOST_PANELS)
    half = (top - bottom) / panels / 2.0
    centres = bottom + half * (2.0 * np.arange(panels) + 1.0)
    return (centres[:, None] + half * _NODES).ravel(), np.tile(half * _WEIGHTS, panels)


def _looks(information: npt.ArrayLike) -> Floats:
    t = np.atleast_1d(np.asarray(information, dtype=float))
    if t.ndim != 1 or not t.size or not (np.all(np.isfinite(t)) and t[0] > 0.0 and np.all(np.diff(t) > 0.0)):
        raise ValueError(f"the information at the looks must ascend from above 0, got {information!r}")
    return t


def _check(alpha: float) -> None:
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie strictly between 0 and 1, got {alpha!r}")
