"""Which facts are asked for by window."""

from __future__ import annotations

from collections.abc import Iterator

from steelyard.analyses.losses import MAIN, chosen
from steelyard.analyses.overview import ColumnPlan
from steelyard.analyses.performance import facts_by
from steelyard.analyses.slicing import SliceBy
from steelyard.analyses.study import Study
from steelyard.data import Kind
from steelyard.facts import Among, Binned, Count, CutGrid, Fact, Moments, Window
from steelyard.metrics import Metric
from steelyard.metrics.problem import DECISION, LABEL, SCORE

ANYTHING = CutGrid(())
"""One bin for every number, so that only missing ones are told apart."""


def facts(study: Study) -> Iterator[Fact]:
    """The facts of the main metrics, and the sums of what is predicted and of what came, by window."""
    if study.window is None:
        return
    for metric in watched(study):
        yield from facts_by(study, metric, SliceBy((study.window,)))
    yield from averaged(study, study.window).values()


def about(study: Study) -> Iterator[Fact]:
    """Rows by window; and of every column rows by window and group, or by window and whether there is a value."""
    if study.window is None:
        return
    yield volume(study.window)
    yield from groups(study, study.window).values()
    yield from (Count((feature.key,)) for feature in study.features)


def watched(study: Study) -> list[Metric]:
    """The metrics that are followed over time."""
    return chosen(study, MAIN)


def volume(window: Window) -> Count:
    """Rows by window."""
    return Count((window,))


def averaged(study: Study, window: Window) -> dict[str, Moments]:
    """What has a mean: label, score and prediction, where they are numbers."""
    problem = study.problem
    columns = {
        "binary": {"label": LABEL, "score": SCORE},
        "regression": {"label": LABEL, "prediction": DECISION},
        "forecasting": {"label": LABEL, "prediction": DECISION},
    }.get(problem.task, {})
    return {
        name: Moments((column,), by=(window,), weight=problem.weight, cubes=False)
        for name, column in columns.items()
        if column in problem.columns
    }


def groups(study: Study, window: Window) -> dict[str, Count]:
    """Of every column but the time the fact that tells its missing values, and the groups of those that have some."""
    key_of = {feature.name: feature.key for feature in study.features}
    found = {}
    for plan in study.columns:
        key = key_of.get(plan.name, _presence(plan))
        if key is not None and plan.name != window.column:
            found[plan.name] = Count((window, key))
    return found


def _presence(plan: ColumnPlan) -> Among | Binned | None:
    if plan.kind is Kind.NUMBER:
        return Binned(plan.name, ANYTHING)
    return Among(plan.name, ()) if plan.kind in (Kind.TEXT, Kind.BOOLEAN) else None
