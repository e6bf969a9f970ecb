"""The value of the decisions as they are made, as a metric: so it is read by slice and data set like any other."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from steelyard.analyses.cost.amounts import FLAG, HOLD, constants, number, of_decisions, of_errors
from steelyard.analyses.cost.ledger import Floats
from steelyard.analyses.cost.linear import mean_of_cells
from steelyard.analyses.costs import Costs
from steelyard.facts import Fact, FactTable
from steelyard.metrics import Confusion, Measured, Metric, Problem
from steelyard.metrics.expression import from_expression
from steelyard.metrics.intervals import plain
from steelyard.metrics.read import confusion
from steelyard.records import Estimate, UndefinedMetricError

NAME = "value"
TASKS = {
    "binary": frozenset({"binary"}),
    "multiclass": frozenset({"multiclass"}),
    "regression": frozenset({"regression", "forecasting"}),
}


def value_metric(costs: Costs | None) -> Metric | None:
    """The mean value of a decision, asking the model taken off; None where costs do not say what one is worth.

    Of several classes only a fixed cost of asking is taken off.
    """
    if costs is None or not costs.task:
        return None
    title = f"Value a {costs.unit}, {costs.currency}"
    if costs.task == "regression":
        return from_expression(NAME, of_errors(costs), title, "higher", TASKS["regression"])
    if costs.task == "binary" and not costs.constant:
        return from_expression(NAME, of_decisions(costs), title, "higher", TASKS["binary"])
    return _of_cells(costs, title)


def worths(costs: Costs, classes: Sequence[str]) -> Floats:
    """Value of a row by actual and predicted class, asking the model taken off; classes × classes."""
    if costs.task == "binary":
        return constants(costs)[:, [HOLD, FLAG]] + number(costs.run)
    known = [[float(costs.matrix.get(a, {}).get(p, 0.0)) for p in classes] for a in classes]
    return np.asarray(known).reshape(len(classes), len(classes)) + number(costs.run)


def _of_cells(costs: Costs, title: str) -> Metric:
    def needs(problem: Problem) -> tuple[Fact, ...] | str:
        if not problem.decided:
            return "there are no predictions, and no threshold to make them from scores"
        return (problem.cells() if problem.task == "binary" else problem.confusion(),)

    def read(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Confusion:
        return confusion(facts[0], tables[0], problem.classes)

    def value(c: Confusion) -> Any:
        total = c.table.sum()
        if np.real(total) <= 0:
            raise UndefinedMetricError("there are no rows with a label and a prediction")
        return (c.table * worths(costs, c.classes)).sum() / total

    def gradient(c: Confusion) -> Floats:
        return np.asarray((worths(costs, c.classes) - float(value(c))).ravel() / c.table.sum(), dtype=float)

    def interval(m: Measured) -> tuple[float, float, str]:
        if m.clustered:
            return plain()(m)
        made = mean_of_cells(
            m.view.weights, m.view.squares.ravel(), worths(costs, m.view.classes).ravel(), m.view.rows, m.level
        )
        return (made.low, made.high, made.method) if isinstance(made, Estimate) else (np.nan, np.nan, "student-t")

    return Metric(
        NAME,
        title,
        TASKS[costs.task],
        "higher",
        needs,
        read,
        value,
        interval,
        gradient=gradient,
        docstring=(
            "What a decision is worth on average, by what hits, misses and false alarms cost and earn.\n\n"
            "Formula: Σ rows · value / n\n"
            "Range: from the value of the worst decision to that of the best; higher is better.\n"
            "Misleads: where costs are guesses: see how far the answer moves when they do.\n"
            "Next: hold it against flagging everyone and no one, and against the best threshold."
        ),
        parameters=(("expression", _formula(costs)),),
    )


def _formula(costs: Costs) -> str:
    if costs.task == "binary":
        return " + ".join(f"{number(getattr(costs, name)):g} * {name}" for name in ("tp", "fp", "fn", "tn"))
    return "value of the matrix by actual and predicted class"
