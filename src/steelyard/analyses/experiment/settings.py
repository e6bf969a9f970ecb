"""What is said of an experiment: its columns, its metrics, how it is looked at; in Python, or in `steelyard.toml`."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any

from steelyard.analyses.experiment.metric import Metric
from steelyard.data.toml_file import read_toml
from steelyard.records import ConfigError, nearest

SECTION = "experiment"
Given = str | Mapping[str, Any] | Metric
"""A metric as people write it; see `metric_of`."""


@dataclass(frozen=True)
class Settings:
    """What is said of an experiment; None and () where nothing is.

    Attributes:
        arm, unit, time, cluster, weight: columns of the units.
        outcome_time: column of the outcomes with the time of each.
        exposed: column that tells whether a unit could have noticed the difference.
        control: the arm that others are compared with.
        expected: share of the units that each arm was meant to have.
        metrics: what is measured, each with what it is for.
        guardrails: metrics that must not get worse.
        slices: columns to tell the effect by; several names in a tuple are their intersection.
        others: columns with the arms of other experiments.
        looks: None, "any", a number of evenly spaced looks, or their shares of the planned units.
        planned: units in all that were planned.
        looked: looks that were taken before.
        every: width of the windows of time.
        level: nominal coverage of intervals.
    """

    arm: str | None = None
    unit: str | None = None
    time: str | None = None
    outcome_time: str | None = None
    cluster: str | None = None
    weight: str | None = None
    exposed: str | None = None
    control: str | None = None
    expected: Mapping[str, float] = field(default_factory=dict)
    metrics: Sequence[Given] = ()
    guardrails: Sequence[Given] = ()
    slices: Sequence[str | tuple[str, ...]] = ()
    others: Sequence[str] = ()
    looks: str | int | Sequence[float] | None = None
    planned: float | None = None
    looked: int = 0
    every: str | None = None
    level: float | None = None

    def over(self, below: Settings) -> Settings:
        """These settings, and those of `below` that these do not say."""
        nothing = Settings()
        silent = [f.name for f in fields(self) if getattr(self, f.name) == getattr(nothing, f.name)]
        return replace(self, **{name: getattr(below, name) for name in silent})


def read_settings(path: str | os.PathLike[str]) -> Settings:
    """Read the section [experiment] of a `steelyard.toml`; nothing where there is none.

    Raises:
        ConfigError: the file cannot be read, is not TOML, or says something unknown; the message names it.
    """
    body = read_toml(path)
    try:
        return settings_of(body.get(SECTION, {}))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def settings_of(given: object) -> Settings:
    """Settings from a table of TOML.

    Raises:
        ConfigError: a key is unknown, or its value is of the wrong kind.
    """
    if not isinstance(given, Mapping):
        raise ConfigError(f"[{SECTION}] must be a table.")
    known = [f.name for f in fields(Settings)]
    for name, value in given.items():
        if name not in known:
            raise ConfigError(f"There is no setting {name!r} of an experiment. {nearest(name, known)}")
        _require(name, value)
    slices = tuple(tuple(s) if isinstance(s, list) else s for s in given.get("slices", ()))
    return Settings(**{**given, "slices": slices})


def _require(name: str, value: object) -> None:
    """Refuse a value of the wrong kind."""
    if name in _NAMES:
        fits, what = isinstance(value, str), "a name"
    elif name == "expected":
        fits, what = isinstance(value, Mapping) and all(map(_is_number, value.values())), "a table of arm = share"
    elif name in ("metrics", "guardrails"):
        fits = isinstance(value, list) and all(isinstance(v, str | Mapping) for v in value)
        what = "a list of metrics, as texts or tables"
    elif name in ("slices", "others"):
        fits, what = isinstance(value, list), "a list of names of columns"
    elif name == "looks":
        fits, what = isinstance(value, str | int | list), '"any", a number of looks, or a list of shares'
    else:
        fits, what = _is_number(value), "a number"
    if not fits:
        raise ConfigError(f"The setting {name} of an experiment must be {what}, not {value!r}.")


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_NAMES = ("arm", "unit", "time", "outcome_time", "cluster", "weight", "exposed", "control", "every")
