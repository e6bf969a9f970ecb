"""Paired differences of models, held against rows: exact tests, O(n²) DeLong, the bootstrap over rows."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn import metrics as sk

from steelyard.analyses.paired.renaming import renamed, renamed_value
from steelyard.data import Roles
from steelyard.evaluation.comparison import compare_models
from steelyard.facts import Binned, Bucket, Category, Cells, Count, CutGrid, Histogram, Moments, Values
from steelyard.records import Estimate, Slice, Undefined

ROWS = 1_500


def scored(seed: int, n: int = ROWS, noise: float = 0.9) -> pl.DataFrame:
    """A label and two models' scores of it, the second noisier."""
    rng = np.random.default_rng(seed)
    logit = rng.normal(-0.5, 1.3, n)
    return pl.DataFrame(
        {
            "y": (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int),
            "a": 1 / (1 + np.exp(-logit - rng.normal(0, 0.5, n))),
            "b": 1 / (1 + np.exp(-logit - rng.normal(0, noise, n))),
            "id": np.arange(n),
            "user": rng.integers(0, max(n // 8, 1), n),
            "w": rng.integers(1, 4, n).astype(float),
            "sex": rng.choice(["F", "M"], n),
        }
    )


BOTH = {"a": {"score": "a"}, "b": {"score": "b"}}


def compared(frame, **more):
    roles = more.pop("roles", Roles(label="y", id="id"))
    return compare_models(BOTH, roles, data=frame, together=False, **more)


@pytest.fixture(scope="module")
def frame():
    return scored(1)


@pytest.fixture(scope="module")
def comparison(frame):
    return compared(frame)


def estimate(comparison, metric, model="b", against="a") -> Estimate:
    found = comparison.gain(metric, model, against).outcome
    assert isinstance(found, Estimate), found
    return found


def columns(frame):
    return frame["y"].to_numpy(), frame["a"].to_numpy(), frame["b"].to_numpy()


OF = {
    "accuracy": lambda y, p: np.mean((p >= 0.5) == y),
    "precision": lambda y, p: sk.precision_score(y, p >= 0.5),
    "recall": lambda y, p: sk.recall_score(y, p >= 0.5),
    "f1": lambda y, p: sk.f1_score(y, p >= 0.5),
    "balanced_accuracy": lambda y, p: sk.balanced_accuracy_score(y, p >= 0.5),
    "matthews_corrcoef": lambda y, p: sk.matthews_corrcoef(y, p >= 0.5),
    "roc_auc": sk.roc_auc_score,
    "average_precision": sk.average_precision_score,
    "log_loss": sk.log_loss,
    "brier": lambda y, p: np.mean((p - y) ** 2),
}


@pytest.fixture(scope="module")
def bootstrapped(frame):
    """Standard deviation of each difference over resampled rows."""
    y, a, b = columns(frame)
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, len(y), len(y)) for _ in range(150)]
    return {name: np.std([of(y[i], b[i]) - of(y[i], a[i]) for i in draws], ddof=1) for name, of in OF.items()}


@pytest.mark.parametrize("name", OF)
def test_values_and_errors_as_by_rows(comparison, frame, bootstrapped, name):
    y, a, b = columns(frame)
    found = estimate(comparison, name)
    assert found.value == pytest.approx(OF[name](y, b) - OF[name](y, a), rel=1e-9)
    assert found.se == pytest.approx(bootstrapped[name], rel=0.2)  # of 150 draws: ± 6 %


def test_auc_as_delong_by_rows(comparison, frame):
    y, a, b = columns(frame)

    def places(s):
        pos, neg = s[y == 1], s[y == 0]
        kernel = (pos[:, None] > neg[None, :]) + 0.5 * (pos[:, None] == neg[None, :])
        return kernel.mean(axis=1), kernel.mean(axis=0)

    (p_a, n_a), (p_b, n_b) = places(a), places(b)
    joint = np.cov(p_a, p_b) / len(p_a) + np.cov(n_a, n_b) / len(n_a)
    assert estimate(comparison, "roc_auc").se == pytest.approx(
        math.sqrt(joint[0, 0] + joint[1, 1] - 2 * joint[0, 1]), rel=0.01
    )


@pytest.mark.parametrize("noise", [0.02, 0.1])
def test_models_that_hardly_differ_have_a_narrow_interval(noise):
    """Coarse joint bins alone would make the standard error several times too large."""
    frame = scored(3).with_columns(b=pl.col("a"))
    moved = np.random.default_rng(5).normal(0, noise, ROWS)
    logit = np.log(frame["a"] / (1 - frame["a"])).to_numpy() + moved
    frame = frame.with_columns(b=pl.Series(1 / (1 + np.exp(-logit))))
    y, a, b = columns(frame)
    rng = np.random.default_rng(0)
    draws = [rng.integers(0, ROWS, ROWS) for _ in range(150)]
    by_rows = np.std([sk.roc_auc_score(y[i], b[i]) - sk.roc_auc_score(y[i], a[i]) for i in draws])
    assert estimate(compared(frame, metrics=["roc_auc"]), "roc_auc").se == pytest.approx(by_rows, rel=0.25)


def test_row_means_as_the_paired_t_test(comparison, frame):
    y, a, b = columns(frame)
    found = estimate(comparison, "brier")
    expected = stats.ttest_rel((b - y) ** 2, (a - y) ** 2)
    interval = expected.confidence_interval(0.95)
    assert (found.low, found.high) == pytest.approx((interval.low, interval.high), rel=1e-6)
    assert comparison.gain("brier", "b", "a").p == pytest.approx(expected.pvalue, rel=0.05)
    assert found.method == "paired student-t"


def test_shares_have_mcnemars_p_and_tangos_interval(comparison, frame):
    y, a, b = columns(frame)
    right_a, right_b = (a >= 0.5) == y, (b >= 0.5) == y
    only_a, only_b = int((right_a & ~right_b).sum()), int((right_b & ~right_a).sum())
    gain = comparison.gain("accuracy", "b", "a")
    exact = stats.binomtest(only_b, only_a + only_b).pvalue
    seen = stats.binom.pmf(min(only_a, only_b), only_a + only_b, 0.5)
    assert gain.p == pytest.approx(exact - seen, rel=1e-6)
    assert gain.test == "mcnemar mid-p"
    assert gain.estimate.method == "tango"
    positives = comparison.gain("recall", "b", "a").estimate
    assert positives.n == y.sum()
    fewer, more = (estimate(comparison, name) for name in ("false_negative_rate", "recall"))
    assert (fewer.low, fewer.high) == pytest.approx((-more.high, -more.low), abs=1e-9)


def test_a_model_against_itself():
    frame = scored(2).with_columns(b=pl.col("a"))
    found = compared(frame)
    for gain in found.gains:
        if isinstance(gain.outcome, Estimate):
            assert gain.outcome.value == 0.0
            assert gain.word == "no difference shown", gain.metric
    shares = estimate(found, "accuracy")
    assert shares.low < 0 < shares.high  # that no row was decided differently is no proof that none will
    assert found.best["roc_auc"] == ("a", "b")


def test_metrics_without_a_gradient_leave_rows_out(comparison):
    found = estimate(comparison, "expected_calibration_error")
    assert found.method == "paired jackknife"
    assert found.low < found.value < found.high


def test_clusters_widen_the_interval(frame):
    twice = pl.concat([frame, frame, frame]).with_columns(user=pl.col("id"), id=pl.int_range(3 * ROWS))
    plain, clustered = (
        compared(twice, roles=Roles(label="y", id="id", cluster=cluster), metrics=["roc_auc", "accuracy", "log_loss"])
        for cluster in (None, "user")
    )
    for name in ("roc_auc", "accuracy", "log_loss"):
        ratio = estimate(clustered, name).se / estimate(plain, name).se
        assert 1.2 < ratio < 2.4, name  # √3, less what 32 groups make of it
        assert "clustered" in estimate(clustered, name).method


def test_weights_count_rows_so_often(frame):
    names = ["accuracy", "f1", "roc_auc", "brier", "brier_skill_score"]
    weighted = compared(frame, roles=Roles(label="y", weight="w"), metrics=names)
    rows = np.repeat(np.arange(ROWS), frame["w"].to_numpy().astype(int))
    repeated = compared(frame[rows].drop("id"), roles=Roles(label="y"), metrics=names)
    for name in names:
        once, often = estimate(weighted, name), estimate(repeated, name)
        assert once.value == pytest.approx(often.value, rel=1e-6)
        assert once.se > often.se  # rows that are repeated are not so many rows


def test_slices_are_compared_each(frame):
    found = compared(frame, roles=Roles(label="y", slices=["sex"]))
    y, a, b = columns(frame)
    women = (frame["sex"] == "F").to_numpy()
    place = Slice.of({"sex": "F"})
    gain = next(g for g in found.slices if g.metric == "roc_auc" and g.slice == place)
    assert gain.outcome.value == pytest.approx(
        sk.roc_auc_score(y[women], b[women]) - sk.roc_auc_score(y[women], a[women])
    )
    assert gain.adjusted_p >= gain.p


def test_a_slice_of_one_class_has_no_auc(frame):
    odd = frame.with_columns(sex=pl.when(pl.col("y") == 1).then(pl.lit("P")).otherwise(pl.lit("N")))
    found = compared(odd, roles=Roles(label="y", slices=["sex"]))
    outcomes = {g.outcome for g in found.slices if g.metric == "roc_auc"}
    assert all(isinstance(outcome, Undefined) and "rows" in outcome.reason for outcome in outcomes)


def test_renaming_reaches_every_column():
    names = {"x": "m x", "w": "v"}
    assert renamed_value("where(x > 1, `odd name`, 'x') + log(x)", names) == renamed_value(
        "where(`m x` > 1, `odd name`, 'x') + log(`m x`)", {}
    )
    grid = CutGrid((0.5,))
    assert renamed(Count((Category("x"), Bucket("u")), "w"), names) == Count((Category("m x"), Bucket("u")), "v")
    cells = Cells((Category("y"), Binned("x", grid)), by=(Category("x"),), values=("x * 2",), weight="w")
    assert renamed(cells, names) == Cells(
        (Category("y"), Binned("m x", grid)), by=(Category("m x"),), values=("`m x` * 2",), weight="v"
    )
    assert renamed(Moments(("x",), weight="w"), names) == Moments(("`m x`",), weight="v")
    assert renamed(Histogram("x", grid), names) == Histogram("m x", grid)
    assert renamed(Values("x"), names) == Values("m x")
