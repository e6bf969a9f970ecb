"""A fragment for a notebook cell: verdict, findings, key numbers; no script, nothing loaded."""

from __future__ import annotations

from markupsafe import Markup

from steelyard.evaluation.evaluation import Evaluation
from steelyard.report.html import asset, environment
from steelyard.report.page import build_page


def to_notebook_html(evaluation: Evaluation) -> str:
    """Return an HTML fragment whose styles touch nothing else in the notebook."""
    style = Markup(asset("templates/notebook.css"))  # noqa: S704 - our own file
    text = environment().get_template("notebook.html").render(page=build_page(evaluation), style=style)
    return text.encode("utf-8", "replace").decode("utf-8")
