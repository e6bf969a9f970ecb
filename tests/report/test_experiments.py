"""The report of an experiment: its sections hold what was found, and every face shows them."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from steelyard.evaluation.experiment import experiment
from steelyard.report.experiments import document
from steelyard.report.figures.figure import Figure
from steelyard.report.section import Grid

HOUR = 3_600_000_000


def units(n=1_500, arms=("control", "B"), seed=0):
    rng = np.random.default_rng(seed)
    arm = rng.choice(arms, n)
    start = np.datetime64("2026-03-01T00:00:00", "us")
    before = rng.gamma(2.0, 5.0, n)
    return pl.DataFrame(
        {
            "user": np.arange(n),
            "variant": arm,
            "revenue": before + rng.normal(5.0, 2.0, n) + 1.0 * (arm != arms[0]),
            "revenue_pre": before,
            "latency": rng.gamma(4.0, 50.0, n),
            "country": rng.choice(["DE", "FR"], n),
            "assigned_at": pl.Series(start + (rng.integers(0, 240, n) * HOUR).astype("timedelta64[us]")),
        }
    )


@pytest.fixture(scope="module")
def made():
    return document(
        experiment(
            units(), metrics=["revenue", "p90(latency)"], guardrails="latency:lower:margin=9%", slices="country"
        )
    )


def blocks(made, kind):
    return [b for s in made.sections for b in s.blocks if isinstance(b, kind)]


def test_the_first_screen_decides(made):
    assert (made.badge.word, made.badge.kind) == ("Ship", "pass")
    assert "revenue" in made.answer
    assert [a.anchor for a in made.answers] == ["trust", "effects", "effects", "whom", ""]
    assert [s.id for s in made.sections] == ["effects", "trust", "over-time", "whom", "bets"]


def test_effects_are_drawn_in_percent_about_zero(made):
    grid = next(g for g in blocks(made, Grid) if g.title == "Effects")
    assert grid.middle == 0.0
    drawn = next(i for i, c in enumerate(grid.columns) if c.drawn)
    first = grid.rows[0][drawn].estimate
    assert 5.0 < first.value < 9.0
    assert [row[-1].word for row in grid.rows] == ["better", "kept", "can't tell"]


def test_the_running_chart_has_a_point_a_window(made):
    figure = blocks(made, Figure)[0]
    assert figure.kind == "running"
    assert figure.table.total == 10
    assert "First told apart" in figure.caption
    assert not figure.spec.get("alarms")


def test_an_invalid_experiment_says_so_first():
    frame = units().filter((pl.col("variant") == "control") | (pl.col("user") % 4 > 0))
    made = document(experiment(frame, metrics="revenue", expected={"control": 1, "B": 1}))
    assert (made.badge.word, made.badge.kind) == ("Not valid", "fail")
    grid = next(g for g in blocks(made, Grid) if g.title == "Integrity")
    assert grid.rows[0][1].word == "fails"


@pytest.mark.parametrize(
    "arms", [("🐢", "🚀"), ("<b>x</b>", "a\nb"), ("A", "B", "C", "D")], ids=["emoji", "markup", "four"]
)
def test_every_face_shows_odd_names(arms, tmp_path):
    made = experiment(units(600, arms), metrics=["revenue", "latency:name=<i>`late`</i>"], control=arms[0])
    page = made.to_html(tmp_path / "report.html")
    assert "<b>x</b>" not in page
    assert "<i>`late`" not in page
    assert made.to_markdown()
    assert str(made)
    assert made._repr_html_()
    assert made.to_dict()["arms"][0]["name"] == arms[0]


def test_nothing_that_can_be_told_is_still_a_report():
    made = experiment(pl.DataFrame({"arm": ["A", "B"], "x": [1.0, 2.0]}), metrics="x")
    shown = document(made)
    assert shown.badge.word == "Keep running"
    assert "only one unit" in made.to_markdown()
