"""All the usual distances of one column, beside the one that decides."""

from __future__ import annotations

from steelyard.analyses.drift.counts import Counts, Floats
from steelyard.analyses.drift.moves import Numbers
from steelyard.stats import divergences as d


def measures(
    now: Floats, then: Floats, column: Counts, numbers: Numbers | None, level: float, factor: float
) -> dict[str, float]:
    """Distances and statistics by name.

    Those of any bins are of the same moderate number of bins as the distance that decides, missing included; those of
    numbers are of fine bins, missing left out. `wasserstein` is in standard deviations of the reference, with the
    largest error that binning can make.
    """
    psi = d.effect(d.PSI, now, then, level, factor)
    found = {
        "jensen_shannon": d.jensen_shannon(now, then),
        "psi": psi.value,
        "psi_low": psi.low,
        "psi_high": psi.high,
        "hellinger": d.hellinger(now, then),
        "total_variation": d.total_variation(now, then),
        "kullback_leibler": d.kullback_leibler(now, then),
        "chi_square": d.chi_square(now, then),
        "g": d.g_statistic(now, then),
        "cramers_v": d.cramers_v(now, then),
        "missing_now": float(column.now[column.missing].sum() / column.now.sum()),
        "missing_then": float(column.then[column.missing].sum() / column.then.sum()),
    }
    return found | (_of_numbers(numbers) if numbers is not None else {})


def _of_numbers(n: Numbers) -> dict[str, float]:
    gap, p = d.kolmogorov_smirnov(n.now, n.then)
    statistic, tail = d.anderson_darling(n.now, n.then)
    found = {
        "mean_now": n.means[0],
        "mean_then": n.means[1],
        "ks": gap,
        "ks_p": p,
        "anderson_darling": statistic,
        "anderson_darling_p": tail,
    }
    scale = n.scale
    if not scale > 0:
        return found
    moved = d.wasserstein(n.now, n.then, n.left / scale, n.right / scale)
    energy = d.energy_distance(n.now, n.then, n.left / scale, n.right / scale)
    return found | {"wasserstein": moved.value, "wasserstein_bound": moved.bound, "energy": energy}
