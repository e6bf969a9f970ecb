import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.metrics import average_precision_score, roc_auc_score

from steelyard.stats import influence, ranks

COUNTS = (
    st.integers(1, 12)
    .flatmap(
        lambda bins: st.tuples(
            arrays(float, bins, elements=st.integers(0, 9)), arrays(float, bins, elements=st.integers(0, 9))
        )
    )
    .filter(lambda pq: pq[0].sum() > 1 and pq[1].sum() > 1)
)


def rows(p, q):
    """Labels and bin numbers of the rows behind the counts."""
    bins = np.arange(p.size)
    label = np.repeat([1, 0], [int(p.sum()), int(q.sum())])
    return label, np.concatenate([np.repeat(bins, p.astype(int)), np.repeat(bins, q.astype(int))])


def every(p):
    return np.ones(p.size, dtype=bool)


def ordered_by_loop(p, q):
    total, T, F = 0.0, 0.0, 0.0
    for pos, neg in zip(p[::-1], q[::-1], strict=True):
        k = np.arange(1.0, pos + 1)
        total += ((T + k) / (T + k + F + k * neg / (pos + 1))).sum()
        T, F = T + pos, F + neg
    return total / p.sum()


@given(COUNTS)
def test_ties_are_sklearns(pq):
    label, score = rows(*pq)
    assert ranks.roc_auc(*pq) == pytest.approx(roc_auc_score(label, score))
    want = average_precision_score(label, score)
    assert ranks.average_precision(*pq, every(pq[0])) == pytest.approx(want)


@given(COUNTS)
def test_delong_is_the_variance_of_placements(pq):
    label, score = rows(*pq)
    wins = np.sign(score[label == 1][:, None] - score[label == 0][None, :]) / 2 + 0.5
    P, N = wins.shape
    want = wins.mean(axis=1).var(ddof=1) / P + wins.mean(axis=0).var(ddof=1) / N
    assert ranks.delong_variance(*pq) == pytest.approx(want, abs=1e-14)


@given(COUNTS)
def test_gradients_are_the_complex_step(pq):
    p, _ = pq
    both = np.concatenate(pq) + 0.25
    for tied in (
        (lambda a, b: (a @ (np.cumsum(b) - b / 2)) / (a.sum() * b.sum()), ranks.roc_auc_gradient),
        (
            lambda a, b: (a @ (np.cumsum(a[::-1])[::-1] / np.cumsum((a + b)[::-1])[::-1])) / a.sum(),
            ranks.average_precision_gradient,
        ),
    ):
        metric, grad = tied
        want = influence.complex_step(lambda w, metric=metric: metric(w[: p.size], w[p.size :]), both)
        got = np.concatenate(grad(both[: p.size], both[p.size :]))
        assert got == pytest.approx(want, rel=1e-9, abs=1e-12)
        assert got @ both == pytest.approx(0.0, abs=1e-9)


@given(COUNTS)
def test_doubled_weights_halve_nothing_but_the_variance(pq):
    p, q = pq
    assert ranks.roc_auc(2 * p, 2 * q) == pytest.approx(ranks.roc_auc(p, q))
    assert ranks.ks(2 * p, 2 * q)[0] == pytest.approx(ranks.ks(p, q)[0])
    weighted = ranks.delong_variance(2 * p, 2 * q, 4 * p, 4 * q)
    assert weighted == pytest.approx(ranks.delong_variance(p, q), abs=1e-15)


def test_weighted_delong_is_the_influence_function_for_many_rows():
    rng = np.random.default_rng(5)
    w = rng.exponential(size=(2, 400))
    bins = rng.integers(0, 30, size=(2, 400)) + np.array([[6], [0]])
    p, q = (np.bincount(bins[i], w[i], 40) for i in (0, 1))
    p2, q2 = (np.bincount(bins[i], w[i] ** 2, 40) for i in (0, 1))
    gp, gq = ranks.roc_auc_gradient(p, q)
    plain = influence.variance(gp, p2) + influence.variance(gq, q2)
    assert ranks.delong_variance(p, q, p2, q2) == pytest.approx(plain, rel=0.01)
    assert ranks.delong_variance(p, q, p2, q2) > plain


def test_paired_covariance():
    rng = np.random.default_rng(7)
    label = rng.random(600) < 0.4
    base = rng.normal(size=600) + label
    a, b = base + rng.normal(size=600) / 2, base + rng.normal(size=600) / 2
    bins = [np.clip(((x + 5) * 12).astype(int), 0, 119) for x in (a, b)]

    def joint(which):
        table = np.zeros((120, 120))
        np.add.at(table, (bins[0][which], bins[1][which]), 1)
        return table

    pos, neg = joint(label), joint(~label)
    wins = [np.sign(x[label][:, None] - x[~label][None, :]) / 2 + 0.5 for x in bins]
    want = sum(
        np.cov(wins[0].mean(axis=axis), wins[1].mean(axis=axis))[0, 1] / wins[0].shape[1 - axis] for axis in (0, 1)
    )
    assert ranks.delong_covariance(pos, neg) == pytest.approx(want)
    same = np.diag(pos.sum(axis=1)), np.diag(neg.sum(axis=1))
    alone = ranks.delong_variance(pos.sum(axis=1), neg.sum(axis=1))
    assert ranks.delong_covariance(*same) == pytest.approx(alone)
    coarse = [table.reshape(40, 3, 40, 3).sum(axis=(1, 3)) for table in (pos, neg)]
    assert ranks.delong_covariance(*coarse) == pytest.approx(want, rel=0.02)


@given(COUNTS, st.integers(0, 2**32 - 1))
def test_bounds_hold_any_rows_in_the_bins(pq, seed):
    label, bins = rows(*pq)
    rng = np.random.default_rng(seed)
    tied = rng.random(pq[0].size) < 0.4
    inner = rng.integers(0, 4, size=bins.size) / 4 if rng.random() < 0.5 else rng.random(bins.size)
    score = bins + np.where(tied[bins], 0.5, inner)
    low, high = ranks.roc_auc_bounds(*pq, tied)
    assert low - 1e-12 <= roc_auc_score(label, score) <= high + 1e-12
    low, high = ranks.average_precision_bounds(*pq, tied)
    assert low - 1e-12 <= average_precision_score(label, score) <= high + 1e-12
    assert low - 1e-12 <= ranks.average_precision(*pq, tied) <= high + 1e-12
    low, high = ranks.ks_bounds(*pq, tied)
    edges = np.unique(score)
    f1, f0 = (np.searchsorted(np.sort(score[label == c]), edges, "right") / (label == c).sum() for c in (1, 0))
    assert low - 1e-12 <= np.abs(f1 - f0).max() <= high + 1e-12
    for bound in (ranks.roc_auc_bounds, ranks.average_precision_bounds, ranks.ks_bounds):
        assert bound(*pq, every(pq[0])) == pytest.approx([bound(*pq, every(pq[0]))[0]] * 2)


@given(COUNTS)
def test_closed_form_of_the_expected_order_is_the_loop(pq):
    assert ranks.average_precision(*pq) == pytest.approx(ordered_by_loop(*pq), rel=1e-11)


@pytest.mark.parametrize(
    ("p", "q"),
    [
        ([3, 0, 2], [1e8, 1e8, 1e8]),
        ([1, 1, 1], [1e12, 0, 1e12]),
        ([100_000, 5], [7, 100_000]),
        ([1, 40_000, 3], [0, 1e6, 2]),
        ([50, 50, 50], [100, 1000, 49]),
    ],
)
def test_closed_form_at_all_sizes(p, q):
    p, q = np.array(p, float), np.array(q, float)
    assert ranks.average_precision(p, q) == pytest.approx(ordered_by_loop(p, q), rel=1e-8)


def test_a_million_to_a_bin_is_quick_and_smooth():
    p, q = np.full(1024, 1e6), np.full(1024, 1e6)
    assert ranks.average_precision(p, q) == pytest.approx(0.5, abs=1e-6)
    assert ranks.average_precision(p * 1.0000001, q) == pytest.approx(0.5, abs=1e-6)


def test_expected_order_is_nearer_the_rows_than_ties():
    rng = np.random.default_rng(11)
    label = rng.random(50_000) < 0.1
    score = rng.normal(size=50_000) + 1.2 * label
    bins = np.clip(((score + 5) * 10).astype(int), 0, 119)
    p, q = np.bincount(bins[label], minlength=120), np.bincount(bins[~label], minlength=120)
    truth = average_precision_score(label, score)
    even = abs(ranks.average_precision(p, q) - truth)
    assert even < 0.1 * abs(ranks.average_precision(p, q, every(p)) - truth)
    auc = roc_auc_score(label, score)
    assert abs(ranks.roc_auc(p, q) - auc) < 3 * ranks.richardson_error(p, q) + 1e-4


def test_richardson_never_merges_atoms():
    p, q = np.array([9, 1, 2, 3, 4, 9.0]), np.array([9, 4, 3, 2, 1, 2.0])
    atom = np.array([True, False, False, False, False, True])
    coarse = np.array([9, 3, 7, 9.0]), np.array([9, 7, 3, 2.0])
    want = abs(ranks.roc_auc(p, q) - ranks.roc_auc(*coarse)) / 3
    assert ranks.richardson_error(p, q, atom) == pytest.approx(want)
    assert ranks.richardson_error(p, q, every(p)) == 0.0
    odd = ranks.richardson_error([1, 2, 3], [3, 2, 1])
    assert odd == pytest.approx(abs(ranks.roc_auc([1, 2, 3], [3, 2, 1]) - ranks.roc_auc([3, 3], [5, 1])) / 3)


def test_ks_says_where():
    assert ranks.ks([0, 0, 5], [5, 0, 0]) == (1.0, 0)
    assert ranks.ks([5, 0, 0], [0, 0, 5]) == (1.0, 0)
    assert ranks.ks([1, 4, 5], [5, 4, 1])[1] == 0


def test_one_bin_knows_nothing():
    assert ranks.roc_auc([4], [6]) == 0.5
    assert ranks.roc_auc_bounds([4], [6]) == (0.0, 1.0)
    assert ranks.delong_variance([4], [6]) == 0.0
    assert ranks.ks([4], [6]) == (0.0, 0)
    assert ranks.ks_bounds([4], [6]) == (0.0, 1.0)
    assert ranks.average_precision([4], [6], [True]) == pytest.approx(0.4)


@pytest.mark.parametrize(
    "metric",
    [
        ranks.roc_auc,
        ranks.placements,
        ranks.roc_auc_gradient,
        ranks.roc_auc_bounds,
        ranks.delong_variance,
        ranks.average_precision,
        ranks.average_precision_gradient,
        ranks.average_precision_bounds,
        ranks.ks,
        ranks.ks_bounds,
    ],
)
def test_no_ranking_without_both_classes(metric):
    with pytest.raises(ValueError, match="one positive"):
        metric([0, 0], [1, 2])
    with pytest.raises(ValueError, match="one negative"):
        metric([1, 2], [0, 0])
    with pytest.raises(ValueError, match="one shape"):
        metric([1, 2], [0, 0, 3])
    with pytest.raises(ValueError, match="at least 0"):
        metric([1, -2], [1, 3])


def test_variance_needs_two_of_each_class():
    with pytest.raises(ValueError, match="positive row"):
        ranks.delong_variance([1, 0], [3, 3])
    with pytest.raises(ValueError, match="more than one row"):
        ranks.delong_covariance(np.eye(2), np.eye(2) / 2)
    with pytest.raises(ValueError, match="one shape"):
        ranks.delong_covariance(np.eye(2), np.eye(3))


def test_auc_interval():
    low, high = ranks.roc_auc_interval(0.8, 0.002, 20, 100, 0.95)
    assert 0.6 < low < 0.8 < high < 0.9
    low, high = ranks.roc_auc_interval(1.0, 0.0, 20, 100, 0.95)
    assert high == 1.0
    assert 0.8 < low < 0.9
    assert ranks.roc_auc_interval(0.0, 0.0, 20, 100, 0.95) == pytest.approx((0.0, 1.0 - low))
    assert ranks.roc_auc_interval(1.0, 0.0, 1, 100, 0.95)[0] < 0.3
    with pytest.raises(ValueError, match="more than one row"):
        ranks.roc_auc_interval(0.7, 0.0, 1, 100, 0.95)
    with pytest.raises(ValueError, match="variance"):
        ranks.roc_auc_interval(0.7, math.nan, 9, 9, 0.95)


@given(st.floats(0.0, 1.0), st.floats(1.0, 1e5))
@settings(max_examples=50)
def test_boyd_holds_the_value(ap, n_pos):
    low, high = ranks.boyd_interval(ap, n_pos, 0.95)
    assert 0.0 <= low <= ap + 1e-12
    assert ap - 1e-12 <= high <= 1.0


def test_boyd_at_its_bounds():
    assert ranks.boyd_interval(1.0, 10, 0.95)[0] < 0.8
    with pytest.raises(ValueError, match="n > 0"):
        ranks.boyd_interval(0.5, 0, 0.95)
