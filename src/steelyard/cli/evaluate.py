"""`steelyard evaluate`: from a table of predictions to an honest report."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.cli.exit_codes import BY_VERDICT
from steelyard.cli.output import console, print_json, printing
from steelyard.records import ConfigError, OutputError, SteelyardError

if TYPE_CHECKING:
    from steelyard.evaluation import Evaluation

CONFIG = "steelyard.toml"
FOUND = f"Settings from ./{CONFIG} (others: --config FILE)"
Names = list[str] | None


def evaluate(
    data: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Files, globs, folders, URLs; - reads standard input."),
    ],
    label: Annotated[Names, typer.Option(help="Column with the truth; several for multilabel.")] = None,
    prediction: Annotated[Names, typer.Option(help="Column with the model's answer; several for multilabel.")] = None,
    score: Annotated[
        Names,
        typer.Option(help="Column with the score or probability; CLASS=COLUMN for each of several classes."),
    ] = None,
    positive: Annotated[str | None, typer.Option(help="The label value that counts as positive.")] = None,
    threshold: Annotated[float | None, typer.Option(help="Scores from here on are positive decisions.")] = None,
    task: Annotated[
        str | None,
        typer.Option(help="binary, multiclass, multilabel, regression, forecasting or ranking."),
    ] = None,
    slice_: Annotated[
        Names, typer.Option("--slice", help="Column to slice by; A,B is the intersection of two. Repeatable.")
    ] = None,
    feature: Annotated[Names, typer.Option(help="Feature column for the data overview. Repeatable.")] = None,
    weight: Annotated[str | None, typer.Option(help="Column with row weights.")] = None,
    cluster: Annotated[
        str | None, typer.Option(help="Column whose equal values belong together (user, session).")
    ] = None,
    time: Annotated[str | None, typer.Option(help="Column with the time of the row.")] = None,
    id_: Annotated[str | None, typer.Option("--id", help="Column that identifies the row.")] = None,
    query: Annotated[str | None, typer.Option(help="Column that groups the rows of one ranked list.")] = None,
    series: Annotated[str | None, typer.Option(help="Column with the series of a forecast.")] = None,
    horizon: Annotated[str | None, typer.Option(help="Column with the steps ahead of a forecast.")] = None,
    quantile: Annotated[Names, typer.Option(help="Predicted quantile, e.g. 0.9=p90. Repeatable.")] = None,
    reference: Annotated[
        Names, typer.Option(help="Data to compare with: training, last quarter. Repeatable.")
    ] = None,
    sql: Annotated[str | None, typer.Option(help="Query to read from a database URL.")] = None,
    reference_sql: Annotated[str | None, typer.Option(help="The same for the reference.")] = None,
    metric: Annotated[Names, typer.Option(help="Measure only this metric. Repeatable.")] = None,
    check: Annotated[
        Names,
        typer.Option(help='Hold a metric against a bound: "roc_auc >= 0.8", "recall >= 0.7 [sex = F]". Repeatable.'),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Roles, own metrics and checks; ./steelyard.toml is taken where it exists."),
    ] = None,
    level: Annotated[float | None, typer.Option(help="Nominal coverage of the intervals (0.95).")] = None,
    output: Annotated[
        list[Path] | None,
        typer.Option("--output", "-o", help="Write the report: .html, .json or .md. Repeatable."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the JSON and nothing else.")] = False,
    columns: Annotated[bool, typer.Option(help="Summarise every column.")] = True,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
) -> None:
    """Evaluate a table of predictions: metrics with intervals, slices, curves, findings, verdict."""
    require_places(output or [], data)
    from steelyard.data import Roles
    from steelyard.evaluation import evaluate as run

    roles = Roles(
        label=_one_or_several(label),
        prediction=_one_or_several(prediction),
        score=_scores(score),
        positive=positive,
        threshold=threshold,
        task=_task(task),
        slices=tuple(_slice(s) for s in slice_ or ()),
        features=feature,
        weight=weight,
        cluster=cluster,
        time=time,
        id=id_,
        query=query,
        series=series,
        horizon=horizon,
        quantiles=dict(_quantile(q) for q in quantile or ()),
    )
    found = config is None and Path(CONFIG).is_file()
    with _progress(quiet or json, f"Weighing {', '.join(data[:3])}{' …' if len(data) > 3 else ''}"):
        try:
            evaluation = run(
                _source(data),
                roles,
                reference=_source(reference) if reference else None,
                checks=check or (),
                config=CONFIG if found else config,
                metrics=metric,
                sql=sql,
                reference_sql=reference_sql,
                level=level,
                columns=columns,
            )
        except SteelyardError as error:
            if found:
                error.add_note(FOUND)
            raise
    if found and not (quiet or json):
        with printing():
            typer.echo(FOUND)
    show(evaluation, output or [], json=json, quiet=quiet)
    raise typer.Exit(BY_VERDICT[evaluation.verdict])


def require_places(outputs: Sequence[Path], inputs: Sequence[str] = ()) -> None:
    """Refuse, before any work is done, to write where nothing can be written, or over the data."""
    if not outputs:
        return
    from steelyard.report.files import require_place

    for path in outputs:
        require_place(path)
        if path.exists() and any(Path(name).exists() and path.samefile(name) for name in inputs):
            raise ConfigError(f"{str(path)!r} is the data; the report would replace it. Choose another name.")


def show(evaluation: Evaluation, outputs: Sequence[Path], *, json: bool = False, quiet: bool = False) -> None:
    """Write an evaluation's files and print it; where a file cannot be written the rest still comes out.

    Raises:
        OutputError: a file cannot be written.
    """
    written: list[Path] = []
    failures: list[OutputError] = []
    for path in outputs:
        try:
            written.append(evaluation.save(path))
        except OutputError as error:
            failures.append(error)
    if json:
        print_json(evaluation.to_json())
    elif not quiet:
        from steelyard.report import print_terminal

        with printing():
            print_terminal(evaluation, console())
            for path in written:
                typer.echo(f"Written: {path.resolve()}")
    for failure in failures:
        raise failure


def _progress(silent: bool, message: str) -> Any:
    from contextlib import nullcontext

    from rich.console import Console

    console = Console(stderr=True)
    return nullcontext() if silent or not console.is_terminal else console.status(message)


def _source(given: list[str]) -> str | list[str]:
    return given[0] if len(given) == 1 else given


def _one_or_several(given: Names) -> str | list[str] | None:
    return None if not given else given[0] if len(given) == 1 else given


def _scores(given: Names) -> str | list[str] | dict[str, str] | None:
    if given and all("=" in g for g in given):
        return {name: column for name, _, column in (g.partition("=") for g in given)}
    return _one_or_several(given)


def _slice(given: str) -> str | tuple[str, ...]:
    parts = tuple(p.strip() for p in given.split(","))
    return parts if len(parts) > 1 else given


def _quantile(given: str) -> tuple[float, str]:
    share, equals, column = given.partition("=")
    try:
        if equals and 0 < float(share) < 1:
            return float(share), column
    except ValueError:
        pass
    raise ConfigError(f"--quantile {given!r} must be SHARE=COLUMN with a share between 0 and 1, e.g. 0.9=p90.")


def _task(given: str | None) -> Any:
    from steelyard.data import TASKS
    from steelyard.records import nearest

    if given is None or given in TASKS:
        return given
    raise ConfigError(f"There is no task {given!r}. {nearest(given, TASKS)}")
