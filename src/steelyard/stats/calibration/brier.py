"""Where the Brier score comes from."""

from typing import TypedDict

import numpy as np
import numpy.typing as npt

from steelyard.stats.calibration.sums import Floats, filled


class BrierDecomposition(TypedDict):
    """The Brier score and its parts; see `brier_decomposition`."""

    brier: float
    reliability: float
    resolution: float
    uncertainty: float
    within_variance: float
    within_covariance: float
    reliability_corrected: float
    resolution_corrected: float
    uncertainty_corrected: float


def brier_decomposition(
    n: npt.ArrayLike, s: npt.ArrayLike, s2: npt.ArrayLike, y: npt.ArrayLike, sy: npt.ArrayLike
) -> BrierDecomposition:
    """Brier = reliability − resolution + uncertainty + within_variance − within_covariance, exactly.

    With N = Σ n, bin means s̄_b, ȳ_b and overall ȳ: reliability Σ n_b(s̄_b − ȳ_b)²/N, resolution
    Σ n_b(ȳ_b − ȳ)²/N, uncertainty ȳ(1 − ȳ), within_variance the predictions' variance inside bins,
    within_covariance twice the covariance of prediction and label inside bins. The `_corrected` parts take
    out the bias of few rows per bin (bins with n_b ≤ 1 cannot be corrected); the three corrections cancel.

    Raises:
        ValueError: if no bin holds a row or the arrays are malformed.

    Source: Stephenson, Coelho & Jolliffe 2008; Ferro & Fricker 2012 for the correction.
    """
    n, s, s2, y, sy = filled(n, s, s2, y, sy)
    total = float(n.sum())
    overall = float(y.sum()) / total
    mean, rate = s / n, y / n
    reliability = float(n @ (mean - rate) ** 2) / total
    resolution = float(n @ (rate - overall) ** 2) / total
    uncertainty = overall * (1.0 - overall)
    inside = _rate_variance(n, rate, total)
    whole = uncertainty / (total - 1.0) if total > 1.0 else 0.0
    return {
        "brier": float((s2 - 2.0 * sy + y).sum()) / total,
        "reliability": reliability,
        "resolution": resolution,
        "uncertainty": uncertainty,
        "within_variance": float((s2 - s * mean).sum()) / total,
        "within_covariance": 2.0 * float((sy - y * mean).sum()) / total,
        "reliability_corrected": reliability - inside,
        "resolution_corrected": resolution - inside + whole,
        "uncertainty_corrected": uncertainty + whole,
    }


def _rate_variance(n: Floats, rate: Floats, total: float) -> float:
    many = n > 1.0
    return float(np.sum((n * rate * (1.0 - rate))[many] / (n[many] - 1.0))) / total
