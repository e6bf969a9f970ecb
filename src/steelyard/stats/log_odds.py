"""Which words (or other marks) became more or less frequent between two samples, and how surely."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]

STRENGTH = 20.0
"""Weight of the prior, in rows of each sample."""


class LogOdds(NamedTuple):
    """Change of each mark; arrays of shape (marks,).

    Attributes:
        change: log-odds in sample 1 less those in sample 0, drawn towards 0 by the prior.
        z: change over its standard error.
        p: two-sided, of no change.
    """

    change: Floats
    z: Floats
    p: Floats


def log_odds_ratios(
    now: npt.ArrayLike, rows_now: float, then: npt.ArrayLike, rows_then: float, strength: float = STRENGTH
) -> LogOdds:
    """Log-odds ratios with an informative prior: each mark's share in both samples together, worth `strength` rows.

    `now` and `then` count the rows that have each mark, of `rows_now` and `rows_then` rows in all. The prior keeps
    rare marks, whose ratios are wild, from the top. Count texts that have a word, not its occurrences: those of one
    text are not independent.

    Raises:
        ValueError: if the shapes differ, a sample has no rows, or a count is outside 0 to the number of rows.

    Source: Monroe, Colaresi & Quinn 2008.
    """
    a, b = np.asarray(now, dtype=float), np.asarray(then, dtype=float)
    if a.ndim != 1 or a.shape != b.shape or not (rows_now > 0.0 and rows_then > 0.0 and strength > 0.0):
        raise ValueError("needs two arrays of counts of one length, rows in both samples, and a positive strength")
    if not (np.all((a >= 0.0) & (a <= rows_now)) and np.all((b >= 0.0) & (b <= rows_then))):
        raise ValueError("a mark cannot be in fewer than 0 or more than all rows")
    share = np.clip((a + b) / (rows_now + rows_then), 1e-9, 1.0 - 1e-9)
    change, variance = np.zeros_like(a), np.zeros_like(a)
    for sign, has, rows in ((1.0, a, rows_now), (-1.0, b, rows_then)):
        with_it, without = has + strength * share, rows - has + strength * (1.0 - share)
        change += sign * np.log(with_it / without)
        variance += 1.0 / with_it + 1.0 / without
    z = change / np.sqrt(variance)
    return LogOdds(change, z, 2.0 * special.ndtr(-np.abs(z)))
