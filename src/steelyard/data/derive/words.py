"""The words of texts."""

from __future__ import annotations

import re
from collections.abc import Iterable

import polars as pl

WORD = r"\p{L}[\p{L}\p{M}'’]*"
"""What counts as a word: letters, with apostrophes inside."""
LETTERS = re.compile(r"[^\W\d_][^\W\d_'’]*(?:['’][^\W\d_]+)*")


def listed(texts: pl.Series) -> pl.Series:
    """The words of each text in lower case, as lists."""
    return texts.str.to_lowercase().str.extract_all(WORD)


def one_a_row(lists: pl.Series) -> pl.DataFrame:
    """Lists of words as one row a word: `row` and `word`."""
    rows = pl.DataFrame({"row": pl.arange(len(lists), eager=True, dtype=pl.UInt32), "word": lists})
    return rows.explode("word").drop_nulls("word")


def in_texts(texts: pl.Series) -> pl.DataFrame:
    """In how many texts each word is: `word` and `texts`, the commonest first."""
    each = one_a_row(listed(texts)).unique()
    return each.group_by("word").agg(pl.len().alias("texts")).sort(["texts", "word"], descending=[True, False])


def vocabulary(texts: pl.Series, fewest: int, most: int) -> dict[str, int]:
    """The words that are in at least `fewest` texts, at most `most` of them, with the number of texts."""
    counted = in_texts(texts).filter(pl.col("texts") >= fewest).head(most)
    return dict(counted.iter_rows())


def known_words(counts: Iterable[tuple[str, int]], fewest: int) -> pl.DataFrame:
    """The words of a vocabulary that are in at least `fewest` texts."""
    return pl.DataFrame({"word": [w for w, n in counts if n >= fewest]}, schema={"word": pl.String})
