"""Proposals of another threshold: only where the gain is sure on rows that did not choose it."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn.metrics import balanced_accuracy_score, f1_score, precision_score, recall_score

from steelyard.analyses.cost.folding import split
from steelyard.analyses.cost.ledger import ledger
from steelyard.analyses.cost.worth import Way
from steelyard.analyses.costs import Costs
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.improve.policy import Policy
from steelyard.improve.thresholds import propose
from steelyard.improve.thresholds_effects import effect, flagged_effect, flips
from steelyard.records import Estimate

COSTS = Costs(fp=-10, fn=-40, currency="EUR", volume=1e6, change=-50_000)


def rows(n: int = 4_000, seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1, 2, n), 2)
    return pl.DataFrame({"y": (rng.random(n) < p).astype(int), "p": p, "user": rng.integers(0, 400, n)})


def study_from(frame: pl.DataFrame, threshold: float = 0.5, costs: Costs | None = None, cluster: str | None = None):
    table = read(frame)
    sources = Sources({"current": table}, {"current": peek(table)})
    given = Roles(label="y", score="p", task="binary", threshold=threshold, cluster=cluster, features=())
    roles, _ = guess_roles(table, sources.peeks["current"], given)
    return study_of(sources, Request(roles=roles, columns=False, costs=costs))[0]


@pytest.mark.parametrize("cluster", [None, "user"])
def test_with_costs_money_decides(cluster):
    (made,) = propose(study_from(rows(), costs=COSTS, cluster=cluster))
    assert (made.id, made.kind, made.verified) == ("threshold:value", "threshold", True)
    assert made.policy["kind"] == "threshold"
    assert made.policy["threshold"] == pytest.approx(0.2, abs=0.07)
    value = made.effects[0]
    assert value.measure == "value"
    assert isinstance(value.change, Estimate)
    assert value.change.low > 0
    assert value.change.value == pytest.approx(value.after.value - value.before.value)
    assert "paid for itself" in made.sentence
    assert made.moves[0].gained.value > 0
    scores = np.array([0.1, made.policy["threshold"], 0.9])
    assert Policy.from_dict(made.policy).apply(scores).tolist() == [0, 1, 1]


def test_nothing_is_proposed_where_the_best_is_deployed():
    (made,) = propose(study_from(rows(), threshold=0.2, costs=COSTS))
    assert not made.verified
    assert made.policy == {}
    assert "No other threshold is surely better" in made.sentence


def test_the_rows_that_would_settle_it_are_said():
    for seed in range(20):
        (made,) = propose(study_from(rows(250, seed), threshold=0.35, costs=COSTS))
        if not made.verified and made.effects[0].change.value > 0:
            assert "would settle it" in made.sentence
            return
    pytest.fail("no sample had an unsure gain")


def test_without_costs_f1_decides():
    (made,) = propose(study_from(rows(), threshold=0.8))
    assert (made.id, made.verified) == ("threshold:f1", True)
    effects = {e.measure: e for e in made.effects}
    assert set(effects) == {"recall", "precision", "f1", "balanced_accuracy", "flagged"}
    assert effects["f1"].change.low > 0
    assert effects["recall"].change.value > 0
    assert "give them" in made.sentence


@pytest.mark.parametrize("labels", [[0, 1] * 5, [0] * 200, [1] * 200], ids=["few", "negatives", "positives"])
def test_too_few_rows_propose_nothing(labels):
    frame = pl.DataFrame({"y": labels, "p": np.linspace(0.1, 0.9, len(labels))})
    assert propose(study_from(frame, costs=COSTS)) == []


def test_effects_are_those_of_the_rows():
    frame = rows(800, seed=5)
    study = study_from(frame, costs=COSTS)
    book = ledger(study, COSTS)
    parts = split(book, 0)
    before, after = Way(parts.decided), Way((parts.left[parts.place] >= 0.25).astype(int))
    y, p = frame["y"].to_numpy(), frame["p"].to_numpy()
    measures = {
        "recall": recall_score,
        "precision": precision_score,
        "f1": f1_score,
        "balanced_accuracy": balanced_accuracy_score,
    }
    rng = np.random.default_rng(0)
    for name, oracle in measures.items():
        made = effect(name, parts, before, after, 0.95)
        assert made.before.value == pytest.approx(oracle(y, p >= 0.5))
        assert made.after.value == pytest.approx(oracle(y, p >= 0.25))
        draws = []
        for _ in range(400):
            at = rng.integers(0, 800, 800)
            draws.append(oracle(y[at], p[at] >= 0.25) - oracle(y[at], p[at] >= 0.5))
        assert made.change.value == pytest.approx(oracle(y, p >= 0.25) - oracle(y, p >= 0.5))
        assert made.change.se == pytest.approx(np.std(draws), rel=0.2)
    share = flagged_effect(parts, before, after, 0.95)
    assert share.change.value == pytest.approx(np.mean((p >= 0.25) & (p < 0.5)))
    assert flips(parts, before, after, 0.95).lost.value == 0
