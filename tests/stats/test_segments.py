"""Segments against others: tests hold under the null, prefer the planted, and agree with what others compute."""

import json
import math
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import overlaps, segments, shrinkage
from steelyard.stats.segments import Sums

CASES = json.loads((Path(__file__).parents[1] / "vectors" / "root_cause.json").read_text())["cases"]


def sums(loss, weight=None):
    """Sums of segments from one array of row losses each."""
    weights = [np.ones(len(rows)) if weight is None else weight for rows in loss]
    pairs = [
        (np.asarray(rows, dtype=float), np.asarray(w, dtype=float)) for rows, w in zip(loss, weights, strict=True)
    ]
    return Sums(
        *(
            np.array([float(f(x, w).sum()) for x, w in pairs])
            for f in (
                lambda x, w: np.ones_like(w),
                lambda x, w: w,
                lambda x, w: w * w,
                lambda x, w: w * x,
                lambda x, w: w * w * x,
                lambda x, w: w * w * x * x,
            )
        )
    )


def shares(k, n):
    """Sums of a 0/1 loss."""
    k, n = np.atleast_1d(np.asarray(k, float)), np.atleast_1d(np.asarray(n, float))
    return Sums(n, n, n, k, k, k)


def test_divexplorer_vector():
    case = next(c for c in CASES if c["id"] == "divexplorer")
    given, expected = case["input"], case["expected"]
    t = segments.divergence_t(given["k_slice"], given["n_slice"], given["k_all"], given["n_all"])
    assert t == pytest.approx(expected["t"], rel=case["rtol"])


def test_sliceline_score_by_hand():
    # sliceline 0.3.0: alpha·(mean error of the slice/mean error − 1) − (1 − alpha)·(n/size − 1)
    assert segments.sliceline_score(0.1, 3.0, 0.9) == pytest.approx(0.9 * 2 - 0.1 * 9)
    assert segments.sliceline_score(1.0, 1.0) == 0.0
    with pytest.raises(ValueError, match="share"):
        segments.sliceline_score(0.0, 1.0)


@pytest.mark.parametrize("k", [10, 15, 25])
@pytest.mark.parametrize(("n", "errors", "total"), [(60, 80, 2000), (400, 120, 1000), (500, 700, 1000)])
def test_worse_share_is_never_surer_than_fishers_exact_test(k, n, errors, total):
    k = round(n * errors / total) + k
    inside, rest = shares(k, n), shares(errors - k, total - n)
    ours = float(segments.tail_of(segments.worse_share(inside, rest))[0])
    exact = float(stats.hypergeom(total, errors, n).sf(k - 1))
    assert ours >= 0.5 * exact
    assert ours <= 60 * exact


def test_far_out_the_likelihood_ratio_goes_on():
    inside, rest = shares([4000, 5000], [10000, 10000]), shares(10000, 100000)
    sure = segments.worse_share(inside, rest)
    assert np.isfinite(sure).all()
    assert sure[1] > sure[0] > segments.FAR


@pytest.mark.parametrize("k", [0, 3])
def test_no_excess_is_not_sure(k):
    assert segments.worse_share(shares(k, 100), shares(50, 1000))[0] == 0.0


def test_rows_that_happen_to_be_alike_make_nothing_sure():
    rng = np.random.default_rng(0)
    rest = (rng.random(2000) < 0.7).astype(float)
    sure = segments.worse_mean(sums([np.ones(32)]), sums([rest]))
    assert sure[0] < 4.0


def test_worse_mean_is_welchs_t_where_the_inside_varies_more():
    rng = np.random.default_rng(1)
    inside, rest = rng.exponential(2, 400), rng.exponential(1, 3000)
    sure = float(segments.worse_mean(sums([inside]), sums([rest]))[0])
    t = stats.ttest_ind(inside, rest, equal_var=False).statistic
    assert segments.tail_of(sure) == pytest.approx(stats.t(399).sf(t), rel=0.1)


def test_weights_of_two_are_no_second_look():
    loss = np.r_[np.ones(30), np.zeros(70)]
    once, doubled = sums([loss]), sums([loss], np.full(100, 2.0))
    rest = sums([np.r_[np.ones(100), np.zeros(900)]])
    assert segments.worse_share(once, rest) == pytest.approx(segments.worse_share(doubled, rest))
    assert segments.worse_mean(once, rest) == pytest.approx(segments.worse_mean(doubled, rest))


def test_a_design_effect_is_fewer_rows():
    inside, rest = shares(60, 300), shares(300, 3000)
    halved = segments.worse_share(inside, rest, 2.0)
    assert halved == pytest.approx(segments.worse_share(shares(30, 150), shares(150, 1500)))


def test_worsened_is_a_difference_of_differences():
    now, then = shares(60, 200), shares(20, 200)
    rest, rest_then = shares(200, 2000), shares(200, 2000)
    rise, sure = segments.worsened(now, rest, then, rest_then)
    assert rise[0] == pytest.approx(0.2)
    assert 4.0 < sure[0] < 6.0
    # A gap that was there before is not new.
    rise, _ = segments.worsened(now, rest, shares(40, 200), rest_then)
    assert rise[0] == pytest.approx(0.1)
    # Where everything rose alike, nothing of it is this segment's.
    rise, sure = segments.worsened(now, shares(600, 2000), then, rest_then)
    assert rise[0] == pytest.approx(0.0)
    assert sure[0] == 0.0


@pytest.mark.parametrize("df", [5, 31, 500])
@pytest.mark.parametrize("t", [1.0, 4.0, 8.0])
def test_normal_of_t(t, df):
    assert segments.normal_of_t(t, df) == pytest.approx(-stats.norm.ppf(stats.t(df).sf(t)), rel=0.01)


def test_overlap_of_two_is_exact_and_of_more_fits_every_margin():
    rng = np.random.default_rng(2)
    bits = rng.random((4000, 3)) < 0.5
    bits[:, 2] |= bits[:, 0]

    def pair(i, j):
        return np.array([[[np.sum((bits[:, i] == a) & (bits[:, j] == b)) for b in (0, 1)] for a in (0, 1)]], float)

    assert overlaps.overlaps({(0, 1): pair(0, 1)}, 2)[0] == np.sum(bits[:, 0] & bits[:, 1])
    found = overlaps.overlaps({(i, j): pair(i, j) for i, j in combinations(range(3), 2)}, 3)[0]
    assert found == pytest.approx(np.sum(bits.all(axis=1)), rel=0.03)


def test_overlap_of_conditions_that_exclude_each_other_is_nothing():
    apart = np.array([[[10.0, 30.0], [40.0, 0.0]]])
    even = np.array([[[20.0, 20.0], [20.0, 20.0]]])
    assert overlaps.overlaps({(0, 1): apart, (0, 2): even, (1, 2): even}, 3)[0] == 0.0


def test_one_large_effect_among_nulls_is_kept_and_noise_is_not():
    rng = np.random.default_rng(3)
    errors = np.full(300, 0.02)
    effects = rng.normal(0, errors)
    effects[0] = 0.3
    prior = shrinkage.prior_of(effects, errors)
    assert prior.shares[0] > 0.5
    assert prior.kept(0.3, 0.02) > 0.95
    assert prior.kept(0.03, 0.02) < 0.25


def test_where_all_differ_the_prior_is_the_normal_one():
    rng = np.random.default_rng(4)
    errors = np.full(2000, 0.05)
    effects = rng.normal(0, math.hypot(0.2, 0.05), 2000)
    prior = shrinkage.prior_of(effects, errors)
    assert sum(prior.shares) == pytest.approx(1.0)
    assert prior.kept(0.3, 0.05) == pytest.approx(0.2**2 / (0.2**2 + 0.05**2), rel=0.05)


def test_the_prior_is_no_larger_than_what_was_seen():
    assert shrinkage.prior_of([0.0, 0.0], [1.0, 1.0]).kept(1.0, 1.0) < 0.5
    with pytest.raises(ValueError, match="positive"):
        shrinkage.prior_of([0.1], [0.0])


def test_a_part_taken_from_the_whole_leaves_the_rest():
    rng = np.random.default_rng(5)
    loss = rng.exponential(1, 100)
    rest = sums([loss]).minus(sums([loss[:40]]))
    for got, wanted in zip(rest, sums([loss[40:]]), strict=True):
        assert got == pytest.approx(wanted)
    assert sums([loss]).variance[0] == pytest.approx(loss.var())
