"""A user's own metric, written in Python: a function of a view, and nothing else to learn.

```python
@metric(title="Net benefit", direction="higher")
def net_benefit(c: Confusion) -> float:
    "True positives less false positives at odds of 1 to 4, per row."
    return (c.tp - c.fp / 4) / c.total
```
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, get_type_hints

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable, Moments, compile_expression, names_in
from steelyard.metrics import intervals
from steelyard.metrics.averages import t_interval
from steelyard.metrics.expression import TASKS, theirs
from steelyard.metrics.metric import Direction, Interval, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.quantiles import histogram, read_histogram
from steelyard.metrics.read import confusion, means, scores
from steelyard.metrics.registry import register
from steelyard.metrics.views import Confusion, Distribution, Means, ScoreCells
from steelyard.records import ConfigError, nearest

Function = Callable[[Any], Any]
Gradient = Callable[[Any], NDArray[np.float64]]
VIEWS: dict[type, frozenset[str]] = {
    Confusion: frozenset({"binary", "multiclass"}),
    ScoreCells: frozenset({"binary"}),
    Means: TASKS,
    Distribution: TASKS,
}
"""What a function may take, and the tasks it then is a metric of."""
TAKEN = frozenset({*Means.__dataclass_fields__, *dir(Means)})
INTERVALS: dict[str, Callable[[float, float], Interval]] = {
    "plain": t_interval,
    "proportion": lambda low, high: intervals.proportion(lambda view: view.effective_rows),
    "logit": lambda low, high: intervals.logit(*((low, high) if math.isfinite(high - low) else (0.0, 1.0))),
    "fisher": lambda low, high: intervals.fisher,
    "log": lambda low, high: intervals.log,
    "bootstrap": intervals.bootstrap,
}
"""Named intervals, made from the metric's bounds."""


@dataclass(frozen=True)
class NamedMeans(Means):
    """Means that are read by the names a user gave them: `m.revenue`."""

    given: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name == "given" or name not in self.given:
            raise AttributeError(f"There is no value {name!r} here. {nearest(name, self.__dict__.get('given', ()))}")
        return self.mean(self.given.index(name))


def metric(
    *,
    title: str,
    direction: Direction,
    name: str | None = None,
    view: type | None = None,
    values: Mapping[str, str] | None = None,
    column: str | None = None,
    interval: str = "plain",
    bounds: tuple[float, float] = (-math.inf, math.inf),
    gradient: Gradient | None = None,
    tasks: frozenset[str] | None = None,
) -> Callable[[Function], Metric]:
    """Turn a function of a view into a metric, and register it.

    The function's name is the metric's, its docstring the metric's documentation. It takes a `Confusion`,
    `ScoreCells`, `Means` or `Distribution`, by the annotation of its parameter or by `view`.

    Args:
        title: for people.
        direction: which side is better: "higher", "lower" or "target" (neither).
        name: of the metric, where it is not the function's.
        view: what the function takes, where it is not annotated.
        values: for `Means`, row expressions by name: the function reads their means as `m.name`.
        column: for `Distribution`, the numeric column.
        interval: "plain" (value ± t·se), "proportion" (Wilson), "logit", "fisher", "log" or "bootstrap".
        bounds: where the metric itself ends; intervals are cut there.
        gradient: ∂value/∂view.weights; where it is not given the engine differentiates.
        tasks: the tasks it is a metric of; by default those that have such a view.

    Raises:
        ConfigError: the view, the interval or what the view is made of is not said, or unknown.
    """
    if interval not in INTERVALS:
        raise ConfigError(f"There is no interval {interval!r} for a metric. {nearest(interval, INTERVALS)}")

    def decorate(function: Function) -> Metric:
        called = name or function.__name__
        kind = view or _annotated(function)
        if kind not in VIEWS:
            allowed = ", ".join(v.__name__ for v in VIEWS)
            raise ConfigError(
                f"The metric {called!r} must say what it takes: annotate its parameter as one of {allowed}, "
                "or give view=."
            )
        needs, read = _source(called, kind, dict(values or {}), column)
        return register(
            Metric(
                called,
                title,
                tasks or VIEWS[kind],
                direction,
                needs,
                read,
                function,
                INTERVALS[interval](*bounds),
                gradient=gradient,
                docstring=function.__doc__ or "",
                parameters=(("function", f"{function.__module__}.{function.__qualname__}"),),
            )
        )

    return decorate


def _annotated(function: Function) -> Any:
    try:
        hints = get_type_hints(function)
    except NameError:
        # A name imported for type checking only: its text must do.
        hints = dict(function.__annotations__)
    first = next((hint for parameter, hint in hints.items() if parameter != "return"), None)
    return next((v for v in VIEWS if first is v or str(first).rpartition(".")[2] == v.__name__), None)


Source = tuple[
    Callable[[Problem], "tuple[Fact, ...] | str"],
    Callable[[Sequence[Any], Sequence[FactTable], Problem], Any],
]


def _source(name: str, view: type, values: dict[str, str], column: str | None) -> Source:
    if view is Confusion:
        return _confusion_needs, _read_confusion
    if view is ScoreCells:
        return _score_needs, lambda facts, tables, problem: scores(facts[0], tables[0])
    if view is Distribution:
        if column is None:
            raise ConfigError(f"The metric {name!r} takes a Distribution: say of which column, column=…")
        return _column_needs(column), read_histogram
    if not values:
        raise ConfigError(
            f'The metric {name!r} takes Means: say of what, e.g. values={{"cost": "25 * fp + 300 * fn"}}.'
        )
    return _means_needs(name, values), _means_reader(tuple(values))


def _confusion_needs(problem: Problem) -> tuple[Fact, ...] | str:
    if not problem.decided:
        return "there are no predictions, and no threshold to make them from scores"
    return (problem.cells() if problem.task == "binary" else problem.confusion(),)


def _read_confusion(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> Confusion:
    return confusion(facts[0], tables[0], problem.classes)


def _score_needs(problem: Problem) -> tuple[Fact, ...] | str:
    return (problem.cells(),) if problem.scored else "there are no scores"


def _column_needs(column: str) -> Callable[[Problem], tuple[Fact, ...] | str]:
    def needs(problem: Problem) -> tuple[Fact, ...] | str:
        if column not in problem.scales:
            return f"there is no numeric column {column!r}. {nearest(column, problem.scales)}"
        return (histogram(problem, column, *(float(x) for x in problem.scales[column])),)

    return needs


def _means_needs(name: str, values: dict[str, str]) -> Callable[[Problem], tuple[Fact, ...] | str]:
    for given, text in values.items():
        if not given.isidentifier() or given.startswith("_") or given in TAKEN:
            raise ConfigError(f"The metric {name!r} cannot call a value {given!r}: choose another name for it.")
        compile_expression(text, names_in(text))

    def needs(problem: Problem) -> tuple[Fact, ...] | str:
        named = dict.fromkeys(n for text in values.values() for n in names_in(text))
        absent = next((n for n in named if n not in problem.columns), None)
        if absent is not None:
            return f"it names {absent!r}, which is no column. {nearest(absent, theirs(problem))}"
        return (Moments(tuple(values.values()), weight=problem.weight),)

    return needs


def _means_reader(
    given: tuple[str, ...],
) -> Callable[[Sequence[Any], Sequence[FactTable], Problem], NamedMeans]:
    def read(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> NamedMeans:
        m = means(facts[0], tables[0])
        return NamedMeans(m.sums, m.products, m.cubes, m.counts, m.names, given=given)

    return read
