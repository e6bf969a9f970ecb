"""`steelyard.toml`: roles, own metrics, checks and settings. Configuration is code, so typos are errors."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from steelyard.analyses.checks import Check
from steelyard.analyses.costs import Costs, parse_costs
from steelyard.analyses.expectations import Expectation, parse_expectations
from steelyard.analyses.quality.population import Population, parse_population
from steelyard.data import TASKS, Roles
from steelyard.data.toml_file import read_toml
from steelyard.evaluation.inputs import Inputs, parse_inputs
from steelyard.records import ConfigError, nearest

SECTIONS = ("data", "roles", "metrics", "costs", "checks", "expect", "population", "experiment", "settings")
ROLE_NAMES = tuple(f.name for f in fields(Roles))


@dataclass(frozen=True)
class Config:
    """What a `steelyard.toml` says.

    Attributes:
        data: the data that a gate judges.
        roles: what columns mean.
        metrics: a user's own metrics by name: an expression, or a table of expression, title and direction.
        checks: metrics with their bounds.
        expectations: rules for columns.
        population: shares that the groups of a column should have.
        costs: what decisions cost and earn, None where it is not said.
        level: nominal coverage of the intervals, None where it is not said.
        min_cell: groups of fewer rows are not shown; 0 shows all.
        path: the file, for messages.
    """

    data: Inputs = field(default_factory=Inputs)
    roles: Roles = field(default_factory=Roles)
    metrics: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    checks: tuple[Check, ...] = ()
    expectations: tuple[Expectation, ...] = ()
    population: Population = field(default_factory=dict)
    costs: Costs | None = None
    level: float | None = None
    min_cell: int = 0
    path: str = ""


def read_config(path: str | os.PathLike[str]) -> Config:
    """Read a `steelyard.toml`.

    Raises:
        ConfigError: it cannot be read, is not TOML, or says something unknown; the message names it.
    """
    body = read_toml(path)
    try:
        return _config(body, str(path))
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def _config(body: Mapping[str, Any], path: str) -> Config:
    _known(body, SECTIONS, "section")
    settings = _table(body, "settings")
    _known(settings, ("level", "min_cell"), "setting")
    min_cell = settings.get("min_cell", 0)
    if type(min_cell) is not int or min_cell < 0:
        raise ConfigError(f"min_cell must be a number of rows of at least 0, not {min_cell!r}.")
    level = settings.get("level")
    if level is not None and not (isinstance(level, float) and 0.5 <= level < 1):
        raise ConfigError(f"level must be a number from 0.5 to below 1, not {level!r}.")
    checks = body.get("checks", [])
    if not isinstance(checks, list):
        raise ConfigError("checks must be an array of tables ([[checks]]) or of strings.")
    return Config(
        data=parse_inputs(_table(body, "data"), Path(path).parent),
        roles=_roles(_table(body, "roles")),
        metrics={name: _metric(name, given) for name, given in _table(body, "metrics").items()},
        checks=tuple(Check.parse(c) for c in checks),
        expectations=parse_expectations(body.get("expect", [])),
        population=parse_population(body.get("population", {})),
        costs=parse_costs(_table(body, "costs") or None),
        level=level,
        min_cell=min_cell,
        path=path,
    )


def _roles(given: Mapping[str, Any]) -> Roles:
    _known(given, ROLE_NAMES, "role")
    for name, value in given.items():
        _of_kind(name, value)
    values = dict(given)
    if "slices" in values:
        slices = values["slices"] if isinstance(values["slices"], list) else [values["slices"]]
        values["slices"] = tuple(tuple(s) if isinstance(s, list) else s for s in slices)
    if "quantiles" in values:
        values["quantiles"] = {_share(q): column for q, column in values["quantiles"].items()}
    return Roles(**values)


def _of_kind(role: str, value: Any) -> None:
    allowed, what = _KINDS.get(role, (_is_name, "the name of a column"))
    if not allowed(value):
        raise ConfigError(f"The role {role} must be {what}, not {value!r}.")


def _is_name(value: Any) -> bool:
    return isinstance(value, str)


def _are_names(value: Any) -> bool:
    return _is_name(value) or (isinstance(value, list) and all(map(_is_name, value)))


def _are_named_columns(value: Any) -> bool:
    return isinstance(value, dict) and all(map(_is_name, value.values()))


_KINDS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "label": (_are_names, "the name of a column, or a list of names"),
    "prediction": (_are_names, "the name of a column, or a list of names"),
    "features": (_are_names, "a list of names of columns"),
    "sensitive": (_are_names, "a list of names of columns"),
    "compared_with": (_are_named_columns, 'a table of column = group, e.g. { sex = "male" }'),
    "score": (
        lambda value: _are_names(value) or _are_named_columns(value),
        "the name of a column, a list of names, or a table of class = column",
    ),
    "slices": (
        lambda value: _is_name(value) or (isinstance(value, list) and all(map(_are_names, value))),
        "a list of names of columns; a list within it is their intersection",
    ),
    "quantiles": (_are_named_columns, 'a table of share = column, e.g. { "0.9" = "p90" }'),
    "threshold": (lambda value: isinstance(value, (int, float)) and not isinstance(value, bool), "a number"),
    "coverage": (lambda value: isinstance(value, float) and 0 < value < 1, "a share between 0 and 1"),
    "calibrated_on": (lambda value: type(value) is int and value > 0, "a number of rows"),
    "positive": (lambda value: isinstance(value, (str, int, float, bool)), "a value of the label"),
    "task": (lambda value: value in TASKS, f"one of {', '.join(TASKS)}"),
}


def _share(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ConfigError(f"A quantile is a number between 0 and 1, not {text!r}.") from None


def _metric(name: str, given: Any) -> Mapping[str, str]:
    if isinstance(given, str):
        return {"expression": given}
    if not isinstance(given, Mapping) or "expression" not in given:
        raise ConfigError(f'The metric {name} must be an expression, e.g. {name} = "25 * fp + 300 * fn".')
    _known(given, ("expression", "title", "direction"), f"key of the metric {name}")
    return {k: str(v) for k, v in given.items()}


def _table(body: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = body.get(name, {})
    if not isinstance(found, Mapping):
        raise ConfigError(f"[{name}] must be a table.")
    return found


def _known(given: Mapping[str, Any], allowed: tuple[str, ...], what: str) -> None:
    for name in given:
        if name not in allowed:
            raise ConfigError(f"There is no {what} {name!r}. {nearest(name, allowed)}")
