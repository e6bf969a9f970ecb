"""What each row is worth under each decision: as numbers by label, or as expressions where amounts differ by row."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from steelyard.analyses.costs import Amount, Costs
from steelyard.metrics.problem import DECISION, ERROR, LABEL

ONE, FLAG, HOLD, RUN, REVIEW = range(5)
"""Places in the vector of a row: 1, its value when flagged, when left alone, of asking the model, of a look."""
SIZE = 5


def constants(costs: Costs) -> NDArray[np.float64]:
    """The vector of a negative (first) and of a positive row; 0 where the amount differs by row. Shape (2, SIZE)."""
    made = np.zeros((2, SIZE))
    made[:, ONE] = 1.0
    made[:, FLAG] = [number(costs.fp), number(costs.tp)]
    made[:, HOLD] = [number(costs.tn), number(costs.fn)]
    made[:, RUN] = number(costs.run)
    made[:, REVIEW] = number(costs.review)
    return made


def varying(costs: Costs) -> dict[int, str]:
    """Place in the vector to the expression that it is, where it differs by row."""
    found = {
        FLAG: by_label(costs, costs.tp, costs.fp),
        HOLD: by_label(costs, costs.fn, costs.tn),
        RUN: costs.run,
        REVIEW: costs.review,
    }
    return {place: said for place, said in found.items() if isinstance(said, str)}


def by_label(costs: Costs, positive: Amount, negative: Amount) -> Amount:
    """The value of a row by its label; where both are numbers it is left to `constants`."""
    if not isinstance(positive, str) and not isinstance(negative, str):
        return 0.0
    return f"where({LABEL} == 1, {written(positive)}, {written(negative)}){_complete(costs)}"


def of_decisions(costs: Costs) -> str:
    """The value of a row under the decision that was made on it, asking the model taken off; binary."""
    flagged = f"where({LABEL} == 1, {written(costs.tp)}, {written(costs.fp)})"
    held = f"where({LABEL} == 1, {written(costs.fn)}, {written(costs.tn)})"
    # The last term is 0, and missing where the label or decision is: `where` takes a missing condition as not met.
    known = f"0 * {LABEL} * {DECISION}{_complete(costs)}"
    return f"where({DECISION} == 1, {flagged}, {held}) + {written(costs.run)} + {known}"


def _complete(costs: Costs) -> str:
    """A term that is 0, and missing where any amount is.

    Were rows left out for want of an amount that only their label calls for, the share of positives would be off.
    """
    amounts = dict.fromkeys(v for v in (costs.tp, costs.fp, costs.fn, costs.tn) if isinstance(v, str))
    return "".join(f" + 0 * {written(amount)}" for amount in amounts)


def of_errors(costs: Costs) -> str:
    """The value of a prediction's error, asking the model taken off; regression."""
    over, under = written(costs.over), written(costs.under)
    return f"where({ERROR} > 0, {ERROR} * {over}, 0 - {ERROR} * {under}) + {written(costs.run)}"


def written(amount: Amount) -> str:
    """An amount as part of an expression."""
    return f"({amount})" if isinstance(amount, str) else f"({float(amount)!r})"


def number(amount: Amount | None) -> float:
    """The amount where it is a number, else 0."""
    return 0.0 if amount is None or isinstance(amount, str) else float(amount)
