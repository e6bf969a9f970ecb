"""The audit of groups, against Fairlearn, the metrics' own engine and the vectors."""

from __future__ import annotations

import json
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.analyses.fairness import audit
from steelyard.analyses.fairness.criteria import BINARY, TOLERANCES
from steelyard.evaluation import run as running
from steelyard.records import Estimate, Fairness, Slice, Undefined, Verdict

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    import fairlearn.metrics as fl
    import sklearn.metrics as sk

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "vectors" / "fairness.json").read_text())["cases"]
}
ORACLES = {
    "selection_rate": fl.selection_rate,
    "recall": lambda y, d: sk.recall_score(y, d, zero_division=0.0),
    "false_positive_rate": fl.false_positive_rate,
    "false_negative_rate": fl.false_negative_rate,
    "precision": lambda y, d: sk.precision_score(y, d, zero_division=0.0),
    "accuracy": sk.accuracy_score,
    "npv": lambda y, d: sk.precision_score(1 - y, 1 - d, zero_division=0.0),
}


def people(n: int = 4000, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    sex = rng.choice(["f", "m"], n, p=[0.4, 0.6])
    race = rng.choice(["a", "b", "c", "d"], n, p=[0.6, 0.25, 0.1, 0.05])
    y = rng.binomial(1, np.where(sex == "f", 0.3, 0.45))
    score = 1 / (1 + np.exp(-rng.normal(2.2 * y - 1.2 + 0.5 * (race == "b"), 1.0)))
    return pl.DataFrame(
        {
            "y": y,
            "p": score,
            "d": (score > 0.5).astype(int),
            "sex": sex,
            "race": race,
            "w": rng.uniform(0.5, 2.0, n),
            "team": rng.integers(0, 150, n),
        }
    )


ROLES = sy.Roles(label="y", prediction="d", score="p", task="binary", sensitive=("sex", "race"), features=())


def evaluated(frame: pl.DataFrame, roles: sy.Roles = ROLES, **given):
    return sy.evaluate(frame, roles, columns=False, metrics=given.pop("metrics", ["accuracy"]), **given)


def audited(frame: pl.DataFrame, roles: sy.Roles = ROLES, **given) -> Fairness:
    evaluation = evaluated(frame, roles, **given)
    assert evaluation.fairness is not None, [f.detail for f in evaluation.findings]
    return evaluation.fairness


@pytest.fixture(scope="module")
def frame() -> pl.DataFrame:
    return people()


@pytest.fixture(scope="module")
def found(frame) -> Fairness:
    return audited(frame)


@pytest.mark.parametrize("attribute", [("sex",), ("race",), ("sex", "race")])
@pytest.mark.parametrize("measure", sorted(ORACLES))
def test_groups_are_those_of_fairlearn(frame, found, measure, attribute):
    parity = found.parity(measure, attribute)
    if parity is None:
        assert len(attribute) > 1  # of intersections only some measures are read
        return
    oracle = fl.MetricFrame(
        metrics=ORACLES[measure],
        y_true=frame["y"].to_numpy(),
        y_pred=frame["d"].to_numpy(),
        sensitive_features=frame.select(attribute).to_pandas(),
    )
    for group in parity.groups:
        values = tuple(group.where.as_dict()[c] for c in attribute)
        expected = oracle.by_group[values if len(values) > 1 else values[0]]
        assert group.outcome.value == pytest.approx(expected, abs=1e-12)
    assert parity.worst.value == pytest.approx(oracle.difference(), abs=1e-12)


def test_gaps_are_those_of_fairlearn(frame, found):
    y, d = frame["y"].to_numpy(), frame["d"].to_numpy()
    for attribute in ("sex", "race"):
        groups = frame[attribute].to_numpy()
        assert found.parity("selection_rate", attribute).worst.value == pytest.approx(
            fl.demographic_parity_difference(y, d, sensitive_features=groups)
        )
        assert found.parity("equalized_odds", attribute).worst.value == pytest.approx(
            fl.equalized_odds_difference(y, d, sensitive_features=groups)
        )


@pytest.mark.parametrize("changed", [{}, {"weight": "w"}, {"cluster": "team"}, {"weight": "w", "cluster": "team"}])
def test_shares_are_those_of_the_engine(frame, changed):
    """The audit reads all groups at once; each must be what the metric says of its slice."""
    names = [m.name for m in BINARY if m.name not in ("false_omission_rate", "miss_share")]
    evaluation = evaluated(frame, ROLES.updated(**changed), metrics=names)
    for parity in evaluation.fairness.of():
        if parity.measure in names and len(parity.attribute) == 1:
            for group in parity.groups:
                slow = evaluation.estimates.of(parity.measure, group.where)
                fast = group.outcome
                assert (fast.value, fast.low, fast.high, fast.se) == pytest.approx(
                    (slow.value, slow.low, slow.high, slow.se), rel=1e-9, abs=1e-12
                ), (parity.measure, group.where)
                assert fast.n <= slow.n  # the rows below the line of the share


def test_auc_and_calibration_are_those_of_the_metrics(frame):
    evaluation = evaluated(frame, metrics=["roc_auc", "mean_calibration", "ecce"])
    for attribute in ("sex", "race"):
        for group in evaluation.fairness.parity("roc_auc", attribute).groups:
            assert group.outcome == evaluation.estimates.of("roc_auc", group.where)
        for group in evaluation.fairness.parity("mean_calibration", attribute).groups:
            slow = evaluation.estimates.of("mean_calibration", group.where)
            assert group.outcome.value == pytest.approx(slow.value, abs=1e-12)
            assert group.outcome.high - group.outcome.low == pytest.approx(slow.high - slow.low, rel=0.1)
            assert 0 <= group.p <= 1
    scores = frame.filter((pl.col("y") == 1) & (pl.col("sex") == "f"))["p"].mean()
    positives = evaluation.fairness.parity("mean_score_positives", "sex")
    assert positives.groups[1].outcome.value == pytest.approx(scores)


def three_groups() -> pl.DataFrame:
    rows = []
    for group, counts in CASES["three_groups"]["input"]["counts_TP_FP_FN_TN"].items():
        for (y, d), n in zip([(1, 1), (0, 1), (1, 0), (0, 0)], counts, strict=True):
            rows += [{"y": y, "d": d, "g": group}] * n
    return pl.DataFrame(rows)


def test_vector_of_three_groups():
    expected = CASES["three_groups"]["expected"]
    found = audited(three_groups(), sy.Roles(label="y", prediction="d", task="binary", sensitive="g"))
    names = {
        "sr": "selection_rate",
        "tpr": "recall",
        "fpr": "false_positive_rate",
        "ppv": "precision",
        "acc": "accuracy",
    }
    for short, name in names.items():
        for group in found.parity(name, "g").groups:
            assert group.outcome.value == pytest.approx(expected["by_group"][short][group.where.as_dict()["g"]])
    assert found.parity("equalized_odds", "g").worst.value == pytest.approx(expected["equalized_odds_difference"])
    assert found.parity("recall", "g").worst.value == pytest.approx(expected["equal_opportunity_difference"])
    (table,) = found.impacts
    assert table.favoured == Slice.of({"g": "B"})
    for row in table.rows:
        told = expected["four_fifths"].get(row.where.as_dict()["g"])
        if told is not None:
            assert row.ratio.value == pytest.approx(told["ratio"])
            assert [row.ratio.low, row.ratio.high] == pytest.approx(told["ci_katz_log"], rel=1e-6)
            assert row.p == pytest.approx(told["fisher_p"], rel=1e-6)
            assert row.adjusted_p == pytest.approx(expected["four_fifths_holm"][row.where.as_dict()["g"]], rel=1e-6)


def study_of(frame: pl.DataFrame, roles: sy.Roles):
    """The study of an evaluation, caught on its way."""
    seen = {}
    original = running.study_of

    def catch(sources, request):
        seen["study"] = original(sources, request)
        return seen["study"]

    patch = pytest.MonkeyPatch()
    patch.setattr(running, "study_of", catch)
    try:
        evaluated(frame, roles)
    finally:
        patch.undo()
    return seen["study"][0]


def test_group_to_compare_with_is_the_largest_or_chosen():
    study = study_of(three_groups(), sy.Roles(label="y", prediction="d", task="binary", sensitive="g"))
    expected = CASES["three_groups"]["expected"]["four_fifths"]
    assert study.fairness.parity("recall", "g").against == Slice.of({"g": "A"})
    parity = audit(study, {"g": "B"}).parity("selection_rate", "g")
    assert parity.against == Slice.of({"g": "B"})
    for group in parity.groups:
        told = expected.get(group.where.as_dict()["g"])
        if told is None:
            assert group.gap is None
            assert group.ratio is None
        else:
            assert group.gap.value == pytest.approx(told["diff"])
            assert [group.gap.low, group.gap.high] == pytest.approx(told["diff_newcombe"], rel=1e-6)
            assert [group.ratio.low, group.ratio.high] == pytest.approx(told["ci_katz_log"], rel=1e-6)


def test_verdicts_follow_the_whole_interval(found):
    for parity in found.parities:
        if isinstance(parity.worst, Estimate):
            low, high, tolerance = parity.worst.low, parity.worst.high, parity.tolerance
            expected = (
                Verdict.FAIL if low > tolerance else Verdict.PASS if high <= tolerance else Verdict.INCONCLUSIVE
            )
            assert parity.verdict is expected
            if expected is Verdict.INCONCLUSIVE:
                assert parity.rows_needed is None or parity.rows_needed > 4000
            else:
                assert parity.rows_needed is None
            assert 0 <= low <= parity.worst.value <= high
            assert 0 <= parity.p <= 1
            assert parity.by_chance > 0


def test_equalised_odds_covers_both_gaps(found):
    odds, recall, alarms = (found.parity(m, "race") for m in ("equalized_odds", "recall", "false_positive_rate"))
    assert odds.worst.value == max(recall.worst.value, alarms.worst.value)
    assert odds.worst.high >= max(recall.worst.high, alarms.worst.high)
    assert odds.worst.low <= max(recall.worst.low, alarms.worst.low)
    assert odds.same_gap in ("recall", "false_positive_rate")
    assert odds.groups == ()


def test_mirrors_have_the_same_gap(found):
    for parity in found.of():
        if parity.same_gap and parity.measure != "equalized_odds":
            twin = found.parity(parity.same_gap, parity.attribute)
            assert parity.worst.value == pytest.approx(twin.worst.value)
            assert parity.verdict is twin.verdict


def test_shrinking_draws_small_groups_in(found):
    parity = found.parity("selection_rate", ("sex", "race"))
    rates = {g.where: g for g in parity.groups}
    small = min(rates.values(), key=lambda g: g.rows)
    large = max(rates.values(), key=lambda g: g.rows)
    middle = sum(g.outcome.value * g.rows for g in rates.values()) / sum(g.rows for g in rates.values())
    assert abs(small.shrunken.value - middle) < abs(small.outcome.value - middle)
    moved = {g.where: abs(g.shrunken.value - g.outcome.value) for g in (small, large)}
    assert moved[small.where] > moved[large.where]


def test_reference_is_audited_too(frame):
    found = audited(frame, reference=people(seed=1))
    assert {p.data for p in found.parities} == {"current", "reference"}
    assert found.of("reference")[0].worst != found.of()[0].worst
    assert all(p.groups == () for p in found.of("reference") if len(p.attribute) > 1)


def test_a_group_of_one_row_makes_nothing_certain(frame):
    one = frame.with_columns(pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("z")).otherwise("race").alias("race"))
    found = audited(
        one.with_columns(race=pl.when(pl.int_range(pl.len()) == 0).then(pl.lit("z")).otherwise(frame["race"]))
    )
    for parity in found.of():
        if parity.attribute == ("race",) and isinstance(parity.worst, Estimate):
            alone = next((g for g in parity.groups if g.where == Slice.of({"race": "z"})), None)
            if alone is not None and isinstance(alone.outcome, Estimate):
                assert alone.outcome.high - alone.outcome.low > 0.3
                assert parity.verdict is not Verdict.PASS


def test_missing_attributes_belong_to_no_group(frame):
    known = pl.when(pl.int_range(pl.len()) % 10 > 0).then(pl.col("sex"))
    found = audited(frame.with_columns(sex=known))
    parity = found.parity("selection_rate", "sex")
    assert sum(g.rows for g in parity.groups) == 3600
    assert any("400 rows" in note and "sex" in note for note in found.notes)
    assert found.impacts[0].unknown == 400


@pytest.mark.parametrize("sex", [["f"] * 4000, [None] * 4000], ids=["one group", "no group"])
def test_nothing_to_compare(frame, sex):
    found = audited(frame.with_columns(pl.Series("sex", sex, dtype=pl.String)))
    for parity in found.of():
        if parity.attribute == ("sex",):
            assert isinstance(parity.worst, Undefined)
            assert parity.verdict is Verdict.INCONCLUSIVE
            assert "only one group" in parity.sentence or "no group" in parity.sentence
    assert not [t for t in found.impacts if t.attribute == ("sex",)]


def test_an_attribute_of_one_data_set_only(frame):
    evaluation = evaluated(frame, reference=people(seed=1).drop("race"))
    assert evaluation.fairness.parity("recall", "race") is not None
    then = evaluation.fairness.parity("recall", "race", "reference")
    assert then is None or isinstance(then.worst, Undefined)


def test_one_class_only(frame):
    found = audited(frame.with_columns(y=pl.lit(0)), ROLES.updated(positive=1))
    assert isinstance(found.parity("recall", "sex").worst, Undefined)
    assert "no row is positive" in found.parity("recall", "sex").sentence
    assert isinstance(found.parity("equalized_odds", "sex").worst, Undefined)
    assert isinstance(found.parity("false_positive_rate", "sex").worst, Estimate)


def test_names_of_any_kind(frame):
    odd = frame.with_columns(sex=pl.col("sex").replace_strict({"f": "👩‍🔧 a[b] {c}", "m": "= & %"}))
    found = audited(odd.rename({"sex": "s x|é"}), ROLES.updated(sensitive=("s x|é", "race")))
    assert {g.where.as_dict()["s x|é"] for g in found.parity("recall", "s x|é").groups} == {"👩‍🔧 a[b] {c}", "= & %"}
    assert "👩‍🔧 a[b] {c}" in found.parity("recall", "s x|é").sentence


def test_numbers_as_attributes_are_cut(frame):
    found = audited(frame.with_columns(age=pl.int_range(pl.len()) % 60 + 18.5), ROLES.updated(sensitive="age"))
    assert found.parity("recall", "age").count == 4


def test_thousands_of_groups_are_read_and_few_are_kept():
    rng = np.random.default_rng(0)
    n = 9_000
    frame = pl.DataFrame(
        {
            "y": rng.integers(0, 2, n),
            "d": rng.integers(0, 2, n),
            "a": rng.integers(0, 45, n).astype(str),
            "b": rng.integers(0, 30, n).astype(str),
        }
    )
    roles = sy.Roles(label="y", prediction="d", task="binary", sensitive=("a", "b"), features=())
    found = audited(frame, roles)
    parity = found.parity("selection_rate", ("a", "b"))
    assert parity.count == frame.select("a", "b").n_unique()
    assert len(parity.groups) == 40
    assert any("1,3" in note for note in found.notes)
    assert parity.verdict is not Verdict.FAIL
    assert parity.spread < 0.1
    assert parity.by_chance > 0.5


def test_no_labels(frame):
    """Without labels only what needs none can be told; the rest says why."""
    found = audited(frame.drop("y"), ROLES.updated(positive=1), reference=people(seed=1))
    told = {p.measure for p in found.of() if isinstance(p.worst, Estimate)}
    assert told == {"selection_rate"}
    assert {t.measure for t in found.impacts} == {"selection_rate", "scoring_rate"}


def test_nothing_sensitive_no_audit(frame):
    assert evaluated(frame, ROLES.updated(sensitive=())).fairness is None


def test_tolerances_have_a_kind_each():
    assert {m.kind for m in BINARY} <= set(TOLERANCES)


def test_three_attributes_cross_in_every_way(frame):
    third = frame.with_columns(old=pl.when(pl.col("w") > 1).then(pl.lit("old")).otherwise(pl.lit("young")))
    found = audited(third, ROLES.updated(sensitive=("sex", "race", "old")))
    assert {p.attribute for p in found.of()} == {
        *(("sex",), ("race",), ("old",)),
        *(("sex", "race"), ("sex", "old"), ("race", "old")),
        ("sex", "race", "old"),
    }
    assert found.parity("recall", ("sex", "race", "old")).count == 16


def test_json_holds_all_of_it(frame):
    evaluation = evaluated(frame)
    told = json.loads(evaluation.to_json())["fairness"]
    assert len(told["parities"]) == len(evaluation.fairness.parities)
    first = told["parities"][0]
    assert first["verdict"] in ("pass", "fail", "inconclusive")
    assert {"value", "low", "high"} <= first["worst"].keys()
    assert told["impacts"][0]["rows"][0]["slice"]


def test_weights_of_two_are_rows_twice(frame):
    twice = audited(pl.concat([frame, frame]))
    double = audited(frame.with_columns(w=pl.lit(2.0)), ROLES.updated(weight="w"))
    for a, b in zip(twice.of(), double.of(), strict=True):
        assert a.measure == b.measure
        if isinstance(a.worst, Estimate):
            assert a.worst.value == pytest.approx(b.worst.value)


def test_base_rates_are_told_apart(frame, found):
    rate = next(r for r in found.base_rates if r.attribute == ("sex",))
    shares = {g.where.as_dict()["sex"]: g.outcome.value for g in rate.groups}
    assert shares["f"] == pytest.approx(frame.filter(pl.col("sex") == "f")["y"].mean())
    assert not found.parity("prevalence", "sex")
    assert replace(rate).criterion == "base rates"
