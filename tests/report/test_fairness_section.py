"""The fairness pages: short, worst first, the same through every face."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.analyses.fairness import suppressed
from steelyard.evaluation.evaluation import Evaluation
from steelyard.report.fairness import fairness
from steelyard.report.section import Code, Grid, Section

NASTY = "<script>alert(1)</script> | 🦉"


@pytest.fixture(scope="module")
def evaluation() -> Evaluation:
    rng = np.random.default_rng(0)
    n = 6000
    sex, race = rng.choice(["f", "m"], n), rng.choice([NASTY, "b", "c"], n, p=[0.02, 0.3, 0.68])
    y = rng.binomial(1, 0.4, n)
    d = np.where(rng.random(n) < np.where(sex == "f", 0.6, 0.9), y, 1 - y)
    frame = pl.DataFrame(
        {"y": y, "d": d, "sex": sex, "race": race, "club": np.where(rng.random(n) < 0.9, sex == "f", sex == "m")}
    )
    roles = sy.Roles(label="y", prediction="d", task="binary", sensitive=("sex", "race"))
    return sy.evaluate(frame, roles, metrics=["accuracy"])


@pytest.fixture(scope="module")
def sections(evaluation) -> dict[str, Section]:
    return {section.id: section for section in fairness(evaluation)}


def grids(section: Section) -> list[Grid]:
    return [block for block in section.blocks if isinstance(block, Grid)]


def test_nothing_sensitive_no_section(evaluation):
    assert fairness(replace(evaluation, fairness=None)) == ()


def test_what_stands_on_the_page(sections):
    assert list(sections) == ["fairness", "adverse-impact", "proxies"]
    lead = sections["fairness"].lead
    assert lead.startswith("Of 16 comparisons by sex and race, ")
    assert "violated" in lead
    assert "by sex" in lead
    assert not any(isinstance(b, Code) for s in sections.values() for b in s.blocks)


def test_criteria_are_ranked_and_drawn(sections):
    criteria = grids(sections["fairness"])[0]
    words = [row[-1].word for row in criteria.rows]
    order = ["Violation", "Can't tell", "No violation"]
    assert words == sorted(words, key=order.index)
    assert words[0] == "Violation"
    assert sum(column.drawn for column in criteria.columns) == 1
    assert len(criteria.rows) <= 12
    assert criteria.total == 16


def test_groups_of_the_worst_attribute_come_first(sections):
    titles = [g.title for g in grids(sections["fairness"])]
    assert titles[1].endswith("by sex")
    assert titles[-1].startswith("Intersections")


def test_mirrors_are_not_shown(sections):
    named = [row[0] for row in grids(sections["fairness"])[0].rows]
    assert "False negative balance" not in named
    assert "False omission balance" not in named


def test_impact_tables_tell_the_rule(sections):
    first = grids(sections["adverse-impact"])[0]
    assert first.middle == 0.8
    assert "sets no bound" in sections["adverse-impact"].lead
    assert {row[-1].word for row in first.rows} & {"Compared with"}
    assert "under 2" not in str(first.rows)
    assert all("Katz" in g.note for g in grids(sections["adverse-impact"]))


def test_every_face_shows_it(evaluation):
    assert "Do groups fare alike?" in evaluation.to_markdown()
    assert "Do groups fare alike?" in str(evaluation)
    page = evaluation.to_html()
    assert "Do groups fare alike?" in page
    assert NASTY not in page


def test_what_is_suppressed_stays_so(evaluation):
    hidden = replace(evaluation, fairness=suppressed(evaluation.fairness, 500))
    for section in fairness(hidden):
        for block in grids(section):
            for row in block.rows:
                assert not any(isinstance(v, str) and v == str(int(0.02 * 6000)) for v in row)
    assert any(
        "suppressed" in line for s in fairness(hidden) for b in s.blocks if hasattr(b, "lines") for line in b.lines
    )
