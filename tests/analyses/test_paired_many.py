"""Many models, what they give together, folds, the words of the answers."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest
from sklearn import metrics as sk

from steelyard.analyses.paired.contest import MOST_PAIRED
from steelyard.analyses.paired.judging import judged, turned, word
from steelyard.data import Roles
from steelyard.evaluation.comparison import compare_models
from steelyard.metrics import get
from steelyard.records import Estimate, Gain, Slice, Undefined


def models(count: int, rows: int = 700, spread: float = 0.15, seed: int = 3) -> pl.DataFrame:
    rng = np.random.default_rng(seed)
    logit = rng.normal(-0.3, 1.5, rows)
    scores = {f"m{i}": 1 / (1 + np.exp(-logit - rng.normal(0, 0.3 + spread * i, rows))) for i in range(count)}
    return pl.DataFrame({"y": (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int), "id": range(rows), **scores})


def columns(count: int) -> dict[str, dict[str, str]]:
    return {f"m{i}": {"score": f"m{i}"} for i in range(count)}


def test_the_set_holds_what_cannot_be_ruled_out():
    found = compare_models(columns(4), Roles(label="y"), data=models(4, 3_000, 0.9), metrics=["roc_auc", "log_loss"])
    order = [s for s in found.standings if s.metric == "roc_auc"]
    assert [s.place for s in order] == [1, 2, 3, 4]
    assert order[0].model == "m0"
    assert found.best["roc_auc"] == ("m0",)
    assert found.best["log_loss"] == ("m0",)  # lower is better
    assert "ahead of all 3 others" in found.answers[0].answer
    alike = models(3, 300, 0.0)
    assert len(compare_models(columns(3), Roles(label="y"), data=alike, metrics=["roc_auc"]).best["roc_auc"]) == 3


def test_crowds_are_ranked_by_groups_of_rows():
    count = MOST_PAIRED + 2
    found = compare_models(columns(count), Roles(label="y", id="id"), data=models(count, 500, 0.3))
    assert {g.against for g in found.gains} == {"m0"}
    assert len([s for s in found.standings if s.metric == "roc_auc"]) == count
    assert all(s.may_be_best is not None for s in found.standings)
    assert "m0" in found.best["roc_auc"]
    assert any("groups of rows" in note for note in found.notes)


def test_an_ensemble_of_models_that_err_apart_is_better():
    rng = np.random.default_rng(0)
    logit, rows = rng.normal(0, 1.5, 3_000), 3_000
    frame = pl.DataFrame(
        {
            "y": (rng.random(rows) < 1 / (1 + np.exp(-logit))).astype(int),
            "m0": 1 / (1 + np.exp(-logit - rng.normal(0, 1.5, rows))),
            "m1": 1 / (1 + np.exp(-logit - rng.normal(0, 1.5, rows))),
        }
    )
    found = compare_models(columns(2), Roles(label="y"), data=frame)
    made = next(e for e in found.ensembles if e.metric == "roc_auc")
    y, mean = frame["y"].to_numpy(), (frame["m0"] + frame["m1"]).to_numpy() / 2
    assert made.value.value == pytest.approx(sk.roc_auc_score(y, mean))
    assert made.how == "mean of scores"
    assert made.gain.word == "better"
    answers = {a.question: a.answer for a in found.answers}
    assert "The mean of scores is better than" in answers["What would they give together?"]
    assert "use both" in answers["What next?"]


def test_three_that_only_decide_have_a_majority():
    frame = models(3, 900).with_columns(
        (pl.col(c) >= 0.5).replace_strict({True: "yes", False: "no"}) for c in ("m0", "m1", "m2")
    )
    frame = frame.with_columns(y=pl.col("y").replace_strict({1: "yes", 0: "no"}))
    found = compare_models({c: c for c in ("m0", "m1", "m2")}, Roles(label="y", positive="yes"), data=frame)
    made = next(e for e in found.ensembles if e.metric == "accuracy")
    votes = sum((frame[c] == "yes").to_numpy().astype(int) for c in ("m0", "m1", "m2"))
    assert made.how == "majority"
    assert made.value.value == pytest.approx(np.mean((votes >= 2) == (frame["y"] == "yes").to_numpy()))


def test_two_that_only_decide_have_none():
    frame = models(2).with_columns((pl.col(c) >= 0.5).cast(pl.Int64) for c in ("m0", "m1"))
    found = compare_models({"m0": "m0", "m1": "m1"}, Roles(label="y", task="binary"), data=frame)
    assert not found.ensembles
    assert any(note.startswith("There is no ensemble") for note in found.notes)


def test_disagreement_counts_rows():
    frame = models(2)
    found = compare_models(columns(2), Roles(label="y"), data=frame).disagreements[0]
    y, a, b = (frame[c].to_numpy() for c in ("y", "m1", "m0"))
    right_a, right_b = (a >= 0.5) == y, (b >= 0.5) == y
    assert (found.model, found.against) == ("m1", "m0")
    assert found.both_right == (right_a & right_b).sum()
    assert found.only_model == (right_a & ~right_b).sum()
    assert found.only_against == (right_b & ~right_a).sum()
    assert found.both_wrong == (~right_a & ~right_b).sum()
    assert found.oracle.value == pytest.approx((right_a | right_b).mean())
    assert found.kappa == pytest.approx(sk.cohen_kappa_score(right_a, right_b))


def test_numbers_disagree_by_who_is_nearer():
    rng = np.random.default_rng(1)
    y = rng.normal(0, 1, 400)
    frame = pl.DataFrame({"y": y, "a": y + rng.normal(0, 1, 400), "b": y + rng.normal(0, 2, 400)})
    found = compare_models({"a": "a", "b": "b"}, Roles(label="y", task="regression"), data=frame)
    d = found.disagreements[0]
    near = np.abs(frame["b"] - frame["y"]).to_numpy() < np.abs(frame["a"] - frame["y"]).to_numpy()
    assert (d.only_model, d.only_against, d.both_right) == (near.sum(), (~near).sum(), 0)
    assert d.oracle is None
    assert found.gain("mae", "b", "a").word == "worse"


def test_folds_have_the_corrected_test():
    frame = models(2, 1_000).with_columns(fold=pl.int_range(1_000) % 10)
    found = compare_models(columns(2), Roles(label="y"), data=frame, fold="fold", metrics=["roc_auc", "accuracy"])
    by_hand = []
    for part in frame.partition_by("fold", maintain_order=True):
        y = part["y"].to_numpy()
        by_hand.append(sk.roc_auc_score(y, part["m1"].to_numpy()) - sk.roc_auc_score(y, part["m0"].to_numpy()))
    gain = next(f for f in found.folds if f.metric == "roc_auc")
    assert gain.folds == 10
    assert gain.outcome.value == pytest.approx(np.mean(by_hand))
    assert gain.outcome.se == pytest.approx(np.std(by_hand, ddof=1) * np.sqrt(0.1 + 0.1 / 0.9))
    assert gain.p > gain.naive_p
    assert any("Nadeau" in note for note in found.notes)


def test_one_fold_is_none():
    frame = models(2).with_columns(fold=pl.lit(1))
    found = compare_models(columns(2), Roles(label="y"), data=frame, fold="fold", metrics=["roc_auc"])
    assert isinstance(found.folds[0].outcome, Undefined)


def sure(value, half):
    return Estimate(value, value - half, value + half, 0.95, 100, "wald", se=half / 1.96)


@pytest.mark.parametrize(
    ("outcome", "p", "direction", "margin", "said"),
    [
        (sure(0.1, 0.05), 0.001, "higher", None, "better"),
        (sure(0.1, 0.05), 0.001, "lower", None, "worse"),
        (sure(-0.1, 0.05), 0.001, "target", None, "lower"),
        (sure(0.1, 0.2), 0.3, "higher", None, "no difference shown"),
        (sure(0.001, 0.005), 0.3, "higher", 0.01, "alike"),
        (sure(0.001, 0.02), 0.3, "higher", 0.01, "no difference shown"),
        (sure(0.1, 0.05), 0.2, "higher", None, "no difference shown"),  # once all pairs are accounted for
        (Undefined("no rows"), None, "higher", None, "undefined"),
    ],
)
def test_words(outcome, p, direction, margin, said):
    assert word(outcome, p, 0.05, direction, margin) == said


def test_pairs_are_adjusted_by_holm_and_slices_by_benjamini_hochberg():
    metric = get("accuracy", "binary")
    pairs = [Gain("accuracy", "b", x, sure(0.1, 0.05), p=p) for x, p in (("a", 0.01), ("c", 0.04), ("d", 0.5))]
    where = [Slice.of({"s": i}) for i in range(2)]
    sliced = [
        Gain("accuracy", "b", "a", sure(0.1, 0.05), p=p, slice=s) for p, s in zip((0.01, 0.04), where, strict=True)
    ]
    found = judged([*pairs, *sliced], [metric], 0.95)
    assert [g.adjusted_p for g in found] == pytest.approx([0.03, 0.08, 0.5, 0.02, 0.04])
    assert [g.word for g in found] == ["better", "no difference shown", "no difference shown", "better", "better"]


def test_a_gain_can_be_seen_from_the_other_side():
    gain = Gain("f1", "b", "a", sure(-0.1, 0.05), word="worse", p=0.01)
    other = turned(gain)
    assert (other.model, other.against, other.word) == ("a", "b", "better")
    assert (other.estimate.low, other.estimate.high) == pytest.approx((0.05, 0.15))
    assert turned(other) == gain


def test_answers_of_two_that_cannot_be_told_apart():
    found = compare_models(columns(2), Roles(label="y"), data=models(2, 200, 0.0), metrics=["roc_auc"])
    answers = {a.question: a.answer for a in found.answers}
    assert answers["Which is better?"].startswith("It cannot be told")
    assert "Keep m0" in answers["What next?"]
