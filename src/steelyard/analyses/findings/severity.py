"""How severe a finding is: the rules by kind, and the bounds they share.

The rules for defects of the data stand in `quality_severity`, those of drifts, segments, causes, series and estimates
with their findings; this table names them all.

| kind | measured by | high | medium | low |
|---|---|---|---|---|
| overall | no better than a constant answer | always | | |
| weak-slice, confused-pair | share of the errors that would go | ≥ 10 % | ≥ 3 % | else |
| change | relative growth of the loss | ≥ 20 % | ≥ 5 % | else |
| change of labels or scores | shift, in standard deviations | | ≥ 0.5 | else |
| calibration | debiased calibration error, in points | ≥ 0.10 | ≥ 0.03 | else |
| calibration of rare positives | mean score off the rate by a factor | ≥ 2 | ≥ 1.25 | else |
| threshold | verified gain | | ≥ 0.05 | else |
| bias | share of the squared error that a constant would remove | ≥ 10 % | ≥ 3 % | else |
| quantile-coverage | distance from what was promised | ≥ 0.10 | ≥ 0.03 | else |
| missing predictions, disagreeing decisions, missing labels of some slices | share of rows | ≥ 10 % | ≥ 1 % | else |
| cause | relative growth of the loss, as of the change it explains | ≥ 20 % | ≥ 5 % | else |
| drift | certain growth of the loss (or distance, where the score hangs on it) | ≥ 20 % | ≥ 5 % | else |
| segment | share of the loss that would go | ≥ 10 % and new | ≥ 3 %, unless known before | else |
| over-time, a metric | relative growth of the loss | ≥ 20 % | ≥ 5 % | else |
| over-time, missing values and gaps | share of rows | ≥ 10 % | ≥ 1 % | else |
| over-time, drift and volume | distance; relative change | | ≥ 0.1; ≥ 50 % | else |
| estimated | relative growth of the loss, estimated or missed | ≥ 20 % | ≥ 5 % | else |
| fairness | see `findings/unfair.py` | | | |
| money | see `findings/money.py` | | | |
| uncertainty | distance from the promise | ≥ 0.10 | ≥ 0.03 | else |
| accuracy-paradox | | | always | |
| too-few-rows | half-width of the main interval | | ≥ 0.10 | else |
| outliers | share of the squared error from 1 % of the rows | | ≥ 50 % | else |
| heteroscedastic, imbalance, missing labels everywhere | | | | always |
"""

from __future__ import annotations

from steelyard.records import Severity


def by_bounds(value: float, high: float | None, medium: float | None) -> Severity:
    """High from `high` on, medium from `medium` on, else low."""
    if high is not None and value >= high:
        return Severity.HIGH
    if medium is not None and value >= medium:
        return Severity.MEDIUM
    return Severity.LOW


def of_errors(share: float) -> Severity:
    """By the share of the errors (or of another stated loss) that would go."""
    return by_bounds(share, 0.10, 0.03)


def of_change(growth: float) -> Severity:
    """By the relative growth of the loss."""
    return by_bounds(growth, 0.20, 0.05)


def of_shift(deviations: float) -> Severity:
    """By the shift of a mean in standard deviations."""
    return by_bounds(abs(deviations), None, 0.5)


def of_calibration(points: float, factor: float) -> Severity:
    """By the calibration error and by the factor (≥ 1) between mean score and rate, the worse of the two."""
    return min(by_bounds(points, 0.10, 0.03), by_bounds(factor, 2.0, 1.25), key=lambda s: s.rank)


def of_threshold(gain: float) -> Severity:
    """By the verified gain of another threshold."""
    return by_bounds(gain, None, 0.05)


def of_coverage(distance: float) -> Severity:
    """By how far a quantile's coverage is from its promise."""
    return by_bounds(distance, 0.10, 0.03)


def of_rows(share: float) -> Severity:
    """By the share of rows that a defect of the data touches."""
    return by_bounds(share, 0.10, 0.01)


def of_width(half: float) -> Severity:
    """By the half-width of the main interval."""
    return by_bounds(half, None, 0.10)


def of_tails(share: float) -> Severity:
    """By the share of the squared error that few rows make."""
    return by_bounds(share, None, 0.50)
