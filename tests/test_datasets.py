import re
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest
from polars.testing import assert_frame_equal
from sklearn.metrics import roc_auc_score

from steelyard import datasets
from steelyard.data import read
from steelyard.records import UnknownNameError

REFERENCE, CURRENT = "acs_employment/reference.parquet", "acs_employment/current.parquet"
TOOL = Path(__file__).parents[1] / "tools" / "make_acs_employment.py"


@pytest.fixture(scope="module")
def people() -> pl.DataFrame:
    return pl.concat([pl.read_parquet(datasets.path(name)) for name in (REFERENCE, CURRENT)])


def test_names_are_those_of_the_files() -> None:
    assert datasets.names() == (CURRENT, REFERENCE)
    assert all(datasets.path(name).is_file() for name in datasets.names())


@pytest.mark.parametrize("name", ["acs_employment/curent.parquet", "", "../__init__.py", "acs_employment/README.md"])
def test_an_unknown_name_is_told_what_there_is(name: str) -> None:
    with pytest.raises(UnknownNameError, match=re.escape(CURRENT)):
        datasets.path(name)


def test_every_set_has_its_licence_and_story_beside_it() -> None:
    for name in datasets.names():
        folder = datasets.path(name).parent
        assert "Apache License" in (folder / "LICENSE").read_text()
        assert "public domain" in (folder / "README.md").read_text()


def test_the_files_stay_small() -> None:
    assert sum(datasets.path(name).stat().st_size for name in datasets.names()) < 1_750_000


def test_the_readme_describes_the_columns(people: pl.DataFrame) -> None:
    readme = (datasets.FOLDER / "acs_employment" / "README.md").read_text()
    table = readme.split("## Columns")[1].split("##")[0]
    described = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", table, flags=re.MULTILINE))
    types = {"Int8": "int8", "Int16": "int16", "Int32": "int32", "Float32": "float32", "String": "text"}
    assert described == {name: types[str(dtype)] for name, dtype in people.schema.items()}
    for column in ("age_group", "sex", "race", "education", "marital_status", "citizenship", "military"):
        line = next(row for row in table.splitlines() if row.startswith(f"| `{column}`"))
        assert all(word in line for word in people[column].drop_nulls().unique())


@pytest.mark.parametrize(
    ("year", "rows", "employed", "auc", "accuracy", "probability"),
    [
        (2015, 68_785, 0.4958, 0.9034, 0.8272, 0.4929),
        (2016, 69_126, 0.5010, 0.9020, 0.8253, 0.4917),
        (2017, 69_635, 0.5032, 0.9051, 0.8292, 0.4918),
        (2018, 70_131, 0.5051, 0.9057, 0.8282, 0.4938),
    ],
)
def test_the_facts_by_year(
    people: pl.DataFrame,
    year: int,
    rows: int,
    employed: float,
    auc: float,
    accuracy: float,
    probability: float,
) -> None:
    of_year = people.filter(pl.col("year") == year)
    label, score = of_year["employed"], of_year["probability"].cast(pl.Float64)
    assert of_year.height == rows
    assert label.mean() == pytest.approx(employed, abs=6e-5)
    assert roc_auc_score(label, score) == pytest.approx(auc, abs=6e-5)
    assert (label == of_year["prediction"]).mean() == pytest.approx(accuracy, abs=6e-5)
    assert score.mean() == pytest.approx(probability, abs=6e-5)


@pytest.mark.parametrize(
    ("column", "group", "label", "rate"),
    [
        ("sex", "male", 0, 0.177),
        ("sex", "female", 0, 0.231),
        ("disability", "yes", 1, 0.689),
        ("disability", "no", 1, 0.109),
        ("age_group", "65+", 1, 0.818),
    ],
)
def test_the_gaps_between_groups(people: pl.DataFrame, column: str, group: str, label: int, rate: float) -> None:
    chosen = people.filter(pl.col("year") > 2015, pl.col(column) == group, pl.col("employed") == label)
    assert (chosen["prediction"] != label).mean() == pytest.approx(rate, abs=6e-4)


def test_the_decision_is_the_probability_from_a_half(people: pl.DataFrame) -> None:
    assert ((people["probability"] >= 0.5) == (people["prediction"] == 1)).all()


def test_ids_are_unique_and_only_military_is_missing(people: pl.DataFrame) -> None:
    assert people["id"].n_unique() == people.height
    missing = {name: count for name, count in people.null_count().row(0, named=True).items() if count}
    assert missing == {"military": people.filter(pl.col("age") < 17).height}


def test_nobody_under_16_is_employed(people: pl.DataFrame) -> None:
    assert people.filter(pl.col("age_group") == "0-15")["employed"].sum() == 0
    assert (people.filter(pl.col("age_group") == "0-15")["age"] < 16).all()


def test_steelyard_and_duckdb_read_the_same(people: pl.DataFrame) -> None:
    duckdb = pytest.importorskip("duckdb")
    ours = read(datasets.path(REFERENCE)).frame.to_native().collect()
    theirs = duckdb.read_parquet(str(datasets.path(REFERENCE))).pl()
    expected = people.filter(pl.col("year") == 2015)
    assert ours.select(expected.columns).height == theirs.height == expected.height
    assert_frame_equal(theirs, expected)


def test_the_tool_turns_codes_into_words(tmp_path: Path) -> None:
    source = tmp_path / "nannyml" / "datasets" / "data"
    source.mkdir(parents=True)
    rows = pl.DataFrame(
        {
            "id": [0, 1, 2],
            "AGEP": [15.0, 16.0, 95.0],
            "SEX": ["1", "2", "1"],
            "RAC1P": ["3", "7", "9"],
            "SCHL": ["0", "16", "24"],
            "MAR": ["5", "1", "2"],
            "CIT": ["1", "4", "5"],
            "DIS": ["2", "1", "2"],
            "MIL": ["0", "1", "4"],
            "employed": [0, 1, 0],
            "year": [2015, 2016, 2018],
            "prediction": [0, 1, 0],
            "predicted_probability": [0.1, 0.5, 0.49],
        }
    ).with_columns(pl.col("SEX", "RAC1P", "SCHL", "MAR", "CIT", "DIS", "MIL").cast(pl.Categorical))
    rows.head(1).write_parquet(source / "employment_MA_reference.pq")
    rows.tail(2).drop("employed").write_parquet(source / "employment_MA_analysis.pq")
    rows.tail(2).select("id", "employed").write_parquet(source / "employment_MA_analysis_target.pq")
    subprocess.run([sys.executable, TOOL, tmp_path, "--to", tmp_path], check=True, capture_output=True)
    made = pl.concat([pl.read_parquet(tmp_path / f) for f in ("reference.parquet", "current.parquet")])
    assert made["age_group"].to_list() == ["0-15", "16-24", "65+"]
    assert made["race"].to_list() == ["Native American or Pacific Islander"] * 2 + ["two or more"]
    assert made["education"].to_list() == ["no diploma", "high school", "master's degree or more"]
    assert made["military"].to_list() == [None, "on active duty", "never"]
    assert made["employed"].to_list() == [0, 1, 0]
    assert made.schema == pl.read_parquet(datasets.path(REFERENCE)).schema
