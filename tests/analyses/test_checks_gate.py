"""Gates: relative checks, groups, margins, and the multiplicity of a whole list, on records made by hand."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from steelyard.analyses.checks import Check, require_metrics, run_checks
from steelyard.analyses.study import Study
from steelyard.analyses.testing import p_value
from steelyard.data import Roles
from steelyard.facts import Profile
from steelyard.metrics import Problem, get
from steelyard.records import (
    EVERYTHING,
    ConfigError,
    Estimate,
    Fairness,
    Parity,
    Reading,
    Slice,
    Undefined,
    UnknownNameError,
    Verdict,
)
from steelyard.stats import intervals
from steelyard.stats.gaps import worst_gap

F, M = Slice.of({"sex": "F"}), Slice.of({"sex": "M"})


def estimate(value, half, n=1000):
    return Estimate(value, value - half, value + half, 0.95, n, "test", se=half / 1.959963984540054)


METRICS = tuple(get(name, "binary") for name in ("roc_auc", "recall", "log_loss", "mean_calibration"))


def study(*readings, reference=True, **more):
    names = ("current", "reference") if reference else ("current",)
    return Study(
        problem=Problem("binary", classes=("0", "1")),
        roles=Roles(),
        metrics=METRICS,
        profiles={name: Profile({}, 1000) for name in names},
        readings=tuple(readings),
        **more,
    )


def judged(check, *readings, **more):
    (result,) = run_checks([Check.parse(check)], study(*readings, **more))
    return result


def test_a_champion_is_held_against_by_the_paired_difference():
    gain = estimate(0.004, 0.002)
    result = judged("roc_auc >= champion - 0.01", Reading("roc_auc", gain, data="gain"))
    assert result.verdict is Verdict.PASS
    assert result.outcome == gain
    assert (result.relative_to, result.low, result.high) == ("champion", -0.01, None)
    assert result.bound == "difference to champion ≥ −0.01"
    assert "roc_auc minus that of the champion is 0.004" in result.sentence
    assert judged("roc_auc >= champion + 0.01", Reading("roc_auc", gain, data="gain")).verdict is Verdict.FAIL


@pytest.mark.parametrize(
    ("metric", "low", "high"), [("roc_auc", -0.01, None), ("log_loss", None, 0.01)], ids=["higher", "lower"]
)
@pytest.mark.parametrize(("base", "data"), [("reference", "difference"), ("champion", "gain")])
def test_a_margin_goes_with_the_better_side(metric, low, high, base, data):
    better = 1 if low is not None else -1
    for gain, verdict in ((0.02, "pass"), (-0.008, "pass"), (-0.011, "inconclusive"), (-0.02, "fail")):
        check = f"{metric} at most 0.01 worse than {base}"
        result = judged(check, Reading(metric, estimate(better * gain, 0.0015), data=data))
        assert (result.verdict, result.low, result.high) == (verdict, low, high)
        assert result.bound == f"at most 0.01 worse than {base}"


def test_a_margin_needs_a_better_side():
    with pytest.raises(ConfigError, match="neither side of mean_calibration is the better one: give a min and a max"):
        judged("mean_calibration at most 1 worse than reference", Reading("mean_calibration", estimate(0, 1)))


def test_what_was_not_given_is_named():
    current = Reading("recall", estimate(0.8, 0.01))
    with pytest.raises(ConfigError, match=r"against a champion needs one: .* --champion FILE"):
        judged("recall >= champion", current)
    with pytest.raises(ConfigError, match="needs a reference: give one with --reference FILE"):
        judged("recall >= reference", current, reference=False)
    with pytest.raises(UnknownNameError, match=r"slice sex = X, which was not read\. Did you mean 'sex = F'"):
        judged("recall >= 0.5 [sex = X]", current, Reading("recall", estimate(0.8, 0.01), F))


@pytest.mark.parametrize(
    ("check", "data", "lacking"),
    [
        ("recall >= reference [sex = F]", "current", "reference"),
        ("recall >= 0.5 [sex = F]", "reference", "current"),
        ("recall >= champion [sex = F]", "current", "reference"),
    ],
)
def test_a_group_that_one_data_set_lacks_is_inconclusive(check, data, lacking):
    elsewhere = Reading("recall", estimate(0, 1), data="gain")
    result = judged(check, Reading("recall", estimate(0.8, 0.01), F, data), elsewhere)
    assert result.verdict is Verdict.INCONCLUSIVE
    assert isinstance(result.outcome, Undefined)
    assert f"no row of the {lacking} data has sex = F" in result.sentence


def groups(metric, values, half=0.01):
    return [Reading(metric, estimate(v, half), Slice.of({"sex": str(i)})) for i, v in enumerate(values)]


def test_groups_are_as_far_apart_as_the_farthest_two():
    values = [0.80, 0.70, 0.78]
    result = judged("recall across sex <= 0.05", *groups("recall", values))
    se = 0.01 / 1.959963984540054
    gap = worst_gap(values, [se] * 3, 0.95)
    assert (result.outcome.value, result.outcome.low, result.outcome.high) == pytest.approx(gap[:3])
    assert result.outcome.n == 3000
    assert result.verdict is Verdict.FAIL
    assert result.across == ("sex",)
    assert "between sex = 0 and sex = 1, is 0.1 (" in result.sentence
    assert judged("recall across sex <= 0.2", *groups("recall", values)).verdict is Verdict.PASS
    unsettled = judged("recall across sex <= 0.095", *groups("recall", values))
    assert unsettled.verdict is Verdict.INCONCLUSIVE
    assert unsettled.rows_needed > 3000


def test_the_audit_has_the_word_on_groups():
    worst = estimate(0.03, 0.01)
    parity = Parity("recall", "equal opportunity", ("sex",), M, worst, 0.05, Verdict.PASS, (F, M))
    other = Parity("recall", "equal opportunity", ("race",), EVERYTHING, estimate(0.9, 0.01), 0.05, Verdict.FAIL)
    audit = Fairness((other, parity))
    result = judged("recall across sex <= 0.05", *groups("recall", [0.9, 0.1]), fairness=audit)
    assert result.outcome == worst
    assert "between sex = F and sex = M, is 0.03" in result.sentence
    assert judged("recall across race <= 0.05", fairness=audit).verdict is Verdict.FAIL
    ratio = judged("recall ratio across sex >= 0.5", *groups("recall", [0.9, 0.1]), fairness=audit)
    assert ratio.outcome.value == pytest.approx(1 / 9)


def test_a_measure_that_is_no_metric_can_be_compared_across_groups():
    parity = Parity("calibration", "calibration", ("sex",), M, estimate(0.03, 0.01), 0.05, Verdict.PASS)
    check = Check.parse("calibration across sex <= 0.05")
    require_metrics([check], study())
    assert run_checks([check], study(fairness=Fairness((parity,))))[0].verdict is Verdict.PASS
    with pytest.raises(
        UnknownNameError, match=r"names the metric 'calibratoin', .* Did you mean 'calibration'.*--sensitive sex"
    ):
        judged("calibratoin across sex <= 0.05", fairness=Fairness((parity,)))


def test_a_slice_of_the_groups():
    there = [
        Reading("recall", estimate(v, 0.01), Slice.of({"sex": sex, "plan": plan}))
        for sex, plan, v in (("F", "a", 0.8), ("M", "a", 0.7), ("F", "b", 0.1), ("M", "b", 0.9))
    ]
    result = judged("recall across sex <= 0.2 [plan = a]", *there)
    assert result.outcome.value == pytest.approx(0.1)
    assert "across sex on plan = a" in result.sentence


def test_groups_that_cannot_be_compared():
    one = judged("recall across sex <= 0.1", *groups("recall", [0.8]))
    assert one.verdict is Verdict.INCONCLUSIVE
    assert "sex has one group that recall is read on, and a comparison needs two" in one.sentence
    assert "sex has no group that recall is read on" in judged("recall across sex <= 0.1").sentence
    nothing = Reading("recall", Undefined("there is no positive row"), F)
    few = judged("recall across sex <= 0.1", nothing, *groups("recall", [0.8]))
    assert "fewer than two groups of sex have a recall to compare (sex = F: there is no positive row)" in few.sentence
    rest = judged("recall across sex <= 0.2", nothing, *groups("recall", [0.8, 0.7]))
    assert rest.verdict is Verdict.PASS
    assert rest.outcome.note == "1 of 3 groups have no recall and are left out"


def share(k, n):
    return Estimate(k / n, *intervals.wilson(k / n, n, 0.95), 0.95, n, "wilson", se=math.sqrt(k * (n - k) / n**3))


def shares(*counts):
    return [Reading("recall", share(k, n), Slice.of({"sex": str(i)})) for i, (k, n) in enumerate(counts)]


def test_the_four_fifths_rule():
    result = judged("recall ratio across sex >= 0.8", *shares((300, 1000), (600, 1000), (550, 1000)))
    assert result.verdict is Verdict.FAIL
    assert result.outcome.value == pytest.approx(0.5)
    low, high = intervals.katz_log_ratio(300, 1000, 600, 1000, 0.95)
    assert result.outcome.low < low < result.outcome.high  # wider than of one pair: the pair was picked
    assert result.outcome.high > high
    assert "the smallest ratio of recall across sex, between sex = 0 and sex = 1, is 0.5" in result.sentence


def test_two_groups_have_no_pick_to_pay_for():
    result = judged("recall ratio across sex >= 0.8", *shares((300, 1000), (600, 1000)))
    low, high = intervals.katz_log_ratio(300, 1000, 600, 1000, 0.95)
    assert (result.outcome.low, result.outcome.high) == pytest.approx((low, high), rel=0.01)


def test_a_group_without_any_is_a_violation_once_it_is_large():
    large = judged("recall ratio across sex >= 0.8", *shares((0, 500), (250, 500)))
    assert large.verdict is Verdict.FAIL
    assert (large.outcome.value, large.outcome.low) == (0.0, 0.0)
    assert share(0, 500).high / share(250, 500).low < large.outcome.high < 0.05
    assert judged("recall ratio across sex >= 0.8", *shares((0, 2), (5, 10))).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(("values", "why"), [([0.5, -0.1], "negative on sex = 1"), ([0.0, 0.0], "0 without any")])
def test_ratios_that_mean_nothing(values, why):
    half = 0.01 if min(values) < 0 else 0.0
    result = judged("recall ratio across sex >= 0.8", *groups("recall", values, half))
    assert result.verdict is Verdict.INCONCLUSIVE
    assert why in result.sentence


def slices(*estimates):
    return [Reading("recall", e, Slice.of({"site": str(i)})) for i, e in enumerate(estimates)]


def per_site(n, bound=0.8):
    return [Check("recall", min=bound, slice=Slice.of({"site": str(i)})) for i in range(n)]


def test_a_failure_that_a_long_list_explains_is_inconclusive():
    fine, doubtful, clear = estimate(0.9, 0.02), estimate(0.78, 0.018), estimate(0.7, 0.02)
    alone = run_checks(per_site(1), study(*slices(doubtful)))[0]
    assert alone.verdict is Verdict.FAIL
    assert alone.p == alone.p_adjusted < 0.05
    found = run_checks(per_site(20), study(*slices(doubtful, clear, *[fine] * 18)))
    assert [c.verdict for c in found] == ["inconclusive", "fail", *["pass"] * 18]
    first = found[0]
    assert first.p == alone.p
    assert first.p_adjusted == pytest.approx(19 * alone.p)
    assert "among 20 checks one may be so by chance: p = 0.029 becomes 0.56 over the list (Holm)" in first.sentence
    assert first.rows_needed > 1000
    assert f"About {first.rows_needed:,} rows would settle it" in first.sentence
    assert (found[2].p, found[2].p_adjusted) == (None, None)
    enough = math.sqrt(1000 / first.rows_needed)
    again = [estimate(0.78, 0.018 * enough, first.rows_needed), clear, *[fine] * 18]
    assert run_checks(per_site(20), study(*slices(*again)))[0].verdict is Verdict.FAIL


@settings(max_examples=15, deadline=None)
@given(st.lists(st.tuples(st.floats(0.6, 0.99), st.floats(0.005, 0.1)), min_size=1, max_size=30))
def test_adjusted_values_are_those_of_statsmodels(drawn):
    known = [estimate(value, half) for value, half in drawn]
    found = run_checks(per_site(len(known)), study(*slices(*known)))
    raw = [p_value(e, 0.8) if e.value < 0.8 else 1.0 for e in known]
    rejected, adjusted, *_ = multipletests(raw, 0.05, "holm")
    for result, p, p_adjusted, out in zip(found, raw, adjusted, rejected, strict=True):
        if p < 1:
            assert (result.p, result.p_adjusted) == pytest.approx((p, p_adjusted))
        assert (result.verdict is Verdict.FAIL) == out or math.isclose(p_adjusted, 0.05)
        assert result.verdict is not Verdict.PASS or result.outcome.low >= 0.8


def test_what_has_no_value_does_not_lengthen_the_list():
    unknown = Undefined("there is no positive row")
    found = run_checks(per_site(3), study(*slices(estimate(0.78, 0.018), unknown, unknown)))
    assert [c.verdict for c in found] == ["fail", "inconclusive", "inconclusive"]


def test_no_rows_settle_what_cannot_be_told():
    unbounded = Estimate(0.9, -math.inf, math.inf, 0.95, 100, "test")
    result = judged("recall >= 0.8", Reading("recall", unbounded))
    assert result.rows_needed is None
    assert "How many rows would settle it cannot be told." in result.sentence


def test_rows_that_settle_a_perfect_share():
    needed = judged("recall >= 0.99", Reading("recall", share(100, 100))).rows_needed
    assert judged("recall >= 0.99", Reading("recall", share(needed, needed))).verdict is Verdict.PASS
    fewer = needed - 2
    assert judged("recall >= 0.99", Reading("recall", share(fewer, fewer))).verdict is Verdict.INCONCLUSIVE


def test_no_checks():
    assert run_checks([], study()) == []


WRITTEN = [
    "roc_auc >= 0.8",
    "recall >= 0.7 [sex = F]",
    "recall <= 0.123456789 [plan = a & sex = F]",
    "roc_auc >= champion - 0.01",
    "roc_auc >= champion",
    "recall >= reference + 0.02 [sex = F]",
    "roc_auc at most 0.01 worse than champion",
    "recall across sex <= 0.1",
    "recall across age group, race <= 0.1 [plan = a]",
    "selection_rate ratio across sex >= 0.8",
    "accuracy >= 0.1 and <= 0.9",
    "log_loss >= reference - 0.1 and <= reference + 1e-05",
    "naïve_Größe >= -1",
    "recall[big cat] across sex <= 0.1 [plan = a]",
]


@pytest.mark.parametrize("text", WRITTEN)
def test_text_is_read_and_written_alike(text):
    check = Check.parse(text)
    assert check.text == text
    assert Check.parse(check.text) == check
    assert not set("0123456789") & set(check.id.replace("1e-05", ""))


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ({"metric": "auc", "min": -0.02, "change": True}, "auc >= reference - 0.02"),
        ({"metric": "auc", "min": 1, "change": False}, "auc >= 1"),
        ({"metric": "auc", "min": 0, "relative_to": "champion"}, "auc >= champion"),
        ({"metric": "auc", "margin": 0.01, "relative_to": "reference"}, "auc at most 0.01 worse than reference"),
        ({"metric": "r", "max": 0.1, "across": "sex"}, "r across sex <= 0.1"),
        ({"metric": "r", "max": 0.1, "across": ["sex", "race"]}, "r across sex, race <= 0.1"),
        ({"metric": "r", "min": 0.8, "across": "sex", "ratio": True}, "r ratio across sex >= 0.8"),
        ({"metric": "r", "min": 0.8, "slice": {"age": 3.0, "old": True}}, "r >= 0.8 [age = 3 & old = True]"),
    ],
)
def test_tables_are_read(table, text):
    assert Check.parse(table).text == text
    assert Check.parse(table) == Check.parse(text)


BAD = {
    "recall >= champ": "bound 'champ' .* is not a number",
    "recall >= 0.1 and >= 0.2": "two bounds on the same side",
    "recall >= 0.1 and <= champion": "relative to different things",
    "recall ratio >= 0.8": "of what groups is not said",
    "recall across sex >= champion": "both across groups and relative to the champion",
    "recall across sex <= 0.1 [sex = F]": "compares groups by sex within one: sex = F",
    "recall at most -1 worse than champion": "at least 0, not -1",
    "recall at most 1 worse than training": "cannot be relative to 'training'. There are: 'reference', 'champion'",
    "recall across <= 1": "is not a check",
    ">= 1": "is not a check",
    "recall >= 1 and nothing": "bound '1 and nothing' .* is not a number",
}


@pytest.mark.parametrize("text", BAD)
def test_bad_text(text):
    with pytest.raises(ConfigError, match=BAD[text]):
        Check.parse(text)


@pytest.mark.parametrize(
    ("table", "message"),
    [
        ({"metric": "r", "margin": 0.1}, "has a margin, but of what is not said: add relative_to"),
        ({"metric": "r", "margin": 0.1, "min": 0.1, "relative_to": "champion"}, "a bound of its own. Give one"),
        ({"metric": "r", "min": 0.1, "relative_to": "champoin"}, "relative to 'champoin'. Did you mean 'champion'"),
        ({"metric": "r", "min": 0.1, "across": 3}, "across must name columns"),
        ({"metric": "r", "min": 0.1, "across": [3]}, "across must name columns"),
        ({"metric": "r", "min": 0.1, "ratio": "yes", "across": "sex"}, "ratio .* must be true or false, not 'yes'"),
        ({"metric": "r", "min": 0.1, "change": 1}, "change .* must be true or false, not 1"),
        (
            {"metric": "r", "min": 0.1, "change": True, "relative_to": "champion"},
            "which is relative to the reference",
        ),
        ({"metric": "r", "min": math.inf}, "min of the check on r must be a number, not inf"),
    ],
)
def test_bad_tables(table, message):
    with pytest.raises(ConfigError, match=message):
        Check.parse(table)


def test_one_name_is_one_column():
    assert Check("recall", max=0.1, across="sex").columns == ("sex",)
    assert Check("recall", max=0.1, across=("sex", "sex"), slice=Slice.of({"plan": "a"})).columns == ("plan", "sex")


def test_thousands_of_groups_take_no_time():
    rng = np.random.default_rng(0)
    many = groups("recall", rng.uniform(0.7, 0.8, 3000).tolist())
    assert judged("recall across sex <= 0.5", *many).verdict is Verdict.PASS


@pytest.mark.parametrize("text", ["roc_auc_ovo >= 0.5 [sex = F]", "roc_auc_ovo across sex <= 0.1"])
def test_a_metric_of_all_rows_only_has_no_slices(text):
    whole = Study(Problem("multiclass"), Roles(), (get("roc_auc_ovo", "multiclass"),))
    require_metrics([Check.parse("roc_auc_ovo >= 0.5")], whole)
    with pytest.raises(ConfigError, match="by sex, but roc_auc_ovo is read on all rows only: leave the slice out"):
        require_metrics([Check.parse(text)], whole)
