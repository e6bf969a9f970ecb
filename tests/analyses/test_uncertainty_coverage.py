"""Intervals and sets against what they promise."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy import stats

from steelyard.analyses.findings.coverage import coverage as coverage_findings
from steelyard.analyses.findings.coverage import vagueness
from steelyard.analyses.study import Study
from steelyard.data import Roles
from steelyard.records import Coverage, Estimate, Severity, Slice, Uncertainty, Undefined, Verdict
from steelyard.stats import conformal, intervals

Studying = Callable[..., Study]
ROLES = Roles(
    label="y", prediction="pred", task="regression", lower="lo", upper="hi", coverage=0.9, calibrated_on=500
)
SETS = Roles(label="y", prediction="pred", task="multiclass", prediction_set="set", coverage=0.9)


def numbers(m: int, seed: int, half: float = 1.6449, hard: float = 1.0) -> pl.DataFrame:
    """Normal errors, twice (`hard` times) as large at site B; intervals of one half-width."""
    rng = np.random.default_rng(seed)
    site = rng.choice(["A", "B", "C"], m)
    pred = rng.normal(50, 10, m)
    y = pred + rng.normal(size=m) * np.where(site == "B", hard, 1.0)
    scale = rng.choice([1.0, 1.2], m)
    return pl.DataFrame(
        {
            "y": y,
            "pred": pred,
            "lo": pred - half * scale,
            "hi": pred + half * scale,
            "site": site,
            "user": rng.integers(0, m // 4 + 1, m),
            "w": rng.integers(1, 4, m).astype(float),
        }
    )


def classes(m: int, seed: int, miss: float = 0.1) -> pl.DataFrame:
    """Sets of one to four classes that miss the truth so often."""
    rng = np.random.default_rng(seed)
    names = np.array(["a", "b", "c", "d"])
    truth = rng.integers(0, 4, m)
    sets = []
    for t in truth:
        others = [str(n) for n in rng.permutation(np.delete(names, t))[: rng.integers(0, 4)]]
        sets.append(others if rng.random() < miss else [str(names[t]), *others])
    return pl.DataFrame({"y": names[truth], "pred": names[rng.integers(0, 4, m)], "set": sets})


def uncertainty(study: Study) -> Uncertainty:
    assert study.uncertainty is not None
    assert study.failures == ()
    return study.uncertainty


def overall(study: Study, data: str = "current") -> Coverage:
    return next(c for c in uncertainty(study).coverages if c.by == "all" and c.data == data)


def value(outcome: object) -> float:
    assert isinstance(outcome, Estimate)
    return outcome.value


def test_coverage_and_size_are_those_of_the_rows(study_from: Studying) -> None:
    frame = numbers(3000, 1)
    study = study_from(frame, replace(ROLES, slices=["site"]))
    inside = ((frame["lo"] <= frame["y"]) & (frame["y"] <= frame["hi"])).to_numpy()
    found = overall(study)
    assert value(found.coverage) == pytest.approx(inside.mean())
    assert isinstance(found.coverage, Estimate)
    assert (found.coverage.low, found.coverage.high) == pytest.approx(intervals.wilson(inside.mean(), 3000, 0.95))
    width = (frame["hi"] - frame["lo"]).to_numpy()
    assert value(found.size) == pytest.approx(width.mean())
    law = conformal.conformal_law(0.9, 500)
    oracle = stats.betabinom(3000, law.a, law.b)
    k = int(inside.sum())
    assert found.p == pytest.approx(2 * min(oracle.cdf(k), oracle.sf(k - 1)), rel=1e-6)
    assert found.limits == pytest.approx(tuple(oracle.ppf([0.025, 0.975]) / 3000))
    sharp = uncertainty(study).sharpness[0]
    y = frame["y"].to_numpy()
    fines = np.maximum(frame["lo"].to_numpy() - y, 0) + np.maximum(y - frame["hi"].to_numpy(), 0)
    assert value(sharp.score) == pytest.approx(np.mean(width + 2 / 0.1 * fines))
    sites = {c.where: c for c in uncertainty(study).coverages if c.by == "slice"}
    here = (frame["site"] == "B").to_numpy()
    assert value(sites[Slice((("site", "B"),))].coverage) == pytest.approx(inside[here].mean())


def test_verdicts_of_three_values(study_from: Studying) -> None:
    kept = overall(study_from(numbers(20_000, 1), replace(ROLES, calibrated_on=None)))
    assert (kept.verdict, kept.rows_needed) == (Verdict.PASS, None)
    broken = overall(study_from(numbers(5000, 1, half=1.2), ROLES))
    assert (broken.verdict, broken.rows_needed) == (Verdict.FAIL, None)
    few = overall(study_from(numbers(60, 1), ROLES))
    assert few.verdict is Verdict.INCONCLUSIVE
    assert few.rows_needed is not None
    assert few.rows_needed > 60


def test_luck_of_calibration_is_no_fault_and_more_rows_do_not_settle_it(study_from: Studying) -> None:
    frame = numbers(20_000, 1, half=1.35)
    exact = overall(study_from(frame, replace(ROLES, calibrated_on=None)))
    assert exact.verdict is Verdict.FAIL
    lucky = overall(study_from(frame, replace(ROLES, calibrated_on=100)))
    assert (lucky.verdict, lucky.rows_needed) == (Verdict.INCONCLUSIVE, None)
    assert lucky.p is not None
    assert lucky.p > 0.05


def test_slices_pay_for_their_number_and_are_told_once(study_from: Studying) -> None:
    study = study_from(numbers(6000, 2, half=1.75, hard=2.2), replace(ROLES, slices=["site"]))
    told = {f.id: f for f in coverage_findings(study)}
    assert "uncertainty:slices" in told
    assert "site = B" in told["uncertainty:slices"].sentence
    assert "site = A" not in told["uncertainty:slices"].sentence
    everywhere = study_from(numbers(6000, 2, half=1.2), replace(ROLES, slices=["site"]))
    assert [f.id for f in coverage_findings(everywhere)] == ["uncertainty:coverage"]
    assert coverage_findings(everywhere)[0].severity is Severity.MEDIUM
    found = [c.p for c in uncertainty(everywhere).coverages if c.by == "slice"]
    alone = [
        conformal.coverage_test(value(c.coverage) * c.coverage.n, c.coverage.n, 0.9, 0.95, 500).p
        for c in uncertainty(everywhere).coverages
        if c.by == "slice" and isinstance(c.coverage, Estimate)
    ]
    assert found == pytest.approx(stats.false_discovery_control(alone), rel=1e-6)


def test_too_much_coverage_is_told_and_passes(study_from: Studying) -> None:
    study = study_from(numbers(5000, 3, half=2.6), ROLES)
    assert overall(study).verdict is Verdict.PASS
    told = coverage_findings(study)
    assert [f.id for f in told] == ["uncertainty:coverage"]
    assert "wider than they need be" in told[0].sentence
    assert told[0].severity is Severity.LOW


def test_adaptiveness_by_width_and_by_prediction(study_from: Studying) -> None:
    frame = numbers(8000, 4).with_columns(lo=pl.col("pred") - 0.02 * pl.col("pred"), hi=pl.col("pred") * 1.02)
    found = uncertainty(study_from(frame, ROLES)).coverages
    widths = [value(c.coverage) for c in found if c.by == "size"]
    levels = [c for c in found if c.by == "prediction"]
    assert len(widths) == len(levels) == 5
    assert widths == sorted(widths)
    assert widths[-1] - widths[0] > 0.2
    order = [float(c.where.as_dict()["prediction"].removeprefix("about ")) for c in levels]
    assert order == sorted(order)
    assert sum(c.coverage.n for c in levels if isinstance(c.coverage, Estimate)) == 8000


def test_odd_intervals_are_counted_and_said(study_from: Studying) -> None:
    frame = numbers(200, 5)
    hi, lo, y = frame["hi"].to_list(), frame["lo"].to_list(), frame["y"].to_list()
    hi[0], hi[1], lo[1], lo[2], y[3], hi[4] = None, float("inf"), float("-inf"), hi[2] + 1, None, float("inf")
    frame = frame.with_columns(pl.Series("hi", hi), pl.Series("lo", lo), pl.Series("y", y))
    study = study_from(frame, ROLES)
    notes = " ".join(uncertainty(study).notes)
    assert "1 row lack an end" in notes
    assert "1 row have an interval and no label" in notes
    assert "1 row have a lower end above" in notes
    assert "2 rows have an interval without end" in notes
    found = overall(study)
    known = [(a, b, c) for a, b, c in zip(lo, hi, y, strict=True) if None not in (a, b, c)]
    assert isinstance(found.coverage, Estimate)
    assert found.coverage.n == len(known) == 198
    assert found.coverage.value == pytest.approx(np.mean([a <= c <= b for a, b, c in known]))
    assert isinstance(found.size, Estimate)
    assert found.size.n == 197


@pytest.mark.parametrize("what", ["weight", "cluster"])
def test_weights_and_clusters_make_rows_worth_less(study_from: Studying, what: str) -> None:
    frame = numbers(4000, 6)
    plain = overall(study_from(frame, ROLES))
    if what == "cluster":
        frame = pl.concat([frame] * 4)
        with_roles = overall(study_from(frame, replace(ROLES, cluster="user")))
        naive = overall(study_from(frame, ROLES))
        assert naive.limits is not None
        assert with_roles.limits is not None
        assert with_roles.limits[0] <= naive.limits[0]
        assert isinstance(with_roles.coverage, Estimate)
        assert isinstance(naive.coverage, Estimate)
        ratio = (with_roles.coverage.high - with_roles.coverage.low) / (naive.coverage.high - naive.coverage.low)
        assert ratio > 1.5
        return
    weighted = overall(study_from(frame, replace(ROLES, weight="w")))
    inside = ((frame["lo"] <= frame["y"]) & (frame["y"] <= frame["hi"])).to_numpy()
    assert value(weighted.coverage) == pytest.approx(np.average(inside, weights=frame["w"].to_numpy()))
    assert weighted.limits is not None
    assert plain.limits is not None
    assert weighted.limits[0] <= plain.limits[0]


def test_mirrored_quantiles_promise_what_lies_between_them(study_from: Studying) -> None:
    frame = numbers(3000, 7).with_columns(q25=pl.col("pred") - 0.6745, q75=pl.col("pred") + 0.6745)
    roles = Roles(
        label="y", prediction="pred", task="regression", quantiles={0.05: "lo", 0.25: "q25", 0.75: "q75", 0.95: "hi"}
    )
    found = [c for c in uncertainty(study_from(frame, roles)).coverages if c.by == "all"]
    assert [(c.subject, c.promised) for c in found] == [
        ("quantiles 0.05 to 0.95", 0.9),
        ("quantiles 0.25 to 0.75", 0.5),
    ]
    inside = ((frame["q25"] <= frame["y"]) & (frame["y"] <= frame["q75"])).mean()
    assert value(found[1].coverage) == pytest.approx(inside)


def test_quantiles_that_fail_one_by_one_are_not_told_twice(study_from: Studying) -> None:
    roles = Roles(label="y", prediction="pred", task="regression", quantiles={0.05: "lo", 0.95: "hi"})
    study = study_from(numbers(4000, 8, half=0.9), roles)
    assert overall(study).verdict is Verdict.FAIL
    assert coverage_findings(study) == []


@pytest.mark.parametrize("written", ["list", "text"])
@pytest.mark.parametrize("engine", ["polars", "duckdb"])
def test_sets_of_classes(study_from: Studying, written: str, engine: str) -> None:
    frame = classes(600, 1)
    hit = np.mean([y in s for y, s in zip(frame["y"], frame["set"].to_list(), strict=True)])
    size = frame["set"].list.len().to_numpy()
    if written == "text":
        frame = frame.with_columns(pl.col("set").list.join(" | "))
    given: Any = frame if engine == "polars" else duckdb.from_arrow(frame.to_arrow())
    study = study_from(given, SETS)
    assert value(overall(study).coverage) == pytest.approx(hit)
    assert value(overall(study).size) == pytest.approx(size.mean())
    sharp = uncertainty(study).sharpness[0]
    assert value(sharp.empty) == pytest.approx(np.mean(size == 0))
    assert value(sharp.full) == pytest.approx(np.mean(size == 4))
    assert sharp.score is None
    by_size = {c.where.as_dict()["classes"]: c for c in uncertainty(study).coverages if c.by == "size"}
    assert set(by_size) == {"0", "1", "2", "3", "4"}
    assert value(by_size["0"].coverage) == 0.0
    assert value(by_size["4"].coverage) == 1.0


@pytest.mark.parametrize(
    ("label", "sets", "positive"),
    [
        ([1, 0, 1, 0], ["1|0", "1", "0", ""], 1),
        (["yes", "no", "yes", "no"], ["yes|no", "yes", "no", ""], "yes"),
        ([True, False, True, False], ["True|False", "True", "False", ""], True),
    ],
    ids=["numbers", "words", "truth"],
)
def test_sets_of_two_classes(study_from: Studying, label: list[Any], sets: list[str], positive: Any) -> None:
    frame = pl.DataFrame({"y": label * 20, "p": [0.7, 0.2, 0.6, 0.4] * 20, "set": sets * 20})
    roles = Roles(label="y", score="p", task="binary", positive=positive, prediction_set="set", coverage=0.5)
    study = study_from(frame, roles)
    assert value(overall(study).coverage) == pytest.approx(1 / 4)
    assert value(overall(study).size) == pytest.approx(1.0)


def test_sets_that_say_nothing(study_from: Studying) -> None:
    frame = classes(400, 2).with_columns(set=pl.lit("a|b|c|d"))
    told = vagueness(study_from(frame, SETS))
    assert [f.id for f in told] == ["uncertainty:size:sets in set"]
    assert "4 classes" in told[0].sentence
    assert vagueness(study_from(classes(400, 2), SETS)) == []


def test_intervals_as_wide_as_all_there_is(study_from: Studying) -> None:
    frame = numbers(2000, 9).with_columns(lo=pl.lit(20.0), hi=pl.lit(80.0))
    told = vagueness(study_from(frame, ROLES))
    assert len(told) == 1
    assert "knows nothing of the inputs" in told[0].sentence
    assert vagueness(study_from(numbers(2000, 9), ROLES)) == []


def test_reference_beside_current(study_from: Studying) -> None:
    study = study_from(numbers(2000, 1, half=1.2), ROLES, numbers(2000, 2))
    assert value(overall(study).coverage) < 0.85 < value(overall(study, "reference").coverage)
    lacking = study_from(numbers(2000, 1), ROLES, numbers(2000, 2).with_columns(lo=pl.lit(None, pl.Float64)))
    assert isinstance(overall(lacking, "reference").coverage, Undefined)


def test_coverage_over_windows(study_from: Studying) -> None:
    day = np.repeat(np.arange(20), 200)
    good, bad = numbers(2000, 1), numbers(2000, 2, half=1.0)
    frame = pl.concat([good, bad]).with_columns(pl.Series("day", day))
    study = study_from(frame, replace(ROLES, time="day"), window="1")
    series = uncertainty(study).series
    assert len(series) == 1
    alarms = [int(p.start) for p in series[0].alarms]
    assert alarms == list(range(10, 20))
    assert series[0].centre == pytest.approx(451 / 501)
    assert "10 of 20 windows have an alarm, the first at 10" in coverage_findings(study)[0].sentence


@pytest.mark.parametrize(
    ("roles", "said"),
    [
        (replace(ROLES, upper=None), "both ends"),
        (replace(ROLES, coverage=None), "not said"),
        (replace(ROLES, coverage=90.0), "between 0 and 1"),
        (replace(ROLES, lower=None, upper=None, prediction_set="site"), "binary and multiclass"),
    ],
    ids=["one end", "no promise", "a percentage", "sets of numbers"],
)
def test_what_is_wanting_is_said(study_from: Studying, roles: Roles, said: str) -> None:
    study = study_from(numbers(300, 1), roles)
    assert any(said in note for note in uncertainty(study).notes)
    assert all(c.verdict is None and c.p is None for c in uncertainty(study).coverages)
    assert coverage_findings(study) == []


@pytest.mark.parametrize("rows", [1, 2])
def test_few_rows(study_from: Studying, rows: int) -> None:
    found = overall(study_from(numbers(50, 1).head(rows), ROLES))
    assert found.verdict is Verdict.INCONCLUSIVE
    assert isinstance(found.coverage, Estimate)


def test_no_label_and_no_interval(study_from: Studying) -> None:
    frame = numbers(300, 1)
    study = study_from(frame.with_columns(hi=pl.lit(None, pl.Float64)), ROLES)
    assert isinstance(overall(study).coverage, Undefined)
    assert overall(study).verdict is None
    assert any("300 rows lack an end" in note for note in uncertainty(study).notes)


def test_odd_names(study_from: Studying) -> None:
    frame = numbers(500, 1).rename({"lo": "low er``🎯", "hi": "if"})
    study = study_from(frame, replace(ROLES, lower="low er``🎯", upper="if"))
    assert isinstance(overall(study).coverage, Estimate)
