"""`steelyard experiment`: design one, or analyse one that has run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from steelyard.cli import experiment_design, options
from steelyard.cli.options import CONFIG, Names, Output, source, takes
from steelyard.cli.running import run
from steelyard.records import ConfigError

app = typer.Typer(
    help="Experiments: how many units they need, and what they showed.", no_args_is_help=True, rich_markup_mode=None
)


@takes(output=options.output)
def analyse(
    output: Output,
    data: Annotated[
        Names,
        typer.Argument(
            metavar="[FILE…]",
            help="One table of units: unit, arm, metrics as columns. Or --assignments and --outcomes.",
        ),
    ] = None,
    metric: Annotated[
        Names,
        typer.Option(
            help='What to measure: "revenue", "converted:primary", "revenue / sessions", "p95(latency):lower". Words '
            "after colons: primary, secondary, guardrail; higher, lower; sum, mean, any; covariate=COLUMN, "
            "worth=MONEY, "
            "name=WORDS. Repeatable."
        ),
    ] = None,
    guardrail: Annotated[
        Names, typer.Option(help='What must not get worse: "latency:lower:margin=2%". Repeatable.')
    ] = None,
    assignments: Annotated[Names, typer.Option(help="A row for each unit: unit, arm, time. Repeatable.")] = None,
    outcomes: Annotated[Names, typer.Option(help="A row for each event: unit, time, values. Repeatable.")] = None,
    arm: Annotated[str | None, typer.Option(help="Column with the arm.")] = None,
    unit: Annotated[str | None, typer.Option(help="Column that names the unit (user).")] = None,
    control: Annotated[str | None, typer.Option(help="The arm that others are compared with.")] = None,
    expected: Annotated[
        str | None,
        typer.Option(help="Share of units each arm was meant to have: control=0.9,B=0.1. Else equal ones."),
    ] = None,
    slice_: Annotated[
        Names, typer.Option("--slice", help="Column to tell effects by; A,B is the intersection. Repeatable.")
    ] = None,
    other: Annotated[Names, typer.Option(help="Column with the arms of another experiment. Repeatable.")] = None,
    time: Annotated[str | None, typer.Option(help="Column with the time of the assignment.")] = None,
    outcome_time: Annotated[str | None, typer.Option(help="Column of the outcomes with their time.")] = None,
    cluster: Annotated[str | None, typer.Option(help="Column whose equal values belong together (shop).")] = None,
    weight: Annotated[str | None, typer.Option(help="Column with the weights of units.")] = None,
    exposed: Annotated[
        str | None, typer.Option(help="Column that tells whether the unit could have noticed the difference.")
    ] = None,
    looks: Annotated[
        str | None,
        typer.Option(help="any (look whenever you like), 4, or 0.25,0.5,0.75,1 (planned). Else one look at the end."),
    ] = None,
    planned: Annotated[float | None, typer.Option(help="Units in all that were planned.")] = None,
    looked: Annotated[int, typer.Option(help="Looks that were taken before this one.")] = 0,
    every: Annotated[str | None, typer.Option(help="Width of the windows of time: 1h, 1d, 1w.")] = None,
    level: Annotated[float | None, typer.Option(help="Nominal coverage of the intervals (0.95).")] = None,
    config: Annotated[
        Path | None, typer.Option(help="Its section [experiment] counts; ./steelyard.toml is taken where it exists.")
    ] = None,
    sql: Annotated[
        str | None, typer.Option(help="Query to read FILE (or the assignments) from a database URL.")
    ] = None,
) -> None:
    """Analyse an experiment: can it be trusted, did it work, how much, for whom, what next?

    Exit code 0: ship. 1: don't ship, or not valid. 3: keep running.
    """
    inputs = [*(data or ()), *(assignments or ()), *(outcomes or ())]
    output.require_places(inputs)
    from steelyard.evaluation.experiment import experiment

    found = config is None and Path(CONFIG).is_file()
    said: dict[str, Any] = {
        "metrics": metric or (),
        "guardrails": guardrail or (),
        "assignments": _source(assignments),
        "outcomes": _source(outcomes),
        "arm": arm,
        "unit": unit,
        "control": control,
        "expected": _expected(expected),
        "slices": [_slice(given) for given in slice_ or ()],
        "others": other or (),
        "time": time,
        "outcome_time": outcome_time,
        "cluster": cluster,
        "weight": weight,
        "exposed": exposed,
        "looks": looks,
        "planned": planned,
        "looked": looked,
        "every": every,
        "level": level,
        "config": CONFIG if found else config,
        "sql": sql,
    }
    raise run(lambda: experiment(_source(data), **said), inputs, said, output)


app.command("design")(experiment_design.design)
app.command("analyse")(analyse)


def _source(given: Names) -> str | list[str] | None:
    return source(given) if given else None


def _slice(given: str) -> str | tuple[str, ...]:
    parts = tuple(part.strip() for part in given.split(","))
    return parts if len(parts) > 1 else given


def _expected(given: str | None) -> dict[str, float]:
    """Shares by arm, from control=0.9,B=0.1."""
    found: dict[str, float] = {}
    for part in (given or "").split(",") if given else ():
        name, equals, share = part.rpartition("=")
        try:
            found[name.strip()] = float(share) if equals else float("nan")
        except ValueError:
            equals = ""
        if not equals:
            raise ConfigError(f"--expected {given!r} must give every arm its share: control=0.5,B=0.5.")
    return found
