"""What is measured of decisions, before and after: ratios of sums over rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.costs import Costs
from steelyard.records import ConfigError, nearest

Floats = NDArray[np.float64]
ALL, BEFORE, AFTER, BOTH = range(4)
"""Places of what is summed of a row: 1, its decision before, the chance of a positive one after, their product."""
POSITIVE, NEGATIVE = 1, 0


@dataclass(frozen=True, eq=False)
class Ratio:
    """Σ top·S / Σ bottom·S over the sums S by label and place; both of shape (2, 4)."""

    top: Floats
    bottom: Floats


@dataclass(frozen=True, eq=False)
class Measure:
    """The mean of some ratios, before and after.

    Attributes:
        name: scikit-learn's name where it has one.
        title: for people.
        before, after: its ratios.
        share: whether it is a share of rows, from 0 to 1.
        lacks: what is absent where it has no value.
    """

    name: str
    title: str
    before: tuple[Ratio, ...]
    after: tuple[Ratio, ...]
    share: bool = True
    lacks: str = "rows"


@dataclass(frozen=True)
class Criterion:
    """What equal treatment means: rates that must not differ between groups.

    Attributes:
        name: as the user names it.
        title: for people.
        rates: names of the measures.
        means: what their equality says, to go after "the same for every group:".
    """

    name: str
    title: str
    rates: tuple[str, ...]
    means: str


CRITERIA = {
    c.name: c
    for c in (
        Criterion("demographic_parity", "demographic parity", ("selection_rate",), "share of positive decisions"),
        Criterion("equal_opportunity", "equal opportunity", ("recall",), "share of true positives that are found"),
        Criterion(
            "equalized_odds",
            "equalised odds",
            ("recall", "false_positive_rate"),
            "share found of the true positives, and share of false alarms among the true negatives",
        ),
        Criterion(
            "false_positive_rate",
            "false positive balance",
            ("false_positive_rate",),
            "share of false alarms among the true negatives",
        ),
    )
}
CALIBRATION = "calibration"


def criterion(name: str) -> Criterion:
    """A criterion by its name.

    Raises:
        ConfigError: there is none of that name.
    """
    if name not in CRITERIA:
        raise ConfigError(f"There is no fairness criterion {name!r}. {nearest(name, (*CRITERIA, CALIBRATION))}")
    return CRITERIA[name]


@dataclass(frozen=True, eq=False)
class Objective:
    """What is kept high: worth·(rows decided positively), by label, plus what does not depend on the decision.

    Attributes:
        measure: how it is told.
        worth: what a positive decision adds for a true negative and for a true positive row, shape (2,).
    """

    measure: Measure
    worth: Floats


def _ratio(top: Mapping[tuple[int, int], float], bottom: Mapping[tuple[int, int], float]) -> Ratio:
    made = []
    for given in (top, bottom):
        table = np.zeros((2, 4))
        for place, value in given.items():
            table[place] += value
        made.append(table)
    return Ratio(*made)


EVERYONE = {(NEGATIVE, ALL): 1.0, (POSITIVE, ALL): 1.0}


def _rate(name: str, title: str, labels: tuple[int, ...], lacks: str) -> Measure:
    bottom = {(label, ALL): 1.0 for label in labels}
    before, after = (_ratio({(label, at): 1.0 for label in labels}, bottom) for at in (BEFORE, AFTER))
    return Measure(name, title, (before,), (after,), lacks=lacks)


RATES = {
    m.name: m
    for m in (
        _rate("selection_rate", "Share decided positively", (NEGATIVE, POSITIVE), "rows"),
        _rate("recall", "Recall", (POSITIVE,), "positive rows"),
        _rate("false_positive_rate", "False positive rate", (NEGATIVE,), "negative rows"),
    )
}


def gained() -> Ratio:
    """Share of rows that are decided positively afterwards and were not before."""
    return _ratio({(y, at): s for y in (0, 1) for at, s in ((AFTER, 1.0), (BOTH, -1.0))}, EVERYONE)


def lost() -> Ratio:
    """Share of rows that were decided positively and are no longer."""
    return _ratio({(y, at): s for y in (0, 1) for at, s in ((BEFORE, 1.0), (BOTH, -1.0))}, EVERYONE)


def weighted_accuracy(threshold: float = 0.5) -> Objective:
    """Share of rows decided rightly, a positive one counting (1 − t)/t times a negative one.

    This is what deciding calibrated scores by the threshold t makes largest, so that it keeps what the threshold in
    use says of misses and false alarms; t = 0.5 is accuracy.

    Raises:
        ConfigError: the threshold is not between 0 and 1.
    """
    if not 0 < threshold < 1:
        raise ConfigError(f"The threshold of a weighted accuracy lies between 0 and 1, not at {threshold!r}.")
    hit, quiet = 2 * (1 - threshold), 2 * threshold
    bottom = {(POSITIVE, ALL): hit, (NEGATIVE, ALL): quiet}
    before, after = (
        _ratio({(POSITIVE, at): hit, (NEGATIVE, ALL): quiet, (NEGATIVE, at): -quiet}, bottom)
        for at in (BEFORE, AFTER)
    )
    plain = threshold == 0.5
    name, title = (
        ("accuracy", "Accuracy") if plain else ("weighted_accuracy", f"Accuracy, weighted for {threshold:g}")
    )
    return Objective(Measure(name, title, (before,), (after,)), np.array([-quiet, hit]))


def balanced_accuracy(negatives: float, positives: float) -> Objective:
    """Mean of recall and specificity; needs the weight of both classes."""
    made = []
    for at in (BEFORE, AFTER):
        found = _ratio({(POSITIVE, at): 1.0}, {(POSITIVE, ALL): 1.0})
        quiet = _ratio({(NEGATIVE, ALL): 1.0, (NEGATIVE, at): -1.0}, {(NEGATIVE, ALL): 1.0})
        made.append((found, quiet))
    measure = Measure("balanced_accuracy", "Balanced accuracy", made[0], made[1], lacks="rows of one of the classes")
    total = negatives + positives
    return Objective(measure, np.array([-total / (2 * negatives), total / (2 * positives)]))


def value(costs: Costs) -> Objective:
    """Expected value of a decision, in the currency of the costs.

    Raises:
        ConfigError: the values differ by row, or are not of yes-or-no decisions.
    """
    amounts = {name: getattr(costs, name) for name in ("tp", "fp", "fn", "tn")}
    if any(isinstance(v, str) for v in amounts.values()) or not costs.decides_binary:
        raise ConfigError("Decisions by group are held against costs that are plain numbers tp, fp, fn and tn.")
    yes, no = (amounts["fp"], amounts["tp"]), (amounts["tn"], amounts["fn"])
    before, after = (
        _ratio({**{(y, ALL): no[y] for y in (0, 1)}, **{(y, at): yes[y] - no[y] for y in (0, 1)}}, EVERYONE)
        for at in (BEFORE, AFTER)
    )
    title = f"Value of a {costs.unit}, {costs.currency}"
    measure = Measure("value", title, (before,), (after,), share=False)
    return Objective(measure, np.array([yes[0] - no[0], yes[1] - no[1]], dtype=float))


def objective(name: str, weight: tuple[float, float], costs: Costs | None) -> Objective:
    """What is to be kept high, by its name.

    Args:
        name: "accuracy", "balanced_accuracy" or "value".
        weight: of negative and positive rows.
        costs: what decisions cost and earn.

    Raises:
        ConfigError: there is none of that name, or costs are wanted and not given.
    """
    match name:
        case "accuracy":
            return weighted_accuracy()
        case "balanced_accuracy":
            return balanced_accuracy(*weight)
        case "value":
            if costs is None:
                raise ConfigError(
                    "To keep the value high, say what decisions are worth: --cost fn=-300 --cost fp=-25."
                )
            return value(costs)
        case _:
            known = ("accuracy", "balanced_accuracy", "value")
            raise ConfigError(f"There is no objective {name!r}. {nearest(name, known)}")
