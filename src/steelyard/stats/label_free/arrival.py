"""What time tells: when labels arrive, and how far estimates were off once they had."""

import math
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from steelyard.stats.critical import quantile
from steelyard.stats.label_free.counts import Floats

ROUNDING = 1e-12


def conformal_factor(ratios: npt.ArrayLike, level: float) -> float:
    """By how much to widen intervals that were judged against what came out.

    `ratios` are |estimate − outcome|/se of past windows. Their ⌈(n + 1)·level⌉-th smallest, over the normal
    quantile; never below 1. Infinite where n is too small for that level (19 windows serve 95 %).

    Source: Vovk, Gammerman & Shafer 2005 (split conformal prediction).
    """
    sizes = np.sort(np.abs(np.asarray(ratios, dtype=float)))
    place = math.ceil((len(sizes) + 1) * level - ROUNDING)
    return math.inf if place > len(sizes) else max(float(sizes[place - 1]) / quantile(level), 1.0)


class Arrival(NamedTuple):
    """Share of labels that have arrived by an age.

    Attributes:
        age: (T,) ages at which labels arrived, ascending.
        share: (T,) estimated share that has arrived by then.
        low, high: (T,) interval.
        at_risk: (T,) rows observed to that age without a label before.
    """

    age: Floats
    share: Floats
    low: Floats
    high: Floats
    at_risk: Floats

    def at(self, age: float) -> float:
        """Share that has arrived by an age."""
        place = int(np.searchsorted(self.age, age, side="right"))
        return float(self.share[place - 1]) if place else 0.0


def arrival(age: npt.ArrayLike, arrived: npt.ArrayLike, waiting: npt.ArrayLike, level: float = 0.95) -> Arrival:
    """Share of labels arrived by age, where younger rows have not had the time (Kaplan–Meier, right-censored).

    The interval is Greenwood's on the complementary log–log scale, which keeps it inside [0, 1].

    Args:
        age: (T,) distinct ages.
        arrived: (T,) rows whose label arrived at that age.
        waiting: (T,) rows of that age whose label has not arrived yet.
        level: nominal coverage.

    Source: Kaplan & Meier 1958; Kalbfleisch & Prentice 1980.
    """
    order = np.argsort(np.asarray(age, dtype=float), kind="stable")
    t, d, w = (np.asarray(x, dtype=float)[order] for x in (age, arrived, waiting))
    at_risk = np.cumsum((d + w)[::-1])[::-1]
    some = d > 0
    t, d, at_risk = t[some], d[some], at_risk[some]
    left = np.cumprod(1 - d / at_risk)
    term = np.divide(d, at_risk * (at_risk - d), out=np.zeros(len(d)), where=at_risk > d)
    greenwood = np.cumsum(term)
    inside = (left > 0) & (left < 1)
    log_left = np.log(np.where(inside, left, 0.5))
    half = np.where(inside, quantile(level) * np.sqrt(greenwood) / np.abs(log_left), 0.0)
    low = np.where(inside, 1 - left ** np.exp(-half), 1 - left)
    high = np.where(inside, 1 - left ** np.exp(half), 1 - left)
    return Arrival(t, 1 - left, low, high, at_risk)
