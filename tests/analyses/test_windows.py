"""Series over windows of time: what is read, what limits rest on, and what odd data does to them."""

from __future__ import annotations

import datetime as dt

import numpy as np
import polars as pl
import pytest

from steelyard.analyses import diagnosis, windows
from steelyard.analyses.findings.over_time import over_time, since
from steelyard.analyses.study import Study
from steelyard.analyses.windows.rows import NO_GUARANTEE, detect
from steelyard.analyses.windows.timeline import timeline
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.records import ConfigError, Estimate, MissingPackageError, Undefined
from steelyard.stats.divergences import JENSEN_SHANNON, effect

START = dt.date(2025, 1, 6)
ROLES = Roles(label="y", score="p", time="when", task="binary")


def stream(
    days, seed=0, rows=150, start=START, weekly=0.0, wrong=None, older=None, lost=None, fewer=None, weekend=True
):
    """Daily rows of a calibrated model; each fault is (first day, last day, how much)."""
    rng = np.random.default_rng(seed)

    def now(fault, day):
        return fault[2] if fault is not None and fault[0] <= day < fault[1] else 0.0

    parts = []
    for day in range(days):
        date = start + dt.timedelta(day)
        if not weekend and date.weekday() >= 5:
            continue
        n = int(rng.poisson(rows * (1 - now(fewer, day))))
        logit = rng.normal(weekly * np.sin(2 * np.pi * date.toordinal() / 7), 1.5, n)
        y = rng.random(n) < 1 / (1 + np.exp(-logit))
        y = np.where(rng.random(n) < now(wrong, day), ~y, y)
        income = rng.exponential(30, n)
        income[rng.random(n) < now(lost, day)] = np.nan
        hours = rng.integers(0, 24, n)
        parts.append(
            pl.DataFrame(
                {
                    "y": y.astype(int),
                    "p": 1 / (1 + np.exp(-logit)),
                    "age": rng.normal(40 + now(older, day), 10, n),
                    "income": income,
                    "town 🏠": rng.choice(["A", "B", "ü & c"], n),
                    "when": [dt.datetime.combine(date, dt.time(int(h))) for h in hours],
                }
            )
        )
    return pl.concat(parts)


@pytest.fixture
def watch(monkeypatch):
    """The study of a frame with its series; no other analysis runs."""
    monkeypatch.setattr(diagnosis, "ANALYSES", (("windows", windows),))

    def make(current, reference=None, roles=ROLES, window="1d", **request) -> Study:
        tables = {"current": read(current)} | ({} if reference is None else {"reference": read(reference)})
        sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
        complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
        only = request.pop("only", ["roc_auc", "accuracy", "log_loss"] if complete.task == "binary" else None)
        study, _, _ = study_of(sources, Request(roles=complete, window=window, only=only, **request))
        assert not study.failures, study.failures
        return study

    return make


def of(study, kind, subject):
    return next(s for s in study.series if s.kind == kind and s.subject == subject)


def finding(study, start):
    return next(f for f in over_time(study) if f.id.startswith(start))


@pytest.fixture(scope="module")
def reference():
    return stream(40, seed=1)


LATER = START + dt.timedelta(40)


def test_every_kind_of_series_and_its_points(watch, reference):
    study = watch(stream(30, seed=2, start=LATER, lost=(0, 30, 0.02)), reference)
    kinds = {(s.kind, s.subject) for s in study.series}
    assert {("metric", "roc_auc"), ("volume", "rows"), ("drift", "score"), ("drift", "label")} <= kinds
    assert {("drift", "age"), ("drift", "town 🏠"), ("missing", "income")} <= kinds
    assert ("missing", "age") not in kinds
    auc = of(study, "metric", "roc_auc")
    assert [p.data for p in auc.points] == ["reference"] * 40 + ["current"] * 30
    assert (auc.points[0].start, auc.points[0].end) == ("2025-01-06", "2025-01-07")
    assert auc.baseline == 40
    assert all(p.statistic is None for p in auc.points[:40])
    assert all(p.statistic is not None for p in auc.points[41:69])
    assert auc.limits[0] < auc.centre < auc.limits[1]
    assert "500 windows over all series" in auc.budget
    assert "λ = 0.2" in auc.method


def test_a_window_is_read_as_if_it_stood_alone(watch):
    rows = stream(12, seed=3)
    day = rows.filter(pl.col("when").dt.date() == START + dt.timedelta(5))
    whole = watch(rows, only=None)
    alone = watch(day, window=None, only=None)
    for metric in ("roc_auc", "accuracy", "log_loss", "f1"):
        point = of(whole, "metric", metric).points[5].outcome
        expected = alone.estimate(metric)
        assert isinstance(point, Estimate)
        assert (point.value, point.low, point.high) == pytest.approx((expected.value, expected.low, expected.high))
        assert point.n == expected.n
    score = of(whole, "drift", "score").points[5].outcome
    assert score.value == pytest.approx(day["p"].mean())
    assert score.se == pytest.approx(day["p"].std(ddof=0) / np.sqrt(len(day)))
    assert of(whole, "volume", "rows").points[5].outcome.value == len(day)


def test_a_stable_stream_is_called_stable(watch, reference):
    study = watch(stream(40, seed=4, start=LATER), reference)
    found = over_time(study)
    assert [f.id for f in found] == ["over-time:stable"]
    assert "40 windows" in found[0].sentence
    assert "one false alarm in 500 windows" in found[0].sentence
    assert since(study, "roc_auc") == ""


def test_a_fall_of_the_model_is_dated(watch, reference):
    study = watch(stream(40, seed=5, start=LATER, wrong=(20, 40, 0.25)), reference)
    onset = (LATER + dt.timedelta(20)).isoformat()
    told = [f for f in over_time(study) if f.kind == "over-time" and f.severity.rank <= 1]
    assert len(told) == 1
    assert onset in told[0].sentence
    assert "Also worse" in told[0].sentence
    assert told[0].estimate.low <= told[0].estimate.value <= told[0].estimate.high
    assert since(study, "log_loss") == onset
    assert since(study, "no such metric") == ""
    auc = of(study, "metric", "roc_auc")
    assert auc.alarms
    assert all(p.start >= onset for p in auc.alarms)


def test_a_gain_is_information(watch, reference):
    worse = stream(40, seed=1, wrong=(0, 40, 0.3))
    study = watch(stream(30, seed=6, start=LATER), worse)
    found = [f for f in over_time(study) if f.id.endswith(":better")]
    assert len(found) == 1
    assert found[0].severity == "info"


def test_a_moved_column_is_dated_and_others_stay_out(watch, reference):
    study = watch(stream(40, seed=7, start=LATER, older=(15, 40, 8)), reference)
    found = finding(study, "over-time:drift:age")
    assert (LATER + dt.timedelta(15)).isoformat() in found.sentence
    assert "town" not in found.sentence
    assert "income" not in found.sentence


def test_a_burst_of_missing_values_that_is_over(watch, reference):
    study = watch(stream(40, seed=8, start=LATER, lost=(10, 18, 0.4)), reference)
    found = finding(study, "over-time:missing:income")
    assert found.severity == "low"
    assert f"from {LATER + dt.timedelta(10)} to {LATER + dt.timedelta(18)}" in found.sentence
    assert "none otherwise" in found.sentence


def test_a_drop_of_rows(watch, reference):
    study = watch(stream(40, seed=9, start=LATER, fewer=(25, 40, 0.6)), reference)
    found = finding(study, "over-time:rows")
    assert (LATER + dt.timedelta(25)).isoformat() in found.sentence
    assert "dropped" in found.sentence


def test_windows_without_rows_are_points_without_a_value(watch, reference):
    rows = stream(30, seed=10, start=LATER)
    gone = LATER + dt.timedelta(12)
    study = watch(rows.filter(pl.col("when").dt.date() != gone), reference)
    point = next(p for p in of(study, "metric", "accuracy").points if p.start == gone.isoformat())
    assert point.outcome == Undefined("no row is in this window")
    volume = next(p for p in of(study, "volume", "rows").points if p.start == gone.isoformat())
    assert volume.outcome.value == 0
    assert volume.alarm
    assert gone.isoformat() in finding(study, "over-time:gaps").sentence


def test_weekends_without_rows_are_no_gaps(watch):
    study = watch(stream(70, seed=11, weekend=False))
    assert not [f for f in over_time(study) if f.id == "over-time:gaps"]


def test_a_last_window_that_is_cut_off_raises_no_alarm(watch, reference):
    rows = stream(30, seed=12, start=LATER)
    last = dt.datetime.combine(LATER + dt.timedelta(29), dt.time(3))
    study = watch(rows.filter(pl.col("when") < last), reference)
    point = of(study, "volume", "rows").points[-1]
    assert not point.alarm
    assert point.statistic is None
    assert "cut off" in point.outcome.note
    assert [f.id for f in over_time(study)] == ["over-time:stable"]


def test_a_weekly_cycle_is_no_alarm_and_a_fall_within_it_is(watch):
    before = stream(42, seed=13, rows=300, weekly=1.0)
    after = stream(42, seed=14, rows=300, weekly=1.0, start=START + dt.timedelta(42))
    study = watch(after, before)
    score = of(study, "drift", "score")
    assert "same phase of 7" in score.method
    assert not score.alarms
    shifted = after.with_columns(
        p=pl.when(pl.col("when").dt.date() >= START + dt.timedelta(63)).then(pl.col("p") * 0.8).otherwise("p")
    )
    assert of(watch(shifted, before), "drift", "score").alarms


def test_without_a_reference_limits_rest_on_the_first_half(watch):
    study = watch(stream(40, seed=15, wrong=(25, 40, 0.3)))
    accuracy = of(study, "metric", "accuracy")
    assert accuracy.baseline == 20
    assert "first 20 windows" in accuracy.method
    assert since(study, "accuracy") == (START + dt.timedelta(25)).isoformat()
    age = of(study, "drift", "age")
    assert isinstance(age.points[3].outcome, Estimate)


def test_a_reference_without_times_is_held_against_all_the_same(watch, reference):
    study = watch(stream(40, seed=16), reference.drop("when"))
    age = of(study, "drift", "age")
    assert {p.data for p in age.points} == {"current"}
    assert age.baseline == 20


def test_a_reference_without_a_column(watch, reference):
    study = watch(stream(20, seed=17, start=LATER, lost=(0, 20, 0.1)), reference.drop("income"))
    lost = of(study, "missing", "income")
    assert lost.points[0].outcome == Undefined("this data set has no such column")
    assert lost.limits is None
    assert "no limits" in lost.method.casefold()


@pytest.mark.parametrize("days", [1, 2, 5, 8])
def test_too_few_windows_have_no_limits_and_say_why(watch, days):
    study = watch(stream(days, seed=18))
    accuracy = of(study, "metric", "accuracy")
    assert len(accuracy.points) == days
    assert accuracy.limits is None
    assert accuracy.centre is None
    assert not accuracy.alarms
    found = over_time(study)
    assert [f.id for f in found] == ["over-time:unlimited"]
    assert found[0].sentence.startswith("There are too few windows for limits: they need 8 whole windows")


def test_order_and_duplicates_of_times_do_not_matter(watch, reference):
    rows = stream(20, seed=19, start=LATER)
    mixed = watch(rows.sample(fraction=1.0, shuffle=True, seed=0), reference.reverse())
    plain = watch(rows, reference)
    for a, b in zip(mixed.series, plain.series, strict=True):
        assert (a.kind, a.subject, a.baseline) == (b.kind, b.subject, b.baseline)
        assert a.limits == pytest.approx(b.limits)
        assert [p.alarm for p in a.points] == [p.alarm for p in b.points]


def test_missing_and_stray_times_are_told(watch, reference):
    rows = stream(20, seed=20, start=LATER)
    stray = rows.head(3).with_columns(when=pl.lit(dt.datetime(1970, 1, 1)))
    unknown = rows.head(5).with_columns(when=pl.lit(None, dtype=pl.Datetime("us")))
    study = watch(pl.concat([rows, stray, unknown]), reference)
    accuracy = of(study, "metric", "accuracy")
    assert len(accuracy.points) == 60
    assert "3 rows with times far from all others" in accuracy.method
    assert "5 rows without a time" in accuracy.method


def test_no_times_at_all(watch):
    rows = stream(3, seed=21).with_columns(when=pl.lit(None, dtype=pl.Datetime("us")))
    study = watch(rows)
    assert study.series == ()
    assert over_time(study) == []


def test_numeric_windows(watch):
    rows = stream(40, seed=22).with_row_index("step").with_columns(pl.col("step").cast(pl.Int64))
    study = watch(rows.drop("when"), roles=Roles(label="y", score="p", time="step", task="binary"), window="200")
    accuracy = of(study, "metric", "accuracy")
    assert [p.start for p in accuracy.points[:2]] == ["0", "200"]
    assert accuracy.limits is not None


def test_labels_that_stop_coming(watch, reference):
    rows = stream(30, seed=23, start=LATER)
    late = pl.col("when").dt.date() >= LATER + dt.timedelta(24)
    study = watch(rows.with_columns(y=pl.when(late).then(None).otherwise("y")), reference)
    assert isinstance(of(study, "metric", "accuracy").points[-1].outcome, Undefined)
    found = finding(study, "over-time:missing:y")
    assert (LATER + dt.timedelta(24)).isoformat() in found.sentence


@pytest.mark.parametrize(
    "change",
    [
        {"y": pl.lit(1)},
        {"p": pl.lit(0.5)},
        {"p": pl.lit(None, dtype=pl.Float64)},
        {"age": pl.lit(None, dtype=pl.Float64)},
        {"age": pl.lit(3.0)},
        {"town 🏠": pl.lit("")},
    ],
    ids=lambda change: next(iter(change)),
)
def test_constant_and_empty_columns(watch, reference, change):
    rows = stream(20, seed=24, start=LATER).with_columns(**change)
    prediction = Roles(label="y", score="p", prediction="d", time="when", task="binary")
    reference = reference.with_columns(d=(pl.col("p") >= 0.5).cast(pl.Int64))
    study = watch(rows.with_columns(d=pl.lit(1)), reference, roles=prediction)
    assert study.series
    over_time(study)


def test_weights_and_clusters(watch, reference):
    rng = np.random.default_rng(0)

    def more(frame):
        return frame.with_columns(
            w=pl.lit(rng.integers(1, 4, len(frame))).cast(pl.Float64), user=pl.lit(rng.integers(0, 60, len(frame)))
        )

    roles = ROLES.updated(weight="w", cluster="user")
    study = watch(more(stream(12, seed=25, start=LATER)), more(reference.head(2_000)), roles=roles)
    assert of(study, "metric", "accuracy").limits is not None
    assert isinstance(of(study, "drift", "score").points[0].outcome, Estimate)


def test_regression(watch):
    rng = np.random.default_rng(3)

    def make(days, start, extra=0.0):
        n = 120 * days
        truth = rng.normal(100, 20, n)
        day = rng.integers(0, days, n)
        return pl.DataFrame(
            {
                "y": truth,
                "pred": truth + rng.normal(0, 5, n) + extra * (day >= days // 2),
                "when": [start + dt.timedelta(int(d)) for d in day],
            }
        )

    roles = Roles(label="y", prediction="pred", time="when", task="regression")
    study = watch(make(30, LATER, extra=6.0), make(30, START), roles=roles)
    assert since(study, "mae") == (LATER + dt.timedelta(15)).isoformat()
    assert {("drift", "label"), ("drift", "prediction")} <= {(s.kind, s.subject) for s in study.series}


def test_timeline_of_overlapping_data_is_not_one_course(watch, reference):
    study = watch(reference, reference)
    line = timeline(study)
    assert line.in_order.tolist() == [False] * 40 + [True] * 40
    assert [f.id for f in over_time(study)] == ["over-time:stable"]


def test_windows_are_capped(watch, monkeypatch, reference):
    monkeypatch.setattr("steelyard.analyses.windows.timeline.MOST", 25)
    study = watch(stream(30, seed=26, start=LATER), reference)
    accuracy = of(study, "metric", "accuracy")
    assert len(accuracy.points) == 50
    assert "before the latest 25 windows" in accuracy.method


def test_no_windows_no_series(watch):
    study = watch(stream(3, seed=27), window=None)
    assert study.series == ()
    assert list(windows.facts(study)) == list(windows.about(study)) == []


def test_rows_one_by_one_as_river_does():
    pytest.importorskip("river", reason="river is not installed")
    import json
    from pathlib import Path

    case = json.loads((Path(__file__).parents[1] / "vectors" / "detectors.json").read_text())["cases"][0]
    x, expected = case["input"]["x"], case["expected"]
    found = detect(x, "adwin", delta=0.002)
    assert list(found.rows) == expected["adwin_river"]
    settings = {"min_instances": 30, "delta": 0.005, "threshold": 20.0, "alpha": 0.9999, "mode": "both"}
    found = detect([None, float("nan"), *x], "page-hinkley", **settings)
    assert [row - 2 for row in found.rows[:3]] == expected["page_hinkley_river_first"]
    assert found.seen == len(x)
    assert found.note == NO_GUARANTEE
    with pytest.raises(ConfigError, match="no detector 'kswin'"):
        detect(x, "kswin")
    with pytest.raises(ConfigError, match="cannot be made"):
        detect(x, "adwin", sharpness=1.0)


def test_without_river_it_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "river", None)
    monkeypatch.setitem(__import__("sys").modules, "river.drift", None)
    with pytest.raises(MissingPackageError, match=r"steelyard\[river\]"):
        detect([1.0])


def test_reference_windows_are_held_against_the_others_of_the_reference(watch, reference):
    study = watch(stream(10, seed=28, start=LATER), reference)
    table = study.profiles["reference"][
        next(f for f in windows.about(study) if f.keys[-1].column == "age" and len(f.keys) == 2)
    ]
    day = table.codes[:, 0].min()
    counts = np.zeros((2, 64))
    for (code, group), rows in zip(table.codes.tolist(), table.sums[:, 0].tolist(), strict=True):
        counts[int(code != day), group] += rows
    used = counts[:, counts.sum(axis=0) > 0]
    expected = effect(JENSEN_SHANNON, used[0], used[1], 0.95)
    found = of(study, "drift", "age").points[0].outcome
    assert (found.value, found.high) == pytest.approx((expected.debiased, expected.high), rel=1e-9)
