"""Whether costs fit the problem and its columns, before anything is counted."""

from __future__ import annotations

import narwhals.stable.v2 as nw

from steelyard.analyses.costs import Costs
from steelyard.analyses.study import Study
from steelyard.data import Kind
from steelyard.data.border import kind_of
from steelyard.facts import compile_expression
from steelyard.records import ColumnError, ConfigError, nearest

WANTED = {
    "binary": "tp, fp, fn and tn",
    "multiclass": "matrix",
    "regression": "over and under",
    "forecasting": "over and under",
}


def require_fitting(study: Study, costs: Costs) -> None:
    """Refuse costs of another task, of classes that are not there, and of columns that are no numbers.

    Raises:
        ConfigError: the values are for another task or class.
        ColumnError: a column is missing, or holds no numbers.
    """
    task = study.problem.task
    given = {"regression": ("regression", "forecasting")}.get(costs.task, (costs.task,))
    if costs.task and task not in given:
        told = f"Give {WANTED[task]}." if task in WANTED else f"What a {task} decision is worth cannot be told so."
        raise ConfigError(f"costs give {WANTED[costs.task]}, but the task is {task}. {told}")
    _require_classes(study, costs)
    columns = study.problem.columns
    for name in costs.columns():
        if name not in columns:
            own = sorted(c for c in columns if not c.startswith("sy_"))
            raise ColumnError(f"costs name {name!r}, which is no column. {nearest(name, own)}")
    _require_numbers(study, costs)


def _require_classes(study: Study, costs: Costs) -> None:
    classes = study.problem.classes
    said = dict.fromkeys([*costs.matrix, *(p for row in costs.matrix.values() for p in row)])
    unknown = [name for name in said if str(name) not in classes]
    if costs.matrix and len(unknown) == len(said):
        raise ConfigError(
            f"None of the classes of the cost matrix ({', '.join(map(repr, list(said)[:4]))}) is in the data. "
            f"{nearest(str(unknown[0]), classes)}"
        )


def _require_numbers(study: Study, costs: Costs) -> None:
    kinds = _kinds(study)
    for name in ("tp", "fp", "fn", "tn", "over", "under", "run", "review"):
        said = getattr(costs, name)
        if isinstance(said, str):
            try:
                compile_expression(said, kinds)
            except ColumnError as error:
                raise ColumnError(f"costs: {name} cannot be calculated: {error}") from error
    if costs.latency is not None and kinds.get(costs.latency) is not Kind.NUMBER:
        raise ColumnError(
            f"costs: latency {costs.latency!r} is {kinds[costs.latency]}, but must be a column of numbers."
        )


def _kinds(study: Study) -> dict[str, Kind]:
    """Kinds of the columns as far as a look tells; row columns are numbers, and so is what holds nothing yet."""
    kinds = dict.fromkeys(study.problem.columns, Kind.NUMBER)
    for look in reversed(list(study.looks.values())):
        known = [name for name in look.frame.columns if look.frame[name].null_count() < look.frame.height]
        kinds |= {name: kind_of(dtype) for name, dtype in nw.from_native(look.frame.select(known)).schema.items()}
    return kinds
