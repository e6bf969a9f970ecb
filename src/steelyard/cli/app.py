"""The application: commands, exit codes, and the one place where errors become words."""

from __future__ import annotations

import sys
import traceback

import typer

from steelyard.cli import demo, evaluate, explain_metric, metrics
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
app.command("demo")(demo.demo)
app.command("metrics")(metrics.metrics)
app.command("explain-metric")(explain_metric.explain_metric)


@app.callback(invoke_without_command=True)
def _version(version: bool = typer.Option(False, "--version", help="Print the version.")) -> None:
    if version:
        from steelyard import __version__

        typer.echo(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line; errors of the user's come out as one clear message and exit code 2."""
    debug = "--debug" in sys.argv
    try:
        app()
    except SteelyardError as error:
        if debug:
            traceback.print_exc()
        typer.echo(f"Error: {error}", err=True)
        sys.exit(USAGE)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(USAGE)
    except Exception as error:  # noqa: BLE001 - the last door: a fault of ours, told without a traceback
        if debug:
            traceback.print_exc()
        typer.echo(
            f"Error: something went wrong inside Steelyard ({type(error).__name__}: {error}). "
            "Run again with --debug and report what it prints.",
            err=True,
        )
        sys.exit(USAGE)
