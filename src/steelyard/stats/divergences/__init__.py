"""How far two distributions are apart, from their counts by bin.

Arrays of shape (B,): rows (or weights, or effective rows) of the `current` and the `reference` data by bin, in the
same order; bins that hold nothing in both are left out everywhere. Measures of any bins are in `measures`, those of
bins in order in `ordered`, those that know where bins lie in `transport`; `effects` gives a measure with its
interval, `windows` tests that know how much windows of time differ when nothing changed, `evidence` e-values.
"""

from steelyard.stats.divergences.effects import CRAMERS_V, HELLINGER, JENSEN_SHANNON, PSI, Effect, Law, effect
from steelyard.stats.divergences.evidence import dirichlet_multinomial, two_samples, windows_in_turn
from steelyard.stats.divergences.measures import (
    chi_square,
    cramers_v,
    g_statistic,
    hellinger,
    jensen_shannon,
    kullback_leibler,
    psi,
    total_variation,
)
from steelyard.stats.divergences.ordered import anderson_darling, kolmogorov_smirnov
from steelyard.stats.divergences.transport import energy_distance, wasserstein
from steelyard.stats.divergences.windows import (
    conformal_p,
    effective_df,
    moment_scaled_p,
    overdispersion,
    pooled_overdispersion,
)

__all__ = [
    "CRAMERS_V",
    "HELLINGER",
    "JENSEN_SHANNON",
    "PSI",
    "Effect",
    "Law",
    "anderson_darling",
    "chi_square",
    "conformal_p",
    "cramers_v",
    "dirichlet_multinomial",
    "effect",
    "effective_df",
    "energy_distance",
    "g_statistic",
    "hellinger",
    "jensen_shannon",
    "kolmogorov_smirnov",
    "kullback_leibler",
    "moment_scaled_p",
    "overdispersion",
    "pooled_overdispersion",
    "psi",
    "total_variation",
    "two_samples",
    "wasserstein",
    "windows_in_turn",
]
