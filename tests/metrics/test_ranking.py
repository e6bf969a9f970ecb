"""Metrics of ranked lists: per query against every order of the ties, scikit-learn and the shared vectors."""

import itertools
import json
import math
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import average_precision_score, ndcg_score

from steelyard.data import Roles
from steelyard.data.border import as_table
from steelyard.metrics import Metric, Problem
from steelyard.metrics.ranking import METRICS, at_cutoffs
from steelyard.metrics.rows import prepare_rows
from steelyard.records import ConfigError, Undefined
from steelyard.stats import intervals

CUTOFFS = (1, 3, 5)
PROBLEM = Problem("ranking", cutoffs=CUTOFFS)
ROLES = Roles(query="q", label="relevance", score="score", slices=["region", ("new",)], weight="w")
PLAIN = Roles(query="q", label="relevance", score="score")
ALL = [*(m for m in METRICS if isinstance(m, Metric)), *at_cutoffs(PROBLEM)]
BY_NAME = {m.name: m for m in ALL}
VECTORS = Path(__file__).parents[1] / "vectors"


def tied_lists(queries=12, seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (
            q,
            f"region {q % 2}",
            bool(q % 2),
            1.0 + q % 3,
            float(rng.integers(0, 3)) if rng.random() > 0.1 else None,
            float(rng.integers(0, 4)) / 4 if rng.random() > 0.15 else None,
        )
        for q in range(queries)
        for _ in range(rng.integers(1, 7))
    ]
    return pl.DataFrame(rows, schema=["q", "region", "new", "w", "relevance", "score"], orient="row")


def in_every_order(relevance, score):
    """Mean of each value over all orders of tied items, item by item."""
    relevance = [r or 0.0 for r in relevance]
    total = sum(r > 0 for r in relevance)
    if not total:
        return None
    listed = [i for i, s in enumerate(score) if s is not None]
    orders = [
        o for o in itertools.permutations(listed) if all(score[a] >= score[b] for a, b in itertools.pairwise(o))
    ]
    return {
        name: float(np.mean([value(order, relevance, total) for order in orders])) for name, value in VALUES.items()
    }


def _average_precision(order, relevance, total):
    found, precisions = 0, 0.0
    for place, item in enumerate(order, start=1):
        if relevance[item] > 0:
            found += 1
            precisions += found / place
    return precisions / total


def _reciprocal_rank(order, relevance, total):
    return next((1.0 / place for place, item in enumerate(order, start=1) if relevance[item] > 0), 0.0)


def _ndcg(k, gain):
    def value(order, relevance, total):
        best = sorted(relevance, reverse=True)
        reached = sum(gain(relevance[item]) / math.log2(j + 2) for j, item in enumerate(order[:k]))
        return reached / sum(gain(r) / math.log2(j + 2) for j, r in enumerate(best[:k]))

    return value


def _found(k, share):
    return lambda order, relevance, total: share(sum(relevance[item] > 0 for item in order[:k]), k, total)


VALUES = {"sy_ap": _average_precision, "sy_rr": _reciprocal_rank}
for k in CUTOFFS:
    VALUES |= {
        f"sy_ndcg_{k}": _ndcg(k, lambda r: r),
        f"sy_ndcg_exp_{k}": _ndcg(k, lambda r: 2.0**r - 1.0),
        f"sy_precision_{k}": _found(k, lambda found, k, total: found / k),
        f"sy_recall_{k}": _found(k, lambda found, k, total: found / total),
        f"sy_hit_{k}": _found(k, lambda found, k, total: float(found > 0)),
    }


def test_every_value_is_its_mean_over_the_orders_of_ties_on_every_engine(table_of, columns_of):
    data = tied_lists()
    found = columns_of(prepare_rows(table_of(data), ROLES, PROBLEM), key="q")
    assert found["q"] == list(range(12))
    assert found["region"] == [f"region {q % 2}" for q in range(12)]
    assert [bool(v) for v in found["new"]] == [bool(q % 2) for q in range(12)]
    assert found["sy_weight"] == [1.0 + q % 3 for q in range(12)]
    for q in range(12):
        items = data.filter(pl.col("q") == q)
        wanted = in_every_order(items["relevance"].to_list(), items["score"].to_list())
        values = {name: found[name][q] for name in VALUES}
        assert values == (dict.fromkeys(VALUES) if wanted is None else pytest.approx(wanted, abs=1e-8))
        assert found["sy_items"][q] == items.height
        assert found["sy_relevant"][q] == (items["relevance"].fill_null(0) > 0).sum()


def test_ndcg_with_ties_is_scikit_learns(outcomes):
    data = (
        tied_lists(40, seed=1).drop_nulls().filter(pl.len().over("q") > 1, (pl.col("relevance") > 0).any().over("q"))
    )
    found = outcomes(data, PLAIN, PROBLEM, ALL)
    queries = data.partition_by("q")
    for k in CUTOFFS:
        wanted = np.mean([ndcg_score([g["relevance"]], [g["score"]], k=k) for g in queries])
        assert found[f"ndcg_at_{k}"].value == pytest.approx(wanted)


def test_average_precision_without_ties_is_scikit_learns(outcomes):
    data = tied_lists(40, seed=2).drop_nulls().filter((pl.col("relevance") > 0).any().over("q"))
    data = data.with_columns(score=pl.Series(np.random.default_rng(0).permutation(data.height).astype(float)))
    wanted = np.mean([average_precision_score(g["relevance"] > 0, g["score"]) for g in data.partition_by("q")])
    assert outcomes(data, PLAIN, PROBLEM, [BY_NAME["map"]])["map"].value == pytest.approx(wanted)


def vector():
    return json.loads((VECTORS / "ranking.json").read_text())["cases"][0]


def test_values_and_standard_errors_of_the_vectors(outcomes):
    given, wanted = vector()["input"], vector()["expected"]
    rows = []
    for q, judged in given["qrels"].items():
        listed = given["run"][q]
        rows += [(q, float(judged.get(d, 0)), listed.get(d)) for d in dict.fromkeys([*listed, *judged])]
    data = pl.DataFrame(rows, schema={"q": pl.String, "relevance": pl.Float64, "score": pl.Float64}, orient="row")
    problem = Problem("ranking", cutoffs=(10,))
    metrics = [*at_cutoffs(problem), BY_NAME["map"], BY_NAME["mrr"]]
    found = outcomes(data, PLAIN, problem, metrics)
    for name, theirs in NAMES.items():
        value = wanted["metrics"][theirs]
        assert found[name].value == pytest.approx(value["mean"], rel=1e-9), name
        assert found[name].se * math.sqrt(40 / 39) == pytest.approx(value["se"], rel=1e-6, abs=1e-9), name


NAMES = {
    "ndcg_at_10": "ndcg10",
    "ndcg_exp_at_10": "ndcg10_burges",
    "map": "ap",
    "mrr": "mrr",
    "hit_rate_at_10": "hit10",
    "precision_at_10": "precision10",
    "recall_at_10": "recall10",
}


def test_a_given_rank_is_used_as_it_is(outcomes):
    data = pl.DataFrame({"q": ["a"] * 3 + ["b"] * 2, "relevance": [0, 1, 0, 1, 0], "place": [1, 2, 3, 1, 2]})
    found = outcomes(data, Roles(query="q", label="relevance", prediction="place"), PROBLEM, ALL)
    assert found["mrr"].value == 0.75
    assert found["hit_rate_at_1"].value == 0.5


def test_queries_without_a_relevant_item_are_left_out_and_counted(outcomes):
    data = pl.DataFrame(
        {"q": [1, 1, 2, 2, 3, 3, 4], "relevance": [1, 0, 0, 1, 0, 0, None], "score": [2, 1, 2, 1, 1, 2, 1]}
    )
    found = outcomes(data, PLAIN, PROBLEM, ALL)
    for name, outcome in found.items():
        assert outcome.n == 2, name
        assert outcome.note == "2 of 4 queries are left out: none of their items is relevant"
    nothing = outcomes(data.with_columns(relevance=0), PLAIN, PROBLEM, ALL)
    assert {type(o) for o in nothing.values()} == {Undefined}


def test_items_of_no_query_belong_to_no_list(outcomes):
    data = pl.DataFrame({"q": ["a", "a", None], "relevance": [1, 0, 1], "score": [1.0, 2.0, 3.0]})
    rows = prepare_rows(as_table(data.lazy(), "test"), PLAIN, PROBLEM).frame.collect().to_native()
    assert rows["q"].to_list() == ["a"]


def test_the_interval_is_that_of_a_mean_over_queries(outcomes):
    data = tied_lists(200, seed=3)
    found = outcomes(data, PLAIN, PROBLEM, ALL)
    rows = prepare_rows(as_table(data.lazy(), "test"), PLAIN, PROBLEM).frame.collect().to_native()
    values = rows["sy_ndcg_3"].drop_nulls().to_numpy()
    centred = values - values.mean()
    skew = np.mean(centred**3) / np.mean(centred**2) ** 1.5
    wanted = intervals.mean_interval(
        values.mean(), values.std(ddof=1) / np.sqrt(len(values)), skew, len(values), 0.95
    )
    assert (found["ndcg_at_3"].low, found["ndcg_at_3"].high) == pytest.approx(wanted[:2], rel=1e-9)
    hits = rows["sy_hit_1"].drop_nulls().to_numpy()
    share, spread = hits.mean(), hits.std() ** 2
    low, high = intervals.wilson(share, len(hits) * share * (1 - share) / spread, 0.95)
    assert (found["hit_rate_at_1"].low, found["hit_rate_at_1"].high) == pytest.approx((low, high), rel=1e-9)


def test_perfect_lists_are_not_certain(outcomes):
    data = pl.DataFrame({"q": [q for q in range(8) for _ in "ab"], "relevance": [1, 0] * 8, "score": [2.0, 1.0] * 8})
    found = outcomes(data, PLAIN, PROBLEM, [BY_NAME["mrr"], BY_NAME["ndcg_at_3"], BY_NAME["hit_rate_at_1"]])
    for outcome in found.values():
        assert outcome.value == outcome.high == 1.0
        assert outcome.low == pytest.approx(intervals.wilson(1.0, 8, 0.95)[0])


def test_one_query_has_no_interval(outcomes):
    data = pl.DataFrame({"q": [1, 1, 1], "relevance": [1, 0, 1], "score": [3.0, 2.0, 1.0]})
    assert isinstance(outcomes(data, PLAIN, PROBLEM, [BY_NAME["map"]])["map"], Undefined)


def test_weights_of_two_give_the_value_of_queries_twice(outcomes):
    data = tied_lists(30, seed=4)
    twice = pl.concat([data, data.with_columns(pl.col("q") + 1000)])
    weighed = outcomes(
        data.with_columns(w=2.0),
        PLAIN.updated(weight="w"),
        Problem("ranking", cutoffs=CUTOFFS, weighted=True),
        ALL,
    )
    plain = outcomes(twice, PLAIN, PROBLEM, ALL)
    for name, outcome in weighed.items():
        assert outcome.value == pytest.approx(plain[name].value)
        assert 2 * outcome.n == plain[name].n


def test_large_cutoffs_take_the_whole_list(outcomes):
    data = tied_lists(30, seed=5).drop_nulls()
    problem = Problem("ranking", cutoffs=(1000,))
    found = outcomes(data, PLAIN, problem, at_cutoffs(problem))
    assert found["recall_at_1000"].value == found["hit_rate_at_1000"].value == 1.0


def test_roles_that_are_missing_are_named():
    with pytest.raises(ConfigError, match="needs the query of each item"):
        prepare_rows(as_table(tied_lists().lazy(), "test"), Roles(label="relevance", score="score"), PROBLEM)


def test_other_tasks_have_no_cutoffs():
    assert at_cutoffs(Problem("regression")) == ()


def test_every_metric_is_documented():
    for metric in ALL:
        doc = metric.doc
        assert all((doc.meaning, doc.formula, doc.range, doc.misleads, doc.next, doc.source)), metric.name
