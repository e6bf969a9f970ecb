"""How often the interval of a cause holds the truth, and how often chance is told as a cause."""

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.attribution.cubes import Cube, Pair
from steelyard.analyses.attribution.mechanisms import Game
from steelyard.analyses.attribution.yardsticks import OfDecisions
from steelyard.analyses.features import Feature
from steelyard.analyses.overview import ColumnPlan
from steelyard.data import Kind, Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.facts import Among
from steelyard.metrics import get

REPLICATES = 300
FEATURE = Feature(ColumnPlan("region", Kind.TEXT, "feature"), Among("region", ("a", "b", "c", "d")))
MIX = (np.array([0.4, 0.3, 0.2, 0.1]), np.array([0.25, 0.25, 0.25, 0.25]))
GROUPS = 8


def truth(now: bool) -> np.ndarray:
    """The table that a period is drawn from: segment × score group × truth × decision."""
    score = (np.arange(GROUPS) + 0.5) / GROUPS
    table = np.zeros((4, GROUPS, 2, 2))
    for segment in range(4):
        groups = np.exp(-(((score - 0.3 - 0.1 * segment - 0.05 * now) / 0.3) ** 2))
        groups /= groups.sum()
        positive = np.clip(score - (0.25 if now and segment == 2 else 0.0), 0.02, 0.98)
        for decision in (0, 1):
            said = (score >= 0.5) == bool(decision)
            table[segment, :, 0, decision] = MIX[now][segment] * groups * (1 - positive) * said
            table[segment, :, 1, decision] = MIX[now][segment] * groups * positive * said
    return table


def pair(then: np.ndarray, now: np.ndarray) -> Pair:
    return Pair(FEATURE, np.arange(4), np.arange(GROUPS), Cube(then, then), Cube(now, now))


@pytest.mark.prove
@pytest.mark.parametrize("metric", ["accuracy", "f1", "matthews_corrcoef"])
@pytest.mark.parametrize("rows", [2_000, 20_000])
def test_intervals_of_parts_hold_the_truth(metric, rows):
    yard = OfDecisions(get(metric, "binary"), ("0", "1"), rows)
    tables = truth(False), truth(True)
    exact = {s.mechanism: s.effect for s in Game(pair(*(t * 1e6 for t in tables))).shapley(yard).shares}
    assert set(exact) == {"mix", "scores", "concept"}
    rng = np.random.default_rng(7)
    held = {name: [] for name in exact}
    for _ in range(REPLICATES):
        drawn = [rng.multinomial(rows, t.ravel()).reshape(t.shape).astype(float) for t in tables]
        for share in Game(pair(*drawn)).shapley(yard).shares:
            if share.mechanism in exact:
                held[share.mechanism].append(abs(share.effect - exact[share.mechanism]) <= 1.96 * share.se)
    for name, hits in held.items():
        assert len(hits) == REPLICATES, name
        assert 0.915 <= np.mean(hits) <= 0.985, (name, np.mean(hits))


@pytest.mark.prove
def test_chance_is_seldom_told_as_a_cause():
    """Of random halves of one data set about 5 % may have a change, and so a cause; chance makes it 10 of 100."""
    told = 0
    for seed in range(100):
        rng = np.random.default_rng(seed)
        n = 4_000
        x, z = rng.normal(size=n), rng.choice(list("abcd"), n)
        p = np.round(1 / (1 + np.exp(-x)), 2)
        frame = pl.DataFrame({"y": (rng.random(n) < p).astype(int), "p": p, "x": x, "z": z})
        tables = {"current": read(frame.head(n // 2)), "reference": read(frame.tail(n // 2))}
        sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
        roles, _ = guess_roles(
            tables["current"],
            sources.peeks["current"],
            Roles(label="y", score="p", task="binary", features=("x", "z")),
        )
        told += bool(study_of(sources, Request(roles=roles))[0].attributions)
    assert told <= 10
