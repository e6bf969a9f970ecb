"""Facts × engines: the same facts from the same rows, counts to the last bit."""

from itertools import combinations

import numpy as np
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import (
    Among,
    Binned,
    Bucket,
    Category,
    Cells,
    Count,
    CutGrid,
    Histogram,
    IntegerGrid,
    LogitGrid,
    Moments,
    RootGrid,
    Values,
    Window,
    measure,
    shape,
)
from steelyard.facts.gaps import refuse_gaps
from steelyard.facts.local import run_local
from steelyard.facts.query import run_query
from steelyard.records import DataError

ODD = "odd name 😀 (%)"
ALL_GRIDS = (
    LogitGrid(),
    LogitGrid((0.1, 0.3)),
    RootGrid(0.0, 1.0),
    RootGrid(0.3, 2.5),
    IntegerGrid(-2, 7),
    CutGrid((0.0, 0.1, 0.3)),
    CutGrid(()),
)
KEYS = ("text", "flag", "whole", "fraction", "day", "moment", "price", "nothing")
AMONG = (
    Among("text", ("A", "é😀", "", "zebra 🦓")),
    Among("flag", ("True",)),
    Among("flag", ("False", "True", 1)),
    Among("whole", (-9, 3, 4, 1.5, "3")),
    Among("fraction", (1, 2.5, "inf")),
    Among("wild", (0, 0.5, -1, 2, "text")),
    Among("price", (1.5, 3)),
    Among("nothing", (0,)),
    Among("text", ()),
    Among("day", ("2024-02-29T00:00:00",)),
)
WINDOWS = (
    *(Window("moment", every) for every in ("7s", "30min", "6h", "1d", "3d", "2w", "1mo", "5mo", "1q", "1y")),
    Window("day", "1w"),
    Window("whole", "4"),
    Window("wild", "0.25"),
    Window("nothing", "1"),
)
FACTS = (
    Count(),
    *(Count((key,)) for key in (*AMONG, *WINDOWS)),
    *(Cells((Binned("whole", IntegerGrid(0, 1)),), pair, ("p", "p * p")) for pair in combinations(AMONG[:5], 2)),
    Cells((), (AMONG[0], Binned("wild", CutGrid((0.0, 0.3)))), ("tame",), "weight"),
    Count((Window("moment", "1d"), AMONG[0])),
    Cells((Category("fraction"), Binned("p", CutGrid((0.5,)))), (AMONG[1],)),
    Count(weight="weight"),
    *(Count((Category(key),)) for key in KEYS),
    Count((Category("text"), Category("flag")), weight="weight"),
    Count((Bucket("cluster"), Category("flag"))),
    Count((Bucket("fraction", 4),)),
    Count((Bucket("nothing", 4),)),
    *(Histogram("wild", grid) for grid in ALL_GRIDS),
    Histogram("whole", IntegerGrid(-2, 3), (Category("text"),)),
    Histogram("tame", RootGrid(1.0, 0.5), weight="weight"),
    Histogram("flag", IntegerGrid(0, 1)),
    Histogram("nothing", RootGrid(0.0, 1.0)),
    *(Values(key) for key in KEYS),
    Values("text", limit=2),
    Values("text", by=(Category("flag"),)),
    Moments(("tame",), extremes=True),
    Moments(("whole", "tame"), (Category("text"),), extremes=True),
    Moments(("tame * 2", "p", "whole"), weight="weight", extremes=True),
    Moments(("nothing",), (Category("text"),), extremes=True),
    Moments(("log(p)", "sqrt(tame)", "1 / whole", "p ** 2", "where(flag, 1, 0)", "clip(tame, 0, 1)")),
    shape("odd name 😀 (%)", 3.0, 2.0),
    Histogram(ODD, RootGrid(3.0, 2.0)),
    Cells((Category("flag"), Category("text"), Binned("p", LogitGrid((0.5,)))), values=("p", "p * p")),
    Cells(
        (Category("flag"), Binned("wild", LogitGrid())),
        (Bucket("cluster", 4),),
        ("where(is_missing(p), 0, p)",),
        "weight",
    ),
)

SOME = (
    Count((Category("text"), Bucket("cluster")), weight="weight"),
    Values("fraction"),
    Histogram("wild", RootGrid(0.3, 2.5)),
    Moments(("tame", "p"), (Category("flag"),), extremes=True),
    Cells((Category("flag"), Binned("p", LogitGrid((0.5,)))), values=("p",)),
)


def reference(frame, facts=FACTS):
    table = as_table(frame.lazy(), "rows")
    return run_local(table.frame.to_native(), table.kinds, facts)


def answerable(table, facts):
    return [fact for fact in facts if not refused(table, fact)]


def refused(table, fact):
    try:
        refuse_gaps(table.engine, table.kinds, [fact])
    except DataError:
        return True
    return False


def assert_same(found, expected):
    assert found.rows == expected.rows
    for fact in found.tables:
        mine, theirs = found[fact], expected[fact]
        assert mine.levels == theirs.levels, fact
        np.testing.assert_array_equal(mine.codes, theirs.codes, err_msg=str(fact))
        np.testing.assert_array_equal(mine.sums[:, 0], theirs.sums[:, 0], err_msg=str(fact))
        np.testing.assert_allclose(mine.sums, theirs.sums, rtol=1e-9, atol=1e-12, err_msg=str(fact))
        np.testing.assert_allclose(mine.lows, theirs.lows, rtol=1e-9, err_msg=str(fact))
        np.testing.assert_allclose(mine.highs, theirs.highs, rtol=1e-9, err_msg=str(fact))


def test_every_engine_gives_the_same_facts(on_engine, wild_frame):
    table = on_engine(wild_frame)
    assert_same(run_query(table.frame, table.kinds, answerable(table, FACTS)), reference(wild_frame))


@pytest.mark.parametrize("rows", [0, 1])
def test_no_row_and_one_row(on_engine, wild_frame, rows):
    frame = wild_frame.head(rows)
    table = on_engine(frame)
    found = run_query(table.frame, table.kinds, answerable(table, SOME))
    assert_same(found, reference(frame, SOME))
    assert found.rows == rows
    assert rows or all(len(t) == 0 for t in found.tables.values())


def test_many_categories(on_engine):
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"name": [f"c{i}" for i in rng.permutation(10_000)], "x": rng.normal(size=10_000)})
    facts = (
        Count((Category("name"),)),
        Values("name"),
        Values("name", limit=9_999),
        Moments(("x",), (Category("name"),)),
    )
    table = on_engine(frame)
    found = measure(table, facts)
    assert_same(found, reference(frame, facts))
    assert len(found[Values("name")]) == 10_000
    assert len(found[Values("name", limit=9_999)]) == 1


def test_numbers_on_every_grid(on_engine):
    rng = np.random.default_rng(11)
    numbers = np.concatenate([rng.random(3_000), rng.normal(0, 5, 1_000), rng.standard_cauchy(2_000) * 1e3])
    frame = pl.DataFrame({"x": numbers})
    facts = tuple(Histogram("x", grid) for grid in ALL_GRIDS)
    table = on_engine(frame)
    assert_same(run_query(table.frame, table.kinds, facts), reference(frame, facts))


def test_whole_numbers_at_the_ends_of_64_bits(on_engine):
    frame = pl.DataFrame({"id": pl.Series([-(2**63), 2**63 - 1, 2**53 + 1, 2**53, None], dtype=pl.Int64)})
    facts = (Count((Bucket("id"),)), Values("id"))
    table = on_engine(frame)
    assert_same(run_query(table.frame, table.kinds, answerable(table, facts)), reference(frame, facts))
    assert reference(frame, facts)[Values("id")].values(0) == [-(2**63), 2**53, 2**53 + 1, 2**63 - 1, None]


def test_a_frame_split_in_two_adds_up(on_engine, wild_frame):
    halves = [on_engine(wild_frame[:11]), on_engine(wild_frame[11:])]
    first, second = (run_query(t.frame, t.kinds, answerable(t, SOME)) for t in halves)
    assert_same(first + second, reference(wild_frame, SOME))
