"""`steelyard experiment analyse` as its users meet it."""

from __future__ import annotations

import json

import numpy as np
import polars as pl
import pytest


@pytest.fixture
def units():
    rng = np.random.default_rng(5)
    arm = rng.choice(["control", "B"], 2_000)
    return pl.DataFrame(
        {
            "user": np.arange(2_000),
            "variant": arm,
            "revenue": rng.gamma(2.0, 10.0, 2_000) + 3.0 * (arm == "B"),
            "latency": rng.normal(200.0, 20.0, 2_000),
            "plan": rng.choice(["a", "b"], 2_000),
        }
    )


def test_a_gain_ships_with_exit_code_0_and_a_report(steelyard, write, units, tmp_path):
    write("ab.csv", units)
    done = steelyard(
        *("experiment", "analyse", "ab.csv", "--unit", "user", "--arm", "variant", "--metric", "revenue:primary"),
        *("--guardrail", "latency:lower:margin=2%", "--slice", "plan", "-o", "report.html", "-o", "report.md"),
        *("-o", "report.json"),
    )
    assert done.code == 0, done.err
    assert "Ship B" in done.out
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "Can it be trusted" in page
    assert "What one would bet" in page
    assert "Ship B" in (tmp_path / "report.md").read_text(encoding="utf-8")
    assert json.loads((tmp_path / "report.json").read_text())["decision"]["word"] == "ship"


def test_a_loss_fails_and_nothing_shown_is_inconclusive(steelyard, write, units):
    write("ab.csv", units)
    worse = steelyard("experiment", "analyse", "ab.csv", "--metric", "revenue:lower")
    assert worse.code == 1
    assert "Don't ship" in worse.out
    shown = steelyard("experiment", "analyse", "ab.csv", "--metric", "latency:covariate=none", "--looks", "any", "-q")
    assert (shown.code, shown.out) == (3, "")


def test_json_is_printed_and_nothing_else(steelyard, write, units):
    write("ab.csv", units)
    done = steelyard("experiment", "analyse", "ab.csv", "--metric", "revenue", "--json")
    told = json.loads(done.out)
    assert told["schema"].startswith("steelyard.experiment")
    assert told["effects"][0]["difference"]["value"] > 0
    assert told["checks"][0]["verdict"] in ("pass", "fail", "inconclusive")


def test_assignments_and_outcomes(steelyard, write, units):
    write("who.csv", units.select("user", "variant"))
    write("what.csv", pl.concat([units.select("user", "revenue")] * 2))
    done = steelyard(
        "experiment", "analyse", "--assignments", "who.csv", "--outcomes", "what.csv", "--metric", "revenue", "--json"
    )
    assert done.code == 0, done.err
    told = json.loads(done.out)
    assert told["effects"][0]["base"]["value"] == pytest.approx(40.0, rel=0.05)


def test_settings_of_the_folder_are_taken_and_told(steelyard, write, units):
    write("ab.csv", units)
    write("steelyard.toml", '[experiment]\nmetrics = ["revenue:primary"]\nexpected = { control = 0.5, B = 0.5 }\n')
    done = steelyard("experiment", "analyse", "ab.csv")
    assert done.code == 0, done.err
    assert "Settings from ./steelyard.toml" in done.out


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("ab.csv", "--metric", "revenu"), "Did you mean 'revenue'"),
        (("ab.csv", "--metric", "revenue:primry"), "Did you mean 'primary'"),
        (("ab.csv", "--expected", "control"), "--expected"),
        (("ab.csv", "--expected", "control=half"), "--expected"),
        (("ab.csv", "--looks", "sometimes"), "looks cannot be"),
        (("ab.csv", "--control", "nobody"), "nobody"),
        ((), "There is neither"),
        (("--assignments", "ab.csv"), "tell no outcome"),
        (("none.csv",), "none.csv"),
    ],
    ids=lambda value: " ".join(value[-2:]) if isinstance(value, tuple) else "",
)
def test_what_cannot_be_meant_ends_in_one_clear_message(refused, write, units, words, told):
    write("ab.csv", units)
    assert told in refused("experiment", "analyse", *words)


def test_both_commands_are_there(steelyard):
    done = steelyard("experiment", "--help")
    assert "analyse" in done.out
    assert "design" in done.out
