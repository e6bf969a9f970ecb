"""The arrays of sums per score bin that every calibration measure reads."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def filled(n: npt.ArrayLike, *sums: npt.ArrayLike) -> tuple[Floats, ...]:
    """The weights and the sums of the bins that hold rows, as float arrays of one shape.

    Raises:
        ValueError: if the shapes differ, a weight is negative or NaN, or no bin holds a row.
    """
    weights, *others = (np.asarray(x, dtype=float) for x in (n, *sums))
    if weights.ndim != 1 or any(other.shape != weights.shape for other in others):
        shapes = [weights.shape, *(other.shape for other in others)]
        raise ValueError(f"weights and sums per bin must have one shape (bins,), got {shapes}")
    if not np.all(weights >= 0.0):
        raise ValueError("weights per bin must be at least 0, got a negative or missing one")
    full = weights > 0.0
    if not full.any():
        raise ValueError("calibration needs at least one row, got none")
    return weights[full], *(other[full] for other in others)
