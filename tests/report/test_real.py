"""What `evaluate` makes of real rows goes through every face; the JSON is valid by its schema."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.report import to_html, to_json, to_markdown, to_notebook_html, to_terminal


def binary(rng: np.random.Generator, n: int) -> tuple[pl.DataFrame, sy.Roles]:
    score = rng.random(n)
    frame = pl.DataFrame({"y": (rng.random(n) < score).astype(int), "p": score, "s": rng.choice(["a", "b|<i>"], n)})
    return frame, sy.Roles(label="y", score="p", slices=["s"], threshold=0.5)


def multiclass(rng: np.random.Generator, n: int) -> tuple[pl.DataFrame, sy.Roles]:
    names = np.array(["cat", "dog", "</script>"])
    actual = rng.integers(0, 3, n)
    wrong = rng.random(n) < 0.3
    return pl.DataFrame({"y": names[actual], "yhat": names[np.where(wrong, (actual + 1) % 3, actual)]}), sy.Roles(
        label="y", prediction="yhat"
    )


def regression(rng: np.random.Generator, n: int) -> tuple[pl.DataFrame, sy.Roles]:
    x = rng.normal(100, 20, n)
    return pl.DataFrame({"y": x, "yhat": x + rng.normal(0, 5, n)}), sy.Roles(label="y", prediction="yhat")


def ranking(rng: np.random.Generator, n: int) -> tuple[pl.DataFrame, sy.Roles]:
    score = rng.random(n)
    frame = pl.DataFrame({"q": np.arange(n) // 10, "y": (rng.random(n) < score / 2).astype(int), "p": score})
    return frame, sy.Roles(label="y", score="p", query="q", task="ranking")


@pytest.mark.parametrize("make", [binary, multiclass, regression, ranking])
def test_every_face_of_a_real_evaluation(make: Any) -> None:
    rng = np.random.default_rng(4)
    current, roles = make(rng, 600)
    reference, _ = make(rng, 400)
    evaluation = sy.evaluate(current, roles, reference=reference)
    schema = json.loads(files("steelyard.report").joinpath("schema/evaluation-v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator(schema).validate(json.loads(to_json(evaluation)))
    page = to_html(evaluation)
    assert len(page.encode()) < 1_500_000
    assert page.count("<script>") in (0, 4)
    assert "Performance" in to_markdown(evaluation)
    assert "Key numbers" in to_terminal(evaluation, 80)
    assert "steelyard-evaluation" in to_notebook_html(evaluation)
    assert str(evaluation) == to_terminal(evaluation)
