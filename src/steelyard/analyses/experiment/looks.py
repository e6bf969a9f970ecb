"""How often results are looked at, and what that costs: once, whenever one likes, or at a few planned moments.

Each way of looking is told as the level of a one-look interval that is as wide. So every interval there is (Welch's,
Newcombe's, of a log ratio) has its valid version, and all of them agree.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Literal

from steelyard.records import ConfigError
from steelyard.stats import sequential
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.critical import quantile
from steelyard.stats.lift import Lift
from steelyard.stats.spending import boundaries, crossing

Mode = Literal["fixed", "any", "planned"]
PLANNED = 10_000
"""Units where sequences are tightest if nobody planned; at 1,000 or 10 million they are hardly twice as wide."""
WIDEST = 1.0 - 1e-12
"""Intervals beyond this level are not told apart from it."""


@dataclass(frozen=True)
class Looks:
    """How results are looked at.

    Attributes:
        mode: "fixed": once, at the end; "any": whenever one likes; "planned": at the shares in `shares`.
        planned: units in all that were planned; None where nobody did.
        shares: of the planned units, ascending, at which looks were planned.
        looked: looks that were taken before this one.
    """

    mode: Mode = "fixed"
    planned: float | None = None
    shares: tuple[float, ...] = ()
    looked: int = 0

    def level(self, level: float, units: float, share: float = 1.0) -> float:
        """Level of a one-look interval as wide as one at `level` for this way of looking.

        Args:
            level: what is promised over all looks.
            units: how many the estimate rests on.
            share: of all units of the experiment that those are meant to be.
        """
        if self.mode == "fixed":
            return level
        return min(1.0 - two_sided_p(self._critical(level, units, share)), WIDEST)

    def p(self, lift: Lift, level: float, units: float, share: float = 1.0, null: float = 0.0) -> float:
        """p-value of `null` that agrees with the interval: below 1 − level just where that leaves it out."""
        if self.mode == "fixed" and null == 0.0:
            return lift.p
        statistic = _statistic(lift, null)
        if self.mode == "fixed":
            return two_sided_p(statistic, lift.df)
        if self.mode == "any":
            return sequential.anytime(lift.value, lift.se, units, level, self._at(share), null).p
        return two_sided_p(statistic * quantile(level) / self._critical(level, units, share))

    def too_early(self, units: float) -> bool:
        """Whether there are too few units yet for intervals that hold at any time."""
        return self.mode == "any" and units < sequential.BURN_IN

    def finished(self, units: float) -> bool:
        """Whether all planned units are there."""
        return self.planned is not None and units >= self.planned

    def told(self) -> str:
        """How intervals were made, for the method of an estimate."""
        return {"fixed": "", "any": ", at any time", "planned": ", planned looks"}[self.mode]

    def false_alarm(self, level: float) -> float:
        """Chance of a false alarm where a fixed test was looked at `looked` times before, evenly spread."""
        looks = self.looked + 1
        walk = crossing([(i + 1) / looks for i in range(looks)], [quantile(level)] * looks, 0.0)
        return float(walk.upper.sum() + walk.lower.sum())

    def _critical(self, level: float, units: float, share: float) -> float:
        if self.mode == "any":
            return sequential.critical(units, level, self._at(share))
        now = min(units / self._at(share), 1.0)
        before = [s for s in self.shares if s < now * (1.0 - 1e-9)]
        return _limit((*before, now), 1.0 - level)

    def _at(self, share: float) -> float:
        return (self.planned or PLANNED) * share


def looks_of(given: str | int | Sequence[float] | None, planned: float | None = None, looked: int = 0) -> Looks:
    """Read how results are looked at: None (once), "any", a number of evenly spaced looks, or their shares.

    Raises:
        ConfigError: it is none of these, or looks are planned and the number of units is not.
    """
    if planned is not None and not (planned > 0 and math.isfinite(planned)):
        raise ConfigError(f"planned must be the number of units that were planned, not {planned!r}.")
    if looked < 0:
        raise ConfigError(f"looked is how many looks were taken before, at least 0, not {looked!r}.")
    if given is None or given == "fixed":
        return Looks("fixed", planned, (), looked)
    if given == "any":
        return Looks("any", planned, (), looked)
    shares = _shares(given)
    if planned is None:
        raise ConfigError("Planned looks need the number of units that were planned in all: planned=…, or --planned.")
    return Looks("planned", planned, shares, looked)


@lru_cache(maxsize=256)
def _limit(information: tuple[float, ...], alpha: float) -> float:
    return float(boundaries(information, alpha).z[-1])


def _shares(given: str | int | Sequence[float]) -> tuple[float, ...]:
    try:
        numbers = [float(part) for part in given.split(",")] if isinstance(given, str) else _several(given)
    except (TypeError, ValueError):
        numbers = []
    if len(numbers) == 1 and numbers[0] > 1 and numbers[0].is_integer():
        numbers = [(i + 1) / numbers[0] for i in range(int(numbers[0]))]
    ascending = all(a < b for a, b in pairwise(numbers))
    if not numbers or not ascending or not 0 < numbers[0] <= numbers[-1] <= 1:
        raise ConfigError(
            f'looks cannot be {given!r}. Say "any" to look whenever you like, a number of evenly spaced looks '
            "(4), or "
            "their shares of the planned units (0.25,0.5,0.75,1); nothing at all for one look at the end."
        )
    return tuple(numbers)


def _several(given: int | Sequence[float]) -> list[float]:
    return [float(given)] if isinstance(given, int | float) else [float(g) for g in given]


def _statistic(lift: Lift, null: float) -> float:
    gap = lift.value - null
    if lift.se > 0.0:
        return gap / lift.se
    return 0.0 if gap == 0.0 else math.copysign(math.inf, gap)
