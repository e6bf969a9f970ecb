"""The report in a terminal: findings first, then numbers with their intervals drawn, slices and checks."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.result import Result
from steelyard.report.document import Document
from steelyard.report.method import Method
from steelyard.report.page import Page, build_page
from steelyard.report.results import document
from steelyard.report.scale import Scale
from steelyard.report.section import Code, Grid, Section, Words
from steelyard.report.svg import key_scale
from steelyard.report.terminal_table import MIDDLE, Row, grid_table, layout, number_table

if TYPE_CHECKING:
    from steelyard.report.first_screen import Badge, FindingGroup
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
FINDINGS_SHOWN = 3
SLICES_SHOWN = 8
MOVES_SHOWN = 5
ESTIMATES_SHOWN = 8
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


def print_terminal(result: Result, console: Console | None = None) -> None:
    """Print the report on a console; colours only where it has them (Rich honours `NO_COLOR`)."""
    console = console or Console()
    if console.encoding.lower().startswith("utf"):
        _print(result, console)
        return
    with console.capture() as capture:
        _print(result, console)
    text = capture.get().translate(_PLAIN)
    console.file.write(text.encode(console.encoding, "replace").decode(console.encoding))


def to_terminal(result: Result, width: int = 100) -> str:
    """Return the report as plain text of a width, without colours."""
    file = io.StringIO()
    _print(
        result,
        Console(file=file, width=width, color_system=None, force_terminal=False, legacy_windows=False),
    )
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _print(result: Result, console: Console) -> None:
    parts = (
        _parts(build_page(result), console.width)
        if isinstance(result, Evaluation)
        else _document(document(result), console.width)
    )
    for part in parts:
        console.print(part)


def _document(told: Document, width: int) -> Iterator[RenderableType]:
    yield from _header(told.subject, (told.kind, *told.about), told.badge, told.answer)
    yield from _answers(told, width)
    for section in told.sections:
        yield from _section(section, width)
    yield from _limits(told.method)


def _parts(page: Page, width: int) -> Iterator[RenderableType]:
    yield from _head(page)
    yield from _answers(page, width)
    yield from _findings(page)
    yield from _causes(page, width)
    yield from _numbers(page, width)
    yield from _estimated(page, width)
    for section in page.sections:
        yield from _section(section, width)
    yield from _moves(page)
    if page.slices:
        yield from _slices(page.slices[0], page, width)
    yield from _checks(page, width)
    yield from _limits(page.method)


def _head(page: Page) -> Iterator[RenderableType]:
    yield from _header(page.subject, (page.task, page.rows_text, page.created), page.badge, page.answer)


def _header(subject: str, about: Sequence[str], badge: Badge, answer: str) -> Iterator[RenderableType]:
    yield Text(subject, style="bold")
    yield Text(" · ".join(t for t in about if t), style="dim")
    yield Text()
    verdict = Text(f"{badge.sign} {badge.word}", style=STYLES[badge.kind])
    yield Text.assemble(verdict, f"  {_plain(answer)}")


def _section(section: Section, width: int) -> Iterator[RenderableType]:
    if not section.brief:
        return
    yield _title(section.title)
    if section.lead:
        yield _indented(Text(_plain(section.lead)))
    for block in section.blocks:
        match block:
            case Grid(rows=rows) if rows and block.brief:
                yield Padding(Text(block.title, style="dim"), (1, 0, 0, 2))
                yield _indented(grid_table(block, width - 2))
                if block.total > block.brief:
                    yield _indented(Text(f"… and {block.total - block.brief:,} more in the report", style="dim"))
            case Words():
                lead = "· " if block.listed else ""
                yield from (_indented(Text(_plain(f"{lead}{line}"))) for line in block.lines)
            case Code():
                yield _indented(Text(block.text, style="dim"))
            case _:
                pass  # a chart, or a grid for the page alone


def _answers(page: Page | Document, width: int) -> Iterator[RenderableType]:
    if not page.answers:
        return
    yield Text()
    if width <= NARROW:
        for line in page.answers:
            yield _indented(Text(line.question, style="bold"))
            yield _indented(_indented(Text(_plain(line.answer))))
        return
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column(overflow="fold")
    for line in page.answers:
        table.add_row(Text(line.question), Text(_plain(line.answer)))
    yield _indented(table)


def _findings(page: Page) -> Iterator[RenderableType]:
    if not page.findings:
        return
    yield _title("Findings")
    for group in page.findings[:FINDINGS_SHOWN]:
        yield _indented(_finding(group))
    hidden = sum(group.size for group in page.findings[FINDINGS_SHOWN:])
    if hidden:
        yield _indented(Text(f"… and {hidden:,} more in the report", style="dim"))


def _finding(group: FindingGroup) -> Group:
    finding, parts = group.lead, len(group.parts)
    lead = Text(f"{finding.sign} {finding.severity}", style=STYLES[finding.severity])
    standing = ", as on the reference" if finding.standing else ""
    effect = f" {finding.effect}" if finding.effect else ""
    follow = [_indented(Text(f"… and {parts:,} more that follow{'s' if parts == 1 else ''} from it", style="dim"))]
    return Group(
        Text.assemble(lead, (standing, "dim"), "  ", _plain(finding.sentence)),
        _indented(Text(_plain(f"→ {finding.action}{effect}"))),
        *(follow if parts else []),
    )


def _causes(page: Page, width: int) -> Iterator[RenderableType]:
    if not page.causes or not page.causes[0].bars:
        return
    cause = page.causes[0]
    scale = Scale.around([0.0, *(e for b in cause.bars if (x := b.cell.estimate) for e in (x.low, x.value, x.high))])
    rows = [Row(b.label, b.cell, scale, 0.0, (Text(_plain(b.share), style="dim"),)) for b in cause.bars]
    drawn = layout(rows, width - 2).bar
    yield _title(f"Why {cause.title} changed, {cause.change.value}{f'; {MIDDLE} is no effect' if drawn else ''}")
    yield _indented(number_table(rows, width - 2))


def _numbers(page: Page, width: int) -> Iterator[RenderableType]:
    if not page.key:
        return
    rows = []
    for k in page.key:
        was = k.reference.estimate if k.reference else None
        before = Text(k.reference.value if k.reference else "")
        rest = (before, Text(k.change, style=STYLES.get(k.change, "dim"))) if page.compared else ()
        scale = key_scale(k.current.estimate, was)
        rows.append(Row(k.title, k.current, scale, was.value if was else None, rest))
    drawn = page.compared and layout(rows, width - 2).bar
    yield _title(f"Key numbers, {page.level} intervals{f'; {MIDDLE} is the reference' if drawn else ''}")
    yield _indented(number_table(rows, width - 2, ("before", "") if page.compared else ()))


def _estimated(page: Page, width: int) -> Iterator[RenderableType]:
    lines = [line for found in page.estimated if not found.backtest for line in found.lines]
    if not lines:
        return
    rows = []
    for line in lines[:ESTIMATES_SHOWN]:
        was = line.reference.estimate if line.reference else None
        before = Text(line.reference.value if line.reference else "")
        scale = key_scale(line.cell.estimate, was)
        rows.append(Row(line.title, line.cell, scale, was.value if was else None, (before,)))
    drawn = layout(rows, width - 2).bar
    yield _title(f"Estimated while labels are late{f'; {MIDDLE} is the reference' if drawn else ''}")
    yield _indented(number_table(rows, width - 2, ("before",)))


def _moves(page: Page) -> Iterator[RenderableType]:
    if not page.moves.lines:
        return
    moved = [line for line in page.moves.lines if line.verdict == "drifted"][:MOVES_SHOWN]
    yield _title(f"What moved: {page.moves.drifted:,} of {page.moves.total:,}")
    for line in moved:
        distance = f"{line.distance.value} ({line.distance.interval})"
        yield _indented(Text.assemble((f"{line.column}  ", "bold"), distance, f"  {_plain(line.sentence)}"))
    if page.moves.drifted > len(moved):
        yield _indented(Text(f"… and {page.moves.drifted - len(moved):,} more in the report", style="dim"))


def _slices(panel: SlicePanel, page: Page, width: int) -> Iterator[RenderableType]:
    middle = panel.overall.estimate.value if panel.overall and panel.overall.estimate else None
    shown = [(line.label, line.cell) for line in panel.lines[:SLICES_SHOWN]]
    first = [("all rows", panel.overall)] if panel.overall else []
    rows = [Row(label, cell, panel.scale, middle, (Text(cell.n, style="dim"),)) for label, cell in [*first, *shown]]
    drawn = middle is not None and layout(rows, width - 2).bar
    yield _title(f"{panel.title} by slice, {panel.order}{f'; {MIDDLE} is all rows' if drawn else ''}")
    yield _indented(number_table(rows, width - 2))
    hidden = {"slices": panel.total - len(shown), "metrics by slice": len(page.slices) - 1}
    more = [f"{count:,} more {what}" for what, count in hidden.items() if count > 0]
    if more:
        yield _indented(Text(f"{' and '.join(more)} in the report", style="dim"))


def _checks(page: Page, width: int) -> Iterator[RenderableType]:
    if not page.checks:
        return
    yield _title("Checks")
    table = Table(box=None, show_header=False, padding=(0, 2, 0, 0))
    table.add_column(no_wrap=True)
    table.add_column(overflow="fold")
    for c in page.checks:
        sign = c.badge.sign if width <= NARROW else f"{c.badge.sign} {c.badge.word}"
        table.add_row(Text(sign, style=STYLES[c.badge.kind]), Text(_plain(c.sentence)))
    yield _indented(table)


def _limits(method: Method) -> Iterator[RenderableType]:
    for title, lines in (("Guessed", method.guesses), ("Noticed", method.warnings)):
        if lines:
            yield _title(title)
            yield from (_indented(Text(_plain(f"· {line}"))) for line in lines)
    yield Text()


def _title(words: str) -> RenderableType:
    return Padding(Text(words, style="bold"), (1, 0, 0, 0))


def _indented(part: RenderableType) -> RenderableType:
    return Padding(part, (0, 0, 0, 2))


def _plain(words: str) -> str:
    """Write percentages without a space: Rich breaks lines at any space, be it unbreakable or not."""
    return words.replace("\u00a0%", "%").replace("\u202f%", "%")
