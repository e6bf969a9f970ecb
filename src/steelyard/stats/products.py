"""Products of matrices that stay on one thread.

BLAS shares large products out among threads, and these wait for each other, and for more work, by turning round: on
a machine at full load that costs more than the product.
"""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SIDE = 64
"""Rows and columns of a piece; OpenBLAS keeps products of up to 2^18 multiplications on one thread."""


def product(a: Floats, b: Floats) -> Floats:
    """a·b of matrices of shapes (n, k) and (k, m), piece by piece."""
    found = np.zeros((a.shape[0], b.shape[1]))
    for i in range(0, a.shape[0], SIDE):
        for j in range(0, b.shape[1], SIDE):
            piece = found[i : i + SIDE, j : j + SIDE]
            for k in range(0, a.shape[1], SIDE):
                piece += a[i : i + SIDE, k : k + SIDE] @ b[k : k + SIDE, j : j + SIDE]
    return found
