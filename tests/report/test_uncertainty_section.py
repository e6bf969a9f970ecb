"""The sections about what a model does not know."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.records import Coverage, Estimate, Uncertainty, Undefined, Verdict
from steelyard.report.figures.figure import Figure
from steelyard.report.section import Grid, Section, Words
from steelyard.report.uncertainty import uncertainty


def intervals(m: int = 1500) -> sy.Evaluation:
    rng = np.random.default_rng(1)
    pred = rng.normal(50, 10, m)
    y = pred + rng.normal(size=m)
    frame = pl.DataFrame(
        {
            "y": y,
            "pred": pred,
            "lo": pred - 1.2,
            "hi": pred + 1.2,
            "site": rng.choice(["A", "<b>B</b>"], m),
            "day": np.arange(m) // 150,
        }
    )
    roles = sy.Roles(
        label="y",
        prediction="pred",
        task="regression",
        lower="lo",
        upper="hi",
        coverage=0.9,
        calibrated_on=300,
        slices=["site"],
        time="day",
    )
    return sy.evaluate(frame, roles, reference=frame, window="1", columns=False)


def probabilities(m: int = 3000) -> sy.Evaluation:
    rng = np.random.default_rng(2)
    logit = rng.normal(0, 1.5, m)
    frame = pl.DataFrame(
        {"y": (rng.random(m) < 1 / (1 + np.exp(-logit))).astype(int), "p": 1 / (1 + np.exp(-2 * logit))}
    )
    return sy.evaluate(frame, sy.Roles(label="y", score="p", threshold=0.5), columns=False)


@pytest.fixture(scope="module")
def of_intervals() -> sy.Evaluation:
    return intervals()


@pytest.fixture(scope="module")
def of_probabilities() -> sy.Evaluation:
    return probabilities()


def grids(section: Section) -> dict[str, Grid]:
    return {block.title: block for block in section.blocks if isinstance(block, Grid)}


def shown(sections: tuple[Section, ...], name: str) -> Section:
    return next(s for s in sections if s.id == name)


def test_coverage_is_a_forest_with_the_promise_drawn(of_intervals: sy.Evaluation) -> None:
    section = shown(uncertainty(of_intervals), "uncertainty")
    assert "90 % were promised, and the promise is broken" in section.lead.replace("\u00a0", " ")
    forest = grids(section)["Coverage of lo to hi"]
    assert forest.middle == 0.9
    assert forest.scale is not None
    assert [row[0] for row in forest.rows][:2] == ["all rows", "all rows (reference)"]
    assert len(forest.rows) == 4
    assert {"Coverage of lo to hi by prediction", "Size of lo to hi"} <= set(grids(section))
    figures = [block for block in section.blocks if isinstance(block, Figure)]
    assert [f.title for f in figures] == ["Coverage over time: lo to hi"]


def test_notes_stand_last(of_intervals: sy.Evaluation) -> None:
    last = uncertainty(of_intervals)[-1].blocks[-1]
    assert isinstance(last, Words)
    assert any("beta-binomial" in line for line in last.lines)


def test_confidence_and_recalibration(of_probabilities: sy.Evaluation) -> None:
    sections = uncertainty(of_probabilities)
    assert [s.id for s in sections] == ["selective", "recalibration"]
    selective, recalibration = sections
    assert "Answer only above" in selective.lead
    assert isinstance(selective.blocks[0], Figure)
    assert {"Confidence", "Thresholds with a guarantee"} <= set(grids(selective))
    assert "With temperature the log loss falls from" in recalibration.lead
    assert len(grids(recalibration)["Temperature: before and after"].rows) == 3
    assert any("(taken)" in str(row[0]) for row in grids(recalibration)["Methods"].rows)


def test_every_face_shows_it(of_intervals: sy.Evaluation, of_probabilities: sy.Evaluation, tmp_path: Any) -> None:
    for evaluation, said in (
        (of_intervals, "Do intervals and sets keep their promise?"),
        (of_probabilities, "Does the model know when it is wrong?"),
    ):
        for name in ("page.html", "page.md"):
            path = tmp_path / name
            evaluation.save(path)
            assert said in path.read_text()
    assert "<b>B</b>" not in (tmp_path / "page.html").read_text()


def test_the_figure_is_valid_vega_lite(of_probabilities: sy.Evaluation) -> None:
    altair = pytest.importorskip("altair", reason="Altair validates charts")
    figure = next(b for b in shown(uncertainty(of_probabilities), "selective").blocks if isinstance(b, Figure))
    altair.LayerChart.from_dict(dict(figure.spec))
    assert figure.table.total > 10


@pytest.mark.parametrize(
    ("verdict", "needed", "said"),
    [
        (Verdict.PASS, None, "the promise is kept"),
        (Verdict.INCONCLUSIVE, 4200, "4,200 rows would tell"),
        (Verdict.INCONCLUSIVE, None, "calibrate on more rows"),
        (None, None, "what was promised is not said"),
    ],
)
def test_verdicts_in_words(verdict: Verdict | None, needed: int | None, said: str) -> None:
    seen = Estimate(0.9, 0.88, 0.92, 0.95, 900, "wilson")
    promised = 0.9 if verdict is not None else None
    one = Coverage("a to b", seen, promised, promised, (0.87, 0.93) if promised else None, 0.5, seen, verdict, needed)
    evaluation: Any = SimpleNamespace(uncertainty=Uncertainty((one,)), task="regression")
    assert said in uncertainty(evaluation)[0].lead


def test_what_is_not_known_is_said() -> None:
    gone = Undefined("no row has what it needs")
    one = Coverage("a to b", gone, 0.9, None, None, None, gone, None)
    evaluation: Any = SimpleNamespace(uncertainty=Uncertainty((one,), notes=("A note.",)), task="regression")
    (section,) = uncertainty(evaluation)
    assert "is not known: no row has what it needs" in section.lead
    evaluation.uncertainty = Uncertainty(notes=("Only a note.",))
    (alone,) = uncertainty(evaluation)
    assert alone.blocks == (Words(("Only a note.",), listed=True),)
    evaluation.uncertainty = None
    assert uncertainty(evaluation) == ()
