"""A mechanism is planted; it must come out first, told of the right column or segment, and the parts must add up."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard import datasets
from steelyard.analyses import attribution, diagnosis, windows
from steelyard.analyses.attribution import explained_by
from steelyard.analyses.findings.cause import causes
from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.records import EVERYTHING, Event, Severity, Slice

ROWS = 12_000
MAIN = ("average_precision", "accuracy", "recall")
BINARY = Roles(label="y", score="p", prediction="d", task="binary")


@pytest.fixture(autouse=True)
def _nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    """Only what causes rest on is worked out."""
    monkeypatch.setattr(diagnosis, "ANALYSES", (("windows", windows), ("attribution", attribution)))


def study_between(frame: pl.DataFrame, reference: pl.DataFrame | None, roles: Roles, **request: object) -> Study:
    tables = {"current": read(frame)} | ({} if reference is None else {"reference": read(reference)})
    sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
    complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
    study, _, _ = study_of(sources, Request(roles=complete, **request))
    assert not [f for f in study.failures if f.subject == "attribution"], study.failures
    return study


def binary(
    seed: int,
    n: int = ROWS,
    age: float = 45.0,
    flip: str | None = None,
    offset: float = 0.0,
    keep_negatives: float = 1.0,
    cut: float = 0.5,
    unit: float = 1.0,
    unit_share: float = 1.0,
    missing: float = 0.0,
    rename: bool = False,
    fill: float = 0.0,
) -> pl.DataFrame:
    """A logistic model of age, income, sex and region, and what befalls its inputs, its labels or its decisions."""
    rng = np.random.default_rng(seed)
    region = rng.choice(["north", "south", "east", "west"], n, p=[0.25, 0.35, 0.2, 0.2])
    years, income = rng.normal(age, 12, n), rng.lognormal(1, 0.5, n)
    sex = rng.choice(["f", "m"], n)

    def logit(years, region):
        return -1.0 + 0.06 * (years - 45) + 0.9 * np.log(income) - 0.3 * (sex == "f") + 0.8 * (region == "south")

    y = (rng.random(n) < 1 / (1 + np.exp(-(logit(years, region) + offset)))).astype(int)
    if flip is not None:
        y = np.where(region == flip, 1 - y, y)
    seen = np.where(rng.random(n) < unit_share, years * unit, years)
    gone, filled = rng.random(n) < missing, rng.random(n) < fill
    seen = np.where(filled, 0.0, seen)
    if rename:
        region = np.where(region == "south", "South", region)
    p = np.round(1 / (1 + np.exp(-logit(np.where(gone, 0.0, seen), region))), 3)
    frame = pl.DataFrame(
        {
            "y": y,
            "p": p,
            "d": (p >= cut).astype(int),
            "region": region,
            "age": np.where(gone, np.nan, seen),
            "income": income,
            "sex": sex,
            "noise": rng.normal(size=n),
            "user": rng.integers(0, n // 5, n),
            "w": rng.integers(1, 4, n).astype(float),
        }
    ).with_columns(pl.col("age").fill_nan(None))
    return frame.filter((pl.col("y") == 1) | pl.Series(rng.random(n) < keep_negatives))


def regression(seed: int, n: int = ROWS, size: float = 100.0, north: float = 0.0, unit: float = 1.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    region = rng.choice(["north", "south", "east"], n, p=[0.25, 0.45, 0.3])
    area, rooms = rng.normal(size, 20, n), rng.integers(1, 6, n)
    truth = 2 * area + 10 * rooms + rng.normal(0, 10, n) * area / 100 + north * (region == "north")
    return pl.DataFrame(
        {"y": truth, "pred": 2 * unit * area + 10 * rooms, "region": region, "area": unit * area, "rooms": rooms}
    )


def multiclass(seed: int, n: int = ROWS, age: float = 45.0, north: float = 0.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    region, years = rng.choice(["north", "south", "east"], n, p=[0.25, 0.45, 0.3]), rng.normal(age, 12, n)
    y = rng.choice(3, n, p=[0.5, 0.3, 0.2])
    hit = rng.random(n) < (0.6 + 0.006 * (years - 45)).clip(0, 1)
    d = np.where(hit, y, rng.integers(0, 3, n))
    y = np.where((region == "north") & (rng.random(n) < north), (y + 1) % 3, y)
    names = np.array(["a", "b", "c"])
    return pl.DataFrame({"y": names[y], "d": names[d], "region": region, "age": years})


def adds_up(made):
    assert sum(part.effect.value for part in made.parts) == pytest.approx(made.change.value, abs=1e-12)
    assert sum(part.share for part in made.parts) == pytest.approx(1.0)
    sizes = [abs(part.effect.value) for part in made.parts]
    assert sizes == sorted(sizes, reverse=True)
    for part in (*made.parts, *made.details):
        assert part.effect.low <= part.effect.value <= part.effect.high
        assert part.effect.method
        assert part.sentence
    assert made.sentence.count(". ") == 1
    assert made.sentence.endswith(".")


PLANTED = {
    "mix": ({"age": 55.0}, "mix", "age", EVERYTHING),
    "concept": ({"flip": "north"}, "concept", "region", Slice.of({"region": "north"})),
    "offset": ({"offset": 0.8}, "base rate", "", EVERYTHING),
    "prior": ({"keep_negatives": 0.4}, "base rate", "", EVERYTHING),
    "threshold": ({"cut": 0.3}, "policy", "", EVERYTHING),
    "unit": ({"unit": 12.0}, "data fault", "age", EVERYTHING),
    "unit of some": ({"unit": 12.0, "unit_share": 0.3}, "data fault", "age", EVERYTHING),
    "null burst": ({"missing": 0.3}, "data fault", "age", Slice.of({"age": "(missing)"})),
    "filled in": ({"fill": 0.3}, "data fault", "age", EVERYTHING),
    "rename": ({"rename": True}, "data fault", "region", None),
}


@pytest.mark.parametrize(("planted", "mechanism", "subject", "where"), PLANTED.values(), ids=PLANTED)
def test_the_planted_mechanism_comes_out_first(planted, mechanism, subject, where):
    study = study_between(binary(8, **planted), binary(10), BINARY, only=MAIN)
    assert study.attributions
    for made in study.attributions:
        main = max(made.parts, key=lambda part: part.share)
        assert (main.mechanism, main.subject) == (mechanism, subject), made
        assert where is None or main.where == where
        assert 0.6 < main.share < 1.5, made.sentence
        assert main.effect.low > 0 or main.effect.high < 0
        adds_up(made)


REGRESSION = {
    "mix": ({"size": 130.0}, "mix", "area", EVERYTHING),
    "concept": ({"north": 25.0}, "concept", "region", Slice.of({"region": "north"})),
    "unit": ({"unit": 10.0}, "data fault", "area", EVERYTHING),
}


@pytest.mark.parametrize(("planted", "mechanism", "subject", "where"), REGRESSION.values(), ids=REGRESSION)
def test_numbers(planted, mechanism, subject, where):
    study = study_between(regression(2, **planted), regression(1), Roles(label="y", prediction="pred"))
    assert [made.metric for made in study.attributions] == ["mae", "rmse"]
    for made in study.attributions:
        main = made.parts[0]
        assert (main.mechanism, main.subject, main.where) == (mechanism, subject, where)
        adds_up(made)


MULTICLASS = {
    "mix": ({"age": 60.0}, "mix", "age", EVERYTHING),
    "concept": ({"north": 0.5}, "concept", "region", Slice.of({"region": "north"})),
}


@pytest.mark.parametrize(("planted", "mechanism", "subject", "where"), MULTICLASS.values(), ids=MULTICLASS)
def test_classes(planted, mechanism, subject, where):
    roles = Roles(label="y", prediction="d", task="multiclass")
    study = study_between(multiclass(2, **planted), multiclass(1), roles)
    assert [made.metric for made in study.attributions] == ["accuracy", "balanced_accuracy", "f1_macro"]
    for made in study.attributions:
        assert (made.parts[0].mechanism, made.parts[0].subject, made.parts[0].where) == (mechanism, subject, where)
        adds_up(made)


@pytest.mark.parametrize("roles", [{"prediction": "d"}, {"score": "p"}], ids=["decisions alone", "scores alone"])
def test_a_flip_with_less_to_go_by(roles):
    study = study_between(
        binary(8, flip="north"),
        binary(10),
        Roles(label="y", task="binary", features=("region", "age", "sex"), **roles),
    )
    for made in study.attributions:
        assert (made.parts[0].mechanism, str(made.parts[0].where)) == ("concept", "region = north")
        adds_up(made)
    assert study.attributions


def test_probability_losses_add_up():
    metrics = ("brier", "log_loss")
    study = study_between(binary(8, flip="north"), binary(10), BINARY, only=metrics)
    assert tuple(made.metric for made in study.attributions) == metrics
    for made in study.attributions:
        assert made.parts[0].mechanism == "concept"
        adds_up(made)


def test_weights_count():
    rows = binary(4, flip="north", age=50.0), binary(3)
    repeated = [r.select(pl.all().repeat_by(pl.col("w").cast(pl.Int64)).explode()) for r in rows]
    weighted = study_between(*rows, BINARY.updated(weight="w"), only=["accuracy"])
    (one,), (other,) = weighted.attributions, study_between(*repeated, BINARY, only=["accuracy"]).attributions
    assert {p.mechanism: p.effect.value for p in one.parts} == pytest.approx(
        {p.mechanism: p.effect.value for p in other.parts}, abs=3e-3
    )
    # Rows that count for several are less sure than several rows.
    assert one.parts[0].effect.se > 1.05 * other.parts[0].effect.se
    adds_up(one)


def test_clusters_widen():
    rows = [binary(seed, n=3_000, flip=flip) for seed, flip in ((2, "north"), (1, None))]
    alone, fourfold = (
        study_between(*(pl.concat([r] * times) for r in rows), BINARY.updated(cluster="user"), only=["accuracy"])
        for times in (1, 4)
    )
    one, four = (study.attributions[0].parts[0].effect for study in (alone, fourfold))
    assert four.value == pytest.approx(one.value, rel=0.1)
    # The same rows four times over are no more sure.
    assert four.se == pytest.approx(one.se, rel=0.25)


@pytest.mark.parametrize("seed", range(4))
def test_no_change_has_no_cause(seed):
    study = study_between(binary(seed + 10, n=4_000), binary(seed + 50, n=4_000), BINARY)
    assert study.attributions == ()
    assert causes(study) == []


def test_a_column_that_broke_and_does_not_matter_is_no_cause():
    frame = binary(8, flip="north").with_columns(
        noise=pl.when(pl.int_range(pl.len()) % 3 == 0).then(None).otherwise(pl.col("noise") * 1000)
    )
    for made in study_between(frame, binary(10), BINARY).attributions:
        assert (made.parts[0].mechanism, made.parts[0].subject) == ("concept", "region")


def test_a_fault_and_a_flip_are_told_apart():
    study = study_between(
        binary(8, flip="north", missing=0.3, n=40_000), binary(10, n=40_000), BINARY, only=["accuracy"]
    )
    (made,) = study.attributions
    parts = {part.mechanism: part for part in made.parts}
    assert parts["data fault"].subject == "age"
    assert parts["concept"].where == Slice.of({"region": "north"})
    assert min(parts["data fault"].share, parts["concept"].share) > 0.15
    adds_up(made)


def test_an_improvement_is_told_as_one():
    study = study_between(binary(8), binary(10, flip="north"), BINARY)
    found = causes(study)
    assert found
    assert {f.severity for f in found} == {Severity.INFO}
    assert "rose" in found[0].sentence


def test_the_finding_says_what_to_do():
    study = study_between(binary(8, flip="north"), binary(10), BINARY)
    found = causes(study)
    assert [f.id for f in found] == [f"cause:{made.metric}" for made in study.attributions]
    first = found[0]
    assert first.severity is Severity.HIGH
    assert first.slice == Slice.of({"region": "north"})
    assert "region = north" in first.recommendation.action
    assert "would be about" in first.recommendation.effect
    assert "adding up" in first.detail


ADVICE = {
    "mix": ({"age": 35.0}, "recall", "sampled as before"),
    "threshold": ({"cut": 0.3}, "accuracy", "meant to change"),
    "unit": ({"unit": 12.0}, "accuracy", "Mend age upstream"),
    "offset": ({"offset": 0.8}, "recall", "Recalibrate"),
}


@pytest.mark.parametrize(("planted", "metric", "advice"), ADVICE.values(), ids=ADVICE)
def test_each_mechanism_has_its_advice(planted, metric, advice):
    study = study_between(binary(8, **planted), binary(10), BINARY, only=[metric])
    worse = [f for f in causes(study) if f.severity is not Severity.INFO]
    assert advice in worse[0].recommendation.action


def test_what_a_cause_explains():
    study = study_between(binary(8, missing=0.3), binary(10), BINARY)
    found = explained_by(study, study.attributions[0])
    assert {"drift:age", "quality-missing-change:age", "change:accuracy", "change:roc_auc"} <= found
    assert "drift:region" not in found
    flipped = study_between(binary(8, flip="north"), binary(10), BINARY)
    found = explained_by(flipped, flipped.attributions[0])
    assert {"segment:region=north", "weak-slice:region=north"} <= found


def test_dated_against_events():
    days = [f"2026-03-{day:02}" for day in range(1, 29)]

    def over(frame: pl.DataFrame, first: int, last: int) -> pl.DataFrame:
        held = days[first:last]
        return frame.with_columns(
            t=pl.Series([held[i * len(held) // frame.height] for i in range(frame.height)]).str.to_date()
        )

    reference = over(binary(10), 0, 14)
    current = pl.concat([over(binary(8, n=6_000), 14, 20), over(binary(3, flip="north"), 20, 28)])
    events = (
        Event("2026-03-20T18:00", "deployment", "v2.3"),
        Event("2026-03-02T18:00", "deployment", "v2.2"),
    )
    roles = BINARY.updated(time="t")
    study = study_between(current, reference, roles, window="1d", events=events, only=["accuracy"])
    (made,) = study.attributions
    assert made.since == "2026-03-21"
    assert [event.title for event in made.events] == ["v2.3"]
    assert "deployment 'v2.3' 6 hours before" in made.sentence
    undated = replace(study, series=())
    assert undated.attributions


ODD = {
    "one row": lambda f: f.head(1),
    "no positives": lambda f: f.with_columns(y=pl.lit(0)),
    "an empty column": lambda f: f.with_columns(age=pl.lit(None, dtype=pl.Float64)),
    "a column without spread": lambda f: f.with_columns(age=pl.lit(45.0)),
    "a column that is gone": lambda f: f.drop("income"),
    "names with signs": lambda f: f.with_columns(region=pl.concat_str(pl.lit("é 🎈 = & "), "region")),
    "no labels": lambda f: f.with_columns(y=pl.lit(None, dtype=pl.Int64)),
    "missing scores": lambda f: f.with_columns(p=pl.when(pl.int_range(pl.len()) % 2 == 0).then(pl.col("p"))),
    "infinite values": lambda f: f.with_columns(income=pl.lit(float("inf"))),
    "text for numbers": lambda f: f.with_columns(age=pl.col("age").cast(pl.String)),
}


@pytest.mark.parametrize("odd", ODD.values(), ids=ODD)
def test_odd_data(odd):
    usual = binary(10, n=2_000)
    for made in study_between(odd(binary(8, n=2_000, flip="north")), usual, BINARY).attributions:
        adds_up(made)


def test_no_reference_and_no_columns():
    assert study_between(binary(8, n=500), None, BINARY).attributions == ()
    assert study_between(binary(8, n=500), binary(10, n=500), BINARY, columns=False).attributions == ()
    bare = [binary(seed, flip=flip).select("y", "p", "d") for seed, flip in ((2, "north"), (1, None))]
    assert study_between(*bare, BINARY).attributions == ()


def test_a_flip_in_real_data():
    reference = pl.read_parquet(datasets.path("acs_employment/reference.parquet")).sample(
        fraction=1, shuffle=True, seed=1
    )
    before, after = reference.head(30_000), reference.tail(30_000)
    young = pl.col("age_group") == "25-34"
    after = after.with_columns(employed=pl.when(young).then(1 - pl.col("employed")).otherwise(pl.col("employed")))
    roles = sy.Roles(label="employed", prediction="prediction", score="probability", id="id", task="binary")
    study = study_between(after, before, roles, only=["roc_auc", "accuracy"])
    assert len(study.attributions) == 2
    for made in study.attributions:
        assert (made.parts[0].mechanism, str(made.parts[0].where)) == ("concept", "age_group = 25-34")
        assert made.parts[0].share == pytest.approx(1.0, abs=0.1)
        adds_up(made)


def test_another_mix_of_real_data():
    reference = pl.read_parquet(datasets.path("acs_employment/reference.parquet")).sample(
        fraction=1, shuffle=True, seed=1
    )
    before, after = reference.head(30_000), reference.tail(30_000)
    kept = pl.Series(np.random.default_rng(0).random(after.height) < 0.3)
    after = after.filter((pl.col("age") >= 45) | kept)
    roles = sy.Roles(label="employed", prediction="prediction", score="probability", id="id", task="binary")
    (made,) = study_between(after, before, roles, only=["roc_auc"]).attributions
    assert made.parts[0].mechanism == "mix"
    assert made.parts[0].subject in ("age", "age_group")
    adds_up(made)
