"""Planned looks: boundaries that are published, chances by simulation."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import group_sequential as gs
from steelyard.stats import spending
from steelyard.stats.spending import Boundaries

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "ab_testing.json").read_text())["cases"]
CASES = {case["id"]: case for case in VECTORS}
QUARTERS = (0.25, 0.5, 0.75, 1.0)


@pytest.mark.parametrize("kind", ["obrien_fleming", "pocock"])
def test_alpha_spent(kind):
    case = CASES["alpha_spending"]
    found = 2 * spending.spent(case["input"]["t"], case["input"]["alpha"] / 2, kind)
    assert found == pytest.approx(case["expected"][f"{kind}_two_sided_total"], rel=case["rtol"])


@pytest.mark.parametrize(("kind", "name"), [("obrien_fleming", "z_obf"), ("pocock", "z_pocock")])
def test_boundaries(kind, name):
    case = CASES["gs_bounds"]
    found = spending.boundaries(case["input"]["t"], case["input"]["alpha"], kind)
    assert found.z == pytest.approx(case["expected"][name], rel=case["rtol"])


def test_boundaries_as_published_by_gsdesign():
    """gsDesign 3.6, sfLDOF and sfLDPocock, four looks, one-sided 0.025."""
    found = spending.boundaries(QUARTERS, 0.05)
    assert found.z == pytest.approx([4.3326, 2.9631, 2.3590, 2.0141], abs=6e-5)
    assert spending.boundaries(QUARTERS, 0.025, sides=1).z == pytest.approx(found.z, abs=1e-6)
    pocock = spending.boundaries(QUARTERS, 0.05, "pocock")
    assert pocock.z == pytest.approx([2.3683, 2.3675, 2.3582, 2.3500], abs=6e-5)


def test_one_look_is_the_usual_test():
    found = spending.boundaries([1.0], 0.05)
    assert found.z == pytest.approx([1.959964], abs=1e-6)
    assert found.spent == pytest.approx([0.05])


@pytest.mark.parametrize("information", [[0.1, 0.15, 0.9, 1.0], [0.5, 1.0, 1.3], list(np.arange(1, 31) / 30)])
@pytest.mark.parametrize("kind", ["obrien_fleming", "pocock"])
def test_all_alpha_is_spent_and_no_more(information, kind):
    plan = spending.boundaries(information, 0.05, kind)
    first = spending.crossing(plan.information, plan.z, 0.0)
    assert np.cumsum(first.upper + first.lower) == pytest.approx(plan.spent, abs=1e-9)
    assert first.upper.sum() + first.lower.sum() == pytest.approx(0.05, abs=1e-8)


def test_a_look_too_early_stops_nothing():
    plan = spending.boundaries([0.001, 1.0], 0.05)
    assert plan.z[0] == math.inf
    assert plan.z[1] == pytest.approx(1.96, abs=1e-3)


def test_looks_do_not_depend_on_those_that_follow():
    early = spending.boundaries([0.3, 0.6], 0.05)
    late = spending.boundaries([0.3, 0.6, 0.7, 1.0], 0.05)
    assert late.z[:2] == pytest.approx(early.z, abs=1e-9)


def paths(drift, information, draws, seed):
    rng = np.random.default_rng(seed)
    t = np.array(information)
    steps = np.diff(t, prepend=0.0)
    walk = np.cumsum(rng.normal(drift * steps, np.sqrt(steps), (draws, t.size)), axis=1)
    return walk / np.sqrt(t)


@pytest.mark.parametrize("drift", [0.0, 1.5, 3.0])
def test_crossing_against_simulation(drift):
    plan = spending.boundaries(QUARTERS, 0.1, "pocock")
    first = spending.crossing(plan.information, plan.z, drift)
    z = paths(drift, QUARTERS, 100_000, 1)
    out = np.abs(z) >= plan.z
    stop = np.where(out.any(axis=1), out.argmax(axis=1), -1)
    for look in range(4):
        here = stop == look
        assert first.upper[look] == pytest.approx(np.mean(here & (z[:, look] > 0)), abs=0.005)
        assert first.lower[look] == pytest.approx(np.mean(here & (z[:, look] < 0)), abs=0.005)


def test_crossing_far_from_no_effect():
    first = spending.crossing([0.5, 1.0], [30.0, 20.0], 22.0)
    assert first.upper == pytest.approx([0.0, stats.norm.cdf(2.0)], abs=1e-9)


def test_peeking_with_a_fixed_limit():
    """Armitage, McPherson & Rowe 1969, table 2: false alarms at 1.96 after 1, 2, 5, 10, 50 equal looks."""
    for looks, known in ((1, 0.05), (2, 0.083), (5, 0.142), (10, 0.193), (50, 0.320)):
        first = spending.crossing(np.arange(1, looks + 1) / looks, [1.959964] * looks, 0.0)
        assert first.upper.sum() + first.lower.sum() == pytest.approx(known, abs=6e-4)


@pytest.mark.parametrize(
    ("looks", "pocock", "obrien_fleming"),
    [(2, 2.178, 1.977), (3, 2.289, 2.004), (4, 2.361, 2.024), (5, 2.413, 2.040)],
)
def test_constants_of_pocock_and_obrien_fleming(looks, pocock, obrien_fleming):
    """Jennison & Turnbull 2000, tables 2.1 and 2.3: limits that have false alarms of 0.05 together."""
    t = np.arange(1, looks + 1) / looks
    for limits in (np.full(looks, pocock), obrien_fleming / np.sqrt(t)):
        first = spending.crossing(t, limits, 0.0)
        assert first.upper.sum() + first.lower.sum() == pytest.approx(0.05, abs=1.5e-4)


@pytest.mark.parametrize(("power", "pocock", "obrien_fleming"), [(0.8, 1.110, 1.008), (0.9, 1.100, 1.007)])
def test_inflation_as_published(power, pocock, obrien_fleming):
    """Jennison & Turnbull 2000, tables 2.2 and 2.4: maximal over fixed sample size for two looks."""
    t = np.array([0.5, 1.0])
    for limits, known in ((np.full(2, 2.178), pocock), (1.977 / np.sqrt(t), obrien_fleming)):
        assert gs.inflation(Boundaries(t, limits, t), 0.05, power) == pytest.approx(known, abs=1.5e-3)


def test_inflation():
    plan = spending.boundaries(QUARTERS, 0.05)
    assert gs.inflation(spending.boundaries([1.0], 0.05), 0.05, 0.8) == pytest.approx(1.0, abs=1e-4)
    pocock = spending.boundaries(QUARTERS, 0.05, "pocock")
    assert gs.inflation(pocock, 0.05, 0.8) > gs.inflation(plan, 0.05, 0.8) > 1.0


def test_course_against_simulation():
    plan = spending.boundaries(QUARTERS, 0.05)
    found = gs.course(plan, 2.5)
    z = paths(2.5, QUARTERS, 100_000, 2)
    out = np.abs(z) >= plan.z
    used = np.where(out.any(axis=1), plan.information[out.argmax(axis=1)], 1.0)
    assert found.power == pytest.approx(np.mean(out.any(axis=1)), abs=0.005)
    assert found.information == pytest.approx(used.mean(), abs=0.004)
    mirrored = gs.course(plan, -2.5)
    assert (mirrored.power, mirrored.information) == pytest.approx((found.power, found.information))


@pytest.mark.parametrize("power", [0.2, 0.5, 0.8])
def test_needed_drift_gives_the_power(power):
    plan = spending.boundaries(QUARTERS, 0.05)
    assert gs.course(plan, gs.needed_drift(plan, power)).power == pytest.approx(power, abs=1e-6)
    assert gs.inflation(plan, 0.05, power) > 1.0


def test_stop_at_the_first_look_is_the_usual_interval():
    plan = spending.boundaries([0.5], 0.05, "pocock")
    found = gs.stopped(plan, 0.3, 0.1, 0.95)
    assert (found.low, found.high) == pytest.approx((0.3 - 0.1959964, 0.3 + 0.1959964), abs=1e-6)
    assert found.value == pytest.approx(0.3, abs=1e-6)
    assert found.p == pytest.approx(2 * stats.norm.sf(3.0), rel=1e-6)


@pytest.mark.parametrize("drift", [0.0, 2.0, -2.0])
def test_interval_at_the_stop_holds(drift):
    plan = spending.boundaries([0.5, 1.0], 0.05, "pocock")
    z = paths(drift, [0.5, 1.0], 80, 3)
    held, middle = 0, 0
    for path in z:
        looks = 1 if abs(path[0]) >= plan.z[0] else 2
        part = Boundaries(plan.information[:looks], plan.z[:looks], plan.spent[:looks])
        se = 1.0 / math.sqrt(plan.information[looks - 1])
        found = gs.stopped(part, path[looks - 1] * se, se, 0.9)
        held += found.low <= drift <= found.high
        middle += found.value <= drift
        assert found.repeated_high - found.repeated_low == pytest.approx(2 * plan.z[looks - 1] * se)
    assert held / 80 == pytest.approx(0.9, abs=0.1)
    assert middle / 80 == pytest.approx(0.5, abs=0.15)


def test_p_at_the_stop_goes_with_the_boundary():
    plan = spending.boundaries(QUARTERS, 0.05)
    for looks in (2, 3, 4):
        part = Boundaries(plan.information[:looks], plan.z[:looks], plan.spent[:looks])
        found = gs.stopped(part, float(plan.z[looks - 1]), 1.0, 0.95)
        assert found.p == pytest.approx(float(plan.spent[looks - 1]), rel=1e-6)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: spending.boundaries([], 0.05),
        lambda: spending.boundaries([0.5, 0.5], 0.05),
        lambda: spending.boundaries([0.0, 1.0], 0.05),
        lambda: spending.boundaries([0.5, math.nan], 0.05),
        lambda: spending.boundaries([1.0], 1.0),
        lambda: spending.boundaries([1.0], 0.05, "haybittle"),
        lambda: spending.boundaries([1.0], 0.05, sides=3),
        lambda: spending.crossing([0.5, 1.0], [2.0], 0.0),
        lambda: gs.needed_drift(spending.boundaries([1.0], 0.05), 1.0),
        lambda: gs.stopped(spending.boundaries([1.0], 0.05), 0.0, 0.0, 0.95),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match=r"must|needs"):
        asked()
