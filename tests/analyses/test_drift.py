"""Drift of columns: what moved is found and told, what did not is not, whatever the data looks like."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from steelyard.analyses import diagnosis, drift
from steelyard.analyses.drift.columns import NOTICEABLE, TOLERANCE, verdict
from steelyard.analyses.drift.counts import BINS, Counts, bins_of
from steelyard.analyses.drift.evidence import alarms, evidence
from steelyard.analyses.findings import drift as findings
from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.facts import Binned, Category, IntegerGrid
from steelyard.facts.grids import ABOVE, MISSING
from steelyard.records import Drift, Estimate, Severity
from steelyard.stats import divergences

ROLES = Roles(label="y", score="p")
Studying = Callable[..., Study]


def rows(
    n: int, seed: int, shift: float = 0.0, mix: tuple[float, ...] = (0.5, 0.3, 0.2), lost: float = 0.1
) -> pl.DataFrame:
    """Two columns that the score rests on (x, g), four that it does not; errors are frequent where g is c."""
    rng = np.random.default_rng(seed)
    x, g = rng.normal(shift, 1, n), rng.choice(list("abc"), n, p=mix)
    logit = 1.5 * x - 1 + (g == "c")
    truth = rng.random(n) < 1 / (1 + np.exp(-logit))
    said = truth ^ (rng.random(n) < np.where(g == "c", 0.3, 0.05))
    return pl.DataFrame(
        {
            "y": said.astype(int),
            "p": 1 / (1 + np.exp(-logit)),
            "x": x,
            "g": g,
            "long": rng.lognormal(0, 1, n),
            "k": rng.poisson(3, n),
            "flag": rng.random(n) < 0.2,
            "gaps": np.where(rng.random(n) < lost, np.nan, rng.normal(size=n)),
        }
    ).with_columns(pl.col("gaps").fill_nan(None))


@pytest.fixture
def compared(monkeypatch: pytest.MonkeyPatch) -> Studying:
    """The study of two data sets with its drifts, and no other analysis."""
    monkeypatch.setattr(diagnosis, "ANALYSES", (("drift", drift),))
    monkeypatch.setattr(drift, "PARTS", ())

    def make(now: pl.DataFrame, then: pl.DataFrame, roles: Roles = ROLES, **request: Any) -> Study:
        wanted = {"regression": ["mae"], "ranking": ["mrr"]}.get(str(roles.task), ["accuracy"])
        tables = {"current": read(now), "reference": read(then)}
        sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
        complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
        study, _, _ = study_of(sources, Request(roles=complete, only=wanted, **request))
        assert not study.failures
        return study

    return make


def drift_of(study: Study, column: str) -> Drift:
    return next(d for d in study.drifts if d.column == column)


def has(study: Study, column: str) -> bool:
    return any(d.column == column for d in study.drifts)


def test_what_moved_is_found_and_what_did_not_is_not(compared: Studying) -> None:
    study = compared(rows(5000, 1, shift=0.3, mix=(0.3, 0.3, 0.4), lost=0.2), rows(5000, 2))
    moved = {d.column for d in study.drifts if d.verdict == "drifted"}
    assert moved == {"y", "p", "x", "g", "gaps"}
    assert {d.column for d in study.drifts if d.verdict == "stable"} == {"long", "k", "flag"}
    roles = {d.column: d.what for d in study.drifts}
    assert (roles["y"], roles["p"], roles["x"]) == ("label", "score", "feature")
    assert drift_of(study, "x").sentence == "mean 0.00 to 0.29"
    assert drift_of(study, "g").sentence == "“a” 50\u00a0% to 29\u00a0%; “c” 20\u00a0% to 41\u00a0%"
    assert drift_of(study, "gaps").sentence == "missing 10\u00a0% to 20\u00a0%"
    assert drift_of(study, "long").sentence == ""


def test_a_distance_says_how_sure_it_is(compared: Studying) -> None:
    d = drift_of(compared(rows(5000, 1, shift=0.3), rows(5000, 2)), "x")
    assert 0 < d.distance.low < d.distance.value < d.distance.high < 1
    assert d.distance.value < d.measures["jensen_shannon"]
    assert d.measures["psi_low"] < d.measures["psi"] < d.measures["psi_high"]
    assert d.measures["wasserstein"] == pytest.approx(0.3, abs=0.04)
    assert d.measures["wasserstein_bound"] < 0.1
    assert d.measures["ks"] == pytest.approx(0.119, abs=0.03)
    assert d.measures["ks_p"] < 1e-10
    assert d.measures["anderson_darling_p"] < 1e-10
    assert d.test == "row level, rows independent"
    assert d.q is not None
    assert d.p is not None
    assert d.p <= d.q < 1e-10
    assert d.tolerance == TOLERANCE


def test_reliance_is_a_share_of_the_scores_variance(compared: Studying) -> None:
    now, then = rows(4000, 1), rows(4000, 2)
    study = compared(now, then)
    for column, low, high in (("x", 0.85, 0.97), ("g", 0.04, 0.12), ("long", 0.0, 0.01), ("flag", 0.0, 0.01)):
        found = drift_of(study, column).reliance
        assert found is not None
        assert low <= found <= high, column
    # One-way analysis of variance, by hand.
    groups = then.group_by("g").agg(pl.len(), pl.col("p").mean())
    between = float((groups["len"] * (groups["p"] - then["p"].mean()) ** 2).sum())
    total = float(((then["p"] - then["p"].mean()) ** 2).sum())
    expected = (between - 2 * (total - between) / (len(then) - 3)) / total
    assert drift_of(study, "g").reliance == pytest.approx(expected, rel=1e-6)
    assert drift_of(study, "p").reliance is None


def test_the_effect_is_that_of_the_new_mix(compared: Studying) -> None:
    now, then = rows(6000, 1, mix=(0.3, 0.3, 0.4)), rows(6000, 2)
    effect = drift_of(compared(now, then), "g").effect
    assert effect is not None
    wrong = (
        then.with_columns(wrong=(pl.col("p") >= 0.5).cast(int) != pl.col("y"))
        .group_by("g")
        .agg(pl.col("wrong").mean())
    )
    rate = dict(wrong.iter_rows())
    share = [dict(f["g"].value_counts(normalize=True).iter_rows()) for f in (now, then)]
    expected = -sum((share[0][g] - share[1][g]) * rate[g] for g in "abc")
    assert effect.value == pytest.approx(expected, rel=1e-9)
    assert effect.low < effect.value < effect.high < 0
    assert effect.note.startswith("accuracy")


@pytest.mark.parametrize("mix", [(0.5, 0.3, 0.2), (0.3, 0.3, 0.4)])
def test_the_effect_varies_as_it_says(compared: Studying, mix: tuple[float, ...]) -> None:
    now, then = rows(2000, 1, mix=mix), rows(2000, 2)
    effect = drift_of(compared(now, then), "g").effect
    assert effect is not None
    made = []
    for seed in range(300):
        a, r = (f.sample(2000, with_replacement=True, seed=2 * seed + i) for i, f in enumerate((now, then)))
        wrong = ((r["p"] >= 0.5).cast(int) != r["y"]).to_numpy()
        made.append(
            sum(((a["g"] == g).mean() - (r["g"] == g).mean()) * wrong[(r["g"] == g).to_numpy()].mean() for g in "abc")
        )
    assert effect.se == pytest.approx(float(np.std(made)), rel=0.15)


def test_the_effect_covers_what_happens(compared: Studying) -> None:
    """Where nothing but the mix changed, the accuracy moves by what is told, within the interval."""
    held = []
    for seed in range(6):
        study = compared(rows(3000, 2 * seed, mix=(0.3, 0.3, 0.4)), rows(3000, 2 * seed + 1))
        effect, moved = drift_of(study, "g").effect, study.estimate("accuracy", data="difference")
        assert effect is not None
        assert moved is not None
        held.append(moved.low <= effect.value <= moved.high)
    assert np.mean(held) >= 0.6


def test_findings_put_what_costs_first(compared: Studying) -> None:
    study = compared(rows(5000, 1, shift=0.3, mix=(0.3, 0.3, 0.4), lost=0.25), rows(5000, 2))
    found = findings.drifts(study)
    assert [f.id for f in found] == ["drift:g", "drift:x", "drift:gaps"]
    assert [f.severity for f in found] == [Severity.MEDIUM, Severity.LOW, Severity.LOW]
    assert "By itself the move would change Accuracy by −2.6 points (−3.3 to −1.8)" in found[0].sentence
    assert "91\u00a0% of the spread of the model's scores" in found[1].sentence
    assert "hardly go with it" in found[2].sentence
    assert "PSI" in found[0].detail
    assert "noncentral" in found[0].detail
    assert found[0].estimate == drift_of(study, "g").distance


def test_labels_and_scores_are_told_once(compared: Studying) -> None:
    study = compared(rows(5000, 1, shift=0.5), rows(5000, 2))
    assert drift_of(study, "p").verdict == drift_of(study, "y").verdict == "drifted"
    assert not {"drift:p", "drift:y"} & {f.id for f in findings.drifts(study)}


def test_decisions_follow_scores(compared: Studying) -> None:
    def decided(seed: int, shift: float) -> pl.DataFrame:
        return rows(5000, seed, shift).with_columns(said=(pl.col("p") >= 0.5).cast(int))

    study = compared(decided(1, 0.6), decided(2, 0.0), ROLES.updated(prediction="said"))
    assert drift_of(study, "said").verdict == "drifted"
    assert [f.id for f in findings.drifts(study)] == ["drift:x"]


def test_a_score_that_moves_but_in_its_mean_is_told(compared: Studying) -> None:
    then = rows(5000, 2)
    now = rows(5000, 1).with_columns(p=(pl.col("p") - 0.4) * 0.5 + 0.4)
    now = now.with_columns(p=pl.col("p") + float(then["p"].mean() - now["p"].mean()))
    found = [f for f in findings.drifts(compared(now, then)) if f.id == "drift:p"]
    assert len(found) == 1
    assert found[0].sentence.startswith("Scores (p) have moved since the reference data: 5\u00a0% quantile")


@pytest.mark.parametrize(
    ("low", "high", "q", "expected"),
    [
        (0.05, 0.3, 0.01, "drifted"),
        (0.05, 0.3, 0.06, "inconclusive"),
        (0.01, 0.3, 0.01, "inconclusive"),
        (0.01, 0.05, 0.01, "stable"),
        (0.03, 0.05, 0.01, "drifted"),
    ],
)
def test_verdicts(low: float, high: float, q: float, expected: str) -> None:
    assert verdict(Estimate((low + high) / 2, low, high, 0.95, 100, "jensen_shannon"), q) == expected


def test_bins_of_a_number() -> None:
    key = Binned("x", IntegerGrid(0, 99))
    now, then = np.zeros(102), np.zeros(102)
    then[:81], now[:81], now[81:101], now[101], then[101] = 30.0, 30.0, 6.0, 40.0, 40.0
    levels = (*range(100), ABOVE, MISSING)
    bins = bins_of(Counts(key, levels, now, then))
    assert len(set(bins[:81])) == BINS
    # What the reference has none of is a bin of its own, and so is missing.
    assert len(set(bins[81:101])) == 1
    assert len({*bins[:81]} | {bins[90]} | {bins[101]}) == BINS + 2
    sizes = np.bincount(bins[:81])
    assert sizes.max() - sizes.min() <= 1
    # Ten rows are enough for two bins; what is missing too seldom joins another.
    few = bins_of(Counts(key, levels, now * 0.005, then * 0.005))
    assert set(few) == {0, 1}
    assert len(set(bins_of(Counts(key, levels, now, then, design=(100.0, 1.0))))) < BINS


def test_bins_of_values() -> None:
    names = tuple(f"v{i}" for i in range(70))
    now, then = np.full(70, 40.0), np.full(70, 40.0)
    now[60:], then[60:] = 1.0, 1.0
    bins = bins_of(Counts(Category("c"), (*names, None), np.append(now, 30.0), np.append(then, 30.0)))
    assert sorted(set(bins)) == list(range(52))
    assert len(set(bins[60:70])) == 1
    assert np.sum(bins == bins[60]) == 20
    assert np.sum(bins == bins[70]) == 1


def test_severity() -> None:
    assert findings.of_drift(0.9, 0.0, 0.0) is Severity.LOW
    assert findings.of_drift(0.9, 0.5, 0.0) is Severity.HIGH
    assert findings.of_drift(0.9, None, 0.0) is Severity.MEDIUM
    assert findings.of_drift(0.35, 0.05, 0.0) is Severity.MEDIUM
    assert findings.of_drift(0.15, 0.9, 0.0) is Severity.LOW
    assert findings.of_drift(0.15, 0.9, 0.3) is Severity.HIGH
    assert findings.of_drift(0.15, 0.0, 0.06) is Severity.MEDIUM


def test_many_drifts_are_told_together(compared: Studying) -> None:
    def wide(seed: int, shift: float) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        return rows(2000, seed).with_columns(**{f"c{i}": rng.normal(shift, 1, 2000) for i in range(12)})

    found = findings.drifts(compared(wide(1, 1.0), wide(2, 0.0)))
    assert len(found) == findings.MOST + 1
    assert found[-1].id == "drift:others"
    assert found[-1].sentence.startswith("4 more columns have moved")


def test_a_certain_but_small_drift_is_told_as_small(compared: Studying) -> None:
    study = compared(rows(40_000, 1, shift=0.12), rows(40_000, 2))
    d = drift_of(study, "x")
    assert d.verdict == "drifted"
    assert NOTICEABLE < d.distance.low < d.distance.high < TOLERANCE
    found = findings.drifts(study)
    assert [f.id for f in found] == ["drift:small"]
    assert found[0].severity is Severity.INFO
    assert "only a little" in found[0].sentence


def test_with_very_many_rows_a_trivial_difference_is_none() -> None:
    """Counts of 50 million rows: significant beyond doubt, and of no interest."""
    then = np.full(20, 2.5e6)
    now = then * (1 + 0.01 * np.linspace(-1, 1, 20))
    effect = divergences.effect(divergences.JENSEN_SHANNON, now, then, 0.95)
    assert effect.p < 1e-100
    assert effect.low < NOTICEABLE


def test_new_and_vanished_values(compared: Studying) -> None:
    then = rows(3000, 1)
    now = rows(3000, 2).with_columns(g=pl.col("g").replace({"b": "🦉 & <b>"}))
    d = drift_of(compared(now, then), "g")
    assert "“🦉 & <b>” is new (29\u00a0%)" in d.sentence
    assert "“b” is gone (31\u00a0% before)" in d.sentence
    assert d.verdict == "drifted"
    assert d.effect is not None


def test_a_column_that_was_constant(compared: Studying) -> None:
    then = rows(2000, 1).with_columns(year=pl.lit(2015), unit=pl.lit("kg"), same=pl.lit(1))
    now = rows(2000, 2).with_columns(year=pl.lit(2016), unit=pl.lit("lb"), same=pl.lit(1))
    study = compared(now, then)
    assert drift_of(study, "year").distance.value > 0.99
    assert drift_of(study, "year").sentence == "2015 throughout before, mean 2016 now"
    assert drift_of(study, "unit").sentence == "“kg” is gone (100\u00a0% before)"
    assert drift_of(study, "unit").reliance == 0.0
    assert not has(study, "same")
    severities = {f.id: f.severity for f in findings.drifts(study)}
    assert severities["drift:year"] is severities["drift:unit"] is Severity.LOW


def test_what_identifies_rows_does_not_drift(compared: Studying) -> None:
    def with_ids(seed: int, start: int) -> pl.DataFrame:
        ids = np.arange(start, start + 1000)
        return rows(1000, seed).with_columns(number=pl.Series(ids), name=pl.Series([f"customer {i}" for i in ids]))

    study = compared(with_ids(1, 5000), with_ids(2, 0))
    assert not has(study, "number")
    assert not has(study, "name")


def test_columns_that_cannot_be_compared(compared: Studying) -> None:
    then = rows(500, 1).with_columns(
        other=pl.lit("text") + pl.int_range(500).mod(3).cast(str), only=pl.int_range(500).mod(4)
    )
    now = rows(500, 2).with_columns(other=pl.int_range(500).mod(3), new=pl.int_range(500).mod(5))
    study = compared(now, then)
    assert not has(study, "other")
    assert not has(study, "only")
    assert not has(study, "new")
    assert has(study, "x")


def test_missing_altogether(compared: Studying) -> None:
    none = pl.lit(None, dtype=pl.Float64)
    gone = compared(rows(500, 2).with_columns(gaps=none), rows(500, 1))
    d = drift_of(gone, "gaps")
    assert d.verdict == "drifted"
    assert d.sentence == "missing 10\u00a0% to 100\u00a0%"
    came = compared(rows(500, 2), rows(500, 1).with_columns(gaps=none))
    assert "missing 100\u00a0% to" in drift_of(came, "gaps").sentence
    never = compared(rows(500, 2).with_columns(gaps=none), rows(500, 1).with_columns(gaps=none))
    assert not has(never, "gaps")


def test_one_row_says_nothing(compared: Studying) -> None:
    assert compared(rows(1, 1), rows(500, 2)).drifts == ()
    assert compared(rows(500, 1), rows(1, 2)).drifts == ()


def test_no_reference(study_from: Callable[..., Study]) -> None:
    assert study_from(rows(200, 1), ROLES).drifts == ()


def test_infinite_values(compared: Studying) -> None:
    now = rows(800, 1).with_columns(long=pl.when(pl.int_range(800) < 80).then(float("inf")).otherwise(pl.col("long")))
    d = drift_of(compared(now, rows(800, 2)), "long")
    assert d.verdict == "drifted"
    assert np.isfinite(list(d.measures.values())).all()


def test_weights_make_it_less_sure(compared: Studying) -> None:
    def weighted(seed: int, heavy: float) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        frame = rows(3000, seed)
        return frame.with_columns(w=np.where(frame["g"] == "c", heavy, 1.0) * rng.exponential(size=3000))

    roles = ROLES.updated(weight="w")
    study = compared(weighted(1, 1.0), weighted(2, 1.0), roles)
    plain = compared(rows(3000, 1), rows(3000, 2))
    assert drift_of(study, "x").test == "row level, rows independent, design effect of the weights"
    assert drift_of(study, "x").distance.high > drift_of(plain, "x").distance.high
    assert all(d.verdict != "drifted" for d in study.drifts)
    # The weight makes "c" four times as frequent, though as many rows have it.
    heavy = drift_of(compared(weighted(1, 4.0), weighted(2, 1.0), roles), "g")
    assert heavy.verdict == "drifted"
    assert "“c” 20\u00a0% to 5" in heavy.sentence


def test_clusters_make_it_less_sure(compared: Studying) -> None:
    def repeated(seed: int) -> pl.DataFrame:
        frame = rows(400, seed).with_columns(user=pl.int_range(400))
        return pl.concat([frame] * 10)

    clustered = compared(repeated(3), repeated(4), ROLES.updated(cluster="user"))
    plain = compared(repeated(3).drop("user"), repeated(4).drop("user"))
    for column in ("x", "long", "k"):
        assert drift_of(clustered, column).test == "row level, clusters independent"
        assert drift_of(clustered, column).distance.low == 0 < drift_of(plain, column).distance.low
        assert drift_of(clustered, column).sentence == ""
    assert sum(d.verdict == "drifted" for d in plain.drifts) > 3
    assert all(d.verdict != "drifted" for d in clustered.drifts)


def daily(days: int, seed: int, start: str, shift: float = 0.0, week: bool = False, n: int = 400) -> pl.DataFrame:
    """Shares that differ by day, by themselves (Dirichlet) and at weekends."""
    rng = np.random.default_rng(seed)
    first = np.datetime64(start)
    out = []
    for day in range(days):
        date = first + np.timedelta64(day, "D")
        base = np.full(8, 1 / 8)
        if week and (date.astype("datetime64[D]").astype(int) + 3) % 7 >= 5:
            base = np.linspace(0.2, 1.8, 8) / 8
        share = rng.dirichlet(base * 300) * np.exp(shift * np.linspace(-1, 1, 8))
        frame = rows(n, 1000 * seed + day).with_columns(
            t=pl.lit(date.astype(object)).cast(pl.Datetime), c=rng.choice(list("abcdefgh"), n, p=share / share.sum())
        )
        out.append(frame)
    return pl.concat(out)


TIMED = ROLES.updated(time="t")


def test_windows_know_how_days_differ(compared: Studying) -> None:
    then = daily(27, 3, "2024-01-01")
    stable, moved = daily(1, 4, "2024-02-01"), daily(1, 5, "2024-02-01", shift=1.0)
    of_rows = drift_of(compared(stable, then, TIMED), "c")
    of_days = drift_of(compared(stable, then, TIMED, window="1d"), "c")
    assert of_rows.p is not None
    assert of_days.p is not None
    assert of_rows.p < 0.01 < 0.05 < of_days.p
    assert of_days.distance.effective_n is not None
    assert of_days.distance.effective_n < of_days.distance.n / 1.5
    assert of_rows.distance.effective_n == of_rows.distance.n
    assert of_days.test == "window level, 27 windows of the reference, same days of the week, conformal rank"
    found = drift_of(compared(moved, then, TIMED, window="1d"), "c")
    assert found.verdict == "drifted"
    assert found.p is not None
    assert found.p < 1 / 28


def test_few_windows_scale_the_chi_square_and_fewer_count_rows(compared: Studying) -> None:
    now = daily(1, 4, "2024-02-01")
    some = drift_of(compared(now, daily(10, 3, "2024-01-01"), TIMED, window="1d"), "c")
    assert some.test == "window level, 10 windows of the reference, scaled chi-square"
    few = drift_of(compared(now, daily(4, 3, "2024-01-01"), TIMED, window="1d"), "c")
    assert few.test == "row level, rows independent"


def test_several_current_windows_are_held_against_blocks(compared: Studying) -> None:
    then = daily(30, 3, "2024-01-01")
    study = compared(daily(3, 4, "2024-02-05"), then, TIMED, window="1d")
    assert "10 blocks of 3 windows" in drift_of(study, "c").test
    study = compared(daily(12, 4, "2024-02-05"), then, TIMED, window="1d")
    assert "30 windows of the reference" in drift_of(study, "c").test
    assert "windows independent" in drift_of(study, "c").test


def test_a_weekend_is_held_against_weekends(compared: Studying) -> None:
    then, saturday = daily(35, 3, "2024-01-01", week=True), daily(1, 4, "2024-02-10", week=True)
    d = drift_of(compared(saturday, then, TIMED, window="1d"), "c")
    assert d.verdict != "drifted"
    against_all = drift_of(compared(saturday, then, TIMED), "c")
    assert against_all.verdict == "drifted"
    assert d.distance.value < against_all.distance.value / 2


def test_a_reference_without_times(compared: Studying) -> None:
    study = compared(daily(3, 4, "2024-02-05"), daily(10, 3, "2024-01-01").drop("t"), TIMED, window="1d")
    assert drift_of(study, "c").test == "row level, rows independent"


def test_evidence_over_windows(compared: Studying) -> None:
    then = daily(28, 3, "2024-01-01")
    moved = compared(daily(14, 5, "2024-02-05", shift=1.5), then, TIMED, window="1d")
    found = {e.column: e for e in evidence(moved)}
    assert found["c"].log_e[-1] > 4 > found["long"].log_e[-1]
    assert np.all(np.diff(found["c"].windows) == 1)
    assert "bets on ranks, 28 windows" in found["c"].method
    few = compared(daily(10, 5, "2024-02-05", shift=1.5), daily(6, 3, "2024-01-01"), TIMED, window="1d")
    evidenced = evidence(few)
    rejected = {e.column for e, hit in zip(evidenced, alarms(evidenced), strict=True) if hit}
    assert rejected == {"c"}
    last = next(e for e in evidenced if e.column == "c").log_e[-1]
    totals = [
        few.looks[data].frame["c"].value_counts().sort("c")["count"].to_numpy() for data in ("current", "reference")
    ]
    assert last == pytest.approx(divergences.two_samples(*totals))
    assert evidence(compared(rows(300, 1), rows(300, 2))) == ()


def test_regression_tells_of_its_error(compared: Studying) -> None:
    def numbers(seed: int, share: float) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        hard = rng.random(3000) < share
        guess = rng.normal(10, 3, 3000)
        return pl.DataFrame(
            {
                "y": guess + rng.normal(size=3000) * np.where(hard, 4, 1),
                "yhat": guess,
                "hard": hard,
                "z": rng.random(3000),
            }
        )

    roles = Roles(label="y", prediction="yhat", task="regression")
    study = compared(numbers(1, 0.6), numbers(2, 0.3), roles)
    d = drift_of(study, "hard")
    assert d.effect is not None
    assert d.effect.note.startswith("mae")
    assert d.effect.value == pytest.approx(0.3 * (4 - 1) * np.sqrt(2 / np.pi), rel=0.15)
    assert d.reliance == pytest.approx(0.0, abs=0.01)
    first = findings.drifts(study)[0]
    assert first.id == "drift:hard"
    assert first.severity is Severity.HIGH
    assert "change Mean absolute error by +0.7" in first.sentence or "by +0.7" in first.sentence
    assert drift_of(study, "yhat").what == "prediction"


def test_a_current_without_labels_still_tells_the_effect(compared: Studying) -> None:
    now = rows(3000, 1, mix=(0.2, 0.3, 0.5)).with_columns(y=pl.lit(None, dtype=pl.Int64))
    effect = drift_of(compared(now, rows(3000, 2)), "g").effect
    assert effect is not None
    assert effect.high < 0


def test_ranking_items(compared: Studying) -> None:
    def lists(seed: int, shift: float) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        query = np.repeat(np.arange(200), 10)
        return pl.DataFrame(
            {
                "q": query,
                "rel": rng.integers(0, 2, 2000),
                "s": rng.random(2000),
                "price": rng.lognormal(shift, 1, 2000),
                "per_query": rng.normal(size=200)[query],
            }
        )

    roles = Roles(label="rel", score="s", query="q", task="ranking")
    study = compared(lists(1, 0.7), lists(2, 0.0), roles)
    assert drift_of(study, "price").verdict == "drifted"
    # Ten items of one query are alike in it.
    assert drift_of(study, "per_query").verdict != "drifted"
    assert "clusters independent" in drift_of(study, "per_query").test


def test_multiclass_scores_and_labels(compared: Studying) -> None:
    def three(seed: int, mix: list[float]) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        y = rng.choice(["ant", "bee", "cow"], 2000, p=mix)
        logits = rng.normal(size=(2000, 3)) + 2 * (y[:, None] == np.array(["ant", "bee", "cow"]))
        p = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
        return pl.DataFrame({"y": y, "ant": p[:, 0], "bee": p[:, 1], "cow": p[:, 2], "f": rng.normal(size=2000)})

    roles = Roles(label="y", score={"ant": "ant", "bee": "bee", "cow": "cow"}, task="multiclass")
    study = compared(three(1, [0.6, 0.2, 0.2]), three(2, [1 / 3] * 3), roles)
    assert drift_of(study, "y").what == "label"
    assert drift_of(study, "y").verdict == "drifted"
    assert "drift:y" in {f.id for f in findings.drifts(study)}
    assert drift_of(study, "f").reliance is not None
