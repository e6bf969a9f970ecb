"""Parts of a report that are words, tables of numbers with intervals, and charts: every face can show them.

A section is content only: no markup, nothing of a face. HTML, Markdown, the terminal and notebooks each know how to
show its blocks, so that a new question needs records and a function to sections, and no template.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from steelyard.records import Estimate, Outcome, Verdict
from steelyard.report.figures.figure import Figure
from steelyard.report.first_screen import Badge, badge
from steelyard.report.performance import Cell, cell
from steelyard.report.scale import Scale
from steelyard.report.text import sentence, visible

Kind = Literal["label", "text", "number", "estimate", "verdict", "words"]
Value = str | Cell | Badge


@dataclass(frozen=True)
class Column:
    """A column of a grid.

    Attributes:
        title: its header.
        kind: "label" (the row's name), "text" (short words), "number" (flush right), "estimate" (an outcome with its
            interval), "verdict" (a badge) or "words" (a sentence).
        drawn: whether the intervals of an "estimate" are drawn, on one scale for all rows. At most one column is.
        sign: whether an "estimate" is written with its sign, as differences are.
    """

    title: str
    kind: Kind = "text"
    drawn: bool = False
    sign: bool = False


@dataclass(frozen=True)
class Grid:
    """A table of numbers.

    Attributes:
        title: what the rows are; read out by screen readers.
        columns: its columns.
        rows: one value a column; made by `grid`.
        middle: where a line is drawn across the intervals (0 for differences, 0.8 for the four-fifths rule).
        scale: of the drawn column.
        note: what to know to read it.
        total: rows in all, where not all are shown.
        brief: how many rows a terminal shows.
    """

    title: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[Value, ...], ...]
    middle: float | None = None
    scale: Scale | None = None
    note: str = ""
    total: int = 0
    brief: int = 8


@dataclass(frozen=True)
class Words:
    """Paragraphs, or with `listed` a list."""

    lines: tuple[str, ...]
    listed: bool = False


@dataclass(frozen=True)
class Code:
    """Something to be taken as it is: a command, a policy as JSON."""

    text: str
    title: str = ""


Block = Grid | Words | Code | Figure
_FORMS = {Grid: "grid", Words: "words", Code: "code", Figure: "figures"}


@dataclass(frozen=True)
class Section:
    """A part of a report.

    Attributes:
        id: its anchor, unique on the page.
        title: its heading.
        short: how the contents name it; the title where it is empty.
        lead: what it says, in one or two sentences; what a reader takes along who reads no further.
        blocks: what it rests on.
        brief: whether a terminal shows it too.
    """

    id: str
    title: str
    lead: str = ""
    blocks: tuple[Block, ...] = ()
    short: str = ""
    brief: bool = True

    @property
    def parts(self) -> list[tuple[str, list[Block]]]:
        """Blocks by form ("grid", "words", "code", "figures"); figures that follow each other stand side by side."""
        found: list[tuple[str, list[Block]]] = []
        for block in self.blocks:
            form = _FORMS[type(block)]
            if form == "figures" and found and found[-1][0] == form:
                found[-1][1].append(block)
            else:
                found.append((form, [block]))
        return found

    @property
    def drawn(self) -> bool:
        """Whether a script has to draw a chart of it."""
        return any(isinstance(block, Figure) and bool(block.spec) for block in self.blocks)


def grid(
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Sequence[str | Outcome | Verdict | Badge | Cell | None]],
    *,
    middle: float | None = None,
    note: str = "",
    total: int = 0,
    brief: int = 8,
) -> Grid:
    """Make a grid from plain values: outcomes become cells, verdicts badges, text from the data is made visible."""
    made = tuple(tuple(_value(v, c) for v, c in zip(row, columns, strict=True)) for row in rows)
    drawn = next((i for i, c in enumerate(columns) if c.drawn), None)
    found = [] if drawn is None else [row[drawn] for row in rows]
    ends = [end for e in found if isinstance(e, Estimate) for end in (e.low, e.value, e.high)]
    scale = Scale.around([*ends, middle], wanted=2) if ends else None
    return Grid(title, tuple(columns), made, middle, scale, note, total or len(made), brief)


def _value(value: str | Outcome | Verdict | Badge | Cell | None, column: Column) -> Value:
    if isinstance(value, Verdict):
        return badge(value)
    if value is None:
        return ""
    if isinstance(value, str):
        return sentence(value) if column.kind == "words" else visible(value)
    if isinstance(value, (Badge, Cell)):
        return value
    return cell(value, column.sign)
