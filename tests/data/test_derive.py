"""Columns derived from texts, images and vectors: right, lazy, equal on engines, frozen from the reference."""

import io

import duckdb
import numpy as np
import polars as pl
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import steelyard as sy
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.data.derive import derive, derived, derived_name, directions, freeze, is_direction, with_derived
from steelyard.data.derive.embedding import axes
from steelyard.data.derive.image import look
from steelyard.data.derive.language import STOP_WORDS
from steelyard.records import ColumnError, DataError

TEXTS = [
    "The cat sat on the mat, and THE cat was not amused! https://a.example",
    "Der Hund ist nicht im Haus, und das ist auch gut so.",
    "La vie est belle et je ne sais pas quoi dire de plus",
    "Это был очень хороший день, и я не хочу домой",
    "你好世界",
    "こんにちは、元気ですか",
    "Καλημέρα σας",
    "lorem ipsum dolor",
    "42 42 !!",
    "😀😀 wow",
    "   ",
    "",
    None,
]


def collected(table):
    return table.frame.collect("polars").to_native()


def texts(values=TEXTS):
    return collected(derive(pl.DataFrame({"t": pl.Series(values, dtype=pl.String)}), text="t"))


def column(frame, what):
    return dict(zip(frame["t"].to_list(), frame[f"t ({what})"].to_list(), strict=True))


def test_characters_are_counted():
    found = texts()
    assert column(found, "length") == {t: None if t is None else len(t) for t in TEXTS}
    assert column(found, "words") == {t: None if t is None else len(t.split()) for t in TEXTS}
    for what, has in (
        ("digits", str.isdigit),
        ("upper case", str.isupper),
        ("non-ASCII", lambda c: not c.isascii()),
        ("punctuation", lambda c: c.isascii() and c.isprintable() and not c.isalnum() and c != " "),
    ):
        expected = {t: sum(map(has, t)) / len(t) if t else None for t in TEXTS}
        assert column(found, what) == pytest.approx(expected), what
    assert column(found, "emoji")["😀😀 wow"] == 2
    assert [t for t, has in column(found, "has link").items() if has] == [TEXTS[0]]
    assert [t for t, is_blank in column(found, "blank").items() if is_blank] == ["   ", ""]
    assert column(found, "repeated words")["lorem ipsum dolor"] == 0.0
    assert column(found, "repeated words")[TEXTS[0]] == pytest.approx(1 - 12 / 15)


def test_script_and_language_are_told_roughly():
    found = texts()
    assert list(column(found, "script").values()) == [
        "Latin", "Latin", "Latin", "Cyrillic", "Han", "Kana", "Greek", "Latin", "none", "Latin", "none", "none", None,
    ]  # fmt: skip
    assert list(column(found, "language").values()) == [
        "English", "German", "French", "Russian", "Chinese", "Japanese", "Greek", *["unknown"] * 5, None,
    ]  # fmt: skip


@pytest.mark.parametrize("language", [name for name in STOP_WORDS if name not in ("Danish", "Norwegian")])
def test_each_language_is_its_own(language):
    """The second half of its commonest words, as a text, is of it and no other."""
    words = STOP_WORDS[language].split()
    assert texts([" ".join(words[len(words) // 3 :])])["t (language)"].to_list() == [language]


def test_engines_agree_on_what_they_share():
    values = [t for t in TEXTS if t is None or t.strip() or not t]
    here = texts(values)
    connection = duckdb.connect()
    connection.execute("create table texts (t varchar)")
    connection.executemany("insert into texts values (?)", [[t] for t in values])
    table = derive(connection.table("texts"), text="t")
    there = collected(table)
    shared = [c for c in there.columns if c != "t"]
    assert {"t (words)", "t (emoji)", "t (blank)", "t (has link)"} <= set(shared)
    assert "language" in table.warnings[0]
    by = {"by": "t", "nulls_last": True}
    assert there.sort(**by).select(shared).equals(here.sort(**by).select(shared), null_equal=True)


def test_unknown_words_are_those_that_few_reference_texts_have():
    reference = pl.DataFrame({"t": ["good red shoes"] * 40 + ["bad blue shoes"] * 40 + ["odd"]})
    current = pl.DataFrame({"t": ["good green shoes", "odd", None, ""]})
    found = collected(derive(current, text="t", reference=reference))
    assert found["t (unknown words)"].to_list() == [pytest.approx(1 / 3), 1.0, None, None]
    assert "t (unknown words)" not in collected(derive(current, text="t")).columns


def test_texts_do_not_make_their_own_words_known():
    """A word of three reference texts is known to others, but each of the three has only two others that have it."""
    reference = pl.DataFrame({"t": ["common words here"] * 60 + ["rare"] * 3})
    found = collected(derive(reference, text="t"))
    assert found["t (unknown words)"].to_list() == [0.0] * 60 + [1.0] * 3
    other = collected(derive(pl.DataFrame({"t": ["rare"]}), text="t", reference=reference))
    assert other["t (unknown words)"].to_list() == [0.0]


def picture(path, colour, size=(40, 30), noise=0):
    rng = np.random.default_rng(0)
    pixels = np.clip(np.array(colour) + rng.integers(-noise, noise + 1, (size[1], size[0], 1)), 0, 255)
    Image.fromarray((pixels * np.ones((1, 1, 3))).astype(np.uint8)).save(path)
    return str(path)


def test_images_are_measured(tmp_path):
    paths = [
        picture(tmp_path / "white.png", 255),
        picture(tmp_path / "black.jpg", 0, (80, 20)),
        picture(tmp_path / "noise.png", 128, noise=60),
    ]
    red = np.zeros((10, 10, 3), dtype=np.uint8)
    red[:, :5, 0] = 255
    Image.fromarray(red).save(tmp_path / "red.png")
    (tmp_path / "broken.png").write_bytes(b"\x89PNG nothing")
    odd = [str(tmp_path / "broken.png"), str(tmp_path / "gone.png"), "\0", None]
    found = collected(derive(pl.DataFrame({"f": [*paths, str(tmp_path / "red.png"), *odd]}), image="f"))
    assert found["f (width)"].to_list() == [40, 80, 40, 10, None, None, None, None]
    assert found["f (aspect)"].to_list()[:3] == pytest.approx([4 / 3, 4.0, 4 / 3])
    assert found["f (readable)"].to_list() == [True] * 4 + [False] * 3 + [None]
    brightness = found["f (brightness)"].to_list()
    assert brightness[0] == pytest.approx(1.0)
    assert brightness[1] == pytest.approx(0.0, abs=0.01)
    assert brightness[3] == pytest.approx(0.299 / 2)
    assert found["f (contrast)"][2] > 0.1 > found["f (contrast)"][0]
    assert found["f (sharpness)"][2] > 10 * found["f (sharpness)"][0]
    assert found["f (colourfulness)"][2] == pytest.approx(0.0, abs=1e-6)
    # Half red, half black: sd 1/2 and 1/4, mean 1/2 and 1/4 (Hasler & Süsstrunk).
    assert found["f (colourfulness)"][3] == pytest.approx(1.3 * np.hypot(0.5, 0.25))


def test_bytes_of_images_do_as_well():
    digits = load_digits().images[:3] / 16 * 255
    files = []
    for digit in digits:
        held = io.BytesIO()
        Image.fromarray(digit.astype(np.uint8)).save(held, "PNG")
        files.append(held.getvalue())
    found = collected(derive(pl.DataFrame({"f": [*files, b"", None]}), image="f"))
    assert found["f (width)"].to_list() == [8, 8, 8, None, None]
    assert found["f (brightness)"].to_list()[:3] == pytest.approx([d.astype(np.uint8).mean() / 255 for d in digits])
    assert found["f (readable)"].to_list() == [True, True, True, False, None]
    assert look(files[0])[:3] == (8, 8, 1.0)


def test_vectors_are_placed_along_the_directions_of_the_reference():
    rng = np.random.default_rng(0)
    cloud = rng.normal(size=(3_000, 40)) * np.array([9.0, 5.0, *[0.5] * 38])
    reference = pl.DataFrame({"v": pl.Series(cloud.tolist())})
    odd = pl.DataFrame(
        {"v": pl.Series([cloud[0].tolist(), [1.0, 2.0], None, [None] * 40], dtype=pl.List(pl.Float64))}
    )
    found = collected(derive(odd, embedding="v", reference=reference))
    names = directions(found.columns)["v"]
    assert len(names) == 16
    assert names[0] == "v (direction 1)"
    centre = cloud.mean(axis=0)
    assert found["v (norm)"][0] == pytest.approx(np.linalg.norm(cloud[0]))
    assert abs(found["v (direction 1)"][0]) == pytest.approx(abs(cloud[0, 0] - centre[0]), abs=0.4)
    along = np.array([found[c][0] for c in names])
    off = found["v (off directions)"][0]
    assert off**2 + along @ along == pytest.approx(np.sum((cloud[0] - centre) ** 2))
    assert found["v (norm)"].to_list()[1:] == [None] * 3


def test_few_rows_make_few_directions():
    rng = np.random.default_rng(0)
    assert axes(rng.normal(size=(50, 300))) is None
    assert len(axes(rng.normal(size=(800, 300))).directions) == 8
    cloud = rng.normal(size=(500, 20)) * np.linspace(3, 1, 20)
    np.testing.assert_allclose(axes(-cloud).directions, axes(cloud).directions, atol=1e-8)
    short = axes(rng.normal(size=(3, 4)))
    np.testing.assert_array_equal(short.directions, np.eye(4))
    assert axes(np.full((9, 3), np.nan)) is None


def test_arrays_are_vectors_too():
    frame = pl.DataFrame({"v": pl.Series([[3.0, 4.0], [0.0, 1.0]], dtype=pl.Array(pl.Float32, 2))})
    found = collected(derive(frame, embedding="v"))
    assert found["v (norm)"].to_list() == [5.0, 1.0]
    assert found["v (direction 2)"].to_list() == [4.0, 1.0]


def test_a_callable_makes_vectors_of_texts():
    seen = []

    def embed(values):
        seen.extend(values)
        return np.array([[len(v), v.count("a")] for v in values])

    found = collected(derive(pl.DataFrame({"t": ["aa b", None, "c"]}), text="t", embed=embed))
    assert found["t (embedding)"].to_list() == [[4.0, 2.0], None, [1.0, 0.0]]
    assert found["t (embedding direction 1)"].to_list() == [4.0, None, 1.0]
    assert set(seen) == {"aa b", "c"}


@pytest.mark.parametrize("embed", [lambda v: [1.0], lambda v: np.ones((len(v) + 1, 2)), lambda v: [["a"]] * len(v)])
def test_a_callable_that_makes_no_vectors_is_refused(embed):
    with pytest.raises((DataError, pl.exceptions.ComputeError), match="embed must return numbers of shape"):
        collected(derive(pl.DataFrame({"t": ["a", "b"]}), text="t", embed=embed))


def test_what_is_not_asked_for_is_not_done():
    calls = []
    table = derive(
        pl.DataFrame({"t": ["a"], "k": [1]}), text="t", embed={"t": lambda v: calls.append(v) or [[1.0]] * len(v)}
    )
    calls.clear()
    table.frame.select("k", "t (length)").collect()
    assert not calls


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"text": "nope"}, "no column 'nope'"),
        ({"text": "n"}, "'n' was given as text, but it holds Int64"),
        ({"image": "n"}, "paths of image files"),
        ({"embedding": "t"}, "lists of numbers"),
        ({"text": "t", "embed": {"n": len}}, "embed names 'n'"),
    ],
)
def test_columns_that_cannot_be_meant_are_refused(given, said):
    with pytest.raises(ColumnError, match=said):
        derive(pl.DataFrame({"t": ["a"], "n": [1]}), **given)


def test_names_say_what_they_are_of():
    assert derived_name("a b", "words") == "a b (words)"
    assert derived_name("t (embedding)", "norm") == "t (embedding norm)"
    names = ["v (direction 10)", "v (direction 2)", "t (embedding direction 1)", "x", "direction 1"]
    assert directions(names) == {
        "v": ("v (direction 2)", "v (direction 10)"),
        "t (embedding)": ("t (embedding direction 1)",),
    }
    assert is_direction(names[0])
    assert not is_direction("v (norm)")


def test_columns_that_are_there_already_stay():
    once = derive(pl.DataFrame({"t": ["a b"], "t (words)": [7.0]}), text="t")
    assert collected(once)["t (words)"].to_list() == [7.0]
    roles = Roles(text="t")
    again = with_derived(once, roles, freeze(once, roles), own=True)
    assert again.columns == once.columns


def test_both_data_sets_are_derived_alike():
    tables = {
        "current": read({"t": ["a b c"] * 60, "k": [1] * 60}),
        "reference": read({"t": ["x y"] * 60, "k": [1] * 60}),
    }
    made, roles = derived(tables, Roles(text="t", features=["k"]))
    assert set(made["current"].columns) == set(made["reference"].columns)
    assert collected(made["current"])["t (unknown words)"].to_list() == [1.0] * 60
    assert collected(made["reference"])["t (unknown words)"].to_list() == [0.0] * 60
    assert "t (words)" in roles.features
    assert derived(tables, Roles()) == (tables, Roles())


def test_derived_columns_are_evaluated():
    rng = np.random.default_rng(0)
    n = 400
    frame = pl.DataFrame(
        {
            "label": rng.integers(0, 2, n),
            "score": rng.random(n),
            "review": [
                " ".join(rng.choice(["good", "bad", "the", "of", "shoe"], rng.integers(5, 12))) for _ in range(n)
            ],
        }
    )
    found = sy.evaluate(derive(frame, text="review"), sy.Roles(label="label", score="score"))
    words = next(c for c in found.columns if c.name == "review (words)")
    assert words.low >= 5
    assert words.high <= 11


def test_free_text_is_guessed():
    rng = np.random.default_rng(0)
    n = 60
    frame = {
        "label": rng.integers(0, 2, n),
        "score": rng.random(n),
        "review": [f"It is the {i}th time that I write" for i in range(n)],
        "name": [f"Jo Doe {i}" for i in range(n)],
        "kind": rng.choice(["a very long kind of thing", "another such long kind"], n),
    }
    table = read(frame)
    complete, guesses = guess_roles(table, peek(table), Roles())
    assert tuple(complete.text) == ("review",)
    assert any("--text" in str(guess) for guess in guesses)
    assert guess_roles(table, peek(table), Roles(features=["review", "kind"]))[0].text == ("review",)
