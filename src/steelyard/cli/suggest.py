"""`steelyard suggest`: rules for data to come, from data that are known to be good."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from steelyard.cli.output import printing
from steelyard.records import ConfigError, OutputError


def suggest(
    data: Annotated[
        list[str],
        typer.Argument(metavar="FILE…", help="Files, globs, folders, URLs with data that are known to be good."),
    ],
    sql: Annotated[str | None, typer.Option(help="Query to read from a database URL.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Write the rules there instead of printing them.")
    ] = None,
    debug: Annotated[bool, typer.Option(help="Show the traceback of an error.")] = False,
) -> None:
    """Suggest rules for the columns (type, missing, range, values, format, order), each with its reason, as TOML."""
    if output is not None:
        _require_place(output, data)
    from steelyard.analyses.expectations import to_toml
    from steelyard.evaluation.suggest import suggest as suggested

    found = suggested(data[0] if len(data) == 1 else data, sql=sql)
    head = (
        f"Suggested by `steelyard suggest {' '.join(data)}`. Read every rule, change what you know better,\n"
        'and hold data against them: evaluate(…, checks="checks.toml").'
    )
    body = to_toml(found, head)
    with printing():
        if output is None:
            typer.echo(body.rstrip("\n"))
            return
        _write(output, body)
        typer.echo(f"Written: {output.resolve()} ({len(found)} rules)")


def _require_place(output: Path, inputs: Sequence[str]) -> None:
    if output.is_dir() or not output.parent.is_dir():
        raise OutputError(f"The rules cannot be written to {str(output)!r}: name a file in a folder that exists.")
    if output.exists() and any(Path(name).exists() and output.samefile(name) for name in inputs):
        raise ConfigError(f"{str(output)!r} is the data; the rules would replace it. Choose another name.")


def _write(output: Path, body: str) -> None:
    beside = output.with_name(f".{output.name}.tmp")
    try:
        beside.write_text(body, encoding="utf-8")
        beside.replace(output)
    except OSError as error:
        beside.unlink(missing_ok=True)
        raise OutputError(f"The rules cannot be written to {str(output)!r}: {error.strerror or error}.") from error
