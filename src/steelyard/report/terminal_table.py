"""Numbers in a terminal: label, value, interval, the interval drawn where there is room, and what else is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.table import Table
from rich.text import Text

from steelyard.records import Estimate
from steelyard.report.first_screen import Badge
from steelyard.report.performance import Cell
from steelyard.report.scale import Scale
from steelyard.report.section import Grid, Value

LINE, VALUE, MIDDLE, BOTH = "─●┆◆"
MOST_LABEL, LEAST_LABEL = 36, 10
MOST_BAR, LEAST_BAR = 31, 11
WIDE, LEAST_WORDS = 110, 30
_GAP = 2


@dataclass(frozen=True)
class Row:
    """A number to show; `middle` is the reference or the value of all rows, drawn as a line."""

    label: str
    cell: Cell
    scale: Scale | None
    middle: float | None
    rest: tuple[Text, ...] = ()


@dataclass(frozen=True)
class Layout:
    """Widths of the columns in characters; no bar where it is 0."""

    label: int
    interval: int
    bar: int


def layout(rows: Sequence[Row], width: int) -> Layout:
    """Share a width out: labels give way before numbers do, and the bars take what is left."""
    label = min(MOST_LABEL, max(cell_len(r.label) for r in rows))
    interval = max((cell_len(r.cell.interval) for r in rows), default=0) or LEAST_LABEL
    value = max(cell_len(r.cell.value) for r in rows)
    rest = [max(cell_len(r.rest[i].plain) for r in rows) for i in range(len(rows[0].rest))]
    taken = sum(w + _GAP for w in (value, interval, *rest))
    label = max(LEAST_LABEL, min(label, width - taken - _GAP))
    room = width - taken - label - 2 * _GAP
    bar = min(MOST_BAR, room - 1 + room % 2)
    return Layout(label, interval, bar if bar >= LEAST_BAR else 0)


def number_table(rows: Sequence[Row], width: int, headers: Sequence[str] = ()) -> Table:
    """Return the table of some numbers; `headers` are those of the columns after the bar."""
    widths = layout(rows, width)
    table = Table(box=None, show_header=bool(headers), padding=(0, _GAP, 0, 0), header_style="dim", pad_edge=False)
    table.add_column("", overflow="fold", width=widths.label)
    table.add_column("value" if headers else "", justify="right", no_wrap=True)
    table.add_column("interval" if headers else "", overflow="fold", width=widths.interval)
    if widths.bar:
        table.add_column("", no_wrap=True, width=widths.bar)
    for i in range(len(rows[0].rest)):
        table.add_column(headers[i] if headers else "", justify="right" if i == 0 else "left", overflow="fold")
    for r in rows:
        drawn = [bar(r.scale, r.cell.estimate, r.middle, widths.bar)] if widths.bar else []
        told = Text(r.cell.interval if r.cell.estimate else r.cell.reason, style="dim")
        table.add_row(Text(r.label), Text(r.cell.value, style="bold"), told, *drawn, *r.rest)
    return table


def grid_table(grid: Grid, width: int) -> Table:
    """Return the first rows of a grid of a section; its intervals are drawn where there is room."""
    rows = grid.rows[: grid.brief]
    wordy = {i for i, c in enumerate(grid.columns) if c.kind == "words"}
    shown = _fitting(grid, [i for i in range(len(grid.columns)) if i not in wordy or width > WIDE], width)
    room = width - sum(_needed(grid, i, rows) + _GAP for i in shown if i not in wordy)
    free = room - (LEAST_WORDS + _GAP if wordy & set(shown) else 0)
    bars = min(MOST_BAR, free - 1 + free % 2 - _GAP)
    table = Table(box=None, show_header=True, padding=(0, _GAP, 0, 0), header_style="dim", pad_edge=False)
    for i in shown:
        column = grid.columns[i]
        right = column.kind in ("number", "estimate")
        least = min(LEAST_LABEL, _needed(grid, i, rows)) if column.kind == "label" else None
        table.add_column(
            column.title, justify="right" if right else "left", overflow="fold", no_wrap=right, min_width=least
        )
        if column.drawn and bars >= LEAST_BAR:
            table.add_column("", no_wrap=True, width=bars)
    for row in rows:
        told: list[Text] = []
        for i in shown:
            value, column = row[i], grid.columns[i]
            told.append(Text(_written(value), style="bold" if column.kind == "estimate" else ""))
            if column.drawn and bars >= LEAST_BAR:
                estimate = value.estimate if isinstance(value, Cell) else None
                told.append(bar(grid.scale, estimate, grid.middle, bars))
        table.add_row(*told)
    return table


def _fitting(grid: Grid, shown: list[int], width: int) -> list[int]:
    """The columns there is room for: what stands beside gives way from the right, the label and estimates stay."""
    rows = grid.rows[: grid.brief]

    def least(i: int) -> int:
        kind, needed = grid.columns[i].kind, _needed(grid, i, rows)
        return min(needed, LEAST_LABEL) if kind in ("label", "text", "words", "verdict") else needed

    kept = list(shown)
    for kinds in (("number", "text"), ("estimate",)):
        for i in reversed(shown):
            few = sum(grid.columns[j].kind == "estimate" for j in kept) < 2
            if sum(least(j) + _GAP for j in kept) <= width + _GAP:
                return kept
            if grid.columns[i].kind in kinds and not (kinds == ("estimate",) and few):
                kept.remove(i)
    return kept


def _needed(grid: Grid, i: int, rows: Sequence[Sequence[Value]]) -> int:
    widest = max((cell_len(_written(row[i])) for row in rows), default=0)
    most = MOST_LABEL if grid.columns[i].kind in ("label", "text") else widest
    return max(min(widest, most), cell_len(grid.columns[i].title))


def _written(value: Value) -> str:
    if isinstance(value, Cell):
        return f"{value.value} ({value.interval})" if value.estimate else value.reason
    return f"{value.sign} {value.word}" if isinstance(value, Badge) else value.replace("\u00a0", " ")


def bar(scale: Scale | None, estimate: Estimate | None, middle: float | None, width: int) -> Text:
    """Draw an interval in a row of characters."""
    if scale is None or estimate is None:
        return Text(" " * width)
    row = [" "] * width

    def place(value: float) -> int:
        return round(scale.at(value) * (width - 1))

    for i in range(place(estimate.low), place(estimate.high) + 1):
        row[i] = LINE
    if middle is not None:
        row[place(middle)] = MIDDLE
    at = place(estimate.value)
    row[at] = BOTH if middle is not None and place(middle) == at else VALUE
    return Text("".join(row))
