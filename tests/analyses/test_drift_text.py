"""Drift of texts: by words, by vectors of a callable, and by the columns that are derived from them."""

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.drift import text
from steelyard.analyses.drift.text import changed_words, unknown_words
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.data.derive import derived
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.records import DataError

ROLES = Roles(label="y", score="p", task="binary", text=("review",))
SOME = ["good", "fine", "bad", "poor", "shoe", "shirt", "colour", "size", "the", "a"]
WORDS = np.array([*SOME, "is", "was", "it", "very", "quite", "not", "really", "box", "came", "late"])
NEW = np.array(["refund", "broken", "charger", "battery"])


def pair_study(current, reference, roles=ROLES):
    tables, roles = derived({"current": read(current), "reference": read(reference)}, roles)
    sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
    complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
    return study_of(sources, Request(roles=complete))[0]


def reviews(n, seed, new=0.0):
    rng = np.random.default_rng(seed)
    said = [" ".join(rng.choice(WORDS, rng.integers(5, 12))) for _ in range(n)]
    said = [f"{s} {rng.choice(NEW)} {i}" if rng.random() < new else f"{s} {i}" for i, s in enumerate(said)]
    return pl.DataFrame({"y": rng.integers(0, 2, n), "p": rng.random(n), "review": said})


def test_new_words_are_found_and_named():
    drift = text.drifts(pair_study(reviews(500, 1, new=0.5), reviews(500, 2)))[0]
    assert (drift.column, drift.what, drift.verdict) == ("review", "feature", "drifted")
    assert drift.distance.value == pytest.approx(0.75, abs=0.04)
    assert drift.measures["changed_words"] == 4
    assert drift.measures["unknown_words_reference"] < 0.01 < drift.measures["unknown_words_current"]
    assert "more often" in drift.sentence
    assert all(word in drift.sentence for word in NEW)


def test_equal_texts_are_not_told_apart():
    drift = text.drifts(pair_study(reviews(500, 1), reviews(500, 2)))[0]
    assert drift.verdict != "drifted"
    assert drift.distance.low < 0.5 < drift.distance.high
    assert drift.measures["changed_words"] == 0
    assert "more often" not in drift.sentence


def test_vectors_are_made_of_the_sampled_texts_only():
    calls = []

    def embed(values):
        calls.append(len(values))
        return np.array([[len(v), v.count("e"), v.count("refund")] for v in values], dtype=float)

    study = pair_study(reviews(2_600, 1, new=0.8), reviews(2_500, 2))
    calls.clear()
    words, vectors = text.drifts(study, {"review": embed})
    assert calls == [4_000]
    assert vectors.column == "review (embedding)"
    assert vectors.verdict == "drifted"
    assert words.distance.n == 4_000


def test_a_callable_that_makes_no_vectors_is_refused():
    with pytest.raises(DataError, match="embed must return"):
        text.drifts(pair_study(reviews(60, 1), reviews(60, 2)), {"review": lambda values: [1.0]})


@pytest.mark.parametrize(
    "change",
    [
        lambda f: f.with_columns(review=pl.lit(None, dtype=pl.String)),
        lambda f: f.with_columns(review=pl.lit("")),
        lambda f: f.with_columns(review=pl.lit("the same words")),
        lambda f: f.with_columns(review=pl.lit("你好 😀 \x00 ' \" \\ %")),
        lambda f: f.head(3),
        lambda f: f.drop("review"),
        lambda f: f.with_columns(review=pl.lit(7)),
    ],
)
def test_odd_texts_are_answered(change):
    plain, odd = reviews(120, 1), change(reviews(120, 2))
    for drift in text.drifts(pair_study(plain, odd), {"review": lambda v: np.array([[len(x)] for x in v])}):
        assert 0.0 <= drift.distance.low <= drift.distance.high <= 1.0
        assert drift.sentence


def test_changed_words_are_ranked_by_how_sure_they_are():
    second = np.arange(400) >= 200
    texts = ["a b"] * 200 + ["a c"] * 150 + ["b d"] * 50
    found = changed_words(texts, second)
    assert [{w.word for w in found[:2]}, {w.word for w in found[2:]}] == [{"b", "c"}, {"a", "d"}]
    assert next((w.then, w.now) for w in found if w.word == "c") == (0.0, 0.75)
    assert changed_words(["x"] * 8, np.arange(8) >= 4) == []
    assert changed_words(["", ""], np.array([False, True])) == []


def test_unknown_words_of_equal_data_are_equal_on_average():
    rng = np.random.default_rng(0)
    second = np.arange(300) >= 150
    gaps = []
    for _ in range(60):
        texts = [
            " ".join(f"w{'abcdefghij'[k % 10] * (1 + k // 10)}" for k in rng.zipf(1.5, 8) % 400) for _ in range(300)
        ]
        then, now = unknown_words(texts, second)
        gaps.append(now - then)
    assert np.mean(gaps) == pytest.approx(0.0, abs=3 * np.std(gaps) / np.sqrt(60))
