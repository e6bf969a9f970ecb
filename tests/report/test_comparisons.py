"""The document of a comparison: its sections, grids and words."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from steelyard import Roles, compare_models
from steelyard.report.comparisons import document
from steelyard.report.section import Grid, Words


@pytest.fixture(scope="module")
def frame():
    rng = np.random.default_rng(5)
    logit = rng.normal(0, 1.5, 800)
    noisy = {
        name: 1 / (1 + np.exp(-logit - rng.normal(0, sd, 800))) for name, sd in (("a", 1.0), ("b", 0.2), ("c", 2))
    }
    y = (rng.random(800) < 1 / (1 + np.exp(-logit))).astype(int)
    return pl.DataFrame({"y": y, **noisy, "sex": rng.choice(["F", "M"], 800), "fold": np.arange(800) % 4})


def made(frame, names="ab", **more):
    models = {name: {"score": name} for name in names}
    return document(compare_models(models, Roles(label="y", slices=["sex"]), data=frame, **more))


def grids(page):
    return {s.id: [b for b in s.blocks if isinstance(b, Grid)] for s in page.sections}


def test_two_models(frame):
    page = made(frame)
    assert page.badge.word == "b is best"
    assert page.answer.startswith("b is better than a: ROC AUC differs by +")
    assert page.answers[0].question == "Which is better?"
    assert {line.anchor for line in page.answers} <= {s.id for s in page.sections} | {""}
    found = grids(page)
    order = found["order"][0]
    assert order.rows[0][0] == "b"
    assert order.scale is None  # of two the difference says it all
    assert [row[0] for row in found["disagreement"][0].rows] == [
        "Both right",
        "Only b right",
        "Only a right",
        "Both wrong",
    ]
    assert found["differences"][0].title == "b minus a"
    assert {row[4] for row in found["slices"][0].rows} <= {"b better", "no difference shown"}
    assert found["together"][0].rows
    assert found["metrics"][0].rows


def test_several_models(frame):
    page = made(frame, "abc")
    found = grids(page)
    assert len(found["order"][0].rows) == 3
    assert found["order"][0].middle == 0.0
    assert found["order"][0].scale is not None
    assert len(found["order"]) == 2
    assert len(found["differences"][0].rows) == 3
    assert len(found["disagreement"][0].rows) == 3
    assert "metrics" not in found


def test_folds_and_challenger(frame):
    page = made(frame, fold="fold", challenger="b", margin=0.05)
    found = grids(page)
    assert page.badge.kind == "pass"
    assert "not worse by more than the margin" in page.answer
    assert found["challenge"][0].rows[0][0] == "b against a"
    assert "Naive p" in [c.title for c in found["folds"][0].columns]
    assert any("Nadeau" in note for note in page.method.notes)


def test_models_that_cannot_be_averaged(frame):
    rounded = frame.with_columns((pl.col(c) >= 0.5).cast(pl.Int64) for c in "ab")
    page = document(compare_models({"a": "a", "b": "b"}, Roles(label="y", task="binary"), data=rounded))
    together = next(s for s in page.sections if s.id == "together")
    assert isinstance(together.blocks[0], Words)


@pytest.mark.parametrize("name", ["<b>bold</b>", "a\u202eb", "🦊", "x" * 200])
def test_odd_names_stay_text(frame, name):
    models = {"plain": {"score": "a"}, name: {"score": "b"}}
    found = compare_models(models, Roles(label="y"), data=frame)
    html = found.to_html()
    assert "<b>bold</b>" not in html
    assert "\u202e" not in html
    assert str(found)
