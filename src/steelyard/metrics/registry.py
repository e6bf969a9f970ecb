"""Where metrics are found: the built-in ones and a user's own come in by the same two doors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import EntryPoint, entry_points

from steelyard.metrics.doc import MetricDoc
from steelyard.metrics.metric import Family, Metric
from steelyard.metrics.problem import Problem
from steelyard.records import ConfigError, UnknownNameError, nearest

GROUP = "steelyard.metrics"
_registered: dict[tuple[str, str], Metric] = {}
_families: list[Family] = []


def register(metric: Metric) -> Metric:
    """Make a metric known by its name in each of its tasks; the same one again changes nothing.

    Raises:
        ConfigError: another metric of one of its tasks has that name.
    """
    for task in sorted(metric.tasks):
        known = _registered.get((metric.name, task))
        if known is not None and not _same(known, metric):
            raise ConfigError(f"There is already a {task} metric named {metric.name!r}. Give yours another name.")
    _registered.update({(metric.name, task): metric for task in sorted(metric.tasks)})
    return metric


def _same(known: Metric, metric: Metric) -> bool:
    """Whether a metric is one that is known, or its next version: a notebook's cell that is run again."""
    if known.value is metric.value or known.docstring == metric.docstring:
        return True
    return bool(metric.parameters) and known.parameters == metric.parameters


def register_family(family: Family) -> Family:
    """Make metrics known that depend on the problem (one per class, quantile, cutoff)."""
    if family not in _families:
        _families.append(family)
    return family


def forget(name: str) -> None:
    """Forget the registered metrics of a name (for notebooks and tests)."""
    for key in [key for key in _registered if key[0] == name]:
        del _registered[key]


def all_metrics() -> tuple[Metric, ...]:
    """Every metric that does not depend on the problem, in order of registration."""
    _load_plugins()
    return tuple({id(m): m for m in _registered.values()}.values())


def metrics_for(problem: Problem, only: Sequence[str] | None = None) -> tuple[Metric, ...]:
    """The metrics of a problem's task.

    Args:
        problem: the problem.
        only: names to keep, in their order; None keeps all.

    Raises:
        UnknownNameError: a name in `only` is not a metric of this task.
    """
    _load_plugins()
    found = {m.name: m for (_, task), m in _registered.items() if task == problem.task}
    for family in _families:
        found.update({m.name: m for m in family(problem)})
    if only is None:
        return tuple(found.values())
    return tuple(_pick(name, found, problem.task) for name in only)


def get(name: str, task: str | None = None) -> Metric:
    """A metric by its name: that of `task`, or the first registered.

    Raises:
        UnknownNameError: there is none; the message says which come near.
    """
    named = _named(name)
    if not named:
        raise UnknownNameError(f"There is no metric {name!r}. {nearest(name, {known for known, _ in _everything()})}")
    if task is None:
        return next(iter(named.values()))
    return _pick(name, {name: named[task]} if task in named else {}, task)


def describe(name: str, task: str | None = None) -> MetricDoc:
    """What a metric means, in words, and every task that has a metric of that name."""
    return replace(get(name, task).doc, tasks=tuple(sorted(_named(name))))


def catalogue(task: str | None = None) -> tuple[MetricDoc, ...]:
    """Every metric in words, those that depend on the problem by their usual cutoffs, classes and quantiles."""
    names = dict.fromkeys(name for name, of in _everything() if task is None or of == task)
    return tuple(describe(name) for name in names)


EXAMPLES = (
    Problem("multiclass", classes=tuple("abcdefghijkl"), scored=tuple("abcdefghijkl")),
    Problem("multilabel", classes=("a", "b"), scored=("a", "b")),
    Problem("binary", classes=("0", "1"), scored=("1",)),
    Problem("regression", quantiles=(0.1, 0.5, 0.9)),
    Problem("forecasting", quantiles=(0.1, 0.5, 0.9), naive=True, horizon=True),
    Problem("ranking"),
)
_NUMBER = re.compile(r"\d+(\.\d+)?")


def _everything() -> dict[tuple[str, str], Metric]:
    _load_plugins()
    found = dict(_registered)
    for problem in EXAMPLES:
        for family in _families:
            for metric in family(problem):
                found.setdefault((metric.name, problem.task), metric)
    return found


def _named(name: str) -> dict[str, Metric]:
    everything = _everything()
    exact = {task: metric for (known, task), metric in everything.items() if known == name}
    if exact or not _NUMBER.search(name):
        return exact
    # A metric of a family at another number: `ndcg_at_7` is explained by `ndcg_at_10`.
    shape = _NUMBER.sub("#", name)
    return {task: metric for (known, task), metric in everything.items() if _NUMBER.sub("#", known) == shape}


def _pick(name: str, found: dict[str, Metric], task: str) -> Metric:
    if name not in found:
        others = sorted(_named(name))
        why = (
            f"{name!r} is a metric of {', '.join(others)}, not of {task}."
            if others
            else (f"There is no metric {name!r}.")
        )
        raise UnknownNameError(f"{why} {nearest(name, found)}")
    return found[name]


@cache
def _load_plugins() -> None:
    # Ours first, so that a name that is taken twice is told of the other package.
    for entry in sorted(entry_points(group=GROUP), key=lambda e: _package(e) != "steelyard"):
        _load(entry)


def _load(entry: EntryPoint) -> None:
    where = f"The package {_package(entry)!r} has metrics {entry.name!r}"
    try:
        loaded = entry.load()
    except Exception as error:
        raise ConfigError(
            f"{where} that cannot be loaded from {entry.value!r}: {type(error).__name__}: {error}. Mend, update or "
            "uninstall that package."
        ) from error
    for item in loaded if isinstance(loaded, Iterable) else [loaded]:
        if isinstance(item, Metric):
            try:
                register(item)
            except ConfigError as error:
                raise ConfigError(f"{where} that cannot be taken: {error}") from error
        elif callable(item):
            register_family(item)
        else:
            raise ConfigError(
                f"{where}, but {entry.value!r} holds a {type(item).__name__}: it must be a Metric, a function from a "
                "problem to metrics, or a list of these."
            )


def _package(entry: EntryPoint) -> str:
    return entry.dist.name if entry.dist is not None else entry.module
