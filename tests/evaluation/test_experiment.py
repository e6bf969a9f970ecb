"""Experiments, from data to decision: held to tea-tasting, statsmodels and the stored vectors."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from steelyard.evaluation.experiment import experiment
from steelyard.records import ColumnError, ConfigError, DataError, EmptyDataError, Estimate, Undefined, Verdict
from steelyard.stats.lift import proportion_difference

VECTORS = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "vectors" / "ab_testing.json").read_text())["cases"]
}
HOURS = 3_600_000_000


def units(n=4_000, seed=0, lift=0.4, arms=("control", "B")):
    """Units of an experiment whose revenue is known in part from before."""
    rng = np.random.default_rng(seed)
    arm = rng.choice(arms, n)
    before = rng.gamma(2.0, 5.0, n)
    start = np.datetime64("2026-01-01T00:00:00", "us")
    return pl.DataFrame(
        {
            "user": np.arange(n),
            "variant": arm,
            "revenue": 0.8 * before + rng.normal(5.0, 4.0, n) + lift * (arm != arms[0]),
            "revenue_pre": before,
            "sessions": rng.poisson(4.0, n) + 1,
            "converted": (rng.random(n) < 0.1 + 0.02 * (arm != arms[0])).astype(int),
            "latency": rng.gamma(4.0, 50.0, n),
            "country": rng.choice(["DE", "FR", "IT"], n),
            "assigned_at": pl.Series(start + (rng.integers(0, 14 * 24, n) * HOURS).astype("timedelta64[us]")),
        }
    )


@pytest.fixture(scope="module")
def frame():
    return units(lift=0.8)


@pytest.fixture(scope="module")
def found(frame):
    return experiment(
        frame,
        metrics=[
            "revenue:primary:worth=2",
            "revenue:covariate=none:name=plain",
            "converted",
            "revenue / sessions:covariate=none:name=per session",
            "revenue / sessions:covariate=revenue_pre:name=per session, adjusted",
            "p90(latency):lower",
        ],
        guardrails=["latency:lower:margin=8%", "sessions:margin=0.5:name=visits"],
        slices=["country"],
    )


def exact(moments, n, seed):
    """Rows whose sample means and covariances are just those of a vector."""
    names = list(moments["mean"])
    covariance = np.diag([moments["var"][a] for a in names])
    for key, value in moments["cov"].items():
        i, j = (names.index(part) for part in key.split("|"))
        covariance[i, j] = covariance[j, i] = value
    rng = np.random.default_rng(seed)
    raw = rng.normal(size=(n, len(names)))
    raw -= raw.mean(axis=0)
    white = raw @ np.linalg.inv(np.linalg.cholesky(np.cov(raw.T, ddof=1))).T
    rows = white @ np.linalg.cholesky(covariance).T + np.array([moments["mean"][a] for a in names])
    return pl.DataFrame(rows, schema=names)


@pytest.mark.parametrize(
    ("case", "metric"),
    [
        ("ab_welch", "num:covariate=none"),
        ("ab_cuped", "num:covariate=pre_num"),
        ("ab_ratio_cuped", "num / den:covariate=pre_num / pre_den"),
    ],
)
def test_end_to_end_gives_the_numbers_of_the_vectors(case, metric):
    given = VECTORS[case]
    arms = [
        exact(given["input"][name], given["input"][name]["count"], i).with_columns(arm=pl.lit(name))
        for i, name in enumerate(("control", "treatment"))
    ]
    made = experiment(pl.concat(arms), metrics=[metric]).effects[0]
    wanted = given["expected"]
    assert isinstance(made.difference, Estimate)
    assert isinstance(made.relative, Estimate)
    told = {
        "effect_size": made.difference.value,
        "effect_size_ci_lower": made.difference.low,
        "effect_size_ci_upper": made.difference.high,
        "rel_effect_size": made.relative.value,
        "rel_effect_size_ci_lower": made.relative.low,
        "rel_effect_size_ci_upper": made.relative.high,
        "pvalue": made.p,
    }
    for name, value in told.items():
        assert value == pytest.approx(wanted[name], rel=1e-7), name


@pytest.mark.parametrize("case", ["srm_50500_49500", "srm_50100_49900"])
def test_sample_ratios_of_the_vectors(case):
    given = VECTORS[case]
    a, b = given["input"]["counts"]
    frame = pl.DataFrame({"arm": ["A"] * a + ["B"] * b, "x": np.arange(a + b) % 7})
    checks = {c.name: c for c in experiment(frame, metrics="x", expected={"A": 0.5, "B": 0.5}).checks}
    assert checks["sample_ratio"].p == pytest.approx(given["expected"]["p"], rel=1e-8)
    assert checks["sample_ratio"].verdict is Verdict.PASS


def test_means_and_ratios_are_those_of_tea_tasting(frame, found):
    import tea_tasting as tea

    oracle = tea.Experiment(
        revenue=tea.Mean("revenue", "revenue_pre"),
        plain=tea.Mean("revenue"),
        ratio=tea.RatioOfMeans("revenue", "sessions"),
        adjusted=tea.RatioOfMeans("revenue", "sessions", "revenue_pre"),
    ).analyze(frame.with_columns(variant=(pl.col("variant") != "control").cast(pl.Int64)).to_arrow())
    named = {
        "revenue": "revenue",
        "plain": "plain",
        "ratio": "per session",
        "adjusted": "per session, adjusted",
    }
    for theirs, ours in named.items():
        effect, wanted = found.effect(ours), oracle[theirs]
        assert effect.difference.value == pytest.approx(wanted.effect_size, rel=1e-8)
        assert effect.difference.low == pytest.approx(wanted.effect_size_ci_lower, rel=1e-8)
        assert effect.difference.high == pytest.approx(wanted.effect_size_ci_upper, rel=1e-8)
        assert effect.relative.value == pytest.approx(wanted.rel_effect_size, rel=1e-8)
        assert effect.relative.low == pytest.approx(wanted.rel_effect_size_ci_lower, rel=1e-7)
        assert effect.p == pytest.approx(wanted.pvalue, rel=1e-6)


def test_the_sample_ratio_is_that_of_tea_tasting(frame, found):
    import tea_tasting as tea

    numbered = frame.with_columns(variant=(pl.col("variant") != "control").cast(pl.Int64))
    wanted = tea.SampleRatio(method="norm", correction=False).analyze(numbered.to_arrow(), 0, 1, "variant")
    made = next(c for c in found.checks if c.name == "sample_ratio")
    assert made.p == pytest.approx(wanted.pvalue, rel=1e-8)


def test_proportions_by_newcombe_and_the_score_test(frame, found):
    pytest.importorskip("statsmodels")
    from statsmodels.stats.proportion import confint_proportions_2indep, proportions_ztest

    arms = frame.group_by("variant").agg(pl.col("converted").sum(), pl.len()).sort("variant")
    (k1, n1), (k0, n0) = arms.select("converted", "len").rows()
    effect = found.effect("converted")
    low, high = confint_proportions_2indep(k1, n1, k0, n0, method="newcomb", compare="diff")
    assert (effect.difference.low, effect.difference.high) == pytest.approx((low, high), rel=1e-8)
    assert effect.p == pytest.approx(proportions_ztest([k1, k0], [n1, n0])[1], rel=1e-8)
    assert effect.difference.method == "newcombe"


def test_the_chance_of_the_larger_value_is_brunner_and_munzels(frame, found):
    from scipy import stats

    base, arm = (frame.filter(pl.col("variant") == name)["latency"].to_numpy() for name in ("control", "B"))
    wanted = stats.brunnermunzel(base, arm)
    effect = found.effect("latency").superiority
    assert effect.value == pytest.approx(stats.mannwhitneyu(arm, base).statistic / len(arm) / len(base), rel=1e-9)
    z = (effect.value - 0.5) / effect.se
    assert abs(z) == pytest.approx(abs(wanted.statistic), rel=1e-6)


def test_a_quantile_moves_as_its_order_statistics_do(frame, found):
    effect = found.effect("p90(latency)")
    arms = [frame.filter(pl.col("variant") == name)["latency"].to_numpy() for name in ("control", "B")]
    wanted = np.quantile(arms[1], 0.9) - np.quantile(arms[0], 0.9)
    assert effect.difference.value == pytest.approx(wanted, abs=1.0)
    assert effect.difference.low < wanted < effect.difference.high
    assert effect.verdict is Verdict.INCONCLUSIVE


def test_covariates_take_variance_away_and_are_told(found):
    effect = found.effect("revenue")
    assert effect.variance_removed == pytest.approx(0.665, abs=0.05)
    width = effect.difference.high - effect.difference.low
    assert width < 0.65 * (effect.unadjusted.high - effect.unadjusted.low)
    assert next(m for m in found.metrics if m.name == "revenue").covariates == ("revenue_pre",)


def test_a_gain_within_the_margins_ships(found):
    assert found.decision.word == "ship"
    assert found.verdict is Verdict.PASS
    assert found.decision.arm == "B"
    assert found.decision.worth.value == pytest.approx(2 * found.effect("revenue").difference.value)
    roles = {m.name: m.role for m in found.metrics}
    assert roles["latency"] == roles["visits"] == "guardrail"
    assert found.effect("visits").verdict is Verdict.PASS
    assert [a.question for a in found.answers] == [
        "Can it be trusted?",
        "Did it work?",
        "How much?",
        "For whom?",
        "What next?",
    ]


def test_a_violated_guardrail_stops_a_gain():
    frame = units().with_columns(latency=pl.col("latency") * pl.when(pl.col("variant") == "B").then(1.2).otherwise(1))
    made = experiment(frame, metrics="revenue", guardrails="latency:lower:margin=5%")
    assert made.decision.word == "don't ship"
    assert made.verdict is Verdict.FAIL
    assert made.effect("latency").verdict is Verdict.FAIL
    assert "margin" in made.decision.sentence


def test_a_guardrail_that_is_not_settled_waits():
    made = experiment(units(1_000, seed=1, lift=3.0), metrics="revenue", guardrails="latency:lower:margin=0.1%")
    assert made.effect("revenue").verdict is Verdict.PASS
    assert made.decision.word == "keep running"
    assert "guardrail" in made.decision.sentence


def test_guardrails_alone_ship_what_does_no_harm():
    made = experiment(units(), guardrails="latency:lower:margin=20%")
    assert made.decision.word == "ship"


def test_one_in_favour_is_no_reason_to_ship_what_is_worse_elsewhere():
    frame = units(lift=3.0).with_columns(sessions=pl.col("sessions") - (pl.col("variant") == "B").cast(pl.Int64))
    made = experiment(frame, metrics=["revenue:primary", "sessions:primary"])
    assert made.effect("sessions").verdict is Verdict.FAIL
    assert made.decision.word == "don't ship"


def test_nothing_shown_says_how_many_more_and_how_long():
    made = experiment(units(1_500, seed=4, lift=0.15), metrics="revenue")
    assert made.decision.word == "keep running"
    assert made.verdict is Verdict.INCONCLUSIVE
    needed, days = made.decision.units_needed, made.decision.days_needed
    if needed is not None:
        assert days == pytest.approx(needed / (1_500 / 13.96), rel=0.02)
    assert any("one look" in reason for reason in made.decision.reasons)


def test_planned_units_without_a_gain_end_it():
    made = experiment(units(800, lift=0.0), metrics="revenue", planned=800)
    assert made.decision.word == "don't ship"


def test_several_arms_hold_together_by_dunnett():
    from scipy import stats

    frame = units(1_500, seed=1, arms=("control", "B", "C", "D"))
    made = experiment(frame, metrics="latency")
    samples = [frame.filter(pl.col("variant") == a)["latency"].to_numpy() for a in ("B", "C", "D", "control")]
    wanted = stats.dunnett(*samples[:3], control=samples[3], rng=np.random.default_rng(0)).pvalue
    assert [e.adjusted_p for e in made.effects] == pytest.approx(wanted, abs=0.03)
    alone = experiment(frame.filter(pl.col("variant").is_in(["control", "B"])), metrics="latency").effects[0]
    together = made.effect("latency", "B")
    assert together.difference.high - together.difference.low > alone.difference.high - alone.difference.low


def test_looking_at_any_time_costs_width():
    frame = units(lift=0.4)
    once = experiment(frame, metrics="revenue").effects[0]
    made = experiment(frame, metrics="revenue", looks="any", planned=4_000)
    always = made.effects[0]
    ratio = (always.difference.high - always.difference.low) / (once.difference.high - once.difference.low)
    assert ratio == pytest.approx(3.04 / 1.96, abs=0.02)
    assert always.p > once.p
    assert (always.p < 0.05) is not (always.difference.low <= 0 <= always.difference.high)
    assert "at any time" in always.difference.method
    series = made.running[0]
    assert len(series.points) == 14
    assert series.anytime
    assert series.points[-1].outcome.value == pytest.approx(always.difference.value)


def test_planned_looks_spend_hardly_anything_early():
    frame = units(1_000, lift=1.0)
    first = experiment(frame, metrics="revenue", looks=4, planned=4_000).effects[0]
    last = experiment(frame, metrics="revenue", looks=[0.25, 0.5, 0.75, 1.0], planned=1_000).effects[0]
    half = [(e.difference.high - e.difference.low) / 2 / e.difference.se for e in (first, last)]
    assert half[0] == pytest.approx(4.333, rel=0.02)
    assert half[1] == pytest.approx(2.014, rel=0.02)


def test_peeking_at_a_fixed_test_is_told():
    made = experiment(units(500), metrics="revenue", looked=4)
    told = next(c for c in made.checks if c.name == "peeking")
    assert told.verdict is Verdict.INCONCLUSIVE
    assert "14" in told.sentence


def test_clusters_widen_what_goes_together():
    rng = np.random.default_rng(3)
    shops = 200
    shop = np.repeat(np.arange(shops), 20)
    arm = np.where(rng.permutation(shops) % 2 == 0, "A", "B")[shop]
    value = rng.normal(0.0, 1.0, shops)[shop] + rng.normal(0.0, 1.0, shop.size)
    frame = pl.DataFrame({"arm": arm, "shop": shop, "value": value, "flag": (value > 0).astype(int)})
    alone = experiment(frame, metrics=["value", "p50(value)"])
    together = experiment(frame, metrics=["value", "p50(value)", "flag"], cluster="shop")
    for name in ("value", "p50(value)"):
        a, b = alone.effect(name).difference, together.effect(name).difference
        assert b.value == pytest.approx(a.value)
        assert 1.5 < (b.high - b.low) / (a.high - a.low) < 5.0
    flagged = together.effect("flag").difference
    assert flagged.method.startswith("welch")


def test_weights_of_two_are_units_twice_in_value():
    frame = units(600).with_columns(w=1.0 + (pl.col("user") % 2))
    doubled = pl.concat([frame, frame.filter(pl.col("w") == 2.0)])
    weighted = experiment(frame, metrics=["revenue:covariate=none"], weight="w")
    twice = experiment(doubled.drop("w", "user"), metrics=["revenue:covariate=none"])
    assert weighted.effects[0].difference.value == pytest.approx(twice.effects[0].difference.value)
    assert weighted.effects[0].difference.se > twice.effects[0].difference.se


def test_an_effect_of_one_country_is_found():
    frame = units(6_000, lift=0.0)
    lifted = pl.when((pl.col("variant") == "B") & (pl.col("country") == "IT")).then(3.0).otherwise(0.0)
    made = experiment(frame.with_columns(revenue=pl.col("revenue") + lifted), metrics="revenue", slices="country")
    by = made.heterogeneity[0]
    assert by.adjusted_p < 1e-6
    effects = {str(s.where): s for s in by.slices}
    assert effects["country = IT"].shrunken == pytest.approx(3.0, abs=0.7)
    assert abs(effects["country = DE"].shrunken) < 0.5
    assert effects["country = IT"].adjusted_p < 1e-6
    assert "country" in next(a.answer for a in made.answers if a.question == "For whom?")


def test_an_effect_that_wears_off_is_told():
    day = (pl.col("assigned_at") - pl.col("assigned_at").min()).dt.total_days()
    frame = units(8_000, lift=0.0)
    made = experiment(
        frame.with_columns(
            revenue=pl.col("revenue") + pl.when(pl.col("variant") == "B").then(4.0 - 0.3 * day).otherwise(0.0)
        ),
        metrics="revenue",
    )
    told = next(c for c in made.checks if c.name.startswith("novelty"))
    assert told.verdict is Verdict.INCONCLUSIVE
    assert told.outcome.value == pytest.approx(-0.3, abs=0.08)


def test_beliefs_stand_beside_the_verdict(found):
    told = {p.arm: p for p in found.posteriors if p.metric == "revenue"}
    assert told["B"].best + told["control"].best == pytest.approx(1.0)
    assert told["B"].better == pytest.approx(told["B"].best)
    z = found.effect("revenue").difference
    assert told["B"].better == pytest.approx(0.5 * (1 + math.erf(z.value / z.se / math.sqrt(2))), abs=1e-3)


# integrity


def checks_of(made):
    return {c.name: c for c in made.checks}


def test_a_wrong_sample_ratio_makes_it_invalid_and_says_where():
    frame = units(8_000).filter(
        ~((pl.col("variant") == "B") & (pl.col("country") == "IT") & (pl.col("user") % 3 > 0))
    )
    made = experiment(frame, metrics="revenue", slices="country", expected={"control": 1, "B": 1})
    assert made.decision.word == "not valid"
    assert made.verdict is Verdict.FAIL
    segments = [c for c in made.checks if c.name == "sample_ratio_by_segment"]
    assert [str(c.where) for c in segments] == ["country = IT"]
    assert checks_of(made)["sample_ratio_over_time"].verdict is Verdict.FAIL
    assert "mend" in next(a.answer for a in made.answers if a.question == "What next?")


def test_an_uneven_split_nobody_spoke_of_is_asked_for():
    frame = units(4_000).filter((pl.col("variant") != "B") | (pl.col("user") % 9 == 0))
    made = experiment(frame, metrics="revenue")
    assert checks_of(made)["sample_ratio"].verdict is Verdict.INCONCLUSIVE
    assert "90 to 10" in checks_of(made)["sample_ratio"].sentence
    said = experiment(frame, metrics="revenue", expected={"control": 0.9, "B": 0.1})
    assert checks_of(said)["sample_ratio"].verdict is Verdict.PASS


def both_arms(frame, count):
    other = pl.when(pl.col("variant") == "B").then(pl.lit("control")).otherwise(pl.lit("B"))
    return pl.concat([frame, frame.head(count).with_columns(variant=other)])


def test_a_unit_in_two_arms_is_left_out_and_said():
    frame = units(2_000)
    made = experiment(both_arms(frame, 5), metrics="revenue")
    told = checks_of(made)["units_in_several_arms"]
    assert told.verdict is Verdict.INCONCLUSIVE
    assert "5 units" in told.sentence
    assert "0, 1 and 2" in told.sentence
    clean = experiment(frame.slice(5), metrics="revenue")
    assert made.effects[0].difference.value == pytest.approx(clean.effects[0].difference.value)
    assert made.units == 1_995


def test_many_units_in_two_arms_make_it_invalid():
    made = experiment(both_arms(units(2_000), 100), metrics="revenue")
    assert made.decision.word == "not valid"
    assert checks_of(made)["units_in_several_arms"].verdict is Verdict.FAIL


def test_units_that_repeat_count_once():
    frame = units(2_000)
    once = experiment(frame, metrics=["revenue", "converted"])
    made = experiment(pl.concat([frame, frame.head(40)]), metrics=["revenue", "converted"])
    assert checks_of(made)["repeated_units"].verdict is Verdict.INCONCLUSIVE
    for name in ("revenue", "converted"):
        assert made.effect(name).difference.value == pytest.approx(once.effect(name).difference.value)
    assert made.effect("converted").difference.method == "newcombe"


def test_covariates_that_were_not_alike_before_make_it_invalid():
    frame = units().with_columns(
        revenue_pre=pl.col("revenue_pre") + pl.when(pl.col("variant") == "B").then(2.0).otherwise(0.0)
    )
    made = experiment(frame, metrics="revenue")
    assert made.decision.word == "not valid"
    balance = next(c for c in made.checks if c.name.startswith("balance"))
    assert balance.verdict is Verdict.FAIL
    assert balance.outcome.value == pytest.approx(2.0 / 7.07, abs=0.1)


def test_outcomes_that_arms_lose_unequally_make_it_invalid():
    lost = (pl.col("variant") == "B") & (pl.col("user") % 4 == 0)
    frame = units().with_columns(revenue=pl.when(lost).then(None).otherwise("revenue"))
    made = experiment(frame, metrics="revenue")
    assert checks_of(made)["missing_outcomes:revenue"].verdict is Verdict.FAIL
    assert made.decision.word == "not valid"


def test_outcomes_that_are_missing_alike_are_only_told():
    frame = units().with_columns(revenue=pl.when(pl.col("user") % 5 == 0).then(None).otherwise("revenue"))
    made = experiment(frame, metrics="revenue")
    assert checks_of(made)["missing_outcomes:revenue"].verdict is Verdict.PASS
    assert made.effects[0].difference.n == 3_200


def test_arms_of_other_experiments_that_overlap_are_found():
    tied = pl.when((pl.col("variant") == "B") & (pl.col("user") % 3 > 0)).then(pl.lit("x")).otherwise(pl.lit("y"))
    free = pl.when(pl.col("user") % 2 == 0).then(pl.lit("x")).otherwise(pl.lit("y"))
    assert (
        experiment(units().with_columns(other=tied), metrics="revenue", others="other").decision.word == "not valid"
    )
    made = experiment(units().with_columns(other=free), metrics="revenue", others="other")
    assert checks_of(made)["sample_ratio_by_segment"].verdict is Verdict.PASS


def test_exposure_tells_the_dilution():
    made = experiment(units().with_columns(seen=pl.col("user") % 4 == 0), metrics="revenue", exposed="seen")
    told = checks_of(made)["exposure"]
    assert told.verdict is Verdict.PASS
    assert "4 times smaller" in told.sentence
    tied = (pl.col("user") % 4 == 0) & (pl.col("variant") == "B")
    made = experiment(units().with_columns(seen=tied), metrics="revenue", exposed="seen")
    assert checks_of(made)["exposure"].verdict is Verdict.INCONCLUSIVE


def test_rows_without_an_arm_and_arms_without_rows():
    frame = units(1_000).with_columns(variant=pl.when(pl.col("user") < 20).then(None).otherwise("variant"))
    assert "20 rows" in checks_of(experiment(frame, metrics="revenue"))["without_arm"].sentence
    made = experiment(units(1_000), metrics="revenue", expected={"control": 1, "B": 1, "C": 1})
    assert checks_of(made)["missing_arm"].verdict is Verdict.FAIL
    assert isinstance(made.effect("revenue", "C").difference, Undefined)


# bad input, each with a clear word


def test_a_metric_without_variance_has_no_effect_and_says_why():
    made = experiment(units(500).with_columns(z=pl.lit(0.3)), metrics="z")
    assert "no unit differs" in made.effects[0].difference.reason
    assert checks_of(made)["zero_variance:z"].verdict is Verdict.INCONCLUSIVE
    assert made.decision.word == "keep running"


def test_no_success_in_either_arm_still_has_an_interval():
    made = experiment(units(500).with_columns(z=pl.lit(0)), metrics="z").effects[0]
    assert made.difference.low < 0.0 < made.difference.high
    assert made.p == 1.0
    assert isinstance(made.relative, Undefined)


def test_thousands_of_arms_are_controlled_and_the_strongest_told():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame({"arm": rng.integers(0, 2_000, 20_000), "x": rng.normal(size=20_000)})
    made = experiment(frame, metrics="x")
    assert len(made.arms) == 51
    assert not any(e.verdict is Verdict.PASS for e in made.effects)
    assert any("1,999 arms" in note for note in made.notes)
    assert any("Holm" in note for note in made.notes)


@pytest.mark.parametrize(
    ("arms", "control"),
    [((0, 1), "0"), ((False, True), "False"), ((0.0, 1.0), "0"), (("🐢", "🚀"), "🐢"), (("A", "B"), "A")],
    ids=["numbers", "booleans", "fractions", "emoji", "letters"],
)
def test_arms_of_any_type(arms, control):
    frame = units(1_000).with_columns(
        variant=pl.when(pl.col("variant") == "control").then(pl.lit(arms[0])).otherwise(pl.lit(arms[1]))
    )
    made = experiment(frame, metrics="revenue", control=control)
    assert made.arms[0].name == control
    assert made.effects[0].difference.value > 0
    assert len(made.arms) == 2
    assert experiment(pl.concat([frame, frame.head(9)]), metrics="revenue", control=control).units == 1_000


def test_one_unit_in_an_arm_is_told():
    frame = units(300)
    few = pl.concat([frame.filter(pl.col("variant") == "B"), frame.filter(pl.col("variant") != "B").head(1)])
    made = experiment(few, metrics=["revenue", "converted", "p90(latency)"])
    assert all(isinstance(e.difference, Undefined) for e in made.effects)
    assert "one unit" in made.effects[0].difference.reason
    assert made.decision.word == "not valid"


@pytest.mark.parametrize(
    ("given", "error", "words"),
    [
        ({"metrics": "revenu"}, ColumnError, "Did you mean 'revenue'"),
        ({"metrics": "country"}, ColumnError, "is text; a number is needed"),
        ({"metrics": "revenue:primry"}, ConfigError, "'primary'"),
        ({"metrics": "revenue:colour=red"}, ConfigError, "no key 'colour'"),
        ({"metrics": "revenue:margin=2%"}, ConfigError, "margin, which is for guardrails"),
        ({"guardrails": "latency:margin=much"}, ConfigError, "must be a number"),
        ({"metrics": ["revenue", "revenue"]}, ConfigError, "Two metrics are called"),
        ({"metrics": "p95(revenue + 1)"}, ConfigError, "plain column"),
        ({"metrics": "revenue", "control": "contrl"}, ConfigError, "Did you mean 'control'"),
        ({"metrics": "revenue", "arm": "variants"}, ColumnError, "Did you mean 'variant'"),
        ({"metrics": "revenue", "expected": {"control": 0.5}}, ConfigError, "not for 'B'"),
        ({"metrics": "revenue", "expected": {"control": 0.5, "B": 0.0}}, ConfigError, "above 0"),
        ({"metrics": "revenue", "looks": "sometimes"}, ConfigError, '"any"'),
        ({"metrics": "revenue", "looks": 4}, ConfigError, "planned"),
        ({"metrics": "revenue", "planned": -1}, ConfigError, "planned"),
        ({"metrics": "revenue", "level": 2.0}, ConfigError, "level"),
        ({"metrics": "revenue", "time": "country"}, ColumnError, "times or numbers"),
        ({"metrics": "revenue", "every": "1 fortnight"}, ConfigError, "fortnight"),
        ({"metrics": "revenue", "arm": "user", "unit": "country"}, DataError, "in several arms"),
        ({"metrics": "revenue", "arm": "user", "unit": "latency"}, DataError, "each of one unit"),
        ({"metrics": "revenue", "weight": "country"}, ColumnError, "weights are numbers"),
    ],
    ids=lambda value: "" if not isinstance(value, str) else value[:20].replace(" ", "-"),
)
def test_what_cannot_be_meant_is_refused_with_a_word(given, error, words):
    with pytest.raises(error, match=re.escape(words)):
        experiment(units(200), **given)


def test_data_that_are_no_experiment_are_refused():
    with pytest.raises(DataError, match="One arm only"):
        experiment(units(100).filter(pl.col("variant") == "B"), metrics="revenue")
    with pytest.raises(EmptyDataError, match="no rows"):
        experiment(units(10).head(0), metrics="revenue")
    with pytest.raises(ColumnError, match="which column of"):
        experiment(units(10).drop("variant"), metrics="revenue")
    with pytest.raises(ColumnError, match="looks like a metric"):
        experiment(pl.DataFrame({"arm": ["A", "B"], "word": ["x", "y"]}))
    with pytest.raises(ConfigError, match="There is neither"):
        experiment()
    with pytest.raises(ConfigError, match="tell no outcome"):
        experiment(assignments=units(10))


# assignments and outcomes


@pytest.fixture(scope="module")
def two_tables():
    rng = np.random.default_rng(7)
    start = np.datetime64("2026-01-05T00:00:00", "us")
    assigned = pl.DataFrame(
        {
            "user": np.arange(600),
            "arm": rng.choice(["A", "B"], 600),
            "assigned_at": pl.Series(start + (rng.integers(0, 120, 600) * HOURS).astype("timedelta64[us]")),
        }
    )
    events = pl.DataFrame(
        {
            "user": rng.integers(0, 700, 4_000),
            "at": pl.Series(start + (rng.integers(-200, 300, 4_000) * HOURS).astype("timedelta64[us]")),
            "amount": rng.gamma(2.0, 3.0, 4_000),
            "clicked": rng.random(4_000) < 0.3,
        }
    )
    return assigned, events


METRICS = ["amount:primary", "amount:mean:name=mean amount", "amount:any:name=paid", "clicked", "amount / clicked"]


def by_hand(assigned, events):
    """One row a unit, made with plain Polars."""
    joined = events.join(assigned, on="user").with_columns(late=pl.col("at") >= pl.col("assigned_at"))

    def summed(rows, suffix):
        return rows.group_by("user").agg(
            pl.col("amount").sum().alias(f"amount{suffix}"),
            pl.col("amount").mean().alias(f"mean{suffix}"),
            pl.col("clicked").any().cast(pl.Int64).alias(f"clicked{suffix}"),
        )

    made = assigned.join(summed(joined.filter("late"), ""), on="user", how="left")
    made = made.join(summed(joined.filter(~pl.col("late")), "_pre"), on="user", how="left")
    return made.with_columns(pl.col("amount", "clicked", "amount_pre", "clicked_pre").fill_null(0))


def test_events_are_joined_added_up_and_split_at_the_assignment(two_tables):
    assigned, events = two_tables
    made = experiment(assignments=assigned, outcomes=events, metrics=METRICS, unit="user")
    wide = by_hand(assigned, events)
    want = experiment(wide, metrics=["amount:primary", "mean:name=mean amount", "clicked"])
    for name in ("amount", "mean amount", "clicked"):
        ours, theirs = made.effect(name), want.effect(name)
        assert ours.unadjusted.value == pytest.approx(theirs.unadjusted.value), name
        assert ours.difference.value == pytest.approx(theirs.difference.value, rel=0.02), name
    assert made.effect("amount").difference.se == pytest.approx(want.effect("amount").difference.se)
    checks = checks_of(made)
    joined = events.join(assigned, on="user")
    early = joined.filter(pl.col("at") < pl.col("assigned_at")).height
    assert checks["outcomes_before_assignment"].facts["rows"] == early
    assert checks["outcomes_without_assignment"].facts["rows"] == events.height - joined.height
    silent = 600 - joined.filter(pl.col("at") >= pl.col("assigned_at"))["user"].n_unique()
    assert checks["units_without_outcomes"].facts["units"] == silent
    assert made.units == 600


def test_every_engine_tells_the_same(two_tables):
    duckdb = pytest.importorskip("duckdb")
    assigned, events = two_tables
    here = experiment(assignments=assigned, outcomes=events, metrics=METRICS)
    connection = duckdb.connect()
    connection.register("assigned", assigned.to_arrow())
    connection.register("events", events.to_arrow())
    there = experiment(
        assignments=connection.sql("select * from assigned"),
        outcomes=connection.sql("select * from events"),
        metrics=METRICS,
    )
    for a, b in zip(here.effects, there.effects, strict=True):
        assert (a.difference.value, a.difference.low) == pytest.approx((b.difference.value, b.difference.low))
    assert [c.sentence for c in here.checks][1:] == [c.sentence for c in there.checks][1:]


def test_a_table_that_an_engine_holds_is_read_there(frame):
    duckdb = pytest.importorskip("duckdb")
    connection = duckdb.connect()
    connection.register("units", both_arms(frame, 3).to_arrow())
    there = experiment(connection.sql("select * from units"), metrics=["revenue", "converted"], slices="country")
    here = experiment(both_arms(frame, 3), metrics=["revenue", "converted"], slices="country")
    for a, b in zip(here.effects, there.effects, strict=True):
        assert a.difference.value == pytest.approx(b.difference.value)
    assert here.units == there.units == 3_997


def test_units_written_as_text_and_as_numbers_find_each_other(two_tables):
    assigned, events = two_tables
    here = experiment(assignments=assigned, outcomes=events, metrics="amount")
    there = experiment(assignments=assigned, outcomes=events.with_columns(pl.col("user").cast(str)), metrics="amount")
    assert there.effects[0].difference.value == pytest.approx(here.effects[0].difference.value)


def test_outcomes_that_belong_to_nobody_are_refused(two_tables):
    assigned, events = two_tables
    with pytest.raises(DataError, match="no outcome finds its"):
        experiment(assignments=assigned, outcomes=events.with_columns(pl.col("user") + 10_000), metrics="amount")
    with pytest.raises(ColumnError, match="joins the outcomes"):
        experiment(assignments=assigned, outcomes=events.rename({"user": "who"}), metrics="amount")
    with pytest.raises(DataError, match="Write it the same way"):
        experiment(
            assignments=assigned, outcomes=events.with_columns(user=pl.col("at")), metrics="amount", unit="user"
        )


# settings


def test_settings_of_a_file_are_below_those_of_the_call(tmp_path):
    path = tmp_path / "steelyard.toml"
    path.write_text(
        '[experiment]\narm = "variant"\ncontrol = "B"\nlooks = "any"\nmetrics = ["revenue:primary"]\n'
        'guardrails = [{ metric = "latency", better = "lower", margin = "5%" }]\nexpected = '
        "{ control = 0.5, B = 0.5 }\n"
    )
    made = experiment(units(500), config=path)
    assert made.arms[0].name == "B"
    assert [m.role for m in made.metrics] == ["primary", "guardrail"]
    assert made.metrics[1].margin == 0.05
    assert made.settings["looks"] == "any"
    over = experiment(units(500), config=path, control="control")
    assert over.arms[0].name == "control"


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("[experiment]\nmetric = 1\n", "no setting 'metric'"),
        ("[experiment]\nmetrics = 1\n", "must be a list of metrics"),
        ("experiment = 1\n", "must be a table"),
        ("[experiment\n", "not valid TOML"),
        ('[experiment]\nmetrics = [{ name = "x" }]\n', "does not say what it is"),
    ],
    ids=["unknown", "kind", "table", "toml", "unnamed"],
)
def test_a_file_that_cannot_be_meant_is_refused(tmp_path, body, words):
    path = tmp_path / "steelyard.toml"
    path.write_text(body)
    with pytest.raises(ConfigError, match=words):
        experiment(units(50), config=path)


def test_what_is_not_said_is_guessed_and_told(frame):
    made = experiment(frame.drop("assigned_at"))
    assert made.roles["arm"] == "variant"
    assert made.roles["unit"] == "user"
    assert any("primary = 'revenue'" in g for g in made.guesses)
    assert "revenue_pre" not in [m.name for m in made.metrics]
    assert any("control" in g for g in made.guesses)


def test_a_share_with_weights_or_covariates_is_told_by_welch():
    frame = units(800).with_columns(
        w=1.0 + pl.col("user") % 2, converted_pre=(pl.col("user") % 3 == 0).cast(pl.Int64)
    )
    made = experiment(frame, metrics=["converted"])
    assert made.effects[0].difference.method == "welch, cuped"
    weighted = experiment(frame, metrics=["converted:covariate=none"], weight="w")
    assert weighted.effects[0].difference.method == "welch"


def test_counts_are_those_of_the_rows(frame, found):
    arms = frame.group_by("variant").agg(pl.col("converted").sum(), pl.len()).sort("variant")
    (k1, n1), (k0, n0) = arms.select("converted", "len").rows()
    wanted = proportion_difference(k1, n1, k0, n0, 0.95)
    assert found.effect("converted").difference.value == pytest.approx(wanted.value)
    assert {a.name: a.units for a in found.arms} == {"B": n1, "control": n0}


def test_the_sample_ratio_may_be_looked_at_at_any_time():
    from steelyard.stats.sample_ratio import sample_ratio

    frame = pl.DataFrame({"arm": ["A"] * 5_300 + ["B"] * 4_700, "x": np.arange(10_000) % 7})
    once, always = (
        checks_of(experiment(frame, metrics="x", expected={"A": 1, "B": 1}, looks=looks))["sample_ratio"].p
        for looks in (None, "any")
    )
    wanted = sample_ratio([5_300, 4_700], [1, 1])
    assert (once, always) == pytest.approx((wanted.p, wanted.anytime_p))
    assert once < always


def test_what_chance_did_to_slices_is_taken_out():
    rng = np.random.default_rng(9)
    frame = units(3_000, lift=0.0).with_columns(shop=pl.Series(rng.integers(0, 12, 3_000).astype(str)))
    told = experiment(frame, metrics="revenue", slices="shop").heterogeneity[0].slices
    seen = np.array([s.difference.value for s in told])
    kept = np.array([s.shrunken for s in told])
    assert kept.std() < 0.5 * seen.std()


def test_intervals_of_several_arms_hold_together_at_any_time_too():
    frame = units(3_000, arms=("control", "B", "C"))
    one = experiment(frame, metrics=["revenue:secondary", "converted:primary"], looks="any").effect("revenue", "B")
    both = experiment(frame, metrics=["revenue:primary"], looks="any").effect("revenue", "B")
    assert both.difference.value == pytest.approx(one.difference.value)
    assert both.difference.high - both.difference.low > 1.02 * (one.difference.high - one.difference.low)


def test_units_of_which_nothing_was_known_before_still_count():
    frame = units(2_000).with_columns(
        revenue_pre=pl.when(pl.col("user") % 4 == 0).then(None).otherwise("revenue_pre")
    )
    effect = experiment(frame, metrics="revenue").effects[0]
    assert effect.difference.n == 2_000
    assert 0.3 < effect.variance_removed < 0.6
