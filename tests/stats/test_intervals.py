import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from steelyard.stats import intervals

LEVELS = st.sampled_from([0.5, 0.8, 0.9, 0.95, 0.99])
SIZES = st.floats(0.5, 1e7)
SHARES = st.floats(0.0, 1.0)
DFS = st.sampled_from([1.0, 3.5, 30.0, math.inf])


@pytest.mark.parametrize("level", [0.5, 0.9, 0.95, 0.999])
@pytest.mark.parametrize("df", [0.5, 1, 4.2, 31, 1e6, math.inf])
def test_quantile_is_scipys(level, df):
    assert intervals.quantile(level, df) == pytest.approx(stats.t.ppf((1 + level) / 2, df), rel=1e-9)


@pytest.mark.parametrize("level", [0.0, 1.0, 95, -0.5, math.nan])
def test_a_level_outside_0_1_raises(level):
    with pytest.raises(ValueError, match="level"):
        intervals.quantile(level)
    with pytest.raises(ValueError, match="level"):
        intervals.wilson(0.5, 10, level)
    with pytest.raises(ValueError, match="level"):
        intervals.jeffreys(5, 10, level)


@pytest.mark.parametrize("n", [1, 7, 50, 100_000])
@pytest.mark.parametrize("level", [0.8, 0.95])
def test_proportions_are_statsmodels(n, level):
    for k in {0, 1, n // 2, n - 1, n}:
        for method, got in [
            ("wilson", intervals.wilson(k / n, n, level)),
            ("jeffreys", intervals.jeffreys(k, n, level)),
            ("beta", intervals.clopper_pearson(k, n, level)),
        ]:
            want = proportion_confint(k, n, 1 - level, method)
            assert got == pytest.approx(want, rel=1e-9, abs=1e-13)


@given(SHARES, SIZES, LEVELS, DFS)
def test_wilson_holds_the_value_and_mirrors(p, n, level, df):
    low, high = intervals.wilson(p, n, level, df)
    assert 0.0 <= low <= p + 1e-12
    assert p - 1e-12 <= high <= 1.0
    mirror = intervals.wilson(1.0 - p, n, level, df)
    assert (1.0 - mirror[1], 1.0 - mirror[0]) == pytest.approx((low, high), abs=1e-12)


@given(SHARES, st.floats(1.0, 1e5), LEVELS)
def test_more_rows_or_less_confidence_narrow_it(p, n, level):
    low, high = intervals.wilson(p, n, level)
    more = intervals.wilson(p, 2 * n, level)
    less = intervals.wilson(p, n, level / 2)
    assert low - 1e-12 <= more[0]
    assert more[1] <= high + 1e-12
    assert low - 1e-12 <= less[0]
    assert less[1] <= high + 1e-12


def test_wilson_at_its_bounds():
    assert intervals.wilson(0.0, 10, 0.95)[0] == 0.0
    assert intervals.wilson(1.0, 10, 0.95)[1] == 1.0
    low, high = intervals.wilson(1.0, 1, 0.95)
    assert 0.0 < low < high == 1.0


@given(SHARES, SIZES, LEVELS)
def test_f1_interval_is_the_jaccard_interval_mapped(j, n, level):
    low, high = intervals.wilson_jaccard(j, n, level)
    f_low, f_high = intervals.wilson_f1(j, n, level)
    assert f_low <= 2 * j / (1 + j) + 1e-12
    assert 2 * j / (1 + j) <= f_high + 1e-12
    assert (f_low, f_high) == pytest.approx((2 * low / (1 + low), 2 * high / (1 + high)))


@pytest.mark.parametrize("bad", [(1.1, 10), (-0.1, 10), (0.5, 0), (0.5, -1), (math.nan, 10), (0.5, math.nan)])
def test_wilson_refuses_what_is_no_proportion(bad):
    with pytest.raises(ValueError, match="proportion"):
        intervals.wilson(*bad, 0.95)
    with pytest.raises(ValueError, match=r"proportion|successes"):
        intervals.clopper_pearson(bad[0] * bad[1] if bad[1] > 0 else 0, bad[1], 0.95)


@given(SHARES, st.floats(0.0, 10.0), LEVELS, DFS)
def test_logit_stays_within_and_holds_the_value(value, se, level, df):
    for bounds in ((0.0, 1.0), (-1.0, 1.0), (0.0, 50.0)):
        place = bounds[0] + value * (bounds[1] - bounds[0])
        low, high = intervals.logit(place, se, level, df, bounds)
        tiny = 1e-9 * (bounds[1] - bounds[0])
        assert bounds[0] <= low <= place + tiny
        assert place - tiny <= high <= bounds[1]


@given(st.floats(-0.999, 0.999), st.floats(0.0, 2.0), LEVELS)
def test_fisher_is_the_inverse_hyperbolic_tangent(r, se, level):
    half = intervals.quantile(level) * se / (1 - r * r)
    want = (math.tanh(math.atanh(r) - half), math.tanh(math.atanh(r) + half))
    assert intervals.fisher(r, se, level) == pytest.approx(want, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("transform", [intervals.wald, intervals.logit, intervals.fisher, intervals.log])
def test_no_spread_is_a_point(transform):
    for value in (0.0, 0.4, 1.0):
        assert transform(value, 0.0, 0.95, 3) == (value, value)


@pytest.mark.parametrize("transform", [intervals.wald, intervals.logit, intervals.fisher, intervals.log])
@pytest.mark.parametrize("bad", [(math.nan, 0.1), (0.5, math.nan), (0.5, -0.1)])
def test_transforms_refuse_nan_and_negative_spread(transform, bad):
    with pytest.raises(ValueError, match="got"):
        transform(*bad, 0.95)


def test_transforms_at_a_bound_with_spread_are_clipped():
    assert intervals.logit(1.0, 0.1, 0.95) == pytest.approx((1 - 0.1959964, 1.0))
    assert intervals.log(0.0, 0.1, 0.95) == pytest.approx((0.0, 0.1959964))
    assert intervals.logit(0.5, math.inf, 0.95) == (0.0, 1.0)
    assert intervals.log(1.0, math.inf, 0.95) == (0.0, math.inf)


def test_rounding_outside_the_bounds_is_forgiven_error_is_not():
    assert intervals.logit(1.0 + 1e-15, 0.0, 0.95) == (1.0, 1.0)
    with pytest.raises(ValueError, match="bounds"):
        intervals.logit(1.1, 0.1, 0.95)
    with pytest.raises(ValueError, match="bounds"):
        intervals.logit(0.5, 0.1, 0.95, bounds=(1.0, 0.0))
    with pytest.raises(ValueError, match="at least 0"):
        intervals.log(-1.0, 0.1, 0.95)


@given(st.floats(-50.0, 50.0), st.floats(2.0, 1e5), LEVELS)
def test_hall_undoes_halls_transformation(skew, n, level):
    """g(T) = T + aT²/3 + a²T³/27 + a/6 of the bound's own T is the critical value."""
    low, high = intervals.hall(0.0, 1.0, skew, n, level)
    a, q = skew / math.sqrt(n), intervals.quantile(level, n - 1)
    for bound, want in ((low, q), (high, -q)):
        t = -bound
        assert t + a * t**2 / 3 + a**2 * t**3 / 27 + a / 6 == pytest.approx(want, rel=1e-6, abs=1e-6)


@given(st.floats(0.0, 20.0), st.floats(2.0, 1e5), LEVELS)
def test_hall_leans_with_the_skewness_and_mirrors(skew, n, level):
    low, high = intervals.hall(0.0, 1.0, skew, n, level)
    assert low + high >= -1e-9
    mirrored = intervals.hall(0.0, 1.0, -skew, n, level)
    assert (-mirrored[1], -mirrored[0]) == pytest.approx((low, high))


def test_mean_interval_is_students_when_symmetric():
    rows = np.random.default_rng(3).normal(size=40)
    se = rows.std(ddof=1) / math.sqrt(40)
    low, high, method = intervals.mean_interval(rows.mean(), se, 0.0, 40, 0.95)
    want = stats.t.interval(0.95, 39, rows.mean(), se)
    assert (low, high) == pytest.approx(want)
    assert method == "student-t"
    assert intervals.mean_interval(0.0, 1.0, 3.0, 40, 0.95)[2] == "hall"
    assert intervals.mean_interval(2.0, 0.0, 3.0, 40, 0.95)[:2] == (2.0, 2.0)


def test_a_mean_of_one_row_has_no_interval():
    with pytest.raises(ValueError, match="more than one row"):
        intervals.mean_interval(1.0, 0.0, 0.0, 1, 0.95)
    assert intervals.mean_interval(1.0, 0.5, 0.0, 1, 0.95, df=31)[2] == "student-t"
    with pytest.raises(ValueError, match="n > 0"):
        intervals.hall(1.0, 0.1, 0.0, 0, 0.95)
    with pytest.raises(ValueError, match="skewness"):
        intervals.hall(1.0, 0.1, math.nan, 9, 0.95)


@given(
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
    st.integers(1, 60).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))),
)
@settings(max_examples=60)
def test_newcombe_is_statsmodels_and_antisymmetric(one, two):
    got = intervals.newcombe(*one, *two, 0.95)
    want = confint_proportions_2indep(*one, *two, method="newcomb", compare="diff")
    assert got == pytest.approx(want, abs=1e-9)
    back = intervals.newcombe(*two, *one, 0.95)
    assert (-back[1], -back[0]) == pytest.approx(got)


@given(st.lists(st.tuples(st.floats(-5, 5), st.floats(0, 3), st.floats(-4, 4)), min_size=1, max_size=5))
def test_mover_of_symmetric_parts_adds_in_quadrature(parts):
    values, halves, coefficients = (np.array(x) for x in zip(*parts, strict=True))
    low, high = intervals.mover_sum(values, values - halves, values + halves, coefficients)
    centre, half = coefficients @ values, math.hypot(*(coefficients * halves))
    assert (low, high) == pytest.approx((centre - half, centre + half), abs=1e-9)


def test_mover_keeps_lopsided_and_endless_parts():
    assert intervals.mover_difference(5, 4, 5, 3, 1, 3) == (1.0, 4.0)
    low, high = intervals.mover_difference(5, 4, math.inf, 3, 1, 3)
    assert (low, high) == (1.0, math.inf)
    assert intervals.mover_sum([1, 2], [0, -math.inf], [2, math.inf], [1, 0]) == (0.0, 2.0)
    with pytest.raises(ValueError, match="own interval"):
        intervals.mover_difference(5, 6, 7, 0, 0, 0)
    with pytest.raises(ValueError, match="one shape"):
        intervals.mover_sum([1, 2], [0], [2], [1])


def test_ratio_at_its_bounds():
    assert intervals.katz_log_ratio(0, 10, 5, 10, 0.95)[0] == 0.0
    assert intervals.katz_log_ratio(5, 10, 0, 10, 0.95)[1] == math.inf
    assert intervals.katz_log_ratio(0, 10, 0, 10, 0.95) == (0.0, math.inf)
    low, high = intervals.katz_log_ratio(10, 10, 20, 20, 0.95)
    assert low < 1.0 < high
    with pytest.raises(ValueError, match="0 ≤ k ≤ n"):
        intervals.katz_log_ratio(11, 10, 1, 10, 0.95)


@given(st.integers(1, 3000), st.floats(0.001, 0.999), LEVELS)
def test_quantile_ranks_are_the_binomials_and_cover(n, q, level):
    low, high = intervals.quantile_ranks(n, q, level)
    assert (low, high - 1) == tuple(stats.binom.ppf([(1 - level) / 2, (1 + level) / 2], n, q))
    assert stats.binom.cdf(high - 1, n, q) - stats.binom.cdf(low - 1, n, q) >= level - 1e-12


def test_quantile_ranks_of_effective_rows():
    assert intervals.quantile_ranks(1, 0.5, 0.95) == (0.0, 2.0)
    whole, part = intervals.quantile_ranks(400, 0.9, 0.95), intervals.quantile_ranks(400.5, 0.9, 0.95)
    assert part == pytest.approx(whole, abs=1.0)
    with pytest.raises(ValueError, match="q must lie"):
        intervals.quantile_ranks(10, 1.0, 0.95)
    with pytest.raises(ValueError, match="n > 0"):
        intervals.quantile_ranks(0, 0.5, 0.95)
