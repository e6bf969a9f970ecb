"""`steelyard compare --models`: files or columns, the verdict of a challenger, what is refused."""

import json

import jsonschema
import numpy as np
import polars as pl
import pytest

from steelyard.evaluation.comparison import Comparison
from steelyard.report.schema import result_schema

ROLES = ("--label", "y", "--score", "p", "--id", "row")


@pytest.fixture
def pair(frame, tmp_path):
    """Predictions of two models of the same rows, the label in the first file only."""
    rows = frame.with_row_index("row")
    rows.write_parquet(tmp_path / "new.parquet")
    worse = np.random.default_rng(3).permutation(rows["p"].to_numpy())
    rows.select("row").with_columns(p=pl.Series(worse)).write_parquet(tmp_path / "old.parquet")
    rows.with_columns(q=pl.Series(worse)).write_csv(tmp_path / "both.csv")
    return "old.parquet", "new.parquet"


def test_answers_first(steelyard, pair, tmp_path):
    done = steelyard("compare", "--models", *pair, *ROLES, "--slice", "sex", "-o", "out.html", "-o", "out.md")
    assert done.code == 0, done.err
    for words in ("Which is better?", "new is better than old", "By how much?", "Where?", "What next?", "Take new."):
        assert words in done.out, words
    assert "new is better than old" in (tmp_path / "out.html").read_text()
    assert "new is better than old" in (tmp_path / "out.md").read_text()


def test_as_json(steelyard, pair):
    found = json.loads(steelyard("compare", "--models", *pair, *ROLES, "--json").out)
    jsonschema.validate(found, result_schema(Comparison))
    assert found["models"] == ["old", "new"]
    assert found["verdict"] is None


def test_columns_of_one_file(steelyard, pair):
    words = ("both.csv", "--column", "old=,q", "--column", "new=d,p", "--label", "y")
    found = json.loads(steelyard("compare", *words, "--json").out)
    assert found["models"] == ["old", "new"]
    assert found["rows"] == 300


def test_files_may_be_named(steelyard, pair):
    found = json.loads(steelyard("compare", "--models", "was=old.parquet", "is=new.parquet", *ROLES, "--json").out)
    assert found["models"] == ["was", "is"]


def test_the_challenger_decides_the_exit_code(steelyard, pair):
    run = ("compare", "--models", *pair, *ROLES, "-q", "--challenger")
    assert steelyard(*run, "new").code == 0
    assert steelyard(*run, "old").code == 1
    assert steelyard(*run, "new", "--rank-by", "recall_at_10pct", "--margin", "0.0001").code in (0, 3)


def test_folds(steelyard, frame, pair, tmp_path):
    pl.read_parquet(tmp_path / "new.parquet").with_columns(fold=pl.col("row") % 5).write_parquet(
        tmp_path / "new.parquet"
    )
    found = json.loads(steelyard("compare", "--models", *pair, *ROLES, "--fold", "fold", "--json").out)
    assert {f["folds"] for f in found["folds"]} == {5}


def test_settings_of_a_file_are_kept(steelyard, pair, write):
    write("steelyard.toml", '[metrics]\ncost = "25 * fp + 300 * fn"\n[settings]\nlevel = 0.9\n')
    found = json.loads(steelyard("compare", "--models", *pair, *ROLES, "--json").out)
    assert found["level"] == 0.9
    assert "cost" in found["titles"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("old.parquet",), "takes two data sets, REFERENCE and CURRENT; there is 1"),
        (("old.parquet", "new.parquet", "old.parquet"), "add --models"),
        (("old.parquet", "new.parquet", "--margin", "0.1"), "--margin is of a comparison of models"),
        (("old.parquet", "new.parquet", "--aligned"), "--aligned is of a comparison of models"),
        (("--models", "old.parquet"), "two models or more"),
        (("--models", "old.parquet", "new.parquet", "--check", "f1 >= 0.1"), "--check is of one model"),
        (("new.parquet", "old.parquet", "--column", "a=p"), "--column names models of one file"),
        (("both.csv", "--column", "a"), "must be NAME=PREDICTION"),
        (("both.csv", "--column", "a=d", "--column", "b=nothing", "--label", "y"), "no column 'nothing'"),
        (("--models", "new.parquet", "old.parquet", "--label", "y", "--score", "q"), "'q'"),
        (("--models", "new.parquet", "both.csv", "--label", "y", "-o", "new.parquet"), "new.parquet"),
    ],
)
def test_refused(refused, pair, words, said):
    assert said in refused("compare", *words)
