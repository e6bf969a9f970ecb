"""A threshold chosen from data whose risk is guaranteed all the same."""

import numpy as np
import numpy.typing as npt
from scipy import special

Floats = npt.NDArray[np.float64]
STARTS = 5
"""Places from which thresholds are tested towards more coverage."""
MOST_CANDIDATES = 200
"""Thresholds that are tried, evenly spread over the rows."""


def guaranteed_threshold(rows: npt.ArrayLike, wrong: npt.ArrayLike, risk: float, level: float) -> int | None:
    """The threshold that answers most among those whose risk is at most `risk`, all with probability `level`.

    `rows` and `wrong` are (effective) counts above each threshold, from few rows to many, as of `risk_coverage`.
    Thresholds are tested in this order, each by Clopper–Pearson's one-sided bound, from a few starts that share the
    error 1 − level; a start's share goes on to the next threshold as long as tests succeed (the fallback procedure).
    Which thresholds are tried and where tests start depends on the rows alone, never on who is wrong, and so the
    guarantee holds for the threshold that was chosen. Returns its place, None where there is none.

    Raises:
        ValueError: unless the counts are two arrays of one shape, 0 < risk < 1 and 0 < level < 1.

    Source: Angelopoulos, Bates, Candès, Jordan & Lei 2021 (Learn then Test); Wiens & Dmitrienko 2005;
        Geifman & El-Yaniv 2017.
    """
    n, k = np.asarray(rows, dtype=float), np.asarray(wrong, dtype=float)
    if n.ndim != 1 or n.shape != k.shape or not (0.0 < risk < 1.0 and 0.0 < level < 1.0):
        raise ValueError(f"needs counts of one shape, a risk and a level in (0, 1), got {(n.shape, risk, level)!r}")
    error = 1.0 - level
    candidates = _candidates(n, np.log(error / STARTS) / np.log1p(-risk))
    starts = set(np.linspace(0, len(candidates), STARTS, endpoint=False).astype(int).tolist())
    share, passed_on, best = error / max(len(starts), 1), 0.0, None
    for place, at in enumerate(candidates.tolist()):
        allowed = passed_on + (share if place in starts else 0.0)
        p = float(special.betaincc(k[at] + 1.0, n[at] - k[at], risk)) if k[at] < n[at] else 1.0
        passed_on = allowed if p <= allowed else 0.0
        best = at if passed_on > 0.0 else best
    return best


def _candidates(rows: Floats, fewest: float) -> npt.NDArray[np.intp]:
    """Thresholds above which there are rows enough to prove anything, at most `MOST_CANDIDATES` of them."""
    enough = np.flatnonzero(rows >= fewest)
    if len(enough) <= MOST_CANDIDATES:
        return enough
    wanted = np.linspace(rows[enough[0]], rows[-1], MOST_CANDIDATES)
    return np.unique(np.searchsorted(rows, wanted).clip(max=len(rows) - 1))
