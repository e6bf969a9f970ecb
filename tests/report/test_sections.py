"""Sections and documents through every face: nothing lost, nothing from the data becomes markup."""

from __future__ import annotations

import io
from dataclasses import dataclass

import pytest
from rich.console import Console

from steelyard.evaluation.result import Result
from steelyard.records import Estimate, Undefined, Verdict
from steelyard.report import html, markdown, notebook, results, terminal
from steelyard.report.document import Document
from steelyard.report.figures.figure import Figure, Table
from steelyard.report.first_screen import AnswerLine, Badge
from steelyard.report.method import method_of
from steelyard.report.section import Code, Column, Section, Words, grid

NASTY = "<script>alert(1)</script> | `x` [l](http://e.x) @you 🦉"


def estimate(value: float, half: float) -> Estimate:
    return Estimate(value, value - half, value + half, 0.95, 1_234, "newcombe")


def told() -> Document:
    columns = [
        Column("Metric", "label"),
        Column("Effect", "estimate", drawn=True, sign=True),
        Column("p", "number"),
        Column("Verdict", "verdict"),
        Column("In words", "words"),
    ]
    rows = [
        [NASTY, estimate(0.02, 0.01), "0.001", Verdict.PASS, "Better, for certain."],
        ["latency", estimate(-0.01, 0.03), "0.4", Verdict.INCONCLUSIVE, "Cannot be told."],
        ["orders", Undefined("there is one row"), "", None, ""],
    ]
    chart = Figure("line", "A chart", "What it shows", Table(("x",), (("1",),), 1), {"mark": "point"})
    sections = (
        Section(
            "effects",
            "Effects",
            "Two points more, for certain.",
            (
                grid("Effects against control", columns, rows, middle=0.0, note="Dunnett.", total=40, brief=2),
                chart,
                Words((NASTY, "second"), listed=True),
                Words(("A paragraph.",)),
                Code('{"kind": "```"}', "Policy"),
            ),
        ),
        Section("hidden", "For the page alone", blocks=(Words(("unseen in a terminal",)),), brief=False),
    )
    method = method_of([estimate(1, 2)], notes=["a note"], record={"Seed": 0})
    badge = Badge("pass", "✓", "Ship")
    answers = (AnswerLine("Did it work?", "Yes.", ""),)
    return Document("experiment", NASTY, badge, "Ship B.", answers, ("12,000 users",), sections, method, "95 %")


@dataclass(frozen=True)
class Thing(Result):
    kind = "thing"
    subject: str = "a thing"


@pytest.fixture(autouse=True)
def a_kind_of_result(monkeypatch: pytest.MonkeyPatch) -> None:
    for face in (html, markdown, notebook, terminal):
        monkeypatch.setattr(face, "document", lambda result: told())


def test_html_has_every_block_and_no_markup_from_the_data() -> None:
    page = html.to_html(Thing())
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)" in page
    for said in ("Ship B.", "Effects against control", "Dunnett.", "A paragraph.", "Policy", "unseen", "+0.020"):
        assert said in page
    assert "3 of 40; all are in the JSON file." in page
    assert page.count('class="whisker"') == 2
    assert "there is one row" in page
    assert "vega" in page


def test_a_document_without_charts_carries_no_script() -> None:
    plain = html._rendered("document.html", told(), False)
    assert "script-src &#39;none&#39;" in plain
    assert "<script>" not in plain


def test_markdown_keeps_the_columns_in_line() -> None:
    text = markdown.to_markdown(Thing())
    table = [line for line in text.splitlines() if line.startswith("|")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert "| Effect | 95 % interval | p |" in table[0]
    assert "````\n" in text
    assert "<script>" not in text


@pytest.mark.parametrize("width", [40, 80, 120, 200])
def test_a_terminal_of_any_width_shows_the_first_rows(width: int) -> None:
    file = io.StringIO()
    terminal.print_terminal(Thing(), Console(file=file, width=width, color_system=None))
    text = file.getvalue()
    assert "Ship B." in text
    assert "+0.020" in text
    assert "there is one row" not in text  # the third row of two that are shown
    assert "… and 38 more" in text.replace("\n", " ").replace("  ", " ") or width < 60
    assert "unseen" not in text
    assert max(map(len, text.splitlines())) <= width


def test_words_of_verdicts_stand_beside_their_colours() -> None:
    for text in (html.to_html(Thing()), markdown.to_markdown(Thing()), terminal.to_terminal(Thing(), 120)):
        assert "Inconclusive" in text
        assert "✓" in text


def test_notebook_shows_the_first_grid() -> None:
    text = notebook.to_notebook_html(Thing())
    assert "Effects against control" in text
    assert "<script>" not in text


def test_every_kind_names_its_home() -> None:
    assert set(results.KINDS) == {"experiment", "design", "comparison", "improvement"}
