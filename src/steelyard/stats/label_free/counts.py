"""Arrays of counts: a ratio without warnings, and what must be there."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


def ratio(top: npt.ArrayLike, bottom: npt.ArrayLike) -> Floats:
    """A ratio, 0 where the denominator is; shapes broadcast."""
    a, b = np.broadcast_arrays(np.asarray(top, dtype=float), np.asarray(bottom, dtype=float))
    return np.asarray(np.divide(a, b, out=np.zeros(a.shape), where=b != 0))


def need_rows(*columns: Floats) -> None:
    """Refuse tables without rows.

    Raises:
        ValueError: one of them has none.
    """
    if not all(column.sum() > 0 for column in columns):
        raise ValueError("both the source and the target need rows")
