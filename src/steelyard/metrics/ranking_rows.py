"""From the items of ranked lists to one row per query.

Items of equal score have no order, so every value is its expectation over all orders of the tied items
(McSherry & Najork 2008): a model that scores all items alike earns what chance earns. Gains are averaged over a
tie; reciprocal rank and hits weigh the chance that the first relevant item of a tie comes i-th,
P(X > i) = Π_{j ≤ i} (t − r − j + 1)/(t − j + 1) with r of t tied items relevant.

An item without a relevance counts as not relevant; one without a score (or rank) as not retrieved: it is in no
list, but its relevance is in the ideal and in recall's denominator. A query without a relevant item has no value.
"""

from __future__ import annotations

from typing import Any

import narwhals.stable.v2 as nw

from steelyard.data.roles import Roles
from steelyard.metrics.problem import WEIGHT, Problem
from steelyard.records import ConfigError

Frame = nw.LazyFrame[Any]
NDCG, NDCG_EXP, PRECISION, RECALL, HIT = "sy_ndcg", "sy_ndcg_exp", "sy_precision", "sy_recall", "sy_hit"
AP, RR, RELEVANT, ITEMS = "sy_ap", "sy_rr", "sy_relevant", "sy_items"
_NOWHERE = float("inf")  # sorts behind every rank


def collapse(frame: Frame, roles: Roles, problem: Problem) -> Frame:
    """Return one row per query: its values, and its slices, weight, cluster and time (the largest of its items').

    Raises:
        ConfigError: the query, the relevance or the order of the items is not given.
    """
    query = roles.query
    if query is None or not roles.labels or not (roles.scores or roles.predictions):
        raise ConfigError(
            "A ranking problem needs the query of each item, its relevance as label, and its score (or its rank "
            "as prediction). Give them by Roles(query=…, label=…, score=…)."
        )
    kept = [c for c in _kept(roles) if c != query]
    cutoffs = problem.cutoffs
    items = _items(frame.filter(~nw.col(query).is_null()), query, roles, kept)
    items = _with_places(items, query)
    items = items.with_columns(*_terms(cutoffs))
    return _values(_queries(_ties(items, query, kept, cutoffs), query, kept, cutoffs), query, kept, cutoffs)


def _kept(roles: Roles) -> list[str]:
    singles = [roles.weight, WEIGHT if roles.weight else None, roles.cluster, roles.time]
    return list(dict.fromkeys([*roles.slice_columns(), *(c for c in singles if c)]))


def _items(frame: Frame, query: str, roles: Roles, kept: list[str]) -> Frame:
    order = (
        0.0 - nw.col(roles.scores[0]).cast(nw.Float64())
        if roles.scores
        else (nw.col(roles.predictions[0]).cast(nw.Float64()))
    )
    relevance = nw.col(roles.labels[0]).cast(nw.Float64())
    frame = frame.with_columns(order.alias("sy_order"), relevance.alias("sy_gain"))
    order, gain = nw.col("sy_order"), nw.col("sy_gain")
    frame = frame.with_columns(
        nw.when(order.is_null()).then(nw.lit(_NOWHERE)).otherwise(order).alias("sy_order"),
        nw.when(gain > 0.0).then(gain).otherwise(nw.lit(0.0)).alias("sy_gain"),
        nw.lit(1.0).alias("sy_one"),
    )
    frame = frame.select(query, *kept, "sy_order", "sy_gain", "sy_one")
    return frame.with_columns(
        nw.when(gain > 0.0).then(nw.lit(1.0)).otherwise(nw.lit(0.0)).alias("sy_good"),
        nw.when(order < _NOWHERE).then(nw.lit(1.0)).otherwise(nw.lit(0.0)).alias("sy_listed"),
        (0.0 - gain).alias("sy_worse"),
        (nw.lit(2.0) ** gain - 1.0).alias("sy_gain_exp"),
    )


def _with_places(items: Frame, query: str) -> Frame:
    """Add each item's place in the list and in the ideal list, its tie, and P(X > its place in the tie)."""
    tie = (query, "sy_order")
    items = items.with_columns(
        nw.col("sy_one").cum_sum().over(query, order_by="sy_order").alias("sy_place"),
        nw.col("sy_good").cum_sum().over(query, order_by="sy_order").alias("sy_found"),
        nw.col("sy_one").cum_sum().over(query, order_by="sy_worse").alias("sy_best_place"),
        nw.col("sy_one").sum().over(*tie).alias("sy_tied"),
        nw.col("sy_good").sum().over(*tie).alias("sy_tied_good"),
    )
    items = items.with_columns(
        nw.col("sy_place").min().over(*tie).alias("sy_top"),
        (nw.col("sy_found") - nw.col("sy_good")).alias("sy_before"),
    )
    items = items.with_columns((nw.col("sy_place") - nw.col("sy_top") + 1.0).alias("sy_inside"))
    left = nw.col("sy_tied") - nw.col("sy_inside") + 1.0
    items = items.with_columns(left.alias("sy_left"), (left - nw.col("sy_tied_good")).alias("sy_bad_left"))
    bad, left = nw.col("sy_bad_left"), nw.col("sy_left")
    items = items.with_columns((nw.when(bad > 0.0).then(bad).otherwise(left) / left).log().alias("sy_factor"))
    items = items.with_columns(nw.col("sy_factor").cum_sum().over(*tie, order_by="sy_place").alias("sy_product"))
    before = (nw.col("sy_product") - nw.col("sy_factor")).exp()
    possible = bad > -1.0
    return items.with_columns(
        nw.when(bad > 0.0).then(nw.col("sy_product").exp()).otherwise(nw.lit(0.0)).alias("sy_none_yet"),
        nw.when(possible).then(before * nw.col("sy_tied_good") / left).otherwise(nw.lit(0.0)).alias("sy_first"),
    )


def _terms(cutoffs: tuple[int, ...]) -> list[nw.Expr]:
    place, best, zero = nw.col("sy_place"), nw.col("sy_best_place"), nw.lit(0.0)
    listed = nw.col("sy_listed") > 0.0
    log2 = 0.6931471805599453
    terms = [
        nw.when(listed).then(1.0 / place).otherwise(zero).alias("sy_inverse"),
        nw.when(listed).then(nw.col("sy_first") / place).otherwise(zero).alias("sy_rr"),
    ]
    for k in cutoffs:
        inside, ideal = listed & (place <= float(k)), best <= float(k)
        terms += [
            nw.when(inside).then(nw.lit(1.0)).otherwise(zero).alias(f"sy_cut_{k}"),
            nw.when(inside).then(log2 / (place + 1.0).log()).otherwise(zero).alias(f"sy_discount_{k}"),
            nw.when(inside).then(nw.col("sy_none_yet")).otherwise(nw.lit(1.0)).alias(f"sy_none_{k}"),
            nw.when(ideal).then(nw.col("sy_gain") * log2 / (best + 1.0).log()).otherwise(zero).alias(f"sy_ideal_{k}"),
            nw.when(ideal)
            .then(nw.col("sy_gain_exp") * log2 / (best + 1.0).log())
            .otherwise(zero)
            .alias(f"sy_ideal_exp_{k}"),
        ]
    return terms


def _ties(items: Frame, query: str, kept: list[str], cutoffs: tuple[int, ...]) -> Frame:
    """One row per query and score, with what its items can expect."""
    sums = ["sy_one", "sy_good", "sy_gain", "sy_gain_exp", "sy_inverse", "sy_rr"]
    sums += [f"{part}_{k}" for k in cutoffs for part in ("sy_cut", "sy_discount", "sy_ideal", "sy_ideal_exp")]
    ties = items.group_by(query, "sy_order").agg(
        *(nw.col(c).sum() for c in sums),
        *(nw.col(c).min() for c in ("sy_before", "sy_top", *(f"sy_none_{k}" for k in cutoffs))),
        *(nw.col(c).max() for c in ("sy_listed", *kept)),
    )
    t, r, top, before = (nw.col(c) for c in ("sy_one", "sy_good", "sy_top", "sy_before"))
    others = nw.when(t > 1.0).then(t - 1.0).otherwise(nw.lit(1.0))
    inverse = nw.col("sy_inverse")
    first = before < 0.5
    ties = ties.with_columns(others.alias("sy_others"))
    precision = (before + 1.0) * inverse + (r - 1.0) / nw.col("sy_others") * (t - top * inverse)
    made = [
        (nw.col("sy_listed") * r / t * precision).alias("sy_precisions"),
        nw.when(first).then(nw.col("sy_rr")).otherwise(nw.lit(0.0)).alias("sy_rr"),
    ]
    for k in cutoffs:
        discount = nw.col(f"sy_discount_{k}") / t
        made += [
            (nw.col("sy_gain") * discount).alias(f"sy_dcg_{k}"),
            (nw.col("sy_gain_exp") * discount).alias(f"sy_dcg_exp_{k}"),
            (nw.col(f"sy_cut_{k}") * r / t).alias(f"sy_found_{k}"),
            nw.when(first).then(1.0 - nw.col(f"sy_none_{k}")).otherwise(nw.lit(0.0)).alias(f"sy_hit_{k}"),
        ]
    return ties.with_columns(*made)


def _queries(ties: Frame, query: str, kept: list[str], cutoffs: tuple[int, ...]) -> Frame:
    parts = ("sy_dcg", "sy_dcg_exp", "sy_ideal", "sy_ideal_exp", "sy_found", "sy_hit")
    sums = [
        "sy_one",
        "sy_good",
        "sy_precisions",
        "sy_rr",
        *(f"{part}_{k}" for k in cutoffs for part in parts),
    ]
    return ties.group_by(query).agg(*(nw.col(c).sum() for c in sums), *(nw.col(c).max() for c in kept))


def _values(queries: Frame, query: str, kept: list[str], cutoffs: tuple[int, ...]) -> Frame:
    good = nw.col("sy_good") > 0.5
    safe = [nw.when(good).then(nw.col("sy_good")).otherwise(nw.lit(1.0)).alias("sy_total")]
    for k in cutoffs:
        safe += [
            nw.when(good).then(nw.col(f"{ideal}_{k}")).otherwise(nw.lit(1.0)).alias(f"{ideal}_{k}")
            for ideal in ("sy_ideal", "sy_ideal_exp")
        ]
    queries = queries.with_columns(*safe)
    values = {AP: nw.col("sy_precisions") / nw.col("sy_total"), RR: nw.col("sy_rr")}
    for k in cutoffs:
        found = nw.col(f"sy_found_{k}")
        values |= {
            f"{NDCG}_{k}": nw.col(f"sy_dcg_{k}") / nw.col(f"sy_ideal_{k}"),
            f"{NDCG_EXP}_{k}": nw.col(f"sy_dcg_exp_{k}") / nw.col(f"sy_ideal_exp_{k}"),
            f"{PRECISION}_{k}": found / float(k),
            f"{RECALL}_{k}": found / nw.col("sy_total"),
            f"{HIT}_{k}": nw.col(f"sy_hit_{k}"),
        }
    queries = queries.with_columns(
        *(nw.when(good).then(value).alias(name) for name, value in values.items()),
        nw.col("sy_good").cast(nw.Int64()).alias(RELEVANT),
        nw.col("sy_one").cast(nw.Int64()).alias(ITEMS),
    )
    return queries.select(query, *kept, *values, RELEVANT, ITEMS)
