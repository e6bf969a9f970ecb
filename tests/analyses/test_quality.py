"""Faults of the data, planted one at a time: each is found, named, counted and told once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from steelyard.analyses import diagnosis
from steelyard.analyses import quality as analysis
from steelyard.analyses.findings import quality
from steelyard.analyses.findings.quality_columns import changed_values
from steelyard.analyses.quality.population import parse_population, unrepresentative, wanted
from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.evaluation.plan import types_of
from steelyard.facts import measure
from steelyard.records import ConfigError, Finding, Severity

QUESTIONS = (
    changed_values,
    quality.written_values,
    quality.uninformative_columns,
    quality.repeated_rows,
    quality.leakage,
    quality.doubted,
)
ROLES = Roles(label="y", score="p", task="binary", slices=["site"], id="id", time="at")


@pytest.fixture(autouse=True)
def data_quality_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Other analyses have tests of their own, and take their time."""
    monkeypatch.setattr(diagnosis, "ANALYSES", (("quality", analysis),))


CITIES = {"Paris": "France", "Lyon": "France", "Rome": "Italy", "Milan": "Italy", "Berlin": "Germany"}
Change = Callable[[pl.DataFrame, np.random.Generator], pl.DataFrame]


def rows(n: int, seed: int, start: int = 0) -> pl.DataFrame:
    """Calibrated scores with columns of every kind, and nothing wrong."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-0.5, 1.5, n)
    city = rng.choice(list(CITIES), n, p=[0.4, 0.2, 0.2, 0.15, 0.05])
    begin = rng.integers(0, 300, n)
    return pl.DataFrame(
        {
            "id": [f"r{i}" for i in range(start, start + n)],
            "y": (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int),
            "p": 1 / (1 + np.exp(-logit)),
            "income": np.exp(rng.normal(8, 0.6, n)),
            "age": np.clip(rng.normal(45, 15, n), 18, 90).astype(int),
            "celsius": rng.normal(15, 8, n),
            "balance": rng.gamma(2, 100, n),
            "city": city,
            "country": [CITIES[c] for c in city],
            "smoker": rng.choice(["yes", "no"], n),
            "code": [f"{a}{b:03}" for a, b in zip(rng.choice(list("AB"), n), rng.integers(0, 40, n), strict=True)],
            "site": rng.choice(["north", "south"], n),
            "at": [dt.datetime(2025, 1, 1) + dt.timedelta(days=int(d)) for d in begin],
            "until": [
                dt.datetime(2025, 1, 1) + dt.timedelta(days=int(d + e))
                for d, e in zip(begin, rng.integers(0, 60, n), strict=True)
            ],
        }
    )


REFERENCE, CURRENT = rows(3_000, 1), rows(3_000, 2, 10_000)


def studied(current: pl.DataFrame, reference: pl.DataFrame | None = REFERENCE, roles: Roles = ROLES) -> Study:
    tables = {"current": read(current)} | ({} if reference is None else {"reference": read(reference)})
    sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
    complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
    types = {name: types_of(table) for name, table in tables.items()}
    return study_of(sources, Request(roles=complete, only=[], types=types))[0]


def told(current: pl.DataFrame, reference: pl.DataFrame | None = REFERENCE, roles: Roles = ROLES) -> list[Finding]:
    """All findings above information, the worst first."""
    study = studied(current, reference, roles)
    found = [finding for question in QUESTIONS for finding in question(study)]
    found = [f for f in found if f.severity is not Severity.INFO]
    return sorted(found, key=lambda f: (f.severity.rank, -f.impact, f.id))


def some(rng: np.random.Generator, n: int, share: float) -> pl.Series:
    return pl.Series(rng.random(n) < share)


def where(mask: pl.Series, value: object, column: str) -> pl.Expr:
    literal = value if isinstance(value, pl.Expr) else pl.lit(value)
    return pl.when(mask).then(literal).otherwise(pl.col(column)).alias(column)


def test_nothing_is_wrong():
    assert told(CURRENT) == []
    assert told(CURRENT, None) == []


ALL = {
    "unit": (lambda d, r: d.with_columns(pl.col("income") * 1000), "quality-unit:income", "Divide income by 1,000"),
    "fahrenheit": (lambda d, r: d.with_columns(pl.col("celsius") * 1.8 + 32), "quality-unit:celsius", "32"),
    "months": (lambda d, r: d.with_columns(pl.col("age") * 12), "quality-unit:age", "Divide age by 12"),
    "sign": (lambda d, r: d.with_columns(-pl.col("balance")), "quality-unit:balance", "by −1"),
    "log": (lambda d, r: d.with_columns(pl.col("income").log()), "quality-unit:income", "exp of income"),
    "standardised": (
        lambda d, r: d.with_columns((pl.col("balance") - REFERENCE["balance"].mean()) / REFERENCE["balance"].std()),
        "quality-unit:balance",
        "feed the raw values",
    ),
    "part of a unit": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.1), pl.col("income") * 1000, "income")),
        "quality-unit:income",
        "in the rows outside",
    ),
    "missing": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.2), None, "income")),
        "quality-missing-change:income",
        "stopped being delivered",
    ),
    "gone": (
        lambda d, r: d.with_columns(pl.lit(None, dtype=pl.Float64).alias("income")),
        "quality-missing-change:income",
        "income",
    ),
    "stand-in": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.05), 999, "age")),
        "quality-spike:age",
        "as missing",
    ),
    "clipped": (
        lambda d, r: d.with_columns(pl.col("balance").clip(upper_bound=250)),
        "quality-spike:balance",
        "Lift the limit of 250",
    ),
    "filled": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.2), REFERENCE["celsius"].mean(), "celsius")),
        "quality-spike:celsius",
        "stopped delivering",
    ),
    "zeros": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.1), 0.0, "income")),
        "quality-spike:income",
        "as missing",
    ),
    "out of range": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.03), pl.col("age") + 150, "age")),
        "quality-range:age",
        "largest and smallest age",
    ),
    "negative": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.03), -pl.Series(r.uniform(1, 9, d.height)), "income")),
        "quality-range:income",
        "below 0",
    ),
    "infinite": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.02), float("inf"), "income")),
        "quality-infinite:income",
        "division by zero",
    ),
    "rounded": (
        lambda d, r: d.with_columns((pl.col("age") / 10).round().cast(pl.Int64) * 10),
        "quality-precision:age",
        "rounded",
    ),
    "stale": (lambda d, r: d.with_columns(pl.lit(12.5).alias("celsius")), "quality-constant:celsius", "stopped"),
    "new value": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.05), "unpaid", "smoker")),
        "quality-new-values:smoker",
        "new value",
    ),
    "renamed value": (
        lambda d, r: d.with_columns(pl.col("site").replace("north", "N")),
        "quality-renamed-values:site",
        "“N” back to “north”",
    ),
    "case": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.3), pl.col("city").str.to_uppercase(), "city")),
        "quality-spelling:city",
        "5",
    ),
    "look-alikes": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.3), pl.col("city").str.replace("a", "а"), "city")),
        "quality-spelling:city",
        "one writing",
    ),
    "placeholder": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.05), "N/A", "site")),
        "quality-placeholder:site",
        "as missing",
    ),
    "slip": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.004), "Parsi", "city")),
        "quality-slips:city",
        "spellings",
    ),
    "truths": (
        lambda d, r: d.with_columns(
            where(some(r, d.height, 0.3), pl.col("smoker").replace({"yes": "Y", "no": "N"}), "smoker")
        ),
        "quality-truths:smoker",
        "one spelling",
    ),
    "column gone": (lambda d, r: d.drop("income"), "quality-column-removed:income", "Bring income back"),
    "column renamed": (lambda d, r: d.rename({"income": "Income_eur"}), "quality-column-renamed:income", "Rename"),
    "text": (
        lambda d, r: d.with_columns(pl.col("celsius").round(1).cast(pl.String).str.replace(".", ",", literal=True)),
        "quality-type:celsius",
        "Read celsius as Float64",
    ),
    "swapped": (
        lambda d, r: d.with_columns(pl.col("site").alias("smoker"), pl.col("smoker").alias("site")),
        "quality-swap:smoker+site",
        "Swap",
    ),
    "broken dependency": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.05), "Germany", "country")),
        "quality-dependency:city+country",
        "mapping from city to country",
    ),
    "broken order": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.05), pl.col("at").dt.offset_by("-400d"), "until")),
        "quality-order:at+until",
        "swapped or wrong",
    ),
    "dates": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.05), dt.datetime(1970, 1, 1), "until")),
        "quality-impossible-time:until:stand-in",
        "default",
    ),
    "future": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.05), dt.datetime(2150, 1, 1), "until")),
        "quality-impossible-time:until:future",
        "default",
    ),
    "joined twice": (
        lambda d, r: pl.concat([d, d.sample(fraction=0.2, seed=1)]),
        "quality-duplicate-rows",
        "3000 rows remain".replace("3000", "3,000"),
    ),
    "ids": (
        lambda d, r: d.with_columns(where(some(r, d.height, 0.2), "r10000", "id")),
        "quality-duplicate-ids:id",
        "join",
    ),
    "cases": (
        lambda d, r: pl.concat([d, d.head(600).with_columns((pl.lit("again") + pl.col("id")).alias("id"))]),
        "quality-repeated-cases",
        "one row",
    ),
    "leaked": (
        lambda d, r: pl.concat([d.head(2_500), REFERENCE.head(500)]),
        "quality-shared-groups:id",
        "split by id",
    ),
    "leaked without ids": (
        lambda d, r: pl.concat(
            [d.head(2_500), REFERENCE.head(500).with_columns((pl.lit("x") + pl.col("id")).alias("id"))]
        ),
        "quality-shared-rows",
        "2,500 rows remain",
    ),
    "target": (
        lambda d, r: d.with_columns((pl.col("y") * 10 + pl.Series(r.random(d.height))).alias("balance")),
        "quality-target-leak:balance",
        "take it out",
    ),
    "copy": (
        lambda d, r: d.with_columns((2 * pl.col("income")).alias("balance")),
        "quality-copy:balance",
        "from income",
    ),
}


@pytest.mark.parametrize("name", ALL)
def test_planted(name: str) -> None:
    change, wanted_id, advice = ALL[name]
    found = told(change(CURRENT, np.random.default_rng(5)))
    by_id = {f.id: f for f in found}
    assert wanted_id in by_id, [f.id for f in found]
    right = by_id[wanted_id]
    assert advice in str(right.recommendation), right.recommendation
    # Only what tells of the same fault stands beside it.
    assert len(found) <= 3, [f.id for f in found]
    assert right in found[:2], [f.id for f in found]


def test_severity_follows_the_rows():
    def missing(share: float) -> Severity:
        mask = some(np.random.default_rng(1), CURRENT.height, share)
        return next(f.severity for f in told(CURRENT.with_columns(where(mask, None, "income"))) if "missing" in f.id)

    assert [missing(s) for s in (0.5, 0.05)] == [Severity.HIGH, Severity.MEDIUM]


def test_columns_that_go_missing_together_are_one_finding():
    mask = some(np.random.default_rng(1), CURRENT.height, 0.2)
    found = told(CURRENT.with_columns(where(mask, None, c) for c in ("income", "celsius", "city")))
    assert [f.id for f in found if f.kind == "quality-missing-change"] == [
        "quality-missing-change:income+celsius+city"
    ]


def test_a_verified_repair():
    found = told(CURRENT.with_columns(pl.col("income") * 1000))[0]
    assert found.recommendation.verified
    assert "falls from 1.00" in found.recommendation.effect


def test_only_the_rows_that_break_a_dependency_are_counted():
    mask = some(np.random.default_rng(1), CURRENT.height, 0.05)
    found = told(CURRENT.with_columns(where(mask, "Germany", "country")))
    told_of = next(f for f in found if f.kind == "quality-dependency")
    assert told_of.estimate is not None
    assert told_of.estimate.value == pytest.approx((mask & (CURRENT["country"] != "Germany")).mean())


def test_drift_is_no_unit():
    moved = CURRENT.with_columns(pl.col("income") * 1.4, pl.col("celsius") + 5)
    assert not [f for f in told(moved) if f.kind == "quality-unit"]


def test_what_stands_without_a_reference():
    odd = CURRENT.with_columns(
        where(some(np.random.default_rng(1), CURRENT.height, 0.02), -999.0, "celsius"),
        pl.lit("same").alias("site"),
        where(pl.col("y") == 1, None, "balance"),  # type: ignore[arg-type]
    )
    found = {f.id: f for f in told(odd, None)}
    assert "quality-stand-in:celsius" in found
    assert found["quality-target-leak:balance"].severity is Severity.HIGH


def test_missing_where_and_why():
    half = some(np.random.default_rng(1), CURRENT.height, 0.5)
    frame = CURRENT.with_columns(
        where(half & (CURRENT["site"] == "north"), None, "income"), where(half & (CURRENT["y"] == 1), None, "celsius")
    )
    found = {f.id: f for f in told(frame, None)}
    assert "site = north" in found["quality-missing-where:income"].sentence
    assert "100.0 % (9" in found["quality-missing-tells:celsius"].sentence.replace("\u00a0", " ")


def test_numbers_in_text():
    frame = CURRENT.with_columns(pl.col("celsius").round(1).cast(pl.String).str.replace(".", ",", literal=True))
    found = {f.id: f for f in told(frame, None)}
    assert "decimal commas" in found["quality-text-numbers:celsius"].sentence


def test_wrong_labels():
    mask = some(np.random.default_rng(1), CURRENT.height, 0.2)
    found = {f.id: f for f in told(CURRENT.with_columns(where(mask, 1 - pl.col("y"), "y")), None)}
    assert found["quality-label-noise"].severity is Severity.MEDIUM


def test_clusters_are_no_news():
    """Values that come with one cluster are as good as one row."""
    roles = Roles(label="y", score="p", task="binary", cluster="user")
    users = pl.Series("user", np.arange(3_000) // 100)
    current = CURRENT.drop("id").with_columns(users, where(users == 7, "elsewhere", "site"))
    reference = REFERENCE.drop("id").with_columns(users + 1_000)
    assert not [f for f in told(current, reference, roles) if f.kind == "quality-new-values"]
    alone = told(current, reference, Roles(label="y", score="p", task="binary", features=["site"]))
    assert [f for f in alone if f.kind == "quality-new-values"]


@pytest.mark.parametrize(
    "frame",
    [
        CURRENT.head(1),
        CURRENT.head(3),
        CURRENT.with_columns(pl.lit(None, dtype=pl.String).alias("city"), pl.lit(1).alias("y")),
        CURRENT.rename({"city": "Städte 🏙 `x`", "income": "a.b"}),
        CURRENT.with_columns(pl.lit(float("nan")).alias("income"), pl.lit(None, dtype=pl.Datetime).alias("until")),
        CURRENT.with_columns(pl.lit("").alias("city"), pl.col("country").cast(pl.Categorical)),
    ],
)
@pytest.mark.parametrize("referenced", [True, False])
def test_odd_data(frame: pl.DataFrame, referenced: bool) -> None:
    study = studied(frame, frame if referenced else None)
    for question in QUESTIONS:
        for finding in question(study):
            assert finding.sentence
            assert finding.impact <= 1


@pytest.mark.parametrize(
    "roles",
    [
        Roles(label="income", prediction="balance", task="regression"),
        Roles(label="city", prediction="city", task="multiclass"),
        Roles(label="y", score="p", query="site", task="ranking"),
    ],
)
def test_other_tasks(roles: Roles) -> None:
    study = studied(CURRENT.with_columns(pl.col("celsius") * 1000), REFERENCE, roles)
    found = [f.id for question in QUESTIONS for f in question(study)]
    assert "quality-unit:celsius" in found


def test_no_false_alarms_quickly():
    everyone = pl.concat([REFERENCE, CURRENT])
    alarmed = 0
    for seed in range(20):
        shuffled = everyone.sample(fraction=1.0, shuffle=True, seed=seed)
        alarmed += bool(told(shuffled.head(3_000), shuffled.tail(3_000)))
    assert alarmed <= 2


class TestPopulation:
    SHARES = parse_population({"site": {"north": 0.3, "south": 0.7}, "smoker": {"yes": 0.5, "no": 0.5}})

    def of(self, study: Study) -> list[Finding]:
        table = read(CURRENT)
        profile = measure(table, list(wanted(self.SHARES, None)))
        known = dict(study.profiles["current"].tables) | dict(profile.tables)
        object.__setattr__(study.profiles["current"], "tables", known)
        assert list(unrepresentative(study, self.SHARES))
        return quality.representativeness(replace(study, population=self.SHARES))

    def test_the_group_that_is_too_few_is_told(self):
        (found,) = self.of(studied(CURRENT, None))
        assert found.id == "quality-unrepresentative:site"
        assert found.severity is Severity.HIGH or found.severity is Severity.MEDIUM
        assert "south" in found.sentence
        assert found.estimate is not None
        assert found.estimate.low <= 0.2 <= found.estimate.high

    @pytest.mark.parametrize(
        ("given", "said"),
        [
            (3, "must be tables of shares"),
            ({"sex": 3}, "population of 'sex' must be a table"),
            ({"sex": {"F": 2}}, "share of 'F' in the population of 'sex' must be from 0 to 1, not 2"),
            ({"sex": {"F": 0.4, "M": 0.4}}, "add up to 0.8, not to 1"),
        ],
    )
    def test_shares_that_cannot_be(self, given: object, said: str) -> None:
        with pytest.raises(ConfigError, match=said):
            parse_population(given)
