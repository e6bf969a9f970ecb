"""A policy: what each kind decides, that chance keeps its word, and what is said of what does not fit."""

from __future__ import annotations

import datetime as dt
import decimal
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from steelyard.facts import CutGrid
from steelyard.facts.levels import normal
from steelyard.facts.levels import text as level_text
from steelyard.improve.grouping import cut_name, text
from steelyard.improve.policy import Policy
from steelyard.records import ColumnError, ConfigError, DataError, OutputError, SourceError
from steelyard.stats import recalibrators

MIXED = {
    "kind": "group_thresholds",
    "by": [{"column": "sex"}],
    "groups": [
        {"group": {"sex": "F"}, "thresholds": [{"from": 0.4, "chance": 0.3}, {"from": 0.6, "chance": 0.7}]},
        {"group": {"sex": "M"}, "thresholds": [{"from": 0.5}]},
    ],
    "otherwise": [{"from": 0.9, "chance": 1.0}],
}
REJECT = {
    "kind": "reject_option",
    "by": [{"column": "sex"}],
    "favoured": [{"sex": "F"}],
    "unfavoured": [{"sex": "M"}],
    "low": 0.4,
    "threshold": 0.5,
    "high": 0.6,
}


def decided(values: dict[str, Any], scores: Any, group: Any = None, **how: Any) -> list[Any]:
    return Policy.from_dict(values).apply(scores, group, **how).tolist()


def test_one_threshold_decides_scores_from_it_on() -> None:
    assert decided({"kind": "threshold", "threshold": 0.5}, [0.49, 0.5, 0.51, None, float("inf")]) == [
        0,
        1,
        1,
        -1,
        -1,
    ]


def test_groups_have_thresholds_of_their_own_and_others_the_rule_for_others() -> None:
    policy = Policy.from_dict(MIXED)
    chances = policy.chances([0.3, 0.5, 0.7, 0.4, 0.5, 0.8, 0.9], ["F", "F", "F", "M", "M", "X", None])
    assert chances.tolist() == [0.0, 0.3, 1.0, 0.0, 1.0, 0.0, 1.0]
    assert policy.random
    assert policy.columns == ("sex",)


def test_everyone_and_no_one_hold_for_any_score() -> None:
    values = {
        **MIXED,
        "groups": [
            {
                "group": {"sex": "F"},
                "thresholds": [{"from": "everyone", "chance": 0.25}, {"from": "no one", "chance": 0.75}],
            }
        ],
    }
    assert Policy.from_dict(values).chances([-1e300, 0.5, 1e300], ["F"] * 3).tolist() == [0.25, 0.25, 0.25]


def test_the_critical_region_is_decided_by_group() -> None:
    scores = [0.39, 0.4, 0.5, 0.59, 0.6]
    assert decided(REJECT, scores, ["F"] * 5) == [0, 1, 1, 1, 1]
    assert decided(REJECT, scores, ["M"] * 5) == [0, 0, 0, 0, 1]
    assert decided(REJECT, scores, ["X"] * 5) == [0, 0, 1, 1, 1]


def test_scores_between_two_bounds_are_left_to_people() -> None:
    values = {"kind": "abstention", "low": 0.3, "high": 0.7}
    assert decided(values, [0.29, 0.3, 0.69, 0.7]) == [0, -1, -1, 1]
    assert decided({"kind": "abstention", "low": 0.3, "high": None}, [0.1, 0.99]) == [0, -1]
    assert decided({"kind": "abstention", "high": 0.7}, [0.1, 0.99]) == [-1, 1]


@pytest.mark.parametrize("method", sorted(recalibrators.METHODS))
def test_scores_are_mapped_as_they_were_fitted(method: str) -> None:
    rng = np.random.default_rng(3)
    scores = np.sort(rng.uniform(0.02, 0.98, 40))
    rows = np.full(40, 50.0)
    fitted = recalibrators.METHODS[method](scores, rows, rng.binomial(50, scores**1.5).astype(float))
    policy = Policy.from_dict(json.loads(json.dumps(fitted.policy())))
    asked = np.linspace(0, 1, 101)
    assert policy.apply(asked) == pytest.approx(fitted(asked), abs=1e-12)


def test_scores_are_mapped_by_group() -> None:
    same = {"method": "temperature", "parameters": {"temperature": 1.0}}
    values = {
        "kind": "calibration",
        "by": [{"column": "sex"}],
        "groups": [{"group": {"sex": "F"}, "method": "isotonic", "x": [0, 1], "y": [0.2, 0.4]}],
        "otherwise": same,
    }
    mapped = Policy.from_dict(values).apply([0.5, 0.5, None], ["F", "M", "F"])
    assert mapped[:2] == pytest.approx([0.3, 0.5])
    assert np.isnan(mapped[2])


@pytest.mark.parametrize(
    "series",
    [
        list,
        tuple,
        np.array,
        pl.Series,
        pd.Series,
        pa.array,
        lambda v: pa.chunked_array([v]),
        lambda v: pd.Series(v, dtype="object"),
    ],
    ids=["list", "tuple", "numpy", "polars", "pandas", "arrow", "chunked", "object"],
)
def test_any_series_will_do(series: Any) -> None:
    assert decided({**MIXED, "groups": MIXED["groups"][1:]}, series([0.4, 0.5]), series(["M", "M"])) == [0, 1]


def test_missing_scores_of_any_library_are_left_to_people() -> None:
    values = {"kind": "threshold", "threshold": 0.5}
    for scores in (
        [0.6, None],
        pl.Series([0.6, None]),
        pd.Series([0.6, None], dtype="Float64"),
        pa.array([0.6, None]),
    ):
        assert decided(values, scores) == [1, -1]


def test_the_same_id_is_always_decided_alike_and_by_the_stated_chance() -> None:
    policy = Policy.from_dict(MIXED)
    ids = [f"person {i}" for i in range(20_000)]
    first = policy.apply([0.5] * 20_000, ["F"] * 20_000, ids=ids)
    again = policy.apply([0.5] * 20_000, ["F"] * 20_000, ids=ids[::-1])[::-1]
    assert first.tolist() == again.tolist()
    assert first.mean() == pytest.approx(0.3, abs=0.015)
    other = policy.apply([0.5] * 20_000, ["F"] * 20_000, ids=ids, seed=1)
    assert (first != other).mean() == pytest.approx(2 * 0.3 * 0.7, abs=0.02)


def test_whole_numbers_identify_whatever_their_type() -> None:
    policy, rows = Policy.from_dict(MIXED), 200
    made = [
        policy.apply([0.5] * rows, ["F"] * rows, ids=ids).tolist() for ids in (range(rows), np.arange(rows) * 1.0)
    ]
    assert made[0] == made[1]


def test_a_person_favoured_by_a_strict_rule_is_favoured_by_a_lenient_one() -> None:
    lenient = {
        **MIXED,
        "groups": [
            {"group": {"sex": "F"}, "thresholds": [{"from": 0.4, "chance": 0.6}, {"from": 0.6, "chance": 0.4}]}
        ],
    }
    strict, more = (decided(v, [0.5] * 1000, ["F"] * 1000, ids=range(1000)) for v in (MIXED, lenient))
    assert all(b >= a for a, b in zip(strict, more, strict=True))


def test_chance_needs_ids_or_a_seed() -> None:
    with pytest.raises(ConfigError, match="Give ids"):
        decided(MIXED, [0.5], ["F"])
    assert decided(MIXED, [0.5] * 50, ["F"] * 50, seed=2) == decided(MIXED, [0.5] * 50, ["F"] * 50, seed=2)


def test_a_group_that_is_not_known_is_named() -> None:
    known = {k: v for k, v in MIXED.items() if k != "otherwise"}
    with pytest.raises(
        DataError, match="2 rows are of groups that the policy does not know \\('X', '\\(missing\\)'\\)"
    ):
        decided(known, [0.5, 0.5, 0.5], ["X", "M", None])


def test_scores_of_another_range_are_refused() -> None:
    with pytest.raises(DataError, match=r"1 of 2 scores lie outside 0 to 1, e\.g\. 55"):
        decided({"kind": "threshold", "threshold": 0.5, "range": [0, 1]}, [0.5, 55])


def test_several_columns_tell_the_group_together() -> None:
    values = {
        "kind": "group_thresholds",
        "by": [{"column": "sex"}, {"column": "age", "cuts": [30, 50]}],
        "groups": [
            {"group": {"sex": "F", "age": "30 to < 50"}, "thresholds": [{"from": 0.2}]},
            {"group": {"sex": "F", "age": "(missing)"}, "thresholds": [{"from": 0.3}]},
        ],
        "otherwise": [{"from": 0.8}],
    }
    group = {"sex": ["F", "F", "F", "M"], "age": [30, 50, None, 40]}
    for given_group in (group, pl.DataFrame(group), pd.DataFrame(group)):
        assert decided(values, [0.25] * 4, given_group) == [1, 0, 0, 0]
    with pytest.raises(ConfigError, match="'sex' and 'age' together"):
        decided(values, [0.25], ["F"])
    with pytest.raises(ColumnError, match="No group column 'age'"):
        decided(values, [0.25], {"sex": ["F"]})


def test_lengths_must_agree() -> None:
    with pytest.raises(DataError, match="2 scores, but 1 values of 'sex'"):
        decided(MIXED, [0.5, 0.5], ["F"])
    with pytest.raises(DataError, match="2 scores, but 1 ids"):
        decided(MIXED, [0.5, 0.5], ["F", "F"], ids=[1])
    with pytest.raises(DataError, match="decides by 'sex'"):
        decided(MIXED, [0.5])


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"kind": "thresholds"}, "no kind of policy 'thresholds'. Did you mean 'threshold'"),
        ({"kind": "threshold"}, "'threshold' must be a number, not None"),
        ({"kind": "threshold", "threshold": True}, "must be a number"),
        ({"kind": "threshold", "threshold": 0.5, "range": [1, 0]}, '"range" must be'),
        ({"kind": "threshold", "threshold": 0.5, "schema": "steelyard.policy/2"}, "Upgrade Steelyard"),
        ({"kind": "threshold", "threshold": 0.5, "schema": "other/1"}, "This is not a policy"),
        ({**MIXED, "by": []}, '"by" must list the columns'),
        ({**MIXED, "groups": [*MIXED["groups"], MIXED["groups"][0]]}, "F stands there more than once"),
        ({**MIXED, "groups": [{"group": {"age": "1"}, "thresholds": [{"from": 1}]}]}, "must name a value of 'sex'"),
        ({**MIXED, "groups": [{"group": {"sex": "F"}, "thresholds": [{"from": 1, "chance": 0.5}]}]}, "add up to 1"),
        ({**MIXED, "groups": [{"group": {"sex": "F"}, "thresholds": [{"from": "all"}]}]}, '"everyone" or "no one"'),
        ({**MIXED, "groups": [{"group": {"sex": "F"}, "thresholds": []}]}, "must be a list"),
        ({**REJECT, "low": 0.55}, "must lie in the critical region"),
        ({"kind": "abstention", "low": 0.7, "high": 0.3}, 'at most "high"'),
        ({"kind": "calibration", "method": "plat"}, "Did you mean 'platt'"),
        ({"kind": "calibration", "method": "platt", "parameters": {"slope": 1}}, "intercept, slope"),
        ({"kind": "calibration", "method": "temperature", "parameters": {"temperature": 0}}, "must be positive"),
        ({"kind": "calibration", "method": "isotonic", "x": [0, 1], "y": [1, 0]}, "must ascend"),
        ({"kind": "calibration", "method": "isotonic", "x": [0, 1], "y": [1]}, "as many numbers each"),
    ],
)
def test_what_is_no_policy_is_refused(values: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError) as error:
        Policy.from_dict(values)
    assert said in str(error.value)


def test_a_file_holds_the_policy(tmp_path: Path) -> None:
    path = Policy.from_dict(MIXED).save(tmp_path / "policy.json")
    assert json.loads(path.read_text(encoding="utf-8"))["schema"] == "steelyard.policy/1"
    assert Policy.read(path).to_dict() == Policy.from_dict(MIXED).to_dict()
    assert [p.name for p in tmp_path.iterdir()] == ["policy.json"]


def test_files_that_cannot_be_used(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot be read"):
        Policy.read(tmp_path / "none.json")
    (tmp_path / "bad.json").write_text("{", encoding="utf-8")
    with pytest.raises(ConfigError, match="is not JSON"):
        Policy.read(tmp_path / "bad.json")
    (tmp_path / "list.json").write_text("[]", encoding="utf-8")
    with pytest.raises(ConfigError, match="must be a mapping"):
        Policy.read(tmp_path / "list.json")
    with pytest.raises(OutputError, match="cannot be written"):
        Policy.from_dict(MIXED).save(tmp_path / "no" / "policy.json")


@pytest.mark.parametrize(
    "value",
    [None, True, 1, 1.0, 0.1, -2.5e30, decimal.Decimal(3), float("nan"), "ü 😀", dt.date(2026, 1, 2), np.int64(4)],
    ids=str,
)
def test_groups_are_named_as_in_evaluations(value: Any) -> None:
    assert text(value) == level_text(normal(value))


@given(st.lists(st.floats(-1e6, 1e6).map(lambda x: float(f"{x:.3g}")), min_size=1, max_size=6, unique=True))
@settings(deadline=None, max_examples=50)
def test_ranges_are_named_as_in_evaluations(cuts: list[float]) -> None:
    cuts = sorted(cuts)
    grid = CutGrid(tuple(cuts))
    assert [cut_name(cuts, i) for i in range(len(cuts) + 1)] == [grid.name(i) for i in range(len(cuts) + 1)]


def test_applying_a_policy_needs_numpy_alone() -> None:
    code = "import sys, steelyard.improve.policy; print(*sorted({m.partition('.')[0] for m in sys.modules}))"
    loaded = set(
        subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    )
    assert not loaded & {"polars", "narwhals", "scipy", "msgspec", "pandas", "sklearn", "rich", "typer"}
