"""What can be told of an image without understanding it, as columns; needs Pillow (the extra `image`)."""

from __future__ import annotations

import io
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl

from steelyard.data.sources.extras import need

SIDE = 256
"""Longest side, in pixels, at which brightness, contrast, sharpness and colours are measured: images of any size
then compare, and are read quickly."""
REMEMBERED = 100_000
"""Files whose numbers are kept, as data is looked at more than once."""
NUMBERS = ("width", "height", "aspect", "brightness", "contrast", "sharpness", "colourfulness")
FIELDS = pl.Struct([*(pl.Field(name, pl.Float64()) for name in NUMBERS), pl.Field("readable", pl.Boolean())])

Measured = tuple[float, ...]


def require_pillow() -> None:
    """Refuse early where Pillow is not installed.

    Raises:
        MissingPackageError: it is not; the message says how to install it.
    """
    need("PIL", "image", "Looking at images")


def measured(column: pl.Series) -> pl.Series:
    """A column of paths (or of the bytes of files) as structs.

    What cannot be read has missing numbers and is not `readable`; where there is no image, all are missing.
    """
    return pl.Series(column.name, [_record(file) for file in column.to_list()], FIELDS)


def look(file: str | bytes) -> Measured | None:
    """Width, height, aspect, and, at a size of 256 pixels, four numbers of light and colour; None if it is no image.

    Brightness and contrast are mean and standard deviation of the luminance (0 to 1), sharpness the variance of its
    Laplacian (Pech-Pacheco et al. 2000), colourfulness that of Hasler & Süsstrunk (2003), over 255.
    """
    from PIL import Image, UnidentifiedImageError

    try:
        with Image.open(io.BytesIO(file) if isinstance(file, bytes) else file) as image:
            width, height = image.size
            image.draft("RGB", (SIDE, SIDE))
            image.thumbnail((SIDE, SIDE))
            pixels = np.asarray(image.convert("RGB"), dtype=float) / 255.0
    except (OSError, UnidentifiedImageError, ValueError, SyntaxError, Image.DecompressionBombError):
        return None
    light = pixels @ np.array([0.299, 0.587, 0.114])
    return (width, height, width / height, light.mean(), light.std(), _sharpness(light), _colourfulness(pixels))


def _measured(file: Any) -> Measured | None:
    if isinstance(file, bytes):
        return look(file)
    try:
        changed = Path(file).stat().st_mtime_ns
    except (OSError, ValueError):
        return None
    return _remembered(str(file), changed)


@lru_cache(maxsize=REMEMBERED)
def _remembered(file: str, changed: int) -> Measured | None:
    return look(file)


def _record(file: Any) -> dict[str, float | bool | None]:
    row = None if file is None else _measured(file)
    numbers = dict(zip(NUMBERS, row, strict=True)) if row is not None else dict.fromkeys(NUMBERS)
    return {**numbers, "readable": None if file is None else row is not None}


def _sharpness(light: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    if min(light.shape) < 3:
        return 0.0
    inner = light[1:-1, 1:-1]
    laplacian = light[:-2, 1:-1] + light[2:, 1:-1] + light[1:-1, :-2] + light[1:-1, 2:] - 4.0 * inner
    return float(laplacian.var())


def _colourfulness(pixels: np.ndarray[Any, np.dtype[np.float64]]) -> float:
    red, green, blue = (pixels[..., i] for i in range(3))
    across, along = red - green, (red + green) / 2.0 - blue
    return float(np.hypot(across.std(), along.std()) + 0.3 * np.hypot(across.mean(), along.mean()))
