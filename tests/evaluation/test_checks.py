"""Checks: pass, fail, inconclusive with the rows that would settle it."""

import polars as pl
import pytest

from steelyard import Check, Roles, Slice, Verdict, evaluate
from steelyard.evaluation import gate
from steelyard.records import ColumnError, ConfigError, SteelyardError, UnknownNameError

ROLES = Roles(label="y", score="p", prediction="d")


def checked(frame, *checks, **more):
    return evaluate(frame, more.pop("roles", ROLES), checks=checks, columns=False, **more)


def test_the_three_verdicts(binary):
    checks = ("roc_auc >= 0.5", "roc_auc >= 0.99", "accuracy <= 0.2", {"metric": "recall", "min": 0.5})
    evaluation = checked(binary, *checks)
    auc = evaluation.estimates["roc_auc"]
    passed, failed, above, _ = evaluation.checks
    assert [c.verdict for c in (passed, failed, above)] == [Verdict.PASS, Verdict.FAIL, Verdict.FAIL]
    assert passed.outcome == auc
    assert f"{auc.value:.4g}" in failed.sentence
    assert "none of the interval is ≥ 0.99" in failed.sentence
    assert evaluation.verdict is Verdict.FAIL


def test_inconclusive_says_how_many_rows_would_settle_it(binary):
    recall = evaluate(binary, ROLES).estimates["recall"]
    bound = (recall.low + recall.value) / 2
    (check,) = checked(binary, f"recall >= {bound:.4f}").checks
    assert check.verdict is Verdict.INCONCLUSIVE
    assert check.rows_needed > recall.n
    assert f"About {check.rows_needed:,} rows would settle it" in check.sentence
    more = pl.concat([binary] * -(-check.rows_needed * 2 // recall.n))
    assert checked(more, f"recall >= {bound:.4f}").verdict is Verdict.PASS


def test_a_value_at_its_bound_cannot_be_settled(binary):
    recall = evaluate(binary, ROLES).estimates["recall"].value
    (check,) = checked(binary, {"metric": "recall", "min": recall}).checks
    assert check.rows_needed is None
    assert "the value is at the bound" in check.sentence


def test_between_two_bounds(binary):
    assert checked(binary, {"metric": "accuracy", "min": 0.1, "max": 0.99}).verdict is Verdict.PASS
    assert checked(binary, {"metric": "accuracy", "min": 0.1, "max": 0.2}).verdict is Verdict.FAIL


def test_an_undefined_metric_is_inconclusive(binary):
    (check,) = checked(binary.filter(y=1), "roc_auc >= 0.5").checks
    assert check.verdict is Verdict.INCONCLUSIVE
    assert check.rows_needed is None
    assert "cannot be held against ≥ 0.5" in check.sentence


@pytest.mark.parametrize("given", ["recall >= 0.01 [plan = a]", "recall >= 0.01 [ sex = F & plan = a ]"])
def test_a_check_on_a_slice_reads_that_slice(binary, given):
    evaluation = checked(binary, given)
    (check,) = evaluation.checks
    assert check.verdict is Verdict.PASS
    assert check.outcome == evaluation.estimates.of("recall", check.slice)
    assert str(check.slice) in check.sentence


def test_a_slice_that_is_there_is_not_read_twice(binary):
    evaluation = checked(binary, "recall >= 0.01 [sex = F & plan = a]", roles=ROLES.updated(slices=[("sex", "plan")]))
    assert evaluation.roles["slices"] == [("sex", "plan")]


def test_change_against_the_reference(binary):
    change = {"metric": "roc_auc", "min": -0.02, "change": True}
    same = checked(binary, change, reference=binary)
    assert same.checks[0].outcome.value == 0
    worse = checked(binary.with_columns(p=1 - binary["p"]), change, reference=binary)
    assert worse.verdict is Verdict.FAIL
    with pytest.raises(ConfigError, match="needs a reference: give one with --reference"):
        checked(binary, change)


def test_across_groups(binary):
    evaluation = checked(binary, "recall across sex <= 0.9", "recall across plan, sex <= 0.01")
    values = [evaluation.estimates.of("recall", {"sex": sex}).value for sex in "FM"]
    near, far = evaluation.checks
    assert near.outcome.value == pytest.approx(max(values) - min(values))
    assert near.verdict is Verdict.PASS
    assert far.verdict is not Verdict.PASS
    assert ("plan", "sex") in evaluation.roles["slices"]
    audited = checked(binary, "recall across sex <= 0.9", roles=ROLES.updated(sensitive=["sex"])).checks[0]
    assert audited.outcome.value == pytest.approx(near.outcome.value)


def test_not_worse_than_the_reference(binary):
    margins = ("roc_auc at most 0.01 worse than reference", "log_loss at most 0.01 worse than reference")
    worse = checked(binary.with_columns(p=1 - binary["p"]), *margins, reference=binary)
    assert [c.verdict for c in worse.checks] == [Verdict.FAIL, Verdict.FAIL]
    better = checked(binary, *margins, reference=binary.with_columns(p=1 - binary["p"]))
    assert [c.verdict for c in better.checks] == [Verdict.PASS, Verdict.PASS]


def test_a_gate_reads_what_its_checks_need(binary, tmp_path):
    binary.write_csv(tmp_path / "rows.csv")
    config = tmp_path / "steelyard.toml"
    config.write_text(
        """
        checks = ["recall >= 0.01 [plan = a]", "cost <= 1000", "recall at most 0.5 worse than reference"]
        [data]
        current = "rows.csv"
        reference = "rows.csv"
        [roles]
        label = "y"
        score = "p"
        prediction = "d"
        [metrics]
        cost = "25 * fp + 300 * fn"
        """
    )
    evaluation = gate(config=config, checks=["accuracy >= 0.1"])
    assert [c.verdict for c in evaluation.checks] == [Verdict.PASS] * 4
    assert {r.metric for r in evaluation.readings} == {"recall", "cost", "accuracy"}
    assert evaluation.columns == ()
    assert set(evaluation.rows) == {"current", "reference"}
    other = gate(binary.head(100), config=config)
    assert other.rows == {"current": 100, "reference": 400}


def test_a_gate_needs_checks_and_data(binary):
    with pytest.raises(ConfigError, match="There is nothing to check: write"):
        gate(binary, ROLES)
    with pytest.raises(ConfigError, match="There is no data to judge: name a file, or say current"):
        gate(checks=["recall >= 0.1"])
    with pytest.raises(UnknownNameError, match=r"no metric 'rocauc'\. Did you mean 'roc_auc'"):
        gate(binary, ROLES, checks=["rocauc >= 0.1"])
    with pytest.raises(UnknownNameError, match="'rocauc', which is not measured"):
        gate(binary, ROLES, checks=["rocauc across sex <= 0.1"])


def test_a_gate_of_expectations_alone(binary):
    from steelyard.analyses.expectations import parse_expectations
    from steelyard.evaluation import Config

    rules = parse_expectations([{"column": "age", "rule": "range", "min": 0, "max": 30}])
    assert gate(binary, ROLES, config=Config(expectations=rules)).verdict is Verdict.FAIL


def test_a_gate_is_the_same_each_time(binary):
    given = ("recall >= 0.5", "roc_auc ratio across sex >= 0.8", "brier <= reference + 0.1 [sex = F]")
    first, second = (gate(binary, ROLES, checks=given, reference=binary, seed=3) for _ in range(2))
    assert first.checks == second.checks
    assert first.seed == 3


def test_checks_of_several_kinds_are_one(binary, tmp_path):
    path = tmp_path / "steelyard.toml"
    path.write_text('[[checks]]\nmetric = "recall"\nmin = 0.01\nslice = { sex = "F" }\n')
    check = Check("recall", min=0.01, slice=Slice.of({"sex": "F"}))
    for given in ("recall >= 0.01 [sex = F]", path, str(path), [check], ["recall >= 0.01 [sex = F]"]):
        assert [c.slice for c in evaluate(binary, ROLES, checks=given).checks] == [check.slice]


BAD = {
    "rocauc >= 0.5": (UnknownNameError, "names the metric 'rocauc', which is not measured. Did you mean 'roc_auc'"),
    "recall >= 0.5 [plan = z]": (UnknownNameError, "slice plan = z, which was not read. Did you mean .*'plan = a'"),
    "recall >= 0.5 [plam = a]": (ColumnError, "no column 'plam', which was given as slice. Did you mean 'plan'"),
    "recall >= 0.5 [plan]": (ConfigError, r"\[plan\] .* must be \[column = value"),
    "recall 0.5": (ConfigError, "is not a check. Write one as"),
    "recall >= e": (ConfigError, "bound 'e' .* is not a number"),
}


@pytest.mark.parametrize("given", BAD)
def test_bad_checks(binary, given):
    kind, message = BAD[given]
    with pytest.raises(kind, match=message):
        checked(binary, given)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"metric": "recall"}, "needs a min or a max"),
        ({"min": 0.5}, "A check has metric, min, max, slice, relative_to, margin, across, ratio; this one has min"),
        ({"metric": "recall", "minimum": 0.5}, "this one has metric, minimum"),
        ({"metric": "recall", "min": "0.5"}, "min of the check on recall must be a number, not '0.5'"),
        ({"metric": "recall", "min": True}, "must be a number, not True"),
        ({"metric": "recall", "max": float("nan")}, "must be a number, not nan"),
        ({"metric": "recall", "min": 0.9, "max": 0.1}, "can never pass: its min 0.9 is above its max 0.1"),
        ({"metric": "recall", "min": 0.9, "slice": "plan"}, "slice of the check on recall must be a table"),
    ],
)
def test_bad_tables(given, message):
    with pytest.raises(SteelyardError, match=message):
        Check.parse(given)


def test_a_metric_is_missed_before_the_data_is_read(binary):
    def unreadable(batch):
        raise AssertionError("the data was read")

    lazy = pl.concat([binary] * 3).lazy()
    from steelyard.evaluation import measuring

    original, measuring.measure = measuring.measure, lambda *_: unreadable(None)
    try:
        with pytest.raises(UnknownNameError):
            checked(lazy, "rocauc >= 0.5")
    finally:
        measuring.measure = original
