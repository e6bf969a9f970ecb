"""Rules for columns: read, written, and held against data."""

from __future__ import annotations

import datetime as dt
import tomllib
from dataclasses import replace
from typing import Any

import polars as pl
import pytest

from steelyard.analyses.expectations import Expectation, facts, parse_expectations, results, to_toml
from steelyard.analyses.study import Study
from steelyard.data import Roles, peek, read
from steelyard.evaluation.plan import column_plans, types_of
from steelyard.facts import measure
from steelyard.metrics import Problem
from steelyard.records import CheckResult, ConfigError, Estimate, Undefined, Verdict

FRAME = pl.DataFrame(
    {
        "age": [20, 30, 40, None, 130] * 20,
        "share": [0.1, 0.2, float("inf"), 0.4, 0.5] * 20,
        "sex": ["F", "M", "F", "M", None] * 20,
        "flag": [True, False, True, None, True] * 20,
        "id": [f"A-{i:04}" for i in range(99)] + ["b"],
        "begin": [dt.datetime(2025, 1, 1 + i % 5) for i in range(100)],
        "end": [dt.datetime(2025, 1, 3) for _ in range(100)],
        "a.b `odd`": range(100),
    }
)


def study(frame: pl.DataFrame, rules: tuple[Expectation, ...], rows: int = 50_000) -> Study:
    table = read(frame)
    seen = peek(table, rows)
    plans = column_plans({"current": table}, seen, Roles())
    profile = measure(table, list(dict.fromkeys(facts(rules, table.kinds))))
    return Study(
        Problem(task="regression"),
        Roles(),
        (),
        columns=tuple(plans),
        types={"current": types_of(table)},
        looks={"current": seen},
        profiles={"current": profile},
    )


def held(rule: Expectation, frame: pl.DataFrame = FRAME, rows: int = 50_000) -> CheckResult:
    (found,) = results(study(frame, (rule,), rows), [rule])
    return found


@pytest.mark.parametrize(
    ("rule", "broken"),
    [
        (Expectation("age", "not_missing"), 20),
        (Expectation("age", "not_missing", most=0.5), 20),
        (Expectation("sex", "not_missing"), 20),
        (Expectation("begin", "not_missing"), 0),
        (Expectation("age", "range", min=0, max=120), 20),
        (Expectation("age", "range", min=25), 20),
        (Expectation("share", "range", max=1), 20),
        (Expectation("a.b `odd`", "range", max=89), 10),
        (Expectation("sex", "values", values=("F",)), 40),
        (Expectation("sex", "values", values=("F", "M")), 0),
        (Expectation("age", "values", values=(20, 30.0, 40, 130)), 0),
        (Expectation("flag", "values", values=(True,)), 20),
        (Expectation("id", "unique"), 0),
        (Expectation("sex", "unique"), 97),
        (Expectation("id", "format", pattern=r"A-\d{4}"), 1),
        (Expectation("begin", "at_most", other="end"), 40),
        (Expectation("age", "at_most", other="a.b `odd`"), 38),
    ],
)
def test_rows_that_break_a_rule_are_counted(rule: Expectation, broken: int) -> None:
    found = held(rule)
    assert isinstance(found.outcome, Estimate), found
    assert found.outcome.n == 100
    assert found.outcome.value == pytest.approx(broken / 100), found.sentence
    if not rule.most:
        assert found.verdict is (Verdict.FAIL if broken else Verdict.PASS)
    assert found.metric == f"{rule.column}: {rule.rule}"
    assert rule.bound in found.sentence


def test_an_allowance_is_held_against_the_interval():
    verdicts = [held(Expectation("age", "not_missing", most=m)).verdict for m in (0.05, 0.2, 0.5)]
    assert verdicts == [Verdict.FAIL, Verdict.INCONCLUSIVE, Verdict.PASS]
    near = held(Expectation("age", "not_missing", most=0.25))
    assert near.rows_needed is not None
    assert near.rows_needed > 100


@pytest.mark.parametrize(
    ("column", "kind", "verdict"),
    [
        ("age", "number", Verdict.PASS),
        ("age", "text", Verdict.FAIL),
        ("sex", "text", Verdict.PASS),
        ("flag", "boolean", Verdict.PASS),
        ("begin", "time", Verdict.PASS),
    ],
)
def test_types(column: str, kind: str, verdict: Verdict) -> None:
    assert held(Expectation(column, "type", type=kind)).verdict is verdict


@pytest.mark.parametrize("rule", ["type", "not_missing", "range", "values", "unique", "format", "at_most"])
def test_a_column_that_is_not_there(rule: str) -> None:
    made = Expectation("gone", rule, min=0, values=("a",), type="text", pattern="x", other="age")
    found = held(made)
    assert found.verdict is Verdict.FAIL
    assert "no column 'gone'" in found.sentence


def test_a_rule_that_does_not_fit_the_type_cannot_be_told():
    for made in (Expectation("sex", "range", max=3), Expectation("age", "format", pattern="x")):
        found = held(made)
        assert found.verdict is Verdict.INCONCLUSIVE
        assert isinstance(found.outcome, Undefined)


def test_what_only_a_look_can_tell_is_settled_as_far_as_the_look_goes():
    frame = FRAME.with_columns(pl.lit(dt.datetime(2024, 1, 1)).alias("begin"))
    strict = held(Expectation("begin", "at_most", other="end"), frame, rows=90)
    assert strict.verdict is Verdict.INCONCLUSIVE
    assert "looked at" in strict.sentence
    assert held(Expectation("begin", "at_most", other="end", most=0.1), frame, rows=90).verdict is Verdict.PASS


def test_no_rows():
    for rule in (Expectation("age", "not_missing"), Expectation("age", "range", max=1)):
        assert held(rule, FRAME.head(0)).verdict is Verdict.INCONCLUSIVE


RULES = (
    Expectation("age", "range", min=0.0, max=0.1 + 0.2, most=0.001, reason='it is "so"\n\\ 100 % 🙂'),
    Expectation("sex", "values", values=("F", "M", 3, 2.5, True)),
    Expectation("mail", "format", pattern=r"[^@\s]+@[^@\s]+\.\w+"),
    Expectation("begin", "at_most", other="end"),
    Expectation("id", "unique", reason="\x7f"),
    Expectation("a", "type", type="time"),
    Expectation("b", "range", max=-1e300),
)


def test_written_and_read_back():
    body = to_toml(RULES, "Read me.\n\nTwice.")
    assert body.startswith("# Read me.\n#\n# Twice.\n")
    assert parse_expectations(tomllib.loads(body)["expect"]) == RULES


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"column": "a"}, "no rule None \\(of column 'a'\\)"),
        ({"rule": "range"}, "needs the column it is about"),
        ("age", "must be a table"),
        ({"column": "age", "rule": "rnge"}, "no rule 'rnge' \\(of column 'age'\\). Did you mean 'range'"),
        ({"column": "age", "rule": "range"}, "rule range of 'age' needs min or max"),
        ({"column": "age", "rule": "range", "minimum": 3}, "no key 'minimum'. Did you mean 'min'"),
        ({"column": "age", "rule": "unique", "min": 3}, "rule unique of 'age' does not use 'min'"),
        ({"column": "age", "rule": "range", "min": "3"}, "min of the rule range of 'age' must be a number, not '3'"),
        ({"column": "age", "rule": "range", "min": 3, "max": 1}, "can never hold: its min 3 is above its max 1"),
        ({"column": "age", "rule": "type", "type": "txt"}, "names the type 'txt'. Did you mean 'text'"),
        ({"column": "age", "rule": "values", "values": 3}, "must be a list of values, not 3"),
        ({"column": "age", "rule": "format", "pattern": "["}, "no regular expression: '\\['"),
        ({"column": "age", "rule": "not_missing", "most": 1.5}, "must be from 0 to below 1"),
    ],
)
def test_what_cannot_be_read_is_named(given: Any, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        parse_expectations([given])


def test_not_a_list():
    with pytest.raises(ConfigError, match="array of tables"):
        parse_expectations({"column": "a"})
    assert parse_expectations([]) == ()


def test_a_rule_says_itself_in_words():
    assert Expectation("a", "range", min=0, max=3).bound == "from 0 to 3"
    assert replace(RULES[1], most=0.01).bound == "one of F, M, 3, 2.5, True, but for 0.01 of the rows"
