"""One self-contained HTML file: no network, no eval, nothing from the data is ever markup.

Scripts and the style sheet are named by their hashes in a Content-Security-Policy; everything else is
forbidden. What comes from the data goes through Jinja2's autoescape, or into JSON whose `<`, `>` and `&`
are escaped. Without scripts the tables stand where the charts would.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.result import Result
from steelyard.report import numerals, slices, svg
from steelyard.report.document import Document
from steelyard.report.page import Page, build_page
from steelyard.report.results import document

_SCRIPTS = (
    "vendor/vega.min.js",
    "vendor/vega-lite.min.js",
    "vendor/vega-interpreter.js",
    "templates/report.js",
)
_LICENCES = (
    "LICENSE-vega.txt",
    "LICENSE-vega-lite.txt",
    "LICENSE-vega-interpreter.txt",
    "LICENSE-bundled.txt",
)
_UNSAFE = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


def to_html(result: Result) -> str:
    """Return the whole report as one HTML document."""
    if isinstance(result, Evaluation):
        page = build_page(result)
        figures = (*page.curves, *page.errors, *page.over_time.figures)
        return _rendered("report.html", page, any(f.spec for f in figures) or any(s.drawn for s in page.sections))
    told = document(result)
    return _rendered("document.html", told, any(s.drawn for s in told.sections))


def _rendered(template: str, page: Page | Document, drawn: bool) -> str:
    style = asset("templates/report.css")
    scripts = [asset(name) for name in _SCRIPTS] if drawn else []
    text = (
        environment()
        .get_template(template)
        .render(
            page=page,
            policy=policy([style], scripts),
            style=Markup(style),  # noqa: S704 - our own file
            scripts=[Markup(s) for s in scripts],  # noqa: S704 - our own files
            licences="\n\n".join(asset(f"vendor/{name}") for name in _LICENCES) if drawn else "",
        )
    )
    return text.encode("utf-8", "replace").decode("utf-8")


def policy(styles: list[str], scripts: list[str]) -> str:
    """Return the Content-Security-Policy that allows these texts and nothing else."""
    allowed = {"style-src": styles, "script-src": scripts}
    sources = [
        " ".join([kind, *map(digest, texts)]) if texts else f"{kind} 'none'" for kind, texts in allowed.items()
    ]
    return "; ".join(["default-src 'none'", *sources, "img-src data:", "base-uri 'none'", "form-action 'none'"])


def digest(text: str) -> str:
    """Return the source expression of an inline script or style sheet."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def embed(value: Mapping[str, Any]) -> Markup:
    """Return JSON that may stand inside a `<script type="application/json">`."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character, escaped in _UNSAFE.items():
        text = text.replace(character, escaped)
    return Markup(text)  # noqa: S704 - no character is left that could end the element


@cache
def asset(name: str) -> str:
    """Return a file of this room as text, with line ends as a browser hashes them."""
    return files("steelyard.report").joinpath(name).read_text("utf-8").replace("\r\n", "\n")


@cache
def environment() -> Environment:
    """Return the Jinja2 environment of all templates: autoescape on, unknown names are errors."""
    made = Environment(
        loader=PackageLoader("steelyard.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"embed": embed, "aligned": numerals.aligned, "count": numerals.count}
    made.globals |= {
        "whisker": svg.whisker,
        "step": svg.step,
        "axis": svg.axis,
        "ends": svg.ends,
        "key_scale": svg.key_scale,
        "histogram": svg.histogram,
        "share_bar": svg.share_bar,
        "most_panels": slices.MOST_PANELS,
    }
    return made
