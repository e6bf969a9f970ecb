"""`steelyard explain-metric NAME`: what a metric means, when it misleads, what to do next."""

from __future__ import annotations

import json as json_text
from dataclasses import asdict
from typing import Annotated

import typer


def explain_metric(
    name: Annotated[str, typer.Argument(help="A metric, e.g. roc_auc.")],
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
) -> None:
    """Explain a metric in plain words."""
    from steelyard.metrics import describe

    doc = describe(name)
    if json:
        typer.echo(json_text.dumps(asdict(doc), ensure_ascii=False, indent=2))
        return
    from rich.console import Console
    from rich.text import Text

    console = Console()
    better = {"higher": "higher is better", "lower": "lower is better", "target": "no side is better"}
    console.print(Text(f"{doc.title} ({doc.name})", style="bold"))
    console.print(Text(f"{', '.join(doc.tasks)}; {better[doc.direction]}", style="dim"))
    console.print()
    console.print(Text(doc.meaning))
    for heading in ("formula", "range", "misleads", "next", "source"):
        body = getattr(doc, heading)
        if body:
            console.print()
            console.print(Text(heading.capitalize(), style="bold"))
            console.print(Text(body))
