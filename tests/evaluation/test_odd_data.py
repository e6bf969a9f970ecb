"""Data that is odd but measurable, and data that is refused with words."""

import datetime as dt
import re

import numpy as np
import polars as pl
import pytest

from steelyard import Estimate, Roles, SteelyardError, Undefined, evaluate
from steelyard.records import ColumnError, ConfigError, DataError, EmptyDataError

BINARY = Roles(label="y", score="p", prediction="d")
NAMES = [
    *("label", "prediction", "score", "error", "tp", "fp", "fn", "tn", "weight", "count", "len", "n", "literal"),
    *("index", "value", "rows", "key", "sum", "mean", "row", "current", "reference", "time", "id", "TP", "__class__"),
    *("with space", "emoji 😀", 'quo"ted', "it's", "back`quote", "dots.and.more", "[x]", "$col", "^y", "%s{0}", "λ"),
    *("a,b", "a=b", "a & b", "1", "-", " ", "x" * 300),
]
COLUMNS = ["y", "p", "d", "plan", "w"]


@pytest.fixture(scope="module")
def plain(binary):
    return evaluate(binary, named(*COLUMNS), columns=False)


def named(label, score, prediction, plan, weight):
    slices = [plan, (plan, "sex")]
    return Roles(label=label, score=score, prediction=prediction, slices=slices, weight=weight)


@pytest.mark.parametrize("start", range(0, len(NAMES), 5))
def test_any_name_is_a_name(binary, plain, start):
    names = (NAMES + NAMES)[start : start + 5]
    for turn in (0, 2):
        turned = names[turn:] + names[:turn]
        frame = binary.rename(dict(zip(COLUMNS, turned, strict=True)))
        found = evaluate(frame, named(*turned), columns=turn == 0)
        assert [r.outcome for r in found.readings] == [r.outcome for r in plain.readings], turned


def test_names_that_are_ours_are_refused(binary):
    with pytest.raises(ColumnError, match=r"'sy_label'. Names that begin with 'sy_' are Steelyard's own"):
        evaluate(binary.with_columns(sy_label=1), BINARY)
    with pytest.raises(ColumnError, match=r"begins with . and ends with .: engines take it for a pattern.*Rename it"):
        evaluate(binary.with_columns(pl.lit(1).alias("^y$")), BINARY)


def test_columns_of_one_name():
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame([[1, 0.2, 0.3]], columns=["y", "p", "p"])
    with pytest.raises(ColumnError, match="more than one column named 'p'"):
        evaluate(frame, BINARY)


@pytest.mark.parametrize(
    ("zero", "one"),
    [("no", "yes"), ("0", "1"), (False, True), (0.0, 1.0), ("negative", "positive"), (-1, 1), ("f", "t")],
)
def test_labels_of_any_type(binary, zero, one):
    plain = evaluate(binary, BINARY)
    for columns in (["y"], ["y", "d"]):
        if isinstance(zero, str) and columns == ["y"]:
            continue
        frame = binary.with_columns(pl.Series(c, [one if v else zero for v in binary[c]]) for c in columns)
        found = evaluate(frame, BINARY if len(columns) == 2 or zero != -1 else BINARY.updated(prediction=None))
        if zero != -1 or len(columns) == 2:
            assert [r.outcome for r in found.readings] == [r.outcome for r in plain.readings]


def test_some_labels_missing(binary):
    frame = binary.with_columns(y=pl.when(pl.int_range(400) % 3 > 0).then("y"))
    found, kept = evaluate(frame, BINARY), evaluate(frame.drop_nulls("y"), BINARY)
    assert found.estimates["roc_auc"] == kept.estimates["roc_auc"]
    assert found.estimates["recall"].value == kept.estimates["recall"].value
    assert found.rows == {"current": 400}
    (column,) = [c for c in found.columns if c.name == "y"]
    assert column.missing == 134


def test_a_predicted_class_that_no_label_has(multiclass):
    frame = multiclass.select("y", d=pl.when(pl.int_range(400) < 40).then(pl.lit("yak")).otherwise("d"))
    evaluation = evaluate(frame, Roles(label="y", prediction="d"))
    right = (frame["y"] == frame["d"]).mean()
    assert evaluation.estimates["accuracy"].value == pytest.approx(right)
    assert any("has values the label lacks: 'yak'" in w for w in evaluation.warnings)


def test_one_class_only(binary):
    evaluation = evaluate(binary.filter(y=1), BINARY)
    assert any("one value only, 1" in w for w in evaluation.warnings)
    assert isinstance(evaluation.estimates["recall"], Estimate)
    for name in ("roc_auc", "specificity", "matthews_corrcoef"):
        assert isinstance(evaluation.estimates[name], Undefined), name
        assert evaluation.estimates[name].reason


@pytest.mark.parametrize(("only", "positive"), [(0, 1), (False, True), ("no", "yes"), ("No", "Yes"), ("NO", "YES")])
def test_a_day_without_positives_keeps_its_polarity(binary, only, positive):
    frame = binary.select("p", y=pl.lit(only))
    evaluation = evaluate(frame, Roles(label="y", score="p"))
    assert evaluation.roles["positive"] == positive
    assert isinstance(evaluation.estimates["recall"], Undefined)
    assert isinstance(evaluation.estimates["specificity"], Estimate)


def test_a_given_positive_may_be_absent_from_a_day(binary):
    evaluation = evaluate(binary.filter(y=0), BINARY.updated(positive=1))
    assert isinstance(evaluation.estimates["specificity"], Estimate)
    with pytest.raises(DataError, match="positive value 'maybe' is not among the labels: 0, 1"):
        evaluate(binary, BINARY.updated(positive="maybe"))


def test_constant_scores(binary):
    evaluation = evaluate(binary.with_columns(p=0.3), Roles(label="y", score="p"))
    assert evaluation.estimates["roc_auc"].value == 0.5
    assert any("same value, 0.3, in every row" in w for w in evaluation.warnings)


@pytest.mark.parametrize("task", ["binary", "multiclass", "multilabel", "regression", "ranking"])
@pytest.mark.parametrize("rows", [1, 2, 3])
def test_hardly_any_rows(task, rows, request):
    frame = request.getfixturevalue(task).head(rows)
    roles = {
        "binary": BINARY.updated(slices=["plan", "age"], cluster="user"),
        "multiclass": Roles(label="y", score={c: f"p_{c}" for c in ("cat", "dog", "emu")}, slices=["plan"]),
        "multilabel": Roles(label=["y_0", "y_1"], score=["p_0", "p_1"]),
        "regression": Roles(label="y", prediction="hat", quantiles={0.1: "q10", 0.9: "q90"}, weight="w"),
        "ranking": Roles(label="rel", score="s", query="qid"),
    }[task]
    evaluation = evaluate(frame, roles.updated(task=task))
    assert evaluation.rows == {"current": rows}
    assert not [o.reason for o in evaluation.estimates.values() if isinstance(o, Undefined) and "failed" in o.reason]
    for face in (evaluation.to_html, evaluation.to_json, evaluation.to_markdown, evaluation.__str__):
        assert face()


REFUSED = {
    "no rows": (lambda f: f.head(0), BINARY, EmptyDataError, "columns but no rows. There is nothing to evaluate"),
    "all labels missing": (
        lambda f: f.with_columns(y=pl.lit(None, pl.Int64)),
        BINARY,
        DataError,
        r"'y' \(label\) is missing in all 400 rows",
    ),
    "all scores missing": (
        lambda f: f.with_columns(p=float("nan")),
        Roles(label="y", score="p"),
        DataError,
        r"'p' \(score\) is missing in all 400 rows",
    ),
    "labels and answers of other rows": (
        lambda f: f.with_columns(
            y=pl.when(pl.int_range(400) % 2 == 0).then("y"), p=pl.when(pl.int_range(400) % 2 == 1).then("p")
        ).drop("d"),
        Roles(label="y", score="p"),
        DataError,
        "No row of 400 rows has both a label .*join labels and answers of the same rows",
    ),
    "no answer": (
        lambda f: f.select("y", "age"),
        Roles(label="y"),
        DataError,
        "No column of predictions or scores was given or found.*Columns without a role: 'age'",
    ),
    "a score of text": (
        lambda f: f.select("y", score=pl.Series(["0.5"] * 399 + ["oops"])),
        Roles(label="y"),
        DataError,
        "Column 'score' is named like a score, but holds text .*'oops'",
    ),
    "a score for regression": (
        lambda f: f.select("p", y=pl.col("p") * 3),
        Roles(label="y", score="p", task="regression"),
        DataError,
        "task is regression, which has no scores.*--prediction",
    ),
    "misspelt": (lambda f: f, Roles(label="Y", score="p"), ColumnError, "no column 'Y'.*Did you mean 'y'"),
    "swapped": (
        lambda f: f.with_columns(p=pl.col("p") * 0.9 + 0.05),
        Roles(label="p", score="y"),
        DataError,
        "look swapped.*Swap them: --label y --score p",
    ),
    "one score for three classes": (
        lambda f: f.with_columns(y=pl.int_range(400) % 3),
        Roles(label="y", score="p"),
        DataError,
        "y has the values '0', '1', '2'.*--score 0=COLUMN --score 1=COLUMN --score 2=COLUMN",
    ),
    "an unknown task": (lambda f: f, BINARY.updated(task="binry"), ConfigError, "no task 'binry'.*'binary'"),
    "a weight of 0": (
        lambda f: f.with_columns(w=pl.lit(0)),
        BINARY.updated(weight="w"),
        DataError,
        "Weights must be above 0",
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_refused_with_words(binary, case):
    change, roles, kind, message = REFUSED[case]
    with pytest.raises(kind, match=message) as caught:
        evaluate(change(binary), roles)
    assert isinstance(caught.value, SteelyardError)


def test_what_is_wrong_with_the_reference_is_told_of_the_reference(binary):
    for change, message in (
        (
            lambda f: f.with_columns(p=pl.lit(None, pl.Float64)).drop("d"),
            "In the reference .*missing in all 400 rows",
        ),
        (lambda f: f.drop("p"), "has no column 'p', which is the score elsewhere"),
    ):
        found = evaluate(binary.drop("d"), Roles(label="y", score="p"), reference=change(binary))
        assert any(re.search(message, w) for w in found.warnings)
        assert isinstance(found.estimates["roc_auc"], Estimate)
    with pytest.raises(DataError, match=r"columns but no rows\. There is nothing to compare with"):
        evaluate(binary.drop("d"), Roles(label="y", score="p"), reference=binary.head(0))
    constant = evaluate(binary, BINARY, reference=binary.with_columns(p=0.5))
    assert any(w.startswith("In the reference (a Polars DataFrame): Column 'p'") for w in constant.warnings)


def test_an_absent_file():
    with pytest.raises(SteelyardError, match=r"no file 'absent\.parquet'"):
        evaluate("absent.parquet")


def test_infinite_predictions(regression):
    odd = regression.with_columns(hat=pl.when(pl.int_range(400) == 7).then(float("inf")).otherwise("hat"))
    evaluation = evaluate(odd, Roles(label="y", prediction="hat"))
    kept = regression.filter(pl.int_range(400) != 7)
    assert evaluation.estimates["mae"].value == pytest.approx((kept["hat"] - kept["y"]).abs().mean())
    assert evaluation.estimates["mae"].n == 399
    assert any("'hat' (prediction) is infinite in 1 of 400 rows" in w for w in evaluation.warnings)


def test_many_categories(binary):
    tall = pl.concat([binary] * 30).with_columns(c=pl.int_range(400 * 30).cast(pl.String) + " 😀")
    evaluation = evaluate(tall, BINARY.updated(slices=["c"]))
    assert "c has 12,000 values in the current data; only the 50 with most rows are read." in evaluation.warnings
    assert len([r for r in evaluation.readings if r.metric == "recall" and r.slice]) == 50


def test_many_columns(binary):
    rng = np.random.default_rng(3)
    wide = pl.concat(
        [binary.head(50), pl.DataFrame(rng.normal(size=(50, 3_000)), schema=[f"f{i}" for i in range(3_000)])],
        how="horizontal",
    )
    evaluation = evaluate(wide, BINARY)
    assert len(evaluation.columns) == 3_000
    assert {"y", "p", "d"} <= {c.name for c in evaluation.columns}


def test_times_of_several_zones(binary, tmp_path):
    zones = ["2026-03-01T12:00:00Z", "2026-03-01T12:00:00+02:00", "2026-03-01T12:00:00-05:00", "2026-03-01 12:00:00"]
    binary.with_columns(at=pl.Series(zones * 100)).write_csv(tmp_path / "zones.csv")
    evaluation = evaluate(tmp_path / "zones.csv", BINARY.updated(time="at"))
    (column,) = [c for c in evaluation.columns if c.name == "at"]
    assert (column.low, column.high) == ("2026-03-01T10:00:00", "2026-03-01T17:00:00")
    east = dt.timezone(dt.timedelta(hours=2))
    aware = binary.with_columns(at=pl.lit(dt.datetime(2026, 3, 1, 12, tzinfo=east)))
    (column,) = [c for c in evaluate(aware, BINARY.updated(time="at")).columns if c.name == "at"]
    assert column.low == "2026-03-01T10:00:00"


def test_windows_line_ends_and_encodings(binary, tmp_path):
    cities = ["München", "Zürich", "Ålesund", "Łódź"]
    frame = binary.with_columns(city=pl.Series(cities * 100))
    plain = evaluate(frame, BINARY.updated(slices=["city"]))
    text = frame.write_csv()
    contents = {
        "crlf": text.replace("\n", "\r\n").encode(),
        "bom": b"\xef\xbb\xbf" + text.encode(),
        "utf-16": text.encode("utf-16"),
    }
    for name, content in contents.items():
        path = tmp_path / f"{name}.csv"
        path.write_bytes(content)
        found = evaluate(path, BINARY.updated(slices=["city"]))
        assert [(r.metric, r.slice) for r in found.readings] == [(r.metric, r.slice) for r in plain.readings], name
        assert found.estimates["roc_auc"].value == pytest.approx(plain.estimates["roc_auc"].value), name
    mixed = text.replace("Łódź", "Nice").encode("cp1252")
    (tmp_path / "mixed.csv").write_bytes(mixed.replace("Zürich".encode("cp1252"), "Zürich".encode()))
    found = evaluate(tmp_path / "mixed.csv", BINARY.updated(slices=["city"]))
    assert {"München", "Zürich"} <= {r.slice.as_dict().get("city") for r in found.readings}
    assert any("is not UTF-8" in w for w in found.warnings)


def test_a_name_where_several_may_stand(binary):
    evaluation = evaluate(binary, Roles(label="y", score="p", slices="plan", features="age"))
    assert evaluation.roles["slices"] == ("plan",)
    assert {c.name for c in evaluation.columns} == {"y", "p", "plan", "age"}


def test_a_guessed_column_that_cannot_be_a_prediction_is_none(binary):
    evaluation = evaluate(binary.drop("d").rename({"age": "prediction"}), Roles(label="y", score="p"))
    assert "prediction" not in evaluation.roles
