"""Several treatments against one control: intervals that hold together, and p-values that know how many there are.

All comparisons share the control, so their statistics go together: T_i = λ_i·Z_0 + sqrt(1 − λ_i²)·Z_i, λ_i² the share
of the control in the variance of comparison i. Given Z_0 they are independent, so that the chance that none of them
is large is a single integral, whatever the number of arms (two, where the variance is estimated).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.comparison import quotient, two_sided_p
from steelyard.stats.critical import quantile
from steelyard.stats.lift import Arm, Lift, mean_difference
from steelyard.stats.multiplicity import holm

Floats = npt.NDArray[np.float64]
MOST = 50
"""Treatments beyond which Bonferroni and Holm lose nothing that is worth an integral for each."""
REACH = 8.5
FEW = 6
"""Degrees of freedom for which a limit is found; between more of them it is interpolated."""
_NODES, _WEIGHTS = np.polynomial.legendre.leggauss(40)


class Simultaneous(NamedTuple):
    """One lift for each treatment whose intervals hold together and whose p-values are adjusted; how it was done."""

    lifts: tuple[Lift, ...]
    method: str


def dunnett(treatments: Sequence[Arm], control: Arm, level: float) -> Simultaneous:
    """Every treatment's mean against the control's, all arms taken to vary alike.

    Raises:
        ValueError: unless there is a treatment, every arm has more than one unit, and 0 < level < 1.

    Source: Dunnett 1955.
    """
    arms = [control, *treatments]
    _check(arms)
    df = sum(arm.n - 1.0 for arm in arms)
    variance = sum((arm.n - 1.0) * arm.variance for arm in arms) / df
    alike = [arm._replace(variance=variance) for arm in arms]
    lifts = [
        _lift(arm.mean - control.mean, math.sqrt(variance * (1.0 / arm.n + 1.0 / control.n)), df)
        for arm in treatments
    ]
    return _together(lifts, _loads(alike[1:], alike[0]), level, "dunnett")


def own_variances(treatments: Sequence[Arm], control: Arm, level: float) -> Simultaneous:
    """The same where arms vary as they do: Welch's standard errors and degrees of freedom, plug-in correlations.

    Raises:
        ValueError: unless there is a treatment, every arm has more than one unit, and 0 < level < 1.

    Source: Hasler & Hothorn 2008.
    """
    _check([control, *treatments])
    lifts = [mean_difference(arm, control, level) for arm in treatments]
    return _together(lifts, _loads(treatments, control), level, "dunnett, unequal variances")


def any_lifts(lifts: Sequence[Lift], level: float) -> Simultaneous:
    """Adjust lifts of any kind, of which nothing is known but their p-values: Holm's p, Bonferroni's intervals.

    The intervals are value ± q·se; give lifts on the scale where that fits.

    Raises:
        ValueError: if there is no lift or level is outside (0, 1).

    Source: Holm 1979.
    """
    if not lifts:
        raise ValueError("needs at least one treatment")
    apart = 1.0 - (1.0 - level) / len(lifts)
    p = holm([lift.p for lift in lifts])
    made = [_widened(lift, quantile(apart, lift.df), float(q)) for lift, q in zip(lifts, p, strict=True)]
    return Simultaneous(tuple(made), "holm, bonferroni intervals")


def all_below(limit: float, loads: npt.ArrayLike, df: float = math.inf) -> float:
    """P(|T_i| ≤ limit for all i) of statistics that load on one common part, Student's t with `df` (normal if ∞).

    `loads` are the λ_i, shape (k,), each in [0, 1).

    Raises:
        ValueError: unless limit ≥ 0, all loads are in [0, 1) and df > 0.
    """
    shared = np.asarray(loads, dtype=float)
    if not (limit >= 0.0 and df > 0.0 and shared.ndim == 1 and np.all((shared >= 0.0) & (shared < 1.0))):
        raise ValueError(f"needs limit ≥ 0, df > 0 and loads in [0, 1), got {limit!r}, {df!r} and {loads!r}")
    if math.isinf(limit):
        return 1.0
    rest = np.sqrt(1.0 - shared**2)
    steepest = float(np.max(shared / rest, initial=1.0))
    z = np.linspace(-REACH, REACH, math.ceil(2.5 * REACH * steepest) + 1)
    density = np.exp(-0.5 * z**2)
    scales, chances = _scales(df)
    reach, centre = limit * scales[:, None, None], np.outer(z, shared)
    inside = np.prod(special.ndtr((reach - centre) / rest) - special.ndtr((-reach - centre) / rest), axis=2)
    return float(chances @ inside @ density / density.sum())


def critical(level: float, loads: npt.ArrayLike, df: float = math.inf) -> float:
    """The q with P(|T_i| ≤ q for all i) = level.

    Raises:
        ValueError: unless 0 < level < 1, and as `all_below`.
    """
    k = np.asarray(loads, dtype=float).size
    low, high = quantile(level, df), quantile(1.0 - (1.0 - level) / max(k, 1), df)
    while high - low > 1e-8 * high:
        middle = (low + high) / 2.0
        low, high = (middle, high) if all_below(middle, loads, df) < level else (low, middle)
    return high


def _together(lifts: Sequence[Lift], loads: Floats, level: float, method: str) -> Simultaneous:
    if len(lifts) > MOST or not np.all(loads < 0.9999):
        return any_lifts(lifts, level)
    limits = _criticals(level, loads, np.array([lift.df for lift in lifts]))
    made = []
    for lift, limit in zip(lifts, limits.tolist(), strict=True):
        alone = two_sided_p(lift.statistic, lift.df)
        # Between the p-value of one comparison and Bonferroni's, which is as good where the digits of 1 − P run out.
        p = min(max(1.0 - all_below(abs(lift.statistic), loads, lift.df), alone), len(lifts) * alone, 1.0)
        made.append(_widened(lift, limit, p)._replace(method=method))
    return Simultaneous(tuple(made), method)


def _criticals(level: float, loads: Floats, df: Floats) -> Floats:
    """The limit of each comparison. In 1/df limits are smooth."""
    inverse = 1.0 / df
    given = np.unique(inverse)
    if given.size > FEW:
        given = np.linspace(given[0], given[-1], FEW)
    known = [critical(level, loads, 1.0 / x if x > 0.0 else math.inf) for x in given.tolist()]
    return np.asarray(np.interp(inverse, given, known))


def _lift(value: float, se: float, df: float) -> Lift:
    t = quotient(value, se)
    return Lift(value, value, value, se, df, t, math.nan, "")


def _widened(lift: Lift, q: float, p: float) -> Lift:
    half = q * lift.se if lift.se > 0.0 else 0.0
    return lift._replace(low=lift.value - half, high=lift.value + half, p=p)


def _loads(treatments: Sequence[Arm], control: Arm) -> Floats:
    shared = control.variance / control.n
    total = np.array([shared + arm.variance / arm.n for arm in treatments])
    return np.asarray(np.sqrt(np.divide(shared, total, out=np.zeros_like(total), where=total > 0.0)))


def _scales(df: float) -> tuple[Floats, Floats]:
    """Values that the estimated over the true standard deviation takes, with their probabilities."""
    if math.isinf(df):
        return np.ones(1), np.ones(1)
    ends = np.sqrt(special.chdtri(df, np.array([1.0 - 1e-12, 1e-12])) / df)
    s = ends[0] + (ends[1] - ends[0]) * (_NODES + 1.0) / 2.0
    log = (df - 1.0) * np.log(s) - df * s**2 / 2.0
    chances = _WEIGHTS * np.exp(log - log.max())
    return s, chances / chances.sum()


def _check(arms: Sequence[Arm]) -> None:
    if len(arms) < 2:
        raise ValueError("needs at least one treatment")
    for arm in arms:
        if not (arm.n > 1.0 and arm.variance >= 0.0):
            raise ValueError(f"every arm needs more than one unit and a variance of at least 0, got {arm}")
