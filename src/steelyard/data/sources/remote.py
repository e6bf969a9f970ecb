"""Object storage and the web."""

from __future__ import annotations

import shutil
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

import polars as pl

from steelyard.data.border import as_table
from steelyard.data.sources.extras import need
from steelyard.data.sources.files import read_files
from steelyard.data.sources.formats import SUFFIXES, Format, suffix_of
from steelyard.data.sources.frames import measurable
from steelyard.data.sources.scan import ENGINE_ERRORS
from steelyard.data.sources.scratch import scratch_file
from steelyard.data.sources.source import Source
from steelyard.data.table import Table
from steelyard.records import MissingPackageError, SourceError, SteelyardError

POLARS = ("s3", "s3a", "gs", "gcs", "az", "azure", "abfs", "abfss", "adl", "http", "https")
OTHER = ("memory", "sftp", "ftp", "hdfs", "github", "dbfs")


def read_remote(source: str, query: str | None = None) -> Table:
    """Scan Parquet and Arrow where they lie; copy a text file here first, to find out how it is written."""
    shown = without_secrets(source)
    suffix = SUFFIXES.get(suffix_of(Path(PurePosixPath(urlsplit(source).path).name)))
    if source.split("://")[0] in POLARS and (suffix in (Format.PARQUET, Format.ARROW) or source.endswith("/")):
        return _scanned(source, shown, suffix)
    return read_files(_copied(source, shown), query, description=shown)


def without_secrets(source: str) -> str:
    """Return an address without password, signature or other query."""
    parts = urlsplit(source)
    host = parts.netloc.rpartition("@")[2]
    return f"{parts.scheme}://{host}{parts.path}"


def _scanned(source: str, shown: str, suffix: Format | None) -> Table:
    diagnose = partial(explain, source)
    try:
        frame = pl.scan_ipc(source) if suffix is Format.ARROW else pl.scan_parquet(source)
        rows = frame.select(pl.len()).collect().item()
        return as_table(measurable(frame), shown, rows=rows, diagnose=diagnose)
    except (*ENGINE_ERRORS, OSError) as error:
        raise (diagnose(error) or error) from error


def explain(source: str, error: Exception) -> SteelyardError | None:
    """Say why an address could not be read, without the secrets in it."""
    if not isinstance(error, (*ENGINE_ERRORS, OSError, ValueError)):
        return None
    shown, parts = without_secrets(source), urlsplit(source)
    reason = (str(error) or type(error).__name__).splitlines()[0].replace(source, shown)
    for secret in (f"?{parts.query}", parts.netloc.rpartition("@")[0]):
        reason = reason.replace(secret, "") if len(secret) > 1 else reason
    return SourceError(
        f"{shown} cannot be read: {reason.rstrip('.')}. "
        "Check the address and that this machine has credentials for it."
    )


def _copied(source: str, shown: str) -> Path:
    path = scratch_file("".join(PurePosixPath(urlsplit(source).path).suffixes[-2:]))
    try:
        with _opened(source, shown) as remote, path.open("wb") as here:
            shutil.copyfileobj(remote, here, 2**20)
    except ImportError as error:
        if isinstance(error, SteelyardError):
            raise
        raise MissingPackageError(f"Reading {shown} needs one more package: {error}.") from error
    except (OSError, ValueError) as error:
        if isinstance(error, HTTPError):
            error.close()
        raise (explain(source, error) or error) from error
    return path


def _opened(source: str, shown: str) -> Any:
    if source.lower().startswith(("http://", "https://")):
        from urllib.request import urlopen  # brings in ssl, half as slow to import as all the rest

        return urlopen(source, timeout=60)  # noqa: S310 - the scheme was just looked at
    return need("fsspec", "cloud", f"Reading {shown}").open(source, "rb")


def _accepts(source: Any) -> bool:
    return isinstance(source, str) and source.partition("://")[0].lower() in (*POLARS, *OTHER) and "://" in source


SOURCE = Source("object storage", _accepts, read_remote, "s3://, gs://, az://, https:// and memory:// addresses")
