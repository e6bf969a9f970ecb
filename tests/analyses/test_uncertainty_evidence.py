"""Evidence over windows that errors rose or columns moved, however often one looks."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.findings.rising import rising_errors
from steelyard.analyses.study import Study
from steelyard.analyses.windows.evidence import alarming, chance, rises
from steelyard.analyses.windows.timeline import Timeline, timeline
from steelyard.data import Roles
from steelyard.records import Series
from steelyard.stats import intervals, sequential

Studying = Callable[..., Study]
ROLES = Roles(label="y", prediction="said", task="binary", time="day", positive=1)
DAYS = 12


def days(error: float, seed: int, first: int, rows: int = 150, n: int = DAYS) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    y = rng.integers(0, 2, rows * n)
    wrong = rng.random(rows * n) < error
    day = np.repeat(np.arange(first, first + n), rows)
    return pl.DataFrame({"y": y, "said": np.where(wrong, 1 - y, y), "day": day, "w": 1.0 + (y == 1)})


def line(study: Study) -> Timeline:
    found = timeline(study)
    assert found is not None
    return found


def series(study: Study, name: str) -> Series:
    assert study.failures == ()
    return next(s for s in study.series if s.subject == name and s.kind == "metric")


def test_the_evidence_is_that_of_all_rows_so_far(study_from: Studying) -> None:
    study = study_from(days(0.3, 1, 100), ROLES, days(0.1, 2, 50), window="1")
    found = {r.metric: r for r in rises(study, line(study), study.series)}
    assert set(found) == {"accuracy", "recall", "precision"}
    rise = found["accuracy"]
    before, now = (f["y"] != f["said"] for f in (days(0.1, 2, 50), days(0.3, 1, 100)))
    upper = intervals.clopper_pearson(float(before.sum()), len(before), 0.998)[1]
    assert rise.bound == pytest.approx(upper)
    most = upper + 2 * series(study, "accuracy").between
    assert rise.evidence.log_e[-1] == pytest.approx(sequential.binomial_e(float(now.sum()), len(now), most))
    assert rise.evidence.log_e[0] == pytest.approx(sequential.binomial_e(float(now[:150].sum()), 150, most))
    assert len(rise.evidence.log_e) == DAYS
    assert rise.p == pytest.approx(0.001, abs=1e-4)
    missed = now.to_numpy() & (days(0.3, 1, 100)["y"] == 1).to_numpy()
    assert found["recall"].value == pytest.approx(missed.sum() / (days(0.3, 1, 100)["y"] == 1).sum())


def test_series_say_how_sure_it_is(study_from: Studying) -> None:
    risen = study_from(days(0.3, 1, 100), ROLES, days(0.1, 2, 50), window="1")
    told = series(risen, "accuracy").method
    assert "Evidence so far that the error rate is above the reference's upper bound" in told
    assert "however often one looked, is at most 0.10" in told
    assert "an alarm by e-BH over 3 series" in told
    calm = series(study_from(days(0.1, 1, 100), ROLES, days(0.1, 2, 50), window="1"), "accuracy").method
    assert calm.endswith(": none.")


def test_p_is_of_the_strongest_evidence_so_far(study_from: Studying) -> None:
    frame = pl.concat([days(0.5, 1, 100, n=4), days(0.0, 2, 104, n=8)])
    study = study_from(frame, ROLES, days(0.1, 3, 50), window="1")
    rise = next(r for r in rises(study, line(study), study.series) if r.metric == "accuracy")
    assert rise.evidence.log_e[3] > rise.evidence.log_e[-1]
    assert rise.p == pytest.approx(math.exp(-rise.evidence.log_e.max()) + 0.001)


def test_a_slow_rise_is_told_where_no_chart_tells_of_it(study_from: Studying) -> None:
    study = study_from(days(0.25, 1, 100), ROLES, days(0.1, 2, 50), window="1")
    silent = replace(
        study, series=tuple(replace(s, points=(), changes=()) if s.kind == "metric" else s for s in study.series)
    )
    told = {f.id: f for f in rising_errors(silent)}
    assert "over-time:accuracy:evidence" in told
    assert "however often one looked" in told["over-time:accuracy:evidence"].sentence
    assert [r.metric for r in alarming(study, line(study))]
    charted = {s.subject for s in study.series if s.kind == "metric" and (s.alarms or s.changes)}
    assert "accuracy" in charted
    assert not {f.subject for f in rising_errors(study)} & charted
    assert rising_errors(study_from(days(0.1, 1, 100), ROLES, days(0.1, 2, 50), window="1")) == []


def test_what_windows_differ_by_anyway_is_tolerated(study_from: Studying) -> None:
    unsteady = pl.concat([days(0.05 + 0.15 * (d % 2), d, 50 + d, n=1) for d in range(DAYS)])
    study = study_from(days(0.2, 1, 100), ROLES, unsteady, window="1")
    rise = next(r for r in rises(study, line(study), study.series) if r.metric == "accuracy")
    assert rise.tolerance == pytest.approx(2 * series(study, "accuracy").between)
    assert rise.tolerance > 0.05
    wrong = (days(0.2, 1, 100)["y"] != days(0.2, 1, 100)["said"]).sum()
    log_e = sequential.binomial_e(float(wrong), 150 * DAYS, rise.bound + rise.tolerance)
    assert rise.evidence.log_e[-1] == pytest.approx(log_e)


@pytest.mark.parametrize("roles", [replace(ROLES, weight="w"), replace(ROLES, cluster="day")])
def test_rows_that_are_not_alike_make_no_such_evidence(study_from: Studying, roles: Roles) -> None:
    study = study_from(days(0.3, 1, 100), roles, days(0.1, 2, 50), window="1")
    assert study.failures == ()
    assert rises(study, line(study), study.series) == []


def test_without_reference_or_windows_there_is_none(study_from: Studying) -> None:
    alone = study_from(days(0.3, 1, 100), ROLES, window="1")
    assert alone.failures == ()
    assert "Evidence" not in series(alone, "accuracy").method
    assert rising_errors(alone) == []
    assert rising_errors(study_from(days(0.3, 1, 100), ROLES, days(0.1, 2, 50))) == []


def test_several_classes_have_an_error_rate(study_from: Studying) -> None:
    def three(error: float, seed: int, first: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        y = rng.integers(0, 3, 1800)
        said = np.where(rng.random(1800) < error, (y + 1) % 3, y)
        names = np.array(["a", "b", "c"])
        return pl.DataFrame({"y": names[y], "said": names[said], "day": np.repeat(np.arange(first, first + 12), 150)})

    roles = Roles(label="y", prediction="said", task="multiclass", time="day")
    study = study_from(three(0.3, 1, 100), roles, three(0.1, 2, 50), window="1")
    assert [r.metric for r in rises(study, line(study), study.series)] == ["accuracy"]
    assert "an alarm by e-BH" in series(study, "accuracy").method


@pytest.mark.parametrize(
    ("p", "told"), [(0.00312, "0.32"), (1e-9, "0.01"), (0.25, "25"), (0.0010000001, "0.11"), (1.0, "100")]
)
def test_chances_are_rounded_up(p: float, told: str) -> None:
    assert chance(p) == f"{told}\u00a0%"
