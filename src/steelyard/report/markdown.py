"""GitHub-flavoured Markdown: verdict, findings, tables. What comes from the data is escaped to plain text."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.result import Result
from steelyard.report.causes import Cause
from steelyard.report.document import Document
from steelyard.report.first_screen import Badge, FindingGroup, FindingLine
from steelyard.report.method import Method
from steelyard.report.page import Page, build_page
from steelyard.report.performance import Cell
from steelyard.report.results import document
from steelyard.report.section import Code, Column, Grid, Section, Value, Words
from steelyard.report.slices import MOST_PANELS

_ALWAYS = re.compile(
    r"[\\`*\[\]|~$]|(?<![^\W_])_|_(?![^\W_])|^\s*[-+=#](?=\s|[-=#]|$)|(?<=^\d)[.)](?=\s)|(?<=^\d\d)[.)](?=\s)"
)
_LINKED = re.compile(r"(?i)(?<=[a-z])://|(?<=\bwww)\.(?=\w)|:(?=[a-z][\w+-]*:)")
_HTML = str.maketrans({"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "@\u200b"})  # a bare @name would call a person
_SLICES_SHOWN = 15
_MOVES_SHOWN = 20
_SEGMENTS_SHOWN = 10


def to_markdown(result: Result) -> str:
    """Return the report as Markdown, for a pull request, a wiki or a mail."""
    if isinstance(result, Evaluation):
        page = build_page(result)
        blocks = [block for part in _PARTS for block in part(page)]
    else:
        blocks = list(_document(document(result)))
    return "\n\n".join(blocks) + "\n"


def _document(told: Document) -> Iterator[str]:
    yield f"# {escape(told.subject)}"
    yield f"**{told.badge.sign} {told.badge.word}.** {escape(told.answer)}"
    yield " · ".join(escape(t) for t in (told.kind, *told.about))
    yield from _answers(told)
    for section in told.sections:
        yield from _section(section, told.level)
    yield from _limits(told.method)


def _sections(page: Page) -> Iterator[str]:
    for section in page.sections:
        yield from _section(section, page.level)


def _section(section: Section, level: str) -> Iterator[str]:
    yield f"## {escape(section.title)}"
    if section.lead:
        yield escape(section.lead)
    for block in section.blocks:
        match block:
            case Grid():
                yield f"### {escape(block.title)}"
                if block.note:
                    yield escape(block.note)
                yield _grid(block, level)
            case Words(listed=True):
                yield "\n".join(f"- {escape(line)}" for line in block.lines)
            case Words():
                yield from map(escape, block.lines)
            case Code():
                fence = "`" * (3 + max(map(len, re.findall("`+", block.text)), default=0))
                yield f"{fence}\n{block.text}\n{fence}"
            case _:
                pass  # a chart; its numbers are in the tables


def _grid(grid: Grid, level: str) -> str:
    headers: list[str] = []
    right: set[int] = set()
    for column in grid.columns:
        if column.kind in ("number", "estimate"):
            right.add(len(headers))
        headers.append(column.title)
        if column.kind == "estimate":
            headers.append(f"{level} interval".strip())
    rows = [[text for v, c in zip(row, grid.columns, strict=True) for text in _told(v, c)] for row in grid.rows]
    return _table(headers, rows, right)


def _told(value: Value, column: Column) -> tuple[str, ...]:
    if column.kind == "estimate":
        return (value.value, _interval(value)) if isinstance(value, Cell) else (str(value), "")
    return (f"{value.sign} {value.word}",) if isinstance(value, Badge) else (str(value),)


def escape(text: object) -> str:
    """Return text that Markdown shows as it is: no link, no mention, no HTML, no table border."""
    plain = _ALWAYS.sub(lambda m: m[0][:-1] + "\\" + m[0][-1], str(text).translate(_HTML))
    return _LINKED.sub(lambda m: f"&#{ord(m[0][0])};{m[0][1:]}", plain)


def _head(page: Page) -> Iterator[str]:
    yield f"# {escape(page.subject)}"
    yield f"**{page.badge.sign} {page.badge.word}.** {escape(page.answer)}"
    yield " · ".join(escape(t) for t in (page.task, page.rows_text, page.created) if t)


def _key(page: Page) -> Iterator[str]:
    rows = [(k.title, k.current.value, _interval(k.current), *_compared(page, k)) for k in page.key]
    if rows:
        extra = ("Reference", "Change") if page.compared else ()
        yield _table(("Key number", "Value", f"{page.level} interval", *extra), rows, right={1, 3})


def _answers(page: Page | Document) -> Iterator[str]:
    if page.answers:
        yield "\n".join(f"- **{escape(a.question)}** {escape(a.answer)}" for a in page.answers)


def _causes(page: Page) -> Iterator[str]:
    if not page.causes:
        return
    yield "## Why it changed"
    for c in page.causes:
        yield f"### {escape(c.title)}: {escape(c.then.value)} → {escape(c.now.value)}"
        yield escape(c.sentence)
        if c.since or c.events:
            yield escape(_when(c))
        rows = [(b.label, b.cell.value, _interval(b.cell), b.share) for b in c.bars]
        yield _table(("Part", "Effect", f"{page.level} interval", "Of the change"), rows, right={1, 3})


def _when(cause: Cause) -> str:
    since = [f"Since {cause.since}."] if cause.since else []
    events = ", ".join(f"{kind} “{title}” ({time})" for time, kind, title in cause.events)
    return " ".join([*since, *([f"Around that time: {events}. That is no proof of a cause."] if events else [])])


def _segments(page: Page) -> Iterator[str]:
    if not page.segments.lines:
        return
    yield "## Where it fails most"
    rows = [
        (s.where, s.rows, f"{s.loss.value} ({s.loss.interval})", s.rest.value, s.of_errors, s.avoidable)
        for s in page.segments.lines[:_SEGMENTS_SHOWN]
    ]
    headers = ("Segment", "Rows", page.segments.what.capitalize(), "Elsewhere", "Of all errors", "Avoidable")
    yield _table(headers, rows, right={1, 4, 5})


def _moves(page: Page) -> Iterator[str]:
    if not page.moves.lines:
        return
    yield "## What moved"
    yield escape(f"{page.moves.drifted} of {page.moves.total:,} drifted since the reference.")
    rows = [
        (line.column, f"{line.sign} {line.word}", f"{line.distance.value} ({line.distance.interval})", line.sentence)
        for line in page.moves.lines[:_MOVES_SHOWN]
    ]
    yield _table(("Column", "Verdict", "Distance", "What moved"), rows)


def _estimated(page: Page) -> Iterator[str]:
    for found in page.estimated:
        if found.backtest:
            continue
        yield "## While labels are late"
        if found.note:
            yield escape(f"All of them: {found.note}.")
        rows = [
            (e.title, e.cell.value, _interval(e.cell), e.reference.value if e.reference else "") for e in found.lines
        ]
        yield _table(("Metric", "Estimated", f"{page.level} interval", "Reference"), rows, right={1, 3})


def _findings(page: Page) -> Iterator[str]:
    if not page.findings:
        return
    yield "## Findings"
    yield "\n".join(line for group in page.findings for line in _group(group))


def _group(group: FindingGroup) -> Iterator[str]:
    yield _finding("1. ", group.lead)
    for part in group.shown:
        yield _finding("   - ", part)
    if group.folded:
        count = len(group.folded)
        yield f"   - … and {count:,} more that follow{'s' if count == 1 else ''} from it"


def _finding(bullet: str, f: FindingLine) -> str:
    standing = ", as on the reference" if f.standing else ""
    effect = f" {escape(f.effect)}" if f.effect else ""
    verified = " (seen on held-out data)" if f.verified else ""
    told = f"{bullet}{f.sign} **{f.severity.capitalize()}{standing}:** {escape(f.sentence)}"
    return f"{told}\n{' ' * len(bullet)}→ {escape(f.action)}{effect}{verified}"


def _metrics(page: Page) -> Iterator[str]:
    if not page.groups:
        return
    yield "## Performance"
    extra = ("Reference", "Change") if page.compared else ()
    for group in page.groups:
        yield f"### {group.title}"
        rows = [
            (line.title, line.current.value, _interval(line.current), *_compared(page, line), line.current.n)
            for line in group.lines
        ]
        yield _table(("Metric", "Value", f"{page.level} interval", *extra, "n"), rows, right={1, 3 + len(extra)})


def _slices(page: Page) -> Iterator[str]:
    if not page.slices:
        return
    yield "## Slices"
    for panel in page.slices[: min(3, MOST_PANELS)]:
        whole = f"; all rows: {panel.overall.value}" if panel.overall else ""
        shown = panel.lines[:_SLICES_SHOWN]
        part = f", {len(shown)} of {panel.total:,}" if len(shown) < panel.total else ""
        yield f"### {escape(panel.title)} by slice"
        yield escape(f"{panel.order.capitalize()}{part}{whole}.")
        rows = [(line.label, line.cell.value, _interval(line.cell), line.cell.n) for line in shown]
        yield _table(("Slice", "Value", f"{page.level} interval", "n"), rows, right={1, 3})


def _checks(page: Page) -> Iterator[str]:
    if not page.checks:
        return
    yield "## Checks"
    rows = [(f"{c.badge.sign} {c.badge.word}", c.metric, c.where, c.bound, c.sentence) for c in page.checks]
    yield _table(("Verdict", "Metric", "Slice", "Bound", "In words"), rows)


def _method(page: Page) -> Iterator[str]:
    yield from _limits(page.method)


def _limits(method: Method) -> Iterator[str]:
    for title, lines in (
        ("Limits", method.notes),
        ("Noticed while reading", method.warnings),
        ("Guessed", method.guesses),
    ):
        if lines:
            yield f"## {title}"
            yield "\n".join(f"- {escape(line)}" for line in lines)
    yield " · ".join(escape(f"{name} {value}") for name, value in (*method.record, *method.versions))


def _interval(cell: Cell) -> str:
    return cell.interval if cell.estimate else cell.reason


def _compared(page: Page, line: object) -> tuple[str, ...]:
    if not page.compared:
        return ()
    reference = getattr(line, "reference", None)
    return (reference.value if reference else "", getattr(line, "change", ""))


def _table(headers: Sequence[str], rows: Iterable[Sequence[str]], right: Iterable[int] = ()) -> str:
    rule = ["--:" if i in set(right) else "---" for i in range(len(headers))]
    lines = [[escape(h) for h in headers], rule, *([escape(c) for c in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


_PARTS = (
    _head,
    _answers,
    _key,
    _findings,
    _causes,
    _segments,
    _moves,
    _estimated,
    _sections,
    _metrics,
    _slices,
    _checks,
    _method,
)
