"""`steelyard diagnose`: one data set with time, later rows against earlier ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.cli import options
from steelyard.cli.options import Output, source, takes
from steelyard.cli.running import run

if TYPE_CHECKING:
    from steelyard.data import Roles


@takes(roles=options.roles, settings=options.settings, output=options.output)
def diagnose(
    data: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Files, globs, folders, URLs of one data set with a time column."),
    ],
    roles: Roles,
    settings: Mapping[str, Any],
    output: Output,
    since: Annotated[
        str | None,
        typer.Option(help="Rows from here on are held against those before; else the last quarter of the time."),
    ] = None,
    sql: Annotated[str | None, typer.Option(help="Query to read from a database URL.")] = None,
) -> None:
    """Hold the rows from a moment on against those before: is it worse, how much, why, where, what to do first?"""
    output.require_places(data)
    from steelyard.evaluation import diagnose

    raise run(lambda: diagnose(source(data), roles, since=since, sql=sql, **settings), data, settings, output)
