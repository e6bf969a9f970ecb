"""How sure a difference between two data sets is: tests that hold for any distribution, clusters included."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from steelyard.analyses.study import Study
from steelyard.facts import Distinct
from steelyard.records import Estimate
from steelyard.stats import intervals
from steelyard.stats.comparison import two_proportions_p
from steelyard.stats.multiplicity import benjamini_hochberg

FALSE_DISCOVERIES = 0.01
"""False discovery rate of every family of tests between reference and current data."""
CURRENT, REFERENCE = "current", "reference"


@dataclass(frozen=True)
class Sides:
    """The two data sets as samples.

    Attributes:
        now, then: rows of the current and the reference data.
        design_now, design_then: by how much clusters divide the number of rows (Kish's Σm²/Σm, as if rows of one
            cluster were all alike; 1 for independent rows).
        level: nominal coverage of intervals.
    """

    now: float
    then: float
    design_now: float
    design_then: float
    level: float

    def change_p(self, now: float, then: float) -> float:
        """p-value of equal shares, from the rows counted on each side."""
        a, n = now / self.design_now, self.now / self.design_now
        b, m = then / self.design_then, self.then / self.design_then
        return two_proportions_p(a, n, b, m)

    def change(self, now: float, then: float) -> Estimate:
        """The change of a share, current minus reference, with Newcombe's interval."""
        a, n = now / self.design_now, self.now / self.design_now
        b, m = then / self.design_then, self.then / self.design_then
        low, high = intervals.newcombe(a, n, b, m, self.level)
        return Estimate(a / n - b / m, low, high, self.level, round(self.now + self.then), "newcombe")

    def only_now_p(self, count: float) -> float:
        """p-value of rows that are all in the current data: the chance that none of them fell to the reference.

        Exact for rows chosen before it is known where they are, such as those beyond an extreme or of one value.
        """
        return _all_on_one_side(count / self.design_now, self.now / self.design_now, self.then / self.design_then)

    def only_then_p(self, count: float) -> float:
        """The same for rows that are all in the reference."""
        return _all_on_one_side(count / self.design_then, self.then / self.design_then, self.now / self.design_now)


def sides(study: Study) -> Sides | None:
    """Both data sets as samples; None where one is missing or empty."""
    if any(not study.profiles[name].rows for name in (CURRENT, REFERENCE) if name in study.profiles):
        return None
    if REFERENCE not in study.profiles:
        return None
    return Sides(
        study.profiles[CURRENT].rows,
        study.profiles[REFERENCE].rows,
        design(study, CURRENT),
        design(study, REFERENCE),
        study.level,
    )


def design(study: Study, data: str) -> float:
    """By how much clusters divide the number of rows, as if rows of one cluster were all alike."""
    if study.roles.cluster is None:
        return 1.0
    fact = Distinct((study.roles.cluster,))
    profile = study.profiles[data]
    if fact not in profile or not len(profile[fact]):
        return 1.0
    sizes = profile[fact].sums[:, 0]
    return float(np.dot(sizes, sizes) / sizes.sum())


def adjusted(p: Sequence[float]) -> list[float]:
    """p-values after Benjamini–Hochberg."""
    return benjamini_hochberg(np.array(p)).tolist() if len(p) else []


def _all_on_one_side(count: float, here: float, there: float) -> float:
    """C(here, count)/C(here + there, count), by the gamma function, as counts need not be whole."""
    if count <= 0:
        return 1.0
    lg = math.lgamma
    if count > here:
        return 0.0
    log = lg(here + 1) - lg(here - count + 1) - lg(here + there + 1) + lg(here + there - count + 1)
    return min(math.exp(min(log, 0.0)), 1.0)
