"""`steelyard evaluate`: its options, what it prints and writes, its exit codes."""

import json
from importlib.resources import files

import jsonschema
import polars as pl
import pytest
from sklearn import metrics as sk

SCHEMA = json.loads((files("steelyard.report") / "schema" / "evaluation-v1.json").read_text())
ROLES = ("--label", "y", "--score", "p")


def as_json(done):
    """The whole of standard output, held against the schema."""
    found = json.loads(done.out)
    jsonschema.validate(found, SCHEMA)
    assert done.err == ""
    return found


def value(found, metric, where=None, data="current"):
    where = where or {}
    (entry,) = [e for e in found["estimates"] if (e["metric"], e["slice"], e["data"]) == (metric, where, data)]
    return entry.get("value")


def test_the_terminal_shows_what_was_found_and_guessed(steelyard, data):
    done = steelyard("evaluate", data)
    assert done.code == 0
    assert done.err == ""
    for words in ("ROC AUC", "Findings", "Key numbers", 'label = "y" (guessed from its name; change with --label)'):
        assert words in done.out.replace("\n  ", " "), words


def test_json_and_nothing_else(steelyard, data, frame):
    found = as_json(steelyard("evaluate", data, *ROLES, "--json"))
    assert value(found, "roc_auc") == pytest.approx(sk.roc_auc_score(frame["y"], frame["p"]))
    assert found["subject"] == "rows.csv"
    assert found["verdict"] is None
    assert found["digest"]


def test_every_option_arrives(steelyard, data, frame, write):
    past = write("past.csv", frame.with_columns(p=1 - pl.col("p")))
    done = steelyard(
        "evaluate", data, "--label", "y", "--score", "p", "--prediction", "d", "--positive", "1", "--task", "binary",
        "--slice", "plan", "--slice", "plan, sex", "--feature", "sex", "--weight", "w", "--cluster", "user",
        "--reference", past, "--metric", "roc_auc", "--metric", "recall", "--check", "recall >= 0.01 [plan = a]",
        "--level", "0.9", "--no-columns", "--json",
    )  # fmt: skip
    found = as_json(done)
    assert done.code == 0
    weighted = sk.roc_auc_score(frame["y"], frame["p"], sample_weight=frame["w"])
    assert value(found, "roc_auc") == pytest.approx(weighted)
    assert value(found, "roc_auc", data="reference") == pytest.approx(1 - weighted, abs=1e-6)
    assert isinstance(value(found, "recall", {"plan": "a", "sex": "F"}), float)
    assert {e["metric"] for e in found["estimates"]} == {"roc_auc", "recall"}
    assert {e.get("level", 0.9) for e in found["estimates"]} == {0.9}
    assert found["columns"] == []
    assert found["settings"]["cluster_groups"] == 32
    assert found["verdict"] == "pass"


def test_the_threshold(steelyard, data, frame):
    found = as_json(steelyard("evaluate", data, *ROLES, "--threshold", "0.3", "--metric", "recall", "--json"))
    assert value(found, "recall") == pytest.approx(sk.recall_score(frame["y"], frame["p"] >= 0.3))


def test_a_score_for_each_class(steelyard, write):
    rows = pl.DataFrame({"y": ["cat", "dog", "emu", "cat"] * 9, "a": 0.5, "b": 0.3, "c": 0.2})
    name = write("pets.csv", rows)
    words = ("--score", "cat=a", "--score", "dog=b", "--score", "emu=c")
    found = as_json(steelyard("evaluate", name, "--label", "y", *words, "--json"))
    assert (found["task"], value(found, "accuracy")) == ("multiclass", 0.5)


def test_several_labels(steelyard, write):
    name = write("tags.csv", pl.DataFrame({"a": [0, 1] * 9, "b": [1, 1, 0] * 6, "pa": 0.7, "pb": 0.2}))
    words = ("--label", "a", "--label", "b", "--score", "pa", "--score", "pb")
    assert as_json(steelyard("evaluate", name, *words, "--json"))["task"] == "multilabel"


def test_numbers_quantiles_and_forecasts(steelyard, write):
    days = pl.date_range(pl.date(2026, 1, 1), pl.date(2026, 1, 30), eager=True)
    rows = pl.DataFrame({"day": days, "shop": "x", "h": 1, "y": range(30), "hat": range(1, 31), "hi": range(5, 35)})
    name = write("sales.csv", rows)
    words = ("--label", "y", "--prediction", "hat", "--quantile", "0.9=hi")
    found = as_json(steelyard("evaluate", name, *words, "--json"))
    assert (found["task"], value(found, "bias")) == ("regression", 1)
    assert value(found, "quantile_coverage_0.9") == 1
    words = (*words, "--time", "day", "--series", "shop", "--horizon", "h", "--id", "y")
    found = as_json(steelyard("evaluate", name, *words, "--json"))
    assert (found["task"], value(found, "mase")) == ("forecasting", 1)


def test_ranked_lists(steelyard, write):
    name = write("lists.csv", pl.DataFrame({"q": ["a", "a", "b", "b"] * 5, "rel": [1, 0] * 10, "s": [2, 1] * 10}))
    found = as_json(steelyard("evaluate", name, "--query", "q", "--label", "rel", "--score", "s", "--json"))
    assert found["task"] == "ranking"


def test_several_files_and_globs(steelyard, frame, write):
    names = [write(f"part-{i}.csv", frame.slice(100 * i, 100)) for i in range(3)]
    for given in (names, ["part-*.csv"]):
        assert as_json(steelyard("evaluate", *given, *ROLES, "--json"))["rows"] == {"current": 300}


def test_a_database(steelyard, frame, tmp_path):
    frame.write_database("rows", f"sqlite:///{tmp_path}/a.db", engine="sqlalchemy")
    words = ("sqlite:///a.db", "--sql", "SELECT y, p FROM rows WHERE plan = 'a'", *ROLES)
    rows = as_json(steelyard("evaluate", *words, "--reference", "sqlite:///a.db", "--reference-sql",
                             "SELECT y, p FROM rows", "--json"))["rows"]  # fmt: skip
    assert rows == {"current": frame.filter(plan="a").height, "reference": 300}


def test_files_by_their_suffix(steelyard, data, tmp_path):
    done = steelyard("evaluate", data, *ROLES, "-o", "a.html", "-o", "a.json", "-o", "a.md")
    assert done.code == 0
    assert [f"Written: {tmp_path / name}" in done.out for name in ("a.html", "a.json", "a.md")] == [True] * 3
    assert (tmp_path / "a.html").read_text().startswith("<!")
    jsonschema.validate(json.loads((tmp_path / "a.json").read_text()), SCHEMA)
    assert (tmp_path / "a.md").read_text().startswith("# ")
    assert {p.name for p in tmp_path.iterdir()} == {"rows.csv", "a.html", "a.json", "a.md"}


def test_quiet(steelyard, data, tmp_path):
    done = steelyard("evaluate", data, *ROLES, "-q", "-o", "a.md")
    assert (done.code, done.out, done.err) == (0, "", "")
    assert (tmp_path / "a.md").exists()


@pytest.mark.parametrize(
    ("check", "code"), [("roc_auc >= 0.5", 0), ("roc_auc >= 0.99", 1), ("roc_auc >= {value}", 3)]
)
def test_exit_codes(steelyard, data, frame, check, code):
    value = sk.roc_auc_score(frame["y"], frame["p"]) - 0.01
    done = steelyard("evaluate", data, *ROLES, "--check", check.format(value=round(value, 4)))
    assert done.code == code
    if code == 3:
        assert "rows would settle it" in done.out.replace("\n", " ").replace("  ", " ")


def test_the_config_of_the_folder_is_taken_and_said(steelyard, data, write):
    roles = '[roles]\nlabel = "y"\nscore = "p"\n'
    write("steelyard.toml", roles + '[metrics]\ncost = "fp"\n[[checks]]\nmetric = "cost"\nmax = 0\n')
    done = steelyard("evaluate", data)
    assert done.code == 1
    assert done.out.startswith("Settings from ./steelyard.toml (others: --config FILE)\n")
    found = as_json(steelyard("evaluate", data, "--json"))
    assert found["settings"]["config"] == "steelyard.toml"
    assert isinstance(value(found, "cost"), float)
    write("other.toml", roles)
    done = steelyard("evaluate", data, "--config", "other.toml")
    assert done.code == 0
    assert "Settings from" not in done.out


def test_an_error_says_that_the_config_was_taken(steelyard, data, write):
    write("steelyard.toml", '[roles]\nlabel = "churned"\n')
    done = steelyard("evaluate", data)
    assert done.code == 2
    assert "rows.csv has no column 'churned', which was given as label" in done.err
    assert done.err.endswith("Settings from ./steelyard.toml (others: --config FILE)\n")
