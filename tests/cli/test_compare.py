"""`steelyard compare` and `steelyard diagnose`: what they print, and their exit codes."""

import json
from importlib.resources import files

import jsonschema
import polars as pl
import pytest

SCHEMA = json.loads((files("steelyard.report") / "schema" / "evaluation-v1.json").read_text())
ROLES = ("--label", "y", "--score", "p")


@pytest.fixture
def pair(tmp_path, frame):
    """The same rows twice, the second time with a quarter of the labels turned."""
    rows = pl.concat([frame] * 6)
    days = pl.Series("day", ["2026-01-01", "2026-02-01", "2026-03-01"] * (rows.height // 3)).str.to_date()
    turned = pl.when(pl.int_range(pl.len()) % 4 == 0).then(1 - pl.col("y")).otherwise(pl.col("y")).alias("y")
    rows.with_columns(days).write_parquet(tmp_path / "then.parquet")
    rows.with_columns(days, turned).write_parquet(tmp_path / "now.parquet")
    return "then.parquet", "now.parquet"


def test_compare_answers_first(steelyard, pair):
    done = steelyard("compare", *pair, *ROLES, "-o", "out.html", "-o", "out.md")
    assert done.code == 0
    for words in ("Is it worse?", "Yes: ROC AUC", "How much?", "Why?", "Where?", "What to do first?"):
        assert words in done.out, words


def test_compare_as_json(steelyard, pair):
    done = steelyard("compare", *pair, *ROLES, "--json")
    found = json.loads(done.out)
    jsonschema.validate(found, SCHEMA)
    assert found["answers"][0]["question"] == "Is it worse?"
    assert found["drifts"]


def test_diagnose(steelyard, pair):
    done = steelyard("diagnose", pair[0], *ROLES, "--time", "day", "--since", "2026-03-01", "--json")
    assert json.loads(done.out)["rows"] == {"current": 600, "reference": 1200}


def test_a_window_needs_a_time(refused, data):
    assert "--time" in refused("evaluate", data, *ROLES, "--window", "1d")
    assert "is no window" in refused("evaluate", data, *ROLES, "--window", "soon", "--time", "y")


def test_a_report_is_not_written_over_the_data(refused, pair, tmp_path):
    (tmp_path / "data.json").write_text('{"y": 1, "p": 0.5}\n')
    assert "the report would replace it" in refused("compare", pair[0], "data.json", "-o", "data.json")


def test_exit_codes(steelyard, pair):
    assert steelyard("compare", *pair, *ROLES, "--check", "roc_auc >= 0.99", "-q").code == 1
    assert steelyard("compare", *pair, *ROLES, "--check", "roc_auc >= 0.1", "-q").code == 0
