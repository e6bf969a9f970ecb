"""`steelyard evaluate`: from a table of predictions to an honest report."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.cli import options
from steelyard.cli.options import Names, Output, source, takes
from steelyard.cli.running import run

if TYPE_CHECKING:
    from steelyard.data import Roles


@takes(roles=options.roles, settings=options.settings, output=options.output)
def evaluate(
    data: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Files, globs, folders, URLs; - reads standard input."),
    ],
    roles: Roles,
    settings: Mapping[str, Any],
    output: Output,
    reference: Annotated[
        Names, typer.Option(help="Data to compare with: training, last quarter. Repeatable.")
    ] = None,
    sql: Annotated[str | None, typer.Option(help="Query to read from a database URL.")] = None,
    reference_sql: Annotated[str | None, typer.Option(help="The same for the reference.")] = None,
) -> None:
    """Evaluate a table of predictions: metrics with intervals, slices, curves, findings, verdict."""
    output.require_places(data)
    from steelyard.evaluation import evaluate

    held = source(reference) if reference else None
    raise run(
        lambda: evaluate(source(data), roles, reference=held, sql=sql, reference_sql=reference_sql, **settings),
        data,
        settings,
        output,
    )
