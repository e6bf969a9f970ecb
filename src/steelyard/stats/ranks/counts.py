"""The pair of count arrays that every ranking metric reads."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


def counts(p: npt.ArrayLike, q: npt.ArrayLike) -> tuple[Floats, Floats]:
    """The counts as two float arrays of shape (B,), B ≥ 1.

    Raises:
        ValueError: if the shapes differ, a count is negative or NaN, or either class is empty.
    """
    positives, negatives = np.asarray(p, dtype=float), np.asarray(q, dtype=float)
    if positives.ndim != 1 or positives.shape != negatives.shape:
        raise ValueError(
            "positives and negatives per bin must be two arrays of one shape (bins,), "
            f"got {positives.shape} and {negatives.shape}"
        )
    if not (np.all(positives >= 0.0) and np.all(negatives >= 0.0)):
        raise ValueError("counts per bin must be at least 0, got a negative or missing one")
    if not positives.sum() > 0.0:
        raise ValueError("a ranking needs at least one positive, got none")
    if not negatives.sum() > 0.0:
        raise ValueError("a ranking needs at least one negative, got none")
    return positives, negatives


def atoms(atom: npt.ArrayLike | None, bins: int) -> Flags:
    """Which bins hold one tied score, as a boolean array of shape (bins,); none when `atom` is None.

    Raises:
        ValueError: if the shape is not (bins,).
    """
    flags = np.zeros(bins, dtype=bool) if atom is None else np.asarray(atom, dtype=bool)
    if flags.shape != (bins,):
        raise ValueError(f"atom must flag each of the {bins} bins, got shape {flags.shape}")
    return flags
