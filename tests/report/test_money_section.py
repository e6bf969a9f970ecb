"""The section about money: what it leads with, and what it shows."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from steelyard.data import Roles
from steelyard.evaluation import evaluate
from steelyard.report.figures.figure import Figure
from steelyard.report.money import money
from steelyard.report.section import Grid, Words

COSTS = {"fp": -10, "fn": -40, "currency": "EUR", "unit": "<b>loan</b>", "volume": 1e6, "change": -5e4, "review": -3}


def rows(seed: int) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    p = np.round(rng.beta(1, 2, 3_000), 2)
    return pl.DataFrame({"y": (rng.random(3_000) < p).astype(int), "p": p, "site": rng.choice(["A", "🐈"], 3_000)})


@pytest.fixture(scope="module")
def evaluation():
    roles = Roles(label="y", score="p", task="binary", threshold=0.5, slices=("site",))
    return evaluate(rows(0), roles, reference=rows(1), costs=COSTS, columns=False)


def test_the_lead_is_about_money(evaluation):
    (section,) = money(evaluation)
    assert section.id == "money"
    assert section.lead.startswith("As it is used, a <b>loan</b> is worth −")
    assert "million EUR" in section.lead.replace("\u00a0", " ")
    assert "A threshold of 0." in section.lead


def test_its_blocks(evaluation):
    (section,) = money(evaluation)
    grids = {b.title.split(",")[0]: b for b in section.blocks if isinstance(b, Grid)}
    assert list(grids) == [
        "Ways to decide",
        "Value at stake since the reference",
        f"Return of a threshold of {grids and section.lead.split('A threshold of ')[1].split(' ')[0]}",
        "Return of sending unsure rows to people",
        "Value by slice",
    ]
    assert sum(c.drawn for c in grids["Ways to decide"].columns) == 1
    assert [row[0] for row in grids["Value by slice"].rows] == ["site = A", "site = 🐈"]
    figures = [b for b in section.blocks if isinstance(b, Figure)]
    assert [f.kind for f in figures] == ["value_by_threshold", "value_by_share", "decision"]
    assert all(f.spec and f.table.rows for f in figures)
    notes = [b for b in section.blocks if isinstance(b, Words) and b.listed]
    assert any("What is lost is negative" in line for line in notes[0].lines)


def test_every_face_shows_it(evaluation):
    page = evaluation.to_html()
    assert "Cost and value" in page
    assert "<b>loan</b>" not in page
    assert "Cost and value" in evaluation.to_markdown()
    assert "Cost and value" in str(evaluation)


def test_there_is_none_without_costs():
    assert money(evaluate(rows(0), Roles(label="y", score="p", task="binary"), columns=False)) == ()


def test_kpis_alone_say_what_is_not_known():
    frame = rows(0).with_columns(ms=pl.int_range(3_000) / 10)
    made = evaluate(frame, Roles(label="y", score="p", task="binary"), costs={"latency": "ms"}, columns=False)
    (section,) = money(made)
    assert "not known" in section.lead
    assert [b.title for b in section.blocks if isinstance(b, Grid)] == ["Running it"]
