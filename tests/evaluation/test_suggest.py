"""Rules that data suggest: readable, with a reason, and kept by more data of the same kind."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from steelyard import datasets
from steelyard.analyses.expectations import Expectation, facts, results
from steelyard.analyses.study import Study
from steelyard.data import Roles, peek, read
from steelyard.evaluation.plan import column_plans, types_of
from steelyard.evaluation.suggest import suggest
from steelyard.facts import measure
from steelyard.metrics import Problem
from steelyard.records import EmptyDataError, Verdict


def data(n: int, seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    begin = [dt.datetime(2025, 1, 1) + dt.timedelta(hours=int(h)) for h in rng.integers(0, 900, n)]
    return pl.DataFrame(
        {
            "id": [f"{seed}-{i:06}" for i in range(n)],
            "number": rng.integers(0, 10**9, n),
            "age": np.clip(rng.normal(45, 15, n), 18, 99).astype(int),
            "income": np.exp(rng.normal(8, 0.5, n)),
            "change": rng.normal(0, 10, n),
            "share": rng.beta(2, 5, n),
            "plan": pl.Series(rng.choice(["free", "pro", "team"], n)).set(pl.Series(rng.random(n) < 0.02), None),
            "flag": rng.random(n) < 0.3,
            "mail": [f"user{i}@example.org" for i in rng.integers(0, 10**7, n)],
            "code": [f"{a}{b}-{c:04}" for a, b, c in zip(*rng.integers(0, 9, (3, n)), strict=True)],
            "low_price": rng.uniform(0, 50, n),
            "high_price": rng.uniform(0, 50, n),
            "begin": begin,
            "end": [b + dt.timedelta(hours=int(h)) for b, h in zip(begin, rng.integers(0, 99, n), strict=True)],
            "period": ["2025"] * n,
        }
    ).with_columns(high_price=pl.col("low_price") + pl.col("high_price"))


SUGGESTED = suggest(data(4_000, 1))


def rule(column: str, name: str) -> Expectation | None:
    return next((e for e in SUGGESTED if (e.column, e.rule) == (column, name)), None)


def test_every_rule_has_its_reason():
    assert all(e.reason for e in SUGGESTED)
    assert len({(e.column, e.rule, e.other) for e in SUGGESTED}) == len(SUGGESTED)


@pytest.mark.parametrize(
    ("column", "name"),
    [
        ("id", "unique"),
        ("age", "range"),
        ("plan", "values"),
        ("flag", "values"),
        ("mail", "format"),
        ("code", "format"),
        ("begin", "at_most"),
        ("low_price", "at_most"),
        ("age", "type"),
        ("begin", "not_missing"),
        ("plan", "not_missing"),
    ],
)
def test_what_is_suggested(column: str, name: str) -> None:
    assert rule(column, name) is not None


@pytest.mark.parametrize(("column", "name"), [("id", "values"), ("mail", "values"), ("income", "at_most")])
def test_what_is_not(column: str, name: str) -> None:
    assert rule(column, name) is None


def test_ranges_have_a_margin_learnt_from_the_tails():
    frame = data(4_000, 1)
    income, change, age, share = (rule(c, "range") for c in ("income", "change", "age", "share"))
    assert income is not None and change is not None and age is not None and share is not None  # noqa: PT018
    assert income.min is not None and income.min >= 0  # noqa: PT018
    highest = float(frame["income"].max() or 0)  # type: ignore[arg-type]
    assert highest < (income.max or 0) < 5 * highest
    assert (change.min or 0) < float(frame["change"].min() or 0)  # type: ignore[arg-type]
    assert age.min is not None and 0 <= age.min <= 18  # noqa: PT018
    assert (share.min, share.max) == (0, 1)


def test_formats_are_regular_expressions():
    code, mail = rule("code", "format"), rule("mail", "format")
    assert code is not None
    assert code.pattern == r"\d{2}\-\d{4}"
    assert mail is not None
    assert "mail addresses" in mail.reason


def broken(frame: pl.DataFrame, rules: list[Expectation]) -> list[str]:
    table = read(frame)
    seen = peek(table)
    study = Study(
        Problem(task="regression"),
        Roles(),
        (),
        columns=tuple(column_plans({"current": table}, seen, Roles())),
        types={"current": types_of(table)},
        looks={"current": seen},
        profiles={"current": measure(table, list(dict.fromkeys(facts(rules, table.kinds))))},
    )
    return [r.metric for r in results(study, rules) if r.verdict is Verdict.FAIL]


@pytest.mark.parametrize("seed", range(2, 12))
def test_more_data_of_the_same_kind_keep_the_rules(seed: int) -> None:
    assert broken(data(4_000, seed), SUGGESTED) == []


def test_real_data_keep_their_rules():
    everyone = pl.read_parquet(datasets.path("acs_employment/reference.parquet")).drop("id")
    sample = everyone.sample(fraction=1.0, shuffle=True, seed=0)
    assert broken(sample.tail(30_000), suggest(sample.head(30_000))) == []


def test_faults_break_them():
    frame = data(4_000, 3).with_columns(
        pl.col("income") * 1_000, pl.lit("gold").alias("plan"), pl.lit("?").alias("mail"), pl.lit("x").alias("id")
    )
    assert set(broken(frame, SUGGESTED)) >= {"income: range", "plan: values", "mail: format", "id: unique"}


def test_little_or_no_data():
    with pytest.raises(EmptyDataError, match="no rows"):
        suggest(data(3, 1).head(0))
    assert {e.rule for e in suggest(data(3, 1))} <= {"type", "not_missing"}
    assert suggest(pl.DataFrame({"a": [None] * 50, "nested": [[1]] * 50}))
