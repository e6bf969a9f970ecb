"""Grids: the two ways of binning agree to the last bit, and a bin's edges hold its numbers."""

import math

import narwhals.stable.v2 as nw
import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.facts import CutGrid, IntegerGrid, LogitGrid, RootGrid
from steelyard.facts.grids import ABOVE, BELOW, MISSING, REACH, folded, indices, width
from steelyard.records import ConfigError

quick = settings(deadline=None, max_examples=50)
GRIDS = (
    LogitGrid(),
    LogitGrid((0.5,)),
    LogitGrid((0.1, 0.3, 0.999999)),
    RootGrid(0.0, 1.0),
    RootGrid(0.3, 2.5e-3),
    RootGrid(-1e9, 1e7),
    IntegerGrid(-2, 7),
    IntegerGrid(5, 5),
    CutGrid((0.0, 0.1, 0.3)),
    CutGrid((1.0,)),
    CutGrid(()),
    CutGrid(tuple(i / 10 for i in range(-20, 20))),
)
any_number = st.floats() | st.floats(0, 1) | st.floats(-100, 100) | st.integers(-10, 10).map(float)


def by_expression(grid, numbers):
    frame = nw.from_native(pl.DataFrame({"x": numbers}).with_columns(pl.col("x").fill_nan(None)))
    for step in grid.steps("x", "bin"):
        frame = frame.with_columns(step)
    return frame.to_native()["bin"].to_numpy()


def by_numpy(grid, numbers):
    return indices(grid)[grid.positions(np.array(numbers, dtype=float))]


def near(grid):
    """Numbers at every edge of a grid, and their neighbours on both sides."""
    inner = indices(grid)[2:-1]
    left, right = grid.edges(inner)
    edges = np.concatenate([left, right])
    edges = edges[np.isfinite(edges)]
    return np.concatenate([edges, np.nextafter(edges, -np.inf), np.nextafter(edges, np.inf)])


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_expression_and_numpy_agree_to_the_last_bit(grid, wild_numbers):
    rng = np.random.default_rng(0)
    numbers = np.concatenate(
        [
            [np.nan if n is None else n for n in wild_numbers],
            rng.random(20_000),
            rng.normal(0, 3, 20_000),
            rng.standard_cauchy(20_000) * 10.0 ** rng.integers(-10, 10, 20_000),
            near(grid),
        ]
    )
    np.testing.assert_array_equal(by_expression(grid, numbers), by_numpy(grid, numbers))


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@quick
@given(numbers=st.lists(any_number, min_size=1, max_size=20))
def test_they_agree_on_any_number(grid, numbers):
    np.testing.assert_array_equal(by_expression(grid, numbers), by_numpy(grid, numbers))


@pytest.mark.parametrize("grid", GRIDS, ids=str)
@quick
@given(numbers=st.lists(any_number, min_size=1, max_size=20))
def test_edges_hold_their_numbers(grid, numbers):
    index = by_numpy(grid, numbers)
    left, right = grid.edges(index)
    for x, i, low, high in zip(numbers, index, left, right, strict=True):
        if math.isnan(x):
            assert i == MISSING
            assert math.isnan(low)
            assert math.isnan(high)
            continue
        if isinstance(grid, LogitGrid):
            x = min(max(x, 0.0), 1.0)
        if isinstance(grid, IntegerGrid):
            x = float(np.floor(x))
        slack = 1e-9 * (abs(x) + getattr(grid, "scale", 0.0)) if math.isfinite(x) else 0.0
        assert low - slack <= x <= high + slack


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_bins_follow_the_order_of_the_numbers(grid, wild_numbers):
    rng = np.random.default_rng(1)
    known = [n for n in wild_numbers if n is not None and not math.isnan(n)]
    numbers = np.sort(np.concatenate([known, rng.random(5_000), rng.standard_cauchy(5_000) * 100, near(grid)]))
    assert np.all(np.diff(by_numpy(grid, numbers)) >= 0)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_positions_and_indices_are_one_to_one(grid):
    index = indices(grid)
    assert len(index) == width(grid)
    assert index[0] == MISSING
    assert index[1] == BELOW
    assert index[-1] == ABOVE
    assert np.all(np.diff(index) > 0)
    low, high = grid.size
    np.testing.assert_array_equal(index[2:-1], np.arange(low, high + 1))


@pytest.mark.parametrize("grid", [g for g in GRIDS if not isinstance(g, LogitGrid)], ids=str)
def test_inner_bins_touch(grid):
    left, right = grid.edges(indices(grid)[2:-1])
    if isinstance(grid, IntegerGrid):
        np.testing.assert_array_equal(left, right)
    else:
        np.testing.assert_allclose(right[:-1], left[1:], rtol=1e-12, atol=1e-9)


def test_atoms_of_probabilities():
    grid = LogitGrid((0.5,))
    assert by_numpy(grid, [0.0, -0.0, -3.0, -math.inf]).tolist() == [BELOW] * 4
    assert by_numpy(grid, [1.0, 1 + 2**-52, math.inf]).tolist() == [ABOVE] * 3
    assert BELOW < by_numpy(grid, [5e-324])[0] < by_numpy(grid, [1e-6])[0]
    assert by_numpy(grid, [1 - 2**-53])[0] < ABOVE
    left, right = grid.edges(np.array([BELOW, ABOVE]))
    assert left.tolist() == right.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("threshold", [0.5, 0.1, 0.3, 1e-12, 1 - 1e-12, 0.7310585786300049])
def test_a_threshold_parts_its_bin(threshold):
    grid = LogitGrid((threshold,))
    below, at = by_numpy(grid, [np.nextafter(threshold, 0), threshold])
    assert below < at
    assert grid.edges(np.array([below]))[1][0] <= threshold <= grid.edges(np.array([at]))[0][0]


def test_fine_where_it_matters():
    assert len(set(by_numpy(LogitGrid(), np.linspace(0.45, 0.55, 1_000)).tolist())) in (13, 14)
    left, right = RootGrid(10.0, 2.0).edges(np.array([0]))
    assert right[0] - left[0] == pytest.approx(2.0 / 32, rel=0.02)


def test_both_zeros_share_a_bin():
    for grid in GRIDS:
        assert len(set(by_numpy(grid, [0.0, -0.0]).tolist())) == 1


def test_the_reach_of_a_root_grid():
    grid = RootGrid(0.0, 1.0)
    inside, outside = by_numpy(grid, [REACH, REACH + 10.0])
    assert inside == grid.LIMIT
    assert outside == ABOVE
    assert by_numpy(grid, [-REACH - 10.0])[0] == BELOW


@quick
@given(numbers=st.lists(st.floats(allow_nan=False), min_size=1, max_size=30))
def test_counting_codes_is_counting_positions(numbers):
    grid, z = RootGrid(0.0, 1.0), np.array(numbers)
    codes = grid.codes(z, np.empty_like(z), np.empty(len(z), dtype=np.int64), bounded=False)
    counted = folded(np.bincount(codes, minlength=grid.codes_end))
    np.testing.assert_array_equal(counted, np.bincount(grid.positions(z), minlength=width(grid)))
    inside = np.abs(z) < REACH
    bounded = grid.codes(z[inside], np.empty(inside.sum()), np.empty(inside.sum(), dtype=np.int64), bounded=True)
    np.testing.assert_array_equal(bounded, codes[inside])


def test_names_of_groups():
    grid = CutGrid((0.0, 1.5))
    assert [grid.name(i) for i in (MISSING, 0, 1, 2)] == ["(missing)", "< 0", "0 to < 1.5", "≥ 1.5"]
    assert CutGrid(()).name(0) == "any"


@pytest.mark.parametrize(
    "make",
    [
        lambda: RootGrid(0.0, 0.0),
        lambda: RootGrid(0.0, -1.0),
        lambda: RootGrid(math.nan, 1.0),
        lambda: RootGrid(0.0, math.inf),
        lambda: IntegerGrid(3, 2),
        lambda: IntegerGrid(0, 2**40),
        lambda: IntegerGrid(2**53, 2**53),
        lambda: CutGrid((1.0, 1.0)),
        lambda: CutGrid((2.0, 1.0)),
        lambda: CutGrid((math.nan,)),
        lambda: LogitGrid((0.5, 0.2)),
    ],
)
def test_impossible_grids(make):
    with pytest.raises(ConfigError):
        make()
