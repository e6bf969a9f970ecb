"""Sketches of whole rows: exact while they hold everything, right on average beyond, the same whatever the order."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import Category, Count, Distinct, RowHash, Sample, measure
from steelyard.facts.hashing import row_hashes
from steelyard.facts.sketches import distinct, repeated, sample_frame, shared
from steelyard.facts.sketching import SketchCounter, _encoded
from steelyard.facts.table import encode
from steelyard.records import ConfigError, ProfileError


def sketch(frame, fact):
    return measure(as_table(frame.lazy(), "rows"), [fact])[fact]


def hashes(*columns):
    return row_hashes([pl.Series(f"c{i}", column) for i, column in enumerate(columns)]).tolist()


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ([1.0, 2.5, None], [1.0, 2.5, float("nan")]),
        ([0.0], [-0.0]),
        (pl.Series([1, -7, None], dtype=pl.Int64), pl.Series([1, -7, None], dtype=pl.Float64)),
        (pl.Series([1, 200, None], dtype=pl.UInt8), pl.Series([1, 200, None], dtype=pl.Int32)),
        (pl.Series([2**53, -(2**53)], dtype=pl.Int64), [2.0**53, -(2.0**53)]),
        (pl.Series([2**63, 2**60, 0], dtype=pl.UInt64), [2.0**63, 2.0**60, 0.0]),
        (pl.Series([0.5, None], dtype=pl.Float32), [0.5, None]),
        (pl.Series(["1.50", None]).cast(pl.Decimal(10, 2)), [1.5, None]),
        (["a", "é😀", "", None], pl.Series(["a", "é😀", "", None]).cast(pl.Categorical)),
        (["a", "b", None], pl.Series(["a", "b", None]).cast(pl.Enum(["b", "c", "a"]))),
        ([True, False, None], ["True", "False", None]),
        ([dt.datetime(2024, 1, 1), None], pl.Series([dt.datetime(2024, 1, 1), None]).cast(pl.Datetime("ms"))),
        ([dt.datetime(1969, 1, 1)], pl.Series([dt.datetime(1969, 1, 1)]).cast(pl.Datetime("ns"))),
        (pl.Series([None], dtype=pl.String), pl.Series([None], dtype=pl.Float64)),
        (pl.Series([None], dtype=pl.Boolean), pl.Series([None], dtype=pl.Datetime("us"))),
    ],
)
def test_equal_values_hash_equal(one, other):
    assert hashes(one) == hashes(other)
    assert hashes([3.0] * len(one), one) == hashes([3.0] * len(one), other)


@pytest.mark.parametrize(
    "column",
    [
        pl.Series([1.0, -0.0, 0.0, 2.5, float("nan"), None, float("inf"), -float("inf"), 2.0**53, -1e300]),
        pl.Series([3, None, -5, 2**63 - 1], dtype=pl.Int64),
        pl.Series([2**64 - 1, 7, None], dtype=pl.UInt64),
        pl.Series(["1.50", "2.00", None]).cast(pl.Decimal(10, 2)),
        pl.Series(["b", "é😀", None, "a"]),
        pl.Series([True, None, False]),
        pl.Series([dt.datetime(2024, 1, 1), None]),
        pl.Series([None, None], dtype=pl.Float64),
        pl.Series([], dtype=pl.Float64),
    ],
)
def test_sampled_values_are_written_as_categories_are(column):
    codes, levels = _encoded(column)
    expected_codes, expected_levels = encode(Category("c"), column.to_list())
    assert (codes.tolist(), levels) == (expected_codes.tolist(), expected_levels)
    assert [type(level) for level in levels] == [type(level) for level in expected_levels]


def test_unequal_rows_hash_unequal():
    long = pl.Series([2**53, 2**53 + 1, 2**63 - 1, 2**63 - 2, -(2**63), 2**60 + 1, 2**60], dtype=pl.Int64)
    assert len(set(hashes(long))) == len(long)
    unsigned = pl.Series([2**64 - 1, 2**64 - 2, 2**63, 2**63 + 1, 1], dtype=pl.UInt64)
    assert len(set(hashes(unsigned))) == len(unsigned)
    assert hashes(["a"], ["b"]) != hashes(["b"], ["a"])
    assert hashes([None, 1.0], [1.0, None])[0] != hashes([None, 1.0], [1.0, None])[1]
    assert len(set(hashes([0.0, 1.0, None, 5e-324]))) == 4


@pytest.mark.parametrize(
    "axes",
    [
        [np.arange(11.0)] * 5,
        [np.arange(2.0)] * 17,
        [2.0 ** np.arange(-10, 10), -(2.0 ** np.arange(0, 20)), np.arange(18.0), np.arange(18.0)],
        [np.arange(50) / 100, np.arange(50) / 10, np.arange(50.0) * 1000],
        [1.7e15 + np.arange(400) * 1e6, np.arange(400.0)],
    ],
    ids=["small", "bits", "powers", "decimals", "times"],
)
def test_hashes_are_uniform(axes):
    """χ² with 255 degrees of freedom on bytes high and low; no collision, as chance would have it."""
    found = row_hashes([pl.Series(str(i), held.ravel()) for i, held in enumerate(np.meshgrid(*axes))])
    assert len(np.unique(found)) == len(found)
    assert found.min() >= 0
    expected = len(found) / 256
    for shift in (0, 7, 16, 31, 40, 55):
        counts = np.bincount((found >> shift) & 255, minlength=256)
        assert ((counts - expected) ** 2 / expected).sum() < 360  # p ≈ 1e-5


def test_a_small_table_is_told_exactly():
    frame = pl.DataFrame({"x": [1, 1, 1, 2, None, None], "y": ["a", "a", "a", "a", None, "b"]})
    fact = Distinct(("x", "y"))
    found = sketch(frame, fact)
    assert distinct(fact, found) == (4.0, 0.0)
    assert repeated(fact, found) == (pytest.approx(2 / 6), 0.0)
    nothing = sketch(frame.clear(), fact)
    assert distinct(fact, nothing) == (0.0, 0.0)
    assert repeated(fact, nothing) is None


def test_shared_contents_are_told_exactly():
    a = pl.DataFrame({"x": [1, 1, 2, 3, None]})
    b = pl.DataFrame({"x": [3.0, None, 1.0, 7.0]})
    fact = Distinct(("x",))
    found = shared(fact, sketch(a, fact), sketch(b, fact))
    assert (found.contents, found.common, found.rows, found.common_rows, found.exact) == (4, 3, 5, 4, True)
    assert (found.share, found.row_share) == (3 / 4, 4 / 5)
    empty = shared(fact, sketch(a.clear(), fact), sketch(b, fact))
    assert (empty.share, empty.row_share, empty.exact) == (None, None, True)
    assert shared(fact, sketch(a, fact), sketch(b.clear(), fact)).share == 0.0


def simulated(seed, contents=20_000, size=256):
    """Rows of which a known share repeats: content i is there 1, 2 or 3 times."""
    rng = np.random.default_rng(seed)
    values = rng.random(contents)
    times = np.arange(contents) % 3 + 1
    return pl.DataFrame({"x": np.repeat(values, times)}), Distinct(("x",), size)


def test_estimates_are_right_on_average_and_know_their_error():
    truth_repeated = 0.5  # 1 − 1/2
    counts, shares = [], []
    for seed in range(120):
        frame, fact = simulated(seed)
        found = sketch(frame, fact)
        assert len(found) == fact.size
        counts.append(distinct(fact, found))
        shares.append(repeated(fact, found))
    number, error = np.array(counts).T
    assert np.all(error == 1 / np.sqrt(254))
    assert abs(number.mean() / 20_000 - 1) < 4 * error[0] / np.sqrt(120)
    assert number.std() / 20_000 == pytest.approx(error[0], rel=0.25)
    share, error = np.array(shares).T
    assert abs(share.mean() - truth_repeated) < 4 * error.mean() / np.sqrt(120)
    assert share.std() == pytest.approx(error.mean(), rel=0.25)


def test_shared_contents_are_sampled_fairly():
    z = []
    for seed in range(80):
        rng = np.random.default_rng(seed)
        a, b = rng.random(9_000), rng.random(30_000)
        b[:3_000] = a[:3_000]
        fact = Distinct(("x",), 512)
        found = shared(fact, sketch(pl.DataFrame({"x": a}), fact), sketch(pl.DataFrame({"x": b}), fact))
        assert not found.exact
        assert 80 < found.contents < 240  # as many as lie below the smaller reach: about 512·9/30
        z.append((found.share - 1 / 3) / np.sqrt(2 / 9 / found.contents))
    assert abs(np.mean(z)) < 4 / np.sqrt(80)
    assert np.std(z) == pytest.approx(1, rel=0.25)


@pytest.fixture(scope="module")
def mixed():
    rng = np.random.default_rng(2)
    n = 40_000
    return pl.DataFrame(
        {
            "number": pl.Series(rng.integers(0, 3_000, n) / 4).set(pl.Series(rng.random(n) < 0.1), None),
            "whole": rng.integers(0, 3, n),
            "text": pl.Series(rng.choice(["a", "é😀", ""], n)),
            "kind": pl.Series(rng.choice(["x", "y"], n)).cast(pl.Categorical),
            "flag": rng.random(n) < 0.5,
            "at": pl.Series([dt.datetime(2024, 1, 1)] * n),
        }
    )


def test_a_sketch_holds_the_smallest_hashes_with_all_their_rows(mixed):
    fact = Distinct(("number", "whole"), 500)
    found = sketch(mixed, fact)
    values, counts = np.unique(row_hashes([mixed["number"], mixed["whole"]]), return_counts=True)
    np.testing.assert_array_equal(found.codes[:, 0], values[:500])
    np.testing.assert_array_equal(found.sums[:, 0], counts[:500])


def test_the_last_of_the_kept_contents_has_all_its_rows_too():
    values = np.arange(100.0)
    last = values[np.argsort(row_hashes([pl.Series(values)]))[9]]
    found = sketch(pl.DataFrame({"x": np.concatenate([values, np.full(70_000, last)])}), Distinct(("x",), 10))
    assert found.sums[:, 0].tolist() == [1] * 9 + [70_001]


def test_order_and_parts_do_not_show(mixed):
    fact = Sample(tuple(mixed.columns), 300)
    whole = sketch(mixed, fact)
    assert sketch(mixed.reverse(), fact).equals(whole)
    parts = [measure(as_table(part.lazy(), "rows"), [fact]) for part in (mixed[:7_000], mixed[7_000:])]
    assert (parts[0] + parts[1])[fact].equals(whole)


def test_sketches_of_the_same_columns_are_cut_from_one(mixed, monkeypatch):
    made = []
    original = SketchCounter.__init__
    monkeypatch.setattr(SketchCounter, "__init__", lambda self, *a: made.append(1) or original(self, *a))
    columns = ("number", "text")
    facts = [Distinct(columns), Distinct(columns, 50), Sample(columns, 100)]
    together = measure(as_table(mixed.lazy(), "rows"), facts)
    assert len(made) == 1
    for fact in facts:
        assert together[fact].equals(sketch(mixed, fact))


def test_a_sample_is_rows_of_the_data(mixed):
    fact = Sample(tuple(mixed.columns), 200)
    frame = sample_frame(fact, sketch(mixed, fact))
    assert frame.height == 200
    assert frame.schema == {
        "number": pl.Float64,
        "whole": pl.Int64,
        "text": pl.String,
        "kind": pl.String,
        "flag": pl.String,
        "at": pl.String,
        "sy_rows": pl.Int64,
    }
    plain = mixed.with_columns(
        pl.col("kind").cast(pl.String),
        flag=pl.when("flag").then(pl.lit("True")).otherwise(pl.lit("False")),
        at=pl.lit("2024-01-01T00:00:00"),
    )
    counted = plain.group_by(plain.columns).agg(sy_rows=pl.len().cast(pl.Int64))
    assert frame.join(counted, on=frame.columns, nulls_equal=True).height == 200


def test_a_sample_is_uniform_over_contents():
    shares = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        frame = pl.DataFrame({"x": rng.random(4_000), "group": np.arange(4_000) % 4 == 0})
        fact = Sample(("x", "group"), 200)
        found = sample_frame(fact, sketch(frame, fact))
        shares.append((found["group"] == "True").mean())
    assert abs(np.mean(shares) - 0.25) < 4 * np.sqrt(0.25 * 0.75 / 200 / 60)


def test_a_sample_of_nothing_and_of_nothing_known():
    frame = pl.DataFrame({"x": pl.Series([None, None], dtype=pl.Float64), "y": ["a", "a"]})
    fact = Sample(("x", "y"))
    assert sample_frame(fact, sketch(frame, fact)).rows() == [(None, "a", 2)]
    assert sample_frame(fact, sketch(frame.clear(), fact)).height == 0


def test_hashes_of_another_version_do_not_add():
    frame = as_table(pl.DataFrame({"x": [1]}).lazy(), "rows")
    old = Distinct(("x",), made_by="rows 0, polars 0.1")
    with pytest.raises(ConfigError, match=r"polars 0\.1"):
        measure(frame, [old])
    one = measure(frame, [Distinct(("x",))])
    with pytest.raises(ProfileError, match=r"polars 0\.1"):
        _ = one + type(one)({old: one[Distinct(("x",))]}, 1)


def test_rows_are_no_group():
    with pytest.raises(ConfigError, match="RowHash"):
        measure(as_table(pl.DataFrame({"x": [1]}).lazy(), "rows"), [Count((RowHash(("x",)),))])
