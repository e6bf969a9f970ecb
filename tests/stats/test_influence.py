import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from steelyard.stats import influence

TABLES = arrays(float, 4, elements=st.floats(1.0, 1e4))


def f1(w):
    return 2 * w[0] / (2 * w[0] + w[1] + w[2])


def gap(w):
    return np.abs(w[0] / w.sum() - w[1] / w.sum())


def gap_gradient(w):
    sign = np.sign(w[0] - w[1])
    return sign * (np.array([1, -1, 0, 0]) - (w[0] - w[1]) / w.sum()) / w.sum()


@given(TABLES)
def test_complex_step_is_exact(w):
    rows = 2 * w[0] + w[1] + w[2]
    want = np.array([2 - 2 * f1(w), -f1(w), -f1(w), 0.0]) / rows
    assert influence.complex_step(f1, w) == pytest.approx(want, rel=1e-13, abs=1e-18)
    assert influence.gradient(f1, w) == pytest.approx(want, rel=1e-13, abs=1e-18)
    assert influence.numeric_gradient(f1, w) == pytest.approx(want, rel=1e-5, abs=1e-9 / rows)


@given(TABLES)
def test_what_does_not_depend_on_size_has_gradient_orthogonal_to_the_table(w):
    assert influence.gradient(f1, w) @ w == pytest.approx(0.0, abs=1e-12)


def test_empty_cells_and_a_single_cell():
    w = np.array([5.0, 0.0, 3.0, 0.0])
    assert influence.gradient(f1, w) == pytest.approx(influence.numeric_gradient(f1, w), abs=1e-7)
    assert influence.numeric_gradient(lambda v: np.log(v[0] + 1), [0.0]) == pytest.approx([1.0])


@pytest.mark.parametrize(
    "metric",
    [
        gap,
        lambda w: abs(complex(w[0] - w[1])) / w.sum(),
        lambda w: math.fabs(w[0] / w.sum() - w[1] / w.sum()),
        lambda w: float(np.max(np.abs(w[:2] - w[1::-1]))) / w.sum(),
        lambda w: np.abs(np.asarray(w / w.sum(), dtype=float) @ [1, -1, 0, 0]),
    ],
)
@pytest.mark.parametrize("w", [[30.0, 10.0, 5.0, 100.0], [3.0, 10.0, 5.0, 100.0]])
def test_what_is_not_analytic_falls_back_to_differences(metric, w):
    w = np.array(w)
    assert influence.gradient(metric, w) == pytest.approx(gap_gradient(w), rel=1e-6, abs=1e-9)


def test_complex_step_says_why_it_cannot():
    with pytest.raises(influence.NotAnalyticError, match="real"):
        influence.complex_step(lambda w: np.abs(w[0]), [1.0])
    with pytest.raises(influence.NotAnalyticError, match="complex weights: "):
        influence.complex_step(lambda w: math.sqrt(w[0]), [1.0])
    with (
        np.errstate(invalid="ignore", divide="ignore"),
        pytest.raises(influence.NotAnalyticError, match="not finite"),
    ):
        influence.complex_step(lambda w: w[0] / (w[1] * 0), [1.0, 1.0])


def test_variance_leaves_out_empty_cells():
    assert influence.variance([1.0, math.nan, math.inf], [2.0, 0.0, 0.0]) == 2.0
    assert influence.variance([0.0], [5.0]) == 0.0


@given(TABLES)
def test_variance_of_a_proportion(w):
    n, k = w.sum(), w[0] + w[3]
    grad = influence.gradient(lambda v: (v[0] + v[3]) / v.sum(), w)
    assert influence.variance(grad, w) == pytest.approx(k / n * (1 - k / n) / n, rel=1e-9)
    assert influence.variance(grad / 2, 2 * w) == pytest.approx(influence.variance(grad, w) / 2)


def test_acceleration_of_a_mean_is_a_sixth_of_its_skewness():
    values, counts = np.array([0.0, 1.0, 5.0]), np.array([60.0, 30.0, 10.0])
    mean = counts @ values / 100
    deviation = values - mean
    skew = (counts @ deviation**3 / 100) / (counts @ deviation**2 / 100) ** 1.5
    got = influence.acceleration(deviation / 100, counts)
    assert got == pytest.approx(skew / (6 * math.sqrt(100)))
    assert influence.acceleration([0.0, 0.0], [1.0, 1.0]) == 0.0
