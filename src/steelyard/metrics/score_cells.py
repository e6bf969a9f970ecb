"""What metrics of a binary score share: the fact they need, the view they read, the caution about few rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable
from steelyard.metrics.confusions import FEW_ROWS
from steelyard.metrics.metric import Direction, Interval, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.read import scores
from steelyard.metrics.views import ScoreCells

Floats = NDArray[np.float64]
BINARY = frozenset({"binary"})


def scored_cells(problem: Problem) -> tuple[Fact, ...] | str:
    """The cells with scores, or why there are none."""
    return (problem.cells(),) if problem.scored else "there is no score"


def probable_cells(problem: Problem) -> tuple[Fact, ...] | str:
    """The cells with scores that are probabilities, or why there are none."""
    return scored_cells(problem) if problem.probability else "the scores are not probabilities"


def read_scores(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> ScoreCells:
    """Read positive and negative weight by score."""
    return scores(facts[0], tables[0])


def small_class(view: ScoreCells) -> str:
    """A caution where a class has few rows."""
    short = [
        f"{n} {name}"
        for n, name in ((view.positives, "positive"), (view.negatives, "negative"))
        if n < FEW_ROWS
    ]
    return f"insufficient: only {' and '.join(short)} rows" if short else ""


def of_scores(
    name: str,
    title: str,
    value: Callable[[ScoreCells], Any],
    interval: Interval,
    gradient: Callable[[ScoreCells], Floats] | None = None,
    variance: Callable[[ScoreCells], float] | None = None,
    discretisation: Callable[[ScoreCells], float] | None = None,
    direction: Direction = "higher",
    needs: Callable[[Problem], tuple[Fact, ...] | str] = scored_cells,
    note: Callable[[ScoreCells], str] = small_class,
    sliced: bool = True,
    parameters: tuple[tuple[str, Any], ...] = (),
) -> Metric:
    """A metric of the score cells; its documentation is the docstring of `value`."""
    return Metric(
        name, title, BINARY, direction, needs, read_scores, value, interval,
        gradient=gradient, variance=variance, discretisation=discretisation, note=note, sliced=sliced,
        docstring=value.__doc__ or "", parameters=parameters,
    )
