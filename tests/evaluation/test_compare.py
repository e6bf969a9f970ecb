"""Two data sets, or one before and after a moment: the five questions, and what can be odd about a pair."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.records import ConfigError, DataError, EmptyDataError, Event

ROLES = sy.Roles(label="y", score="p", slices=("plan",), time="day", id="id")
QUESTIONS = ["Is it worse?", "How much?", "Why?", "Where?", "What to do first?"]


def made(rows, seed, flipped=0.0, start=dt.date(2026, 1, 1), days=30):
    rng = np.random.default_rng(seed)
    p = rng.beta(1.5, 2, rows)
    y = (rng.random(rows) < p).astype(int)
    y = np.where(rng.random(rows) < flipped, 1 - y, y)
    return pl.DataFrame(
        {
            "id": np.arange(rows) + seed * 1_000_000,
            "y": y,
            "p": np.round(p, 3),
            "plan": rng.choice(["basic", "plus", "pro"], rows),
            "age": rng.integers(18, 90, rows),
            "income": np.round(rng.lognormal(10, 0.4, rows), 2),
            "day": [start + dt.timedelta(days=int(d)) for d in rng.integers(0, days, rows)],
        }
    )


@pytest.fixture(scope="module")
def then():
    return made(3_000, 1)


@pytest.fixture(scope="module")
def now():
    return made(3_000, 2)


@pytest.fixture(scope="module")
def worse():
    return made(3_000, 3, flipped=0.25)


def told(evaluation):
    return {a.question: a.answer for a in evaluation.answers}


def test_the_five_questions_of_a_fall(then, worse):
    evaluation = sy.compare(then, worse, ROLES)
    answers = told(evaluation)
    assert list(answers) == QUESTIONS
    assert answers["Is it worse?"].startswith("Yes: ROC AUC")
    assert "→" in answers["How much?"]
    assert evaluation.findings[0].kind in ("change", "cause")


def test_nothing_changed(then, now):
    answers = told(sy.compare(then, now, ROLES))
    assert answers["Is it worse?"].startswith("No clear change")
    assert "can be ruled out" in answers["How much?"]


def test_without_a_reference_there_is_nothing_to_answer(now):
    assert sy.evaluate(now, ROLES).answers == ()


def test_later_rows_against_earlier_ones(then):
    later = made(1_000, 5, flipped=0.3, start=dt.date(2026, 1, 31), days=10)
    evaluation = sy.diagnose(pl.concat([then, later]), ROLES, since="2026-01-31")
    assert evaluation.rows == {"current": 1_000, "reference": 3_000}
    assert told(evaluation)["Is it worse?"].startswith("Yes")


def test_the_last_quarter_by_default_and_a_guessed_time(then):
    evaluation = sy.diagnose(then, sy.Roles(label="y", score="p"))
    assert sum(evaluation.rows.values()) == 3_000
    assert 0.15 < evaluation.rows["current"] / 3_000 < 0.35


@pytest.mark.parametrize("since", ["2027-01-01", "2025-01-01", dt.date(2030, 1, 1)])
def test_a_moment_outside(then, since):
    with pytest.raises(DataError, match="lie on one side of"):
        sy.diagnose(then, ROLES, since=since)


def test_a_moment_that_is_none(then):
    with pytest.raises(ConfigError, match="'soon' is not a moment"):
        sy.diagnose(then, ROLES, since="soon")
    with pytest.raises(ConfigError, match="holds numbers"):
        sy.diagnose(then, sy.Roles(label="y", score="p", time="age"), since="2026-01-01")


def test_numbers_as_time(then):
    assert sy.diagnose(then, sy.Roles(label="y", score="p", time="age"), since=50).rows["current"] > 1_000


def test_no_time(then):
    with pytest.raises(ConfigError, match="there is no time column"):
        sy.diagnose(then.drop("day"), sy.Roles(label="y", score="p"))


def test_rows_without_a_time_are_told(then):
    some = then.with_columns(day=pl.when(pl.col("age") < 25).then(None).otherwise("day"))
    assert any("have no time" in w for w in sy.diagnose(some, ROLES, since="2026-01-20").warnings)


def test_moments_with_a_zone(then):
    zoned = then.with_columns(pl.col("day").cast(pl.Datetime("us")).dt.replace_time_zone("Europe/Berlin"))
    assert sy.diagnose(zoned, ROLES, since="2026-01-20").rows["current"] > 500
    assert sy.diagnose(zoned, ROLES, since="2026-01-20T00:00:00+00:00").rows["current"] > 500


@pytest.mark.parametrize("column", ["y", "plan", "day", "id"])
def test_a_column_that_the_current_data_lacks(then, now, column):
    evaluation = sy.compare(then, now.drop(column), ROLES)
    assert any(f"has no column {column!r}" in w for w in evaluation.warnings)
    assert next(iter(told(evaluation))) == "Is it worse?"


@pytest.mark.parametrize("column", ["y", "p", "plan", "day", "id", "age"])
def test_a_column_that_the_reference_lacks(then, now, column):
    evaluation = sy.compare(then.drop(column), now, ROLES)
    assert evaluation.rows == {"current": 3_000, "reference": 3_000}
    assert evaluation.estimates["roc_auc"].value > 0.5


def test_labels_are_late(then, now):
    evaluation = sy.compare(then, now.with_columns(y=pl.lit(None, dtype=pl.Int64)), ROLES)
    assert "labels are missing" in told(evaluation)["Is it worse?"]


def test_nothing_in_common(now):
    other = pl.DataFrame({"x": [1, 2, 3], "z": ["a", "b", "c"]})
    evaluation = sy.compare(other, now, ROLES)
    assert any("no column in common" in w for w in evaluation.warnings)
    assert evaluation.estimates["roc_auc"].value > 0.5


def test_a_feature_of_another_type(then, now):
    evaluation = sy.compare(then.with_columns(pl.col("age").cast(pl.String) + " y"), now, ROLES)
    assert evaluation.estimates["roc_auc"].value > 0.5
    assert all(not f.id.startswith("analysis-failed") for f in evaluation.findings)


def test_an_empty_reference(then, now):
    with pytest.raises(EmptyDataError, match="nothing to compare with"):
        sy.compare(then.head(0), now, ROLES)


@pytest.mark.parametrize("rows", [1, 2, 30])
def test_few_rows(then, now, rows):
    evaluation = sy.compare(then.head(rows), now.head(rows), ROLES)
    assert all(not f.id.startswith("analysis-failed") for f in evaluation.findings), [
        f.detail for f in evaluation.findings
    ]


def test_one_class_and_missing_columns(then, now):
    odd = now.with_columns(y=pl.lit(1), age=pl.lit(None, dtype=pl.Int64), plan=pl.lit("😀"))
    evaluation = sy.compare(then, odd, ROLES, window="1w")
    assert all(not f.id.startswith("analysis-failed") for f in evaluation.findings), [
        f.detail for f in evaluation.findings
    ]


def test_what_stood_before_is_told_apart(then, now):
    weak = [
        f.with_columns(y=pl.when(pl.col("plan") == "pro").then(1 - pl.col("y")).otherwise("y")) for f in (then, now)
    ]
    found = {f.id: f for f in sy.compare(*weak, ROLES).findings}
    assert found["weak-slice:plan=pro"].standing
    only = {f.id: f for f in sy.compare(then, weak[1], ROLES).findings}
    assert (
        not only.get("weak-slice:plan=pro", found["weak-slice:plan=pro"]).standing
        or "weak-slice:plan=pro" not in only
    )


def test_events_are_read_and_sorted(then, worse, tmp_path):
    path = tmp_path / "events.csv"
    path.write_text("time,kind,title\r\n2026-02-01,deployment,v2\r\n2026-01-03T10:00,incident,outage\r\n")
    from steelyard.evaluation.events import read_events

    assert [e.title for e in read_events(path)] == ["outage", "v2"]
    assert read_events([Event("2026-01-01", "a", "b")])[0].kind == "a"
    sy.compare(then, worse, ROLES, events=path)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("when,kind,title\n", ""),
        ("when,kind,title\n1,2,3\n", "no column 'time'"),
        ("time,kind,title\nsoon,a,b\n", "'soon' is not the time"),
    ],
)
def test_odd_events(tmp_path, text, words):
    from steelyard.evaluation.events import read_events

    path = tmp_path / "events.csv"
    path.write_text(text)
    if not words:
        assert read_events(path) == ()
        return
    with pytest.raises(ConfigError, match=words):
        read_events(path)


def test_depth_is_two_or_three(then, now):
    assert sy.compare(then, now, ROLES, depth=3).answers
    with pytest.raises(ConfigError, match="not 4"):
        sy.compare(then, now, ROLES, depth=4)


def test_three_features_are_found_together_where_they_are_asked_for():
    rng = np.random.default_rng(7)
    rows = made(12_000, 7).with_columns(**{c: pl.Series(rng.integers(0, 3, 12_000)) for c in "abcdefg"})
    inside = (pl.col("a") == 1) & (pl.col("b") == 1) & (pl.col("c") == 1)
    flipped = rows.with_columns(y=pl.when(inside).then(1 - (pl.col("p") >= 0.5).cast(int)).otherwise("y"))
    deep = sy.evaluate(flipped, ROLES, depth=3).segments[0]
    assert set(deep.where.columns) == {"a", "b", "c"}
    assert len(sy.evaluate(flipped, ROLES).segments[0].where.columns) <= 2


def test_labels_of_a_file_of_their_own(then, now, tmp_path):
    path = tmp_path / "labels.csv"
    now.select("id", "y", came=pl.col("day").cast(pl.Datetime) + pl.duration(days=pl.col("id") % 5)).write_csv(path)
    given = sy.compare(then, now.drop("y"), ROLES, labels=path, on="id")
    whole = sy.compare(then, now, ROLES)
    assert given.estimates["roc_auc"] == whole.estimates["roc_auc"]
    assert [c.kind for c in given.curves].count("maturity") == 1
