"""Run what makes a result from the command line: progress, files, terminal, exit code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from steelyard.cli.exit_codes import BY_VERDICT
from steelyard.cli.options import CONFIG, Output
from steelyard.cli.output import console, print_json, printing
from steelyard.records import OutputError, SteelyardError

if TYPE_CHECKING:
    from steelyard.evaluation.result import Result

FOUND = f"Settings from ./{CONFIG} (others: --config FILE)"


def run(make: Callable[[], Result], inputs: Sequence[str], settings: Mapping[str, Any], output: Output) -> typer.Exit:
    """Make a result, write and print it; return the exit by the verdict.

    Raises:
        SteelyardError: the data or a file is at fault.
    """
    found = settings["config"] == CONFIG
    with progress(output.silent, f"Weighing {', '.join(inputs[:3])}{' …' if len(inputs) > 3 else ''}"):
        try:
            result = make()
        except SteelyardError as error:
            if found:
                error.add_note(FOUND)
            raise
    if found and not output.silent:
        with printing():
            typer.echo(FOUND)
    show(result, output)
    return typer.Exit(BY_VERDICT[result.verdict])


def show(result: Result, output: Output) -> None:
    """Write the files of a result and print it; where a file cannot be written the rest still comes out.

    Raises:
        OutputError: a file cannot be written.
    """
    written: list[Path] = []
    failures: list[OutputError] = []
    for path in output.files:
        try:
            written.append(result.save(path))
        except OutputError as error:
            failures.append(error)
    if output.json:
        print_json(result.to_json())
    elif not output.quiet:
        from steelyard.report import print_terminal

        with printing():
            print_terminal(result, console())
            for path in written:
                typer.echo(f"Written: {path.resolve()}")
    for failure in failures:
        raise failure


def progress(silent: bool, message: str) -> Any:
    """A context in which a terminal shows that there is work being done."""
    from contextlib import nullcontext

    from rich.console import Console

    console = Console(stderr=True)
    return nullcontext() if silent or not console.is_terminal else console.status(message)
