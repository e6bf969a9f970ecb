"""Power and sample size, held against statsmodels."""

import json
import math
from pathlib import Path

import pytest
from scipy import stats
from statsmodels.stats import power as sm
from statsmodels.stats.proportion import power_proportions_2indep, samplesize_proportions_2indep_onetail
from statsmodels.stats.weightstats import ttost_ind

from steelyard.stats import planning

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ab_testing.json").read_text())["cases"]
CASES = {case["id"]: case for case in VECTORS}


def units(design, effect, power):
    return planning.units_for(lambda n: planning.power(design, effect, n), power)


def test_vector_of_means():
    case = CASES["power_t"]
    given = case["input"]
    student = planning.means(1.0, given["ratio"], given["alpha"])
    assert units(student, given["effect_size_d"], given["power"]) == pytest.approx(
        case["expected"]["n_per_arm_t"], rel=case["rtol"]
    )
    normal = student._replace(student=False)
    assert units(normal, given["effect_size_d"], given["power"]) == pytest.approx(
        case["expected"]["n_per_arm_z"], rel=case["rtol"]
    )


def test_vector_of_proportions():
    """By the arcsine; the other number of the vector, 1445, has a power of 14 %."""
    case = CASES["power_prop"]
    given = case["input"]
    h = 2 * (math.asin(math.sqrt(given["p2"])) - math.asin(math.sqrt(given["p1"])))
    unit = planning.means(1.0, alpha=given["alpha"])._replace(student=False)
    assert units(unit, h, given["power"]) == pytest.approx(case["expected"]["n_per_arm_arcsine"], rel=case["rtol"])


@pytest.mark.parametrize("ratio", [0.25, 1.0, 3.0])
@pytest.mark.parametrize("sides", [1, 2])
@pytest.mark.parametrize("n", [4, 30, 2_000])
def test_means(ratio, sides, n):
    design, d = planning.means(2.0, ratio, 0.01, sides), 3.0 / math.sqrt(n)
    known = sm.TTestIndPower().power(d, n, 0.01, ratio, alternative="larger" if sides == 1 else "two-sided")
    assert planning.power(design, 2.0 * d, n) == pytest.approx(known, abs=1e-8)


@pytest.mark.parametrize("ratio", [0.5, 1.0, 4.0])
@pytest.mark.parametrize(("p0", "p1"), [(0.1, 0.11), (0.5, 0.4), (0.01, 0.02)])
def test_proportions(ratio, p0, p1):
    design = planning.proportions(p0, p1, ratio)
    # statsmodels' first sample is the treatment.
    known = power_proportions_2indep(p1 - p0, p0, 1_000 * ratio, 1 / ratio, return_results=False)
    assert planning.power(design, p1 - p0, 1_000) == pytest.approx(known, abs=1e-12)
    need = samplesize_proportions_2indep_onetail(p1 - p0, p0, 0.8, 1 / ratio) / ratio
    assert units(design, p1 - p0, 0.8) == pytest.approx(need, rel=1e-4)


def test_power_is_alpha_where_there_is_no_effect():
    assert planning.power(planning.means(1.0), 0.0, 50) == pytest.approx(0.05)
    assert planning.power(planning.proportions(0.2, 0.2), 0.0, 50) == pytest.approx(0.05)


def test_enormous_experiments():
    assert planning.power(planning.means(1.0), 1e-3, 1.57e7) == pytest.approx(0.8, abs=1e-3)
    assert units(planning.means(1.0), 1e-5, 0.8) == pytest.approx(1.5698e11, rel=1e-3)
    assert planning.units_for(lambda n: 0.05, 0.8) == math.inf


def test_noninferiority():
    design = planning.means(2.0, alpha=0.025)
    known = sm.TTestIndPower().power(0.25, 100, 0.025, alternative="larger")
    assert planning.noninferiority_power(design, 0.5, 100) == pytest.approx(known)
    assert planning.noninferiority_power(design, 0.5, 100, effect=0.2) > known
    assert planning.noninferiority_power(design, 0.5, 100, effect=-0.5) == 0.025


def test_equivalence_against_simulation():
    design = planning.means(2.0, alpha=0.05)
    wins = 0
    rng = stats.norm(0, 2)
    a, b = rng.rvs((400, 120), random_state=1) + 0.1, rng.rvs((400, 120), random_state=2)
    for x, y in zip(a, b, strict=True):
        wins += ttost_ind(x, y, -0.8, 0.8)[0] < 0.05
    assert planning.equivalence_power(design, 0.8, 120, effect=0.1) == pytest.approx(wins / 400, abs=0.06)
    assert planning.equivalence_power(design, 0.1, 10) == 0.0


def test_smallest_effect_is_found_with_the_power():
    design = planning.means(2.0)
    found = planning.smallest_effect(lambda e: planning.power(design, e, 300), 0.8, 100.0)
    assert planning.power(design, found, 300) == pytest.approx(0.8, abs=1e-6)
    assert planning.smallest_effect(lambda e: planning.power(design, e, 3), 0.8, 0.1) == math.inf


def test_design_effect():
    assert planning.design_effect(20, 0.05) == pytest.approx(1.95)
    assert planning.design_effect(20, 0.05, 0.5) == pytest.approx(1 + (25 - 1) * 0.05)
    assert planning.design_effect(1, 1.0) == 1.0


@pytest.mark.parametrize(
    "asked",
    [
        lambda: planning.means(0.0),
        lambda: planning.means(1.0, ratio=0.0),
        lambda: planning.means(1.0, alpha=1.0),
        lambda: planning.proportions(1.1, 0.2),
        lambda: planning.proportions(0.0, 0.0),
        lambda: planning.power(planning.means(1.0), 0.1, 0),
        lambda: planning.noninferiority_power(planning.means(1.0), 0.0, 10),
        lambda: planning.equivalence_power(planning.means(1.0), -1.0, 10),
        lambda: planning.units_for(lambda n: n, 1.0),
        lambda: planning.smallest_effect(lambda e: e, 0.0, 1.0),
        lambda: planning.design_effect(0.5, 0.1),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match=r"needs|must"):
        asked()
