"""Did texts move: can a classifier tell them apart by their words, and which words became more or less frequent?

Length, language, unknown words and the like are columns of their own (see `steelyard.data.derive`) and drift as such;
here texts are looked at as words, and as vectors where there is a callable that makes them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from steelyard.analyses.drift.embedding import embedded_drift
from steelyard.analyses.drift.points import ABLE, AUC_TOLERANCE, as_estimate, moved
from steelyard.analyses.drift.sampled import FEWEST, Sampled, beside, in_both, sampled, units_of
from steelyard.analyses.study import Study
from steelyard.analyses.words import percent, shown
from steelyard.data.derive import Embed
from steelyard.data.derive.words import listed as word_lists
from steelyard.data.derive.words import one_a_row
from steelyard.facts import Fact, Sample
from steelyard.records import Drift
from steelyard.stats.discriminate import Flags, folds_of, separation, unseen_scores
from steelyard.stats.log_odds import log_odds_ratios
from steelyard.stats.logistic import Dense
from steelyard.stats.multiplicity import benjamini_hochberg

ROWS = 2_000
"""Texts of each data set that are looked at."""
MOST_WORDS = 400
"""Words that a classifier is given: those in most texts."""
FEWEST_TEXTS = 5
"""Texts that a word has to be in to be compared."""
RIDGE = 2.0
FALSE_DISCOVERIES = 0.05
MOST_NAMED = 4


@dataclass(frozen=True)
class Word:
    """A word that became more or less frequent: shares of texts that have it."""

    word: str
    then: float
    now: float
    z: float


def about(study: Study) -> Iterator[Fact]:
    """Samples of the texts."""
    for column in _texts(study):
        yield _fact(study, column)


def drifts(study: Study, embed: Mapping[str, Embed] | None = None) -> list[Drift]:
    """The drift of each text column by its words; with `embed` (by column) also by vectors of the sampled texts.

    Raises:
        DataError: a callable does not return one vector of numbers for each text.
    """
    found: list[Drift | None] = []
    for column in _texts(study):
        rows = sampled(study, _fact(study, column))
        if rows is None:
            continue
        found.append(_by_words(study, column, rows))
        if embed is not None and column in embed:
            found.append(_by_vectors(study, column, rows, embed[column]))
    return [drift for drift in found if drift is not None]


def changed_words(texts: Sequence[str], second: Flags) -> list[Word]:
    """The words whose share of texts surely changed, the surest first."""
    words = _in_texts(texts)
    counts = (
        words.join(pl.DataFrame({"row": np.arange(len(texts), dtype=np.uint32), "second": second}), on="row")
        .group_by("word")
        .agg(
            pl.col("second").sum().cast(pl.Int64).alias("now"), (~pl.col("second")).sum().cast(pl.Int64).alias("then")
        )
        .filter(pl.col("now") + pl.col("then") >= FEWEST_TEXTS)
        .sort("word")
    )
    if not counts.height:
        return []
    now, then = counts["now"].to_numpy(), counts["then"].to_numpy()
    rows_now, rows_then = int(second.sum()), int((~second).sum())
    found = log_odds_ratios(now, rows_now, then, rows_then)
    sure = np.flatnonzero(benjamini_hochberg(found.p) <= FALSE_DISCOVERIES)
    order = sure[np.argsort(-np.abs(found.z[sure]), kind="stable")]
    names = counts["word"].to_list()
    return [
        Word(names[i], float(then[i] / rows_then), float(now[i] / rows_now), float(found.z[i]))
        for i in order.tolist()
    ]


def unknown_words(texts: Sequence[str], second: Flags) -> tuple[float, float]:
    """The share of words that the first half of the reference does not have: in its other half, and in the current.

    As neither was looked at for the vocabulary, the two are equal where nothing changed.
    """
    place = np.flatnonzero(~second)
    seen = place[: len(place) // 2]
    words = one_a_row(word_lists(pl.Series("text", texts, dtype=pl.String)))
    known = words.filter(pl.col("row").is_in(seen.astype(np.uint32))).select("word").unique()
    outside = words.join(known.with_columns(pl.lit(value=True).alias("known")), on="word", how="left")

    def share(rows: np.ndarray[tuple[int], np.dtype[np.intp]]) -> float:
        held = outside.filter(pl.col("row").is_in(rows.astype(np.uint32)))
        return float(held["known"].null_count()) / max(held.height, 1)

    return share(place[len(place) // 2 :]), share(np.flatnonzero(second))


def _texts(study: Study) -> list[str]:
    return [c for c in study.roles.text if in_both(study, c)]


def _fact(study: Study, column: str) -> Sample:
    return Sample(tuple(dict.fromkeys((column, *beside(study)))), ROWS)


def _by_words(study: Study, column: str, rows: Sampled) -> Drift | None:
    values = rows.values(column)
    there = np.array([isinstance(v, str) for v in values], dtype=bool)
    texts, second, units = [str(v) for v in values if isinstance(v, str)], rows.second[there], units_of(study, rows)
    units = units.of(there, rows.second)
    if min(int(second.sum()), int((~second).sum())) < FEWEST:
        return None
    design = _presence(texts)
    if not design.width:
        return None
    fold = folds_of(second, study.seed, units.clusters)
    told = separation(unseen_scores(design, second, fold, RIDGE), second, study.level, units.clusters)
    distance = as_estimate(told, len(second), study.level, "on a sample of texts; an AUC of 0.5 is no difference")
    verdict = moved(distance)
    words = changed_words(texts, second)
    then, now = unknown_words(texts, second)
    said = f"a classifier {ABLE[verdict]} current texts from those of the reference by their words "
    auc = f"(ROC-AUC {shown(distance, share=False)}, 0.5 is chance)"
    named = f"; {_named(words)}" if words and verdict != "stable" else ""
    return Drift(
        column,
        "feature",
        distance,
        verdict,
        {"changed_words": float(len(words)), "unknown_words_reference": then, "unknown_words_current": now},
        told.p,
        test=f"classifier two-sample test on words, {units.name} independent",
        tolerance=AUC_TOLERANCE,
        sentence=f"{said}{auc}{named}",
    )


def _by_vectors(study: Study, column: str, rows: Sampled, embed: Embed) -> Drift | None:
    values = rows.values(column)
    there = np.array([v is not None for v in values], dtype=bool)
    units = units_of(study, rows).of(there, rows.second)
    return embedded_drift(column, [v for v in values if v is not None], rows.second[there], units, study, embed)


def _named(words: Sequence[Word]) -> str:
    more = [_share(w) for w in words if w.now > w.then][:MOST_NAMED]
    less = [_share(w) for w in words if w.now < w.then][:MOST_NAMED]
    parts = [f"{what}: {', '.join(held)}" for what, held in (("more often", more), ("less often", less)) if held]
    return f"{'; '.join(parts)} (share of texts)"


def _share(word: Word) -> str:
    return f"“{word.word}” {percent(word.then)} to {percent(word.now)}"


def _in_texts(texts: Sequence[str]) -> pl.DataFrame:
    return one_a_row(word_lists(pl.Series("text", texts, dtype=pl.String))).unique()


def _presence(texts: Sequence[str]) -> Dense:
    """Which of the commonest words each text has, less their shares."""
    words = _in_texts(texts)
    counted = words.group_by("word").agg(pl.len().alias("texts"))
    apt = counted.filter((pl.col("texts") >= FEWEST_TEXTS) & (pl.col("texts") < len(texts)))
    kept = apt.sort(["texts", "word"], descending=[True, False]).head(MOST_WORDS).with_row_index("place")
    found = words.join(kept, on="word")
    matrix = np.zeros((len(texts), kept.height))
    matrix[found["row"].to_numpy(), found["place"].to_numpy()] = 1.0
    return Dense(matrix - matrix.mean(axis=0) if kept.height else matrix)
