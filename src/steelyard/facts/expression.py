"""A small, safe expression language over columns, the same on every engine.

`25 * fp + 300 * fn`, `log(1 - score)`, `where(age >= 65, cost, 0)`, `` `odd name` * 2 ``.
What is undefined in arithmetic (log of 0, division by 0, root of a negative) is missing, on every engine.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Collection
from functools import reduce

import narwhals.stable.v2 as nw

from steelyard.records import ColumnError, ConfigError, nearest

Expr = nw.Expr
_BACKQUOTED = re.compile(r"`([^`]+)`")


def compile_expression(text: str, columns: Collection[str]) -> Expr:
    """Turn an expression over `columns` into a Narwhals expression of type Float64.

    Raises:
        ConfigError: the text is not an expression of this language.
        ColumnError: it names a column that is not there.
    """
    return _number(_Compiler(text, columns).compile())


def names_in(text: str) -> tuple[str, ...]:
    """Return the column names an expression mentions, each once, in order."""
    quoted, tree = _parse(text)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    found = [
        quoted.get(node.id, node.id)
        for node in ast.walk(tree)
        if isinstance(node, ast.Name) and id(node) not in called
    ]
    return tuple(dict.fromkeys(found))


def quote(column: str) -> str:
    """Write a column's name so that an expression can hold it."""
    return column if column.isidentifier() and column.isascii() else f"`{column}`"


def _parse(text: str) -> tuple[dict[str, str], ast.expr]:
    quoted: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        name = f"quoted_{len(quoted)}_"
        quoted[name] = match.group(1)
        return name

    try:
        return quoted, ast.parse(_BACKQUOTED.sub(stand_in, text.strip()), mode="eval").body
    except SyntaxError as error:
        raise ConfigError(
            f"{text!r} is not an expression: {error.msg}. Write columns by name (odd names in `backquotes`), "
            f"numbers, + - * / ** , comparisons, and/or/not, and the functions {', '.join(sorted(FUNCTIONS))}."
        ) from error


class _Typed:
    """An expression that knows whether it is a truth value."""

    __slots__ = ("expr", "truth")

    def __init__(self, expr: Expr, truth: bool = False) -> None:
        self.expr = expr
        self.truth = truth


def _number(value: _Typed) -> Expr:
    return value.expr.cast(nw.Float64())


def _guarded(condition: Expr, then: Expr) -> Expr:
    return nw.when(condition).then(then).otherwise(nw.lit(None, dtype=nw.Float64()))


def _divide(a: Expr, b: Expr) -> Expr:
    return _guarded(b != 0, a / b)


def _log(x: Expr) -> Expr:
    return _guarded(x > 0, x.log())


def _sqrt(x: Expr) -> Expr:
    return _guarded(x >= 0, x.sqrt())


def _where(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    return nw.when(condition).then(then).otherwise(otherwise)


def _clip(x: Expr, low: Expr, high: Expr) -> Expr:
    return _where(x < low, low, _where(x > high, high, x))


FUNCTIONS: dict[str, tuple[int, Callable[..., Expr]]] = {
    "abs": (1, lambda x: x.abs()),
    "sqrt": (1, _sqrt),
    "log": (1, _log),
    "exp": (1, lambda x: x.exp()),
    "floor": (1, lambda x: x.floor()),
    "clip": (3, _clip),
    "min": (-1, lambda *x: reduce(lambda a, b: _where(a < b, a, b), x)),
    "max": (-1, lambda *x: reduce(lambda a, b: _where(a > b, a, b), x)),
    "where": (3, _where),
    "is_missing": (1, lambda x: x.is_null()),
}
_ARITHMETIC: dict[type[ast.operator], Callable[[Expr, Expr], Expr]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: _divide,
    ast.Pow: lambda a, b: a**b,
}
_COMPARISONS: dict[type[ast.cmpop], Callable[[Expr, Expr], Expr]] = {
    ast.Eq: lambda a, b: a == b,
    ast.NotEq: lambda a, b: a != b,
    ast.Lt: lambda a, b: a < b,
    ast.LtE: lambda a, b: a <= b,
    ast.Gt: lambda a, b: a > b,
    ast.GtE: lambda a, b: a >= b,
}


class _Compiler:
    def __init__(self, text: str, columns: Collection[str]) -> None:
        self.text = text
        self.columns = columns
        self.quoted, self.tree = _parse(text)

    def compile(self) -> _Typed:
        return self._visit(self.tree)

    def _visit(self, node: ast.expr) -> _Typed:
        match node:
            case ast.Constant(value=bool(flag)):
                return _Typed(nw.lit(flag), truth=True)
            case ast.Constant(value=int() | float() as number):
                return _Typed(nw.lit(float(number)))
            case ast.Constant(value=str(word)):
                return _Typed(nw.lit(word))
            case ast.Name(id=name):
                return _Typed(nw.col(self._column(name)))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _Typed(0.0 - _number(self._visit(operand)))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._visit(operand)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _Typed(~self._truth(operand), truth=True)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                a, b = _number(self._visit(left)), _number(self._visit(right))
                return _Typed(_ARITHMETIC[type(op)](a, b))
            case ast.BoolOp(op=op, values=values):
                parts = [self._truth(v) for v in values]
                joined = reduce(lambda a, b: a & b if isinstance(op, ast.And) else a | b, parts)
                return _Typed(joined, truth=True)
            case ast.Compare(left=left, ops=ops, comparators=rights) if all(type(o) in _COMPARISONS for o in ops):
                sides = [self._visit(left), *(self._visit(r) for r in rights)]
                tests = [
                    _COMPARISONS[type(o)](a.expr, b.expr)
                    for o, a, b in zip(ops, sides[:-1], sides[1:], strict=True)
                ]
                return _Typed(reduce(lambda a, b: a & b, tests), truth=True)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args)
        raise ConfigError(f"{ast.unparse(node)!r} in {self.text!r} is not allowed in an expression.")

    def _call(self, name: str, args: list[ast.expr]) -> _Typed:
        if name not in FUNCTIONS:
            raise ConfigError(f"{name!r} in {self.text!r} is not a function here. {nearest(name, FUNCTIONS)}")
        arity, function = FUNCTIONS[name]
        if arity >= 0 and len(args) != arity or not args:
            raise ConfigError(f"{name} in {self.text!r} takes {arity} argument(s), not {len(args)}.")
        if name == "is_missing":
            return _Typed(self._visit(args[0]).expr.is_null(), truth=True)
        if name == "where":
            return _Typed(_where(self._truth(args[0]), *(_number(self._visit(a)) for a in args[1:])))
        return _Typed(function(*(_number(self._visit(a)) for a in args)))

    def _truth(self, node: ast.expr) -> Expr:
        value = self._visit(node)
        return value.expr if value.truth else _number(value) != 0

    def _column(self, name: str) -> str:
        column = self.quoted.get(name, name)
        if column not in self.columns:
            raise ColumnError(f"No column {column!r}, named in {self.text!r}. {nearest(column, self.columns)}")
        return column


