"""Control charts: paths, run lengths against published ones, limits for a wanted rate of false alarms."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from scipy import stats

from steelyard.stats import control, designs, run_lengths

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "vectors" / "detectors.json").read_text())["cases"]
}
STREAM = np.array(CASES["stream600"]["input"]["x"])


def test_first_alarms_of_the_vector_stream():
    expected = CASES["stream600"]["expected"]
    assert np.argmax(control.cusum(STREAM, 0.5, 5.0).alarms) == expected["cusum_k05_h5_first"]
    path = control.ewma(STREAM, control.asymptotic_limit(2.7, 0.2), 0.2)
    assert np.argmax(path.alarms) == expected["ewma_l02_L27_first"]


def test_cusum_by_hand_starts_anew_after_an_alarm():
    path = control.cusum([1.0, 2.0, np.nan, 2.0, 1.0, -3.0], k=0.5, h=3.0)
    assert path.upper.tolist() == [0.5, 2.0, 2.0, 3.5, 0.5, 0.0]
    assert path.lower.tolist() == [0.0, 0.0, 0.0, 0.0, 0.0, 2.5]
    assert path.alarms.tolist() == [False, False, False, True, False, False]


def test_ewma_by_hand():
    path = control.ewma([1.0, 1.0, np.nan, 1.0, 1.0, -4.0], limit=0.8, smoothing=0.5, single=3.0)
    assert path.average.tolist() == [0.5, 0.75, 0.75, 0.875, 0.5, -1.75]
    assert path.alarms.tolist() == [False, False, False, True, False, True]
    assert path.onset.tolist()[3] == 0
    upward = control.ewma([1.0, -9.0, 9.0], limit=0.8, smoothing=0.5, single=3.0, upper_only=True)
    assert upward.alarms.tolist() == [False, False, True]


@pytest.mark.parametrize("name", list(CASES["arl"]["expected"]))
def test_run_lengths(name):
    expected = CASES["arl"]["expected"][name]
    kind, first, second, mean = name.split("_")
    shift = float(mean[2:])
    if kind == "cusum":
        k, h = float(first[1:]), float(second[1:])
        assert run_lengths.cusum_arl(k, h, shift, two_sided=False) == pytest.approx(expected["one_sided"], rel=0.01)
        assert run_lengths.cusum_arl(k, h, shift) == pytest.approx(expected["two_sided"], rel=0.01)
    else:
        smoothing = float(first[1:])
        limit = control.asymptotic_limit(float(second[1:]), smoothing)
        assert run_lengths.ewma_arl(smoothing, limit, shift) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize("arl0", [50.0, 370.0, 20_000.0])
def test_limits_have_the_run_length_they_were_made_for(arl0):
    assert run_lengths.cusum_arl(0.5, run_lengths.cusum_limit(arl0)) == pytest.approx(arl0, rel=0.01)
    limit = run_lengths.ewma_limit(arl0, 0.1)
    assert run_lengths.ewma_arl(0.1, limit) == pytest.approx(arl0, rel=0.01)


def test_textbook_limits():
    # Montgomery: h = 5 for k = ½ and ARL 465; L = 2.962 for λ = 0.2 and ARL 500.
    assert run_lengths.cusum_limit(465.4) == pytest.approx(5.0, abs=0.005)
    assert run_lengths.ewma_limit(500.0) / control.asymptotic_limit(1.0) == pytest.approx(2.962, abs=0.003)


def test_a_chart_of_single_residuals_is_shewharts():
    # λ = 1 leaves no memory: the run length is geometric.
    assert run_lengths.ewma_arl(1.0, 3.0, cells=601) == pytest.approx(1 / (2 * stats.norm.sf(3.0)), rel=1e-6)


def test_combined_limits_share_the_rate():
    made = designs.combined_design(1_000.0)
    assert 2 * stats.norm.sf(made.single) == pytest.approx(1 / 2_000)
    both = run_lengths.ewma_arl(made.smoothing, made.limit, single=made.single)
    assert both == pytest.approx(1_000.0, rel=0.03)


def test_estimated_limits_are_wider_and_tend_to_the_known_ones():
    known = designs.combined_design(2_000.0)
    made = [designs.combined_design(2_000.0, m, m - 1) for m in (15, 60, 100_000)]
    assert made[0].limit > made[1].limit > made[2].limit == pytest.approx(known.limit, rel=0.01)
    assert made[0].single == pytest.approx(math.sqrt(16 / 15) * stats.t.isf(1 / 8_000, 14))


def test_a_short_baseline_leaves_single_windows_only():
    made = designs.combined_design(10_000.0, 9, 8)
    assert made.limit == math.inf
    assert made.single == pytest.approx(math.sqrt(10 / 9) * stats.t.isf(1 / 20_000, 8))


def test_correlation_widens():
    plain, wide = designs.combined_design(1_000.0, 50, 49), designs.combined_design(1_000.0, 50, 49, correlation=0.5)
    assert wide.limit > 1.3 * plain.limit


def test_between_variance_against_its_definitions():
    values, variances = np.array([0.1, 0.3, 0.35, 0.65, 0.45]), np.array([0.01, 0.02, 0.005, 0.03, 0.01])
    assert control.between_variance(values, variances) == pytest.approx(values.var(ddof=1) - variances.mean())
    w = 1 / variances
    mean = np.average(values, weights=w)
    q = np.sum(w * (values - mean) ** 2)
    expected = (q - 4) / (w.sum() - (w**2).sum() / w.sum())
    assert control.dersimonian_laird(values, variances) == pytest.approx(expected)
    assert control.between_variance(values, variances + 1) == control.dersimonian_laird(values, variances + 1) == 0.0


def test_between_variance_against_statsmodels():
    from statsmodels.stats.meta_analysis import combine_effects

    values, variances = np.array([0.1, 0.3, 0.35, 0.65, 0.45]), np.array([0.01, 0.02, 0.005, 0.03, 0.01])
    oracle = combine_effects(values, variances, method_re="chi2")
    assert control.dersimonian_laird(values, variances) == pytest.approx(oracle.tau2)


def test_laney_of_white_noise_is_its_sd():
    rng = np.random.default_rng(0)
    assert control.laney(rng.normal(0, 3, 20_000)) == pytest.approx(3, rel=0.02)


def test_autocorrelation_is_seen_and_unbiased():
    rng = np.random.default_rng(1)
    noise = rng.normal(size=(3_000, 30))
    for day in range(1, 30):
        noise[:, day] = 0.5 * noise[:, day - 1] + math.sqrt(0.75) * noise[:, day]
    found = [control.lag_one(row - row.mean()) for row in noise]
    assert np.mean([f.value for f in found]) == pytest.approx(0.5, abs=0.06)
    white = [control.lag_one(row - row.mean()) for row in rng.normal(size=(3_000, 30))]
    assert np.mean([f.value for f in white]) == pytest.approx(0.0, abs=0.02)
    assert np.mean([f.p < 0.1 for f in white]) == pytest.approx(0.1, abs=0.03)


@pytest.mark.parametrize("residuals", [[], [1.0], [0.0] * 9])
def test_no_autocorrelation_where_there_is_nothing_to_tell(residuals):
    assert control.lag_one(residuals) == (0.0, 1.0)


@pytest.mark.parametrize(
    "asked",
    [
        lambda: control.between_variance([1.0], [1.0]),
        lambda: control.dersimonian_laird([1.0, 2.0], [0.0, 1.0]),
        lambda: control.laney([1.0]),
        lambda: control.asymptotic_limit(3.0, 0.0),
        lambda: run_lengths.cusum_arl(0.5, 0.0),
        lambda: run_lengths.cusum_limit(1.0),
        lambda: run_lengths.ewma_arl(0.2, -1.0),
        lambda: run_lengths.ewma_limit(370.0, single=2.0),
        lambda: designs.combined_design(1.0),
    ],
)
def test_what_has_no_answer(asked):
    with pytest.raises(ValueError, match=r"needs|must|more frequent"):
        asked()
