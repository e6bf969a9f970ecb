"""Drift of columns together: found where only their association moved, named, and quiet where nothing did."""

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.drift import embedding, joint
from steelyard.analyses.drift.coded import COARSE, coded
from steelyard.analyses.drift.sampled import sampled, units_of
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.data.derive import derived
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.facts import Among, Sample
from steelyard.stats.interaction import association_change, pair_cubes

ROLES = Roles(label="y", score="p", task="binary")


def pair_study(current, reference, roles=ROLES, **request):
    """The study of two frames; without a reference where it is None."""
    tables = {"current": read(current)} | ({} if reference is None else {"reference": read(reference)})
    tables, roles = derived(tables, roles)
    sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
    complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
    return study_of(sources, Request(roles=complete, **request))[0]


def rows(n, seed, rho=0.0, shift=0.0, days=None):
    rng = np.random.default_rng(seed)
    age = rng.normal(size=n)
    income = rho * age + np.sqrt(1 - rho**2) * rng.normal(size=n)
    site = rng.choice(["A", "B", "ç d", "😀"], n, p=[0.5, 0.3, 0.15, 0.05])
    day = np.arange(n) * (days or 30) // n
    return pl.DataFrame(
        {
            "y": rng.integers(0, 2, n),
            "p": rng.random(n),
            "age": 40 + 12 * (age + shift),
            "income": np.exp(income),
            "x0": rng.normal(size=n),
            "x1": rng.normal(size=n),
            "site": site,
            "flag": rng.random(n) < 0.3,
            "at": np.datetime64("2026-01-01", "ms") + day * np.timedelta64(86_400_000, "ms"),
        }
    )


def only(drifts, column=""):
    return next(d for d in drifts if d.column == column)


def test_a_change_of_correlation_alone_is_found_and_named():
    drifts = joint.drifts(pair_study(rows(1_500, 1, rho=0.7), rows(1_500, 2)))
    together, pair = only(drifts), only(drifts, "age × income")
    assert together.what == "joint"
    assert together.verdict == "drifted"
    assert together.distance.low > 0.55 == together.tolerance
    assert together.p < 1e-6
    assert {"auc carried by age", "auc carried by income"} <= set(together.measures)
    assert "auc carried by x0" not in together.measures
    assert "age" in together.sentence
    assert "go together, not by themselves" in together.sentence
    assert pair.measures["association_reference"] == pytest.approx(0.0, abs=0.06)
    assert pair.measures["association_current"] == pytest.approx(0.68, abs=0.06)
    assert pair.distance.low > pair.tolerance == 0.1
    assert pair.q < 1e-6
    assert "while neither moved by itself" in pair.sentence


def test_a_shift_is_carried_by_its_column_and_is_no_association():
    drifts = joint.drifts(pair_study(rows(700, 1, shift=0.8), rows(700, 2)))
    assert [d.column for d in drifts] == [""]
    assert {name for name in drifts[0].measures if name.startswith("auc carried")} == {"auc carried by age"}
    assert drifts[0].measures["mmd_p"] < 1e-6
    assert drifts[0].measures["mmd_low"] > 0


def test_a_pair_is_left_to_a_column_that_moved_by_itself():
    drifts = joint.drifts(pair_study(rows(1_200, 1, rho=0.7, shift=1.0), rows(1_200, 2)))
    assert [d.column for d in drifts] == [""]
    assert drifts[0].verdict == "drifted"


def test_a_sure_but_small_change_of_association_is_not_told():
    study = pair_study(rows(5_000, 1, rho=0.2), rows(5_000, 2))
    columns = coded(joint.shared(study), sampled(study, joint.rows_fact(study)))
    second = np.repeat([False, True], 5_000)
    _, cubes = pair_cubes(columns.coarse[:, :2], COARSE, second)
    assert association_change(cubes).p[0] < 1e-6
    assert [d.column for d in joint.drifts(study)] == [""]


def test_categories_that_go_together_otherwise_are_named():
    rng = np.random.default_rng(0)
    a, b = rng.choice(list("ABC"), 4_000), rng.choice(list("KLM"), 4_000)
    now = pl.DataFrame({"y": rng.integers(0, 2, 2_000), "p": rng.random(2_000), "a": a[:2_000], "b": b[:2_000]})
    tied = np.where(
        rng.random(2_000) < 0.6, np.array(list("KLM"))[np.searchsorted(list("ABC"), a[:2_000])], b[:2_000]
    )
    drifts = joint.drifts(pair_study(now.with_columns(b=pl.Series(tied)), now.with_columns(b=pl.Series(b[2_000:]))))
    pair = only(drifts, "a × b")
    assert pair.measures["association_current"] == pytest.approx(0.6, abs=0.06)
    assert "Cramér's V" in pair.sentence


def test_equal_data_are_not_told_apart():
    drifts = joint.drifts(pair_study(rows(900, 1), rows(1_000, 2)))
    assert [d.column for d in drifts] == [""]
    assert drifts[0].verdict != "drifted"
    assert drifts[0].distance.low < 0.5 < drifts[0].distance.high
    assert "cannot tell" in drifts[0].sentence or "may tell" in drifts[0].sentence


def test_the_same_study_gives_the_same_numbers():
    study = pair_study(rows(400, 1, rho=0.5), rows(400, 2))
    assert joint.drifts(study) == joint.drifts(study)


def test_windows_widen_the_interval_where_days_differ():
    def jumpy(seed):
        rng = np.random.default_rng(seed)
        frame = rows(1_200, seed, days=10)
        day = frame["at"].dt.ordinal_day().to_numpy()
        return frame.with_columns(age=frame["age"] + 12 * rng.normal(size=day.max() + 1)[day])

    roles = ROLES.updated(time="at")
    alone = joint.drifts(pair_study(jumpy(5), jumpy(6), roles))[0]
    by_day = joint.drifts(pair_study(jumpy(5), jumpy(6), roles, window="1d"))[0]
    assert "windows independent" in by_day.test
    assert "rows independent" in alone.test
    assert by_day.distance.se > 1.3 * alone.distance.se
    assert by_day.p > 0.01 > alone.p
    assert by_day.measures["mmd_p"] > 0.01 > alone.measures["mmd_p"]


def test_clusters_are_independent_where_they_are_given():
    frames = [rows(300, seed) for seed in (1, 2)]
    four = [
        pl.concat([f] * 4).with_columns(user=pl.Series(np.tile(np.arange(300), 4) + 300 * i))
        for i, f in enumerate(frames)
    ]
    found = joint.drifts(pair_study(four[0], four[1], ROLES.updated(cluster="user")))[0]
    alone = joint.drifts(pair_study(frames[0], frames[1]))[0]
    assert "clusters independent" in found.test
    assert found.distance.se == pytest.approx(alone.distance.se, rel=0.3)


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.with_columns(age=pl.lit(None, dtype=pl.Float64)),
        lambda f: f.with_columns(age=pl.lit(1.0)),
        lambda f: f.with_columns(age=pl.lit(float("inf"))),
        lambda f: f.with_columns(age=pl.col("age").cast(pl.String)),
        lambda f: f.drop("age", "income"),
        lambda f: f.select("y", "p", "x0", "site"),
        lambda f: f.head(41),
        lambda f: f.head(3),
        lambda f: f.with_columns(site=pl.lit("new")),
    ],
)
def test_odd_data_are_answered(change):
    plain, odd = rows(300, 1), change(rows(300, 2))
    for current, reference in ((odd, plain), (plain, odd)):
        for drift in joint.drifts(pair_study(current, reference)):
            assert 0.0 <= drift.distance.low <= drift.distance.value <= drift.distance.high <= 1.0
            assert drift.sentence


def test_without_a_reference_there_is_nothing():
    study = pair_study(rows(300, 1), None)
    assert joint.drifts(study) == []
    assert list(joint.about(study)) == []
    assert list(embedding.about(study)) == []


def test_rows_that_repeat_are_compared_by_the_contents_that_both_samples_keep():
    """A small sample of a large reference lacks contents that the current data, being few, all keep."""
    rng = np.random.default_rng(0)
    reference = pl.DataFrame({"a": rng.integers(0, 40, 20_000), "b": rng.integers(0, 40, 20_000)})
    current = pl.DataFrame({"a": rng.integers(0, 40, 900), "b": rng.integers(0, 40, 900)})
    more = {"y": 1, "p": 0.5}
    study = pair_study(
        current.with_columns(pl.lit(v).alias(k) for k, v in more.items()),
        reference.with_columns(pl.lit(v).alias(k) for k, v in more.items()),
        Roles(label="y", score="p", task="binary", positive=1),
    )
    found = sampled(study, Sample(("a", "b"), 400))
    contents = [set(zip(*(t.values(k) for k in (1, 2)), strict=True)) for t in found.tables]
    assert contents[1] <= contents[0]
    assert found.second.sum() < 400


def test_sampled_rows_are_the_rows():
    study = pair_study(rows(300, 1), rows(200, 2))
    found = sampled(study, Sample(("site", "age", "flag"), 1_000))
    assert (~found.second).sum() == 200
    assert sorted(found.numbers("age")[~found.second]) == pytest.approx(sorted(rows(200, 2)["age"]))
    groups = found.grouped(Among("site", ("A", "B")))
    assert np.bincount(groups[found.second])[1] == (rows(300, 1)["site"] == "A").sum()
    assert np.bincount(groups)[0] == 0
    assert set(found.values("flag")) == {"True", "False"}
    assert units_of(study, found).name == "rows"


def vectors(n, seed, d=24, shift=0.0):
    rng = np.random.default_rng(seed)
    made = rng.normal(size=(n, d)) * np.linspace(2, 0.2, d) + shift
    return pl.DataFrame({"y": rng.integers(0, 2, n), "p": rng.random(n), "emb": pl.Series(made.tolist())})


def test_vectors_that_moved_are_told_apart():
    roles = ROLES.updated(embedding=("emb",))
    moved = embedding.drifts(pair_study(vectors(600, 1, shift=0.5), vectors(600, 2), roles))
    same = embedding.drifts(pair_study(vectors(600, 1), vectors(600, 2), roles))
    assert [d.column for d in moved] == [d.column for d in same] == ["emb"]
    assert moved[0].verdict == "drifted"
    assert moved[0].measures["mmd_p"] < 1e-4
    assert moved[0].measures["frechet"] > 0.3
    assert same[0].verdict != "drifted"
    assert same[0].measures["mmd_p"] > 0.001
    assert same[0].measures["frechet"] < 0.1


def test_vectors_of_another_spread_are_told_apart():
    def wide(n, seed):
        return vectors(n, seed).with_columns(pl.col("emb").list.eval(2 * pl.element()))

    found = embedding.drifts(pair_study(wide(500, 1), vectors(500, 2), ROLES.updated(embedding=("emb",))))
    assert found[0].verdict == "drifted"
