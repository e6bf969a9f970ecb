"""The terminal: findings first, any width, colours only where wanted, no control characters from data."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from steelyard.report import print_terminal, to_terminal


def test_what_it_says(examples: Any) -> None:
    text = to_terminal(examples.binary(), width=100)
    order = ["✕ Fail", "Findings", "▲ high", "→ Retrain", "Key numbers", "by slice", "Checks", "Guessed"]
    places = [text.index(part) for part in order]
    assert places == sorted(places)
    assert "0.812  0.806 to 0.818" in text
    assert "─●─" in text


@pytest.mark.parametrize("width", [30, 40, 60, 80, 100, 160])
def test_no_line_is_longer_than_the_terminal(evaluation: Any, width: int) -> None:
    text = to_terminal(evaluation, width)
    assert max(cell_len(line) for line in text.splitlines()) <= width


def test_control_characters_are_spelled_out(examples: Any) -> None:
    text = to_terminal(examples.hostile(), 200)
    assert not [c for c in text if ord(c) < 32 and c != "\n"]
    assert "\\u001b[31mred" in text
    assert "\u202e" not in text
    assert "[bold]rich[/bold]" in text


def test_no_color(examples: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    file = io.StringIO()
    print_terminal(examples.binary(), Console(file=file, force_terminal=True, width=100))
    assert "\x1b[31" not in file.getvalue()
    assert "\x1b[1;31" not in file.getvalue()


def test_colours_where_there_are_some(examples: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_COLOR", raising=False)
    file = io.StringIO()
    print_terminal(examples.binary(), Console(file=file, force_terminal=True, color_system="standard", width=100))
    assert "\x1b[1;31m" in file.getvalue()


def test_a_terminal_without_unicode(examples: Any) -> None:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding="ascii")
    print_terminal(examples.hostile(), Console(file=file, width=80))
    print_terminal(examples.binary(), Console(file=file, width=100))
    file.flush()
    text = raw.getvalue().decode("ascii")
    assert "x Fail" in text
    assert "-o-" in text


@pytest.mark.parametrize("width", [64, 80, 100])
def test_an_interval_stays_on_one_line(examples: Any, width: int) -> None:
    text = to_terminal(examples.binary(), width)
    assert "0.806 to 0.818" in text
    assert "0.658 to 0.684" in text


def test_bars_come_where_there_is_room(examples: Any) -> None:
    assert "●" not in to_terminal(examples.binary(), 64).split("Key numbers")[1].split("by slice")[0]
    assert "┆ is the reference" in to_terminal(examples.binary(), 110)
