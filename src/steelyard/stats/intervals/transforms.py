"""Delta-method intervals: value ± q·se, on the scale where the value is nearest to normal."""

import math

from steelyard.stats.critical import quantile


def wald(value: float, se: float, level: float, df: float = math.inf) -> tuple[float, float]:
    """The plain interval value ± q·se, q from Student's t with `df` degrees of freedom.

    Raises:
        ValueError: if value or se is NaN, se < 0, or level is outside (0, 1).
    """
    _check(value, se)
    q = quantile(level, df)
    half = q * se if se > 0.0 else 0.0
    return value - half, value + half


def logit(
    value: float,
    se: float,
    level: float,
    df: float = math.inf,
    bounds: tuple[float, float] = (0.0, 1.0),
) -> tuple[float, float]:
    """Interval on the logit of the value's place between its `bounds`, mapped back; never leaves them.

    With u = (value − a)/(b − a): logit(u) ± q·se / ((b − a)·u·(1 − u)). A standard error of 0 gives
    (value, value). On a bound the logit is infinite: then the plain interval, clipped to the bounds.

    Raises:
        ValueError: if the value lies outside its bounds, or as `wald`.
    """
    low, high = bounds
    if not low < high:
        raise ValueError(f"bounds must be (low, high) with low < high, got {bounds!r}")
    slack = 1e-9 * (high - low)
    if not low - slack <= value <= high + slack:
        raise ValueError(f"value must lie in its bounds {bounds!r}, got {value!r}")
    _check(value, se)
    value = min(max(value, low), high)
    below, above = value - low, high - value
    if se == 0.0:
        return value, value
    if below == 0.0 or above == 0.0:
        plain = wald(value, se, level, df)
        return max(plain[0], low), min(plain[1], high)
    centre = math.log(below / above)
    half = quantile(level, df) * se * (high - low) / (below * above)
    return low + (high - low) * _expit(centre - half), high - (high - low) * _expit(-centre - half)


def fisher(value: float, se: float, level: float, df: float = math.inf) -> tuple[float, float]:
    """Fisher's z: tanh(atanh(value) ± q·se/(1 − value²)), for correlations and others on [−1, 1].

    Twice the inverse hyperbolic tangent of r is the logit of (1 + r)/2, so this is `logit` on [−1, 1].

    Raises:
        ValueError: if the value lies outside [−1, 1], or as `wald`.

    Source: Fisher 1921; for Matthews' correlation Itaya et al. 2024, doi 10.1002/sim.10303.
    """
    return logit(value, se, level, df, bounds=(-1.0, 1.0))


def log(value: float, se: float, level: float, df: float = math.inf) -> tuple[float, float]:
    """Interval of a positive quantity on the log scale: value · exp(± q·se/value).

    A standard error of 0 gives (value, value). At value 0: the plain interval, clipped at 0.

    Raises:
        ValueError: if the value is negative, or as `wald`.
    """
    _check(value, se)
    if value < 0.0:
        raise ValueError(f"a log interval needs a value of at least 0, got {value!r}")
    if se == 0.0:
        return value, value
    if value == 0.0:
        return 0.0, wald(value, se, level, df)[1]
    half = quantile(level, df) * se / value
    high = value * math.exp(half) if half < 700.0 else math.inf
    return value * math.exp(-half), high


def _check(value: float, se: float) -> None:
    if math.isnan(value):
        raise ValueError("an interval needs a value, got NaN")
    if not se >= 0.0:
        raise ValueError(f"a standard error must be at least 0, got {se!r}")


def _expit(x: float) -> float:
    if x >= 0.0:
        return 1.0 / (1.0 + math.exp(-x))
    grown = math.exp(x)
    return grown / (1.0 + grown)
