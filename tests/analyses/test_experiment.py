"""The parts of an experiment's analysis: metrics as people write them, looks, arms, sums."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.analyses.experiment.arms import arms_of
from steelyard.analyses.experiment.looks import Looks, looks_of
from steelyard.analyses.experiment.metric import metric_of
from steelyard.analyses.experiment.setup import Setup
from steelyard.analyses.experiment.sums import sums_by
from steelyard.analyses.experiment.verdicts import Found, judged
from steelyard.data import read
from steelyard.facts import Bucket, measure
from steelyard.records import ConfigError, DataError, Estimate, Undefined, Verdict
from steelyard.records.experiment import ArmEffect
from steelyard.stats.comparison import two_sided_p
from steelyard.stats.critical import quantile
from steelyard.stats.lift import Lift

COLUMNS = ("revenue", "sessions", "latency", "a/b", "odd: name", "revenue_pre")


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("revenue", {"name": "revenue", "numerator": "revenue", "role": None, "kind": "mean"}),
        ("revenue:primary:worth=1.5", {"role": "primary", "worth": 1.5}),
        ("latency:guardrail:lower:margin=2%", {"better": "lower", "margin": 0.02, "relative": True}),
        ("latency:guardrail:lower:margin=5", {"margin": 5.0, "relative": False}),
        ("revenue / sessions", {"kind": "ratio", "numerator": "revenue", "denominator": "sessions"}),
        ("(revenue - latency) / sessions", {"kind": "ratio", "numerator": "revenue - latency"}),
        ("revenue / 100", {"kind": "mean", "numerator": "revenue / 100", "denominator": None}),
        ("p95(latency):lower", {"kind": "quantile", "share": 0.95, "numerator": "latency"}),
        ("median(latency)", {"kind": "quantile", "share": 0.5}),
        ("p99.9(latency)", {"share": 0.999}),
        ("a/b", {"kind": "mean", "numerator": "`a/b`"}),
        ("`odd: name`:primary", {"name": "odd: name", "numerator": "`odd: name`", "role": "primary"}),
        ("revenue:any:name=paid at all", {"how": "any", "name": "paid at all"}),
        ("revenue:covariate=revenue_pre", {"covariates": ("revenue_pre",)}),
        ("revenue / sessions:covariate=revenue_pre / latency", {"covariates": ("revenue_pre", "latency")}),
        ("revenue:covariate=none", {"covariates": ()}),
        ({"metric": "revenue", "role": "guardrail", "margin": "1%"}, {"role": "guardrail", "margin": 0.01}),
        ({"metric": "revenue", "worth": 3}, {"worth": 3.0}),
    ],
    ids=str,
)
def test_metrics_are_read_as_people_write_them(written, wanted):
    made = metric_of(written, COLUMNS)
    assert {name: getattr(made, name) for name in wanted} == wanted


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("revenue:prime", "'primary'"),
        (":primary", "needs a column"),
        ("revenue +", "not an expression"),
        ("p0(latency)", "no quantile"),
        ("revenue:margin=-2%:guardrail", "at least 0"),
        ("revenue:worth=lots", "must be a number"),
        ("p95(latency):covariate=revenue", "no covariate adjusts"),
        ({"name": "x"}, "does not say what it is"),
        ({"metric": "revenue", "colour": 1}, "no key 'colour'"),
    ],
    ids=str,
)
def test_what_is_no_metric_is_refused(written, words):
    with pytest.raises(ConfigError, match=words):
        metric_of(written, COLUMNS)


def test_ways_of_looking():
    assert looks_of(None).mode == "fixed"
    assert looks_of("any").mode == "any"
    assert looks_of(4, planned=100).shares == (0.25, 0.5, 0.75, 1.0)
    assert looks_of("4", planned=100).shares == (0.25, 0.5, 0.75, 1.0)
    assert looks_of("0.5,1", planned=100).shares == (0.5, 1.0)
    for wrong in ("0.5,0.2", "0,1", "often", [], [2.0, 3.0], {"a": 1}):
        with pytest.raises(ConfigError, match="looks cannot be"):
            looks_of(wrong, planned=100)
    with pytest.raises(ConfigError, match="at least 0"):
        looks_of(None, looked=-1)


@pytest.mark.parametrize(
    "looks", [Looks(), Looks("any", 4_000), Looks("planned", 2_000, (0.5, 1.0))], ids=lambda x: x.mode
)
@given(z=st.floats(-6, 6))
def test_p_values_agree_with_intervals(looks, z):
    lift = Lift(z, z, z, 1.0, float("inf"), z, two_sided_p(z), "")
    reach = quantile(looks.level(0.95, 1_000))
    p = looks.p(lift, 0.95, 1_000)
    if abs(abs(z) - reach) > 1e-6:
        assert (p < 0.05) == (abs(z) > reach)


def test_a_fixed_test_that_is_peeked_at_raises_false_alarms():
    published = {0: 0.05, 1: 0.083, 4: 0.142, 9: 0.193}
    for looked, chance in published.items():
        assert Looks(looked=looked).false_alarm(0.95) == pytest.approx(chance, abs=0.001)


def test_controls_and_shares():
    arms, guess = arms_of({"B": 500, "Control": 520, "C": 490}, "arm")
    assert (arms.control, arms.treated) == ("Control", ("B", "C"))
    assert "name" in guess
    assert arms.share("B") == pytest.approx(2 / 3)
    assert arms_of({"red": 900, "blue": 950}, "arm")[0].control == "blue"
    assert arms_of({"red": 900, "blue": 950}, "arm", "RED") == (
        arms_of({"red": 900, "blue": 950}, "arm", "red")[0],
        "",
    )
    assert arms_of({"a": 900, "b": 100}, "arm")[0].assumed == "90 to 10"
    assert arms_of({"a": 5_400, "b": 4_600}, "arm")[0].assumed == "equal"
    assert [a.expected for a in arms_of({"a": 9, "b": 1}, "arm", expected={"a": 9, "b": 1})[0].all] == [0.9, 0.1]
    with pytest.raises(DataError, match="No arm at all"):
        arms_of({}, "arm")


def sums_of(frame, values, **more):
    metric = metric_of(values[0], frame.columns)
    metric = metric if len(values) == 1 else replace(metric, denominator=values[1])
    setup = Setup("arm", (metric,), shifts=dict.fromkeys(values, 3.0), **more)
    table = read(frame)
    return sums_by(replace(setup, profile=measure(table, [setup.summed(metric)])), metric)


def test_sums_give_means_and_covariances_and_add():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"arm": ["A"] * 50 + ["B"] * 40, "x": rng.normal(1e6, 1, 90), "y": rng.normal(size=90)})
    frame = frame.with_columns(x=pl.col("x") - 1e6 + 3.0)
    found = sums_of(frame, ("x", "y"))
    both = frame.select("x", "y").to_numpy()
    joint = found["A",].joint(np.array([3.0, 3.0]))
    assert joint.means == pytest.approx(both[:50].mean(axis=0))
    assert joint.covariance == pytest.approx(np.cov(both[:50].T, ddof=1))
    together = (found["A",] + found["B",]).joint(np.array([3.0, 3.0]))
    assert together.covariance == pytest.approx(np.cov(both.T, ddof=1))


def test_sums_of_clusters_give_the_cluster_robust_error():
    sm = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(1)
    shop = np.repeat(np.arange(12), 30)
    x = rng.normal(size=12)[shop] + rng.normal(size=360)
    frame = pl.DataFrame({"arm": ["A"] * 360, "x": x, "shop": shop})
    # Few clusters, so that each has a bucket of its own.
    found = sums_of(frame, ("x",), bucket=Bucket("shop", 4_096))["A",]
    joint = found.joint(np.array([3.0]))
    fit = sm.OLS(x, np.ones(360)).fit(cov_type="cluster", cov_kwds={"groups": shop, "use_correction": False})
    assert joint.n == 12
    assert joint.covariance[0, 0] / joint.n == pytest.approx(fit.bse[0] ** 2 * 12 / 11)


def test_weights_give_the_error_of_a_weighted_mean():
    rng = np.random.default_rng(2)
    x, w = rng.normal(size=80), rng.uniform(0.5, 2.0, 80)
    found = sums_of(pl.DataFrame({"arm": ["A"] * 80, "x": x, "w": w}), ("x",), weight="w")["A",]
    joint = found.joint(np.array([3.0]))
    mean = np.average(x, weights=w)
    n = w.sum() ** 2 / (w**2).sum()
    assert joint.means[0] == pytest.approx(mean)
    assert joint.covariance[0, 0] / joint.n == pytest.approx(
        ((w * (x - mean)) ** 2).sum() / w.sum() ** 2 * n / (n - 1)
    )


def test_values_that_are_all_alike_have_no_variance_left_by_rounding():
    found = sums_of(pl.DataFrame({"arm": ["A"] * 1_000, "x": [0.1] * 1_000}), ("x",))["A",]
    assert found.joint(np.array([3.0])).covariance[0, 0] == 0.0


@pytest.mark.parametrize(
    ("low", "high", "margin", "verdict"),
    [
        (-0.01, 0.03, 0.02, Verdict.PASS),
        (-0.03, 0.01, 0.02, Verdict.INCONCLUSIVE),
        (-0.09, -0.03, 0.02, Verdict.FAIL),
        (-0.09, -0.03, None, Verdict.FAIL),
        (-0.09, 0.03, None, Verdict.PASS),
    ],
    ids=["kept", "open", "violated", "harm", "no-harm-found"],
)
def test_guardrails(low, high, margin, verdict):
    value, se = (low + high) / 2, (high - low) / 3.92
    metric = metric_of("latency:guardrail", COLUMNS)
    metric = replace(metric, margin=margin)
    relative = Estimate(value, low, high, 0.95, 100, "welch", se=se)
    z = value / se
    lift = Lift(value, low, high, se, float("inf"), z, two_sided_p(z), "welch")
    one = Estimate(1.0, 0.9, 1.1, 0.95, 50, "student-t")
    effect = ArmEffect("latency", "B", one, one, relative, relative, Verdict.INCONCLUSIVE, p=two_sided_p(z))
    made = judged(Setup("arm", (metric,)), Found(metric, effect, lift, 100))
    assert made.verdict is verdict
    assert made.sentence


def test_an_effect_without_a_value_is_told_and_not_judged():
    metric = metric_of("latency:primary", COLUMNS)
    why = Undefined("the arm B has only one unit with a value")
    made = judged(Setup("arm", (metric,)), Found(metric, ArmEffect("latency", "B", why, why, why, why, Verdict.FAIL)))
    assert "cannot be compared: the arm B has only one unit" in made.sentence
