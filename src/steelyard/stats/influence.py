"""The spread of any smooth metric of a table of cells, from its gradient.

With W_c the weight in cell c, U_c the sum of squared weights and g_c = ∂M/∂W_c, Var(M) = Σ U_c·g_c². That is
the multinomial delta method, the infinitesimal jackknife and the limit of the bootstrap over rows at once.
"""

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Metric = Callable[[npt.NDArray[Any]], Any]

_IMAGINARY_STEP = 1e-20
_RELATIVE_STEP = 6e-6  # cube root of the machine epsilon: best for a central difference


class NotAnalyticError(ValueError):
    """The function does not carry the imaginary part through, so the complex step cannot differentiate it."""


def complex_step(f: Metric, w: npt.ArrayLike) -> Floats:
    """Gradient of `f` at `w`, exact to machine precision: Im f(w + i·h·e_c) / h with h = 1e-20.

    `f` maps a complex array of shape (C,) to a complex scalar and must be free of abs, max, comparisons of
    its input and casts to float. C calls of `f`. Returns shape (C,).

    Raises:
        NotAnalyticError: if `f` raises TypeError, drops the imaginary part, or gives no finite gradient.

    Source: Squire & Trapp 1998.
    """
    point = np.asarray(w, dtype=complex)
    grad = np.empty(point.shape, dtype=float)
    with warnings.catch_warnings():
        warnings.simplefilter("error", np.exceptions.ComplexWarning)
        for cell in range(point.size):
            stepped = point.copy()
            stepped[cell] += 1j * _IMAGINARY_STEP
            try:
                value = f(stepped)
            except (TypeError, np.exceptions.ComplexWarning) as error:
                raise NotAnalyticError(f"the metric cannot be evaluated on complex weights: {error}") from error
            if not np.iscomplexobj(value):
                raise NotAnalyticError(f"the metric returned a real {value!r} for complex weights")
            grad[cell] = np.imag(value) / _IMAGINARY_STEP
    if not np.all(np.isfinite(grad)):
        raise NotAnalyticError("the complex step gave a gradient that is not finite")
    return grad


def numeric_gradient(f: Metric, w: npt.ArrayLike) -> Floats:
    """Gradient of `f` at non-negative weights `w` of shape (C,) by second-order differences (≈ 9 digits).

    Central with a step in proportion to the cell's own weight, forward in empty cells: no weight turns
    negative.
    """
    point = np.asarray(w, dtype=float)
    scale = float(np.mean(np.abs(point))) or 1.0
    grad = np.empty(point.shape, dtype=float)
    for cell in range(point.size):
        step = _RELATIVE_STEP * (point[cell] if point[cell] > 0.0 else scale)

        def moved(by: float, cell: int = cell) -> float:
            shifted = point.copy()
            shifted[cell] += by
            return float(np.real(f(shifted)))

        if point[cell] > 0.0:
            grad[cell] = (moved(step) - moved(-step)) / (2.0 * step)
        else:
            grad[cell] = (4.0 * moved(step) - 3.0 * moved(0.0) - moved(2.0 * step)) / (2.0 * step)
    return grad


def gradient(f: Metric, w: npt.ArrayLike) -> Floats:
    """Gradient of `f` at non-negative weights `w` of shape (C,): complex step, checked, else differences.

    The complex step is trusted when its slope along one generic direction agrees with a central difference
    (two more calls); a metric with abs or max inside fails that and is differentiated numerically.
    """
    point = np.asarray(w, dtype=float)
    try:
        exact = complex_step(f, point)
    except NotAnalyticError:
        return numeric_gradient(f, point)
    return exact if _agrees(f, point, exact) else numeric_gradient(f, point)


def variance(grad: npt.ArrayLike, U: npt.ArrayLike) -> float:
    """Var(M) = Σ U_c·g_c², with U_c the sum of squared weights in cell c (its count when unweighted).

    Cells without rows (U_c = 0) do not count, whatever their gradient. Both arrays have shape (C,).
    """
    g, u = np.asarray(grad, dtype=float), np.asarray(U, dtype=float)
    full = u > 0.0
    return float(u[full] @ g[full] ** 2)


def acceleration(grad: npt.ArrayLike, n_c: npt.ArrayLike) -> float:
    """Acceleration of the BCa interval: Σ n·g³ / (6·(Σ n·g²)^1.5); 0 when the metric does not vary.

    Source: Efron 1987.
    """
    g, n = np.asarray(grad, dtype=float), np.asarray(n_c, dtype=float)
    full = n > 0.0
    spread = variance(g, n)
    return float(n[full] @ g[full] ** 3) / (6.0 * spread**1.5) if spread > 0.0 else 0.0


def _agrees(f: Metric, point: Floats, grad: Floats) -> bool:
    direction = point * np.cos(1.0 + np.arange(point.size) * 2.3999632297)
    step = _RELATIVE_STEP
    ahead, behind = (float(np.real(f(point + sign * step * direction))) for sign in (1.0, -1.0))
    measured, expected = (ahead - behind) / (2.0 * step), float(grad @ direction)
    size = max(float(np.abs(grad) @ np.abs(direction)), abs(measured))
    return abs(measured - expected) <= 1e-4 * size + 1e-8 * max(abs(ahead), abs(behind))
