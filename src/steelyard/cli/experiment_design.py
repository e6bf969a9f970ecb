"""`steelyard experiment design`: how many units, how long, and what that would tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

import typer

from steelyard.cli import options
from steelyard.cli.exit_codes import BY_VERDICT
from steelyard.cli.options import Output, takes
from steelyard.cli.running import progress, show


def question(
    metric: Annotated[
        str,
        typer.Option(help="proportion, mean or ratio; with DATA a column or an expression: revenue / sessions."),
    ] = "proportion",
    name: Annotated[str | None, typer.Option(help="Name of the metric, for people.")] = None,
    baseline: Annotated[str | None, typer.Option(help="Value of the control: 0.12, or 12%.")] = None,
    sd: Annotated[float | None, typer.Option(help="Standard deviation of one unit, for means and ratios.")] = None,
    mde: Annotated[
        str | None, typer.Option(help='Smallest effect to be found: 0.006, "0.6 points", or 5% of the baseline.')
    ] = None,
    margin: Annotated[str | None, typer.Option(help="How much worse is still good enough: 2%, or absolute.")] = None,
    test: Annotated[str | None, typer.Option(help="difference, noninferiority or equivalence.")] = None,
    power: Annotated[str, typer.Option(help="Chance to find the effect.")] = "0.8",
    alpha: Annotated[str, typer.Option(help="Chance of a false alarm in all.")] = "0.05",
    sides: Annotated[int, typer.Option(help="2, or 1 for changes in one direction only.")] = 2,
    arms: Annotated[int | None, typer.Option(help="Arms, the control among them (2).")] = None,
    allocation: Annotated[str | None, typer.Option(help="Shares of the arms, the control first: 80/20.")] = None,
    metrics: Annotated[int, typer.Option(help="Primary metrics that share the false alarms.")] = 1,
    traffic: Annotated[str | None, typer.Option(help="Units that can be assigned: 20000/day, 140k/week.")] = None,
    days: Annotated[
        float | None, typer.Option(help="How long it may last; then the effect is told, or the power.")
    ] = None,
    units: Annotated[float | None, typer.Option(help="Units there are in all; the same.")] = None,
    correlation: Annotated[
        float | None, typer.Option(help="Of the metric with a covariate from before (CUPED).")
    ] = None,
    cluster_size: Annotated[float | None, typer.Option(help="Units that are assigned together.")] = None,
    icc: Annotated[float | None, typer.Option(help="Correlation of two units of a cluster.")] = None,
    looks: Annotated[
        str | None, typer.Option(help="Planned looks: 4, or 0.25,0.5,1; any for looking at any time.")
    ] = None,
    spending: Annotated[
        str, typer.Option(help="How looks spend false alarms: obrien_fleming or pocock.")
    ] = "obrien_fleming",
    always_valid: Annotated[bool, typer.Option("--always-valid", help="Look at any time.")] = False,
    sql: Annotated[str | None, typer.Option(help="Query to read DATA, a database URL.")] = None,
    unit: Annotated[
        str | None, typer.Option(help="Column of DATA that names the unit; its rows are added up.")
    ] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Column of DATA whose equal values are assigned together.")
    ] = None,
    covariate: Annotated[str | None, typer.Option(help="Column of DATA known before the experiment.")] = None,
) -> Mapping[str, Any]:
    """What is to be planned, as keywords of `steelyard.design`."""
    return dict(locals())


@takes(asked=question, output=options.output)
def design(
    asked: Mapping[str, Any],
    output: Output,
    data: Annotated[
        str | None,
        typer.Argument(metavar="[DATA]", help="Rows of before, to read baseline, spread and correlation from."),
    ] = None,
) -> None:
    """Plan an experiment: how many units, how long, how looked at, and what that would tell."""
    output.require_places([] if data is None else [data])
    from steelyard.evaluation.design import design

    with progress(output.silent, "Planning" if data is None else f"Planning from {data}"):
        planned = design(data=data, **asked)
    show(planned, output)
    raise typer.Exit(BY_VERDICT[planned.verdict])
