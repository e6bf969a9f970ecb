"""`steelyard explain-metric NAME`: what a metric means, when it misleads, what to do next."""

from __future__ import annotations

import json as json_text
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from steelyard.cli.output import console, print_json, printing

if TYPE_CHECKING:
    from steelyard.metrics.doc import MetricDoc


def explain_metric(
    name: Annotated[str, typer.Argument(help="A metric, e.g. roc_auc.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
) -> None:
    """Explain a metric in plain words."""
    from steelyard.metrics import describe

    doc = describe(name)
    if json:
        print_json(json_text.dumps(asdict(doc), ensure_ascii=False, indent=2))
        return
    with printing():
        _show(doc)


def _show(doc: MetricDoc) -> None:
    from rich.text import Text

    screen = console()
    better = {"higher": "higher is better", "lower": "lower is better", "target": "no side is better"}
    screen.print(Text(f"{doc.title} ({doc.name})", style="bold"))
    screen.print(Text(f"{', '.join(doc.tasks)}; {better[doc.direction]}", style="dim"))
    screen.print()
    screen.print(Text(doc.meaning))
    for heading in ("formula", "range", "misleads", "next", "source"):
        body = getattr(doc, heading)
        if body:
            screen.print()
            screen.print(Text(heading.capitalize(), style="bold"))
            screen.print(Text(body))
