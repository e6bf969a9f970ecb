"""Where metrics are found: the built-in ones and a user's own come in by the same two doors."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from importlib.metadata import entry_points

from steelyard.metrics.doc import MetricDoc
from steelyard.metrics.metric import Family, Metric
from steelyard.metrics.problem import Problem
from steelyard.records import ConfigError, UnknownNameError, nearest

GROUP = "steelyard.metrics"
_registered: dict[str, Metric] = {}
_families: list[Family] = []


def register(metric: Metric) -> Metric:
    """Make a metric known by its name; a second one of the same name replaces the first only if it is equal code.

    Raises:
        ConfigError: another metric has that name.
    """
    known = _registered.get(metric.name)
    if known is not None and known.value is not metric.value and known.docstring != metric.docstring:
        raise ConfigError(f"There is already a metric named {metric.name!r}. Give yours another name.")
    _registered[metric.name] = metric
    return metric


def register_family(family: Family) -> Family:
    """Make metrics known that depend on the problem (one per class, quantile, cutoff)."""
    if family not in _families:
        _families.append(family)
    return family


def forget(name: str) -> None:
    """Forget a registered metric (for notebooks and tests)."""
    _registered.pop(name, None)


def all_metrics() -> tuple[Metric, ...]:
    """Every metric that does not depend on the problem, in order of registration."""
    _load_plugins()
    return tuple(_registered.values())


def metrics_for(problem: Problem, only: Sequence[str] | None = None) -> tuple[Metric, ...]:
    """The metrics of a problem's task.

    Args:
        problem: the problem.
        only: names to keep, in their order; None keeps all.

    Raises:
        UnknownNameError: a name in `only` is not a metric of this task.
    """
    _load_plugins()
    found = {m.name: m for m in _registered.values() if problem.task in m.tasks}
    for family in _families:
        found.update({m.name: m for m in family(problem)})
    if only is None:
        return tuple(found.values())
    return tuple(_pick(name, found, problem.task) for name in only)


def get(name: str) -> Metric:
    """A metric by its name.

    Raises:
        UnknownNameError: there is none; the message says which come near.
    """
    _load_plugins()
    if name not in _registered:
        raise UnknownNameError(f"There is no metric {name!r}. {nearest(name, _registered)}")
    return _registered[name]


def describe(name: str) -> MetricDoc:
    """What a metric means, in words."""
    return get(name).doc


def _pick(name: str, found: dict[str, Metric], task: str) -> Metric:
    if name not in found:
        other = _registered.get(name)
        why = f"{name!r} is a metric of {', '.join(sorted(other.tasks))}, not of {task}." if other else (
            f"There is no metric {name!r}.")
        raise UnknownNameError(f"{why} {nearest(name, found)}")
    return found[name]


@cache
def _load_plugins() -> None:
    for entry in entry_points(group=GROUP):
        loaded = entry.load()
        for item in loaded if isinstance(loaded, Iterable) else [loaded]:
            if isinstance(item, Metric):
                register(item)
            else:
                register_family(item)
