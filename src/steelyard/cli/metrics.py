"""`steelyard metrics`: every metric there is, by task."""

from __future__ import annotations

import json as json_text
from dataclasses import asdict
from typing import Annotated

import typer

from steelyard.cli.output import console, print_json, printing


def metrics(
    task: Annotated[str | None, typer.Option(help="Only metrics of this task.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
) -> None:
    """List the metrics: name, tasks, which side is better, and what each says."""
    from steelyard.cli.options import task_of
    from steelyard.metrics import catalogue

    docs = catalogue(task_of(task))
    if json:
        print_json(json_text.dumps([asdict(doc) for doc in docs], ensure_ascii=False, indent=2))
        return
    from rich.table import Table

    table = Table(box=None, header_style="bold", pad_edge=False)
    for heading in ("metric", "tasks", "better", "what it says"):
        table.add_column(heading, overflow="fold", no_wrap=heading == "metric")
    for doc in docs:
        table.add_row(doc.name, ", ".join(doc.tasks), doc.direction, doc.meaning)
    with printing():
        console().print(table)
