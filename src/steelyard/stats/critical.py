"""The critical value that every symmetric interval multiplies its standard error by."""

import math

from scipy import special


def tail(level: float) -> float:
    """Probability left in one tail, (1 − level) / 2.

    Raises:
        ValueError: unless 0 < level < 1.
    """
    if not 0.0 < level < 1.0:
        raise ValueError(f"level must lie strictly between 0 and 1, got {level!r}; 0.95 is the usual choice")
    return (1.0 - level) / 2.0


def quantile(level: float, df: float = math.inf) -> float:
    """Two-sided critical value: the q with P(|T| ≤ q) = level.

    T is Student's t with `df` degrees of freedom (any positive real), standard normal when `df` is infinite.

    Raises:
        ValueError: unless 0 < level < 1 and df > 0.
    """
    if not df > 0.0:
        raise ValueError(f"degrees of freedom must be positive, got {df!r}")
    lower = tail(level)
    if math.isinf(df):
        return -float(special.ndtri(lower))
    return -float(special.stdtrit(df, lower))
