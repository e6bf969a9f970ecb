"""Performance without labels, end to end: estimates, back-tests, few labels, doubts, and what is said of them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from steelyard.analyses import diagnosis, estimation
from steelyard.analyses.estimation import backtest, doubts, young
from steelyard.analyses.estimation.known import METRICS, known
from steelyard.analyses.estimation.labelling import labelling
from steelyard.analyses.findings.backtested import backtested
from steelyard.analyses.findings.estimated import estimated
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.records import EVERYTHING, Estimate, Point, Series, Severity, Slice, Undefined
from steelyard.stats import label_free

BINARY = Roles(label="y", score="p", task="binary", slices=["segment"])
OFFSETS = np.array([0.0, 0.6, -0.6, 1.2])
MIX = (0.4, 0.3, 0.2, 0.1)


def rows(n, seed, mix=MIX, drift=0.0, days=0):
    rng = np.random.default_rng(seed)
    segment = rng.choice(4, n, p=mix)
    x = rng.normal(-0.8, 1.5, n)
    y = rng.random(n) < 1 / (1 + np.exp(-(x + OFFSETS[segment] + drift)))
    frame = pl.DataFrame(
        {
            "y": y.astype(int),
            "p": 1 / (1 + np.exp(-x)),
            "segment": np.array(list("ABCD"))[segment],
            "other": rng.choice(list("xyz"), n),
            "number": rng.normal(size=n),
            "user": rng.integers(0, max(n // 4, 1), n),
            "w": rng.uniform(0.5, 2, n),
        }
    )
    if not days:
        return frame
    times = pl.Series("at", rng.integers(0, days, n)) * 86_400_000_000
    return frame.with_columns(times.cast(pl.Datetime("us")))


def numbers(n, seed, mix=(0.6, 0.3, 0.1), scale=1.0):
    rng = np.random.default_rng(seed)
    x, s = rng.gamma(2, 2, n) * scale, rng.choice(3, n, p=mix)
    noise = rng.normal(size=n) * (0.5 + 0.2 * x) * np.array([1.0, 1.5, 3.0])[s]
    return pl.DataFrame({"y": x + noise, "pred": x, "segment": np.array(list("abc"))[s], "z": rng.normal(size=n)})


def classes(n, seed, mix=(0.7, 0.3)):
    rng = np.random.default_rng(seed)
    s = rng.choice(2, n, p=mix)
    z = rng.normal(size=(n, 3)) * np.array([2.0, 1.0])[s][:, None]
    p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
    names = np.array(["ant", "bee", "cat"])
    truth = (p.cumsum(axis=1) > rng.random(n)[:, None]).argmax(axis=1)
    scores = {f"p_{name}": p[:, i] for i, name in enumerate(names)}
    return pl.DataFrame({"y": names[truth], "d": names[p.argmax(axis=1)], "segment": s.astype(str), **scores})


def unlabelled(frame, share=1.0, seed=0):
    late = pl.Series(np.random.default_rng(seed).random(len(frame)) < share)
    return frame.with_columns(y=pl.when(~late).then(pl.col("y")))


def studied(current, roles, reference=None, columns=False, **request):
    request.setdefault("only", METRICS.get(roles.task))
    tables = {"current": read(current)} | ({} if reference is None else {"reference": read(reference)})
    sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
    base = "current" if reference is None else "reference"
    complete, _ = guess_roles(tables[base], sources.peeks[base], roles)
    study, _, _ = study_of(sources, Request(roles=complete, columns=columns, **request))
    assert not [f for f in study.failures if f.subject == "estimation"], study.failures
    return study


def readings(study, data):
    return {(r.metric, r.slice): r.outcome for r in study.readings if r.data == data}


@pytest.fixture(autouse=True)
def _estimation_alone(monkeypatch):
    monkeypatch.setattr(diagnosis, "ANALYSES", (("estimation", estimation),))


@pytest.fixture(scope="module")
def reference():
    return rows(12_000, 1)


@pytest.fixture(scope="module")
def moved():
    return rows(6_000, 2, (0.1, 0.2, 0.3, 0.4))


def test_every_main_metric_is_near_what_comes_out(reference, moved):
    late, truth = studied(unlabelled(moved), BINARY, reference), studied(moved, BINARY, reference)
    made = readings(late, "estimated")
    overall = {metric: e for (metric, where), e in made.items() if not where}
    assert set(overall) == {
        "roc_auc", "average_precision", "accuracy", "recall", "precision", "f1", "brier", "log_loss"
    }  # fmt: skip
    for metric, estimate in overall.items():
        assert estimate.low <= truth.estimate(metric).value <= estimate.high, metric
        assert estimate.method == "cbpe by segment"
        assert "concept drift cannot be seen" in estimate.note
        assert estimate.n == len(moved)
    assert isinstance(late.outcome("accuracy"), Undefined)
    inside = [e.low <= truth.estimate(metric, where).value <= e.high for (metric, where), e in made.items() if where]
    assert len(inside) == 4 * 8
    assert np.mean(inside) > 0.85


def test_the_expected_table_is_that_of_row_level_chances(reference, moved):
    """Rows judged one by one with the same chances give the same accuracy."""
    found = known(studied(unlabelled(moved), BINARY, reference))
    chance = found.reference.model.of(found.rows)
    n, said = found.rows.unknown[:, 1], found.rows.decision
    by_rows = float(n @ np.where(said == 1, chance, 1 - chance) / n.sum())
    assert found.study.estimate("accuracy", data="estimated").value == pytest.approx(by_rows, rel=1e-12)
    table = label_free.expected_confusion(n, chance, said)
    assert np.trace(table) / n.sum() == pytest.approx(by_rows, rel=1e-12)


def test_full_labels_are_back_tested_and_not_estimated(reference, moved):
    study = studied(moved, BINARY, reference)
    assert not readings(study, "estimated")
    tests = readings(study, "backtest")
    assert {where for _, where in tests} == {EVERYTHING}
    trials = {t.metric: t for t in backtest.overall(known(study))}
    for metric, trial in trials.items():
        assert trial.realised.value == pytest.approx(study.estimate(metric).value, rel=1e-9)
        assert tests[metric, EVERYTHING] == trial.estimate


def test_a_feature_is_found_that_tells_labels_apart(reference, moved):
    roles = Roles(label="y", score="p", task="binary", slices=["other"])
    study = studied(unlabelled(moved), roles, reference, columns=True)
    assert study.estimate("accuracy", data="estimated").method == "cbpe by segment"


def test_no_segment_is_made_where_scores_tell_all():
    rng = np.random.default_rng(4)
    x = rng.normal(size=16_000)
    frame = pl.DataFrame(
        {
            "y": (rng.random(16_000) < 1 / (1 + np.exp(-x))).astype(int),
            "p": 1 / (1 + np.exp(-x)),
            "segment": rng.choice(list("ABCD"), 16_000),
        }
    )
    study = studied(unlabelled(frame[:6_000]), BINARY, frame[6_000:])
    assert study.estimate("accuracy", data="estimated").method == "cbpe"


def test_early_labels_do_not_bend_the_estimate(reference, moved):
    rng = np.random.default_rng(7)
    quick = rng.random(len(moved)) < np.where(moved["segment"] == "D", 0.03, 0.4)
    study = studied(moved.with_columns(y=pl.when(pl.Series(quick)).then(pl.col("y"))), BINARY, reference)
    truth = studied(moved, BINARY, reference)
    estimate, naive = study.estimate("accuracy", data="estimated"), study.estimate("accuracy")
    outcome = truth.estimate("accuracy").value
    assert estimate.method == "labels so far, post-stratified by segment"
    assert estimate.low <= outcome <= estimate.high
    assert abs(estimate.value - outcome) < abs(naive.value - outcome)
    assert study.estimate("accuracy", data="ppi").method.startswith("ppi++")


def test_labels_so_far_correct_a_concept_that_moved(reference):
    now = rows(8_000, 12, drift=-0.8)
    truth = studied(now, BINARY, reference)
    blind = studied(unlabelled(now), BINARY, reference)
    seeing = studied(unlabelled(now, 0.8), BINARY, reference)
    outcome = truth.estimate("precision").value
    assert blind.estimate("precision", data="estimated").low > outcome
    corrected = seeing.estimate("precision", data="estimated")
    assert corrected.low <= outcome <= corrected.high
    powered = seeing.estimate("accuracy", data="ppi")
    assert powered.low <= truth.estimate("accuracy").value <= powered.high


def test_without_a_reference_the_labels_so_far_speak_for_all():
    now = rows(6_000, 3)
    study = studied(unlabelled(now, 0.7), BINARY)
    estimate = study.estimate("accuracy", data="estimated")
    assert estimate.low <= studied(now, BINARY).estimate("accuracy").value <= estimate.high
    assert not readings(studied(unlabelled(now), BINARY), "estimated")


def test_regression():
    roles = Roles(label="y", prediction="pred", task="regression")
    then, now = numbers(12_000, 1), numbers(5_000, 2, (0.2, 0.3, 0.5), 1.1)
    late = studied(unlabelled(now), roles, then, columns=True)
    truth = studied(now, roles, then, columns=True)
    for metric in ("mae", "rmse"):
        estimate = late.estimate(metric, data="estimated")
        assert estimate.method == "dle by segment"
        assert estimate.low <= truth.estimate(metric).value <= estimate.high
        assert readings(truth, "backtest")[metric, EVERYTHING].value == pytest.approx(estimate.value, rel=1e-9)
    part = studied(unlabelled(now, 0.6), roles, then, columns=True)
    assert part.estimate("mae", data="ppi").se < part.estimate("mae").se
    assert part.estimate("mae", data="estimated").low <= truth.estimate("mae").value


@pytest.mark.parametrize("scored", [True, False])
def test_multiclass(scored):
    score = {"ant": "p_ant", "bee": "p_bee", "cat": "p_cat"} if scored else None
    roles = Roles(label="y", prediction="d", score=score, task="multiclass", slices=["segment"])
    then, now = classes(8_000, 1), classes(4_000, 2, (0.3, 0.7))
    if not scored:
        then, now = then.drop("p_ant", "p_bee", "p_cat"), now.drop("p_ant", "p_bee", "p_cat")
    late, truth = studied(unlabelled(now), roles, then), studied(now, roles, then)
    for metric in ("accuracy", "balanced_accuracy", "f1_macro"):
        estimate = late.estimate(metric, data="estimated")
        assert estimate.low <= truth.estimate(metric).value <= estimate.high, metric
        assert estimate.high - estimate.low < 0.1


def test_decisions_without_scores(reference, moved):
    said = [frame.with_columns(d=(pl.col("p") > 0.5).cast(int)).drop("p") for frame in (reference, moved)]
    roles = Roles(label="y", prediction="d", task="binary", slices=["segment"])
    late, truth = studied(unlabelled(said[1]), roles, said[0]), studied(said[1], roles, said[0])
    estimate = late.estimate("accuracy", data="estimated")
    assert estimate.low <= truth.estimate("accuracy").value <= estimate.high
    assert late.estimate("roc_auc", data="estimated") is None


def test_scores_that_are_no_probabilities(reference, moved):
    odd = [frame.with_columns(p=3 * (pl.col("p") / (1 - pl.col("p"))).log() + 7) for frame in (reference, moved)]
    roles = replace(BINARY, threshold=7.0)
    late, truth = studied(unlabelled(odd[1]), roles, odd[0]), studied(odd[1], roles, odd[0])
    for metric in ("accuracy", "roc_auc", "f1"):
        estimate = late.estimate(metric, data="estimated")
        assert estimate.low <= truth.estimate(metric).value <= estimate.high, metric


def test_weights_and_clusters_widen(reference, moved):
    plain = studied(unlabelled(moved), BINARY, reference).estimate("accuracy", data="estimated")
    weighted = studied(unlabelled(moved), replace(BINARY, weight="w"), reference)
    truth = studied(moved, replace(BINARY, weight="w"), reference)
    estimate = weighted.estimate("accuracy", data="estimated")
    assert estimate.low <= truth.estimate("accuracy").value <= estimate.high
    assert estimate.effective_n < len(moved)
    doubled = [pl.concat([frame, frame]) for frame in (reference[:2_000], moved[:1_000])]
    clustered = studied(unlabelled(doubled[1]), replace(BINARY, cluster="user"), doubled[0])
    wide = clustered.estimate("accuracy", data="estimated")
    one = studied(unlabelled(moved[:1_000]), BINARY, reference[:2_000]).estimate("accuracy", data="estimated")
    twice = studied(unlabelled(doubled[1]), BINARY, doubled[0]).estimate("accuracy", data="estimated")
    assert twice.se < 0.85 * one.se
    assert wide.se > 1.1 * twice.se
    assert plain.se < one.se


def test_rows_that_the_reference_hardly_has_are_counted_and_widen(reference):
    now = rows(3_000, 5).with_columns(segment=pl.lit("new"))
    study = studied(unlabelled(now), BINARY, reference)
    found = known(study)
    assert doubts.thin(found) == pytest.approx(1.0)
    usual = studied(unlabelled(rows(3_000, 5)), BINARY, reference)
    assert doubts.thin(known(usual)) < 0.2
    assert study.estimate("accuracy", data="estimated").se > usual.estimate("accuracy", data="estimated").se


def test_a_shift_of_labels_is_suspected_where_it_is_one(reference, moved):
    many = rows(40_000, 9)
    shifted = pl.concat([many.filter(pl.col("y") == 1).head(5_000), many.filter(pl.col("y") == 0).head(2_500)])
    found = doubts.label_shift(known(studied(unlabelled(shifted), BINARY, reference)))
    assert found.shifted == pytest.approx(2 / 3, abs=0.05)
    assert found.assumed < 0.55
    assert doubts.label_shift(known(studied(unlabelled(moved), BINARY, reference))) is None
    assert doubts.label_shift(known(studied(unlabelled(rows(6_000, 8)), BINARY, reference))) is None


def test_windows_are_back_tested_and_widen_where_quality_varies():
    roles = replace(BINARY, time="at")
    calm, now = rows(5_000, 1, days=20), rows(2_000, 2, days=8)
    study = studied(unlabelled(now), roles, calm, window="1d", only=["accuracy", "precision"])
    trials = backtest.by_window(known(study))
    assert {t.data for t in trials} == {"reference"}
    assert len({t.where for t in trials}) == 20
    assert np.mean([t.inside for t in trials]) > 0.88
    assert Slice((("at", "1970-01-01"),)) in {where for _, where in readings(study, "realised")}
    rng = np.random.default_rng(3)
    jitter = dict(enumerate(rng.normal(0, 0.8, 20)))
    parts = calm.with_columns(day=pl.col("at").dt.epoch("d")).partition_by("day", as_dict=True)
    restless = pl.concat([_tilted(part.drop("day"), jitter[day], rng) for (day,), part in parts.items()])
    wild = studied(unlabelled(now), roles, restless, window="1d", only=["precision"])
    factors = backtest.widening(known(wild), backtest.by_window(known(wild)))
    assert factors["precision"] > 1.5
    assert "widened" in wild.estimate("precision", data="estimated").method


def _tilted(frame, by, rng):
    logit = np.log(frame["p"].to_numpy() / (1 - frame["p"].to_numpy())) + by
    return frame.with_columns(y=pl.Series((rng.random(len(frame)) < 1 / (1 + np.exp(-logit))).astype(int)))


def test_young_windows_carry_a_caution():
    now = rows(6_000, 2, days=6)
    fresh = (pl.col("at").dt.epoch("d") == 5) & (pl.col("number") > 0)
    study = studied(
        now.with_columns(y=pl.when(~fresh).then(pl.col("y"))),
        replace(BINARY, time="at"),
        rows(6_000, 1, days=6),
        window="1d",
    )
    shares = young.maturities(study)
    assert [m.mature for m in shares] == [True] * 5 + [False]
    assert shares[-1].share == pytest.approx(0.5, abs=0.05)
    estimate = Estimate(0.8, 0.7, 0.9, 0.95, 100, "wilson", note="so")
    points = tuple(Point(m.start, "", estimate) for m in shares)
    flagged = young.flagged(replace(study, series=(Series("accuracy", "metric", points),)))[0]
    assert flagged.points[0].outcome.note == "so"
    assert "of the usual labels have arrived" in flagged.points[-1].outcome.note


@pytest.mark.parametrize("size", [1, 5, 30])
def test_little_data_gives_nothing_or_an_estimate_but_no_failure(size):
    study = studied(unlabelled(rows(size, 2)), BINARY, rows(size, 1))
    for outcome in readings(study, "estimated").values():
        assert isinstance(outcome, Undefined) or outcome.low <= outcome.value <= outcome.high


def test_odd_reference_labels(reference, moved):
    one_class = reference.filter(pl.col("y") == 1)
    study = studied(unlabelled(moved), BINARY, one_class)
    assert study.estimate("accuracy", data="estimated") is not None
    nothing = studied(unlabelled(moved), BINARY, unlabelled(reference))
    assert not readings(nothing, "estimated")


def test_missing_scores_and_odd_names(reference, moved):
    def odd(frame):
        return frame.with_columns(
            p=pl.when(pl.col("number") < 1.5).then(pl.col("p")),
            segment=pl.when(pl.col("number") > -1.5).then(pl.col("segment").replace("A", "🍎 & = x")),
        )

    study = studied(unlabelled(odd(moved)), BINARY, odd(reference))
    truth = studied(odd(moved), BINARY, odd(reference))
    estimate = study.estimate("accuracy", data="estimated")
    assert estimate.low <= truth.estimate("accuracy").value <= estimate.high
    where = Slice((("segment", "🍎 & = x"),))
    assert study.estimate("accuracy", where, "estimated") is not None
    assert study.estimate("accuracy", Slice((("segment", "(missing)"),)), "estimated") is not None


def test_other_tasks_are_left_alone():
    rng = np.random.default_rng(1)
    ranked = pl.DataFrame({"q": np.repeat(np.arange(30), 5), "rel": rng.integers(0, 2, 150), "s": rng.random(150)})
    roles = Roles(label="rel", score="s", query="q", task="ranking")
    study = studied(ranked, roles, ranked, only=["mrr"])
    assert list(estimation.facts(study)) == []
    assert not readings(study, "backtest")


def by_id(found):
    return {finding.id: finding for finding in found}


def test_a_worse_mix_is_probably_worse(reference):
    study = studied(unlabelled(rows(6_000, 2, (0.1, 0.1, 0.1, 0.7))), BINARY, reference)
    main = next(f for f in estimated(study) if f.id.startswith("estimated:"))
    assert "No label of the current data is there yet." in main.sentence
    assert "on the reference: probably worse" in main.sentence
    assert main.severity in (Severity.HIGH, Severity.MEDIUM)
    assert "concept drift cannot be seen" in main.detail
    assert re.match(r"Label [\d,]+ rows", main.recommendation.action)
    assert "±" in main.recommendation.effect
    assert 0 < main.impact < 1


def test_the_same_rows_are_not_called_worse(reference):
    found = by_id(estimated(studied(unlabelled(rows(6_000, 4)), BINARY, reference)))
    assert set(found) == {"estimated:accuracy"}
    assert "no clear difference" in found["estimated:accuracy"].sentence
    assert found["estimated:accuracy"].severity is Severity.INFO


def test_easy_labels_first_is_said(reference):
    now = rows(8_000, 6, (0.3, 0.2, 0.2, 0.3))
    sure = (pl.col("p") - 0.5).abs() > 0.3
    draw = pl.Series(np.random.default_rng(1).random(len(now)))
    quick = draw < pl.when(sure).then(0.5).otherwise(0.05)
    study = studied(now.with_columns(y=pl.when(quick).then(pl.col("y"))), BINARY, reference)
    found = by_id(estimated(study))["estimated:labels-so-far"]
    assert "easier than the rest" in found.sentence
    assert "PPI++" in found.detail
    truth = studied(now, BINARY, reference).estimate("accuracy").value
    assert found.estimate.low <= truth <= found.estimate.high


def test_a_concept_that_changed_is_found_by_the_back_test(reference):
    changed = by_id(backtested(studied(rows(6_000, 3, drift=-0.8), BINARY, reference)))
    finding = changed["estimated:backtest"]
    assert "concept change" in finding.sentence
    assert finding.severity is Severity.HIGH
    assert "Retrain or recalibrate" in finding.recommendation.action
    mix = studied(rows(6_000, 3, (0.1, 0.2, 0.3, 0.4)), BINARY, reference)
    assert not backtested(mix)


def test_no_change_gives_no_alarm(reference):
    alarms = sum(bool(backtested(studied(rows(2_500, seed), BINARY, reference))) for seed in range(20, 26))
    assert alarms <= 1


def test_windows_that_do_not_hold_are_told():
    roles = replace(BINARY, time="at")
    rng = np.random.default_rng(3)
    parts = [rows(400, 50 + d, drift=float(rng.normal(0, 0.8)), days=1) for d in range(14)]
    wild = pl.concat([part.with_columns(pl.col("at") + pl.duration(days=d)) for d, part in enumerate(parts)])
    found = by_id(backtested(studied(wild, roles, wild, window="1d", only=["accuracy"])))
    assert "windows" in found["estimated:windows"].sentence
    assert "Nominal coverage 95%" in found["estimated:windows"].detail


def test_a_shift_of_labels_is_a_doubt(reference):
    many = rows(40_000, 9)
    shifted = pl.concat([many.filter(pl.col("y") == 1).head(4_000), many.filter(pl.col("y") == 0).head(2_000)])
    found = by_id(estimated(studied(unlabelled(shifted), BINARY, reference)))
    doubt = found["estimated:label-shift"]
    assert "more frequent" in doubt.sentence
    assert "Accuracy would then be" in doubt.sentence


def test_regression_is_told_in_its_own_units():
    roles = Roles(label="y", prediction="pred", task="regression", slices=["segment"])
    study = studied(unlabelled(numbers(3_000, 2, (0.2, 0.3, 0.5))), roles, numbers(8_000, 1))
    found = by_id(estimated(study))
    worst = next(iter(found.values()))
    assert "probably worse" in worst.sentence
    assert "mean absolute error" in worst.recommendation.effect


def test_rows_the_reference_lacks_are_cautioned(reference):
    strange = unlabelled(rows(3_000, 5).with_columns(segment=pl.lit("new")))
    finding = estimated(studied(strange, BINARY, reference))[0]
    assert "hardly has" in finding.sentence


def test_labels_are_asked_for_where_they_tell_most(reference):
    found = known(studied(unlabelled(rows(6_000, 2)), BINARY, reference))
    wide, narrow = labelling(found, 0.04), labelling(found, 0.01)
    assert wide.rows < narrow.rows
    assert narrow.half == pytest.approx(0.01, rel=0.25)
    low, high = map(float, re.search(r"scores ([\d.]+) to ([\d.]+)", narrow.where).groups())
    assert low < 0.5 < high
    assert labelling(found, None).rows >= 100


def test_nothing_is_said_where_labels_are_there(reference):
    assert estimated(studied(rows(2_000, 2), BINARY, reference)) == []
    assert estimated(studied(rows(2_000, 2), BINARY)) == []
    assert backtested(studied(rows(2_000, 2), BINARY)) == []
