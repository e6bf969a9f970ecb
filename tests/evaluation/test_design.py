"""`steelyard.design`: what it says, and what it refuses."""

import json
import math

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.records import ConfigError, Verdict


@pytest.fixture(scope="module")
def plan():
    return sy.design("proportion", baseline=0.12, mde="5%", traffic="20000/day", looks=4)


def test_units_for_an_effect(plan):
    assert plan.solved == "units"
    assert plan.effect == pytest.approx(0.006)
    assert plan.relative == pytest.approx(0.05)
    assert [arm.units for arm in plan.arms] == [47_960, 47_960]
    assert plan.units == 95_920
    assert plan.days == pytest.approx(4.796)
    assert plan.power == pytest.approx(0.8, abs=1e-4)
    assert plan.average_units < plan.units
    assert len(plan.looks) == 4
    assert plan.verdict is None
    assert plan.level == 0.95
    assert plan.settings["mde"] == "5%"


def test_effect_of_units():
    found = sy.design(baseline=0.12, units=50_000)
    assert found.solved == "effect"
    assert found.effect == pytest.approx(0.00826, abs=1e-5)
    assert "50,000 units" in found.sentence
    same = sy.design(baseline=0.12, traffic=5_000, days=10)
    assert same.effect == found.effect


def test_power_of_both():
    few = sy.design(baseline=0.12, mde="0.6 points", days=2, traffic=20_000)
    assert (few.solved, few.verdict) == ("power", Verdict.FAIL)
    assert few.power == pytest.approx(0.447, abs=1e-3)
    assert "94,072 units would reach it" in few.sentence
    assert sy.design(baseline=0.12, mde="5%", units=100_000).verdict is Verdict.PASS


def test_a_mean_needs_no_baseline():
    found = sy.design("mean", sd=10.0, mde=1.0, name="latency")
    assert found.units == 3_142
    assert (found.relative, found.baseline) == (None, None)
    assert found.subject == "latency: +1"
    assert "relative" not in found.curve.columns


def test_a_fall_is_an_effect_too():
    down, up = sy.design("mean", sd=10.0, mde=-1.0), sy.design("mean", sd=10.0, mde=1.0)
    assert (down.units, down.effect) == (up.units, -1.0)
    rare = sy.design(baseline=0.02, mde="-50%")
    assert [point.effect for point in rare.effects][-1] == -0.02
    assert all(0.0 <= point.power <= 1.0 for point in rare.effects)


def test_margins():
    worse = sy.design(baseline=0.12, margin="5%")
    assert (worse.test, worse.effect, worse.margin) == ("noninferiority", 0.0, pytest.approx(0.006))
    assert worse.effects[0].power > worse.effects[-1].power
    alike = sy.design(baseline=0.12, margin="5%", test="equivalence", mde="0.1 points", traffic=1_000)
    assert alike.units > worse.units
    assert "within" in alike.sentence
    assert alike.durations[0].effect > 0.006
    assert sy.design(baseline=0.12, margin="5%", units=1_000).verdict is Verdict.FAIL


def test_the_rest_of_a_plan(plan):
    assert [d.days for d in plan.durations][:3] == [7, 14, 21]
    assert plan.durations[0].effect > plan.durations[1].effect
    assert [p.power for p in plan.effects] == sorted(p.power for p in plan.effects)
    assert plan.curve.columns["power"][0] == pytest.approx(0.05, abs=1e-3)
    assert any("O'Brien" in a for a in plan.assumptions)
    assert any("whole week" in w for w in plan.warnings)


def test_clusters():
    found = sy.design(baseline=0.3, mde=0.03, cluster_size=25, icc=0.05)
    assert all(arm.units == 25 * arm.clusters for arm in found.arms)
    assert found.units == pytest.approx(2.2 * sy.design(baseline=0.3, mde=0.03).units, rel=0.02)


@pytest.fixture(scope="module")
def orders():
    rng = np.random.default_rng(0)
    user = np.repeat(np.arange(2_000), 3)
    taste = rng.gamma(2.0, 10.0, 2_000)
    before = taste + rng.normal(0, 5, 2_000)
    return pl.DataFrame(
        {
            "user": user,
            "revenue": np.maximum(taste[user] + rng.normal(0, 20, user.size), 0.0),
            "clicked": (rng.random(user.size) < 0.2).astype(int),
            "before": before[user],
        }
    )


def test_from_data_of_before(orders):
    found = sy.design("revenue", data=orders, unit="user", covariate="before", mde="5%", traffic=500)
    users = orders.group_by("user").agg(pl.col("revenue", "before").sum())
    assert found.metric == "revenue"
    assert found.measured.units == 2_000
    assert found.baseline == pytest.approx(users["revenue"].mean())
    rho = np.corrcoef(users["revenue"], users["before"])[0, 1]
    assert found.measured.correlation == pytest.approx(rho)
    plain = sy.design("mean", baseline=found.baseline, sd=found.sd, correlation=rho, mde="5%")
    assert plain.units == found.units
    assert "without the covariate" in [a.name for a in found.alternatives]


def test_what_is_said_goes_before_what_was_measured(orders):
    found = sy.design("clicked", data=orders, baseline=0.5, mde=0.02)
    assert (found.metric_kind, found.baseline) == ("proportion", 0.5)
    clustered = sy.design("clicked", data=orders, cluster="user", mde=0.02)
    assert clustered.measured.cluster_size == 3.0
    assert clustered.arms[0].clusters is not None


def test_faces(plan, tmp_path, orders):
    for suffix in ("html", "md", "json"):
        plan.save(tmp_path / f"plan.{suffix}")
    page = (tmp_path / "plan.html").read_text()
    assert "What to run" in page
    assert "Chance to find an effect" in page
    told = json.loads((tmp_path / "plan.json").read_text())
    assert told["units"] == 95_920
    assert told["looks"][0]["limit"] == pytest.approx(4.3326, abs=1e-4)
    assert "95,920" in str(plan)
    from_data = sy.design("clicked", data=orders, cluster="user", mde=0.02, arms=3, always_valid=True, units=40_000)
    for shown in (str(from_data), from_data.to_markdown(), from_data.to_html()):
        assert "Read from" in shown
    for other in (sy.design("mean", sd=1.0, mde=0.1), sy.design(baseline=0.2, margin=0.01, traffic=99)):
        assert "What it rests on" in other.to_markdown()


def test_many_arms_are_planned():
    found = sy.design(baseline=0.1, mde=0.01, arms=1_000)
    assert len(found.arms) == 1_000
    assert "treatment 20" not in found.to_markdown()
    assert found.units > 1e7


REFUSED = {
    "baseline of 1.2": ({"baseline": 1.2, "mde": 0.1}, "between 0 and 1"),
    "percent as a number": ({"baseline": 12, "mde": 0.1}, "0.12 or 12%"),
    "no baseline": ({"mde": 0.1}, "needs its baseline"),
    "no sd": ({"metric": "mean", "mde": 0.1}, "standard deviation"),
    "no spread": ({"metric": "mean", "sd": 0, "mde": 0.1}, "sd must be positive"),
    "sd of a proportion": ({"baseline": 0.1, "sd": 1.0, "mde": 0.1}, "needs no sd"),
    "beyond one": ({"baseline": 0.9, "mde": 0.2}, "to 1.1"),
    "below zero": ({"baseline": 0.1, "mde": "-150%"}, "between 0 and 1"),
    "nothing to find": ({"baseline": 0.1, "mde": 0}, "must not be 0"),
    "nothing asked": ({"baseline": 0.1}, "Say what is to be found"),
    "negative traffic": ({"baseline": 0.1, "mde": 0.01, "traffic": -3}, "traffic"),
    "no traffic": ({"baseline": 0.1, "mde": 0.01, "days": 3}, "traffic=20000"),
    "days and units": ({"baseline": 0.1, "mde": 0.01, "days": 3, "traffic": 2, "units": 3}, "not both"),
    "no days": ({"baseline": 0.1, "mde": 0.01, "days": 0, "traffic": 2}, "days must be positive"),
    "one unit": ({"baseline": 0.1, "mde": 0.01, "units": 1}, "at least 4"),
    "power of 1": ({"baseline": 0.1, "mde": 0.01, "power": 1.0}, "power"),
    "power of 80": ({"baseline": 0.1, "mde": 0.01, "power": 80}, "0.8 is the usual"),
    "power below alpha": ({"baseline": 0.1, "mde": 0.01, "power": 0.04}, "chance finds as much"),
    "alpha of 5": ({"baseline": 0.1, "mde": 0.01, "alpha": 5}, "0.05 is the usual"),
    "three sides": ({"baseline": 0.1, "mde": 0.01, "sides": 3}, "sides must be 1 or 2"),
    "metrics": ({"baseline": 0.1, "mde": 0.01, "metrics": 0}, "metrics"),
    "correlation": ({"baseline": 0.1, "mde": 0.01, "correlation": 1.0}, "correlation"),
    "icc": ({"baseline": 0.1, "mde": 0.01, "icc": 1.5, "cluster_size": 4}, "icc must lie"),
    "icc alone": ({"baseline": 0.1, "mde": 0.01, "icc": 0.1}, "cluster_size"),
    "clusters alone": ({"baseline": 0.1, "mde": 0.01, "cluster_size": 10}, "icc, how alike"),
    "small clusters": ({"baseline": 0.1, "mde": 0.01, "cluster_size": 0.5, "icc": 0.1}, "at least 1"),
    "no margin": ({"baseline": 0.1, "test": "equivalence"}, "needs a margin"),
    "margin too many": ({"baseline": 0.1, "mde": 0.01, "test": "difference", "margin": 0.01}, "needs no margin"),
    "negative margin": ({"baseline": 0.1, "margin": -0.01}, "margin must be positive"),
    "margin of all": ({"baseline": 0.1, "margin": 0.1}, "as large as the baseline"),
    "effect beyond margin": ({"baseline": 0.1, "margin": 0.01, "mde": -0.02}, "within the margin"),
    "equivalence peeked": ({"baseline": 0.1, "margin": 0.01, "test": "equivalence", "looks": 4}, "one look"),
    "test": ({"baseline": 0.1, "mde": 0.01, "test": "inferiority"}, "noninferiority"),
    "spending": ({"baseline": 0.1, "mde": 0.01, "looks": 4, "spending": "obrien"}, "obrien_fleming"),
    "metric": ({"metric": "revenue", "mde": 0.01}, "Without data"),
    "unit without data": ({"baseline": 0.1, "mde": 0.01, "unit": "user"}, "data of before"),
    "tiny effect": ({"baseline": 0.1, "mde": 1e-9}, "Choose a larger one"),
    "too few": ({"baseline": 0.5, "units": 6}, "find no change"),
}


@pytest.mark.parametrize(("given", "said"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_refused(given, said):
    with pytest.raises(ConfigError, match=said.replace("(", r"\(")):
        sy.design(**given)


def test_a_quantile_is_not_planned(orders):
    with pytest.raises(ConfigError, match="quantile"):
        sy.design("p95(revenue)", data=orders, mde=0.1)


def test_relative_effects_scale(plan):
    """Twice the units find an effect smaller by the root of two, but for what the variance changes."""
    half = sy.design(baseline=0.12, units=2 * plan.units, looks=4)
    assert half.effect == pytest.approx(plan.effect / math.sqrt(2), rel=0.01)
