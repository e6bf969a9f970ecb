"""`improve`: proposals are proved on held-out rows, nothing is proposed where nothing is certain, and it says why."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard import datasets
from steelyard.evaluation import Improvement, propose
from steelyard.improve.policy import Policy
from steelyard.records import EVERYTHING, ColumnError, ConfigError, DataError, Effect, Estimate, Proposal

ROLES = sy.Roles(label="y", score="p", sensitive=("sex",))


def rows(size: int = 8_000, seed: int = 0, apart: float = 1.0, **more: Any) -> pl.DataFrame:
    """People whose scores are `apart` logits too low for women, calibrated for men."""
    rng = np.random.default_rng(seed)
    sex = np.where(rng.uniform(size=size) < 0.4, "F", "M")
    logit = rng.normal(0, 1.5, size)
    y = (rng.uniform(size=size) < 1 / (1 + np.exp(-logit))).astype(int)
    p = np.round(1 / (1 + np.exp(-(logit - apart * (sex == "F")))), 3)
    made = {"id": np.arange(size), "sex": sex, "y": y, "p": p}
    return pl.DataFrame({**made, **{name: make(rng, size) for name, make in more.items()}})


def fair(data: Any, roles: sy.Roles = ROLES, **how: Any) -> Improvement:
    return propose(data, roles, **{"fairness": "equalized_odds", "tolerance": 0.05, **how})


def known(outcome: object) -> Estimate:
    assert isinstance(outcome, Estimate)
    return outcome


def overall(proposal: Proposal, measure: str) -> Effect:
    return next(e for e in proposal.effects if e.measure == measure and e.where == EVERYTHING)


@pytest.fixture(scope="module")
def found() -> Improvement:
    return fair(rows())


def test_what_the_policy_does_to_new_rows_is_what_was_promised(found: Improvement) -> None:
    later = rows(40_000, seed=1)
    for proposal in found.proposed:
        policy = Policy.from_dict(proposal.policy)
        chances = policy.chances(later["p"], later["sex"])
        women, y = (later["sex"] == "F").to_numpy(), later["y"].to_numpy()
        gaps = [abs(chances[women & (y == one)].mean() - chances[~women & (y == one)].mean()) for one in (0, 1)]
        gap = known(overall(proposal, "gap:equalized_odds").after)
        assert gap.low - 0.02 <= max(gaps) <= gap.high + 0.02
        assert max(gaps) < 0.07
        accuracy = known(overall(proposal, "accuracy").after)
        assert np.where(y == 1, chances, 1 - chances).mean() == pytest.approx(accuracy.value, abs=0.02)


def test_the_chosen_step_is_certainly_below_the_tolerance(found: Improvement) -> None:
    for proposal in found.proposed:
        assert proposal.chosen is not None
        step = proposal.frontier[proposal.chosen]
        assert known(step.gap).high <= 0.05
        assert step.policy["groups" if step.policy["kind"] == "group_thresholds" else "favoured"]
        assert known(overall(proposal, "gap:equalized_odds").change).high < 0
        assert proposal.deployed is not None
        assert known(proposal.deployed.gap).low > 0.05
        stricter = proposal.frontier[: proposal.chosen]
        assert all(known(one.quality).value <= known(step.quality).value for one in stricter)


def test_who_gains_and_who_loses_is_told(found: Improvement) -> None:
    proposal = found.proposed[0]
    assert [str(m.where) for m in proposal.moves] == ["all rows", "sex = F", "sex = M"]
    for move in proposal.moves:
        rate = next(e for e in proposal.effects if e.measure == "selection_rate" and e.where == move.where)
        assert known(move.gained).value - known(move.lost).value == pytest.approx(known(rate.change).value)
    women = proposal.moves[1]
    assert known(women.gained).value > 0.05
    assert "more positive decisions for sex = F" in proposal.sentence


def test_the_law_and_chance_are_cautioned_of(found: Improvement) -> None:
    for proposal in found.proposed:
        assert any("Title VII" in c and "no legal advice" in c for c in proposal.cautions)
        random = Policy.from_dict(proposal.policy).random
        assert any(c.startswith("Chance decides") for c in proposal.cautions) is random


def test_optimism_is_named(found: Improvement) -> None:
    assert all("such numbers are too good" in p.detail for p in found.proposed)


def test_the_same_seed_gives_the_same_proposals_and_another_other_folds() -> None:
    data = rows(1_500)
    first, again, other = fair(data), fair(data), fair(data, seed=1)
    assert first.proposals == again.proposals
    assert first.proposals != other.proposals


def test_nothing_is_proposed_where_nothing_needs_to_be_done() -> None:
    (only,) = fair(rows(20_000, apart=0.0)).proposals
    assert not only.verified
    assert only.policy == {}
    assert "certainly below 5" in only.sentence


def test_nothing_is_proposed_where_nothing_is_certain() -> None:
    found = fair(rows(150, apart=0.6))
    assert found.proposed == ()
    assert found.proposals[0].sentence.startswith("Nothing is proposed")
    with pytest.raises(ConfigError, match=r"No proposal has a certain gain.*Nothing is proposed"):
        found.policy()


def test_a_policy_is_had_by_its_proposal(found: Improvement) -> None:
    last = found.proposed[-1]
    assert found.policy(last.id).to_dict() == {"schema": "steelyard.policy/1", **last.policy}
    with pytest.raises(ConfigError, match="No proposal 'x' has a policy"):
        found.policy("x")


@pytest.mark.parametrize("criterion", ["demographic_parity", "equal_opportunity", "false_positive_rate"])
def test_every_criterion_narrows_its_own_gap(criterion: str) -> None:
    found = fair(rows(), fairness=criterion)
    assert known(overall(found.proposed[0], f"gap:{criterion}").after).high <= 0.05


def test_calibration_within_groups_is_proved_and_its_conflict_told() -> None:
    found = fair(rows(), fairness=["calibration", "equalized_odds"])
    maps = next(p for p in found.proposals if p.id == "fairness:calibration:sex:maps")
    gap = overall(maps, "gap:calibration")
    assert known(gap.before).low > 0.05
    assert known(gap.after).high < 0.03
    assert known(overall(maps, "brier").change).high < 0
    assert all(any("Chouldechova" in c for c in p.cautions) for p in found.proposed)
    later = rows(40_000, seed=1)
    mapped = Policy.from_dict(maps.policy).apply(later["p"], later["sex"])
    women = (later["sex"] == "F").to_numpy()
    assert mapped[women].mean() == pytest.approx(later["y"].to_numpy()[women].mean(), abs=0.02)


def test_costs_decide_what_is_kept_high() -> None:
    found = fair(rows(), costs={"fp": -5, "fn": -20, "currency": "EUR", "volume": 1_000_000})
    assert "Of 1,000,000 decisions a year about" in found.proposed[0].sentence
    assert found.proposed[0].quality == "value"
    assert known(overall(found.proposed[0], "value").before).value < 0
    plain = fair(rows(), costs={"fp": -5, "fn": -20}, objective="accuracy")
    assert plain.proposed[0].quality == "accuracy"


def test_a_threshold_in_use_tells_how_misses_weigh() -> None:
    found = fair(rows(), ROLES.updated(threshold=0.2))
    assert found.proposed[0].quality == "weighted_accuracy"


def test_decisions_of_a_column_are_followed_where_they_follow_a_threshold() -> None:
    data = rows().with_columns(d=(pl.col("p") >= 0.3).cast(int))
    found = fair(data, ROLES.updated(prediction="d"))
    otherwise = found.proposed[0].policy["otherwise"]
    assert otherwise[0]["from"] == pytest.approx(0.3, abs=0.01)


def test_decisions_that_follow_no_threshold_imply_none() -> None:
    data = rows().with_columns(d=((pl.col("p") >= 0.5) ^ (pl.col("id") % 5 == 0)).cast(int))
    found = fair(data, ROLES.updated(prediction="d"), fairness="demographic_parity")
    assert found.proposals[0].quality == "accuracy"
    cut = found.policy().to_dict()["otherwise"][0]["from"]
    assert 0.3 < cut < 0.7


def test_what_is_certain_comes_first() -> None:
    data = rows(apart=0.0)
    moved = data.filter((pl.col("sex") == "M") | (pl.col("p") < 0.5) | (pl.col("id") % 3 == 0))
    found = fair(moved, fairness=["calibration", "demographic_parity"])
    assert found.proposals[0].verified
    assert found.proposals[-1].id == "fairness:calibration:sex:maps"
    assert not found.proposals[-1].verified


def test_intersections_are_groups_of_their_own() -> None:
    data = rows(old=lambda rng, n: rng.integers(0, 2, n))
    found = fair(data, ROLES.updated(sensitive=()), attribute="sex,old")
    policy = found.policy()
    assert policy.columns == ("sex", "old")
    chances = policy.chances(data["p"], data.select("sex", "old"))
    assert np.isfinite(chances).all()
    assert {tuple(g["group"]) for g in policy.to_dict()["groups"]} == {("old", "sex")}


def test_numbers_are_cut_into_groups_that_the_policy_knows() -> None:
    data = rows(age=lambda rng, n: rng.integers(18, 80, n)).with_columns(
        p=pl.when(pl.col("age") < 30).then(pl.col("p") * 0.7).otherwise(pl.col("p"))
    )
    found = fair(data, ROLES.updated(sensitive=("age",)))
    policy = found.policy()
    assert policy.to_dict()["by"][0]["cuts"]
    known_groups = policy.chances(data["p"], data["age"])
    assert len(set(policy.rule.groups.places(data["age"], len(data)).tolist()) - {-1}) >= 3  # type: ignore[union-attr]
    assert np.isfinite(known_groups).all()


def test_weights_count_as_rows_do() -> None:
    data = rows(1_500)
    doubled = fair(pl.concat([data, data]))
    weighted = fair(data.with_columns(w=pl.lit(2.0)), ROLES.updated(weight="w"))
    a, b = (known(overall(f.proposals[0], "accuracy").before) for f in (doubled, weighted))
    assert a.value == pytest.approx(b.value)
    assert b.high - b.low > a.high - a.low


def test_whole_clusters_are_held_out() -> None:
    data = rows(user=lambda rng, n: rng.integers(0, 500, n))
    found = fair(data, ROLES.updated(cluster="user"))
    assert "whole clusters going to one fifth" in found.proposals[0].detail
    assert known(overall(found.proposals[0], "accuracy").before).n == 8_000


def test_a_group_with_one_row_is_decided_as_before() -> None:
    data = pl.concat(
        [rows(), pl.DataFrame({"id": [-1], "sex": ["😀"], "y": [1], "p": [0.7]}).cast({"id": pl.Int64})],
        how="vertical_relaxed",
    )
    found = fair(data)
    proposal = found.proposed[0]
    assert "sex = 😀" in proposal.detail
    assert {g["group"]["sex"] for g in proposal.policy["groups"]} == {"F", "M"}
    assert Policy.from_dict(proposal.policy).apply([0.7, 0.2], ["😀", "😀"], seed=0).tolist() == [1, 0]
    assert proposal.moves[0].rows == 8_001


def test_missing_groups_scores_and_labels_take_no_harm() -> None:
    data = rows().with_columns(
        sex=pl.when(pl.col("id") % 7 == 0).then(None).otherwise(pl.col("sex")),
        p=pl.when(pl.col("id") % 11 == 0).then(None).otherwise(pl.col("p")),
        y=pl.when(pl.col("id") % 13 == 0).then(None).otherwise(pl.col("y")),
    )
    found = fair(data)
    groups = {g["group"]["sex"] for g in found.policy().to_dict()["groups"]}
    assert groups == {"F", "M", "(missing)"}
    decided = found.policy().apply(data["p"], data["sex"], ids=data["id"])
    assert set(decided[data["p"].is_null().to_numpy()].tolist()) == {-1}


@pytest.mark.parametrize(
    ("data", "roles", "how", "error", "said"),
    [
        (rows(100), ROLES.updated(sensitive=()), {}, ConfigError, "Name the attribute"),
        (rows(100), ROLES, {"fairness": "equal_odds"}, ConfigError, "Did you mean 'equalized_odds'"),
        (rows(100), ROLES, {"tolerance": 5}, ConfigError, "between 0 and 1"),
        (rows(100), ROLES, {"attribute": "sexx"}, ColumnError, "Did you mean 'sex'"),
        (rows(100), ROLES, {"objective": "f2"}, ConfigError, "no objective 'f2'"),
        (rows(100), ROLES, {"objective": "value"}, ConfigError, "--cost"),
        (rows(100).filter(pl.col("sex") == "F"), ROLES, {}, DataError, "at least two groups"),
        (rows(100).filter((pl.col("sex") == "F") | (pl.col("id") < 8)), ROLES, {}, DataError, "at least two groups"),
        (rows(100).with_columns(y=pl.lit(1)), ROLES, {}, DataError, "at least two groups"),
        (
            rows(100).drop("p").with_columns(d=pl.col("y")),
            ROLES.updated(score=None, prediction="d"),
            {},
            DataError,
            "no score",
        ),
    ],
    ids=["nobody", "criterion", "tolerance", "attribute", "objective", "costs", "one", "few", "class", "score"],
)
def test_what_cannot_be_done_is_said(
    data: pl.DataFrame, roles: sy.Roles, how: dict[str, Any], error: type, said: str
) -> None:
    with pytest.raises(error, match=said):
        fair(data, roles, **how)


def test_several_classes_are_told_what_to_do() -> None:
    data = rows(300).with_columns(y=pl.col("id").mod(3).cast(str), d=pl.col("id").mod(3).cast(str))
    with pytest.raises(DataError, match="yes-or-no"):
        fair(data, sy.Roles(label="y", prediction="d", sensitive=("sex",), task="multiclass"))


def test_without_a_question_all_that_applies_is_looked_for() -> None:
    found = propose(rows(4_000), ROLES)
    assert {p.kind for p in found.proposals} >= {"fairness", "threshold", "recalibration"}
    places = [p.verified for p in found.proposals]
    assert places == sorted(places, reverse=True)


def test_only_what_is_asked_for_is_looked_for() -> None:
    assert {p.kind for p in propose(rows(2_000), ROLES, recalibrate=True).proposals} == {"recalibration"}
    assert {p.kind for p in propose(rows(2_000), ROLES, threshold=True).proposals} <= {"threshold", "abstention"}


def test_without_an_attribute_the_rest_is_looked_for() -> None:
    found = propose(rows(2_000), ROLES.updated(sensitive=()))
    assert "fairness" not in {p.kind for p in found.proposals}


def test_real_people() -> None:
    roles = sy.Roles(label="employed", score="probability", prediction="prediction")
    found = fair(datasets.path("acs_employment/current.parquet"), roles, attribute="disability")
    best = found.proposed[0]
    assert known(overall(best, "gap:equalized_odds").before).value == pytest.approx(0.580, abs=0.001)
    assert known(overall(best, "gap:equalized_odds").after).high <= 0.05
    assert -0.06 < known(overall(best, "accuracy").change).value < -0.02
    assert math.isclose(known(overall(best, "accuracy").before).value, 0.8276, abs_tol=1e-3)
