"""The expression language: what it computes, on every engine, and what it refuses."""

import math

import numpy as np
import polars as pl
import pytest

from steelyard.data.table import Kind
from steelyard.facts import Moments, compile_expression, names_in, quote
from steelyard.facts.expression import FUNCTIONS
from steelyard.facts.query import run_query
from steelyard.records import ColumnError, ConfigError

COLUMNS = {"x": Kind.NUMBER, "n": Kind.NUMBER, "sex": Kind.TEXT, "flag": Kind.BOOLEAN, "when": Kind.TIME}


@pytest.fixture(scope="module")
def rows():
    return pl.DataFrame(
        {
            "x": pl.Series([-8.0, -1.0, 0.0, 0.25, 1.0, 3.0, None, 1e300], dtype=pl.Float64),
            "n": pl.Series([2, 0, -1, 3, None, 1, 2, 2], dtype=pl.Int64),
            "sex": pl.Series(["F", "M", None, "F", "M", "F", "M", "F"]),
            "flag": pl.Series([True, False, None, True, False, True, False, True]),
        }
    )


X = [-8.0, -1.0, 0.0, 0.25, 1.0, 3.0, None, 1e300]
N = [2, 0, -1, 3, None, 1, 2, 2]


def each(function, *columns):
    def value(*row):
        if any(v is None for v in row):
            return None
        try:
            found = function(*row)
        except (ZeroDivisionError, ValueError, OverflowError):
            return None
        return found if isinstance(found, (int, float)) and math.isfinite(found) else None

    return [value(*row) for row in zip(*columns, strict=True)]


WORKED = {
    "x": each(lambda x: x, X),
    "1 + x * 2": each(lambda x: 1 + x * 2, X),
    "(1 + x) * 2": each(lambda x: (1 + x) * 2, X),
    "x - n - 1": each(lambda x, n: x - n - 1, X, N),
    "-x ** 2": each(lambda x: -(x**2), X),
    "2 ** n": each(lambda n: 2.0**n, N),
    "x ** 2": each(lambda x: x**2, X),
    "x ** 0.5": each(lambda x: x**0.5 if x >= 0 else None, X),
    "x ** -1": each(lambda x: x**-1, X),
    "x ** n": each(lambda x, n: float(x) ** n, X, N),
    "x / n": each(lambda x, n: x / n, X, N),
    "x / 0": [None] * 8,
    "0 / x": each(lambda x: 0 / x, X),
    "1 / (x - x)": [None] * 8,
    "abs(x)": each(abs, X),
    "sqrt(x)": each(math.sqrt, X),
    "log(x)": each(math.log, X),
    "log(log(abs(x) + 1))": each(lambda x: math.log(math.log(abs(x) + 1)), X),
    "exp(n)": each(math.exp, N),
    "exp(x)": each(math.exp, X),
    "floor(x / 3)": each(lambda x: float(math.floor(x / 3)), X),
    "clip(x, -1, n)": each(lambda x, n: -1 if x < -1 else n if x > n else x, X, N),
    "min(x, n)": each(min, X, N),
    "max(x, n, 0)": each(lambda x, n: max(x, n, 0), X, N),
    "max(x)": each(lambda x: x, X),
    "where(x > 0, 1, 2)": [2, 2, 2, 1, 1, 1, 2, 1],
    "where(sex == 'F', n, 0)": [2, 0, 0, 3, 0, 1, 0, 2],
    "where(flag, 1, 0)": [1, 0, 0, 1, 0, 1, 0, 1],
    "where(n, 1, 0)": [1, 0, 1, 1, 0, 1, 1, 1],
    "is_missing(x)": [0, 0, 0, 0, 0, 0, 1, 0],
    "is_missing(sex)": [0, 0, 1, 0, 0, 0, 0, 0],
    "is_missing(1 / x)": [0, 0, 1, 0, 0, 0, 1, 0],
    "is_missing(x) or x > 1": [0, 0, 0, 0, 0, 1, 1, 1],
    "0 < x <= 1": each(lambda x: float(0 < x <= 1), X),
    "x > 0 and n > 1": [0, 0, 0, 1, None, 0, None, 1],
    "x > 0 or n > 1": [1, 0, 0, 1, 1, 1, 1, 1],
    "not x > 0": each(lambda x: float(not x > 0), X),
    "sex != 'F'": [0, 1, None, 0, 1, 0, 1, 0],
    "flag == True": [1, 0, None, 1, 0, 1, 0, 1],
    "flag * 2": [2, 0, None, 2, 0, 2, 0, 2],
    "flag == 1": [1, 0, None, 1, 0, 1, 0, 1],
    "flag and not sex == 'M'": [1, 0, None, 1, 0, 1, 0, 1],
    "(x > 0) + (n > 0)": [1, 0, 0, 2, None, 2, None, 2],
    "`x` * `n`": each(lambda x, n: x * n, X, N),
    "x * 1e300 * 1e300 - x * 1e300 * 1e300 < 5": [None, None, 1, None, None, None, None, None],
    "3": [3] * 8,
    "25 * (x > 0) + 300 * (1 - (x > 0))": [300, 300, 300, 25, 25, 25, None, 25],
}


def test_the_cases_call_every_function():
    assert {name for name in FUNCTIONS if any(f"{name}(" in text for text in WORKED)} == set(FUNCTIONS)


@pytest.mark.parametrize("text", WORKED)
def test_values(rows, text):
    kinds = {name: COLUMNS[name] for name in rows.columns}
    found = rows.lazy().collect()
    column = nw_select(found, text, kinds)
    expected = [np.nan if v is None else float(v) for v in WORKED[text]]
    np.testing.assert_allclose(column, expected, rtol=1e-12)


def nw_select(frame, text, columns):
    import narwhals.stable.v2 as nw

    value = nw.from_native(frame).with_columns(sy_value=compile_expression(text, columns)).to_native()["sy_value"]
    return [np.nan if v is None or math.isinf(v) else v for v in value.to_list()]


@pytest.mark.parametrize("typed", [True, False])
def test_sums_are_the_same_on_every_engine(on_engine, rows, typed):
    table = on_engine(rows)
    facts = {text: Moments((text,), extremes=True) for text in WORKED}
    columns = table.kinds if typed else table.columns
    found = run_query(table.frame, columns, facts.values())
    for text, fact in facts.items():
        known = np.array([v for v in WORKED[text] if v is not None], dtype=float)
        cells = found[fact]
        assert cells.rows == len(known), text
        if len(known):
            sums = cells.sums[0, 1], cells.lows[0, 0], cells.highs[0, 0]
            np.testing.assert_allclose(sums[1:], (known.min(), known.max()), rtol=1e-12, err_msg=text)


def test_odd_names():
    names = ["a b", "é", "class", "min", "1st", "a`b", "x.y", "", "😀", "it's", 'say "hi"', "A\nB"]
    frame = pl.DataFrame({name: [float(i)] for i, name in enumerate(names)})
    text = " + ".join(f"{10.0**i!r} * {quote(name)}" for i, name in enumerate(names))
    assert nw_select(frame, text, names) == pytest.approx([sum(i * 10.0**i for i in range(len(names)))])
    assert names_in(text) == tuple(names)


def test_a_name_in_another_normal_form_is_found():
    decomposed = "e\u0301"
    assert nw_select(pl.DataFrame({decomposed: [2.0]}), "\u00e9 * 2", [decomposed]) == [4.0]


def test_text_may_hold_backquotes():
    frame = pl.DataFrame({"code": ["a`b", "c`d"]})
    assert nw_select(frame, "code == 'a`b'", ["code"]) == [1.0, 0.0]


def test_names_are_told_once_in_order_and_functions_are_none():
    assert names_in("where(b > a, log(`odd name`), b) + min") == ("b", "a", "odd name", "min")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "not an expression"),
        ("x +", "not an expression"),
        ("x; n", "not an expression"),
        ("x\0", "not an expression"),
        ("(" * 500 + "x" + ")" * 500, "not an expression"),
        ("1 + " * 5_000 + "1", "nested too deeply"),
        ("__import__('os')", "not a function"),
        ("x.real", "not allowed"),
        ("x[0]", "not allowed"),
        ("[x]", "not allowed"),
        ("lambda: 1", "not allowed"),
        ("f'{x}'", "not allowed"),
        ("x if n else 0", "not allowed"),
        ("x @ n", "not allowed"),
        ("x // n", "not allowed"),
        ("x in (1, 2)", "not allowed"),
        ("~x", "not allowed"),
        ("None", "not allowed"),
        ("1j", "not allowed"),
        ("log(x=1)", "not allowed"),
        ("(log)(x)(n)", "not allowed"),
        ("lgo(x)", "'log'"),
        ("log()", "1 argument, not 0"),
        ("clip(x, 1)", "3 arguments, not 2"),
        ("max()", "at least one argument"),
        ("1e999", "too large"),
        ("1" + "0" * 400, "too large"),
    ],
)
def test_what_is_not_in_the_language(text, words):
    with pytest.raises(ConfigError, match=words):
        compile_expression(text, COLUMNS)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("y + 1", "No column 'y'"),
        ("Sex == 'F'", "'sex'"),
        ("`no such` + 1", "No column 'no such'"),
        ("log(sex)", "'sex'.* is text"),
        ("sex + 1", "'sex'.* is text"),
        ("'F' * 2", "is text"),
        ("when - 1", "'when'.* is a time"),
        ("sex == 1", "compares text with a number"),
        ("flag == 'yes'", "compares text with a boolean"),
        ("sex", "is text"),
    ],
)
def test_columns_it_cannot_calculate_with(text, words):
    with pytest.raises(ColumnError, match=words):
        compile_expression(text, COLUMNS)
