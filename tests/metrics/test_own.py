"""A user's own metrics, in Python and as expressions."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from steelyard.data import Roles
from steelyard.metrics import Confusion, Distribution, Means, Problem, ScoreCells, describe, forget, metrics_for
from steelyard.metrics.estimate import gradient_of
from steelyard.metrics.expression import from_expression
from steelyard.metrics.own import metric
from steelyard.records import ConfigError, Estimate, Undefined
from steelyard.stats import intervals

ROLES = Roles(label="y", score="p", positive=1)
PROBLEM = Problem(
    "binary", ("0", "1"), ("1",), threshold=0.5, scales={"latency": (30.0, 20.0), "odd name": (0.0, 1.0)}
)


def sample(n=500, seed=0):
    rng = np.random.default_rng(seed)
    p = rng.beta(2, 3, n).round(3)
    return pl.DataFrame(
        {
            "y": (rng.random(n) < p).astype(int),
            "p": p,
            "price": rng.lognormal(3, 1, n),
            "latency": rng.lognormal(3.4, 0.5, n),
            "odd name": rng.normal(0, 1, n),
            "sex": rng.choice(["F", "M"], n),
            "w": rng.integers(1, 4, n),
        }
    )


@pytest.fixture
def only(outcomes):
    """The outcome of one metric on the sample."""

    def of(made, data=None, roles=ROLES, problem=PROBLEM):
        return outcomes(sample() if data is None else data, roles, problem, [made])[made.name]

    return of


@pytest.fixture(autouse=True)
def forgotten():
    yield
    for name in ("net_benefit", "auc_again", "return_on_spend", "spread_of_latency", "broken"):
        forget(name)


# Expressions


def cells(data):
    y, decided = data["y"].to_numpy(), (data["p"] >= 0.5).to_numpy().astype(int)
    return y * decided, (1 - y) * decided, y * (1 - decided), (1 - y) * (1 - decided)


def test_a_value_per_row_is_its_mean_with_the_interval_of_a_mean(only):
    data = sample()
    found = only(from_expression("cost", "25 * fp + 300 * fn"))
    _, fp, fn, _ = cells(data)
    values = 25 * fp + 300 * fn
    assert found.value == pytest.approx(values.mean())
    skew = stats.skew(values)
    wanted = intervals.mean_interval(values.mean(), stats.sem(values), skew, 500, 0.95)
    assert (found.low, found.high) == pytest.approx(wanted[:2])
    assert found.n == 500


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("mean(price)", lambda d: d["price"].mean()),
        ("sum(price)", lambda d: d["price"].sum()),
        ("sum(price) / sum(latency)", lambda d: d["price"].sum() / d["latency"].sum()),
        ("mean(price) * 30 - 2", lambda d: d["price"].mean() * 30 - 2),
        ("-mean(price) + +1", lambda d: 1 - d["price"].mean()),
        ("sqrt(mean(price ** 2))", lambda d: math.sqrt((d["price"] ** 2).mean())),
        ("exp(mean(log(price)))", lambda d: math.exp(d["price"].log().mean())),
        ("sum(price * (sex == 'F')) / sum(sex == 'F')", lambda d: d.filter(sex="F")["price"].mean()),
        ("mean(`odd name` ** 2) - mean(`odd name`) ** 2", lambda d: d["odd name"].var(ddof=0)),
        ("share(latency > 50)", lambda d: (d["latency"] > 50).mean()),
        ("1 - share(latency > 50)", lambda d: (d["latency"] <= 50).mean()),
        (
            "where(sex == 'F', price, 0)",
            lambda d: d.select(pl.when(sex="F").then("price").otherwise(0)).mean().item(),
        ),
        ("score", lambda d: d["p"].mean()),
        ("label - score", lambda d: (d["y"] - d["p"]).mean()),
    ],
)
def test_an_expression_means_what_it_says(only, text, wanted):
    data = sample()
    found = only(from_expression("mine", text))
    assert isinstance(found, Estimate), found
    assert found.value == pytest.approx(wanted(data), rel=1e-9)
    assert found.low < found.value < found.high


def test_the_spread_of_a_ratio_is_that_of_its_residuals(only):
    data = sample()
    found = only(from_expression("mine", "sum(price) / sum(latency)"))
    residual = data["price"].to_numpy() - found.value * data["latency"].to_numpy()
    assert found.se == pytest.approx(np.sqrt((residual**2).sum()) / data["latency"].sum(), rel=1e-6)


def test_the_spread_of_a_total_is_that_of_so_many_rows(only):
    data = sample()
    found = only(from_expression("mine", "sum(price)"))
    assert found.se == pytest.approx(500 * data["price"].std(ddof=0) / math.sqrt(500))
    half = stats.t.ppf(0.975, 499) * math.sqrt(500) * data["price"].std()
    assert found.high - found.value == pytest.approx(half)


def test_a_share_has_wilsons_interval(only):
    found = only(from_expression("mine", "share(latency > 50)"))
    assert (found.low, found.high) == pytest.approx(intervals.wilson(found.value, 500, 0.95))


@pytest.mark.parametrize(
    ("text", "share"), [("p95(latency)", 0.95), ("median(latency)", 0.5), ("p2_5(`odd name`)", 0.025)]
)
def test_a_quantile_is_known_to_its_bin(only, text, share):
    data = sample(4000)
    column = "odd name" if "odd" in text else "latency"
    found = only(from_expression("mine", text), data)
    assert abs(found.value - np.quantile(data[column], share)) <= found.discretisation
    assert found.low < found.value < found.high
    assert found.method == "order statistics"


def test_weights_count(only):
    data = sample()
    problem = Problem("binary", ("0", "1"), ("1",), threshold=0.5, weighted=True)
    found = only(from_expression("mine", "mean(price)"), data, ROLES.updated(weight="w"), problem)
    assert found.value == pytest.approx(np.average(data["price"], weights=data["w"]))


@pytest.mark.parametrize(
    ("text", "part"),
    [
        ("25 * ", "is not an expression"),
        ("mean(sum(price))", "'sum'"),
        ("price * mean(latency)", "write mean(price) or sum(price)"),
        ("`odd name` + sum(price)", "mean(`odd name`)"),
        ("p95(latency) / mean(latency)", "stands alone"),
        ("p95(latency * 2)", "takes one column"),
        ("mean(price, latency)", "cannot be combined"),
        ("foo(price)", "is not a function here"),
        ("__import__('os')", "__import__"),
        ("price.real", "not allowed"),
        ("2 + 3", "names no column"),
        ("max(mean(price), 3)", "cannot be combined"),
    ],
)
def test_what_is_no_metric_is_refused_with_what_is(text, part):
    with pytest.raises(ConfigError) as told:
        from_expression("mine", text)
    assert part in str(told.value)
    assert "'mine'" in str(told.value)
    assert "p95(latency_ms)" in str(told.value)


@pytest.mark.parametrize("text", ["25 * prise", "sum(prise) / sum(price)", "p95(latenzy)"])
def test_a_column_that_is_not_there_is_a_reason_that_names_the_nearest(only, text):
    found = only(from_expression("mine", text))
    assert isinstance(found, Undefined)
    assert "Did you mean" in found.reason


def test_a_division_by_zero_is_undefined(only):
    found = only(from_expression("mine", "sum(price) / sum(0 * price)"))
    assert found == Undefined("its denominator is zero on these rows")


def test_an_expression_is_an_ordinary_metric():
    made = from_expression("cost", "25 * fp + 300 * fn", title="Cost per case", direction="lower")
    assert (made.doc.title, made.doc.direction, made.doc.formula) == ("Cost per case", "lower", "25 * fp + 300 * fn")
    assert made.parameters == (("expression", "25 * fp + 300 * fn"),)


# Python


def test_a_metric_of_the_confusion_table(only):
    @metric(title="Net benefit", direction="higher")
    def net_benefit(c: Confusion) -> float:
        """True positives less false positives at odds of 1 to 4, per row.

        Next: compare with treating everyone.
        """
        return (c.tp - c.fp / 4) / c.total

    data = sample()
    tp, fp, _, _ = cells(data)
    found = only(net_benefit)
    assert found.value == pytest.approx((tp - fp / 4).mean())
    assert found.se == pytest.approx((tp - fp / 4).std() / math.sqrt(500))
    assert net_benefit in metrics_for(PROBLEM)
    assert describe("net_benefit").next == "compare with treating everyone."
    assert net_benefit.doc.tasks == ("binary", "multiclass")


def test_a_metric_of_the_scores_with_a_named_interval(only):
    @metric(title="AUC again", direction="higher", interval="logit")
    def auc_again(s: ScoreCells) -> float:
        """The chance that a positive scores above a negative."""
        below = (s.q.cumsum() - s.q / 2) @ s.p
        return below / (s.p.sum() * s.q.sum())

    data = sample()
    found = only(auc_again)
    assert found.value == pytest.approx(roc_auc_score(data["y"], data["p"]))
    assert 0 < found.low < found.value < found.high < 1
    assert found.method == "logit"


def test_a_metric_of_means_reads_them_by_name(only):
    @metric(
        title="Return on spend",
        direction="higher",
        values={"revenue": "price * tp", "spend": "5 * (tp + fp)"},
    )
    def return_on_spend(m: Means) -> float:
        """Revenue of those we wrote to, per unit spent on writing."""
        return m.revenue / m.spend

    data = sample()
    tp, fp, _, _ = cells(data)
    found = only(return_on_spend)
    assert found.value == pytest.approx((data["price"].to_numpy() * tp).sum() / (5 * (tp + fp)).sum())
    assert found.low < found.value < found.high


def test_a_metric_of_a_distribution(only):
    @metric(title="Spread of latency", direction="lower", column="latency", interval="bootstrap")
    def spread_of_latency(d: Distribution) -> float:
        """Quartile range."""
        return d.quantile(0.75) - d.quantile(0.25)

    found = only(spread_of_latency)
    low, high = np.quantile(sample()["latency"], [0.25, 0.75])
    assert found.value == pytest.approx(high - low, rel=0.05)
    assert found.low < found.value < found.high


def test_a_gradient_of_ones_own_is_used(only, view_of):
    def gradient(m):
        return np.array([-m.mean(0), 1.0]) / m.sums[0]

    @metric(title="Broken", direction="lower", values={"price": "price"}, gradient=gradient)
    def broken(m: Means) -> float:
        """Mean price."""
        return m.price

    view = view_of(sample(), ROLES, PROBLEM, broken)
    assert gradient_of(broken, view) == pytest.approx(gradient(view))
    assert only(broken).value == pytest.approx(sample()["price"].mean())


def test_a_metric_that_fails_is_undefined_and_says_why(only):
    @metric(title="Broken", direction="lower")
    def broken(c: Confusion) -> float:
        """Fails."""
        return c.no_such_cell

    found = only(broken)
    assert isinstance(found, Undefined)
    assert "no_such_cell" in found.reason


def test_a_cell_that_is_run_again_replaces_its_metric():
    def cell(words):
        def net_benefit(c: Confusion) -> float:
            return c.tp / c.total

        net_benefit.__doc__ = words
        return metric(title="Net benefit", direction="higher")(net_benefit)

    assert cell("First words.") is not cell("Better words.")
    assert describe("net_benefit").meaning == "Better words."


def test_another_metric_of_the_same_name_is_refused():
    with pytest.raises(ConfigError, match="already a binary metric named 'accuracy'"):

        @metric(title="Accuracy", direction="higher")
        def accuracy(c: Confusion) -> float:
            """Not the usual one."""
            return c.tp


def test_the_view_may_be_given_instead_of_annotated(only):
    @metric(title="Broken", direction="lower", view=Confusion)
    def broken(c):
        """Share of true positives."""
        return c.tp / c.total

    assert isinstance(only(broken), Estimate)


@pytest.mark.parametrize(
    ("settings", "part"),
    [
        ({}, "must say what it takes"),
        ({"view": Means}, "say of what"),
        ({"view": Distribution}, "say of which column"),
        ({"view": Confusion, "interval": "wilso"}, "There is no interval 'wilso'"),
        ({"view": Means, "values": {"mean": "price"}}, "choose another name"),
        ({"view": Means, "values": {"cost": "price +"}}, "is not an expression"),
    ],
)
def test_what_is_not_said_is_asked_for(settings, part):
    with pytest.raises(ConfigError) as told:

        @metric(title="Broken", direction="lower", **settings)
        def broken(view):
            """Nothing."""
            return 0.0

    assert part in str(told.value)


def test_a_metric_of_several_classes(only):
    @metric(title="Broken", direction="higher")
    def broken(c: Confusion) -> float:
        """Share decided rightly."""
        return c.table.trace() / c.total

    data = pl.DataFrame({"y": ["a", "b", "c", "a"], "yhat": ["a", "b", "b", "a"]})
    found = only(broken, data, Roles(label="y", prediction="yhat"), Problem("multiclass", ("a", "b", "c")))
    assert found.value == 0.75


def test_without_decisions_or_scores_there_is_a_reason(only):
    @metric(title="Broken", direction="higher")
    def broken(s: ScoreCells) -> float:
        """Needs scores."""
        return s.p.sum()

    data = pl.DataFrame({"y": [0, 1], "yhat": [0, 1]})
    found = only(broken, data, Roles(label="y", prediction="yhat", positive=1), Problem("binary", ("0", "1")))
    assert found == Undefined("there are no scores")


def test_a_value_that_was_not_named_is_an_error_that_names_the_nearest(only):
    @metric(title="Broken", direction="lower", values={"revenue": "price"})
    def broken(m: Means) -> float:
        """A typo."""
        return m.revenu

    assert "Did you mean 'revenue'" in only(broken).reason
