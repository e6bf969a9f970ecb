"""One evaluation, many faces: HTML, JSON, Markdown, terminal, notebook. Importing this room is cheap."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

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


def __getattr__(name: str) -> Any:
    """Load a face when it is first asked for, so that importing Steelyard does not load Jinja2 or Rich."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    value = getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    globals()[name] = value
    return value
