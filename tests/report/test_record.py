"""The JSON: valid by its schema, strict, the same every time, nothing lost."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

import jsonschema
import numpy as np
import pytest

from steelyard.records import Estimate, Undefined
from steelyard.report import SCHEMA, SCHEMA_VERSION, to_dict, to_json
from steelyard.report.plain import outcome, plain


@pytest.fixture(scope="module")
def validator() -> jsonschema.Draft202012Validator:
    schema = json.loads(files("steelyard.report").joinpath("schema/evaluation-v1.json").read_text("utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def refuse(token: str) -> None:
    raise AssertionError(f"{token} is not JSON")


def test_every_example_is_valid(evaluation: Any, validator: jsonschema.Draft202012Validator) -> None:
    loaded = json.loads(to_json(evaluation), parse_constant=refuse)
    errors = [f"{list(e.absolute_path)}: {e.message[:200]}" for e in validator.iter_errors(loaded)]
    assert errors == []


def test_the_same_evaluation_gives_the_same_text(evaluation: Any) -> None:
    assert to_json(evaluation) == to_json(evaluation)
    assert json.loads(to_json(evaluation)) == json.loads(json.dumps(to_dict(evaluation)))


def test_order_does_not_depend_on_the_order_of_slices(examples: Any) -> None:
    given = examples.binary()
    turned = examples.replace(given, readings=given.readings[:1] + given.readings[1:][::-1])
    slices = [(e["metric"], e["data"], e["slice"]) for e in to_dict(turned)["estimates"] if e["metric"] == "roc_auc"]
    assert slices == [
        (e["metric"], e["data"], e["slice"]) for e in to_dict(given)["estimates"] if e["metric"] == "roc_auc"
    ]


def test_nothing_is_lost(examples: Any) -> None:
    given = examples.binary()
    result = to_dict(given)
    assert (result["schema"], result["schema_version"]) == (SCHEMA, SCHEMA_VERSION) == ("steelyard.evaluation", 1)
    assert len(result["estimates"]) + len(result["differences"]) == len(given.readings)
    first = result["estimates"][0]
    assert first["metric"] == "roc_auc"
    assert first["slice"] == {}
    assert (first["value"], first["low"], first["high"]) == pytest.approx((0.8123, 0.8062, 0.8184))
    assert result["verdict"] == "fail"
    assert [f["id"] for f in result["findings"]] == [f.id for f in given.findings]
    assert result["checks"][2]["rows_needed"] == 212_000
    assert result["checks"][3]["undefined"] == "too few positives"
    assert [len(c["columns"]) for c in result["curves"]] == [len(c.columns) for c in given.curves]


def test_what_is_not_finite(examples: Any) -> None:
    result = to_dict(examples.edges())
    by_metric = {e["metric"]: e for e in result["estimates"] if not e["slice"]}
    assert by_metric["m0"]["low"] is None
    assert by_metric["m0"]["high"] is None
    assert by_metric["m5"]["undefined"] == "the value is not a finite number"
    assert "value" not in by_metric["m6"]
    assert result["curves"][0]["columns"]["threshold"] == [None, 0.5, None]
    assert result["settings"] == {"x": None}


def test_optional_members_are_left_out() -> None:
    bare = outcome(Estimate(0.5, 0.4, 0.6, 0.95, 10, "wilson"))
    assert set(bare) == {"value", "low", "high", "level", "n", "method"}
    full = outcome(Estimate(0.5, 0.4, 0.6, 0.95, 10, "wilson", 8.0, 0.05, 1e-5, "few rows"))
    assert set(full) - set(bare) == {"effective_n", "se", "discretisation", "note"}
    assert outcome(Undefined("no rows")) == {"undefined": "no rows"}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (np.float64(0.5), 0.5),
        (np.int64(3), 3),
        (np.array([1.0, np.nan]), [1.0, None]),
        ({3, 1}, [1, 3]),
        ((1, (2,)), [1, [2]]),
        (float("-inf"), None),
        (True, True),
        ("a\ud800", "a?"),
        (b"x", "b'x'"),
        ({1: 2}, {"1": 2}),
    ],
)
def test_plain_values(given: Any, expected: Any) -> None:
    assert plain(given) == expected
