"""Maps from scores to better probabilities, fitted to positives and rows per bin, so that rows cost nothing.

| method | map | parameters |
|---|---|---|
| temperature | expit(logit(s) / T) | temperature |
| platt | expit(intercept + slope·logit(s)) | intercept, slope |
| beta | expit(a·ln s − b·ln(1 − s) + c), a, b ≥ 0 | a, b, c |
| isotonic | non-decreasing steps, linear between them | x, y |
"""

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.calibration.recalibration import isotonic, most_likely
from steelyard.stats.calibration.sums import Floats, filled

EDGE = 1e-6
"""Scores are kept this far from 0 and 1 before their logarithm is taken."""
LONGEST = 30.0
"""Logits are kept within ± this."""
NO_PARAMETERS: Mapping[str, float] = {}


class Recalibrator(NamedTuple):
    """A fitted map.

    Attributes:
        method: "temperature", "platt", "beta" or "isotonic".
        parameters: of the first three.
        x, y: knots of the last: the map is linear between them and constant beyond.
    """

    method: str
    parameters: Mapping[str, float] = NO_PARAMETERS
    x: tuple[float, ...] = ()
    y: tuple[float, ...] = ()

    def __call__(self, scores: npt.ArrayLike) -> Floats:
        """The probabilities of scores in [0, 1], of the same shape."""
        given = np.asarray(scores, dtype=float)
        if self.method == "isotonic":
            return np.asarray(np.interp(given, self.x, self.y), dtype=float)
        s, p = np.clip(given, EDGE, 1.0 - EDGE), self.parameters
        match self.method:
            case "temperature":
                eta = special.logit(s) / p["temperature"]
            case "platt":
                eta = p["intercept"] + p["slope"] * special.logit(s)
            case _:
                eta = p["a"] * np.log(s) - p["b"] * np.log1p(-s) + p["c"]
        mapped: Floats = special.expit(np.clip(eta, -LONGEST, LONGEST))
        return mapped

    def policy(self) -> dict[str, object]:
        """The map as plain values, from which it can be applied elsewhere."""
        if self.method == "isotonic":
            return {"kind": "calibration", "method": self.method, "x": list(self.x), "y": list(self.y)}
        return {"kind": "calibration", "method": self.method, "parameters": dict(self.parameters)}


def temperature(scores: npt.ArrayLike, n: npt.ArrayLike, y: npt.ArrayLike) -> Recalibrator:
    """One number for all logits; what is ½ stays ½. `scores`, rows `n` and positives `y` per bin, shape (B,).

    Raises:
        ValueError: if only one class is there, the scores separate the labels, or rank them the wrong way round.

    Source: Guo, Pleiss, Sun & Weinberger 2017.
    """
    weights, s, labels = filled(n, scores, y)
    slope = float(most_likely(_logits(s)[:, None], weights, labels)[0])
    if not slope > 0.0:
        raise ValueError(f"no temperature mends scores that rank the wrong way round (slope {slope:.3g})")
    return Recalibrator("temperature", {"temperature": 1.0 / slope})


def platt(scores: npt.ArrayLike, n: npt.ArrayLike, y: npt.ArrayLike) -> Recalibrator:
    """A line on the scale of logits. `scores`, rows `n` and positives `y` per bin, shape (B,).

    Raises:
        ValueError: if only one class or one score is there, or the scores separate the labels.

    Source: Platt 1999; Cox 1958.
    """
    weights, s, labels = filled(n, scores, y)
    logit = _logits(s)
    if np.ptp(logit) == 0.0:
        raise ValueError(f"a line needs two distinct scores at least, got only {s[0]:g}")
    intercept, slope = most_likely(np.column_stack([np.ones_like(logit), logit]), weights, labels).tolist()
    return Recalibrator("platt", {"intercept": intercept, "slope": slope})


def beta(scores: npt.ArrayLike, n: npt.ArrayLike, y: npt.ArrayLike) -> Recalibrator:
    """A line on ln s and −ln(1 − s), for scores that are off at one end only; monotone (a, b ≥ 0).

    `scores`, rows `n` and positives `y` per bin, shape (B,).

    Raises:
        ValueError: if only one class is there, there are fewer than three scores, or they separate the labels.

    Source: Kull, Silva Filho & Flach 2017.
    """
    weights, s, labels = filled(n, scores, y)
    if len(np.unique(s)) < 3:
        raise ValueError("a beta map needs three distinct scores at least")
    inside = np.clip(s, EDGE, 1.0 - EDGE)
    columns = {"c": np.ones_like(s), "a": np.log(inside), "b": -np.log1p(-inside)}
    kept = list(columns)
    while True:
        found = most_likely(np.column_stack([columns[name] for name in kept]), weights, labels).tolist()
        parameters = dict.fromkeys(columns, 0.0) | dict(zip(kept, found, strict=True))
        lowest = min(("a", "b"), key=lambda name: parameters[name])
        if parameters[lowest] >= 0.0:
            return Recalibrator("beta", parameters)
        kept.remove(lowest)


def steps(scores: npt.ArrayLike, n: npt.ArrayLike, y: npt.ArrayLike) -> Recalibrator:
    """Isotonic regression, kept inside (0, 1): an outermost step without a case gets (k + ½)/(n + 1) at most.

    `scores` ascending, rows `n` and positives `y` per bin, shape (B,).

    Raises:
        ValueError: if only one class is there or the arrays are malformed.

    Source: Zadrozny & Elkan 2002; Krichevsky & Trofimov 1981 for the outermost steps.
    """
    weights, s, labels = filled(n, scores, y)
    if not 0.0 < labels.sum() < weights.sum():
        raise ValueError("recalibration needs labels of both classes, got only one")
    rates = isotonic(weights, labels)
    zero, one = rates <= 0.0, rates >= 1.0
    inner = rates[~(zero | one)]
    lowest, highest = (float(inner[0]), float(inner[-1])) if inner.size else (0.5, 0.5)
    rates = np.where(zero, min(0.5 / (float(weights[zero].sum()) + 1.0), lowest), rates)
    rates = np.where(one, max(1.0 - 0.5 / (float(weights[one].sum()) + 1.0), highest), rates)
    edge = np.diff(rates) != 0.0
    knots = np.concatenate([[True], edge]) | np.concatenate([edge, [True]])
    return Recalibrator("isotonic", x=tuple(s[knots].tolist()), y=tuple(rates[knots].tolist()))


Fit = Callable[[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike], Recalibrator]
METHODS: dict[str, Fit] = {"temperature": temperature, "platt": platt, "beta": beta, "isotonic": steps}
"""From the simplest to the most flexible."""


def _logits(scores: Floats) -> Floats:
    logits: Floats = special.logit(np.clip(scores, EDGE, 1.0 - EDGE))
    return logits
