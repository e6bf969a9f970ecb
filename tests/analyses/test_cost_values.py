"""The value of decisions, against sums over rows; and what thresholds are worth, against every one tried."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.cost.amounts import FLAG, HOLD, RUN
from steelyard.analyses.cost.choosing import (
    Bins,
    Places,
    best_review,
    best_threshold,
    bins_of,
    by_threshold,
    edge,
    held_out,
)
from steelyard.analyses.cost.folding import split
from steelyard.analyses.cost.ledger import ledger
from steelyard.analyses.cost.linear import mean_of_cells
from steelyard.analyses.cost.metric import value_metric
from steelyard.analyses.cost.options import Case, bayes
from steelyard.analyses.cost.worth import Rules, Way, worth
from steelyard.analyses.costs import Costs
from steelyard.data import Roles
from steelyard.facts import LogitGrid
from steelyard.records import Estimate, Undefined

VECTORS = Path(__file__).parents[1] / "vectors"
CONSTANT = Costs(tp=40, fp=-25, fn=-300, tn=1, run=-0.5, review=-10, reviewed_accuracy=0.9, volume=1e6)
VARYING = Costs(tp="0.1 * amount", fp=-25, fn="-amount", tn=0, run="-ask", review=-10, reviewed_accuracy=0.9)


def rows(n: int, seed: int = 0, clusters: int | None = None) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    logit = rng.normal(-1, 1.4, n)
    amount = np.round(rng.lognormal(5, 0.8, n), 2)
    frame = pl.DataFrame(
        {
            "y": (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int),
            "p": np.round(1 / (1 + np.exp(-logit)), 3),
            "amount": amount,
            "ask": rng.uniform(0.01, 0.1, n),
            "w": rng.integers(1, 4, n).astype(float),
        }
    )
    return frame if clusters is None else frame.with_columns(user=pl.Series(rng.integers(0, clusters, n)))


def by_hand(frame: pl.DataFrame, costs: Costs, flagged: np.ndarray, asks: bool = True) -> np.ndarray:
    """The value of each row."""
    y = frame["y"].to_numpy() == 1
    said = {
        name: frame.select(pl.sql_expr(value)).to_series().to_numpy() if isinstance(value, str) else value
        for name in ("tp", "fp", "fn", "tn", "run")
        if (value := getattr(costs, name)) is not None
    }
    value = np.where(y, np.where(flagged, said["tp"], said["fn"]), np.where(flagged, said["fp"], said["tn"]))
    return value + (said["run"] if asks else 0.0)


def book_of(study_from, frame: pl.DataFrame, costs: Costs, **roles):
    given = Roles(label="y", score="p", task="binary", threshold=0.4, features=(), **roles)
    study = study_from(frame, given, costs=costs)
    found = ledger(study, costs)
    assert found is not None
    return study, found


@pytest.mark.parametrize("costs", [CONSTANT, VARYING], ids=["constant", "varying"])
@pytest.mark.parametrize("weighted", [False, True], ids=["plain", "weighted"])
def test_value_of_every_threshold_is_that_of_the_rows(study_from, costs, weighted):
    frame = rows(800)
    _, book = book_of(study_from, frame, costs, **({"weight": "w"} if weighted else {}))
    p, w = frame["p"].to_numpy(), frame["w"].to_numpy() if weighted else np.ones(frame.height)
    values = by_threshold(bins_of(book, Rules())) / book.total
    for place in range(0, book.bins + 1, 23):
        rows_value = by_hand(frame, costs, p >= edge(book, place))
        expected = float(np.average(rows_value, weights=w))
        run = float(book.sums[:, RUN].sum()) / book.total
        assert values[place] + run == pytest.approx(expected, rel=1e-9)
        way = Way((book.place >= place).astype(int))
        made = worth(book, way, Rules(), 0.95)
        assert isinstance(made, Estimate)
        assert made.value == pytest.approx(expected, rel=1e-9)
        if made.method.startswith("dirichlet"):
            continue
        se = math.sqrt(float(np.sum(w**2 * (rows_value - expected) ** 2))) / w.sum()
        n = w.sum() ** 2 / np.sum(w**2)
        assert made.se == pytest.approx(se * math.sqrt(n / (n - 1)), rel=1e-6)


@pytest.mark.parametrize("costs", [CONSTANT, VARYING], ids=["constant", "varying"])
def test_differences_are_paired_by_row(study_from, costs):
    frame = rows(900, seed=3)
    _, book = book_of(study_from, frame, costs)
    p = frame["p"].to_numpy()
    place = int(np.searchsorted(book.left, 0.2))
    one, other = Way((book.place >= place).astype(int)), Way(book.decided)
    made = worth(book, one, Rules(), 0.95, less=other)
    gap = by_hand(frame, costs, p >= book.left[place]) - by_hand(frame, costs, p >= 0.4)
    assert isinstance(made, Estimate)
    assert made.value == pytest.approx(gap.mean(), rel=1e-9)
    # Only rows that are decided otherwise speak of the spread, so it is that of fewer rows.
    assert made.se == pytest.approx(gap.std(ddof=1) / math.sqrt(len(gap)), rel=0.01)
    assert made.se >= gap.std(ddof=1) / math.sqrt(len(gap)) * (1 - 1e-9)


def test_interval_is_that_of_a_row_bootstrap(study_from):
    frame = rows(1_500, seed=5)
    _, book = book_of(study_from, frame, VARYING)
    made = worth(book, Way(book.decided), Rules(), 0.95)
    value = by_hand(frame, VARYING, frame["p"].to_numpy() >= 0.4)
    rng = np.random.default_rng(1)
    draws = [value[rng.integers(0, len(value), len(value))].mean() for _ in range(3_000)]
    low, high = np.quantile(draws, [0.025, 0.975])
    assert isinstance(made, Estimate)
    assert made.low == pytest.approx(low, abs=0.15 * (high - low))
    assert made.high == pytest.approx(high, abs=0.15 * (high - low))


def test_clusters_widen_the_interval_as_leaving_out_groups_does(study_from):
    frame = pl.concat([f := rows(300, seed=2, clusters=300).with_columns(user=pl.int_range(300)), f, f, f])
    _, book = book_of(study_from, frame, CONSTANT, cluster="user")
    made = worth(book, Way(book.decided), Rules(), 0.95)
    _, alone = book_of(study_from, f, CONSTANT)
    one = worth(alone, Way(alone.decided), Rules(), 0.95)
    assert isinstance(made, Estimate)
    assert isinstance(one, Estimate)
    assert made.method == "student t, clustered"
    assert made.value == pytest.approx(one.value)
    assert made.se == pytest.approx(one.se, rel=0.35)  # rows that come four times say no more than once


def test_a_look_is_worth_what_its_accuracy_makes_it(study_from):
    frame = rows(500, seed=7)
    _, book = book_of(study_from, frame, CONSTANT)
    made = worth(book, Way(np.full(len(book.label), 2)), Rules(0.9), 0.95)
    y = frame["y"].to_numpy()
    expected = np.where(y == 1, 0.9 * 40 + 0.1 * -300, 0.9 * 1 + 0.1 * -25) - 10 - 0.5
    assert isinstance(made, Estimate)
    assert made.value == pytest.approx(expected.mean())


def test_the_best_threshold_and_the_best_review_are_those_of_all_that_were_tried(study_from):
    frame = rows(400, seed=11)
    _, book = book_of(study_from, frame, CONSTANT)
    bins = bins_of(book, Rules(0.9))
    thresholds = [*book.left.tolist(), math.inf]
    p = frame["p"].to_numpy()
    tried = [by_hand(frame, CONSTANT, p >= t).mean() for t in thresholds]
    place = best_threshold(bins).flag
    assert tried[place] == pytest.approx(max(tried), rel=1e-12)
    y = frame["y"].to_numpy() == 1
    looked = np.where(y, 0.9 * 40 + 0.1 * -300, 0.9 * 1 + 0.1 * -25) - 10 - 0.5
    flagged, held = by_hand(frame, CONSTANT, np.ones(400, bool)), by_hand(frame, CONSTANT, np.zeros(400, bool))
    all_pairs = [
        np.where(p >= b, flagged, np.where(p >= a, looked, held)).mean()
        for i, a in enumerate(thresholds)
        for b in thresholds[i:]
    ]
    found = best_review(bins)
    a, b = thresholds[found.review], thresholds[found.flag]
    assert np.where(p >= b, flagged, np.where(p >= a, looked, held)).mean() == pytest.approx(
        max(all_pairs), rel=1e-12
    )


def test_capacity_is_kept(study_from):
    frame = rows(600, seed=13)
    _, book = book_of(study_from, frame, CONSTANT)
    bins = bins_of(book, Rules(0.9))
    for choose in (best_threshold, best_review):
        place = choose(bins, capacity=0.1)
        assert bins.flagged[place.flag] <= 0.1
    p = frame["p"].to_numpy()
    allowed = [t for t in [*book.left.tolist(), math.inf] if (p >= t).mean() <= 0.1]
    best = max(by_hand(frame, CONSTANT, p >= t).mean() for t in allowed)
    assert by_hand(frame, CONSTANT, p >= edge(book, best_threshold(bins, 0.1).flag)).mean() == pytest.approx(best)


@pytest.mark.parametrize("costs", [CONSTANT, VARYING], ids=["constant", "varying"])
@pytest.mark.parametrize("clusters", [None, 150], ids=["rows", "clusters"])
def test_parts_add_up_to_the_whole(study_from, costs, clusters):
    frame = rows(700, seed=17, clusters=clusters)
    _, book = book_of(study_from, frame, costs, **({"cluster": "user"} if clusters else {}))
    parts = split(book, seed=3)
    assert parts is not None
    assert set(parts.fold.tolist()) == set(range(50))
    assert parts.counts.sum() == pytest.approx(700)
    for column in (FLAG, HOLD, RUN, 0):
        assert parts.sums[:, column].sum() == pytest.approx(book.sums[:, column].sum())
    if clusters:
        once = parts.at(parts.fold < 5)  # the first split
        assert all(len(set(once.fold[once.bucket == b].tolist())) == 1 for b in set(once.bucket.tolist()))


def test_no_row_takes_part_in_the_choice_that_it_judges(study_from):
    _, book = book_of(study_from, rows(700, seed=17), VARYING)
    parts = split(book, seed=3)
    seen = []

    def choose(bins: Bins) -> Places:
        seen.append(bins)
        return Places(len(seen), len(seen))

    made = held_out(parts, Rules(), choose)
    assert len(seen) == 50
    whole = bins_of(book, Rules())
    for k in (0, 7, 49):
        judged = bins_of(parts.at(parts.fold == k), Rules())
        for name in ("p", "q", "flag", "hold"):
            together = getattr(seen[k], name) + getattr(judged, name)
            assert together * 10 == pytest.approx(getattr(whole, name))  # ten splits share the weight
        assert (made.acts[parts.fold == k] == (parts.place[parts.fold == k] >= k + 1)).all()


def test_sums_of_binned_amounts_scatter_over_parts_as_rows_would(study_from, monkeypatch):
    monkeypatch.setattr("steelyard.evaluation.pose.EXACT_SCORES", 10)
    monkeypatch.setattr("steelyard.evaluation.pose.FEW_SCORES", 10)
    rng = np.random.default_rng(0)
    n = 4_000
    frame = pl.DataFrame(
        {
            "y": np.arange(n) % 2,
            "p": np.full(n, 0.3) + 0.4 * (np.arange(n) % 3 == 0),
            "amount": rng.normal(100, 20, n),
        }
    ).with_columns(p=pl.col("p") + pl.Series(rng.uniform(0, 1e-4, n)), ask=0.0)
    study, book = book_of(study_from, frame, VARYING)
    assert isinstance(study.problem.score_grid, LogitGrid)
    gaps = []
    for seed in range(200):
        parts = split(book, seed)
        chosen = (parts.fold == 0) & (parts.label == 1)
        gaps.append(parts.sums[chosen, HOLD].sum() / parts.weight[chosen].sum())
    # The mean of a random fifth of 2,000 amounts, drawn without putting back.
    assert np.std(gaps) == pytest.approx(20 / math.sqrt(400) * math.sqrt(0.8), rel=0.2)


def test_few_rows_that_decide_get_a_dirichlet_interval(study_from):
    frame = pl.DataFrame({"y": [0] * 60 + [1] * 40, "p": [0.1] * 60 + [0.9] * 40})
    _, book = book_of(study_from, frame, CONSTANT)
    made = worth(book, Way(book.decided), Rules(), 0.95)
    assert isinstance(made, Estimate)
    assert made.method == "dirichlet, small cells"
    assert made.low < made.value <= made.high  # no miss was seen, but one may come
    perfect = worth(book, Way(book.label, informed=True), Rules(), 0.95)
    assert isinstance(perfect, Estimate)
    assert perfect.method == "student-t"  # only the share of positives is in doubt


@pytest.mark.parametrize(("n", "reason"), [(0, "no row"), (1, "too few rows")])
def test_nothing_is_made_of_nothing(study_from, n, reason):
    _, book = book_of(study_from, rows(50), VARYING)
    made = worth(book.at(np.arange(n)) if n else book.at(np.zeros(0, int)), Way(book.decided[:n]), Rules(), 0.95)
    if n and book.counts[0] > 1:
        pytest.skip("the first cell holds several rows")
    assert isinstance(made, Undefined)
    assert reason in made.reason


@pytest.mark.parametrize("costs", [CONSTANT, VARYING], ids=["constant", "varying"])
def test_the_value_metric_is_the_deployed_option(study_from, costs):
    frame = rows(500, seed=19)
    metric = value_metric(costs)
    assert metric is not None
    study = study_from(
        frame, Roles(label="y", score="p", task="binary", threshold=0.4, features=()), costs=costs, own=(metric,)
    )
    found = study.estimate("value")
    assert found is not None
    expected = by_hand(frame, costs, frame["p"].to_numpy() >= 0.4)
    assert found.value == pytest.approx(expected.mean())
    assert found.se == pytest.approx(expected.std(ddof=1) / math.sqrt(500), rel=0.01)
    assert study.money is not None
    assert study.money.options[0].value.value == pytest.approx(found.value)  # type: ignore[union-attr]


def test_roi_vector():
    case = next(
        c for c in json.loads((VECTORS / "binned_bounds.json").read_text())["cases"] if c["id"] == "roi_fixed_values"
    )
    n, value = (np.array(case["input"][k]) for k in ("n", "value"))
    made = mean_of_cells(n, n, value, int(n.sum()), 0.95)
    assert isinstance(made, Estimate)
    expected = case["expected"]
    total = n.sum()
    assert made.value == pytest.approx(expected["per_row"], rel=case["rtol"])
    assert made.value * total == pytest.approx(expected["total"], rel=case["rtol"])
    # The multinomial standard error divides by n where ours divides by n − 1.
    assert made.se * total * math.sqrt((total - 1) / total) == pytest.approx(expected["se_multinomial"], rel=1e-9)


def test_bayes_threshold():
    assert bayes(CONSTANT) == pytest.approx(26 / (26 + 340))
    assert bayes(VARYING) is None


def test_regret_is_held_out_and_near_what_is_true(study_from):
    rng = np.random.default_rng(23)
    n = 20_000
    p = np.round(rng.beta(1, 3, n), 2)
    frame = pl.DataFrame({"y": (rng.random(n) < p).astype(int), "p": p})
    costs = Costs(fp=-10, fn=-40)
    study, book = book_of(study_from, frame, costs)
    gain = Case(study, costs, book).gain("best threshold")
    grid = np.round(np.arange(101) / 100, 2)
    chances = np.array([(p == g).mean() for g in grid])

    def value(t: float) -> float:
        return float(np.sum(chances * np.where(grid >= t, -10 * (1 - grid), -40 * grid)))

    truth = value(0.2) - value(0.4)
    assert isinstance(gain, Estimate)
    assert gain.low < truth < gain.high
