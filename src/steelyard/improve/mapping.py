"""Maps from a score to a calibrated one: isotonic, Platt, beta, temperature."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.records.errors import ConfigError, nearest

Floats = NDArray[np.float64]
Map = Callable[[Floats], Floats]
EDGE = 1e-6
"""Probabilities are kept so far from 0 and 1 before their logarithm is taken."""
PARAMETERS = {"platt": ("intercept", "slope"), "temperature": ("temperature",), "beta": ("a", "b", "c")}


def parse_map(values: Mapping[str, Any], where: str) -> Map:
    """Read a map of scores.

    - isotonic: `x`, `y`: points between which the map is straight; beyond the first and last it is constant.
    - platt: expit(intercept + slope · logit(score)).
    - temperature: expit(logit(score) / temperature).
    - beta: expit(a · ln(score) − b · ln(1 − score) + c).

    Raises:
        ConfigError: the method is not known, or its numbers are not there.

    Source: Zadrozny & Elkan 2002; Platt 1999; Guo et al. 2017; Kull et al. 2017.
    """
    method = values.get("method")
    if method == "isotonic":
        return _isotonic(values.get("x"), values.get("y"), where)
    if method not in PARAMETERS:
        raise ConfigError(
            f"{where}: there is no calibration {method!r}. {nearest(str(method), ('isotonic', *PARAMETERS))}"
        )
    given = values.get("parameters")
    names = PARAMETERS[method]
    if not isinstance(given, Mapping) or not all(_is_number(given.get(name)) for name in names):
        raise ConfigError(f'{where}: "parameters" of {method} must be the numbers {", ".join(names)}, not {given!r}.')
    numbers = [float(given[name]) for name in names]
    return _LINES[method](*numbers, where)


def _isotonic(x: Any, y: Any, where: str) -> Map:
    pairs = isinstance(x, list | tuple) and isinstance(y, list | tuple) and len(x) == len(y) > 0
    if not pairs or not all(map(_is_number, [*x, *y])):
        raise ConfigError(f'{where}: "x" and "y" of an isotonic map must be as many numbers each, at least one.')
    knots, heights = np.asarray(x, dtype=float), np.asarray(y, dtype=float)
    if (np.diff(knots) < 0).any() or (np.diff(heights) < 0).any():
        raise ConfigError(f'{where}: "x" and "y" of an isotonic map must ascend.')
    return lambda scores: np.interp(scores, knots, heights)


def _platt(intercept: float, slope: float, where: str) -> Map:
    return lambda scores: _expit(intercept + slope * _logit(scores))


def _temperature(temperature: float, where: str) -> Map:
    if not temperature > 0:
        raise ConfigError(f"{where}: a temperature must be positive, not {temperature!r}.")
    return lambda scores: _expit(_logit(scores) / temperature)


def _beta(a: float, b: float, c: float, where: str) -> Map:
    def mapped(scores: Floats) -> Floats:
        inner = np.clip(scores, EDGE, 1 - EDGE)
        return _expit(a * np.log(inner) - b * np.log1p(-inner) + c)

    return mapped


_LINES: dict[str, Callable[..., Map]] = {"platt": _platt, "temperature": _temperature, "beta": _beta}


def _logit(scores: Floats) -> Floats:
    inner = np.clip(scores, EDGE, 1 - EDGE)
    return np.log(inner) - np.log1p(-inner)


def _expit(x: Floats) -> Floats:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and bool(np.isfinite(value))
