"""The classifier and what it is made of, against scikit-learn, statsmodels and SciPy."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy import stats
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from steelyard.stats import ranks
from steelyard.stats.discriminate import (
    REUSE,
    carried,
    folds_of,
    separation,
    unseen_additive,
    unseen_scores,
)
from steelyard.stats.interaction import association_change, fitted_without_change, merged, pair_cubes
from steelyard.stats.log_odds import log_odds_ratios
from steelyard.stats.logistic import Coded, Dense, fit_logistic

LEVEL = 0.95


def coded_rows(n, columns, groups, seed=0):
    return np.random.default_rng(seed).integers(0, groups, (n, columns))


def correlated(n, columns, rho, seed):
    x = np.random.default_rng(seed).normal(size=(n, columns))
    x[:, 1] = rho * x[:, 0] + np.sqrt(1 - rho**2) * x[:, 1]
    return x


@pytest.mark.parametrize("ridge", [0.5, 8.0])
def test_logistic_is_that_of_scikit_learn(ridge):
    codes = coded_rows(800, 4, 5)
    design = Coded.of(codes, (5,) * 4)
    y = (np.random.default_rng(1).random(800) < 1 / (1 + np.exp(1.0 - codes[:, 0]))).astype(float)
    written = np.zeros((800, 20))
    written[np.arange(800)[:, None], design.places] = 1.0
    theirs = LogisticRegression(C=1 / ridge, tol=1e-10, max_iter=2_000).fit(written, y)
    for ours in (fit_logistic(design, y, ridge), fit_logistic(Dense(written), y, ridge)):
        np.testing.assert_allclose(ours.beta, theirs.coef_[0], atol=2e-4)
        assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=2e-4)


def test_logistic_of_separated_rows_stays_finite():
    y = np.repeat([0.0, 1.0], 50)
    fitted = fit_logistic(Dense(1e3 * (y[:, None] - 0.5)), y, 1.0)
    assert np.isfinite(fitted.beta).all()
    assert roc_auc_score(y, fitted.scores(Dense(1e3 * (y[:, None] - 0.5)))) == 1.0


def test_a_coded_design_is_the_written_one():
    design = Coded.of(coded_rows(30, 2, 3), (3, 3)).beside(Coded.of(coded_rows(30, 1, 4, 1), (4,)))
    written = np.zeros((30, 10))
    written[np.arange(30)[:, None], design.places] = 1.0
    beta, values = np.arange(10.0), np.linspace(-1, 1, 30)
    dense = Dense(written)
    np.testing.assert_allclose(design.scores(beta), dense.scores(beta))
    np.testing.assert_allclose(design.sums(values), dense.sums(values))
    np.testing.assert_allclose(design.squares(values), dense.squares(values))
    np.testing.assert_allclose(design.take(values > 0).scores(beta), dense.take(values > 0).scores(beta))


def test_logistic_refuses_one_class():
    with pytest.raises(ValueError, match="0 and of 1"):
        fit_logistic(Dense(np.ones((3, 1))), np.ones(3), 1.0)
    with pytest.raises(ValueError, match="ridge"):
        fit_logistic(Dense(np.ones((2, 1))), np.array([0.0, 1.0]), 0.0)


def test_separation_is_scikit_learns_auc_with_twice_delongs_variance():
    rng = np.random.default_rng(0)
    second = rng.random(400) < 0.4
    scores = np.round(rng.normal(size=400) + 0.5 * second, 1)
    found = separation(scores, second, LEVEL)
    values, which = np.unique(scores, return_inverse=True)
    p, q = (np.bincount(which, weights=side, minlength=len(values)) for side in (second, ~second))
    assert found.auc == pytest.approx(roc_auc_score(second, scores))
    assert found.se**2 == pytest.approx(REUSE * ranks.delong_variance(p, q))
    assert found.p == pytest.approx(stats.norm.sf((found.auc - 0.5) / found.se))
    assert found.low < found.auc < found.high


def test_clusters_of_equal_rows_count_once():
    rng = np.random.default_rng(0)
    second = np.arange(200) % 2 == 0
    scores = rng.normal(size=200) + 0.5 * second
    alone = separation(scores, second, LEVEL, np.arange(200))
    repeated = separation(np.repeat(scores, 5), np.repeat(second, 5), LEVEL, np.repeat(np.arange(200), 5))
    assert repeated.se == pytest.approx(alone.se)
    assert alone.se == pytest.approx(separation(scores, second, LEVEL).se, rel=0.02)
    assert separation(np.repeat(scores, 5), np.repeat(second, 5), LEVEL).se < 0.6 * alone.se


def test_folds_hold_rows_of_both_and_keep_clusters_together():
    second = np.arange(103) < 40
    fold = folds_of(second, 0)
    assert {int(second[fold == k].sum()) for k in range(5)} == {8}
    clusters = np.arange(103) // 4
    together = folds_of(second, 0, clusters)
    assert all(len(set(together[clusters == c])) == 1 for c in np.unique(clusters))


def additive(x, second, seed=0, groups=10):
    cuts = [np.quantile(x[~second, j], np.arange(1, groups) / groups) for j in range(x.shape[1])]
    codes = np.stack([np.searchsorted(c, x[:, j]) for j, c in enumerate(cuts)], axis=1)
    coarse = np.stack([merged(codes[:, j], groups, 5, True) for j in range(x.shape[1])], axis=1)
    return unseen_additive(codes, (groups,) * x.shape[1], coarse, second, folds_of(second, seed))


def test_a_change_of_correlation_alone_is_found_and_named():
    second = np.repeat([False, True], 1_500)
    x = np.concatenate([correlated(1_500, 6, 0.0, 0), correlated(1_500, 6, 0.6, 1)])
    unseen = additive(x, second)
    told = separation(unseen.scores, second, LEVEL)
    lost = carried(unseen, second, LEVEL)
    assert told.low > 0.55
    assert unseen.pairs[0, 1] == 5
    assert set(np.flatnonzero(lost.low > 0)) == {0, 1}
    boosted = np.zeros(3_000)
    fold = folds_of(second, 0)
    for k in range(5):
        model = HistGradientBoostingClassifier(max_iter=60).fit(x[fold != k], second[fold != k])
        boosted[fold == k] = model.predict_proba(x[fold == k])[:, 1]
    assert told.auc > roc_auc_score(second, boosted) - 0.01


def test_a_shift_is_carried_by_its_column():
    rng = np.random.default_rng(0)
    second = np.repeat([False, True], 800)
    x = rng.normal(size=(1_600, 5))
    x[second, 3] += 0.8
    unseen = additive(x, second)
    told, lost = separation(unseen.scores, second, LEVEL), carried(unseen, second, LEVEL)
    best = stats.norm.cdf(0.8 / np.sqrt(2))
    assert told.low < best < told.high + 0.02
    assert lost.loss.argmax() == 3
    assert set(np.flatnonzero(lost.low > 0)) == {3}


def test_nothing_is_told_apart_without_a_difference():
    second = np.repeat([False, True], 500)
    x = np.random.default_rng(5).normal(size=(1_000, 8))
    told = separation(additive(x, second).scores, second, LEVEL)
    assert told.low < 0.5 < told.high
    assert told.p > 0.01


def test_unseen_rows_are_unseen():
    """A column that names every row teaches nothing about rows that were left out."""
    second = np.random.default_rng(0).random(200) < 0.5
    names = Coded.of(np.arange(200)[:, None], (200,))
    np.testing.assert_array_equal(unseen_scores(names, second, folds_of(second, 0)), 0.0)


def test_association_change_is_the_poisson_model_without_three_way_interaction():
    rng = np.random.default_rng(0)
    cube = rng.integers(3, 40, (1, 2, 3, 4)).astype(float)
    sample, i, j = (k.ravel() for k in np.indices((2, 3, 4)))
    frame = pd.DataFrame({"n": cube.ravel(), "s": sample, "i": i, "j": j})
    model = smf.glm("n ~ C(s)*C(i) + C(s)*C(j) + C(i)*C(j)", frame, family=sm.families.Poisson()).fit()
    found = association_change(cube)
    np.testing.assert_allclose(fitted_without_change(cube).ravel(), model.fittedvalues, rtol=1e-4)
    assert found.statistic[0] == pytest.approx(model.pearson_chi2, rel=1e-4)
    assert found.df[0] == model.df_resid == 6
    assert found.p[0] == pytest.approx(stats.chi2.sf(model.pearson_chi2, 6), rel=1e-3)
    halved = found.widened(2.0)
    assert halved.p[0] == pytest.approx(stats.chi2.sf(model.pearson_chi2 / 2, 6), rel=1e-3)


def test_codes_that_one_sample_lacks_have_no_freedom():
    cube = np.ones((1, 2, 3, 3)) * 10
    cube[0, 1, 2] = 0
    assert association_change(cube).df[0] == 2
    cube[0, 1] = 0
    empty = association_change(cube)
    assert (empty.df[0], empty.statistic[0], empty.p[0]) == (0, 0.0, 1.0)


def test_moved_margins_alone_are_no_change_of_association():
    odds = np.array([[4.0, 1.0], [1.0, 4.0]])
    moved = odds * np.array([[3.0], [1.0]]) * np.array([[1.0, 2.0]])
    cube = 100 * np.stack([odds, moved])[None]
    assert association_change(cube).statistic[0] == pytest.approx(0.0, abs=1e-4)


def test_pair_cubes_count_rows():
    codes, second = coded_rows(200, 3, 4), np.arange(200) % 3 == 0
    pairs, cubes = pair_cubes(codes, 4, second)
    assert pairs == [(0, 1), (0, 2), (1, 2)]
    for (first, other), cube in zip(pairs, cubes, strict=True):
        for side in (0, 1):
            rows = codes[second == bool(side)]
            theirs = np.histogram2d(rows[:, first], rows[:, other], bins=[np.arange(5)] * 2)[0]
            np.testing.assert_array_equal(cube[side], theirs)


def test_groups_merge_to_about_equal_ones():
    codes = np.repeat(np.arange(10), 20)
    assert np.bincount(merged(codes, 10, 5, True)).tolist() == [40] * 5
    by_size = merged(np.repeat([0, 1, 2, 3], [5, 50, 10, 2]), 4, 3, False)
    assert np.bincount(by_size).tolist() == [50, 10, 7]


def test_log_odds_are_those_of_monroe():
    now, then = np.array([30.0, 5.0]), np.array([10.0, 5.0])
    found = log_odds_ratios(now, 100, then, 80, strength=20.0)
    prior = 20 * 40 / 180
    a, b = 30 + prior, 100 - 30 + 20 - prior
    c, d = 10 + prior, 80 - 10 + 20 - prior
    assert found.change[0] == pytest.approx(np.log(a / b) - np.log(c / d))
    assert found.z[0] == pytest.approx(found.change[0] / np.sqrt(1 / a + 1 / b + 1 / c + 1 / d))
    assert found.p[0] == pytest.approx(2 * stats.norm.sf(abs(found.z[0])))
    assert abs(found.z[1]) < abs(found.z[0])
    same = log_odds_ratios(np.array([5.0]), 50, np.array([5.0]), 50)
    assert same.z[0] == pytest.approx(0.0)


@pytest.mark.parametrize(
    "call",
    [
        lambda: separation(np.ones(3), np.array([True, False, False]), LEVEL),
        lambda: separation(np.ones(4), np.arange(4) < 2, LEVEL, np.array([0, 0, 1, 1])),
        lambda: association_change(np.ones((2, 3, 3))),
        lambda: log_odds_ratios(np.ones(2), 1, np.ones(3), 1),
        lambda: log_odds_ratios(np.array([2.0]), 1, np.array([1.0]), 1),
    ],
)
def test_what_has_no_answer_is_refused(call):
    with pytest.raises(ValueError, match=r"needs|cannot"):
        call()
