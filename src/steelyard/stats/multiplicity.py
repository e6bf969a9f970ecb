"""Many tests at once: adjusted p-values, and e-values."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


def bonferroni(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values m·p, at most 1; bounds the chance of any false rejection. Shape (m,).

    Raises:
        ValueError: if p is not one array of numbers in [0, 1].
    """
    values = _p_values(p)
    return np.minimum(values * values.size, 1.0)


def holm(p: npt.ArrayLike) -> Floats:
    """Step-down adjusted p-values; as safe as Bonferroni and never less powerful. Shape (m,).

    Raises:
        ValueError: if p is not one array of numbers in [0, 1].

    Source: Holm 1979.
    """
    values = _p_values(p)
    order = np.argsort(values, kind="stable")
    scaled = values[order] * (values.size - np.arange(values.size))
    return _restored(np.maximum.accumulate(scaled), order)


def benjamini_hochberg(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values for the false discovery rate of independent or positively dependent tests.

    Rejecting where the result is ≤ q bounds the expected share of false rejections by q. Shape (m,).

    Raises:
        ValueError: if p is not one array of numbers in [0, 1].

    Source: Benjamini & Hochberg 1995.
    """
    return _step_up(_p_values(p), 1.0)


def benjamini_yekutieli(p: npt.ArrayLike) -> Floats:
    """Adjusted p-values for the false discovery rate under any dependence: BH times Σ_{i≤m} 1/i. Shape (m,).

    Raises:
        ValueError: if p is not one array of numbers in [0, 1].

    Source: Benjamini & Yekutieli 2001.
    """
    values = _p_values(p)
    return _step_up(values, float(np.sum(1.0 / np.arange(1, values.size + 1))))


def e_bh(e: npt.ArrayLike, alpha: float) -> npt.NDArray[np.bool_]:
    """Which hypotheses to reject from their e-values; false discovery rate ≤ alpha under any dependence.

    Rejects the k largest for the largest k with k·e_(k) ≥ m/alpha. Shape (m,).

    Raises:
        ValueError: if an e-value is negative or NaN, or alpha is outside (0, 1).

    Source: Wang & Ramdas 2022.
    """
    values = np.asarray(e, dtype=float)
    if values.ndim != 1 or not np.all(values >= 0.0):
        raise ValueError("e-values must be one array of numbers of at least 0")
    if not 0.0 < alpha < 1.0:
        raise ValueError(f"alpha must lie strictly between 0 and 1, got {alpha!r}")
    order = np.argsort(-values, kind="stable")
    rank = np.arange(1, values.size + 1)
    enough = np.flatnonzero(rank * values[order] >= values.size / alpha)
    rejected = np.zeros(values.size, dtype=bool)
    if enough.size:
        rejected[order[: enough[-1] + 1]] = True
    return rejected


def _step_up(values: Floats, factor: float) -> Floats:
    order = np.argsort(values, kind="stable")
    scaled = values[order] * factor * values.size / np.arange(1, values.size + 1)
    return _restored(np.minimum.accumulate(scaled[::-1])[::-1], order)


def _restored(adjusted: Floats, order: npt.NDArray[np.intp]) -> Floats:
    result = np.empty_like(adjusted)
    result[order] = np.minimum(adjusted, 1.0)
    return result


def _p_values(p: npt.ArrayLike) -> Floats:
    values = np.asarray(p, dtype=float)
    if values.ndim != 1 or not np.all((values >= 0.0) & (values <= 1.0)):
        raise ValueError("p-values must be one array of numbers in [0, 1]")
    return values
