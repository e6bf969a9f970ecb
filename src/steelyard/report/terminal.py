"""The report in a terminal: findings first, then numbers with their intervals drawn, slices and checks."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from steelyard.evaluation.evaluation import Evaluation
from steelyard.records import Estimate
from steelyard.report.page import Page, build_page
from steelyard.report.performance import Cell
from steelyard.report.scale import Scale
from steelyard.report.svg import key_scale

if TYPE_CHECKING:
    from steelyard.report.first_screen import FindingLine
    from steelyard.report.slices import SlicePanel

STYLES = {
    "pass": "bold green",
    "fail": "bold red",
    "inconclusive": "bold yellow",
    "none": "bold",
    "high": "bold red",
    "medium": "bold yellow",
    "low": "bold blue",
    "info": "bold",
    "worse": "red",
    "better": "green",
}
NARROW = 72
FINDINGS_SHOWN = 5
SLICES_SHOWN = 8
_LINE, _VALUE, _MIDDLE, _BOTH = "─●┆◆"
_PLAIN = str.maketrans(
    {
        "─": "-",
        "●": "o",
        "┆": ":",
        "◆": "O",
        "○": "o",
        "▲": "!",
        "✓": "+",
        "✕": "x",
        "→": "->",
        "−": "-",
        "–": "-",
        "…": "...",
        "·": "-",
        "≥": ">=",
        "≤": "<=",
        "×": "x",
        "∞": "inf",
        "\u00a0": " ",
    }
)


def print_terminal(evaluation: Evaluation, console: Console | None = None) -> None:
    """Print the report on a console; colours only where it has them (Rich honours `NO_COLOR`)."""
    console = console or Console()
    if console.encoding.lower().startswith("utf"):
        _print(evaluation, console)
        return
    with console.capture() as capture:
        _print(evaluation, console)
    text = capture.get().translate(_PLAIN)
    console.file.write(text.encode(console.encoding, "replace").decode(console.encoding))


def to_terminal(evaluation: Evaluation, width: int = 100) -> str:
    """Return the report as plain text of a width, without colours."""
    file = io.StringIO()
    _print(
        evaluation,
        Console(file=file, width=width, color_system=None, force_terminal=False, legacy_windows=False),
    )
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _print(evaluation: Evaluation, console: Console) -> None:
    for part in _parts(build_page(evaluation), console.width):
        console.print(part)


def _parts(page: Page, width: int) -> Iterator[RenderableType]:
    yield from _head(page)
    yield from _findings(page)
    yield from _numbers(page, width)
    if page.slices:
        yield from _slices(page.slices[0], page, width)
    yield from _checks(page, width)
    yield from _limits(page)


def _head(page: Page) -> Iterator[RenderableType]:
    yield Text(page.subject, style="bold")
    yield Text(" · ".join(t for t in (page.task, page.rows_text, page.created) if t), style="dim")
    yield Text()
    verdict = Text(f"{page.badge.sign} {page.badge.word}", style=STYLES[page.badge.kind])
    yield Text.assemble(verdict, f"  {page.answer}")


def _findings(page: Page) -> Iterator[RenderableType]:
    if not page.findings:
        return
    yield _title("Findings")
    for finding in page.findings[:FINDINGS_SHOWN]:
        yield Padding(_finding(finding), (0, 0, 0, 2))
    if len(page.findings) > FINDINGS_SHOWN:
        yield Padding(
            Text(f"… and {len(page.findings) - FINDINGS_SHOWN} more in the report", style="dim"), (0, 0, 0, 2)
        )


def _finding(finding: FindingLine) -> Group:
    lead = Text(f"{finding.sign} {finding.severity}  ", style=STYLES[finding.severity])
    effect = f" {finding.effect}" if finding.effect else ""
    return Group(Text.assemble(lead, finding.sentence), Padding(Text(f"→ {finding.action}{effect}"), (0, 0, 0, 2)))


def _numbers(page: Page, width: int) -> Iterator[RenderableType]:
    if not page.key:
        return
    roomy = width > NARROW
    legend = f"; {_MIDDLE} is the reference" if roomy and page.compared else ""
    yield _title(f"Key numbers, {page.level} intervals{legend}")
    table = Table(box=None, show_header=page.compared, padding=(0, 2, 0, 0), header_style="dim")
    table.add_column("", no_wrap=roomy, overflow="fold")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("interval", overflow="fold")
    if roomy:
        table.add_column("", no_wrap=True, min_width=21)
    if page.compared:
        table.add_column("before", justify="right", no_wrap=True)
        table.add_column("", no_wrap=roomy)
    for k in page.key:
        was = k.reference.estimate if k.reference else None
        cells: list[RenderableType] = [
            Text(k.title),
            Text(k.current.value, style="bold"),
            _interval(k.current),
        ]
        if roomy:
            cells.append(_bar(key_scale(k.current.estimate, was), k.current.estimate, was.value if was else None, 21))
        if page.compared:
            cells += [
                Text(k.reference.value if k.reference else ""),
                Text(k.change, style=STYLES.get(k.change, "dim")),
            ]
        table.add_row(*cells)
    yield Padding(table, (0, 0, 0, 2))


def _slices(panel: SlicePanel, page: Page, width: int) -> Iterator[RenderableType]:
    roomy = width > NARROW
    legend = f"; {_MIDDLE} is all rows" if roomy and panel.overall else ""
    yield _title(f"{panel.title} by slice, {panel.order}{legend}")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(overflow="fold")
    table.add_column(justify="right", no_wrap=True)
    table.add_column(overflow="fold")
    if roomy:
        table.add_column(no_wrap=True, min_width=31)
    table.add_column(justify="right", no_wrap=True, style="dim")
    middle = panel.overall.estimate.value if panel.overall and panel.overall.estimate else None
    first = [("all rows", panel.overall)] if panel.overall else []
    for label, cell in [*first, *((line.label, line.cell) for line in panel.lines[:SLICES_SHOWN])]:
        bar = [_bar(panel.scale, cell.estimate, middle, 31)] if roomy else []
        table.add_row(Text(label), Text(cell.value, style="bold"), _interval(cell), *bar, Text(cell.n))
    yield Padding(table, (0, 0, 0, 2))
    hidden = panel.total - min(len(panel.lines), SLICES_SHOWN)
    if hidden > 0 or len(page.slices) > 1:
        more = f"{hidden:,} more slices and " if hidden > 0 else ""
        yield Padding(
            Text(f"{more}{len(page.slices) - 1} more metrics by slice in the report", style="dim"),
            (0, 0, 0, 2),
        )


def _checks(page: Page, width: int) -> Iterator[RenderableType]:
    if not page.checks:
        return
    yield _title("Checks")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for c in page.checks:
        needed = f" About {c.rows_needed} rows in all would settle it." if c.rows_needed else ""
        sign = c.badge.sign if width <= NARROW else f"{c.badge.sign} {c.badge.word}"
        table.add_row(Text(sign, style=STYLES[c.badge.kind]), Text(c.sentence + needed))
    yield Padding(table, (0, 0, 0, 2))


def _limits(page: Page) -> Iterator[RenderableType]:
    for title, lines in (("Guessed", page.method.guesses), ("Noticed", page.method.warnings)):
        if lines:
            yield _title(title)
            yield from (Padding(Text(f"· {line}"), (0, 0, 0, 2)) for line in lines)
    yield Text()


def _title(words: str) -> RenderableType:
    return Padding(Text(words, style="bold"), (1, 0, 0, 0))


def _interval(cell: Cell) -> Text:
    return Text(cell.interval if cell.estimate else cell.reason, style="dim")


def _bar(scale: Scale | None, estimate: Estimate | None, middle: float | None, width: int) -> Text:
    """Draw an interval in a row of characters; `middle` is the reference or the value of all rows."""
    if scale is None or estimate is None:
        return Text(" " * width)
    row = [" "] * width

    def place(value: float) -> int:
        return round(scale.at(value) * (width - 1))

    for i in range(place(estimate.low), place(estimate.high) + 1):
        row[i] = _LINE
    if middle is not None:
        row[place(middle)] = _MIDDLE
    at = place(estimate.value)
    row[at] = _BOTH if middle is not None and place(middle) == at else _VALUE
    return Text("".join(row))
