"""Expected calibration error and its corrections, over bins or groups of bins."""

import numpy as np
import numpy.typing as npt

from steelyard.stats.calibration.sums import Floats, filled


def equal_mass_groups(n: npt.ArrayLike, groups: int = 15) -> npt.NDArray[np.intp]:
    """Index in 0..groups−1 of each fine bin's group; groups of about equal weight, bins never split.

    A bin goes to the group in which the middle of its weight falls. Indices never fall with the bins; a bin
    heavier than a group's share leaves indices unused.

    Raises:
        ValueError: if no bin holds a row or groups < 1.
    """
    filled(n)
    if groups < 1:
        raise ValueError(f"groups must be at least 1, got {groups!r}")
    weights = np.asarray(n, dtype=float)
    middle = (np.cumsum(weights) - weights / 2.0) / weights.sum()
    index: npt.NDArray[np.intp] = np.minimum((middle * groups).astype(np.intp), groups - 1)
    return index


def expected_calibration_error(n: npt.ArrayLike, s: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """ECE = Σ_b |y_b − s_b| / Σ n, in [0, 1]. Biased upwards: show `debiased_ece`'s null mean beside it.

    Raises:
        ValueError: if no bin holds a row or the arrays are malformed.
    """
    n, s, y = filled(n, s, y)
    return float(np.abs(y - s).sum() / n.sum())


def debiased_l2(n: npt.ArrayLike, s: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Unbiased estimate of the *squared* l2 calibration error; may be negative near perfect calibration.

    Σ_b n_b/n · [(ȳ_b − s̄_b)² − ȳ_b(1 − ȳ_b)/(n_b − 1)]; bins with n_b ≤ 1 cannot be corrected and count 0.

    Raises:
        ValueError: if no bin holds a row or the arrays are malformed.

    Source: Kumar, Liang & Ma 2019.
    """
    n, s, y = filled(n, s, y)
    many = n > 1.0
    weight, rate, mean = n[many], y[many] / n[many], s[many] / n[many]
    squared = (rate - mean) ** 2 - rate * (1.0 - rate) / (weight - 1.0)
    return float(weight @ squared / n.sum())


def debiased_ece(
    n: npt.ArrayLike,
    s: npt.ArrayLike,
    y: npt.ArrayLike,
    seed: int | np.random.Generator,
    replicates: int = 200,
) -> tuple[float, float]:
    """ECE less its bias, and the ECE that a perfectly calibrated model would show: (value, null_mean).

    `null_mean` is the mean ECE of labels drawn from the bins' mean predictions. The bias is the mean excess
    of the ECE of labels drawn from shrunken gaps over the ECE of those gaps, each gap d shrunk by
    max(0, 1 − σ²/d²) with σ its standard error: near calibration that is the null mean, far from it almost
    nothing. The value is at least 0. Draws are Binomial(n_b, ·), n_b rounded.

    Raises:
        ValueError: if no bin holds a row, the arrays are malformed or replicates < 1.

    Source: parametric bootstrap; positive-part shrinkage after James & Stein 1961.
    """
    n, s, y = filled(n, s, y)
    if replicates < 1:
        raise ValueError(f"replicates must be at least 1, got {replicates!r}")
    rng = np.random.default_rng(seed)
    mean, share = np.clip(s / n, 0.0, 1.0), n / n.sum()
    gap = y / n - mean
    noise = mean * (1.0 - mean) / n
    kept = np.clip(1.0 - noise / np.where(gap == 0.0, np.inf, gap**2), 0.0, 1.0)
    shrunken = np.where(gap == 0.0, 0.0, gap * kept)
    null_mean = _mean_ece(rng, n, mean, mean, replicates)
    bias = _mean_ece(rng, n, mean, mean + shrunken, replicates) - float(share @ np.abs(shrunken))
    return max(float(share @ np.abs(gap)) - bias, 0.0), null_mean


def _mean_ece(rng: np.random.Generator, n: Floats, mean: Floats, rate: Floats, replicates: int) -> float:
    rows = np.maximum(np.rint(n), 1.0).astype(np.int64)
    drawn = rng.binomial(rows, np.clip(rate, 0.0, 1.0), size=(replicates, n.size)) / rows
    return float((np.abs(drawn - mean) @ n).mean() / n.sum())
