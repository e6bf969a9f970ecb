"""The audit of problems that are not binary."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.records import Estimate, Fairness

N = 3000


def audited(frame: pl.DataFrame, roles: sy.Roles, **given) -> Fairness:
    evaluation = sy.evaluate(frame, roles, columns=False, **given)
    assert evaluation.fairness is not None, [f.detail for f in evaluation.findings]
    return evaluation.fairness


def rate(found: Fairness, measure: str, **group: str) -> Estimate:
    parity = found.parity(measure, tuple(group))
    return next(g.outcome for g in parity.groups if g.where.as_dict() == group)


def groups(rng: np.random.Generator) -> dict[str, np.ndarray]:
    return {"sex": rng.choice(["f", "m"], N), "age": rng.choice(["old", "young"], N)}


def test_multiclass():
    rng = np.random.default_rng(0)
    label = rng.choice(["cat", "dog", "emu"], N)
    decision = np.where(rng.random(N) < 0.7, label, rng.choice(["cat", "dog", "emu"], N))
    frame = pl.DataFrame({"y": label, "d": decision, **groups(rng)})
    roles = sy.Roles(label="y", prediction="d", task="multiclass", sensitive=("sex", "age"), features=())
    found = audited(frame, roles, metrics=["accuracy"])
    part = frame.filter(pl.col("sex") == "f")
    assert rate(found, "accuracy", sex="f").value == pytest.approx((part["y"] == part["d"]).mean())
    assert rate(found, "selection_rate[cat]", sex="f").value == pytest.approx((part["d"] == "cat").mean())
    cats = part.filter(pl.col("y") == "cat")
    assert rate(found, "recall[cat]", sex="f").value == pytest.approx((cats["d"] == "cat").mean())
    said = part.filter(pl.col("d") == "emu")
    assert rate(found, "precision[emu]", sex="f").value == pytest.approx((said["y"] == "emu").mean())
    assert found.parity("accuracy", ("sex", "age")) is not None
    assert "of cat" in found.parity("recall[cat]", "sex").sentence


def test_multilabel():
    rng = np.random.default_rng(1)
    frame = pl.DataFrame(
        {
            **{c: rng.integers(0, 2, N) for c in ("red", "big")},
            **{f"{c}_said": rng.integers(0, 2, N) for c in ("red", "big")},
            **groups(rng),
        }
    )
    roles = sy.Roles(
        label=("red", "big"),
        prediction=("red_said", "big_said"),
        task="multilabel",
        sensitive=("sex", "age"),
        features=(),
    )
    found = audited(frame, roles, metrics=["f1_micro"])
    part = frame.filter((pl.col("sex") == "m") & (pl.col("big") == 1))
    assert rate(found, "recall[big]", sex="m").value == pytest.approx(part["big_said"].mean())


@pytest.mark.parametrize("task", ["regression", "forecasting"])
def test_numbers(task):
    rng = np.random.default_rng(2)
    told = groups(rng)
    label = 1000 + rng.normal(0, 10, N) + 5 * (told["sex"] == "f")
    error = rng.normal(np.where(told["sex"] == "f", 4.0, 0.0), np.where(told["age"] == "old", 3.0, 1.0))
    frame = pl.DataFrame({"y": label, "d": label + error, "t": np.arange(N), **told})
    roles = sy.Roles(label="y", prediction="d", task=task, time="t", sensitive=("sex", "age"), features=())
    found = audited(frame, roles, metrics=["mae"])
    assert {p.measure for p in found.of()} == {"bias", "mae", "mean_prediction"}
    part = frame.filter(pl.col("sex") == "f")
    off = part["d"] - part["y"]
    assert rate(found, "bias", sex="f").value == pytest.approx(off.mean())
    assert rate(found, "mae", sex="f").value == pytest.approx(off.abs().mean())
    assert rate(found, "mean_prediction", sex="f").value == pytest.approx(part["d"].mean())
    # Moderated t on thousands of rows is Student's t.
    expected = off.std() / np.sqrt(len(part))
    assert rate(found, "bias", sex="f").se == pytest.approx(expected, rel=0.02)
    mae = found.parity("mae", "age")
    assert mae.verdict == "fail"
    assert mae.tolerance == pytest.approx(0.2 * (frame["d"] - frame["y"]).abs().mean())
    assert found.impacts == ()


def ranking(seed: int = 0) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    queries, items = 300, 8
    q = np.repeat(np.arange(queries), items)
    relevance = rng.integers(0, 3, queries * items)
    user = np.where(np.arange(queries) % 3 == 0, "new", "old")[q]
    maker = rng.choice(["big", "small"], queries * items)
    score = relevance + rng.normal(0, np.where(user == "new", 3.0, 0.5)) + (maker == "big")
    rank = pl.DataFrame({"q": q, "s": score}).with_columns(pl.col("s").rank(descending=True).over("q"))["s"]
    return pl.DataFrame({"q": q, "y": relevance, "s": score, "r": rank, "user": user, "maker": maker})


def test_ranking_by_queries():
    frame = ranking()
    roles = sy.Roles(label="y", score="s", query="q", task="ranking", sensitive="user", features=())
    found = audited(frame, roles)
    assert {p.measure for p in found.of()} == {"ndcg_at_10", "mrr"}
    parity = found.parity("ndcg_at_10", "user")
    evaluation = sy.evaluate(frame, roles, columns=False, metrics=["ndcg_at_10"])
    for group in parity.groups:
        assert group.outcome.value == pytest.approx(evaluation.estimates.of("ndcg_at_10", group.where).value)
    assert parity.verdict == "fail"


def test_ranking_by_items_is_exposure():
    frame = ranking()
    roles = sy.Roles(label="y", prediction="r", query="q", task="ranking", sensitive="maker", features=())
    found = audited(frame, roles)
    assert {p.measure for p in found.of()} == {"exposure"}
    part = frame.filter(pl.col("maker") == "big")
    assert rate(found, "exposure", maker="big").value == pytest.approx((1 / np.log2(1 + part["r"])).mean())
    assert any("independent" in note for note in found.notes)


def test_ranking_by_items_without_ranks_says_so():
    roles = sy.Roles(label="y", score="s", query="q", task="ranking", sensitive="maker", features=())
    found = audited(ranking(), roles)
    assert found.of() == ()
    assert any("rank as a column" in note for note in found.notes)


def test_scores_that_are_no_probabilities():
    rng = np.random.default_rng(3)
    frame = pl.DataFrame({"y": rng.integers(0, 2, N), "s": rng.normal(0, 5, N), **groups(rng)})
    roles = sy.Roles(label="y", score="s", task="binary", sensitive=("sex",), features=())
    found = audited(frame, roles, metrics=["roc_auc"])
    assert {p.measure for p in found.of()} == {"roc_auc"}
    assert {t.measure for t in found.impacts} == {"scoring_rate"}
