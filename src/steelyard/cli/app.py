"""The application: commands, exit codes, and the one place where errors become words."""

from __future__ import annotations

import io
import sys
import traceback
from collections.abc import Sequence

import typer

from steelyard.cli import (
    check,
    compare,
    demo,
    diagnose,
    evaluate,
    experiment,
    explain_metric,
    improve,
    metrics,
    suggest,
)
from steelyard.cli.exit_codes import USAGE
from steelyard.records import SteelyardError

app = typer.Typer(
    name="steelyard",
    help="Weigh your models: honest numbers with intervals, what is wrong, where, and what to do.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("evaluate")(evaluate.evaluate)
app.command("compare")(compare.compare)
app.command("check")(check.check)
app.command("diagnose")(diagnose.diagnose)
app.command("improve")(improve.improve)
app.command("suggest")(suggest.suggest)
app.command("demo")(demo.demo)
app.command("metrics")(metrics.metrics)
app.command("explain-metric")(explain_metric.explain_metric)
app.add_typer(experiment.app, name="experiment")


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        from steelyard import __version__

        typer.echo(__version__)
        raise typer.Exit


def main(args: Sequence[str] | None = None) -> None:
    """Run the command line; errors of the user's come out as one clear message and exit code 2.

    Args:
        args: the words after `steelyard`; by default those of this process.
    """
    given = sys.argv[1:] if args is None else list(args)
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")  # a terminal that cannot show a letter is no reason to stop
    try:
        app(given, prog_name="steelyard")
    except SteelyardError as error:
        _tell([f"Error: {error}", *getattr(error, "__notes__", ())], debug="--debug" in given)
    except Exception as error:  # noqa: BLE001 - the last door: a fault of ours, told without a traceback
        fault = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
        said = f"Error: something went wrong inside Steelyard ({fault}). "
        _tell([f"{said}Run again with --debug and report what it prints."], debug="--debug" in given)


def _tell(lines: Sequence[str], *, debug: bool) -> None:
    if debug:
        traceback.print_exc()
    for line in lines:
        typer.echo(line, err=True)
    sys.exit(USAGE)
