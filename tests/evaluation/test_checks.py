"""Checks: pass, fail, inconclusive with the rows that would settle it."""

import polars as pl
import pytest

from steelyard import Check, Roles, Slice, Verdict, evaluate
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
        ({"min": 0.5}, "A check has metric, min, max, slice, change; this one has min"),
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
