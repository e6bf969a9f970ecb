"""CUPED, held against tea-tasting's numbers and least squares."""

import json
from pathlib import Path

import numpy as np
import pytest

from steelyard.stats import cuped, lift, ratio

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ab_testing.json").read_text())["cases"]
CASES = {case["id"]: case for case in VECTORS}
NAMES = ("num", "den", "pre_num", "pre_den")


def joint_of(given):
    pairs = {tuple(k.split("|")): v for k, v in given["cov"].items()}
    pairs |= {(b, a): v for (a, b), v in pairs.items()} | {(a, a): given["var"][a] for a in NAMES}
    covariance = [[pairs.get((a, b), 0.0) for b in NAMES] for a in NAMES]
    return ratio.joint(given["count"], [given["mean"][a] for a in NAMES], covariance)


@pytest.mark.parametrize(("case", "outcome", "covariate"), [("ab_cuped", 0, 2), ("ab_ratio_cuped", (0, 1), (2, 3))])
def test_vectors(case, outcome, covariate):
    given, expected, rtol = (CASES[case][key] for key in ("input", "expected", "rtol"))
    made = cuped.adjusted([joint_of(given["treatment"]), joint_of(given["control"])], outcome, [covariate])
    treatment, control = made.arms
    assert (treatment.mean, control.mean) == pytest.approx((expected["treatment"], expected["control"]), rel=rtol)
    found, share = lift.mean_difference(treatment, control, 0.95), lift.relative_lift(treatment, control, 0.95)
    ends = ("effect_size_ci_lower", "effect_size_ci_upper", "rel_effect_size_ci_lower", "rel_effect_size_ci_upper")
    assert (found.low, found.high, share.low, share.high) == pytest.approx([expected[e] for e in ends], rel=rtol)
    assert found.p == pytest.approx(expected["pvalue"], rel=rtol)
    assert 0.0 < made.reduction < 1.0


def rows_of(seed, n, effect=0.0, columns=2):
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(n, columns)) * np.arange(1, columns + 1)
    y = x @ np.linspace(1.0, 0.5, columns) + rng.normal(size=n) + effect
    return np.column_stack([y, x])


def joint_rows(rows):
    return ratio.joint(len(rows), rows.mean(axis=0), np.cov(rows.T))


def test_several_covariates_are_least_squares():
    a, b = rows_of(1, 300, 0.2), rows_of(2, 250)
    made = cuped.adjusted([joint_rows(a), joint_rows(b)], 0, [1, 2])
    whole = np.vstack([a, b])
    design = np.column_stack([np.ones(len(whole)), whole[:, 1:]])
    slopes = np.linalg.lstsq(design, whole[:, 0], rcond=None)[0][1:]
    assert made.theta == pytest.approx(slopes)
    for arm, rows in zip(made.arms, (a, b), strict=True):
        adjusted = rows[:, 0] - (rows[:, 1:] - whole[:, 1:].mean(axis=0)) @ slopes
        assert arm == pytest.approx((len(rows), adjusted.mean(), adjusted.var(ddof=1)))
    before = sum(r[:, 0].var(ddof=1) / len(r) for r in (a, b))
    assert made.reduction == pytest.approx(1 - sum(arm.variance / arm.n for arm in made.arms) / before)


def test_covariates_that_tell_nothing_change_nothing():
    a, b = rows_of(1, 300), rows_of(2, 250)
    for rows in (a, b):
        rows[:, 2] = 7.0
    alone = cuped.adjusted([joint_rows(a), joint_rows(b)], 0, [1])
    also = cuped.adjusted([joint_rows(a), joint_rows(b)], 0, [1, 2])
    twice = cuped.adjusted([joint_rows(a), joint_rows(b)], 0, [1, 1])
    assert also.theta == pytest.approx([*alone.theta, 0.0])
    assert also.imbalance[1] == 0.0
    for made in (also, twice):
        assert np.array(made.arms) == pytest.approx(np.array(alone.arms))


def test_scale_of_a_covariate_does_not_matter():
    a, b = rows_of(1, 300), rows_of(2, 250)
    plain = cuped.adjusted([joint_rows(a), joint_rows(b)], 0, [1, 2])
    for rows in (a, b):
        rows[:, 1] *= 1e9
    assert np.array(cuped.adjusted([joint_rows(a), joint_rows(b)], 0, [1, 2]).arms) == pytest.approx(
        np.array(plain.arms)
    )


def test_an_outcome_that_does_not_vary():
    a, b = rows_of(1, 300), rows_of(2, 250)
    for rows in (a, b):
        rows[:, 0] = 3.0
    made = cuped.adjusted([joint_rows(a), joint_rows(b)], 0, [1])
    assert made.reduction == 0.0
    assert [arm.variance for arm in made.arms] == [0.0, 0.0]


def test_imbalance_in_standard_deviations():
    a, b = rows_of(1, 300), rows_of(2, 250)
    a[:, 1] += 2.0
    whole = np.vstack([a, b])[:, 1]
    made = cuped.adjusted([joint_rows(a), joint_rows(b)], 0, [1])
    assert made.imbalance[0] == pytest.approx(abs(a[:, 1].mean() - b[:, 1].mean()) / whole.std(ddof=1))


def test_what_has_no_answer():
    with pytest.raises(ValueError, match="covariate"):
        cuped.adjusted([joint_rows(rows_of(1, 10))], 0, [])
    with pytest.raises(ValueError, match="arm"):
        cuped.adjusted([], 0, [1])
