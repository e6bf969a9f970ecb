"""How many rows several conditions have in common, from every two of them together."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]

SWEEPS = 60


def overlaps(pairs: dict[tuple[int, int], Floats], variables: int) -> Floats:
    """The weight of rows for which all of `variables` conditions hold, from every two of them together.

    Args:
        pairs: for variables i < j the weights (k, 2, 2) of i being false, true × j being false, true; k cases.
        variables: their number, at least 2; exact for 2.

    Returns:
        Shape (k,): of the table of greatest entropy among those with these margins, found by iterative
        proportional fitting. Never outside what the margins allow, but for what the fit still lacks.

    Source: Deming & Stephan 1940; Jaynes 1957.
    """
    cases = len(next(iter(pairs.values())))
    table = np.ones((cases, *(2,) * variables))
    names = [(i, j) for j in range(variables) for i in range(j)]
    for _ in range(SWEEPS if variables > 2 else 1):
        for i, j in names:
            others = tuple(axis + 1 for axis in range(variables) if axis not in (i, j))
            now = table.sum(axis=others, keepdims=True) if others else table
            wanted = pairs[i, j].reshape([cases, *(2 if axis in (i, j) else 1 for axis in range(variables))])
            table = table * _ratio(wanted, now)
    return np.asarray(table.reshape(cases, -1)[:, -1])


def _ratio(a: npt.ArrayLike, b: npt.ArrayLike) -> Floats:
    """a/b, 0 where b is 0."""
    top, bottom = np.asarray(a, dtype=float), np.asarray(b, dtype=float)
    return np.asarray(np.divide(top, bottom, out=np.zeros(np.broadcast(top, bottom).shape), where=bottom > 0.0))
