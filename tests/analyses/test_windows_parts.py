"""The parts of series over time: scales, baselines, departures."""

from __future__ import annotations

import math

import numpy as np
import pytest

from steelyard.analyses.windows.chart import Baseline, baseline_of, chart
from steelyard.analyses.windows.departures import away, departures
from steelyard.analyses.windows.levels import levels
from steelyard.analyses.windows.timeline import Timeline
from steelyard.analyses.windows.track import Track, of_counts, of_estimates
from steelyard.facts import Window
from steelyard.records import Change, Estimate, Point, Series, Undefined


def line_of(baseline, watched, every="1d"):
    n = baseline + watched
    current = np.arange(n) >= baseline
    nothing = np.zeros(n, dtype=bool)
    return Timeline(
        Window("t", every), np.arange(n), current, np.full(n, 100), nothing, ~current, current, "the reference", {}
    )


def share(k, n=1_000):
    p = k / n
    return Estimate(p, p, p, 0.95, n, "wilson", float(n), math.sqrt(p * (1 - p) / n))


def plain(values, noise=0.0):
    x = np.asarray(values, dtype=float)
    return Track("m", "metric", tuple(Undefined("") for _ in x), x, np.full(len(x), noise), float)


def series(values, *changes, kind="metric", alarms=(), current_from=4, centre=None, method="wilson"):
    points = tuple(
        Point(
            f"{i:02d}",
            f"{i + 1:02d}",
            Estimate(v, v - 0.01, v + 0.01, 0.95, 100, method, se=0.005),
            "current" if i >= current_from else "reference",
            alarm=i in alarms,
        )
        for i, v in enumerate(values)
    )
    return Series("x", kind, points, centre=centre, changes=changes)


def test_shares_are_charted_without_certainty_at_the_edge():
    line = line_of(30, 10)
    track = of_estimates("c", "missing", [share(0)] * 40, line.baseline)
    # Anscombe: asin √((k + ⅜)/(n + ¾)), of variance 1/(4n + 2), also where no case was seen.
    assert track.values[0] == pytest.approx(math.asin(math.sqrt(0.375 / 1_000.75)))
    assert track.noise[0] == pytest.approx(1 / 4_002)
    assert track.back(track.values[0]) == pytest.approx(0.0, abs=1e-12)
    counts = [0] * 30 + [4] + [0] * 9
    few = of_estimates("c", "missing", [share(k) for k in counts], line.baseline)
    assert not chart(few, line, baseline_of(few, line), 500.0).alarms.any()


def test_shares_of_weighted_rows_are_as_noisy_as_they_say():
    line = line_of(30, 0)
    wide = [Estimate(0.3, 0.2, 0.4, 0.95, 1_000, "wilson", 250.0, math.sqrt(0.21 / 250))] * 30
    assert of_estimates("c", "metric", wide, line.baseline).noise[0] == pytest.approx(1 / 1_002)


def test_counts_go_there_and_back():
    track = of_counts("rows", [], np.array([0, 100]), np.array([True, True]))
    assert [track.back(v) for v in track.values] == pytest.approx([0.0, 100.0])


def test_an_incident_in_the_baseline_is_left_out():
    rng = np.random.default_rng(0)
    values = rng.normal(size=60)
    values[10] += 25
    base = baseline_of(plain(values), line_of(50, 10))
    assert isinstance(base, Baseline)
    assert base.incidents == 1
    assert base.level == pytest.approx(values[:50][np.arange(50) != 10].mean())
    assert base.between == pytest.approx(values[:50][np.arange(50) != 10].var(ddof=1))


def test_between_windows_is_what_sampling_leaves():
    values = np.random.default_rng(1).normal(size=60)
    base = baseline_of(plain(values, noise=0.4), line_of(60, 0))
    assert base.between == pytest.approx(values.var(ddof=1) - 0.4)
    assert baseline_of(plain(values, noise=4.0), line_of(60, 0)).between == 0.0


def test_a_constant_that_moves_is_an_alarm():
    line = line_of(20, 20)
    track = plain([5.0] * 30 + [5.1] * 10)
    made = chart(track, line, baseline_of(track, line), 500.0)
    assert np.flatnonzero(made.alarms)[0] == 30
    assert [c.at for c in levels(track, line, made.baseline, 0.05).changes] == [line.starts[30]]


@pytest.mark.parametrize(
    ("every", "period"), [("1h", 24), ("6h", 4), ("1d", 7), ("1mo", 12), ("1q", 4), ("1w", 1), ("10", 1)]
)
def test_cycles(every, period):
    assert line_of(1, 1, every).period == period


def test_a_level_that_returns_is_over():
    found = departures(
        series(
            [0.8] * 8 + [0.5] * 4 + [0.8] * 6,
            Change("08", 0.8, 0.5, 1e-9),
            Change("12", 0.5, 0.8, 1e-9),
            centre=0.8,
        )
    )
    assert [(d.since, d.until, d.ongoing, d.sustained) for d in found] == [("08", "12", False, True)]
    assert found[0].difference.value == pytest.approx(-0.3)
    assert found[0].windows == 4


def test_a_level_that_stays_is_away():
    now = away(series([0.8] * 8 + [0.5] * 4, Change("08", 0.8, 0.5, 1e-9), centre=0.8, alarms=(9, 11)))
    assert (now.since, now.ongoing) == ("08", True)
    assert now.before.value == pytest.approx(0.8)
    assert now.after.value == pytest.approx(0.5)


def test_a_level_of_the_reference_that_goes_back_to_the_usual_one_is_nothing():
    told = series(
        [0.8, 0.8, 0.5, 0.5] + [0.8] * 6, Change("02", 0.8, 0.5, 1e-9), Change("04", 0.5, 0.8, 1e-9), centre=0.8
    )
    assert departures(told) == []
    assert away(told) is None


def test_through_the_usual_level_to_the_other_side_is_a_departure_of_its_own():
    found = departures(
        series(
            [0.5] * 8 + [0.3] * 4 + [0.7] * 4, Change("08", 0.5, 0.3, 1e-9), Change("12", 0.3, 0.7, 1e-9), centre=0.5
        )
    )
    assert [(d.since, d.until) for d in found] == [("08", "12"), ("12", "16")]


def test_alarms_that_did_not_last_are_told_once():
    found = departures(series([0.8] * 16, alarms=(6, 7, 14), centre=0.8))
    assert [(d.since, d.sustained, d.ongoing, d.p) for d in found] == [
        ("06", False, False, None),
        ("14", False, False, None),
    ]


def test_fewer_missing_values_and_smaller_distances_are_no_departure():
    lower = Change("08", 0.3, 0.0, 1e-9)
    assert departures(series([0.3] * 8 + [0.0] * 8, lower, kind="missing", centre=0.3)) == []
    assert (
        departures(series([0.3] * 8 + [0.0] * 8, lower, kind="drift", centre=0.3, method="jensen_shannon, x")) == []
    )
    assert departures(series([0.3] * 8 + [0.0] * 8, lower, kind="drift", centre=0.3, method="student-t"))
