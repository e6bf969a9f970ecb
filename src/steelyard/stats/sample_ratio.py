"""Whether units came to the arms in the shares that were meant; where not, something lost or chose them."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
from scipy import special

from steelyard.stats.divergences.evidence import dirichlet_multinomial
from steelyard.stats.sequential import anytime_p

CONCENTRATION = 100.0
"""How near the meant shares a wrong ratio is expected to be, as if so many units had been seen before."""
ALARM = 0.001
"""A p-value below which the ratio is called wrong: a check of every experiment must hardly ever cry wolf."""


class SampleRatio(NamedTuple):
    """Shares seen minus shares meant by arm; chi-square test at one look; e-value and p for looks at any time."""

    departures: tuple[float, ...]
    statistic: float
    df: float
    p: float
    log_e: float
    anytime_p: float


def sample_ratio(counts: npt.ArrayLike, shares: npt.ArrayLike, concentration: float = CONCENTRATION) -> SampleRatio:
    """Units by arm against the shares that were meant.

    Args:
        counts: units by arm, shape (k,), k ≥ 2.
        shares: what each arm was to get, in any unit; shape (k,).
        concentration: of the mixture that the e-value bets on.

    Raises:
        ValueError: unless there are two arms or more, counts of at least 0, positive shares, and a unit.

    Source: Pearson 1900; Lindon & Malek 2022 (looks at any time); Fabijan et al. 2019 (why, and 0.001).
    """
    seen, meant = np.asarray(counts, dtype=float), np.asarray(shares, dtype=float)
    if seen.ndim != 1 or seen.shape != meant.shape or seen.size < 2:
        raise ValueError(f"needs counts and shares of two arms or more, got shapes {seen.shape} and {meant.shape}")
    if not (np.all(seen >= 0.0) and np.all(meant > 0.0) and seen.sum() > 0.0):
        raise ValueError("needs counts of at least 0, not all 0, and positive shares")
    meant = meant / meant.sum()
    total = float(seen.sum())
    statistic = float(np.sum((seen - total * meant) ** 2 / (total * meant)))
    df = seen.size - 1.0
    log_e = dirichlet_multinomial(seen, meant, concentration)
    departures = tuple((seen / total - meant).tolist())
    return SampleRatio(departures, statistic, df, float(special.chdtrc(df, statistic)), log_e, anytime_p(log_e))
