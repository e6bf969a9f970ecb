"""Metrics of ranked lists: means over queries of what `metrics.ranking_rows` computes for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from steelyard.metrics.averages import PartialMeans, documented, of_part, read_part
from steelyard.metrics.means import share_of_rows, unit_mean
from steelyard.metrics.metric import Family, Interval, Metric
from steelyard.metrics.problem import Problem
from steelyard.metrics.ranking_rows import AP, HIT, ITEMS, NDCG, NDCG_EXP, PRECISION, RECALL, RR
from steelyard.metrics.views import Means

RANKING = frozenset({"ranking"})


def ndcg(m: Means) -> Any:
    """How near each list comes to the best order of its items, the top counting most.

    Formula: mean over queries of DCG / DCG of the best order, DCG = Σ relevance / log₂(place + 1) over the first k
    Range: 0 to 1; 1 is the best order.
    Misleads: lists with few items are easy: a list of one relevant item always has 1. Compare with a random order.
    Next: list the queries with the lowest values; if the relevant items are not even retrieved, look at recall.
    Source: Järvelin & Kekäläinen 2002; scikit-learn `ndcg_score`; ties as McSherry & Najork 2008.
    """
    return m.mean(0)


def ndcg_exponential(m: Means) -> Any:
    """NDCG with gains 2^relevance − 1, which make the highest grades count far more.

    Formula: as `ndcg_at_k`, with 2^relevance − 1 in place of the relevance
    Range: 0 to 1; 1 is the best order.
    Misleads: it depends on how grades are numbered.
    Next: report it where others do (LightGBM, XGBoost and most competitions); else read `ndcg_at_k`.
    Source: Burges et al. 2005.
    """
    return m.mean(0)


def precision(m: Means) -> Any:
    """Share of the first k items that are relevant.

    Formula: mean over queries of relevant items among the first k / k
    Range: 0 to 1. A query with fewer than k relevant items cannot reach 1.
    Misleads: the order inside the first k does not count.
    Next: read it at the k that users see.
    Source: trec_eval `P_k`; a list shorter than k is filled up with items that are not relevant.
    """
    return m.mean(0)


def recall(m: Means) -> Any:
    """Share of a query's relevant items that are among the first k.

    Formula: mean over queries of relevant items among the first k / relevant items
    Range: 0 to 1. A query with more than k relevant items cannot reach 1.
    Misleads: only items that are in the data count: relevant items nobody judged are not missed.
    Next: if it is low at large k, retrieval and not the order is at fault.
    Source: trec_eval `recall_k`.
    """
    return m.mean(0)


def hit_rate(m: Means) -> Any:
    """Share of queries with at least one relevant item among the first k.

    Formula: queries with a relevant item among the first k / queries
    Range: 0 to 1; 1 is best.
    Misleads: one relevant item is as good as k.
    Next: read the queries without a hit; often they have one cause.
    Source: ranx `hit_rate`; interval by Wilson 1927.
    """
    return m.mean(0)


def mean_average_precision(m: Means) -> Any:
    """How early the relevant items come, over the whole list.

    Formula: mean over queries of the mean precision at each relevant item's place; 0 for items not retrieved
    Range: 0 to 1; 1 says that all relevant items come first.
    Misleads: grades do not count, an item is relevant or not.
    Next: with grades, read `ndcg_at_k`.
    Source: trec_eval `map`; scikit-learn `average_precision_score` per query.
    """
    return m.mean(0)


def mean_reciprocal_rank(m: Means) -> Any:
    """How early the first relevant item comes: 0.5 is the second place.

    Formula: mean over queries of 1 / place of the first relevant item
    Range: 0 to 1; 1 is best.
    Misleads: nothing after the first relevant item counts.
    Next: use it where one answer is enough (search for a known item, question answering).
    Source: Voorhees 1999.
    """
    return m.mean(0)


def left_out_note(m: PartialMeans) -> str:
    """How many queries have no value."""
    return (
        f"{m.left_out:,} of {m.offered:,} queries are left out: none of their items is relevant" if m.left_out else ""
    )


def of_queries(
    name: str, title: str, column: str, value: Callable[[Any], Any], interval: Interval, k: int | None = None
) -> Metric:
    """A mean over queries that have a relevant item."""
    return Metric(
        name,
        title,
        RANKING,
        "higher",
        of_part(column, ITEMS),
        read_part,
        value,
        interval,
        note=left_out_note,
        docstring=documented(value),
        parameters=() if k is None else (("k", k),),
    )


def at_cutoffs(problem: Problem) -> Sequence[Metric]:
    """The metrics "at k" for every k of a ranking problem."""
    if problem.task != "ranking":
        return ()
    return [
        metric
        for k in problem.cutoffs
        for metric in (
            of_queries(f"ndcg_at_{k}", f"NDCG at {k}", f"{NDCG}_{k}", ndcg, unit_mean, k),
            of_queries(
                f"ndcg_exp_at_{k}",
                f"NDCG at {k}, gains 2^r − 1",
                f"{NDCG_EXP}_{k}",
                ndcg_exponential,
                unit_mean,
                k,
            ),
            of_queries(f"precision_at_{k}", f"Precision at {k}", f"{PRECISION}_{k}", precision, unit_mean, k),
            of_queries(f"recall_at_{k}", f"Recall at {k}", f"{RECALL}_{k}", recall, unit_mean, k),
            of_queries(f"hit_rate_at_{k}", f"Hit rate at {k}", f"{HIT}_{k}", hit_rate, share_of_rows, k),
        )
    ]


METRICS: list[Metric | Family] = [
    of_queries("map", "Mean average precision", AP, mean_average_precision, unit_mean),
    of_queries("mrr", "Mean reciprocal rank", RR, mean_reciprocal_rank, unit_mean),
    at_cutoffs,
]
