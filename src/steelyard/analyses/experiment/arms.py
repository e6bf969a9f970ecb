"""The arms: which one others are compared with, and what share of the units each was meant to have."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from steelyard.analyses.words import listed, rows
from steelyard.records import ConfigError, DataError, nearest
from steelyard.records.experiment import Arm
from steelyard.stats.sample_ratio import ALARM, sample_ratio

CONTROL = (
    *("control", "ctrl", "baseline", "base", "a", "0", "false", "off", "old", "original", "holdout", "placebo"),
    *("default", "none", "control group", "group a", "variant a", "no", "reference", "champion"),
)
"""What people call the arm that others are compared with, most telling first."""
ROUND = 0.05
"""Splits are taken to be meant in steps of this share, where equal ones cannot be."""
UNEVEN = 0.099
"""How far a share must lie from an equal one for that: what is less uneven is a fault rather than a plan."""


@dataclass(frozen=True)
class Arms:
    """The arms of an experiment, control first.

    Attributes:
        all: the arms.
        assumed: "" where shares were said; "equal", or the split that they were taken for.
    """

    all: tuple[Arm, ...]
    assumed: str = ""

    @cached_property
    def control(self) -> str:
        """The arm that others are compared with."""
        return next(arm.name for arm in self.all if arm.control)

    @property
    def treated(self) -> tuple[str, ...]:
        """The others."""
        return tuple(arm.name for arm in self.all if not arm.control)

    @property
    def units(self) -> int:
        """Units of all arms."""
        return sum(arm.units for arm in self.all)

    def share(self, arm: str) -> float:
        """Share of all units that was meant for an arm and the control together."""
        return self._expected[arm] + self._expected[self.control]

    @cached_property
    def _expected(self) -> dict[str, float]:
        return {arm.name: arm.expected for arm in self.all}

    def largest(self, most: int) -> tuple[str, ...]:
        """The treated arms with most units."""
        ordered = sorted((a for a in self.all if not a.control), key=lambda a: (-a.units, a.name))
        return tuple(a.name for a in ordered[:most])


def arms_of(
    counts: Mapping[str, int], column: str, control: str | None = None, expected: Mapping[str, float] | None = None
) -> tuple[Arms, str]:
    """The arms, and how the control was guessed ("" where it was said).

    Args:
        counts: units by arm.
        column: where the arms stand, for messages.
        control: name of the arm that others are compared with.
        expected: what each arm was meant to have, in any unit; of every arm that the data have, and perhaps of more.

    Raises:
        DataError: there is one arm only, or as many as units.
        ConfigError: there is no such control, or the expected shares do not fit.
    """
    if len(counts) < 2:
        there = f"One arm only: {next(iter(counts))!r}" if counts else "No arm at all"
        raise DataError(
            f"{there} is in the column {column!r}. An experiment needs two, one of them the control. Is it the "
            "column "
            "with the arms? Name it: arm=…, or --arm."
        )
    if len(counts) > 2 and max(counts.values()) == 1:
        raise DataError(
            f"The column {column!r} has {len(counts):,} values, each of one unit, so it does not hold arms. Name the "
            "column that does: arm=…, or --arm."
        )
    base, guess = _control(counts, column, control)
    names = [base, *sorted((name for name in counts if name != base), key=_order)]
    units = {**counts, **dict.fromkeys((name for name in expected or () if name not in counts), 0)}
    names += [name for name in units if name not in names]
    shares, assumed = _expected([units[name] for name in names], names, expected or {})
    total = sum(units.values())
    made = tuple(
        Arm(name, units[name], units[name] / total, share, name == base)
        for name, share in zip(names, shares, strict=True)
    )
    return Arms(made, assumed), guess


def _control(counts: Mapping[str, int], column: str, said: str | None) -> tuple[str, str]:
    if said is not None:
        found = said if said in counts else next((n for n in counts if n.casefold() == said.casefold()), None)
        if found is None:
            raise ConfigError(f"No unit is in the control {said!r} of {column!r}. {nearest(said, counts)}")
        return found, ""
    by_name = {name.casefold().strip().replace("_", " ").replace("-", " "): name for name in reversed(list(counts))}
    for wanted in CONTROL:
        if wanted in by_name:
            return by_name[wanted], "from its name"
    return max(counts, key=lambda name: (counts[name], name)), "because it is the largest"


def _expected(counts: Sequence[int], names: Sequence[str], said: Mapping[str, float]) -> tuple[list[float], str]:
    if said:
        return _said(names, said), ""
    equal = [1.0 / len(counts)] * len(counts)
    if sample_ratio(counts, equal).p >= ALARM:
        return equal, "equal"
    near = np.round(np.array(counts) / sum(counts) / ROUND) * ROUND
    fits = abs(float(near.sum()) - 1.0) < 1e-9 and float(near.min()) > 0.0
    uneven = float(np.abs(near - equal[0]).max()) > UNEVEN
    if fits and uneven and sample_ratio(counts, near).p >= ALARM:
        return near.tolist(), " to ".join(f"{100.0 * share:.0f}" for share in near.tolist())
    return equal, "equal"


def _said(names: Sequence[str], said: Mapping[str, float]) -> list[float]:
    missing = [name for name in names if name not in said]
    if missing:
        raise ConfigError(
            f"Expected shares are given for {listed([repr(n) for n in said], 6)}, not for "
            f"{listed([repr(n) for n in missing], 6)}. "
            f"Give all {rows(len(names), 'arm')} one, e.g. A=0.5,B=0.5."
        )
    wrong = {name: share for name, share in said.items() if not (math.isfinite(share) and share > 0.0)}
    if wrong:
        name, share = next(iter(wrong.items()))
        raise ConfigError(f"The expected share of the arm {name!r} must be above 0, not {share!r}.")
    total = sum(said[name] for name in names)
    return [said[name] / total for name in names]


def _order(name: str) -> tuple[int, float, str]:
    try:
        return 0, float(name), name
    except ValueError:
        return 1, 0.0, name
