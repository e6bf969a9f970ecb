"""What metrics of a binary score share: the facts they need, what they read, the caution about few rows."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from steelyard.facts import Fact, FactTable
from steelyard.metrics.confusions import FEW_ROWS
from steelyard.metrics.means import mean_gradient, of_means
from steelyard.metrics.metric import Direction, Interval, Metric
from steelyard.metrics.problem import LABEL, Problem
from steelyard.metrics.read import scores
from steelyard.metrics.views import Means, ScoreCells

Floats = NDArray[np.float64]
BINARY = frozenset({"binary"})


def unlabelled(problem: Problem) -> str:
    """Why a metric that needs labels has none, or ""."""
    return "there are no labels" if problem.columns and LABEL not in problem.columns else ""


def scored_cells(problem: Problem) -> tuple[Fact, ...] | str:
    """The cells with scores, or why there are none."""
    if not problem.scored:
        return "there is no score"
    return unlabelled(problem) or (problem.cells(),)


def probable_cells(problem: Problem) -> tuple[Fact, ...] | str:
    """The cells with scores that are probabilities, or why there are none."""
    return scored_cells(problem) if problem.probability else "the scores are not probabilities"


def read_scores(facts: Sequence[Any], tables: Sequence[FactTable], problem: Problem) -> ScoreCells:
    """Read positive and negative weight by score."""
    return scores(facts[0], tables[0])


def small_class(view: ScoreCells) -> str:
    """A caution where a class has few rows."""
    short = [
        f"{n} {name}" for n, name in ((view.positives, "positive"), (view.negatives, "negative")) if n < FEW_ROWS
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
        name,
        title,
        BINARY,
        direction,
        needs,
        read_scores,
        value,
        interval,
        gradient=gradient,
        variance=variance,
        discretisation=discretisation,
        note=note,
        sliced=sliced,
        docstring=value.__doc__ or "",
        parameters=parameters,
    )


def probabilities(*expressions: str) -> Callable[[Problem], tuple[str, ...] | str]:
    """Expressions over a score that must be a probability."""

    def needs(problem: Problem) -> tuple[str, ...] | str:
        found = probable_cells(problem)
        return found if isinstance(found, str) else expressions

    return needs


def probability_mean(
    name: str,
    title: str,
    value: Callable[[Means], Any],
    expression: str,
    interval: Interval,
    direction: Direction = "lower",
    note: Callable[[Means], str] | None = None,
) -> Metric:
    """The mean of a value of each row that needs a probability."""
    return of_means(
        name,
        title,
        "binary",
        probabilities(expression),
        value,
        interval,
        direction,
        mean_gradient,
        note=note,
        extremes=note is not None,
    )
