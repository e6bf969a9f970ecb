"""A user's own metric or KPI, written as an expression over columns.

`25 * fp + 300 * fn` is the mean of a row expression; `sum(revenue) / sum(cost)`, `mean(cost) * 30` are arithmetic
of aggregates; `p95(latency_ms)` and `median(x)` are quantiles; `share(latency_ms > 200)` is a share of rows.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable
from typing import Any

import numpy as np

from steelyard.facts import Fact, Moments, compile_expression, names_in, quote
from steelyard.facts.expression import FUNCTIONS, parse
from steelyard.metrics import intervals
from steelyard.metrics.averages import mean_value, t_interval
from steelyard.metrics.means import read_means
from steelyard.metrics.metric import Direction, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.quantiles import histogram, order_statistics, read_histogram, resolution, woodruff
from steelyard.metrics.views import Means
from steelyard.records import ConfigError, nearest

TASKS = frozenset({"binary", "multiclass", "multilabel", "regression", "forecasting", "ranking"})
AGGREGATES = ("mean", "sum", "share")
OF_AGGREGATES: dict[str, Callable[[Any], Any]] = {"sqrt": np.sqrt, "log": np.log, "exp": np.exp}
_QUANTILE = re.compile(r"p(\d{1,2}(?:_\d+)?)$")
ALLOWED = (
    "Write a value per row, e.g. 25 * fp + 300 * fn (its mean is taken); or arithmetic of mean(…), sum(…) and "
    "share(condition); or one quantile of a column, e.g. p95(latency_ms) or median(x)."
)
Value = Callable[[Means], Any]


def from_expression(
    name: str,
    text: str,
    title: str | None = None,
    direction: Direction = "lower",
    tasks: frozenset[str] = TASKS,
) -> Metric:
    """Make a metric of an expression over columns.

    Columns are the user's own and the row columns; tp, fp, fn, tn, label, prediction, score and error mean what
    they say, unless a column has that name.

    Args:
        name: of the metric.
        text: a value per row ("25 * fp + 300 * fn"), aggregates ("sum(revenue) / sum(cost)", "share(cost > 5)")
            or a quantile of a column ("p95(latency_ms)", "median(latency_ms)").
        title: for people; the name where it is not given.
        direction: which side is better: "higher", "lower" or "target" (neither).
        tasks: the tasks it is a metric of; all of them where it is not said.

    Raises:
        ConfigError: the text is not such an expression; the message says what is.
    """
    try:
        stand_ins, tree = parse(text)
        return _Maker(name, text, title or name, direction, tasks, stand_ins).make(tree)
    except ConfigError as error:
        raise ConfigError(f"The metric {name!r} cannot be read: {error} {ALLOWED}") from error


def theirs(problem: Problem) -> list[str]:
    """The columns that a user may have meant: not our own."""
    return sorted(c for c in problem.columns if not c.startswith("sy_"))


class _Maker:
    def __init__(
        self,
        name: str,
        text: str,
        title: str,
        direction: Direction,
        tasks: frozenset[str],
        stand_ins: dict[str, str],
    ) -> None:
        self.name, self.text, self.title, self.direction, self.tasks = name, text, title, direction, tasks
        self.stand_ins = stand_ins
        self.values: list[str] = []

    def make(self, tree: ast.expr) -> Metric:
        """Choose by the outermost call."""
        match tree:
            case ast.Call(func=ast.Name(id=called), args=[operand], keywords=[]) if _share(called) is not None:
                return self._quantile(called, operand)
            case ast.Call(func=ast.Name(id=("mean" | "share") as called), args=[operand], keywords=[]):
                return self._mean(self._row(operand), called)
        if not any(isinstance(n, ast.Call) and _aggregates(n) for n in ast.walk(tree)):
            if not names_in(self.text):
                raise ConfigError(f"{self.text!r} names no column.")
            return self._mean(self._row(tree), "mean")
        value = self._visit(tree)
        return self._metric(self._needs(cubes=False), value, t_interval(), "Value ± t·se by the delta method.")

    def _mean(self, value: str, called: str) -> Metric:
        self.values = [value]
        if called == "share":
            interval = intervals.proportion(lambda m: m.effective_rows)
            return self._metric(self._needs(cubes=False), mean_value, interval, "Share of rows; interval by Wilson.")
        return self._metric(self._needs(cubes=True), mean_value, intervals.mean, "Mean per row.")

    def _quantile(self, called: str, operand: ast.expr) -> Metric:
        if not isinstance(operand, ast.Name):
            raise ConfigError(f"{called}(…) takes one column, not {self._source(operand)!r}.")
        column = self.stand_ins.get(operand.id, operand.id)
        share = _share(called) or 0.5

        def needs(problem: Problem) -> tuple[Fact, ...] | str:
            if column not in problem.scales:
                return f"{self.text} needs a numeric column {column!r}. {nearest(column, problem.scales)}"
            return (histogram(problem, column, *(float(x) for x in problem.scales[column])),)

        return Metric(
            self.name,
            self.title,
            self.tasks,
            self.direction,
            needs,
            read_histogram,
            lambda d: d.quantile(share),
            order_statistics(share),
            variance=woodruff(share),
            discretisation=resolution(share),
            docstring=self._docstring("Interval by order statistics."),
            parameters=(("expression", self.text),),
        )

    def _metric(
        self, needs: Callable[[Problem], tuple[Fact, ...] | str], value: Value, interval: Any, how: str
    ) -> Metric:
        return Metric(
            self.name,
            self.title,
            self.tasks,
            self.direction,
            needs,
            read_means,
            value,
            interval,
            docstring=self._docstring(how),
            parameters=(("expression", self.text),),
        )

    def _docstring(self, how: str) -> str:
        return f"A metric of your own. {how}\n\nFormula: {self.text}"

    def _needs(self, cubes: bool) -> Callable[[Problem], tuple[Fact, ...] | str]:
        values = tuple(self.values)
        names = dict.fromkeys(name for value in values for name in names_in(value))

        def needs(problem: Problem) -> tuple[Fact, ...] | str:
            absent = next((n for n in names if n not in problem.columns), None)
            if absent is not None:
                return f"{self.text} names {absent!r}, which is no column. {nearest(absent, theirs(problem))}"
            return (Moments(values, weight=problem.weight, cubes=cubes),)

        return needs

    def _visit(self, node: ast.expr) -> Value:
        """Turn arithmetic of aggregates into a function of their sums."""
        match node:
            case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
                return lambda m: float(number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                inner = self._visit(operand)
                return lambda m: -inner(m)
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._visit(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _combined(_ARITHMETIC[type(op)], self._visit(left), self._visit(right))
            case ast.Call(func=ast.Name(id=called), args=[operand], keywords=[]) if called in AGGREGATES:
                return self._aggregate(called, self._row(operand))
            case ast.Call(func=ast.Name(id=called), args=[operand], keywords=[]) if called in OF_AGGREGATES:
                inner, function = self._visit(operand), OF_AGGREGATES[called]
                return lambda m: function(inner(m))
            case ast.Call(func=ast.Name(id=called)) if _share(called) is not None:
                raise ConfigError(
                    f"{called}(…) is a quantile, which stands alone: it cannot be part of {self.text!r}."
                )
            case ast.Name(id=name):
                column = self.stand_ins.get(name, name)
                raise ConfigError(
                    f"{column!r} is a value per row beside aggregates: "
                    f"write mean({quote(column)}) or sum({quote(column)})."
                )
        raise ConfigError(f"{self._source(node)!r} in {self.text!r} cannot be combined with aggregates.")

    def _aggregate(self, called: str, value: str) -> Value:
        if value not in self.values:
            self.values.append(value)
        place = self.values.index(value) + 1
        if called == "sum":
            return lambda m: m.sums[place]
        return lambda m: m.sums[place] / m.sums[0]

    def _row(self, node: ast.expr) -> str:
        """The text of a row expression, once it is known to compile over the columns it names."""
        value = self._source(node)
        compile_expression(value, names_in(value))
        return value

    def _source(self, node: ast.expr) -> str:
        text = ast.unparse(node)
        for stand_in, column in self.stand_ins.items():
            text = text.replace(stand_in, quote(column))
        return text


_ARITHMETIC: dict[type[ast.operator], Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: np.true_divide(a, b),
    ast.Pow: lambda a, b: a**b,
}


def _combined(of: Callable[[Any, Any], Any], a: Value, b: Value) -> Value:
    return lambda m: of(a(m), b(m))


def _aggregates(call: ast.Call) -> bool:
    return isinstance(call.func, ast.Name) and (call.func.id in AGGREGATES or _share(call.func.id) is not None)


def _share(called: str) -> float | None:
    """The share that a quantile's name stands for: median, p5, p95, p99_9."""
    if called == "median":
        return 0.5
    match = _QUANTILE.fullmatch(called)
    share = float(match.group(1).replace("_", ".")) / 100.0 if match and called not in FUNCTIONS else 0.0
    return share or None
