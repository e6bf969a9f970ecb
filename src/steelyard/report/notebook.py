"""A fragment for a notebook cell: verdict, findings, key numbers; no script, nothing loaded."""

from __future__ import annotations

from markupsafe import Markup

from steelyard.evaluation.evaluation import Evaluation
from steelyard.evaluation.result import Result
from steelyard.report.html import asset, environment
from steelyard.report.page import build_page
from steelyard.report.results import document


def to_notebook_html(result: Result) -> str:
    """Return an HTML fragment whose styles touch nothing else in the notebook."""
    style = Markup(asset("templates/notebook.css"))  # noqa: S704 - our own file
    if isinstance(result, Evaluation):
        text = environment().get_template("notebook.html").render(page=build_page(result), style=style)
    else:
        text = environment().get_template("notebook_document.html").render(page=document(result), style=style)
    return text.encode("utf-8", "replace").decode("utf-8")
