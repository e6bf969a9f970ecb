"""`compare_models`: how models are named, matched and refused; what the result holds."""

import json

import numpy as np
import polars as pl
import pytest

from steelyard import Roles, compare_models
from steelyard.evaluation.entries import MOST_MODELS
from steelyard.records import (
    ColumnError,
    ConfigError,
    DataError,
    EmptyDataError,
    Estimate,
    SteelyardError,
    UnknownNameError,
    Verdict,
)

ROLES = Roles(label="y", id="row")
BOTH = {"new": {"score": "p"}, "old": {"score": "s_old"}}


@pytest.fixture(scope="module")
def frame(binary):
    noise = np.random.default_rng(9).normal(0, 0.3, binary.height)
    old = np.clip(binary["p"].to_numpy() + noise, 0, 1)
    return binary.with_columns(row=pl.int_range(binary.height), s_old=pl.Series(old))


@pytest.fixture
def files(frame, tmp_path):
    """The label stands in the second file only; rows are in another order in the first."""
    frame.select("row", p="s_old").reverse().write_parquet(tmp_path / "old.parquet")
    frame.select("row", "p", "y", "sex", "user").write_parquet(tmp_path / "new.parquet")
    return [str(tmp_path / "old.parquet"), str(tmp_path / "new.parquet")]


def test_files_are_joined_by_id_and_named_by_their_names(files, frame):
    found = compare_models(files, Roles(label="y", score="p", id="row", slices=["sex"]))
    assert found.models == ("old", "new")
    beside = compare_models(dict(reversed(BOTH.items())), Roles(label="y", slices=["sex"], id="row"), data=frame)
    for metric in ("accuracy", "roc_auc", "brier"):
        one, other = found.gain(metric, "new", "old"), beside.gain(metric, "new", "old")
        assert one.outcome == other.outcome
    assert found.rows == 400
    assert found.slices


def test_roles_are_guessed_where_the_label_is(files):
    found = compare_models(files, Roles(id="row"))
    assert found.roles["label"] == "y"
    assert any("label" in guess for guess in found.guesses)


def test_names_are_given_or_made_to_differ(frame, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        frame.select("row", "p", "y").write_csv(tmp_path / folder / "p.csv")
    found = compare_models([str(tmp_path / f / "p.csv") for f in ("a", "b")], ROLES)
    assert found.models == tuple(str(tmp_path / f / "p.csv") for f in ("a", "b"))
    frames = [frame.select("row", "p", "y"), frame.select("row", p="s_old")]
    assert compare_models(frames, ROLES).models == ("model 1", "model 2")
    odd = compare_models({"🦊": frames[0], "=SUM(1)": frames[1]}, ROLES)
    assert "🦊" in odd.to_html()
    assert "🦊" in odd.to_markdown()


def test_ids_of_text_and_number_meet(frame):
    models = {"a": frame.select("row", "p", "y"), "b": frame.select(pl.col("row").cast(pl.String), p="s_old")}
    assert compare_models(models, ROLES).rows == 400


def test_aligned_tables_need_no_id(frame):
    models = {"a": frame.select("p", "y"), "b": frame.select(p="s_old")}
    found = compare_models(models, Roles(label="y"), aligned=True)
    expected = compare_models({"a": BOTH["new"], "b": BOTH["old"]}, Roles(label="y"), data=frame.drop("row"))
    one, other = (c.gain("roc_auc", "b", "a").estimate for c in (found, expected))
    assert (one.value, one.se) == pytest.approx((other.value, other.se))
    with pytest.raises(ConfigError, match=r"cannot be matched: there is no id.*aligned=True"):
        compare_models(models, Roles(label="y"))
    with pytest.raises(DataError, match=r"must have the same rows, but .*400.*399"):
        compare_models({**models, "b": models["b"].head(399)}, Roles(label="y"), aligned=True)


def test_labels_may_come_from_a_table_of_their_own(frame):
    models = {"a": frame.select("row", "p"), "b": frame.select("row", p="s_old")}
    found = compare_models(models, ROLES, labels=frame.select("row", "y"))
    assert found.rows == 400
    with pytest.raises(ColumnError, match="One of them must hold the truth"):
        compare_models(models, ROLES)


def test_rows_that_not_all_have_are_told(frame):
    models = {"a": frame.select("row", "p", "y").head(350), "b": frame.select("row", p="s_old").tail(300)}
    found = compare_models(models, ROLES)
    assert found.rows == 250
    assert any("100 of 350 rows" in w for w in found.warnings)
    assert any("50 of 300 rows" in w for w in found.warnings)


def test_rows_without_an_answer_take_no_part(frame):
    gaps = frame.with_columns(s_old=pl.when(pl.col("row") < 40).then(None).otherwise(pl.col("s_old")))
    found = compare_models(BOTH, ROLES, data=gaps)
    assert found.rows == 360
    assert any("40 of 400 rows have no answer" in w for w in found.warnings)
    with pytest.raises(DataError, match="'old has 0 answers'"):
        compare_models(BOTH, ROLES, data=frame.with_columns(s_old=pl.lit(None, dtype=pl.Float64)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda f: f.with_columns(row=pl.lit(7)), "more than one row for 1 values of 'row', e.g. 7"),
        (lambda f: f.with_columns(row=pl.col("row") + 1_000), "No 'row' is in all of"),
        (lambda f: f.drop("row"), "no column 'row' to match rows by"),
        (lambda f: f.with_columns(y=1 - pl.col("y")), "one in .* and another in"),
        (lambda f: f.with_columns(row=pl.col("row").cast(pl.Float64) + 0.5), "rows cannot be matched"),
        (lambda f: f.drop("p"), "no telling what its model answered"),
    ],
)
def test_what_cannot_be_matched_is_refused(frame, change, words):
    models = {"a": frame.select("row", "p", "y"), "b": change(frame.select("row", "y", p="s_old"))}
    with pytest.raises(SteelyardError, match=words):
        compare_models(models, ROLES)


@pytest.mark.parametrize(
    ("models", "more", "error", "words"),
    [
        ("one.csv", {}, ConfigError, "two models or more"),
        ({"a": {"score": "p"}}, {}, ConfigError, "there is one"),
        ({f"m{i}": {"score": "p"} for i in range(MOST_MODELS + 1)}, {}, ConfigError, "takes up to"),
        (BOTH, {"metrics": "roc_auc"}, ConfigError, "a list of names"),
        (BOTH, {"metrics": ["acuracy"]}, UnknownNameError, "Did you mean 'accuracy'"),
        (BOTH, {"rank_by": "roc"}, UnknownNameError, "cannot be ranked by 'roc'"),
        (BOTH, {"challenger": "newer"}, UnknownNameError, "no model 'newer'"),
        (BOTH, {"margin": -0.1}, ConfigError, "must be a positive number"),
        (BOTH, {"level": 2}, ConfigError, "level"),
        (BOTH, {"fold": "folds"}, ColumnError, "no column 'folds'"),
        ({"a": {"score": "p"}, "b": {"scores": "p"}}, {}, ConfigError, "'b' must be said by its columns"),
        ({"a": {"score": "p"}, "b": {"score": "q"}}, {}, ColumnError, "no column 'q'"),
        ({"a": {"score": "p"}, "b": 3}, {}, ConfigError, "'b' must be said by its columns"),
        (BOTH, {"costs": {"over": -1, "under": -2}}, ConfigError, "The costs are those of"),
    ],
)
def test_what_cannot_be_asked_is_refused(frame, models, more, error, words):
    with pytest.raises(error, match=words):
        compare_models(models, ROLES, data=frame, **more)


def test_columns_need_their_table():
    with pytest.raises(ConfigError, match="data=…"):
        compare_models(BOTH, ROLES)


def test_no_rows_and_one_row(frame):
    with pytest.raises((EmptyDataError, DataError)):
        compare_models(BOTH, ROLES, data=frame.head(0))
    found = compare_models(BOTH, ROLES.updated(task="binary", positive=1), data=frame.head(1))
    assert found.rows == 1
    assert found.to_html()


def test_one_class_and_no_variance(frame):
    found = compare_models(BOTH, ROLES.updated(task="binary", positive=1), data=frame.filter(pl.col("y") == 1))
    assert isinstance(found.gain("accuracy", "old", "new").outcome, Estimate)
    assert not isinstance(found.gain("roc_auc", "old", "new").outcome, Estimate)
    flat = frame.with_columns(p=pl.lit(0.3), s_old=pl.lit(0.6))
    assert compare_models(BOTH, ROLES.updated(task="binary"), data=flat).to_markdown()


def test_the_challenger_gets_a_verdict(frame):
    def verdict(**more):
        found = compare_models({"old": BOTH["old"], "new": BOTH["new"]}, ROLES, data=frame, **more)
        return found.verdict, [check.bound for check in found.checks]

    assert verdict() == (None, [])
    assert verdict(challenger="new") == (Verdict.PASS, ["better than old"])
    assert verdict(challenger="old") == (Verdict.FAIL, ["better than new"])
    assert verdict(margin=0.01) == (Verdict.PASS, ["difference to old ≥ -0.01"])
    assert verdict(challenger="old", margin=0.5)[0] is Verdict.PASS
    assert verdict(challenger="old", margin=0.001, rank_by="log_loss")[1] == ["difference to new ≤ 0.001"]
    assert verdict(challenger="new", metrics=["prevalence", "accuracy"], rank_by="accuracy")[0] is not None


def test_costs_decide_where_they_are_given(frame):
    found = compare_models(BOTH, ROLES, data=frame, costs={"fp": -25, "fn": -300, "currency": "EUR"})
    assert found.metric == "value"
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy() >= 0.5
    worth = -25 * (p & (y == 0)) - 300 * (~p & (y == 1))
    value = next(r for r in found.readings if r.metric == "value" and r.data == "new" and not r.slice)
    assert value.estimate.value == pytest.approx(worth.mean())
    assert "EUR" in found.answers[0].answer


def test_a_users_own_metric(frame, tmp_path):
    (tmp_path / "steelyard.toml").write_text('[metrics]\ncost = "25 * fp + 300 * fn"\n[roles]\nlabel = "y"\n')
    found = compare_models(BOTH, data=frame, config=tmp_path / "steelyard.toml")
    assert isinstance(found.gain("cost", "old", "new").outcome, Estimate)
    assert "cost" in {s.metric for s in found.standings}


def test_it_is_json_and_the_same_each_time(frame):
    one, other = (compare_models(BOTH, ROLES, data=frame, seed=5).to_dict() for _ in range(2))
    one.pop("created"), other.pop("created")
    assert json.dumps(one, sort_keys=True) == json.dumps(other, sort_keys=True)
    assert one["schema"] == "steelyard.comparison"
    with pytest.raises(UnknownNameError, match="was not held against"):
        compare_models(BOTH, ROLES, data=frame).gain("accuracy", "new", "old")


def test_ranking_is_matched_by_item(ranking):
    items = ranking.with_row_index("item").with_columns(t=pl.col("s").reverse())
    found = compare_models(
        {"s": items.drop("t"), "t": items.select("item", "qid", s="t")},
        Roles(label="rel", score="s", query="qid", id="item", task="ranking"),
    )
    assert found.rows == 60
    assert found.gain("ndcg_at_10", "t", "s").word == "worse"


def test_forecasts_and_labels(forecasting, multilabel):
    more = forecasting.with_columns(other=pl.col("hat") + 3)
    roles = Roles(label="y", time="day", series="shop", horizon="step", task="forecasting")
    found = compare_models({"a": "hat", "b": "other"}, roles, data=more)
    assert found.gain("mae", "b", "a").word == "worse"
    models = {"p": {"score": ["p_0", "p_1", "p_2"]}, "d": {"prediction": ["d_0", "d_1", "d_2"]}}
    found = compare_models(models, Roles(label=["y_0", "y_1", "y_2"], task="multilabel"), data=multilabel)
    assert found.gain("f1_micro", "d", "p").estimate.value == pytest.approx(0.0)


def test_a_frame_of_another_engine(frame):
    duckdb = pytest.importorskip("duckdb")
    given = frame  # noqa: F841 - DuckDB finds it by its name
    roles = Roles(label="y", task="binary", positive=1)
    found = compare_models(BOTH, roles.updated(id="row"), data=duckdb.sql("select * from given"), together=False)
    here = compare_models(BOTH, roles.updated(id="row"), data=frame, together=False)
    for metric in ("accuracy", "roc_auc", "log_loss"):
        one, other = (c.gain(metric, "old", "new").estimate for c in (found, here))
        assert (one.value, one.se) == pytest.approx((other.value, other.se), rel=1e-6)
