"""A small, safe expression language over columns, the same on every engine.

`25 * fp + 300 * fn`, `log(1 - score)`, `where(age >= 65, cost, 0)`, `` `odd name` * 2 ``, `sex == 'F'`.
What is undefined in arithmetic (log of 0, division by 0, root of a negative) is missing, on every engine, and
so is what is made of something missing. A condition that is missing is not met: `where` gives its third argument.
"""

from __future__ import annotations

import ast
import keyword
import math
import re
import unicodedata
from collections.abc import Callable, Collection, Mapping
from functools import lru_cache, reduce
from typing import Any, NamedTuple

import narwhals.stable.v2 as nw

from steelyard.data.table import Kind
from steelyard.records import ColumnError, ConfigError, nearest

Expr = nw.Expr
_STRING_OR_BACKQUOTED = re.compile(r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|`((?:[^`]|``)*)`""", re.DOTALL)
_STAND_IN = re.compile(r"\bsy_quoted_\d+_\b")


def compile_expression(text: str, columns: Collection[str]) -> Expr:
    """Turn an expression over `columns` into a Narwhals expression of type Float64, undefined as missing.

    Where `columns` maps names to `Kind`, arithmetic with text or times is refused.

    Raises:
        ConfigError: the text is not an expression of this language.
        ColumnError: it names a column that is not there, or one it cannot calculate with.
    """
    return _Compiler(text, columns).compile().fill_nan(None)


def finite_steps(text: str, columns: Collection[str], name: str) -> list[Expr]:
    """Turn an expression into steps for `with_columns`, one after the other; the last makes the column `name`.

    Infinite is missing too. Operands that an engine would write out several times become columns of their own,
    or nested SQL grows exponentially.
    """
    compiler = _Compiler(text, columns, bind=name)
    value = compiler.bound(compiler.compile())
    return [*compiler.steps, finite(value).alias(name)]


def finite(value: Expr) -> Expr:
    """Turn NaN and ±∞ into missing."""
    return nw.when(value.is_finite()).then(value).otherwise(_MISSING)


@lru_cache(maxsize=1024)
def names_in(text: str) -> tuple[str, ...]:
    """Return the column names an expression mentions, each once, in order."""
    quoted, tree = parse(text)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name) and id(node) not in called]
    names.sort(key=lambda node: (node.lineno, node.col_offset))
    return tuple(dict.fromkeys(quoted.get(node.id, node.id) for node in names))


def quote(column: str) -> str:
    """Write a column's name so that an expression can hold it."""
    plain = column.isidentifier() and column.isascii() and not keyword.iskeyword(column)
    return column if plain else "`" + column.replace("`", "``") + "`"


def parse(text: str) -> tuple[dict[str, str], ast.expr]:
    """Return the column each stand-in for a backquoted name means, and the syntax tree.

    Raises:
        ConfigError: the text is not an expression.
    """
    quoted: dict[str, str] = {}

    def stand_in(match: re.Match[str]) -> str:
        if match.group(1) is None:
            return match.group(0)
        name = f"sy_quoted_{len(quoted)}_"
        quoted[name] = match.group(1).replace("``", "`")
        return name

    try:
        return quoted, ast.parse(_STRING_OR_BACKQUOTED.sub(stand_in, text.strip()), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        deep = isinstance(error, (RecursionError, MemoryError))
        reason = "it is nested too deeply" if deep else getattr(error, "msg", error)
        shown = text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
        raise ConfigError(
            f"{shown!r} is not an expression: {reason}. Write columns by name (odd names in `backquotes`), "
            f"numbers, + - * / ** , comparisons, and/or/not, and the functions {', '.join(sorted(FUNCTIONS))}."
        ) from error


class _Typed(NamedTuple):
    """An expression, what it gives (None where a column's kind is not known), and where it stood."""

    expr: Expr
    kind: Kind | None = Kind.NUMBER
    constant: float | None = None
    node: ast.expr | None = None

    @property
    def is_leaf(self) -> bool:
        return isinstance(self.node, (ast.Name, ast.Constant))


_SHOWN = 200
_MISSING = nw.lit(None, dtype=nw.Float64())
_WHOLE_FROM = 2.0**52
_ANYTHING_ELSE = {Kind.TEXT: "is text", Kind.TIME: "is a time", Kind.OTHER: "is neither number nor text"}


def _guarded(condition: Expr, then: Expr) -> Expr:
    return nw.when(condition).then(then).otherwise(_MISSING)


def _where(condition: Expr, then: Expr, otherwise: Expr) -> Expr:
    return nw.when(condition).then(then).otherwise(otherwise)


def _divide(a: Expr, b: Expr) -> Expr:
    return _guarded(b != 0, a / b)


def _log(x: Expr) -> Expr:
    return _guarded(x > 0, x.log())


def _sqrt(x: Expr) -> Expr:
    return _guarded(x >= 0, x.sqrt())


def _floor(x: Expr) -> Expr:
    # Spark's floor is a 64-bit integer that overflows; from 2^52 on every number is whole anyway.
    return _where(x.abs() < _WHOLE_FROM, x.floor().cast(nw.Float64()), x)


def _clip(x: Expr, low: Expr, high: Expr) -> Expr:
    return _guarded(low <= high, _where(x < low, low, _where(x > high, high, x)))


def _least(a: Expr, b: Expr) -> Expr:
    return _where(a < b, a, _guarded(b <= a, b))


def _greatest(a: Expr, b: Expr) -> Expr:
    return _where(a > b, a, _guarded(b >= a, b))


def _power(a: Expr, b: Expr) -> Expr:
    whole = _floor(b) == b
    return _guarded((a > 0) | ((a < 0) & whole) | ((a == 0) & (b >= 0)), a**b)


def _constant_power(a: Expr, exponent: float) -> Expr:
    if exponent.is_integer() and exponent >= 0:
        return a**exponent
    if exponent.is_integer():
        return _guarded(a != 0, a**exponent)
    return _guarded(a >= 0 if exponent > 0 else a > 0, a**exponent)


FUNCTIONS: dict[str, tuple[int, Callable[..., Expr]]] = {
    "abs": (1, lambda x: x.abs()),
    "sqrt": (1, _sqrt),
    "log": (1, _log),
    "exp": (1, lambda x: x.exp()),
    "floor": (1, _floor),
    "clip": (3, _clip),
    "min": (-1, lambda *x: reduce(_least, x)),
    "max": (-1, lambda *x: reduce(_greatest, x)),
    "where": (3, _where),
    "is_missing": (1, lambda x: x.is_null()),
}
"""Name to (number of arguments, what it does); −1 is one or more."""
_ARITHMETIC: dict[type[ast.operator], Callable[[Expr, Expr], Expr]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: _divide,
    ast.Pow: _power,
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
    def __init__(self, text: str, columns: Collection[str], bind: str | None = None) -> None:
        self.text = text
        self.columns = columns
        self.bind = bind
        self.steps: list[Expr] = []
        self.quoted, self.tree = parse(text)

    def compile(self) -> Expr:
        try:
            return self._number(self._visit(self.tree))
        except RecursionError as error:
            raise ConfigError(f"{self.text[:60]!r}… is nested too deeply for an expression.") from error

    def bound(self, expr: Expr) -> Expr:
        """Name an operand that is used more than once, where steps are wanted."""
        if self.bind is None:
            return expr
        name = f"{self.bind}:{len(self.steps)}"
        self.steps.append(expr.alias(name))
        return nw.col(name)

    def _visit(self, node: ast.expr) -> _Typed:
        return self._typed(node)._replace(node=node)

    def _typed(self, node: ast.expr) -> _Typed:
        match node:
            case ast.Constant(value=bool(flag)):
                return _Typed(nw.lit(flag), Kind.BOOLEAN)
            case ast.Constant(value=int() | float() as number):
                return self._literal(number)
            case ast.Constant(value=str(word)):
                return _Typed(nw.lit(word), Kind.TEXT)
            case ast.Name(id=name):
                return self._column(name)
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as number)):
                return self._literal(-number)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return _Typed(0.0 - self._number(self._visit(operand)))
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return _Typed(self._number(self._visit(operand)))
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return _Typed(~self._truth(self._visit(operand)), Kind.BOOLEAN)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return self._arithmetic(self._visit(left), op, self._visit(right))
            case ast.BoolOp(op=op, values=values):
                parts = [self._truth(self._visit(v)) for v in values]
                joined = reduce(lambda a, b: a & b if isinstance(op, ast.And) else a | b, parts)
                return _Typed(joined, Kind.BOOLEAN)
            case ast.Compare(left=left, ops=ops, comparators=rights) if all(type(o) in _COMPARISONS for o in ops):
                sides = [self._visit(side) for side in (left, *rights)]
                tests = [self._compare(a, o, b) for o, a, b in zip(ops, sides[:-1], sides[1:], strict=True)]
                return _Typed(reduce(lambda a, b: a & b, tests), Kind.BOOLEAN)
            case ast.Call(func=ast.Name(id=name), args=args, keywords=[]):
                return self._call(name, args)
        raise ConfigError(f"{self._shown(node)!r} in {self.text!r} is not allowed in an expression.")

    def _literal(self, number: float) -> _Typed:
        try:
            value = float(number)
        except OverflowError:
            value = math.inf
        if not math.isfinite(value):
            raise ConfigError(f"A number in {self.text!r} is too large for 64-bit floating point.")
        return _Typed(nw.lit(value), Kind.NUMBER, value)

    def _arithmetic(self, left: _Typed, op: ast.operator, right: _Typed) -> _Typed:
        if isinstance(op, ast.Pow) and right.constant is not None:
            return _Typed(_constant_power(self._operand(left), right.constant))
        read = self._operand if isinstance(op, (ast.Div, ast.Pow)) else self._number
        return _Typed(_ARITHMETIC[type(op)](read(left), read(right)))

    def _compare(self, a: _Typed, op: ast.cmpop, b: _Typed) -> Expr:
        test = _COMPARISONS[type(op)]
        kinds = {a.kind, b.kind} - {None}
        if Kind.TEXT in kinds and len(kinds) > 1:
            raise ColumnError(
                f"{self.text!r} compares text with a {(kinds - {Kind.TEXT}).pop()}. "
                "Write text in quotes and numbers without."
            )
        if Kind.NUMBER in kinds or len(kinds) > 1:
            return test(self._operand(a), self._operand(b))
        return test(a.expr, b.expr)

    def _call(self, name: str, args: list[ast.expr]) -> _Typed:
        if name not in FUNCTIONS:
            raise ConfigError(f"{name!r} in {self.text!r} is not a function here. {nearest(name, FUNCTIONS)}")
        arity, function = FUNCTIONS[name]
        if (arity >= 0 and len(args) != arity) or not args:
            wanted = "at least one argument" if arity < 0 else f"{arity} argument{'s' * (arity != 1)}"
            raise ConfigError(f"{name} in {self.text!r} takes {wanted}, not {len(args)}.")
        given = [self._visit(a) for a in args]
        if name == "is_missing":
            value = given[0].expr if given[0].is_leaf else self._operand(given[0])
            return _Typed(function(value), Kind.BOOLEAN)
        if name == "where":
            return _Typed(function(self._truth(given[0]), *(self._number(a) for a in given[1:])))
        return _Typed(function(*(self._operand(a) for a in given)))

    def _number(self, value: _Typed) -> Expr:
        if value.kind in _ANYTHING_ELSE and value.node is not None:
            raise ColumnError(
                f"{self._shown(value.node)!r} in {self.text!r} {_ANYTHING_ELSE[value.kind]}; a number is needed "
                "there. Text can be compared, e.g. sex == 'F'."
            )
        return value.expr if value.constant is not None else value.expr.cast(nw.Float64())

    def _operand(self, value: _Typed) -> Expr:
        """A number without NaN, which engines compare differently; a column of its own where steps are wanted."""
        number = self._number(value)
        return number if value.is_leaf or value.constant is not None else self.bound(number.fill_nan(None))

    def _truth(self, value: _Typed) -> Expr:
        return value.expr if value.kind is Kind.BOOLEAN else self._operand(value) != 0

    def _column(self, name: str) -> _Typed:
        column = self.quoted.get(name, name)
        if column not in self.columns:
            # Python reads identifiers in normal form; the column may be spelt otherwise.
            spelt = [c for c in self.columns if unicodedata.normalize("NFKC", c) == column]
            if len(spelt) != 1:
                raise ColumnError(f"No column {column!r}, named in {self.text!r}. {nearest(column, self.columns)}")
            column = spelt[0]
        kind: Any = self.columns[column] if isinstance(self.columns, Mapping) else None
        return _Typed(nw.col(column), kind if isinstance(kind, Kind) else None)

    def _shown(self, node: ast.expr) -> str:
        return _STAND_IN.sub(lambda m: quote(self.quoted.get(m.group(), m.group())), ast.unparse(node))
