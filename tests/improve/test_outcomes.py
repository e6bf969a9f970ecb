"""Sums over rows: rates, their intervals, paired changes and gaps, against the same from rows one by one."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from steelyard.analyses.costs import Costs
from steelyard.improve import measures
from steelyard.improve.groups import GroupCells
from steelyard.improve.measures import RATES, Measure, balanced_accuracy, criterion, weighted_accuracy
from steelyard.improve.outcomes import change, effect, gap, gap_change, outcome, sums_of
from steelyard.records import ConfigError, Estimate, Slice, Undefined
from steelyard.stats import intervals

Floats = NDArray[np.float64]
LEVEL = 0.95


def cells(
    size: int = 600, seed: int = 0, groups: int = 3, *, weighted: bool = False, clusters: int = 0
) -> GroupCells:
    rng = np.random.default_rng(seed)
    weight = rng.choice([0.5, 1.0, 3.0], size) if weighted else np.ones(size)
    label = rng.integers(0, 2, size)
    bucket = rng.integers(0, clusters, size) if clusters else None
    told = label if bucket is None else np.where(bucket % 2 == 0, label, 1 - label)
    return GroupCells(
        columns=({"column": "g"},),
        groups=tuple(Slice.of({"g": str(i)}) for i in range(groups)),
        edges=np.zeros(1),
        group=rng.integers(0, groups, size),
        label=label,
        decision=np.where(rng.uniform(size=size) < 0.7, told, 1 - told),
        bin=np.zeros(size, dtype=np.int64),
        weight=weight,
        square=weight**2,
        rows=np.ones(size),
        score=np.zeros(size),
        bucket=bucket,
    )


def known(found: object) -> Estimate:
    assert isinstance(found, Estimate)
    return found


def by_rows(measure: Measure, one: GroupCells, chances: Floats) -> tuple[float, float, float, float]:
    """Before, after, and the paired change with its standard error, from influence values of every row."""
    inside = {
        "selection_rate": np.ones(len(one.label), dtype=bool),
        "recall": one.label == 1,
        "false_positive_rate": one.label == 0,
        "accuracy": np.ones(len(one.label), dtype=bool),
    }[measure.name]
    now, then = one.decision.astype(float), chances
    if measure.name == "accuracy":
        now, then = (np.where(one.label == 1, x, 1 - x) for x in (now, then))
    w = one.weight * inside
    means = [float(w @ x / w.sum()) for x in (now, then)]
    influence = w * (then - now - (means[1] - means[0])) / w.sum()
    return means[0], means[1], means[1] - means[0], math.sqrt(float(influence @ influence))


@pytest.mark.parametrize("weighted", [False, True], ids=["rows", "weighted"])
@pytest.mark.parametrize("name", [*RATES, "accuracy"])
def test_rates_and_their_paired_change_are_those_of_rows(name: str, weighted: bool) -> None:
    one = cells(weighted=weighted)
    chances = np.random.default_rng(1).uniform(size=len(one.label))
    measure = RATES[name] if name in RATES else weighted_accuracy().measure
    before, after, moved, se = by_rows(measure, one, chances)
    found = effect(measure, sums_of(one, chances).of(slice(None)), LEVEL)
    assert known(found.before).value == pytest.approx(before)
    assert known(found.after).value == pytest.approx(after)
    assert known(found.change).value == pytest.approx(moved)
    assert known(found.change).se == pytest.approx(se)
    assert (known(found.change).low, known(found.change).high) == pytest.approx(intervals.wald(moved, se, LEVEL))


def test_a_plain_rate_has_wilsons_interval() -> None:
    one = cells()
    found = known(outcome(RATES["recall"].before, sums_of(one, np.zeros(600)), RATES["recall"], LEVEL))
    positive = one.label == 1
    n, p = positive.sum(), one.decision[positive].mean()
    assert (found.low, found.high) == pytest.approx(intervals.wilson(p, n, LEVEL))
    assert found.n == n


def test_a_rate_of_chances_is_surer_than_one_of_decisions_but_no_surer_than_its_rows() -> None:
    one = cells()
    sums = sums_of(one, np.full(600, 0.4))
    found = known(outcome(RATES["selection_rate"].after, sums, RATES["selection_rate"], LEVEL))
    assert found.se == 0
    assert (found.low, found.high) == pytest.approx(intervals.wilson(0.4, 600, LEVEL))


def test_a_rate_of_chances_counts_no_more_rows_than_there_are() -> None:
    chances = np.where(np.arange(600) % 2, 0.39, 0.41)
    found = known(outcome(RATES["selection_rate"].after, sums_of(cells(), chances), RATES["selection_rate"], LEVEL))
    assert found.se == pytest.approx(0.01 / math.sqrt(600))
    assert found.effective_n == 600


def test_two_rates_hold_together() -> None:
    sums = sums_of(cells(3_000), np.zeros(3_000))
    both = known(gap(criterion("equalized_odds"), sums, (0, 1, 2), LEVEL, before=True))
    each = [
        known(gap(criterion(name), sums, (0, 1, 2), 1 - (1 - LEVEL) / 2, before=True))
        for name in ("equal_opportunity", "false_positive_rate")
    ]
    assert (both.low, both.high) == (max(g.low for g in each), max(g.high for g in each))


def test_no_change_seen_is_no_certainty() -> None:
    one = cells(20)
    found = known(change(RATES["selection_rate"], sums_of(one, one.decision.astype(float)), LEVEL))
    reach = intervals.wilson(0.0, 20, LEVEL)[1]
    assert (found.value, found.low, found.high) == pytest.approx((0.0, -reach, reach))
    assert found.note == "no decision of these rows changes"


def test_clusters_widen_intervals_by_the_jackknife() -> None:
    one = cells(3_000, clusters=10)
    chances = np.random.default_rng(1).uniform(size=3_000)
    measure = weighted_accuracy().measure
    clustered = known(change(measure, sums_of(one, chances), LEVEL))
    plain = known(change(measure, sums_of(replace(one, bucket=None), chances), LEVEL))
    assert one.bucket is not None
    left = []
    for bucket in range(10):
        kept = one.bucket != bucket
        now, then = (np.where(one.label == 1, x, 1 - x)[kept] for x in (one.decision, chances))
        left.append(float((then - now).mean()))
    assert clustered.value == pytest.approx(plain.value)
    assert clustered.se == pytest.approx(math.sqrt(9 / 10 * np.sum((np.array(left) - np.mean(left)) ** 2)))
    assert clustered.se is not None
    assert plain.se is not None
    assert clustered.se > 2 * plain.se


def test_few_clusters_have_no_interval() -> None:
    one = cells(100, clusters=3)
    found = outcome(RATES["recall"].before, sums_of(one, np.zeros(100)), RATES["recall"], LEVEL)
    assert isinstance(found, Undefined)
    assert "only 3 groups of clusters" in found.reason


def test_value_is_in_the_currency() -> None:
    one, costs = cells(), Costs(tp=10, fp=-3, fn=-20, tn=1)
    objective = measures.value(costs)
    found = known(outcome(objective.measure.before, sums_of(one, np.zeros(600)), objective.measure, LEVEL))
    each = np.where(one.label == 1, np.where(one.decision == 1, 10, -20), np.where(one.decision == 1, -3, 1))
    assert found.value == pytest.approx(each.mean())
    assert found.se == pytest.approx(each.std() / math.sqrt(600))
    assert objective.worth.tolist() == [-4, 30]


def test_balanced_accuracy_is_the_mean_of_both_classes() -> None:
    one = cells()
    objective = balanced_accuracy(float((one.label == 0).sum()), float((one.label == 1).sum()))
    found = known(outcome(objective.measure.before, sums_of(one, np.zeros(600)), objective.measure, LEVEL))
    recall, quiet = one.decision[one.label == 1].mean(), 1 - one.decision[one.label == 0].mean()
    assert found.value == pytest.approx((recall + quiet) / 2)
    expected = math.hypot(
        *(math.sqrt(p * (1 - p) / (one.label == y).sum()) / 2 for p, y in ((recall, 1), (quiet, 0)))
    )
    assert found.se == pytest.approx(expected)


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.8])
def test_weighted_accuracy_is_largest_where_calibrated_scores_are_cut_at_the_threshold(threshold: float) -> None:
    scores = np.linspace(0.005, 0.995, 100)
    positive, negative = 100 * scores, 100 * (1 - scores)
    worth = weighted_accuracy(threshold).worth
    gains = [float(worth[1] * positive[at:].sum() + worth[0] * negative[at:].sum()) for at in range(101)]
    assert scores[int(np.argmax(gains))] == pytest.approx(threshold, abs=0.011)


def test_the_gap_is_that_of_the_two_groups_furthest_apart() -> None:
    one = cells(3_000)
    sums = sums_of(one, np.zeros(3_000))
    rates = [[one.decision[(one.group == g) & (one.label == y)].mean() for y in (1, 0)] for g in range(3)]
    found = known(gap(criterion("equalized_odds"), sums, (0, 1, 2), LEVEL, before=True))
    assert found.value == pytest.approx(np.ptp(np.array(rates), axis=0).max())
    assert found.low <= found.value <= found.high
    assert found.method == "tukey–kramer, the larger of two"
    narrow = known(gap(criterion("equal_opportunity"), sums, (0, 1), LEVEL, before=True))
    low, high = intervals.mover_difference(
        *(x for g in _ordered(rates, one) for x in (g[0], *intervals.wilson(g[0], g[1], LEVEL)))
    )
    assert narrow.high == pytest.approx(high, abs=1e-6)
    assert narrow.low == pytest.approx(max(low, 0.0), abs=1e-6)


def _ordered(rates: list[list[float]], one: GroupCells) -> list[tuple[float, float]]:
    pairs = [(rates[g][0], float(((one.group == g) & (one.label == 1)).sum())) for g in (0, 1)]
    return sorted(pairs, reverse=True)


def test_a_gap_needs_two_groups() -> None:
    found = gap(criterion("equalized_odds"), sums_of(cells(), np.zeros(600)), (0,), LEVEL)
    assert isinstance(found, Undefined)
    assert gap_change(found, found) is found


def test_a_class_without_rows_has_no_rate() -> None:
    one = replace(cells(), label=np.zeros(600, dtype=np.int64))
    found = outcome(RATES["recall"].before, sums_of(one, np.zeros(600)), RATES["recall"], LEVEL)
    assert found == Undefined("there are no positive rows")
    assert change(RATES["recall"], sums_of(one, np.zeros(600)), LEVEL) == Undefined("there are no positive rows")


def test_sums_of_parts_add_up_to_those_of_the_whole() -> None:
    one = cells(clusters=8, weighted=True)
    chances, share = np.random.default_rng(1).uniform(size=600), np.random.default_rng(2).uniform(size=600)
    whole, parts = sums_of(one, chances), sums_of(one, chances, share) + sums_of(one, chances, 1 - share)
    for name in ("first", "second", "rows", "parts"):
        assert getattr(parts, name) == pytest.approx(getattr(whole, name))


@pytest.mark.parametrize(
    ("call", "said"),
    [
        (lambda: criterion("equal_odds"), "Did you mean 'equalized_odds'"),
        (lambda: measures.objective("acuracy", (1.0, 1.0), None), "Did you mean 'accuracy'"),
        (lambda: measures.objective("value", (1.0, 1.0), None), "--cost fn=-300"),
        (lambda: measures.value(Costs(fn="0 - amount", fp=-3)), "plain numbers"),
        (lambda: weighted_accuracy(1.0), "between 0 and 1"),
    ],
)
def test_wishes_that_cannot_be_met(call: object, said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        call()  # type: ignore[operator]
