"""What is read about money: options, the range of the best threshold, curves, returns, KPIs, findings."""

from __future__ import annotations

import math

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.cost import returns
from steelyard.analyses.cost.curves import decision_curve
from steelyard.analyses.cost.draws import thresholds
from steelyard.analyses.cost.ledger import ledger
from steelyard.analyses.cost.telling import a_row, at, money, span
from steelyard.analyses.costs import Costs
from steelyard.analyses.findings.money import money_matters
from steelyard.analyses.findings.threshold import thresholds as f1_thresholds
from steelyard.analyses.study import Study
from steelyard.data import Roles
from steelyard.records import Estimate, Money, Undefined

COSTS = Costs(fp=-10, fn=-40, currency="EUR", volume=1e6, change=-50_000, review=-3, reviewed_accuracy=0.97)
ROLES = Roles(label="y", score="p", task="binary", threshold=0.5, slices=("site",), features=())


def rows(n: int = 6_000, seed: int = 0, shape: float = 1.0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1, 2, n), 2)
    return pl.DataFrame(
        {
            "y": (rng.random(n) < p**shape).astype(int),
            "p": p,
            "site": rng.choice(list("ABC"), n),
            "cost": rng.uniform(0.01, 0.03, n),
            "ms": rng.lognormal(3, 0.5, n),
            "user": rng.integers(0, 500, n),
        }
    )


@pytest.fixture
def read(study_from):
    def make(costs: Costs = COSTS, frame: pl.DataFrame | None = None, **more: object) -> Study:
        roles = more.pop("roles", ROLES)
        study = study_from(rows() if frame is None else frame, roles, costs=costs, **more)
        assert study.money is not None
        assert not study.failures
        return study

    return make


def test_options_and_their_order(read):
    made = read().money
    names = ["deployed", "best threshold", "with review", "flag everyone", "flag no one", "perfect model"]
    assert [o.name for o in made.options] == names
    values = {o.name: o.value.value for o in made.options}
    assert values["perfect model"] == 0
    assert values["deployed"] < values["best threshold"] < values["with review"] < 0
    assert made.regret == made.option("best threshold").gain
    assert made.option("deployed").gain is None
    assert made.rows == 6_000
    assert made.left_out == 0


def test_the_threshold_of_calibrated_scores_is_near_that_of_the_costs(read):
    best = read().money.best
    assert best.bayes == pytest.approx(0.2)
    assert best.low <= 0.2 <= best.high
    assert best.low <= best.threshold <= best.high
    assert best.high - best.low < 0.18  # thresholds are held against each other on the same rows
    assert not best.miscalibrated
    assert best.deployed == 0.5


def test_scores_that_promise_too_little_are_told(read):
    study = read(frame=rows(20_000, shape=0.4))
    assert study.money.best.miscalibrated
    told = next(f for f in money_matters(study) if f.id == "money:threshold")
    assert "not calibrated there" in told.sentence


def test_value_curve_is_within_its_band(read):
    study = read()
    curve = next(c for c in study.money.curves if c.kind == "value")
    low, value, high = (np.array(curve.columns[c], dtype=float) for c in ("low", "value", "high"))
    assert (low < value).all()
    assert (value < high).all()
    assert curve.columns["threshold"][-1] is None  # flagging no one
    assert curve.columns["flagged"][0] == pytest.approx(1.0)
    assert value[0] == pytest.approx(study.money.option("flag everyone").value.value)
    assert value[-1] == pytest.approx(study.money.option("flag no one").value.value)
    assert curve.notes == {"threshold": "0.5", "best": f"{study.money.best.threshold:g}"}


def test_draws_are_those_of_resampled_rows(read):
    frame = rows(1_000, seed=4)
    study = read(frame=frame)
    book = ledger(study, COSTS)
    made = thresholds(book, [], draws=2_000)
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
    rng = np.random.default_rng(0)
    for place in (10, 40, 70):
        edge = np.append(book.left, np.inf)[made.places[place]]
        value = np.where(p >= edge, -10.0 * (1 - y), -40.0 * y)
        again = [value[rng.integers(0, 1_000, 1_000)].mean() for _ in range(2_000)]
        assert made.value[place] == pytest.approx(value.mean())
        assert made.draws[:, place].std() == pytest.approx(np.std(again), rel=0.1)


def test_decision_curve_is_vickers_and_elkins(read):
    frame = rows(2_000, seed=6)
    book = ledger(read(frame=frame), COSTS)
    curve = decision_curve(book, 0.95)
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
    rng = np.random.default_rng(0)
    for i in (10, 30, 60):
        at_ = curve.columns["threshold"][i]
        odds = at_ / (1 - at_)
        row = np.where(p >= at_, y - odds * (1 - y), 0.0)
        assert curve.columns["model"][i] == pytest.approx(row.mean())
        assert curve.columns["everyone"][i] == pytest.approx((y - odds * (1 - y)).mean())
        draws = [row[rng.integers(0, 2_000, 2_000)].mean() for _ in range(1_000)]
        half = (curve.columns["model_high"][i] - curve.columns["model_low"][i]) / 2
        assert half == pytest.approx(1.96 * np.std(draws), rel=0.1)


@pytest.mark.parametrize("cluster", [None, "user"])
def test_clusters_are_respected_everywhere(read, cluster):
    study = read(roles=Roles(label="y", score="p", task="binary", threshold=0.5, cluster=cluster, features=()))
    gain = study.money.regret
    assert isinstance(gain, Estimate)
    assert ("clustered" in gain.method) == (cluster is not None)
    assert gain.low > 0
    curve = next(c for c in study.money.curves if c.kind == "decision")
    assert all(v is not None for v in curve.columns["model_low"])


def test_capacity_bounds_the_best(read):
    study = read(Costs(fp=-10, fn=-40, capacity=0.05))
    made = study.money
    assert made.option("best within capacity").flagged <= 0.05
    assert made.option("best threshold").flagged > 0.05
    assert made.best.threshold == made.option("best within capacity").threshold
    assert any("more than the 5" in note for note in made.notes)
    rows_ = read(Costs(fp=-10, fn=-40, capacity=300)).money
    assert rows_.option("best within capacity").flagged <= 300 / 6_000


def test_value_at_stake_and_by_slice(study_from):
    study = study_from(rows(seed=1, shape=0.7), ROLES, reference=rows(seed=2), costs=COSTS)
    made = study.money
    assert made.at_stake.value == pytest.approx(made.value.value - made.reference.value)
    assert made.at_stake.high < 0
    assert {str(where) for where, _ in made.by_slice} == {"site = A", "site = B", "site = C"}
    weights = study.profiles["current"].rows
    assert weights == 6_000
    told = {f.id: f for f in money_matters(study)}
    assert "a year is at stake" in told["money:at-stake"].sentence
    assert told["money:at-stake"].estimate == made.at_stake


def test_kpis_are_read_where_columns_are_given(read):
    frame = rows(3_000)
    made = read(Costs(fp=-10, fn=-40, run="-cost", latency="ms"), frame).money
    assert made.run.value == pytest.approx(-frame["cost"].mean())
    assert [name for name, _ in made.latency] == ["median", "95 % are at most"]
    for (_, outcome), share in zip(made.latency, (0.5, 0.95), strict=True):
        assert outcome.low <= frame["ms"].quantile(share) <= outcome.high
    alone = read(Costs(latency="ms"), frame).money
    assert alone.value is None
    assert alone.options == ()


def test_several_classes(study_from):
    rng = np.random.default_rng(3)
    y = rng.choice(["cat", "cow", "dog"], 2_000, p=[0.6, 0.3, 0.1])
    said = np.where(rng.random(2_000) < 0.8, y, rng.choice(["cat", "cow", "dog"], 2_000))
    costs = Costs(matrix={"dog": {"cat": -500, "cow": -500}, "cat": {"dog": -1}, "cow": {"dog": -1, "cow": 2}})
    study = study_from(
        pl.DataFrame({"y": y, "said": said}), Roles(label="y", prediction="said", features=()), costs=costs
    )
    value = {("dog", "cat"): -500, ("dog", "cow"): -500, ("cat", "dog"): -1, ("cow", "dog"): -1, ("cow", "cow"): 2}
    by_row = np.array([value.get(pair, 0) for pair in zip(y.tolist(), said.tolist(), strict=True)])
    deployed, always, perfect = study.money.options
    assert deployed.value.value == pytest.approx(by_row.mean())
    assert study.money.value.value == pytest.approx(by_row.mean())
    assert always.name == "always dog"
    constant = np.array([value.get((a, "dog"), 0) for a in y.tolist()])
    assert always.gain.value == pytest.approx((constant - by_row).mean())
    assert always.gain.se == pytest.approx((constant - by_row).std(ddof=1) / math.sqrt(2_000), rel=0.02)
    assert perfect.value.value == pytest.approx(2 * np.mean(y == "cow"))
    assert "worth less than answering always dog" in money_matters(study)[0].sentence


def test_numbers(study_from, regression_rows):
    frame = regression_rows(1_000, seed=1)
    costs = Costs(over=-1, under=-3, run=-0.1)
    roles = Roles(label="y", prediction="pred", task="regression", features=())
    made = study_from(frame, roles, costs=costs).money
    error = (frame["pred"] - frame["y"]).to_numpy()
    expected = np.where(error > 0, -error, 3 * error) - 0.1
    assert made.value.value == pytest.approx(expected.mean())
    assert any("0.75 quantile" in note for note in made.notes)


@pytest.mark.parametrize("n", [1, 5, 50])
def test_few_rows_say_so(read, n):
    made = read(frame=rows(n)).money
    assert made.best is None
    assert made.curves == () or [c.kind for c in made.curves] == ["decision"]
    assert any("No threshold is chosen" in note for note in made.notes)


def test_without_labels_nothing_is_valued(read):
    made = read(frame=rows(60).with_columns(y=pl.lit(None, dtype=pl.Int64))).money
    assert made.options == ()
    assert "nothing can be valued" in made.notes[-1]


def test_money_says_when_no_model_is_better(read):
    rng = np.random.default_rng(0)
    frame = rows(4_000).with_columns(p=pl.Series(np.round(rng.random(4_000), 2)))
    told = {f.id: f for f in money_matters(read(frame=frame))}
    assert "worth less than flagging everyone, without any model" in told["money:worthless"].sentence


def test_f1_steps_back_where_money_decides(read, study_from):
    assert f1_thresholds(read()) == []
    assert [f.kind for f in f1_thresholds(study_from(rows(), ROLES))] == ["threshold"]
    found = {f.id: f for f in money_matters(read())}
    assert set(found) == {"money:threshold", "money:review", "money:worthless"}
    assert "instead of 0.50 earns" in found["money:threshold"].sentence
    assert "paid for itself" in found["money:threshold"].recommendation.effect


def estimate(value: float, low: float, high: float) -> Estimate:
    return Estimate(value, low, high, 0.95, 100, "student-t", se=(high - low) / 3.92)


def test_returns_by_hand():
    made = returns(estimate(0.5, 0.25, 0.75), COSTS)
    assert made.gain.value == pytest.approx(500_000)
    assert (made.payback.low, made.payback.value, made.payback.high) == pytest.approx((1 / 15, 0.1, 0.2))
    assert (made.roi.low, made.roi.value, made.roi.high) == pytest.approx((4.0, 9.0, 14.0))
    dearer = returns(estimate(0.5, 0.25, 0.75), COSTS, running=-100_000)
    assert dearer.gain.value == pytest.approx(400_000)


def test_payback_that_may_never_come():
    unsure = returns(estimate(0.5, -0.1, 1.1), COSTS)
    assert unsure.payback.high == math.inf
    assert "low end of the gain never" in unsure.sentence
    lost = returns(estimate(-0.5, -1, 0.0), COSTS)
    assert isinstance(lost.payback, Undefined)
    assert "never pays for itself" in lost.sentence
    free = returns(estimate(0.5, 0.25, 0.75), Costs(fp=-1, fn=-2, volume=10))
    assert isinstance(free.payback, Undefined)
    assert returns(estimate(0.5, 0.25, 0.75), Costs(fp=-1, fn=-2)) is None
    assert "not known" in returns(Undefined("too few"), COSTS).sentence


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        (money(estimate(1.8, 1.2, 2.4), "EUR"), "1.8 EUR (1.2 to 2.4)"),
        (
            money(estimate(3_790_123.0, 3_680_000.0, 3_900_000.0), "EUR"),
            "3.79 million EUR (3.68 million to 3.90 million)",
        ),
        (money(estimate(320_801.0, 42_164.0, 599_439.0), "EUR"), "320,000 EUR (40,000 to 600,000)"),
        (money(40_000, "EUR"), "40,000 EUR"),
        (
            a_row(estimate(1.8, 1.2, 2.4), "EUR", "loan", 1e6, "more"),
            "1.8 EUR (1.2 to 2.4) more a loan, 1.8 million EUR a year",
        ),
        (span(0.2), "2.40 months"),
        (span(3.0), "3.00 years"),
        (span(0.0001), "a day"),
        (at(math.inf), "none (flag no one)"),
        (at(0.31), "0.31"),
        (at(0.0123), "0.012"),
    ],
    ids=range(11),
)
def test_money_in_words(said, expected):
    assert said.replace("\u00a0", " ") == expected


def test_a_study_without_costs_has_no_money(study_from):
    assert study_from(rows(200), ROLES).money is None
    assert Money("EUR", "loan").option("deployed") is None
