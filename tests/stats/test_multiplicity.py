import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.stats.multitest import multipletests

from steelyard.stats import multiplicity

ADJUST = {
    "bonferroni": multiplicity.bonferroni,
    "holm": multiplicity.holm,
    "fdr_bh": multiplicity.benjamini_hochberg,
    "fdr_by": multiplicity.benjamini_yekutieli,
}
P_VALUES = st.lists(st.floats(0.0, 1.0), min_size=1, max_size=30)


@pytest.mark.parametrize("method", ADJUST)
@settings(max_examples=20)  # statsmodels collects garbage in every call of holm
@given(p=P_VALUES)
def test_adjusted_p_are_statsmodels(method, p):
    want = multipletests(p, method=method)[1]
    assert ADJUST[method](p) == pytest.approx(want, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize("adjust", ADJUST.values())
def test_edges(adjust):
    assert adjust([]).tolist() == []
    assert adjust([0.2]).tolist() == [0.2]
    assert adjust([0.0, 1.0]).tolist()[0] == 0.0
    with pytest.raises(ValueError, match="p-values"):
        adjust([0.5, math.nan])
    with pytest.raises(ValueError, match="p-values"):
        adjust([1.5])


@given(st.lists(st.floats(0.0, 1e6), max_size=30), st.floats(0.01, 0.5))
def test_e_bh_is_bh_on_the_reciprocals(e, alpha):
    rejected = multiplicity.e_bh(e, alpha)
    order = sorted(e, reverse=True)
    k = max((i for i, value in enumerate(order, 1) if i * value >= len(e) / alpha), default=0)
    assert rejected.sum() == k
    assert sorted(np.asarray(e)[rejected], reverse=True) == order[:k]


def test_e_bh_rejects_infinite_evidence_and_refuses_nonsense():
    assert multiplicity.e_bh([math.inf, 0.1], 0.01).tolist() == [True, False]
    with pytest.raises(ValueError, match="e-values"):
        multiplicity.e_bh([-1.0], 0.05)
    with pytest.raises(ValueError, match="alpha"):
        multiplicity.e_bh([1.0], 0.0)
