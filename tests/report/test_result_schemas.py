"""The JSON of every result that is no evaluation is valid by the schema that comes with the package."""

from __future__ import annotations

import json
from importlib.resources import files

import jsonschema
import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.evaluation.result import Result
from steelyard.report.results import KINDS


@pytest.fixture(scope="module")
def made() -> dict[str, Result]:
    rng = np.random.default_rng(0)
    n = 1_500
    score = rng.random(n)
    rows = pl.DataFrame(
        {
            "id": np.arange(n),
            "sex": rng.choice(["f", "m"], n),
            "p": score,
            "other": np.clip(score + rng.normal(0, 0.2, n), 0, 1),
            "y": (rng.random(n) < score).astype(int),
            "arm": rng.choice(["control", "B"], n),
            "x": rng.gamma(2.0, 1.0, n),
        }
    )
    roles = sy.Roles(label="y", sensitive=("sex",), id="id")
    results = [
        sy.experiment(rows, unit="id", arm="arm", metrics=["x:primary", "y"]),
        sy.design(metric="proportion", baseline=0.12, mde="5%", traffic="1000/day"),
        sy.compare_models({"old": {"score": "p"}, "new": {"score": "other"}}, roles, data=rows),
        sy.propose(rows, roles.updated(score="p"), fairness="equalized_odds", costs={"fn": -3, "fp": -1}),
    ]
    return {result.kind: result for result in results}


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_its_json_is_valid(kind: str, made: dict[str, Result]) -> None:
    schema = json.loads(files("steelyard.report").joinpath(f"schema/{kind}-v1.json").read_text("utf-8"))
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    told = json.loads(made[kind].to_json())
    assert [error.message for error in validator.iter_errors(told)] == []
    assert told["schema"] == f"steelyard.{kind}"
    assert list(validator.iter_errors(told | {"unknown": 1})) != []


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_every_face_shows_it(kind: str, made: dict[str, Result]) -> None:
    result = made[kind]
    for text in (result.to_html(), result.to_markdown(), str(result), result._repr_html_()):
        assert len(text) > 200
    assert result.to_dict()["subject"] == result.subject
