"""The sources we ship, registered as a user would register theirs."""

from __future__ import annotations

from steelyard.data.sources import database, duckdb_file, files, frames, pandas_frame, records, remote
from steelyard.data.sources.source import register


def register_all() -> None:
    """Register ours, the most general first, since the latest is asked first."""
    for module in (files, records, frames, pandas_frame, remote, database, duckdb_file):
        register(module.SOURCE)
