"""`steelyard compare`: is it worse, how much, why, where, what to do first?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.cli import options
from steelyard.cli.options import Output, takes
from steelyard.cli.running import run

if TYPE_CHECKING:
    from steelyard.data import Roles


@takes(roles=options.roles, settings=options.settings, output=options.output)
def compare(
    reference: Annotated[str, typer.Argument(metavar="REFERENCE", help="What it was: training data, last quarter.")],
    current: Annotated[str, typer.Argument(metavar="CURRENT", help="What it is now.")],
    roles: Roles,
    settings: Mapping[str, Any],
    output: Output,
    reference_sql: Annotated[str | None, typer.Option(help="Query to read the reference, a database URL.")] = None,
    sql: Annotated[str | None, typer.Option(help="The same for the current data.")] = None,
) -> None:
    """Compare two data sets: is it worse, how much, why, where, what to do first?"""
    output.require_places([reference, current])
    from steelyard.evaluation import compare

    raise run(
        lambda: compare(reference, current, roles, sql=sql, reference_sql=reference_sql, **settings),
        [reference, current],
        settings,
        output,
    )
