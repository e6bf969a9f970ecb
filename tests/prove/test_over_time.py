"""Proof of what series over time promise: false alarms within the budget, changes dated, sooner than usual rules."""

from __future__ import annotations

import importlib.util
import math
from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.prove
DAYS = 365
ALLOWED = DAYS / 500
"""False alarms that a year of daily windows may have, over all series."""


def _streams():
    path = Path(__file__).parents[2] / "benchmarks" / "faults" / "streams.py"
    spec = importlib.util.spec_from_file_location("streams", path)
    module = importlib.util.module_from_spec(spec)
    import sys

    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


streams = _streams()


def excess(counts, allowed):
    """By how many of its standard errors a mean is above what is allowed."""
    error = max(float(np.std(counts)), math.sqrt(allowed)) / math.sqrt(len(counts))
    return (float(np.mean(counts)) - allowed) / error


@pytest.mark.parametrize("baseline", [12, 30, 100])
@pytest.mark.parametrize("world", streams.WORLDS, ids=lambda world: world.name)
def test_false_alarms_of_stable_years_keep_the_budget(world, baseline):
    rng = np.random.default_rng(1)
    years = [
        int(streams.ours(streams.errors(world, baseline + DAYS, rng), baseline, 500.0).sum()) for _ in range(200)
    ]
    assert excess(years, ALLOWED) < 3


@pytest.mark.parametrize("world", streams.WORLDS[1:], ids=lambda world: world.name)
def test_several_series_share_one_budget(world):
    rng = np.random.default_rng(2)
    years = [
        sum(int(streams.ours(streams.errors(world, 60 + DAYS, rng), 60, 500.0 * 5).sum()) for _ in range(5))
        for _ in range(60)
    ]
    assert excess(years, ALLOWED) < 3


@pytest.mark.parametrize("baseline", [12, 30, 100])
def test_neighbouring_days_that_are_alike_cost_little_more(baseline):
    rng = np.random.default_rng(3)
    world = streams.NEIGHBOURS
    years = [
        int(streams.ours(streams.errors(world, baseline + DAYS, rng), baseline, 500.0).sum()) for _ in range(150)
    ]
    assert np.mean(years) < 2 * ALLOWED


@pytest.mark.parametrize("baseline", [12, 60])
@pytest.mark.parametrize("world", [*streams.WORLDS, streams.NEIGHBOURS], ids=lambda world: world.name)
def test_stable_years_show_changes_no_more_often_than_stated(world, baseline):
    rng = np.random.default_rng(4)
    years = [
        bool(streams.ours_changes(streams.errors(world, baseline + DAYS, rng), baseline, 0.05)) for _ in range(200)
    ]
    allowed = 0.05 if not world.alike else 0.12
    assert np.mean(years) <= allowed + 3 * math.sqrt(allowed / 200)


@pytest.mark.parametrize(("shift", "days"), [(1.0, 20), (2.0, 7), (4.0, 2)])
@pytest.mark.parametrize("world", streams.WORLDS, ids=lambda world: world.name)
def test_shifts_are_seen_soon(world, shift, days):
    median, seen = streams.delay(streams.RULES["Steelyard, chart"], world, 60, shift, 80)
    assert median <= days
    assert seen >= 0.95


@pytest.mark.parametrize(("shift", "share"), [(0.5, 0.4), (1.0, 0.95), (2.0, 0.99)])
def test_changes_are_dated_in_hindsight(shift, share):
    rng = np.random.default_rng(5)
    errors = []
    for _ in range(80):
        counts = streams.errors(streams.WORLDS[1], 60 + 150, rng, shift, 60 + 75)
        found = streams.ours_changes(counts, 60, 0.05)
        errors.append(min((abs(day - 75) for day in found), default=math.inf))
    assert np.mean(np.isfinite(errors)) >= share
    if shift >= 1:
        assert np.median(errors) <= (5 if shift == 1 else 1)


@pytest.mark.parametrize("world", streams.WORLDS, ids=lambda world: world.name)
def test_fewer_false_alarms_than_the_usual_rules_and_sooner_where_they_keep_quiet(world):
    ours, three, p = (
        streams.false_alarms(streams.RULES[name], world, 60, 60)
        for name in ("Steelyard, chart", "mean ± 3 sd (NannyML)", "p < 0.05 (Evidently)")
    )
    assert ours < p
    assert ours < three + 0.5 or world.weekly > 0
    waits = [streams.delay(streams.RULES[n], world, 60, 1.0, 60)[0] for n in list(streams.RULES)[:2]]
    assert waits[0] < waits[1]
