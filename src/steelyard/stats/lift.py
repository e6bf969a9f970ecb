"""What a treatment adds to a control: differences and relative lifts from the moments of two arms.

An arm is the number of its units with the mean and the sample variance of one value of a unit. Whatever else is
asked (ratio metrics, a covariate's help, looks at any time) changes how the arm is made or how its interval is read,
and not the arm: see `ratio`, `cuped`, `sequential`, `many_arms` and `posteriors`.
"""

import math
from typing import NamedTuple

from steelyard.stats.comparison import Welch, quotient, two_proportions_p, two_sided_p, welch
from steelyard.stats.critical import quantile
from steelyard.stats.intervals.differences import katz_log_ratio, newcombe
from steelyard.stats.intervals.transforms import wald


class Arm(NamedTuple):
    """(Effective) units of an arm, their mean, and the variance of one unit (divisor n − 1)."""

    n: float
    mean: float
    variance: float


class Lift(NamedTuple):
    """Treatment against control: value, interval, standard error on the value's scale, df, statistic, p, method.

    The p-value is two-sided, of "no difference at all"; the absolute and the relative lift of two arms share it.
    """

    value: float
    low: float
    high: float
    se: float
    df: float
    statistic: float
    p: float
    method: str


def mean_difference(treatment: Arm, control: Arm, level: float) -> Lift:
    """Difference of means by Welch's t.

    Raises:
        ValueError: unless both arms have more than one unit and variances ≥ 0, and 0 < level < 1.

    Source: Welch 1947.
    """
    test = _welch(treatment, control)
    return _symmetric(test.difference, test.se, test.df, test.t, test.p, level, "welch")


def pooled_difference(treatment: Arm, control: Arm, level: float) -> Lift:
    """Difference of means by Student's t, both arms taken to vary alike.

    Raises:
        ValueError: unless both arms have more than one unit and variances ≥ 0, and 0 < level < 1.

    Source: Student 1908.
    """
    _welch(treatment, control)
    df = treatment.n + control.n - 2.0
    shared = ((treatment.n - 1.0) * treatment.variance + (control.n - 1.0) * control.variance) / df
    se = math.sqrt(shared * (1.0 / treatment.n + 1.0 / control.n))
    t = quotient(treatment.mean - control.mean, se)
    return _symmetric(treatment.mean - control.mean, se, df, t, two_sided_p(t, df), level, "student-t")


def relative_lift(treatment: Arm, control: Arm, level: float) -> Lift:
    """The difference as a share of the control's size, (treatment − control)/|control|: 0.05 is five percent more.

    Where both means have one sign, the interval is that of the logarithm of their ratio, with Welch's degrees of
    freedom; else Fieller's. The test is that of the difference.

    Raises:
        ValueError: as `mean_difference`; if the control's mean is not told apart from 0, so that a share of it may
            be anything.

    Source: Fieller 1954; the log ratio by the delta method as in Deng, Knoblich & Lu 2018.
    """
    test = _welch(treatment, control)
    if control.mean == 0.0:
        raise ValueError("a relative lift needs a control whose mean is not 0")
    value = test.difference / abs(control.mean)
    ratio = treatment.mean / control.mean
    se = math.sqrt(treatment.variance / treatment.n + ratio**2 * control.variance / control.n) / abs(control.mean)
    if ratio > 0.0:
        low, high, method = *_log_ratio(treatment, control, level), "log ratio"
    else:
        low, high, method = *_fieller(treatment, control, quantile(level, test.df)), "fieller"
    low, high = (low - 1.0, high - 1.0) if control.mean > 0.0 else (1.0 - high, 1.0 - low)
    return Lift(value, low, high, se, test.df, test.t, test.p, method)


def proportion_difference(k1: float, n1: float, k0: float, n0: float, level: float) -> Lift:
    """Difference of the proportions k1/n1 (treatment) and k0/n0 (control): Newcombe's interval, the score test.

    Raises:
        ValueError: unless 0 ≤ k ≤ n and n > 0 in both arms, and 0 < level < 1.

    Source: Newcombe 1998, method 10; Pearson 1900.
    """
    low, high = newcombe(k1, n1, k0, n0, level)
    p1, p0 = k1 / n1, k0 / n0
    se = math.sqrt(p1 * (1.0 - p1) / n1 + p0 * (1.0 - p0) / n0)
    return Lift(
        p1 - p0, low, high, se, math.inf, _score(k1, n1, k0, n0), two_proportions_p(k1, n1, k0, n0), "newcombe"
    )


def proportion_lift(k1: float, n1: float, k0: float, n0: float, level: float) -> Lift:
    """The difference of two proportions as a share of the control's: Katz's interval, the score test.

    Raises:
        ValueError: unless 0 ≤ k ≤ n and n > 0 in both arms, the control has a success, and 0 < level < 1.

    Source: Katz et al. 1978.
    """
    low, high = katz_log_ratio(k1, n1, k0, n0, level)
    if k0 == 0.0:
        raise ValueError("a relative lift needs successes in the control, got none")
    ratio = (k1 / n1) / (k0 / n0)
    se = math.sqrt(k1 / n1 * (1.0 - k1 / n1) / n1 + ratio**2 * (k0 / n0) * (1.0 - k0 / n0) / n0) / (k0 / n0)
    p = two_proportions_p(k1, n1, k0, n0)
    return Lift(ratio - 1.0, low - 1.0, high - 1.0, se, math.inf, _score(k1, n1, k0, n0), p, "katz")


def proportion_arm(k: float, n: float) -> Arm:
    """An arm of n units of which k succeeded: the moments of their zeros and ones.

    Raises:
        ValueError: unless 0 ≤ k ≤ n and n > 0.
    """
    if not (n > 0.0 and 0.0 <= k <= n):
        raise ValueError(f"a proportion needs 0 ≤ k ≤ n and n > 0, got k = {k!r}, n = {n!r}")
    share = k / n
    return Arm(n, share, share * (1.0 - share) * (n / (n - 1.0) if n > 1.0 else 1.0))


def _welch(treatment: Arm, control: Arm) -> Welch:
    return welch(treatment.mean, treatment.variance, treatment.n, control.mean, control.variance, control.n)


def _symmetric(value: float, se: float, df: float, t: float, p: float, level: float, method: str) -> Lift:
    return Lift(value, *wald(value, se, level, df), se, df, t, p, method)


def _score(k1: float, n1: float, k0: float, n0: float) -> float:
    pooled = (k1 + k0) / (n1 + n0)
    return quotient(k1 / n1 - k0 / n0, math.sqrt(max(pooled * (1.0 - pooled), 0.0) * (1.0 / n1 + 1.0 / n0)))


def _log_ratio(treatment: Arm, control: Arm, level: float) -> tuple[float, float]:
    """Interval of treatment over control, both of one sign."""
    log = _welch(*(Arm(a.n, a.mean, a.variance / a.mean**2) for a in (treatment, control)))
    half = quantile(level, log.df) * log.se if log.se > 0.0 else 0.0
    ratio = treatment.mean / control.mean
    return ratio * math.exp(-half), ratio * math.exp(half) if half < 700.0 else math.inf


def _fieller(treatment: Arm, control: Arm, q: float) -> tuple[float, float]:
    """The ratios r for which treatment − r·control is within q standard errors of 0."""
    top, bottom = q**2 * treatment.variance / treatment.n, q**2 * control.variance / control.n
    clear = control.mean**2 - bottom
    if not clear > 0.0:
        raise ValueError("a relative lift needs a control whose mean is told apart from 0")
    product = treatment.mean * control.mean
    reach = math.sqrt(max(product**2 - (treatment.mean**2 - top) * clear, 0.0))
    return (product - reach) / clear, (product + reach) / clear
