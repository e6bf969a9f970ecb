"""Rules that turn a score, and perhaps a group, into the chance of a positive decision."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from steelyard.improve.grouping import Groups, parse_groups
from steelyard.improve.mapping import Map, parse_map
from steelyard.records.errors import ConfigError, DataError, nearest

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
EVERYONE, NO_ONE = "everyone", "no one"
REVIEW = -1
"""What is decided where people must look."""


class Rule(Protocol):
    """How rows are decided. `groups` is None where the group does not matter."""

    @property
    def groups(self) -> Groups | None:
        """The groups it knows."""

    @property
    def otherwise(self) -> bool:
        """Whether it says what becomes of rows of a group that it does not know."""

    def read(self, scores: Floats, places: Ints) -> Floats:
        """The chance of a positive decision by row, NaN where people must look; or the calibrated score."""


@dataclass(frozen=True)
class Mixture:
    """Thresholds of which each is used with a chance of its own; one threshold with chance 1 is the usual rule."""

    cuts: Floats
    chances: Floats

    def read(self, scores: Floats) -> Floats:
        """The chance of a positive decision."""
        cumulated = np.concatenate([[0.0], np.cumsum(self.chances)])
        return np.asarray(np.minimum(cumulated[np.searchsorted(self.cuts, scores, side="right")], 1.0))

    @property
    def random(self) -> bool:
        """Whether chance decides between different thresholds."""
        return len(self.cuts) > 1


@dataclass(frozen=True)
class ByThreshold:
    """One mixture of thresholds for each group, and one for all others."""

    groups: Groups | None
    mixtures: tuple[Mixture, ...]
    others: Mixture | None

    @property
    def otherwise(self) -> bool:
        """Whether others have a threshold."""
        return self.others is not None

    @property
    def random(self) -> bool:
        """Whether chance decides anything."""
        return any(m.random for m in (*self.mixtures, *([self.others] if self.others else [])))

    def read(self, scores: Floats, places: Ints) -> Floats:
        """The chance of a positive decision by row."""
        found = np.full(scores.shape, np.nan)
        for place, mixture in enumerate([*self.mixtures, self.others]):
            here = places == (place if place < len(self.mixtures) else -1)
            if mixture is not None and here.any():
                found[here] = mixture.read(scores[here])
        return found


@dataclass(frozen=True)
class RejectOption:
    """Scores in the critical region are decided by group: positively for some, negatively for the others."""

    groups: Groups
    favoured: NDArray[np.bool_]
    low: float
    high: float
    threshold: float
    otherwise: bool = True
    random: bool = False

    def read(self, scores: Floats, places: Ints) -> Floats:
        """1 or 0 by row."""
        cut = np.where(self.favoured[places], self.low, self.high)
        return (scores >= np.where(places < 0, self.threshold, cut)).astype(float)


@dataclass(frozen=True)
class Abstention:
    """Scores between two bounds are left to people; a bound that is not given leaves all beyond to them."""

    low: float
    high: float
    groups: None = None
    otherwise: bool = True
    random: bool = False

    def read(self, scores: Floats, places: Ints) -> Floats:
        """1 or 0 by row, NaN where people must look."""
        return np.where(scores >= self.high, 1.0, np.where(scores < self.low, 0.0, np.nan))


@dataclass(frozen=True)
class Calibrated:
    """One map of scores for each group, and one for all others."""

    groups: Groups | None
    maps: tuple[Map, ...]
    others: Map | None
    random: bool = False

    @property
    def otherwise(self) -> bool:
        """Whether others have a map."""
        return self.others is not None

    def read(self, scores: Floats, places: Ints) -> Floats:
        """The calibrated score by row."""
        found = np.full(scores.shape, np.nan)
        for place, mapped in enumerate([*self.maps, self.others]):
            here = places == (place if place < len(self.maps) else -1)
            if mapped is not None and here.any():
                found[here] = mapped(scores[here])
        return found


AnyRule = ByThreshold | RejectOption | Abstention | Calibrated


def parse_rule(values: Mapping[str, Any], where: str) -> AnyRule:
    """Read the rule of a policy.

    Raises:
        ConfigError: the kind is not known, or something it needs is not there.
    """
    kind = values.get("kind")
    if kind not in _KINDS:
        raise ConfigError(f"{where}: there is no kind of policy {kind!r}. {nearest(str(kind), _KINDS)}")
    return _KINDS[kind](values, where)


def _threshold(values: Mapping[str, Any], where: str) -> ByThreshold:
    cut = _number(values, "threshold", where)
    return ByThreshold(None, (), Mixture(np.array([cut]), np.ones(1)))


def _group_thresholds(values: Mapping[str, Any], where: str) -> ByThreshold:
    groups = _listed(values, "groups", where)
    known = parse_groups(values.get("by"), [g.get("group") for g in groups], where)
    otherwise = values.get("otherwise")
    mixtures = tuple(_mixture(g.get("thresholds"), where) for g in groups)
    return ByThreshold(known, mixtures, None if otherwise is None else _mixture(otherwise, where))


def _reject_option(values: Mapping[str, Any], where: str) -> RejectOption:
    favoured, others = (_listed(values, name, where) for name in ("favoured", "unfavoured"))
    groups = parse_groups(values.get("by"), [*favoured, *others], where)
    low, high, cut = (_number(values, name, where) for name in ("low", "high", "threshold"))
    if not low <= cut <= high:
        raise ConfigError(f"{where}: the threshold {cut:g} must lie in the critical region {low:g} to {high:g}.")
    is_favoured = np.array([True] * len(favoured) + [False] * len(others))
    return RejectOption(groups, is_favoured, low, high, cut)


def _abstention(values: Mapping[str, Any], where: str) -> Abstention:
    low = -np.inf if values.get("low") is None else _number(values, "low", where)
    high = np.inf if values.get("high") is None else _number(values, "high", where)
    if not low <= high:
        raise ConfigError(f'{where}: "low" must be at most "high", not {low:g} and {high:g}.')
    return Abstention(low, high)


def _calibration(values: Mapping[str, Any], where: str) -> Calibrated:
    if "by" not in values:
        return Calibrated(None, (), parse_map(values, where))
    groups = _listed(values, "groups", where)
    known = parse_groups(values.get("by"), [g.get("group") for g in groups], where)
    otherwise = values.get("otherwise")
    maps = tuple(parse_map(g, where) for g in groups)
    return Calibrated(known, maps, parse_map(otherwise, where) if isinstance(otherwise, Mapping) else None)


_KINDS: dict[str, Callable[[Mapping[str, Any], str], AnyRule]] = {
    "threshold": _threshold,
    "group_thresholds": _group_thresholds,
    "reject_option": _reject_option,
    "abstention": _abstention,
    "calibration": _calibration,
}


def _mixture(given: Any, where: str) -> Mixture:
    if not isinstance(given, list | tuple) or not given or not all(isinstance(one, Mapping) for one in given):
        raise ConfigError(f'{where}: thresholds must be a list of {{"from": …, "chance": …}}, not {given!r}.')
    pairs = sorted((_from(one.get("from"), where), float(one.get("chance", 1.0))) for one in given)
    cuts, chances = (np.array(column) for column in zip(*pairs, strict=True))
    if (chances < 0).any() or abs(float(chances.sum()) - 1) > 1e-6:
        raise ConfigError(
            f"{where}: the chances of the thresholds of a group must add up to 1, not {chances.sum():g}."
        )
    return Mixture(cuts, chances / chances.sum())


def _from(given: Any, where: str) -> float:
    if given == EVERYONE:
        return -np.inf
    if given == NO_ONE:
        return np.inf
    if isinstance(given, int | float) and not isinstance(given, bool) and np.isfinite(given):
        return float(given)
    raise ConfigError(f'{where}: "from" must be a score, "{EVERYONE}" or "{NO_ONE}", not {given!r}.')


def _number(values: Mapping[str, Any], name: str, where: str) -> float:
    given = values.get(name)
    if isinstance(given, int | float) and not isinstance(given, bool) and np.isfinite(given):
        return float(given)
    raise ConfigError(f"{where}: {name!r} must be a number, not {given!r}.")


def _listed(values: Mapping[str, Any], name: str, where: str) -> Sequence[Mapping[str, Any]]:
    given = values.get(name)
    if isinstance(given, list | tuple) and all(isinstance(one, Mapping) for one in given):
        return given
    raise ConfigError(f"{where}: {name!r} must be a list of groups, not {given!r}.")


def decided(chances: Floats, draws: Callable[[int], Floats] | None) -> NDArray[np.int8]:
    """1, 0 or `REVIEW` by row.

    Args:
        chances: of a positive decision, NaN where people must look.
        draws: gives a number in [0, 1) to each row; None where no chance lies between 0 and 1.

    Raises:
        DataError: chance must decide and there are no draws.
    """
    if draws is None and ((chances > 0) & (chances < 1)).any():
        raise DataError("Chance must decide some of the rows, and there are no draws.")
    below = np.full(chances.shape, 0.5) if draws is None else draws(len(chances))
    with np.errstate(invalid="ignore"):
        return np.where(np.isnan(chances), REVIEW, below < chances).astype(np.int8)
