"""`steelyard check`: is this model good enough, by the bounds that were set before?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from steelyard.cli import options
from steelyard.cli.exit_codes import BY_VERDICT
from steelyard.cli.options import CONFIG, Names, Output, source, takes
from steelyard.cli.output import console, print_json, printing
from steelyard.cli.running import progress
from steelyard.records import ConfigError

if TYPE_CHECKING:
    from steelyard.data import Roles
    from steelyard.evaluation import Evaluation


def settings(
    check: Annotated[
        Names,
        typer.Option(help='A check beside those of the config: "roc_auc >= 0.8", "recall >= champion". Repeatable.'),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(help="Data, roles, own metrics and checks; ./steelyard.toml is taken where it exists."),
    ] = None,
    reference: Annotated[Names, typer.Option(help="Data that relative checks compare with. Repeatable.")] = None,
    champion: Annotated[
        Names,
        typer.Option(help="Another model's predictions of the same rows, joined by id; or score=COLUMN. Repeatable."),
    ] = None,
    labels: Annotated[
        Names, typer.Option(help="Labels of the data in files of their own, joined by id. Repeatable.")
    ] = None,
    on: Annotated[Names, typer.Option(help="Column that labels are joined by. Repeatable.")] = None,
    sql: Annotated[str | None, typer.Option(help="Query to read from a database URL.")] = None,
    reference_sql: Annotated[str | None, typer.Option(help="The same for the reference.")] = None,
    level: Annotated[float | None, typer.Option(help="Nominal coverage of the intervals (0.95).")] = None,
    seed: Annotated[int | None, typer.Option(help="Of what is drawn.")] = None,
) -> Mapping[str, Any]:
    """What to judge, as keywords of `steelyard.evaluation.gate`."""
    return {
        "checks": check or (),
        "config": Path(CONFIG) if config is None and Path(CONFIG).is_file() else config,
        "reference": source(reference) if reference else None,
        "champion": options.champion_of(champion),
        "labels": source(labels) if labels else None,
        "on": on,
        "sql": sql,
        "reference_sql": reference_sql,
        "level": level,
        "seed": seed,
    }


@takes(roles=options.roles, settings=settings, output=options.output)
def check(
    roles: Roles,
    settings: Mapping[str, Any],
    output: Output,
    data: Annotated[
        list[str] | None,
        typer.Argument(metavar="[FILE…]", help="What to judge; that of [data] in the config by default."),
    ] = None,
    junit: Annotated[Path | None, typer.Option(help="Write the checks as JUnit XML.")] = None,
    comment: Annotated[Path | None, typer.Option(help="Write them as a comment for a pull request.")] = None,
    name: Annotated[str, typer.Option(help="Name of this gate, where a pull request has several.")] = "",
    lock: Annotated[
        Path | None,
        typer.Option(help="Register bounds and data in this file; steelyard.lock.json is taken where it exists."),
    ] = None,
    register: Annotated[
        bool, typer.Option("--register", help="Register the bounds before any data is read.")
    ] = False,
) -> None:
    """Hold a model against bounds: pass, fail or inconclusive, with what would settle it."""
    file = lock or _beside(settings["config"])
    if register:
        _register(settings, file, output)
        return
    _require_places(output, data or [], junit, comment)
    from steelyard.evaluation import gate

    what = ", ".join((data or [])[:3]) or str(settings["config"] or "")
    with progress(output.silent, f"Checking {what}"):
        evaluation = gate(
            source(data) if data else None, roles, lock=file if lock or file.is_file() else None, **settings
        )
    written = [*_write(evaluation, junit, comment, name), *(evaluation.save(path) for path in output.files)]
    if output.json:
        print_json(evaluation.to_json())
    elif not output.quiet:
        _print(evaluation, written)
    raise typer.Exit(BY_VERDICT[evaluation.verdict])


def _beside(config: Path | None) -> Path:
    """The lock file that belongs to a config."""
    from steelyard.evaluation.registry_file import NAME

    return (config.parent if config else Path()) / NAME


def _register(settings: Mapping[str, Any], file: Path, output: Output) -> None:
    from steelyard.evaluation.gating import register

    registry = register(file, settings["checks"], settings["config"], settings["level"])
    if not output.silent:
        with printing():
            for name, standing in registry.standings().items():
                typer.echo(f"{name}: {standing.sentence}.")
            typer.echo(f"Written: {file.resolve()}")


def _require_places(output: Output, data: list[str], *others: Path | None) -> None:
    from steelyard.evaluation.writing import require_room

    output.require_places(data)
    for path in others:
        if path is not None:
            require_room(path)
            if any(Path(name).exists() and path.exists() and path.samefile(name) for name in data):
                raise ConfigError(f"{str(path)!r} is the data; it would be replaced. Choose another name.")


def _write(evaluation: Evaluation, junit: Path | None, comment: Path | None, name: str) -> Iterator[Path]:
    from steelyard.evaluation.writing import write_whole
    from steelyard.integrations.github import to_comment
    from steelyard.integrations.junit import to_junit

    if junit is not None:
        yield write_whole(junit, to_junit(evaluation, name).encode("utf-8", "replace"))
    if comment is not None:
        yield write_whole(comment, to_comment(evaluation, name).encode("utf-8", "replace"))


def _print(evaluation: Evaluation, written: Sequence[Path]) -> None:
    from steelyard.evaluation.registered import history
    from steelyard.report.checklist import checks_grid, explained, ordered, outcome
    from steelyard.report.terminal_table import grid_table
    from steelyard.report.text import sentence, visible

    with printing():
        out = console()
        out.print(f"{visible(evaluation.subject)}: {outcome(evaluation)}", markup=False, highlight=False)
        out.print()
        out.print(grid_table(checks_grid(evaluation), out.width))
        for result in ordered(evaluation):
            if said := explained(result):
                out.print()
                out.print(f"{visible(result.title)}: {said}", markup=False, highlight=False)
        for line in history(evaluation):
            out.print()
            out.print(sentence(line), markup=False, highlight=False)
        for path in written:
            typer.echo(f"Written: {path.resolve()}")
