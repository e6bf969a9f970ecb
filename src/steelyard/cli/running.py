"""Run an evaluation from the command line: progress, files, terminal, exit code."""

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
    from steelyard.evaluation import Evaluation

FOUND = f"Settings from ./{CONFIG} (others: --config FILE)"


def run(
    make: Callable[[], Evaluation], inputs: Sequence[str], settings: Mapping[str, Any], output: Output
) -> typer.Exit:
    """Evaluate, write and print; return the exit by the verdict.

    Raises:
        SteelyardError: the data or a file is at fault.
    """
    found = settings["config"] == CONFIG
    with _progress(output.silent, f"Weighing {', '.join(inputs[:3])}{' …' if len(inputs) > 3 else ''}"):
        try:
            evaluation = make()
        except SteelyardError as error:
            if found:
                error.add_note(FOUND)
            raise
    if found and not output.silent:
        with printing():
            typer.echo(FOUND)
    show(evaluation, output)
    return typer.Exit(BY_VERDICT[evaluation.verdict])


def show(evaluation: Evaluation, output: Output) -> None:
    """Write an evaluation's files and print it; where a file cannot be written the rest still comes out.

    Raises:
        OutputError: a file cannot be written.
    """
    written: list[Path] = []
    failures: list[OutputError] = []
    for path in output.files:
        try:
            written.append(evaluation.save(path))
        except OutputError as error:
            failures.append(error)
    if output.json:
        print_json(evaluation.to_json())
    elif not output.quiet:
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
