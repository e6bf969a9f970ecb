"""`steelyard compare`: two data sets, or models on the same rows: is it worse, which is better?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.cli import options
from steelyard.cli.options import Names, Output, takes
from steelyard.cli.running import run
from steelyard.records import ConfigError

if TYPE_CHECKING:
    from steelyard.data import Roles

OF_MODELS = "With --models: "


@takes(roles=options.roles, settings=options.settings, output=options.output)
def compare(
    files: Annotated[
        list[str],
        typer.Argument(
            metavar="REFERENCE CURRENT",
            help="What it was (training data, last quarter) and what it is now; with --models the predictions of two "
            "models or more, NAME=FILE to name them, or one file with --column.",
        ),
    ],
    roles: Roles,
    settings: Mapping[str, Any],
    output: Output,
    reference_sql: Annotated[str | None, typer.Option(help="Query to read the reference, a database URL.")] = None,
    sql: Annotated[str | None, typer.Option(help="The same for the current data.")] = None,
    models: Annotated[
        bool, typer.Option("--models", help="Compare models on the same rows, joined by --id: which is better?")
    ] = False,
    column: Annotated[
        Names,
        typer.Option(
            help=OF_MODELS + "a model of one file by its columns, NAME=PREDICTION, NAME=PREDICTION,SCORE or "
            "NAME=,SCORE. Repeatable."
        ),
    ] = None,
    rank_by: Annotated[str | None, typer.Option(help=OF_MODELS + "the metric that decides.")] = None,
    challenger: Annotated[
        str | None, typer.Option(help=OF_MODELS + "the model that is to replace the others; gives a verdict.")
    ] = None,
    margin: Annotated[
        float | None, typer.Option(help=OF_MODELS + "how much worse the challenger may be; else it must be better.")
    ] = None,
    fold: Annotated[
        str | None, typer.Option(help=OF_MODELS + "column with the fold of a cross-validation a row was tested in.")
    ] = None,
    test_share: Annotated[
        float | None, typer.Option(help=OF_MODELS + "share of all rows that a fold tests on (1/folds).")
    ] = None,
    aligned: Annotated[
        bool, typer.Option("--aligned", help=OF_MODELS + "all files list the same rows in the same order; no id.")
    ] = False,
) -> None:
    """Compare two data sets: is it worse, how much, why, where? With --models: which model is better?"""
    if models or column:
        more = {
            "rank_by": rank_by,
            "challenger": challenger,
            "margin": margin,
            "fold": fold,
            "test_share": test_share,
            "aligned": aligned,
        }
        _models(files, column, roles, settings, output, more)
    given = {"--rank-by": rank_by, "--challenger": challenger, "--margin": margin, "--fold": fold}
    given |= {"--test-share": test_share, "--aligned": aligned or None}
    of_models = [name for name, value in given.items() if value is not None]
    if of_models:
        raise ConfigError(f"{of_models[0]} is of a comparison of models: add --models.")
    if len(files) != 2:
        raise ConfigError(
            f"compare takes two data sets, REFERENCE and CURRENT; there {'is' if len(files) == 1 else 'are'} "
            f"{len(files)}. To hold models against each other on the same rows add --models."
        )
    reference, current = files
    output.require_places(files)
    from steelyard.evaluation import compare

    raise run(
        lambda: compare(reference, current, roles, sql=sql, reference_sql=reference_sql, **settings),
        [reference, current],
        settings,
        output,
    )


def _models(
    files: list[str],
    columns: Names,
    roles: Roles,
    settings: Mapping[str, Any],
    output: Output,
    more: Mapping[str, Any],
) -> None:
    """Models against each other; ends the command by the verdict of the challenger."""
    named = dict(_named(given) for given in files) if all("=" in given for given in files) else None
    paths = list(named.values()) if named else files
    output.require_places(paths)
    unfit = [name for name in ("checks", "window", "events") if settings.get(name)]
    if unfit:
        raise ConfigError(f"--{unfit[0].rstrip('s')} is of one model; a comparison of models has --challenger.")
    if columns and len(files) != 1:
        raise ConfigError(f"--column names models of one file, and there are {len(files)} files.")
    from steelyard.evaluation.comparison import compare_models

    kept = {name: settings[name] for name in ("metrics", "labels", "on", "costs", "config", "level")}
    entries: Any = dict(_columns(given) for given in columns) if columns else named or files
    data = files[0] if columns else None
    raise run(lambda: compare_models(entries, roles, data=data, **kept, **more), paths, settings, output)


def _named(given: str) -> tuple[str, str]:
    name, _, path = given.partition("=")
    return name, path


def _columns(given: str) -> tuple[str, dict[str, str]]:
    name, equals, said = given.partition("=")
    prediction, _, score = (part.strip() for part in said.partition(","))
    if not equals or not name or not (prediction or score):
        raise ConfigError(f"--column {given!r} must be NAME=PREDICTION or NAME=PREDICTION,SCORE or NAME=,SCORE.")
    return name, {key: column for key, column in (("prediction", prediction), ("score", score)) if column}
