"""People for the unsure rows: proposed where their time surely costs less than the mistakes they save."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.costs import Costs
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.improve.policy import Policy
from steelyard.improve.thresholds import propose


def study_from(costs: Costs, n: int = 5_000):
    rng = np.random.default_rng(1)
    p = np.round(rng.beta(1, 2, n), 2)
    table = read(pl.DataFrame({"y": (rng.random(n) < p).astype(int), "p": p}))
    sources = Sources({"current": table}, {"current": peek(table)})
    given = Roles(label="y", score="p", task="binary", threshold=0.2, features=())
    roles, _ = guess_roles(table, sources.peeks["current"], given)
    return study_of(sources, Request(roles=roles, columns=False, costs=costs))[0]


def test_cheap_looks_are_proposed():
    made = propose(study_from(Costs(fp=-10, fn=-40, review=-2, reviewed_accuracy=0.98)))[1]
    assert (made.id, made.kind, made.verified) == ("abstention:value", "abstention", True)
    low, high = made.policy["low"], made.policy["high"]
    # A look costs 2 and errs in 2 of 100: it beats holding from p ≈ 0.05 on, and flagging up to p ≈ 0.8.
    assert low == pytest.approx(0.055, abs=0.03)
    assert high == pytest.approx(0.8, abs=0.1)
    assert Policy.from_dict(made.policy).apply(np.array([0.01, 0.5, 0.99])).tolist() == [0, -1, 1]
    value, accuracy = made.effects
    assert value.change.low > 0
    assert accuracy.change.value > 0


def test_dear_looks_are_not():
    made = propose(study_from(Costs(fp=-10, fn=-40, review=-9.5, reviewed_accuracy=0.9)))[1]
    assert not made.verified
    assert made.policy == {}
    assert "not surely worth their time" in made.sentence


def test_nothing_is_said_where_nobody_looks():
    assert [p.kind for p in propose(study_from(Costs(fp=-10, fn=-40)))] == ["threshold"]
