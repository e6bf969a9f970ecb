"""The command line: one file a command."""

from steelyard.cli.app import main

__all__ = ["main"]
