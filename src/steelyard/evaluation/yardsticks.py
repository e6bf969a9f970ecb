"""What models are compared by: metrics, the one that decides, those that rank, and the challenger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from steelyard.analyses.cost.metric import value_metric
from steelyard.analyses.costs import Costs
from steelyard.analyses.paired.contest import MOST_PAIRED
from steelyard.evaluation.config import Config
from steelyard.evaluation.contests import Field
from steelyard.evaluation.method import FIRST
from steelyard.metrics import Metric, Problem, metrics_for
from steelyard.metrics.expression import from_expression
from steelyard.records import ConfigError, UnknownNameError, nearest

OF_LABELS_ALONE = frozenset({"prevalence", "brier_uncertainty"})
"""Metrics that say nothing of a model, so that no two differ in them."""


def metrics_of(
    posed: Field, only: Sequence[str | Metric] | None, settings: Config, costs: Costs | None
) -> tuple[Metric, ...]:
    """What is compared by: the task's metrics or those asked for, the user's own, and the value of decisions.

    Many models are compared by the task's first metrics alone, unless others are asked for.
    """
    problem = posed.entrants[0].problem
    if isinstance(only, str):
        raise ConfigError(f"metrics must be a list of names or metrics, not the text {only!r}: write [{only!r}].")
    if only is None:
        few = FIRST[problem.task] if len(posed.entrants) > MOST_PAIRED else None
        known = [m for m in metrics_for(problem) if m.name not in OF_LABELS_ALONE]
        chosen = [m for m in known if few is None or m.name in few]
    else:
        chosen = [m if isinstance(m, Metric) else metrics_for(problem, [m])[0] for m in only]
    own = [
        from_expression(name, said["expression"], title=said.get("title"), direction=said.get("direction", "lower"))  # type: ignore[arg-type]
        for name, said in settings.metrics.items()
    ]
    value = value_metric(costs)
    if value is not None and problem.task not in value.tasks:
        raise ConfigError(f"The costs are those of {', '.join(sorted(value.tasks))}, but the task is {problem.task}.")
    found = {m.name: m for m in (*([] if value is None else [value]), *chosen, *own)}
    return tuple(m for m in found.values() if _has_value(m, [e.problem for e in posed.entrants]))


def _has_value(metric: Metric, problems: Sequence[Problem]) -> bool:
    """Whether any of the models has it: what none has is not told of."""
    return any(not isinstance(metric.needs(problem), str) for problem in problems)


def decisive_of(rank_by: str | None, metrics: Sequence[Metric], task: Any) -> Metric:
    """The metric that decides: that asked for, the value of decisions, or the task's first.

    Raises:
        UnknownNameError: the one asked for has no better side, or is not measured.
        ConfigError: none has a better side.
    """
    known = {m.name: m for m in metrics if m.direction != "target"}
    if rank_by is not None:
        if rank_by not in known:
            raise UnknownNameError(f"Models cannot be ranked by {rank_by!r}. {nearest(rank_by, known)}")
        return known[rank_by]
    if not known:
        raise ConfigError(
            "No metric that has a better side can be computed for these models. Name columns with predictions or "
            "scores, or other metrics."
        )
    first = [name for name in ("value", *FIRST.get(str(task), ())) if name in known]
    return known[first[0]] if first else next(iter(known.values()))


def headline_of(metrics: Sequence[Metric], decisive: Metric, task: Any) -> frozenset[str]:
    """The metrics that rank models and are read on slices; all of them where few are asked for."""
    first = {decisive.name, *FIRST.get(str(task), ())}
    own = {m.name for m in metrics if any(name in ("expression", "function") for name, _ in m.parameters)}
    few = {m.name for m in metrics} if len(metrics) <= len(first) else set()
    return frozenset(first | own | few)


def challenger_of(challenger: str | None, margin: float | None, names: Sequence[str]) -> str | None:
    """The model that is to replace the others: that named, or the second of two where a margin is given.

    Raises:
        ConfigError: the margin is not a positive number, or the challenger is not held against all others.
        UnknownNameError: there is no such model.
    """
    if margin is not None and not (isinstance(margin, (int, float)) and 0 < margin < float("inf")):
        raise ConfigError(f"The margin must be a positive number, how much worse a model may be; not {margin!r}.")
    if challenger is None:
        return names[1] if margin is not None and len(names) == 2 else None
    if challenger not in names:
        raise UnknownNameError(f"There is no model {challenger!r} to be the challenger. {nearest(challenger, names)}")
    if len(names) > MOST_PAIRED and challenger != names[0]:
        raise ConfigError(
            f"Of more than {MOST_PAIRED} models each is held against the first alone: name {challenger!r} first."
        )
    return challenger
