"""Small cells are not published, in any part of a result, and cannot be worked out from what is."""

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.records import ConfigError, Estimate, Undefined

ROLES = sy.Roles(label="y", prediction="d", score="p", sensitive=("town",), slices=("town",))


@pytest.fixture(scope="module")
def rows():
    rng = np.random.default_rng(0)
    town = np.array(["a"] * 500 + ["b"] * 300 + ["c"] * 40 + ["few"] * 7)
    score = rng.random(len(town))
    truth = (rng.random(len(town)) < score).astype(int)
    return pl.DataFrame({"town": town, "p": score, "d": (score > 0.5).astype(int), "y": truth})


def test_small_slices_and_the_next_are_hidden(rows):
    ev = sy.evaluate(rows, ROLES, min_cell=11)
    for town, shown in {"a": True, "b": True, "c": False, "few": False}.items():
        for metric in ("accuracy", "recall", "roc_auc"):
            outcome = ev.estimates.of(metric, {"town": town})
            assert isinstance(outcome, Estimate) is shown or (shown and metric != "accuracy")
    hidden = ev.estimates.of("accuracy", {"town": "few"})
    assert isinstance(hidden, Undefined)
    assert "not shown" in hidden.reason
    assert ev.fairness.min_cell == 11
    told = [f for f in ev.findings if "= few" in f.sentence]
    assert {f.kind for f in told} <= {"too-few-rows"}  # that there is such a town may be said, not how it fares
    recall = sy.evaluate(rows, ROLES, metrics=["recall"], min_cell=11)
    assert isinstance(recall.estimates.of("recall", {"town": "few"}), Undefined)


def test_everything_is_shown_where_nothing_is_said(rows):
    ev = sy.evaluate(rows, ROLES)
    assert isinstance(ev.estimates.of("accuracy", {"town": "few"}), Estimate)


def test_settings_say_it_too(rows, tmp_path):
    file = tmp_path / "steelyard.toml"
    file.write_text("[settings]\nmin_cell = 11\n", encoding="utf-8")
    ev = sy.evaluate(rows, ROLES, config=file)
    assert isinstance(ev.estimates.of("accuracy", {"town": "few"}), Undefined)
    file.write_text("[settings]\nmin_cell = -1\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="min_cell"):
        sy.evaluate(rows, ROLES, config=file)


def test_a_negative_number_is_refused(rows):
    with pytest.raises(ConfigError, match="min_cell"):
        sy.evaluate(rows, ROLES, min_cell=-3)


def test_groups_are_compared_with_the_one_chosen(rows):
    ev = sy.evaluate(rows, ROLES.updated(compared_with={"town": "b"}))
    assert {str(p.against) for p in ev.fairness.parities if p.attribute == ("town",) and p.groups} == {"town = b"}
    with pytest.raises(ConfigError, match="not among the sensitive"):
        sy.evaluate(rows, ROLES.updated(compared_with={"city": "b"}))
