"""Object storage and the web."""

from __future__ import annotations

import shutil
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urlsplit

import polars as pl

from steelyard.data.border import as_table
from steelyard.data.sources.extras import need
from steelyard.data.sources.files import read_files
from steelyard.data.sources.formats import SUFFIXES, Format, suffix_of
from steelyard.data.sources.scan import ENGINE_ERRORS, Diagnose
from steelyard.data.sources.scratch import scratch_file
from steelyard.data.sources.source import Source
from steelyard.data.table import Table
from steelyard.records import SourceError, SteelyardError

POLARS = ("s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl", "http", "https")
OTHER = ("memory", "sftp", "ftp", "hdfs", "github", "dbfs")


def read_remote(source: str, query: str | None = None) -> Table:
    """Scan Parquet and Arrow where they lie; copy a text file here first, to find out how it is written."""
    shown = without_secrets(source)
    suffix = SUFFIXES.get(suffix_of(Path(PurePosixPath(urlsplit(source).path).name)))
    if source.split("://")[0] in POLARS and (
        suffix in (Format.PARQUET, Format.ARROW) or source.endswith("/")
    ):
        return _scanned(source, shown, suffix)
    return read_files(_copied(source, shown), query, description=shown)


def without_secrets(source: str) -> str:
    """Return an address without password, signature or other query."""
    parts = urlsplit(source)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _scanned(source: str, shown: str, suffix: Format | None) -> Table:
    diagnose = _explains(shown)
    try:
        frame = pl.scan_ipc(source) if suffix is Format.ARROW else pl.scan_parquet(source)
        rows = frame.select(pl.len()).collect().item()
        return as_table(frame, shown, rows=rows, diagnose=diagnose)
    except (pl.exceptions.PolarsError, OSError) as error:
        raise (diagnose(error) or error) from error


def _explains(shown: str) -> Diagnose:
    def diagnose(error: Exception) -> SteelyardError | None:
        if not isinstance(error, (OSError, *ENGINE_ERRORS)):
            return None
        return SourceError(
            f"{shown} cannot be read: {str(error).splitlines()[0] if str(error) else type(error).__name__}. "
            "Check the address and that this machine has credentials for it."
        )

    return diagnose


def _copied(source: str, shown: str) -> Path:
    fsspec = need("fsspec", "cloud", f"Reading {shown}")
    path = scratch_file("".join(PurePosixPath(urlsplit(source).path).suffixes[-2:]))
    try:
        with fsspec.open(source, "rb") as remote, path.open("wb") as here:
            shutil.copyfileobj(remote, here, 2**20)
    except ImportError as error:
        need("_", "cloud", f"Reading {shown} ({error})")
    except (OSError, ValueError) as error:
        raise SourceError(
            f"{shown} cannot be read: {type(error).__name__} {error}. Check the address and credentials."
        ) from error
    return path


def _accepts(source: Any) -> bool:
    return (
        isinstance(source, str)
        and source.partition("://")[0].lower() in (*POLARS, *OTHER)
        and "://" in source
    )


SOURCE = Source(
    "object storage", _accepts, read_remote, "s3://, gs://, az://, https:// and memory:// addresses"
)
