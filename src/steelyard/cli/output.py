"""Printing: a reader who leaves early, or cannot show every letter, changes neither files nor exit codes."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer

if TYPE_CHECKING:
    from rich.console import Console


@contextmanager
def printing() -> Iterator[None]:
    """Let the reader of standard output leave (`| head`): what remains to be said is dropped."""
    try:
        yield
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def print_json(text: str) -> None:
    """Print JSON and nothing else; in UTF-8, whatever the terminal speaks, for JSON is nothing else."""
    with printing():
        typer.echo(text.rstrip("\n").encode())


def console() -> Console:
    """A Rich console on standard output."""
    from rich.console import Console

    class Piped(Console):
        def on_broken_pipe(self) -> None:
            raise BrokenPipeError  # Rich would end the process with exit code 1, which says that a check failed

    return Piped()
