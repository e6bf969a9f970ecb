"""What can be told of a text without understanding it, as columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import narwhals.stable.v2 as nw
import polars as pl

from steelyard.data.derive.language import languages, scripts
from steelyard.data.derive.words import known_words, listed, one_a_row

LOOKED_AT = 300
"""Characters at the start of a text that its script is told from."""
WORDS_LOOKED_AT = 50
"""Words at the start of a text that its language is told from."""
FEWEST_TEXTS = 3
"""Texts of the reference that a word has to be in to count as known."""

Made = Mapping[str, nw.Expr]
_SPACE = r"[ \t\r\n]"
_DIGITS = "[0-9]"
_UPPER = "[A-ZÀ-ÖØ-ÞΑ-ΩА-ЯЁ]"
_PUNCTUATION = r"[!-/:-@\[-`{-~]"
_NOT_ASCII = r"[^ -~\t\r\n]"
_EMOJI = "[\U0001f300-\U0001faff☀-➿]"
_LINK = r"https?://|www\."


def portable(column: str) -> Made:
    """Columns that every engine can make: length, words, shares of kinds of characters, emoji, links, blank texts."""
    text = nw.col(column).cast(nw.String)
    length = text.str.len_chars().cast(nw.Float64)
    return {
        "length": length,
        "words": _counted(text.str.replace_all(r"[^ \t\r\n]+", "x"), "x"),
        "digits": _share(text, _DIGITS, length),
        "upper case": _share(text, _UPPER, length),
        "punctuation": _share(text, _PUNCTUATION, length),
        "non-ASCII": _share(text, _NOT_ASCII, length),
        "emoji": _counted(text, _EMOJI),
        "has link": text.str.contains(_LINK),
        "blank": text.str.replace_all(f"{_SPACE}+", "") == "",
    }


def by_words(vocabulary: Mapping[str, int] | None, own: bool) -> tuple[pl.Struct, Callable[[pl.Series], pl.Series]]:
    """What only Polars makes: repeated words, script, language and, with a vocabulary, the share of words outside.

    Args:
        vocabulary: words with the number of reference texts that have them; None for none.
        own: whether the texts are the very ones that the vocabulary is of. Then a word has to be in one text more,
            so that a text does not make its own words known.

    Returns:
        The fields of the struct, and the function from texts to structs.
    """
    fields = {"repeated words": pl.Float64, "script": pl.String, "language": pl.String}
    known = None if vocabulary is None else known_words(vocabulary.items(), FEWEST_TEXTS + own)
    if known is not None:
        fields["unknown words"] = pl.Float64
    made = pl.Struct([pl.Field(name, dtype()) for name, dtype in fields.items()])

    def make(texts: pl.Series) -> pl.Series:
        texts = texts.cast(pl.String)
        lists = listed(texts)
        words = one_a_row(lists)
        script = scripts(texts.str.slice(0, LOOKED_AT))
        columns = {
            "repeated words": _repeated(words, len(texts)),
            "script": script,
            "language": languages(script, one_a_row(lists.list.head(WORDS_LOOKED_AT))),
        }
        if known is not None:
            columns["unknown words"] = _outside(words, known, len(texts))
        return pl.DataFrame(columns, schema=dict(made)).to_struct(texts.name)

    return made, make


def _counted(text: nw.Expr, pattern: str) -> nw.Expr:
    """How often a pattern of one character matches."""
    return (text.str.len_chars() - text.str.replace_all(pattern, "").str.len_chars()).cast(nw.Float64)


def _share(text: nw.Expr, pattern: str, length: nw.Expr) -> nw.Expr:
    """The share of characters that match; missing for an empty text."""
    return nw.when(length > 0).then(_counted(text, pattern) / length)


def _repeated(words: pl.DataFrame, texts: int) -> pl.Series:
    """1 − different words / words of each text; missing where there are none."""
    share = 1.0 - pl.col("word").n_unique() / pl.len()
    return _by_row(words.group_by("row").agg(share.alias("value")), texts)


def _outside(words: pl.DataFrame, known: pl.DataFrame, texts: int) -> pl.Series:
    """The share of each text's words that are not known; missing where there are none."""
    marked = words.join(known.with_columns(pl.lit(value=True).alias("known")), on="word", how="left")
    share = pl.col("known").is_null().mean()
    return _by_row(marked.group_by("row").agg(share.alias("value")), texts)


def _by_row(values: pl.DataFrame, texts: int) -> pl.Series:
    rows = pl.DataFrame({"row": pl.arange(texts, eager=True, dtype=pl.UInt32)})
    return rows.join(values, on="row", how="left", maintain_order="left")["value"]
