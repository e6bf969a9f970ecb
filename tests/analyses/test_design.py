"""What a planned experiment asks, in numbers: units, effects, power, looks; and what data of before tell."""

import math
from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats
from statsmodels.stats import power as sm

from steelyard.analyses.experiment.design import inputs, outline, telling
from steelyard.analyses.experiment.design.alternatives import alternatives, change
from steelyard.analyses.experiment.design.before import measured
from steelyard.analyses.experiment.design.question import (
    Question,
    average_share,
    found_by,
    peeked_false_alarms,
    power,
    smallest_effect,
    smallest_margin,
    units_for,
)
from steelyard.analyses.experiment.metric import metric_of
from steelyard.data import read
from steelyard.records import ColumnError, ConfigError, DataError

SHARE = Question("proportion", 0.12, None)
MEAN = Question("mean", 80.0, 30.0)
QUARTERS = (0.25, 0.5, 0.75, 1.0)


@pytest.mark.parametrize("shares", [(0.5, 0.5), (0.8, 0.2)])
def test_means_against_statsmodels(shares):
    asked = replace(MEAN, shares=shares)
    control = sm.TTestIndPower().solve_power(2.0 / 30.0, alpha=0.05, power=0.8, ratio=shares[1] / shares[0])
    assert units_for(asked, 2.0) == pytest.approx(control / shares[0], rel=1e-6)
    assert power(asked, 2.0, units_for(asked, 2.0)) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize(
    "how",
    [
        {},
        {"always_valid": True},
        {"looks": QUARTERS},
        {"looks": QUARTERS, "spending": "pocock"},
        {"looks": (0.3, 1.0), "sides": 1},
        {"correlation": 0.6},
        {"cluster_size": 20.0, "icc": 0.05},
        {"cluster_size": 20.0, "icc": 0.05, "variation": 0.8, "looks": QUARTERS},
        {"shares": (0.4, 0.2, 0.2, 0.2)},
        {"shares": (0.4, 0.2, 0.2, 0.2), "looks": QUARTERS, "metrics": 2},
        {"sides": 1},
    ],
    ids=str,
)
@pytest.mark.parametrize("base", [SHARE, MEAN], ids=["proportion", "mean"])
def test_units_effect_and_power_are_one_curve(base, how):
    asked = replace(base, **how)
    effect = 0.05 * base.baseline
    units = units_for(asked, effect)
    assert power(asked, effect, units) == pytest.approx(0.8, abs=2e-4)
    assert smallest_effect(asked, units) == pytest.approx(effect, rel=1e-4)
    assert found_by(asked, effect, units)[-1] == pytest.approx(0.8, abs=2e-4)
    assert power(asked, effect, 2 * units) > 0.8 > power(asked, effect / 2, units)
    assert 0.3 < average_share(asked, effect, units) <= 1.0


@pytest.mark.parametrize("test", ["noninferiority", "equivalence"])
@pytest.mark.parametrize("base", [SHARE, MEAN], ids=["proportion", "mean"])
@pytest.mark.parametrize("at", [0.0, 0.2])
def test_margins(base, test, at):
    asked = replace(base, test=test, margin=0.05 * base.baseline)
    effect = -at * asked.margin
    units = units_for(asked, effect)
    assert power(asked, effect, units) == pytest.approx(0.8, abs=1e-6)
    assert smallest_margin(asked, effect, units) == pytest.approx(asked.margin, rel=1e-4)
    assert units_for(asked, -asked.margin) == math.inf


def test_noninferiority_is_the_one_sided_test_that_intervals_make():
    asked = replace(MEAN, test="noninferiority", margin=2.0)
    known = sm.TTestIndPower().solve_power(2.0 / 30.0, alpha=0.025, power=0.8, alternative="larger")
    assert units_for(asked, 0.0) == pytest.approx(2 * known, rel=1e-6)


def test_no_effect_is_never_found():
    assert units_for(SHARE, 0.0) == math.inf
    assert power(SHARE, 0.0, 1e6) == pytest.approx(0.05)


def test_what_covariates_and_clusters_cost():
    plain = units_for(replace(SHARE, always_valid=True), 0.006)
    assert units_for(replace(SHARE, always_valid=True, correlation=0.6), 0.006) == pytest.approx(0.64 * plain)
    clustered = replace(MEAN, cluster_size=10.0, icc=0.1)
    assert units_for(clustered, 2.0) / units_for(MEAN, 2.0) == pytest.approx(1.9, rel=5e-3)


def test_clusters_have_few_degrees_of_freedom():
    """Ten clusters an arm: Student's t of clusters, not of units."""
    asked = Question("mean", None, 1.0, cluster_size=50.0, icc=0.2)
    d = 0.5 / math.sqrt(planning_variance(50.0, 0.2))
    known = sm.TTestIndPower().power(d, 10, 0.05)
    assert power(asked, 0.5, 1000) == pytest.approx(known, abs=1e-9)


def test_shares_of_clusters_have_few_degrees_of_freedom_too():
    asked = Question("proportion", 0.5, None, cluster_size=50.0, icc=0.2)
    effect = 0.2
    d = effect / math.sqrt((0.25 + 0.21) / 2 * planning_variance(50.0, 0.2))
    assert power(asked, effect, 600) == pytest.approx(sm.TTestIndPower().power(d, 6, 0.05), abs=1e-9)


def planning_variance(size, icc):
    """Variance of a cluster's mean."""
    return (1.0 + (size - 1.0) * icc) / size


def test_several_treatments_pay_less_than_bonferroni():
    asked = replace(MEAN, shares=(0.25,) * 4)
    assert stats.norm.isf(0.025) < asked.limit < stats.norm.isf(0.025 / 3)
    assert replace(asked, sides=1).limit == pytest.approx(stats.norm.isf(0.05 / 3))
    assert replace(MEAN, shares=(1 / 1001,) * 1001).limit == pytest.approx(stats.norm.isf(0.025 / 1000))


def test_effects_that_a_proportion_cannot_have():
    high = Question("proportion", 0.995, None)
    assert smallest_effect(high, 200) < 0.0
    assert smallest_effect(Question("proportion", 0.5, None), 4) == math.inf


def test_peeking_every_day():
    """Armitage, McPherson & Rowe 1969: five looks, 14.2 %."""
    assert peeked_false_alarms(SHARE, 5) == pytest.approx(0.142, abs=5e-4)
    assert peeked_false_alarms(SHARE, 1) == pytest.approx(0.05)


def test_alternatives_are_other_questions():
    units = units_for(SHARE, 0.006)
    by = {a.name: a for a in alternatives(SHARE, 0.006, units, 20_000.0)}
    cuped = by["with a covariate that correlates 0.5 (CUPED)"]
    assert cuped.times == pytest.approx(0.75)
    assert cuped.days == pytest.approx(0.75 * units / 20_000)
    assert "25\u00a0% fewer units" in cuped.sentence
    peeking = by["looking at any time, validly"]
    assert 1.5 < peeking.times < 2.0
    assert peeking.average_times < peeking.times
    everything = replace(
        SHARE, correlation=0.4, always_valid=True, shares=(0.6, 0.2, 0.2), cluster_size=5.0, icc=0.1, power=0.95
    )
    names = [a.name for a in alternatives(everything, 0.006, units_for(everything, 0.006), None)]
    assert names == [
        "without the covariate",
        "one look at the end",
        "4 planned looks (Lan–DeMets)",
        "arms of one size",
        "one treatment against the control",
        "units assigned one by one",
    ]
    assert (change(1.0), change(2.5)) == ("as many", "2.5 times as many")


def test_arms_are_rounded_to_whole_clusters():
    asked = replace(SHARE, cluster_size=30.0, icc=0.1)
    control, treatment = outline.arms(asked, 1_000.0, 100.0)
    assert (control.clusters, control.units, control.per_day) == (17, 510, 50.0)
    assert treatment.units == 510
    assert outline.arms(asked, 1_000.0, None, up=False)[0].units == 480


def test_an_arm_has_two_units_at_least():
    asked = Question("mean", None, 1.0)
    assert [arm.units for arm in outline.arms(asked, units_for(asked, 1e6), None)] == [2, 2]


def test_planned_looks():
    asked = replace(SHARE, looks=QUARTERS)
    units = units_for(asked, 0.006)
    first, *_, last = outline.looks(asked, 0.006, units, 10_000.0)
    assert (first.limit, last.limit) == pytest.approx((4.3326, 2.0141), abs=1e-4)
    assert last.spent == pytest.approx(0.05)
    assert last.p == pytest.approx(2 * stats.norm.sf(last.limit))
    assert last.day == pytest.approx(units / 10_000)
    assert outline.looks(SHARE, 0.006, units, None) == ()
    assert outline.looks(replace(SHARE, always_valid=True), 0.006, units, None) == ()


def test_words_of_a_plan():
    arms = outline.arms(SHARE, 94_071.5, 20_000.0)
    said = telling.needs(SHARE, 0.006, arms, 4.7)
    assert said.replace("\u00a0", " ") == (
        "94,072 units, 47,036 in each of 2 arms, are needed to find a change of +0.6 points (+5 %) from 12 % to "
        "12.6 % with a chance of 80 % and 5 % false alarms: 5 days."
    )
    told = " ".join(telling.assumptions(replace(SHARE, shares=(0.4, 0.3, 0.3), metrics=2), 0.006, 1e5))
    assert "Dunnett" in told
    assert "2 primary metrics" in told
    warned = " ".join(telling.warnings(SHARE, 0.006, arms, 4.7, None))
    assert "whole week" in warned
    assert "seasons" in " ".join(telling.warnings(SHARE, 0.006, arms, 400.0, None))
    tiny = replace(SHARE, cluster_size=30.0, icc=0.1)
    assert "rarer outcome" in " ".join(telling.warnings(SHARE, 0.006, outline.arms(SHARE, 100.0, None), None, None))
    assert "unusual cluster" in " ".join(telling.warnings(tiny, 0.006, outline.arms(tiny, 600.0, None), None, None))


@pytest.mark.parametrize(
    ("given", "expected"),
    [("20000/day", 20_000), ("140k/week", 20_000), (7, 7), ("1,000 per hour", 24_000), ("3.6525M/years", 10_000)],
)
def test_traffic(given, expected):
    assert inputs.traffic_of(given) == pytest.approx(expected)


@pytest.mark.parametrize("given", ["-5", "0", "many", "5/fortnight", -1, math.nan, "1e999"])
def test_traffic_that_is_none(given):
    with pytest.raises(ConfigError, match="traffic"):
        inputs.traffic_of(given)


@pytest.mark.parametrize(
    ("given", "expected"), [("5%", 0.006), (0.01, 0.01), ("-2 %", -0.0024), ("0.6 points", 0.006), ("1pp", 0.01)]
)
def test_amounts(given, expected):
    assert inputs.amount_of(given, 0.12, "mde") == pytest.approx(expected)


def test_amounts_that_are_none():
    with pytest.raises(ConfigError, match="not known"):
        inputs.amount_of("5%", None, "mde")
    with pytest.raises(ConfigError, match="which is 0"):
        inputs.amount_of("5%", 0.0, "mde")
    with pytest.raises(ConfigError, match="must be a number"):
        inputs.amount_of("much", 0.12, "mde")
    with pytest.raises(ConfigError, match="must be a number"):
        inputs.number_of(True, "mde", "1")


def test_arms_and_allocation():
    assert inputs.arm_shares(None, None) == (0.5, 0.5)
    assert inputs.arm_shares(4, None) == (0.25,) * 4
    assert inputs.arm_shares(None, "70, 15, 15") == pytest.approx((0.7, 0.15, 0.15))
    assert inputs.arm_shares(2, [3, 1]) == (0.75, 0.25)
    for arms, allocation in ((1, None), (20_000, None), (None, "80"), (None, "80/-1"), (3, "80/20"), (None, "a/b")):
        with pytest.raises(ConfigError, match=r"arms|allocation"):
            inputs.arm_shares(arms, allocation)


def test_looks_of_a_plan():
    assert inputs.look_shares(None, False) == ((1.0,), False)
    assert inputs.look_shares(4, False) == (QUARTERS, False)
    assert inputs.look_shares("0.5,1", False) == ((0.5, 1.0), False)
    assert inputs.look_shares("any", False) == ((1.0,), True)
    assert inputs.look_shares(1, True) == ((1.0,), True)
    with pytest.raises(ConfigError, match="end at 1"):
        inputs.look_shares([0.25, 0.5], False)
    with pytest.raises(ConfigError, match="more than the 50"):
        inputs.look_shares(51, False)
    with pytest.raises(ConfigError, match="either"):
        inputs.look_shares(4, True)


@pytest.fixture(scope="module")
def visits():
    """A row for each visit of a user of a shop."""
    rng = np.random.default_rng(0)
    users = rng.integers(0, 800, 6_000)
    taste = rng.normal(0, 1, 800)
    shop = users % 40
    spent = np.maximum(5 + 2 * taste[users] + np.linspace(-1, 1, 40)[shop] + rng.normal(0, 3, 6_000), 0.0)
    return pl.DataFrame(
        {
            "user": users,
            "shop": shop,
            "spent": spent,
            "items": rng.poisson(spent / 2) + 1,
            "bought": (spent > 6).astype(int),
            "before": 5 + 2 * taste[users] + rng.normal(0, 1, 6_000),
        }
    )


def before(frame, text, unit=None, cluster=None):
    return measured(read(frame), metric_of(text, frame.columns), unit, cluster)


def test_rows_are_units(visits):
    kind, found = before(visits, "spent")
    assert kind == "mean"
    assert (found.baseline, found.sd) == pytest.approx((visits["spent"].mean(), visits["spent"].std()))
    assert (found.units, found.clusters, found.correlation) == (6_000, None, None)
    kind, found = before(visits, "bought")
    assert kind == "proportion"
    assert found.baseline == pytest.approx(visits["bought"].mean())
    kind, found = before(visits.head(4_999), "bought:covariate=before")
    assert (kind, found.correlation is None) == ("proportion", False)


def test_rows_of_a_unit_are_added_up(visits):
    whole = visits.group_by("user").agg(pl.col("spent", "items", "bought", "before").sum(), pl.len().alias("n"))
    kind, found = before(visits, "spent", unit="user")
    assert (kind, found.units) == ("mean", whole.height)
    assert (found.baseline, found.sd) == pytest.approx((whole["spent"].mean(), whole["spent"].std()))
    kind, found = before(visits, "bought:any", unit="user")
    assert kind == "proportion"
    assert found.baseline == pytest.approx((whole["bought"] > 0).mean())
    kind, found = before(visits, "spent:mean", unit="user")
    assert found.baseline == pytest.approx((whole["spent"] / whole["n"]).mean())
    kind, found = before(visits, "spent / items:covariate=before", unit="user")
    r = whole["spent"].sum() / whole["items"].sum()
    line = (whole["spent"] - r * whole["items"]) / whole["items"].mean()
    assert (kind, found.baseline, found.sd) == ("ratio", pytest.approx(r), pytest.approx(line.std()))
    assert found.correlation == pytest.approx(np.corrcoef(line, whole["before"])[0, 1])


def test_clusters_are_assigned_together(visits):
    by = visits.group_by("shop").agg(pl.col("spent").sum(), pl.len().alias("n"))
    mean = visits["spent"].mean()
    size = by["n"].mean()
    line = (by["spent"] - mean * by["n"]) / size
    kind, found = before(visits, "spent", cluster="shop")
    assert (kind, found.clusters) == ("mean", 40)
    assert found.cluster_size == pytest.approx(size)
    assert found.size_variation == pytest.approx(by["n"].std() / size)
    effect = (line.var() / 40) / (visits["spent"].var() / 6_000)
    assert found.design_effect == pytest.approx(effect)
    assert found.icc == pytest.approx((effect - 1) / ((1 + found.size_variation**2) * size - 1))
    _, alone = before(visits.with_row_index("row"), "spent", cluster="row")
    assert (alone.design_effect, alone.icc) == pytest.approx((1.0, 0.0))


def test_numbers_far_from_zero_keep_their_spread(visits):
    far = visits.with_columns(spent=pl.col("spent") + 1e9)
    _, found = before(far, "spent")
    assert found.sd == pytest.approx(visits["spent"].std(), rel=1e-6)


def test_missing_values_take_no_part(visits):
    holes = visits.with_columns(spent=pl.when(pl.int_range(pl.len()) % 3 == 0).then(None).otherwise(pl.col("spent")))
    _, found = before(holes, "spent")
    assert found.units == 4_000
    assert found.baseline == pytest.approx(holes["spent"].mean())
    _, found = before(holes, "spent:mean", unit="user")
    by = holes.drop_nulls("spent").group_by("user").agg(pl.col("spent").mean())
    assert (found.units, found.baseline) == (by.height, pytest.approx(by["spent"].mean()))


def test_data_that_tell_nothing(visits):
    with pytest.raises(DataError, match="nothing varies"):
        before(visits.with_columns(spent=1.0), "spent")
    with pytest.raises(DataError, match="Two are the least"):
        before(visits.head(1), "spent")
    with pytest.raises(DataError, match="0 units"):
        before(visits.with_columns(spent=pl.lit(None, pl.Float64)), "spent")
    with pytest.raises(DataError, match="denominator of spent / items"):
        before(visits.with_columns(items=0), "spent / items")
    with pytest.raises(DataError, match="1 cluster "):
        before(visits.with_columns(shop=1), "spent", cluster="shop")
    with pytest.raises(ColumnError, match="usr"):
        before(visits, "spent", unit="usr")
    with pytest.raises(ColumnError, match="spend"):
        before(visits, "spend")
