"""Measuring: what is asked once, what is rolled up, what is refused, and that batches don't show."""

import numpy as np
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import (
    GAPS,
    Binned,
    Bucket,
    Category,
    Cells,
    Count,
    Distinct,
    Histogram,
    IntegerGrid,
    LogitGrid,
    Moments,
    RootGrid,
    Values,
    Window,
    measure,
    measure_index,
    shape,
)
from steelyard.facts import local as engine
from steelyard.facts.gaps import ANY_BUCKET, ODD_NAME, OTHER_BUCKET, ROW_HASH, ZONED, refuse_gaps
from steelyard.facts.local import run_local
from steelyard.facts.sums import sum_cells
from steelyard.facts.vocabulary import Measure
from steelyard.records import ColumnError, ConfigError, DataError

KINDS = {"n": "number", "s": "text", "a.b": "number", "t": "time"}


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(4)
    n = 200_000
    x = rng.standard_cauchy(n)
    x[::1000] = np.inf
    x[1::1000] = -np.inf
    whole = rng.poisson(3, n)
    return pl.DataFrame(
        {
            "x": pl.Series(x).set(pl.Series(rng.random(n) < 0.02), None),
            "p": rng.random(n),
            "whole": pl.Series(whole, dtype=pl.Int64).set(pl.Series(rng.random(n) < 0.02), None),
            "text": rng.choice(["a", "b", "c"], n),
            "w": rng.integers(0, 4, n).astype(float),
            **{f"v{i}": rng.random(n) for i in range(8)},
        }
    )


def table(frame):
    return as_table(frame.lazy(), "the rows")


def test_a_fused_histogram_is_the_histogram(rows):
    grid, small = RootGrid(0.0, 1.0), IntegerGrid(1, 4)
    facts = [Histogram("x", grid), Histogram("whole", small), Histogram("whole", RootGrid(3.0, 1.0))]
    shapes = [shape("x", 0.0, 1.0), shape("whole", 0.0, 1.0), shape("whole", 3.0, 1.0)]
    together, alone = measure(table(rows), [*facts, *shapes]), measure(table(rows), facts)
    for fact in facts:
        assert together[fact].equals(alone[fact])
    for fact in shapes:
        one = measure(table(rows), [fact])[fact]
        np.testing.assert_allclose(together[fact].sums, one.sums, rtol=1e-9)
        np.testing.assert_array_equal(together[fact].lows, one.lows)
        np.testing.assert_array_equal(together[fact].highs, one.highs)


def test_derived_columns_may_hold_nan(rows):
    frame = rows.lazy().with_columns(x=pl.col("x") - pl.col("x"))
    facts = [Histogram("x", RootGrid(0.0, 1.0)), shape("x", 0.0, 1.0), Values("x"), Count((Category("x"),))]
    found = run_local(frame, ["x"], facts)
    assert len(found[facts[0]]) == 2
    assert found[facts[1]].rows == rows["x"].is_finite().sum()
    assert found[facts[2]].values(0) == found[facts[3]].values(0) == [0, None]
    assert found[facts[2]].equals(found[facts[3]])


@pytest.mark.parametrize("cells", [None, 3, 200])
@pytest.mark.parametrize("weighted", [False, True])
def test_matrix_products_are_the_sums(cells, weighted):
    rng = np.random.default_rng(8)
    rows = 40_000
    fact = Moments(tuple("abcdef"), weight="w" if weighted else None)
    cell = None if cells is None else rng.integers(0, cells, rows) // 2 * 2
    weight = rng.random(rows) if weighted else None
    values = list(rng.normal(size=(6, rows)))
    found = sum_cells(cell, cells or 1, fact.measures, weight, values, rows)
    for i, m in enumerate(fact.measures):
        product = np.ones(rows) if weight is None else weight**m.weight_power
        for factor in m.factors:
            product = product * values[factor]
        expected = np.array([product.sum()]) if cell is None else np.bincount(cell, product, cells)
        np.testing.assert_allclose(found[:, i], expected, rtol=1e-9, atol=1e-9, err_msg=str(m))


def test_batches_do_not_show(rows, monkeypatch):
    facts = [
        Count((Category("text"), Binned("p", LogitGrid((0.5,))))),
        Moments(tuple(f"v{i}" for i in range(8)), (Category("text"),), "w", extremes=True),
        Cells((Category("text"), Binned("x", RootGrid(0.0, 1.0))), values=("p",)),
        Values("x"),
    ]
    whole = measure(table(rows), facts)
    original = pl.LazyFrame.collect_batches

    def tiny(self, **options):
        return original(self, chunk_size=1_000, **options)

    monkeypatch.setattr(pl.LazyFrame, "collect_batches", tiny)
    monkeypatch.setattr("steelyard.facts.counters.PENDING", 100)
    pieces = measure(table(rows), facts)
    assert whole.equals(pieces, 1e-9)
    for fact in facts:
        np.testing.assert_array_equal(whole[fact].sums[:, 0], pieces[fact].sums[:, 0])


def test_parts_of_a_file_are_the_whole(rows, tmp_path, monkeypatch):
    for i, part in enumerate((rows[:70_000], rows[70_000:])):
        part.write_parquet(tmp_path / f"{i}.parquet", row_group_size=30_000)
    facts = [Count((Category("text"),)), Histogram("x", RootGrid(0.0, 1.0)), Moments(("x",), extremes=True)]
    whole = measure(table(rows), facts)
    asked = []
    original = pl.LazyFrame.slice
    monkeypatch.setattr(pl.LazyFrame, "slice", lambda f, *at: asked.append(at) or original(f, *at))
    monkeypatch.setattr(engine, "NUMBERS_AHEAD", 40_000)
    found = measure(table(pl.scan_parquet(tmp_path / "*.parquet")), facts)
    assert whole.equals(found, 1e-9)
    assert len(asked) > 10
    asked.clear()
    assert measure(table(pl.scan_parquet(tmp_path / "*.parquet").filter(pl.col("p") > 2)), facts).rows == 0
    ordered = pl.scan_parquet(tmp_path / "*.parquet").with_columns(x=pl.col("x").shift(1).over("text"))
    assert measure(table(ordered), facts).rows == rows.height
    assert asked == [(1, 2), (1, 2)]


def test_data_is_read_once(rows, monkeypatch):
    calls = []
    original = pl.LazyFrame.collect_batches
    monkeypatch.setattr(pl.LazyFrame, "collect_batches", lambda *a, **k: calls.append(1) or original(*a, **k))
    measure(table(rows), [Count(), Values("text"), Count((Category("text"),)), Histogram("p", LogitGrid())])
    assert len(calls) == 1
    assert engine.run_local is run_local


def test_no_fact_still_counts_the_rows(rows):
    assert measure(table(rows), []).rows == rows.height
    assert measure(table(rows.clear()), []).rows == 0


def test_equal_facts_are_asked_once(rows):
    found = measure(table(rows), [Count(), Count(), Values("text"), Values("text")])
    assert len(found.tables) == 2


def test_sparse_combinations(rows):
    frame = rows.with_columns(id=pl.int_range(pl.len()) * 7919, other=pl.int_range(pl.len()) % 977)
    fact = Count((Category("id"), Category("other"), Binned("p", LogitGrid())))
    assert len(measure(table(frame), [fact])[fact]) == rows.height


def test_measures_by_name():
    fact = Moments(("a", "b"), weight="w")
    assert fact.measures[measure_index(fact, 2, (0, 1))] == Measure(2, (0, 1))
    bare = Moments(("a", "b"))
    assert bare.measures[measure_index(bare, 2, (0, 1))] == Measure(0, (0, 1))


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        (Count((Category("txet"),)), "'txet'.*the rows.*'text'"),
        (Histogram("text", RootGrid(0.0, 1.0)), "'text'.*is text.*number"),
        (Count((Binned("text", IntegerGrid(0, 1)),)), "'text'.*is text"),
        (Count(weight="text"), "'text'.*is text.*weight"),
        (Count(weight="none"), "'none'"),
        (Values("none"), "'none'"),
        (Moments(("none + 1",)), "'none'"),
        (Moments(("text + 1",)), "'text'.*is text"),
    ],
)
def test_columns_that_cannot_be_measured(rows, fact, words):
    with pytest.raises(ColumnError, match=words):
        measure(table(rows), [fact])


def test_what_is_no_expression(rows):
    with pytest.raises(ConfigError, match="not an expression"):
        measure(table(rows), [Moments(("x +",))])


@pytest.mark.parametrize("gap", GAPS, ids=lambda g: f"{g.engine}: {g.fact}")
def test_every_gap_is_refused_with_reason_and_remedy(gap):
    fact = {
        ODD_NAME: Count((Category("a.b"),)),
        ANY_BUCKET: Count((Bucket("n"),)),
        OTHER_BUCKET: Count((Bucket("s"),)),
        ROW_HASH: Distinct(("n",)),
        ZONED: Count((Window("t", "1d"),)),
    }[gap.fact]
    with pytest.raises(DataError) as caught:
        refuse_gaps(gap.engine, KINDS, [Count(), fact], {"t"})
    assert gap.reason in str(caught.value)
    assert gap.remedy in str(caught.value)
    assert gap.engine in str(caught.value)


def test_polars_has_no_gap():
    refuse_gaps("polars", KINDS, [Count((Bucket("s"), Category("a.b")))])


def test_text_clusters_on_polars():
    frame = pl.DataFrame({"who": ["a", "b", None, "a", "b"] * 20, "x": range(100)})
    fact = Count((Category("who"), Bucket("who", 32)))
    found = measure(table(frame), [fact])[fact]
    assert len(found) == 3
    assert dict(zip(found.values(0), found.values(1), strict=True))[None] == 0
    again = measure(table(frame.cast({"who": pl.Categorical}).reverse()), [fact])[fact]
    assert again.equals(found)


def test_buckets_are_even():
    frame = pl.DataFrame({"id": np.arange(64_000) * 1_000, "negative": -np.arange(64_000)})
    for column in frame.columns:
        fact = Count((Bucket(column),))
        counts = measure(table(frame), [fact])[fact].sums[:, 0]
        assert len(counts) == 32
        assert abs(counts - 2_000).max() < 250


def test_whole_and_fractional_clusters_share_buckets():
    fact = Count((Bucket("id", 8),))
    whole = pl.DataFrame({"id": pl.Series([5, -7, None, 2**40], dtype=pl.Int64)})
    assert measure(table(whole), [fact])[fact].equals(measure(table(whole.cast(pl.Float64)), [fact])[fact])
