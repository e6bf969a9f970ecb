"""The laws of adding: identity, commutative, associative, split = whole, weight 2 = the row twice."""

import datetime as dt
import math
from itertools import combinations

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.data.border import as_table
from steelyard.facts import (
    Among,
    Binned,
    Bucket,
    Category,
    Cells,
    Count,
    CutGrid,
    Distinct,
    Histogram,
    IntegerGrid,
    LogitGrid,
    Moments,
    Profile,
    RootGrid,
    Sample,
    Values,
    Window,
    measure,
    shape,
)
from steelyard.facts.table import OVERFLOW, empty_table
from steelyard.records import ProfileError

quick = settings(deadline=None, max_examples=25)
BY = (Category("text"), Bucket("whole", 4))
GROUPS = (Among("text", ("a", "é😀", "b")), Among("whole", (-1, 0, 3)), Binned("x", CutGrid((-1.0, 0.5))))
COLUMNS = ("x", "whole", "text", "flag")
FACTS = (
    Count(),
    Count(GROUPS),
    Count(GROUPS[:2], "weight"),
    Count((Among("flag", ("False", "True")),)),
    Count((Among("p", (0, 0.5, 1)), Bucket("whole", 4))),
    *(Cells((Binned("whole", IntegerGrid(0, 1)),), pair, ("p", "p * p")) for pair in combinations(GROUPS, 2)),
    Cells((Category("flag"), Binned("p", CutGrid((0.5,)))), GROUPS[:1], weight="weight"),
    Count((Window("at", "1d"), GROUPS[0])),
    Count((Window("at", "1mo"),), "weight"),
    Moments(("p",), (Window("x", "2.5"),)),
    Distinct(COLUMNS),
    Distinct(COLUMNS, size=4),
    Sample(COLUMNS),
    Sample(COLUMNS, size=3),
    Count(BY),
    Count((Category("text"),), "weight"),
    Count((Binned("x", RootGrid(0.0, 1.0)), Binned("p", LogitGrid((0.5,))))),
    Cells((Category("flag"), Binned("p", LogitGrid((0.5,)))), BY, ("p", "p * p")),
    Cells((Category("flag"), Binned("x", CutGrid((0.0, 1.0)))), (), ("p",), "weight"),
    Moments(("x",), extremes=True),
    Moments(("x", "p"), (Category("text"),), "weight", extremes=True),
    Moments(("p", "x", "x * p", "p - 1", "abs(x)", "x + whole"), BY, cubes=False),
    Moments(("p", "x", "x * p", "p - 1", "abs(x)", "x + whole"), (), "weight"),
    Histogram("x", RootGrid(0.0, 1.0)),
    shape("x", 0.0, 1.0),
    Histogram("whole", IntegerGrid(-1, 2)),
    shape("whole", 0.0, 1.0),
    Histogram("x", RootGrid(0.0, 1.0), (Category("flag"),), "weight"),
    Values("text"),
    Values("whole"),
    Values("text", limit=2),
    Values("text", limit=2, by=(Category("flag"),)),
    Values("x"),
)
rows = st.fixed_dictionaries(
    {
        "x": st.none() | st.floats(-1e6, 1e6) | st.sampled_from([0.0, -0.0, 0.5, math.inf, -math.inf]),
        "p": st.none() | st.floats(0, 1) | st.sampled_from([0.0, 0.5, 1.0]),
        "whole": st.none() | st.integers(-5, 5),
        "text": st.none() | st.sampled_from(["a", "b", "é😀", ""]),
        "flag": st.none() | st.booleans(),
        "at": st.none() | st.datetimes(dt.datetime(1600, 1, 1), dt.datetime(2400, 1, 1)),
        "weight": st.none() | st.sampled_from([0.0, -1.0, 0.5, 1.0, 2.0, math.inf]),
    }
)
SCHEMA = {
    "x": pl.Float64,
    "p": pl.Float64,
    "whole": pl.Int64,
    "text": pl.String,
    "flag": pl.Boolean,
    "at": pl.Datetime("us"),
    "weight": pl.Float64,
}
frames = st.lists(rows, max_size=12).map(lambda held: pl.DataFrame(held, schema=SCHEMA))


def profile(frame, facts=FACTS):
    return measure(as_table(frame.lazy(), "rows"), facts)


def assert_close(one, other):
    for fact in one.tables:
        np.testing.assert_array_equal(one[fact].sums[:, :1], other[fact].sums[:, :1], err_msg=str(fact))
        scale = np.abs(one[fact].sums).max(initial=1.0)
        np.testing.assert_allclose(one[fact].sums, other[fact].sums, rtol=1e-9, atol=1e-12 * scale, err_msg=str(fact))
        assert one[fact].levels == other[fact].levels
        np.testing.assert_array_equal(one[fact].codes, other[fact].codes)
        np.testing.assert_array_equal(one[fact].lows, other[fact].lows)
        np.testing.assert_array_equal(one[fact].highs, other[fact].highs)
    assert one.rows == other.rows
    assert one.tables.keys() == other.tables.keys()


@quick
@given(frame=frames, at=st.integers(0, 12))
def test_the_whole_is_the_sum_of_its_parts(frame, at):
    assert_close(profile(frame[:at]) + profile(frame[at:]), profile(frame))


@quick
@given(one=frames, two=frames)
def test_order_does_not_matter(one, two):
    a, b = profile(one), profile(two)
    assert (a + b).equals(b + a)


@quick
@given(one=frames, two=frames, three=frames)
def test_grouping_does_not_matter(one, two, three):
    a, b, c = profile(one), profile(two), profile(three)
    assert_close((a + b) + c, a + (b + c))


@quick
@given(frame=frames)
def test_nothing_added_changes_nothing(frame):
    found, zero = profile(frame), Profile({fact: empty_table(fact) for fact in FACTS})
    assert (found + zero).equals(found)
    assert (zero + found).equals(found)
    assert (found + Profile()).equals(found)
    assert (Profile() + found).equals(found)
    assert profile(frame.clear()).equals(zero)


@quick
@given(frame=frames)
def test_the_same_rows_give_the_same_bits(frame):
    assert profile(frame).equals(profile(frame))


@quick
@given(frame=frames)
def test_saved_and_loaded_is_the_same(frame, tmp_path_factory):
    found = profile(frame)
    path = found.save(tmp_path_factory.mktemp("profiles") / "one.profile")
    loaded = Profile.load(path)
    assert loaded.equals(found)
    assert (loaded + found).equals(found + found)


WEIGHTED = [fact for fact in FACTS if fact.weight is not None]


@quick
@given(frame=frames)
def test_weight_2_is_the_row_twice(frame):
    once = profile(frame.with_columns(weight=pl.lit(2.0)), WEIGHTED)
    twice = profile(pl.concat([frame, frame]).with_columns(weight=pl.lit(1.0)), WEIGHTED)
    for fact in WEIGHTED:
        plain = [i for i, m in enumerate(fact.measures) if m.weight_power == 1]
        scale = np.abs(twice[fact].sums).max(initial=1.0)
        np.testing.assert_allclose(
            once[fact].sums[:, plain], twice[fact].sums[:, plain], rtol=1e-9, atol=1e-12 * scale
        )
        np.testing.assert_array_equal(once[fact].codes, twice[fact].codes)


@quick
@given(frame=frames)
def test_weight_1_is_no_weight(frame):
    weighted = profile(frame.with_columns(weight=pl.lit(1.0)), WEIGHTED)
    for fact in WEIGHTED:
        bare = type(fact)(**{f: getattr(fact, f) for f in fact.__struct_fields__ if f != "weight"})
        plain = profile(frame, [bare])[bare]
        for i, measured in enumerate(fact.measures):
            held = plain.sums[:, [m.factors for m in bare.measures].index(measured.factors)]
            scale = np.abs(held).max(initial=1.0)
            np.testing.assert_allclose(weighted[fact].sums[:, i], held, rtol=1e-9, atol=1e-12 * scale)


@quick
@given(frame=frames)
def test_rows_without_a_weight_are_no_rows(frame):
    fine = (pl.col("weight") > 0) & pl.col("weight").is_finite()
    whole, kept = profile(frame, WEIGHTED), profile(frame.filter(fine), WEIGHTED)
    for fact in WEIGHTED:
        assert whole[fact].equals(kept[fact], 1e-12), fact


@quick
@given(frame=frames)
def test_slices_add_up_to_everything(frame):
    sliced = [Count(BY), FACTS[4], Moments(("x", "p"), (Category("text"),), "weight", extremes=True)]
    overall = [type(f)(**{n: getattr(f, n) for n in f.__struct_fields__ if n != "by"}) for f in sliced]
    table = as_table(frame.lazy(), "rows")
    together, alone = measure(table, [*sliced, *overall]), measure(table, overall)
    for fact in overall:
        scale = np.abs(alone[fact].sums).max(initial=1.0)
        np.testing.assert_allclose(together[fact].sums, alone[fact].sums, rtol=1e-9, atol=1e-12 * scale)
        np.testing.assert_array_equal(together[fact].codes, alone[fact].codes)
        np.testing.assert_array_equal(together[fact].lows, alone[fact].lows)


def test_too_many_values_stay_too_many():
    few, many = pl.DataFrame({"text": ["a", None]}), pl.DataFrame({"text": ["a", "b", "c"]})
    fact = Values("text", limit=2)
    given_up = profile(many, [fact])
    assert given_up[fact].values(0) == [OVERFLOW]
    assert given_up[fact].rows == 3
    for total in (given_up + profile(few, [fact]), profile(few, [fact]) + given_up, given_up + given_up):
        assert total[fact].values(0) == [OVERFLOW]
        assert total[fact].rows == total.rows
    other = profile(pl.DataFrame({"text": ["z"]}), [fact])
    assert (profile(few, [fact]) + other)[fact].values(0) == [OVERFLOW]


def test_too_many_values_in_slices():
    fact = Values("text", limit=2, by=(Category("flag"),))
    frame = pl.DataFrame({"text": ["a", "b", "c"], "flag": [True, False, None]})
    assert profile(frame, [fact])[fact].rows == 3
    assert profile(frame, [fact])[fact].values(1) == [OVERFLOW]
    both = profile(frame, [fact, Values("text", limit=2)])
    assert both[Values("text", limit=2)].values(0) == [OVERFLOW]


def test_unequal_specs_do_not_add():
    frame = pl.DataFrame({"x": [1.0, 2.0]})
    left, right = (
        profile(frame, [Histogram("x", RootGrid(0.0, 1.0))]),
        profile(frame, [Histogram("x", RootGrid(0.0, 2.0))]),
    )
    with pytest.raises(ProfileError, match=r"left.*scale=1\.0.*right.*scale=2\.0"):
        left + right
    with pytest.raises(ProfileError, match="and 6 more"):
        profile(frame, [Histogram("x", RootGrid(float(i), 1.0)) for i in range(10)]) + left
    with pytest.raises(ProfileError, match="nothing"):
        profile(frame, []) + left
