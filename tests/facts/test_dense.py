"""Counting in flat arrays: the same cells as by occurrence, few loops, bounded room."""

import math
from itertools import combinations

import numpy as np
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import (
    Among,
    Binned,
    Category,
    Cells,
    Count,
    CutGrid,
    Histogram,
    IntegerGrid,
    Moments,
    RootGrid,
    Values,
    dense,
    local,
    measure,
)
from steelyard.facts.coding import fixed_width
from steelyard.facts.dense import JOINT_CELLS, families, is_dense, joined

KEYS = (
    Among("text", ("a", "é😀", "absent")),
    Among("kind", ("x", "y")),
    Among("whole", (0, 3, -2)),
    Among("flag", ("True",)),
    Among("half", (0.5, 1)),
    Binned("half", CutGrid((0.0, 1.0))),
    Binned("number", CutGrid(tuple(i / 10 for i in range(-10, 11)))),
    Binned("whole", IntegerGrid(-1, 2)),
)
LOSS = (Binned("loss", IntegerGrid(0, 1)),)
PAIRS = tuple(combinations(KEYS, 2))
FACTS = (
    *(Cells(LOSS, pair) for pair in PAIRS),
    *(Cells((), pair, ("number", "number * number")) for pair in PAIRS),
    *(Cells(LOSS, (key,), ("number",), "weight") for key in KEYS),
    *(Count(triple) for triple in combinations(KEYS[:5], 3)),
    Count((KEYS[1], KEYS[0])),
    Histogram("number", RootGrid(0.0, 1.0), (KEYS[0],), "weight"),
)


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(21)
    n = 5_000

    def holed(values):
        return pl.Series(values).set(pl.Series(rng.random(n) < 0.1), None)

    return pl.DataFrame(
        {
            "text": holed(rng.choice(["a", "b", "é😀", ""], n)),
            "kind": holed(rng.choice(["x", "y", "z"], n)).cast(pl.Categorical),
            "whole": holed(rng.integers(-3, 5, n)),
            "flag": holed(rng.random(n) < 0.3),
            "half": holed(rng.integers(-2, 4, n) / 2),
            "number": holed(rng.normal(size=n)),
            "loss": holed((rng.random(n) < 0.2).astype(float)),
            "weight": holed(rng.integers(-1, 4, n) / 2),
        }
    )


@pytest.mark.parametrize("block", [1 << 17, 777])
def test_flat_arrays_hold_the_cells_that_occur(rows, monkeypatch, block):
    monkeypatch.setattr(dense, "BLOCK", block)
    table = as_table(rows.lazy(), "rows")
    assert all(is_dense(fact) for fact in FACTS)
    found = measure(table, FACTS)
    monkeypatch.setattr(local, "families", lambda facts: [])
    expected = measure(table, FACTS)
    for fact in FACTS:
        np.testing.assert_array_equal(found[fact].codes, expected[fact].codes)
        np.testing.assert_array_equal(found[fact].sums[:, 0], expected[fact].sums[:, 0])
        np.testing.assert_allclose(found[fact].sums, expected[fact].sums, rtol=1e-9, atol=1e-9)
        assert found[fact].levels == expected[fact].levels


def test_no_row_has_a_place(rows):
    table = as_table(rows.with_columns(weight=pl.lit(None, dtype=pl.Float64)).lazy(), "rows")
    found = measure(table, FACTS)
    assert all(len(found[fact]) == 0 for fact in FACTS if fact.weight is not None)
    assert all(len(t) == 0 for t in measure(as_table(rows.clear().lazy(), "rows"), FACTS).tables.values())


@pytest.mark.parametrize("size", [1, 2, 3])
def test_every_set_is_part_of_a_joint_one(size):
    keys = [Binned(f"c{i}", CutGrid(tuple(range(3 + i % 9)))) for i in range(12)]
    asked = [(*LOSS, *some) for some in combinations(keys, size)]
    found = joined(asked)
    assert all(any(set(some) <= set(union) for union in found) for some in asked)
    assert all(math.prod(fixed_width(key) for key in union) <= JOINT_CELLS for union in found)
    assert len(found) < len(asked) if size < 3 else len(found) <= len(asked)


def test_pairs_share_loops():
    keys = [Binned(f"c{i}", CutGrid(tuple(range(9)))) for i in range(25)]
    asked = [(*LOSS, *pair) for pair in combinations(keys, 2)]
    assert len(asked) == 300
    # A hundred would be a Steiner triple system: every pair in just one of them.
    assert len(joined(asked)) < 130


def test_what_is_too_large_is_counted_by_occurrence(monkeypatch):
    wide = Binned("x", IntegerGrid(0, 1 << 17))
    assert is_dense(Count((wide,)))
    assert not is_dense(Count((wide, KEYS[0])))
    assert not is_dense(Count((Category("text"),)))
    assert not is_dense(Count())
    assert not is_dense(Count((KEYS[0], KEYS[0])))
    assert not is_dense(Values("text"))
    assert not is_dense(Moments(("x",), (KEYS[0],), extremes=True))
    facts = [Count((key,)) for key in KEYS]
    monkeypatch.setattr(dense, "MOST_NUMBERS", 12)
    assert sum(map(len, families(facts))) < len(facts)


def test_facts_without_room_are_still_answered(rows, monkeypatch):
    table = as_table(rows.lazy(), "rows")
    whole = measure(table, FACTS)
    monkeypatch.setattr(dense, "MOST_NUMBERS", 500)
    assert whole.equals(measure(table, FACTS), 1e-9)
