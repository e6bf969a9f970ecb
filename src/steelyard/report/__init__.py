"""One evaluation, many faces: HTML, JSON, Markdown, terminal, notebook. Importing this room is cheap."""

from __future__ import annotations

from typing import TYPE_CHECKING

from steelyard.records.lazy import lazily

if TYPE_CHECKING:
    from steelyard.report.files import SUFFIXES, write
    from steelyard.report.html import to_html
    from steelyard.report.markdown import to_markdown
    from steelyard.report.notebook import to_notebook_html
    from steelyard.report.record import SCHEMA, SCHEMA_VERSION, to_dict, to_json
    from steelyard.report.terminal import print_terminal, to_terminal

__all__ = [
    "SCHEMA",
    "SCHEMA_VERSION",
    "SUFFIXES",
    "print_terminal",
    "to_dict",
    "to_html",
    "to_json",
    "to_markdown",
    "to_notebook_html",
    "to_terminal",
    "write",
]

_HOMES = {
    "SCHEMA": "record",
    "SCHEMA_VERSION": "record",
    "SUFFIXES": "files",
    "print_terminal": "terminal",
    "to_dict": "record",
    "to_html": "html",
    "to_json": "record",
    "to_markdown": "markdown",
    "to_notebook_html": "notebook",
    "to_terminal": "terminal",
    "write": "files",
}

__getattr__ = lazily(__name__, _HOMES)
