"""A champion beside the model that is evaluated: what it does, and what is gained over it."""

import numpy as np
import polars as pl
import pytest

from steelyard import Roles, evaluate
from steelyard.records import ColumnError, ConfigError, DataError, Estimate, Undefined

ROLES = Roles(label="y", score="p", prediction="d", id="row", slices=["sex"], task="binary", positive=1)


@pytest.fixture(scope="module")
def frame(binary):
    noise = np.random.default_rng(9).normal(0, 0.2, binary.height)
    old = np.clip(binary["p"].to_numpy() + noise, 0, 1)
    return binary.with_columns(row=pl.int_range(binary.height), s_old=pl.Series(old), old=pl.Series(old >= 0.4))


def judged(frame, champion, roles=ROLES, **more):
    return evaluate(frame, roles, champion=champion, columns=False, **more).estimates


def test_columns_of_the_same_data(frame):
    found = judged(frame, {"prediction": "old"})
    right = (frame["d"] == frame["y"]).cast(int).to_numpy()
    theirs = (frame["old"].cast(pl.Int64) == frame["y"]).cast(int).to_numpy()
    assert found.of("accuracy", data="champion").value == pytest.approx(theirs.mean())
    gain = found.of("accuracy", data="gain")
    assert gain.value == pytest.approx(right.mean() - theirs.mean())
    assert gain.method == "tango"
    assert isinstance(found.of("roc_auc", data="gain"), Undefined)
    assert "champion: " in found.of("roc_auc", data="gain").reason


def test_gains_are_read_on_slices(frame):
    found = judged(frame, {"score": "s_old"}, metrics=["roc_auc", "f1"])
    women = frame.filter(pl.col("sex") == "F")
    alone = judged(women, {"score": "s_old"}, metrics=["roc_auc", "f1"])
    for metric in ("roc_auc", "f1"):
        sliced, whole = found.of(metric, {"sex": "F"}, data="gain"), alone.of(metric, data="gain")
        assert (sliced.value, sliced.se) == pytest.approx((whole.value, whole.se), rel=0.02)


def test_a_file_of_the_champions_is_joined_by_id(frame, tmp_path):
    theirs = frame.select("row", p="s_old", d=pl.col("old").cast(pl.Int64)).sample(fraction=1.0, shuffle=True, seed=1)
    theirs.write_parquet(tmp_path / "champion.parquet")
    joined = judged(frame, str(tmp_path / "champion.parquet"))
    beside = judged(frame, {"prediction": "old", "score": "s_old"})
    for metric in ("accuracy", "roc_auc", "log_loss"):
        assert joined.of(metric, data="gain") == beside.of(metric, data="gain")


def test_rows_that_only_one_has_are_told(frame):
    theirs = frame.select("row", p="s_old", d=pl.col("old").cast(pl.Int64)).head(300)
    gain = judged(frame, theirs).of("accuracy", data="gain")
    assert gain.n == 300
    assert "100 of 400 rows" in gain.note


def test_clusters_and_weights_are_kept(frame):
    roles = ROLES.updated(cluster="user", weight="w")
    gain = judged(frame, {"score": "s_old"}, roles, metrics=["roc_auc"]).of("roc_auc", data="gain")
    assert gain.method == "paired jackknife, clustered"


def test_other_tasks(multiclass, regression):
    other = multiclass.with_columns(e=pl.col("d").shift(1, fill_value="cat"))
    found = evaluate(other, Roles(label="y", prediction="d"), champion={"prediction": "e"}, columns=False).estimates
    assert found.of("accuracy", data="gain").low > 0
    other = regression.with_columns(old=pl.col("hat") * 1.3)
    found = evaluate(
        other, Roles(label="y", prediction="hat"), champion={"prediction": "old"}, columns=False
    ).estimates
    assert found.of("mae", data="gain").high < 0
    assert isinstance(found.of("r2", data="gain"), Estimate)


def test_without_an_id_there_is_no_match(frame):
    theirs = frame.select("row", p="s_old")
    with pytest.raises(ConfigError, match="there is no id"):
        judged(frame.drop("row"), theirs, ROLES.updated(id=None))


def test_ids_that_come_twice_are_refused(frame):
    theirs = frame.select(row=pl.lit(3), p="s_old", d="d")
    with pytest.raises(DataError, match=r"more than one row for 1 values of 'row', e.g. 3"):
        judged(frame, theirs)


def test_labels_that_contradict_are_refused(frame):
    theirs = frame.select("row", p="s_old", d="d", y=1 - pl.col("y"))
    with pytest.raises(DataError, match="Models can only be compared on the same truth"):
        judged(frame, theirs)


@pytest.mark.parametrize(
    ("champion", "words"),
    [({"prediction": "nothing"}, "no column 'nothing'"), ({}, "must be said by its columns")],
)
def test_columns_that_say_nothing(frame, champion, words):
    with pytest.raises((ColumnError, ConfigError), match=words):
        judged(frame, champion)


def test_a_file_without_answers(frame):
    with pytest.raises(ColumnError, match="no telling what its model answered"):
        judged(frame, frame.select("row", "plan"))
