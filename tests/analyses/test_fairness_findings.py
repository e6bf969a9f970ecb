"""What is told of the audit: each story once, what cannot be told, what gives groups away."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl
import pytest
from scipy import stats

import steelyard as sy
from steelyard.analyses.fairness.proxies import cramers_v
from steelyard.analyses.findings.fairness import fairness_gaps, fairness_proxies, fairness_unsure
from steelyard.analyses.findings.unfair import FAMILIES, violations
from steelyard.evaluation import run as running
from steelyard.records import Estimate, Fairness, Finding, Severity, Slice

QUESTIONS = (fairness_gaps, fairness_unsure, fairness_proxies)


def rows(n: int = 6000, seed: int = 0, low: float = 0.5, small: bool = False) -> pl.DataFrame:
    """Positives of group f are found with chance `low`, all others with 0.9."""
    rng = np.random.default_rng(seed)
    sex = np.where(rng.random(n) < (0.005 if small else 0.4), "f", "m")
    y = rng.binomial(1, 0.4, n)
    found = np.where(sex == "f", low, 0.9)
    d = np.where(y == 1, rng.random(n) < found, rng.random(n) < 0.1).astype(int)
    given = np.where(rng.random(n) < 0.85, sex == "f", rng.random(n) < 0.5)
    return pl.DataFrame(
        {
            "y": y,
            "d": d,
            "sex": sex,
            "club": np.where(given, "book", "chess"),
            "free": rng.choice(list("abc"), n),
            "region": rng.choice(["north", "south"], n),
        }
    )


ROLES = sy.Roles(label="y", prediction="d", task="binary", sensitive=("sex", "region"), features=("club", "free"))


def told(frame: pl.DataFrame, roles: sy.Roles = ROLES, **given) -> tuple[list[Finding], Fairness]:
    """The findings of the three questions, whichever others are asked."""
    seen = []
    original = running.study_of

    def catch(sources, request):
        seen.append(original(sources, request))
        return seen[-1]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(running, "study_of", catch)
        sy.evaluate(frame, roles, **given)
    study = seen[-1][0]
    assert not study.failures
    return [finding for question in QUESTIONS for finding in question(study)], study.fairness


@pytest.fixture(scope="module")
def unequal() -> tuple[list[Finding], Fairness]:
    return told(rows())


def test_a_planted_gap_is_told_once(unequal):
    found, _ = unequal
    gaps = [f for f in found if f.id.startswith("fairness:equalized_odds")]
    assert [f.id for f in gaps] == ["fairness:equalized_odds:sex"]
    (gap,) = gaps
    assert gap.severity is Severity.HIGH
    assert gap.slice == Slice.of({"sex": "f"})
    assert gap.estimate.value == pytest.approx(0.4, abs=0.05)
    assert "Recall" in gap.sentence
    assert "f is 4" in gap.sentence
    assert "--fairness equalized_odds --attribute sex" in gap.recommendation.action
    assert not [f for f in found if "region" in f.id and f.severity is not Severity.INFO]


def test_intersections_do_not_repeat_their_parts(unequal):
    found, fairness = unequal
    assert fairness.parity("recall", ("sex", "region")).verdict == "fail"
    assert not [f for f in found if "×" in f.id]


def test_an_intersection_by_itself_is_told():
    frame = rows(low=0.9).with_columns(
        d=pl.when((pl.col("sex") == "f") & (pl.col("region") == "north") & (pl.int_range(pl.len()) % 5 < 2))
        .then(0)
        .when((pl.col("sex") == "m") & (pl.col("region") == "south") & (pl.int_range(pl.len()) % 5 < 2))
        .then(0)
        .otherwise(pl.col("d"))
    )
    found, _ = told(frame)
    assert any(f.id == "fairness:equalized_odds:sex × region" for f in found)


def test_equal_groups_make_no_finding():
    found, _ = told(rows(20_000, low=0.9))
    assert not [f for f in found if f.severity is not Severity.INFO]


def test_few_rows_cannot_tell_and_say_how_many_would():
    found, fairness = told(rows(small=True, low=0.8))
    assert not [f for f in found if f.severity is not Severity.INFO]
    unsure = next(f for f in found if f.id == "fairness:unsure")
    assert "cannot" not in unsure.sentence
    assert "would settle it" in unsure.sentence
    assert unsure.severity is Severity.INFO
    parity = fairness.parity("recall", "sex")
    assert parity.rows_needed > 6000


def test_a_large_gap_of_a_few_is_no_small_matter():
    rng = np.random.default_rng(3)
    frame = rows(60_000).with_columns(
        sex=pl.when(pl.Series(rng.random(60_000) < 0.01)).then(pl.lit("x")).otherwise(pl.lit("m"))
    )
    frame = frame.with_columns(d=pl.when(pl.col("sex") == "x").then(1 - pl.col("y")).otherwise(pl.col("y")))
    found, _ = told(frame)
    gap = next(f for f in found if f.id == "fairness:equalized_odds:sex")
    assert gap.severity is Severity.MEDIUM
    assert gap.impact < 0.1


def test_what_stood_before_stands():
    old, _ = told(rows(seed=0), reference=rows(seed=1))
    new, _ = told(rows(seed=0), reference=rows(seed=1, low=0.9))
    grown, _ = told(rows(seed=0, low=0.3), reference=rows(seed=1, low=0.75))
    standing = [
        next(f for f in found if f.id == "fairness:equalized_odds:sex").standing for found in (old, new, grown)
    ]
    assert standing == [True, False, False]


def test_base_rates_that_differ_forbid_having_both():
    frame = rows().with_columns(
        y=pl.when((pl.col("sex") == "f") & (pl.int_range(pl.len()) % 2 == 0)).then(0).otherwise(pl.col("y"))
    )
    found, _ = told(frame)
    gap = next(f for f in found if f.id == "fairness:equalized_odds:sex")
    assert "Kleinberg" in gap.detail
    even, _ = told(rows())
    assert "Kleinberg" not in next(f for f in even if f.id == "fairness:equalized_odds:sex").detail


def test_rare_selection_fails_four_fifths_alone():
    rng = np.random.default_rng(5)
    n = 60_000
    sex = rng.choice(["f", "m"], n)
    frame = pl.DataFrame(
        {"y": rng.binomial(1, 0.05, n), "d": rng.binomial(1, np.where(sex == "f", 0.02, 0.04)), "sex": sex}
    )
    found, fairness = told(frame, ROLES.updated(sensitive="sex", features=()))
    assert fairness.parity("selection_rate", "sex").verdict == "pass"
    gap = next(f for f in found if f.id == "fairness:selection_rate:sex")
    assert "below four fifths" in gap.sentence


def test_no_storm_of_many_attributes():
    rng = np.random.default_rng(2)
    frame = rows().with_columns(
        **{
            f"a{i}": pl.when(pl.Series(rng.random(6000) < 0.9)).then(pl.col("sex")).otherwise(pl.lit("m"))
            for i in range(5)
        }
    )
    roles = ROLES.updated(sensitive=("sex", *(f"a{i}" for i in range(5))), features=())
    found, _ = told(frame, roles)
    gaps = [f for f in found if f.severity is not Severity.INFO]
    assert len(gaps) <= 7
    others = next(f for f in found if f.id == "fairness:others")
    assert "more criteria are violated" in others.sentence


def test_families_hold_every_measure_that_is_its_own(unequal):
    _, fairness = unequal
    known = {m for family in FAMILIES for m in family.measures}
    own = {p.measure.split("[")[0] for p in fairness.of() if not p.same_gap or p.measure == "equalized_odds"}
    assert own <= known
    assert len({f.name for f in FAMILIES}) == len(FAMILIES)


def test_violations_need_certainty(unequal):
    _, fairness = unequal
    assert list(violations(fairness))
    assert not list(violations(replace(fairness, parities=(), impacts=())))


def test_proxies_are_told_where_the_score_goes_with_them():
    frame = rows(low=0.1)
    found, fairness = told(frame, reference=rows(low=0.1, seed=1))
    first = fairness.proxies[0]
    assert (first.feature, first.attribute) == ("club", "sex")
    counts = frame.group_by("club", "sex").len().pivot("sex", index="club", values="len").sort("club")
    table = counts.select("f", "m").to_numpy()
    oracle = stats.contingency.association(table, correction=False)
    assert first.association.value == pytest.approx(oracle, abs=0.01)
    assert first.guessed == pytest.approx(table.max(axis=1).sum() / table.sum())
    assert first.base == pytest.approx(table.sum(axis=0).max() / table.sum())
    assert "free" not in {p.feature for p in fairness.proxies}
    together = next(g for g in fairness.given_away if g.attribute == "sex")
    assert together.auc.low > 0.8
    nothing = next(g for g in fairness.given_away if g.attribute == "region")
    assert nothing.auc.low < 0.5 < nothing.auc.high
    proxy = [f for f in found if f.id == "fairness:proxy:sex"]
    assert (first.reliance >= 0.05) == bool(proxy)


def test_cramers_v_is_unbiased_and_covers():
    rng = np.random.default_rng(0)
    none = [cramers_v(np.array(_table(rng, 0.0)), 0.95, 600) for _ in range(300)]
    some = [cramers_v(np.array(_table(rng, 0.3)), 0.95, 600) for _ in range(300)]
    assert np.mean([v.low <= 0.0 for v in none]) > 0.93
    assert np.mean([v.low <= 0.3 <= v.high for v in some]) > 0.9
    assert np.median([v.value for v in none]) == 0.0
    assert np.mean([v.value for v in some]) == pytest.approx(0.3, abs=0.01)
    assert isinstance(none[0], Estimate)


def _table(rng: np.random.Generator, v: float) -> np.ndarray:
    """600 rows of two binary columns whose Cramér's V is v."""
    shares = np.array([[(1 + v) / 4, (1 - v) / 4], [(1 - v) / 4, (1 + v) / 4]])
    return rng.multinomial(600, shares.ravel()).reshape(2, 2).astype(float)
