"""The tests behind data quality, against SciPy."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from steelyard.analyses.quality.evidence import Sides
from steelyard.analyses.quality.shapes import distance, noise, thinned
from steelyard.analyses.quality.spellings import difference, folded, is_placeholder, slips, truth_of

SIDES = Sides(300.0, 500.0, 1.0, 1.0, 0.95)


@pytest.mark.parametrize("count", [1, 3, 20])
def test_rows_on_one_side_have_the_hypergeometric_chance(count: int) -> None:
    now = stats.hypergeom(800, 300, count).pmf(count)
    then = stats.hypergeom(800, 500, count).pmf(count)
    assert SIDES.only_now_p(count) == pytest.approx(now, rel=1e-9)
    assert SIDES.only_then_p(count) == pytest.approx(then, rel=1e-9)
    assert SIDES.only_now_p(0) == 1


def test_clusters_divide_the_rows():
    heavy = Sides(300.0, 500.0, 10.0, 10.0, 0.95)
    assert heavy.only_now_p(20) == pytest.approx(stats.hypergeom(80, 30, 2).pmf(2), rel=1e-9)
    light, wide = SIDES.change(60, 50), heavy.change(60, 50)
    assert light.value == pytest.approx(wide.value) == pytest.approx(0.1)
    assert wide.high - wide.low > 2.5 * (light.high - light.low)
    assert heavy.change_p(60, 50) > SIDES.change_p(60, 50)


def test_change_is_the_two_sample_score_test():
    table = [[60, 240], [50, 450]]
    assert SIDES.change_p(60, 50) == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue)


def test_distance_is_that_of_kolmogorov_and_smirnov():
    rng = np.random.default_rng(1)
    a, b = rng.normal(0, 1, 700).round(1), rng.normal(0.3, 1, 500).round(1)
    assert distance(np.sort(a), np.sort(b)) == pytest.approx(stats.ks_2samp(a, b).statistic)
    assert distance(np.sort(a), np.empty(0)) == 1
    # Three standard errors of the thinned shape against the whole one.
    long = rng.normal(0, 1, 50_000)
    assert distance(thinned(long), np.sort(long)) < 1e-3
    assert noise(700, 500) == pytest.approx(stats.kstwobign.isf(0.001) * np.sqrt(1 / 700 + 1 / 500), rel=0.01)


@pytest.mark.parametrize(
    ("a", "b", "why"),
    [
        ("no", "no ", "white space around them"),
        ("New York", "New  York", "white space"),
        ("Paris", "PARIS", "upper and lower case"),
        ("Paris", "Pаris", "letters that look alike or Unicode forms"),
        ("café", "cafe\u0301", "letters that look alike or Unicode forms"),
        ("a", "\uff41", "letters that look alike or Unicode forms"),
    ],
)
def test_writings_of_one_value(a: str, b: str, why: str) -> None:
    assert folded(a) == folded(b)
    assert difference([a, b]) == why


def test_other_values_stay_other():
    assert folded("Москва") == "москва"
    assert folded("🙂") != folded("🙃")
    assert len({folded(v) for v in ("c1", "c10", "C 1")}) == 3


def test_slips_are_rare_words_one_letter_from_a_common_one():
    counts = {"married": 900, "maried": 3, "marrier": 40, "divorced": 500, "diovrced": 2, "code1": 900, "code2": 1}
    assert list(slips(counts)) == [("diovrced", "divorced"), ("maried", "married"), ("marrier", "married")]


def test_what_stands_for_missing_and_for_truth():
    assert all(map(is_placeholder, ("N/A", " unknown ", "?", "")))
    assert not any(map(is_placeholder, ("0", "no", "Nan Li", "other")))
    assert [truth_of(v) for v in ("Yes", "F", "1", "maybe")] == [True, False, True, None]
