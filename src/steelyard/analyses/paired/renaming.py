"""Facts under other names: the row columns of several models stand side by side in one table."""

from __future__ import annotations

import ast
from collections.abc import Mapping
from functools import lru_cache

import msgspec

from steelyard.facts import Cells, Count, Fact, Histogram, Key, Moments, RowHash, Values, quote
from steelyard.facts.expression import parse

Names = Mapping[str, str]


def renamed(fact: Fact, names: Names) -> Fact:
    """The same fact of columns that are called otherwise; names that are not mapped stay."""
    weight = None if fact.weight is None else names.get(fact.weight, fact.weight)
    by = tuple(_key(key, names) for key in fact.by)
    values = tuple(renamed_value(value, names) for value in fact.values)
    match fact:
        case Cells():
            cells = tuple(_key(key, names) for key in fact.cells)
            return msgspec.structs.replace(fact, cells=cells, by=by, values=values, weight=weight)
        case Moments():
            return msgspec.structs.replace(fact, values=values, by=by, weight=weight)
        case Histogram():
            column = names.get(fact.column, fact.column)
            return msgspec.structs.replace(fact, column=column, by=by, weight=weight)
        case Values():
            return msgspec.structs.replace(fact, column=names.get(fact.column, fact.column), by=by)
        case Count():
            return msgspec.structs.replace(fact, by=by, weight=weight)
        case _:
            return msgspec.structs.replace(fact, columns=tuple(names.get(c, c) for c in fact.columns))


def renamed_value(text: str, names: Names) -> str:
    """An expression over columns that are called otherwise."""
    return _rewritten(text, tuple(sorted(names.items())))


@lru_cache(maxsize=4096)
def _rewritten(text: str, names: tuple[tuple[str, str], ...]) -> str:
    other = dict(names)
    quoted, tree = parse(text)
    called = {id(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and id(node) not in called:
            column = quoted.get(node.id, node.id)
            node.id = quote(other.get(column, column))
    return ast.unparse(tree)


def _key(key: Key, names: Names) -> Key:
    if isinstance(key, RowHash):
        return msgspec.structs.replace(key, columns=tuple(names.get(c, c) for c in key.columns))
    return msgspec.structs.replace(key, column=names.get(key.column, key.column))
