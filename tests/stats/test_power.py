import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from steelyard.stats import intervals, power


@given(st.floats(-1, 1), st.floats(1e-3, 1.0), st.floats(10, 1e5), st.floats(-1, 1))
def test_with_that_many_rows_the_interval_leaves_the_bound(value, se, n, bound):
    rows = power.rows_to_settle(value, se, n, bound, 0.95)
    if rows == math.inf:
        assert abs(value - bound) < 1e-100
        return
    low, high = intervals.wald(value, se * math.sqrt(n / rows), 0.95)
    assert not low + 1e-9 < bound < high - 1e-9
    if rows > 2:
        low, high = intervals.wald(value, se * math.sqrt(n / (rows - 1)), 0.95)
        assert low <= bound + 1e-9
        assert bound - 1e-9 <= high


def test_edges():
    assert power.rows_to_settle(0.5, 0.1, 100, 0.5, 0.95) == math.inf
    assert power.rows_to_settle(0.5, 0.0, 100, 0.4, 0.95) == 1.0
    assert power.rows_for_half_width(0.1, 100, 0.1 * intervals.quantile(0.95), 0.95) in (100.0, 101.0)
    assert power.rows_for_half_width(math.inf, 100, 0.1, 0.95) == math.inf
    with pytest.raises(ValueError, match="half_width"):
        power.rows_for_half_width(0.1, 100, 0.0, 0.95)
    with pytest.raises(ValueError, match="n > 0"):
        power.rows_to_settle(0.5, 0.1, 0, 0.4, 0.95)
    with pytest.raises(ValueError, match="standard error"):
        power.rows_to_settle(0.5, -0.1, 10, 0.4, 0.95)
    with pytest.raises(ValueError, match="bound"):
        power.rows_to_settle(0.5, 0.1, 10, math.nan, 0.95)
