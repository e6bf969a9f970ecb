"""A value's place among a few: told by its one spelling, whatever its type and engine."""

import datetime as dt

import numpy as np
import polars as pl
import pytest

from steelyard.data.border import as_table
from steelyard.facts import Among, Count, measure
from steelyard.facts.grids import ABOVE, MISSING
from steelyard.facts.levels import normal
from steelyard.facts.local import run_local
from steelyard.facts.query import run_query

COLUMNS = {
    "whole": (pl.Series([0, 1, -7, 2**53, 2**53 + 1, None, 1], dtype=pl.Int64), (1, -7, 2**53 + 1, 0.5, "1", 99)),
    "small": (pl.Series([0, 200, None], dtype=pl.UInt8), (200, -1, 300)),
    "unsigned": (pl.Series([2**64 - 1, 2**63, 1, None], dtype=pl.UInt64), (1, -1)),
    "number": (pl.Series([0.5, -0.0, 1.0, float("inf"), float("nan"), None, 2.0**53]), (1, 0, 0.5, "inf", 2**53 + 1)),
    "single": (pl.Series([0.5, 0.25, None], dtype=pl.Float32), (0.5, 1)),
    "price": (pl.Series(["1.50", "2.00", None]).cast(pl.Decimal(10, 2)), (1.5, 2)),
    "flag": (pl.Series([True, False, None]), ("True", 0)),
    "flags": (pl.Series([True, False, None]), ("False", "True")),
    "text": (pl.Series(["a", "é😀", "", "1", "b", None]), ("é😀", "a", "", 1, "absent 🦓", "a' OR 1=1")),
    "kind": (pl.Series(["a", "z", None], dtype=pl.Categorical), ("z", "absent")),
    "level": (pl.Series(["a", "z", None], dtype=pl.Enum(["z", "a", "unused"])), ("a", "unused")),
    "time": (pl.Series([dt.datetime(2024, 1, 1), None]), ("2024-01-01T00:00:00",)),
    "nothing": (pl.Series([None, None], dtype=pl.Float64), (1, "a")),
    "many": (pl.Series([*range(400), None]), tuple(range(0, 800, 2))),
    "twice": (pl.Series([1, 2, None]), (1, 2, 1.0)),
    "word twice": (pl.Series(["a", "b", None]), ("a", "b", "a")),
    "none wanted": (pl.Series(["a", None]), ()),
}


def codes_of(table, fact):
    return dict(zip(table[fact].values(0), table[fact].sums[:, 0].tolist(), strict=True))


@pytest.mark.parametrize("name", COLUMNS)
def test_the_place_is_that_of_the_spelling(name):
    column, values = COLUMNS[name]
    fact = Count((Among(name, values),))

    def place(value):
        spelt = normal(value)
        if spelt is None:
            return MISSING
        same = [i for i, v in enumerate(values) if v == spelt and isinstance(v, str) == isinstance(spelt, str)]
        return same[0] if same and column.dtype != pl.Datetime else ABOVE

    expected = dict(
        zip(*(a.tolist() for a in np.unique([place(v) for v in column], return_counts=True)), strict=True)
    )
    frame = pl.DataFrame({name: column})
    table = as_table(frame.lazy(), "rows")
    assert codes_of(measure(table, [fact]), fact) == expected
    assert codes_of(run_query(table.frame, table.kinds, [fact]), fact) == expected
    # Without the border too: NaN, decimals and small types as they come.
    assert codes_of(run_local(frame.lazy(), [name], [fact]), fact) == expected


def test_codes_have_names():
    key = Among("text", ("a", 1, 0.25))
    assert [key.name(code) for code in (MISSING, 0, 1, 2, ABOVE)] == ["(missing)", "a", "1", "0.25", "(other)"]


def test_places_do_not_depend_on_the_batch(monkeypatch):
    rng = np.random.default_rng(3)
    words = np.sort(rng.choice(["a", "b", "c", "d", "é😀"], 10_000))
    frame = pl.DataFrame({"text": words, "kind": pl.Series(words).cast(pl.Categorical)})
    facts = [Count((Among(name, ("d", "a")),)) for name in frame.columns]
    original = pl.LazyFrame.collect_batches
    monkeypatch.setattr(pl.LazyFrame, "collect_batches", lambda self, **o: original(self, chunk_size=500, **o))
    found = measure(as_table(frame.lazy(), "rows"), facts)
    for fact in facts:
        rows = {word: (words == word).sum() for word in "abcd"}
        assert codes_of(found, fact) == {0: rows["d"], 1: rows["a"], ABOVE: 10_000 - rows["a"] - rows["d"]}
