"""Optional packages, asked for by the extra that brings them."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from steelyard.records import MissingPackageError


def need(module: str, extra: str, purpose: str) -> Any:
    """Import an optional package, or say how to install it."""
    try:
        return import_module(module)
    except ImportError as error:
        package = module.partition(".")[0]
        raise MissingPackageError(
            f'{purpose} needs the package {package!r}, which is not installed. Run: pip install "steelyard[{extra}]"'
        ) from error
