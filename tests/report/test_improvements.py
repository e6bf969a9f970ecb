"""The page of proposals: what a reader takes along, the trade-off drawn, the policy as it is used; in every face."""

from __future__ import annotations

import json
from typing import Any

import altair as alt
import pytest

from steelyard.evaluation.improvement import Improvement
from steelyard.improve.policy import Policy
from steelyard.records import Effect, Estimate, Move, Proposal, Slice, Step, Undefined
from steelyard.report.figures.figure import Figure
from steelyard.report.figures.frontier import frontier
from steelyard.report.improvements import compact, document
from steelyard.report.section import Code, Grid, Words

WOMEN = Slice.of({"sex": "F <b>"})
POLICY = {
    "kind": "group_thresholds",
    "by": [{"column": "sex"}],
    "groups": [
        {"group": {"sex": "F <b>"}, "thresholds": [{"from": 0.4, "chance": 0.5}, {"from": 0.5, "chance": 0.5}]}
    ],
    "otherwise": [{"from": 0.5, "chance": 1.0}],
    "score": "p",
}


def at(value: float, half: float = 0.01) -> Estimate:
    return Estimate(value, value - half, value + half, 0.95, 1000, "wilson")


def step(gap: float, quality: float) -> Step:
    return Step(gap, at(quality), at(gap), POLICY)


def proposal(**changes: Any) -> Proposal:
    given: dict[str, Any] = {
        "id": "fairness:equalized_odds:sex:thresholds",
        "kind": "fairness",
        "title": "Equalised odds by sex: thresholds mixed by chance",
        "sentence": "Decide positively from 0.4. The gap falls.",
        "detail": "Learned on four fifths.",
        "effects": (
            Effect("gap:equalized_odds", at(0.2), at(0.03), at(-0.17)),
            Effect("accuracy", at(0.82), at(0.8), at(-0.02)),
            Effect("recall", at(0.82), Undefined("there are no positive rows"), Undefined("none"), WOMEN),
        ),
        "frontier": (step(0.03, 0.8), step(0.1, 0.81), Step(0.2, at(0.82), Undefined("one group"), {})),
        "chosen": 0,
        "policy": POLICY,
        "verified": True,
        "cautions": ("Deciding by group may be restricted.",),
        "deployed": step(0.2, 0.82),
        "quality": "accuracy",
        "gap": "equalised odds",
        "moves": (Move(Slice(), 1000, at(0.1), at(0.02)), Move(WOMEN, 400, at(0.2), Undefined("too few"))),
    }
    return Proposal(**{**given, **changes})


def result(*proposals: Proposal) -> Improvement:
    return Improvement("data.parquet", "binary", 1000, proposals, created="2026-01-02T03:04:05+00:00", notes=("N.",))


NOTHING = proposal(
    id="n", sentence="Nothing is proposed: it is small.", policy={}, verified=False, chosen=None, cautions=()
)


def test_the_first_screen_sums_up_what_is_certain() -> None:
    found = document(result(proposal(), proposal(id="b"), NOTHING))
    assert found.badge.word == "2 proposals"
    assert found.answer == "Decide positively from 0.4. The gap falls. 1 more below."
    assert len(found.answers) == 2
    assert found.answers[0].answer == "Gap in equalised odds 0.200 → 0.030; Accuracy 0.820 → 0.800"
    assert [s.id for s in found.sections] == ["proposal-1", "proposal-2", "proposal-3"]
    assert [s.brief for s in found.sections] == [True, False, False]


def test_a_summary_is_of_all_rows() -> None:
    effects = (proposal().effects[0], Effect("recall", at(0.1), at(0.2), at(0.1), WOMEN))
    assert document(result(proposal(effects=effects))).answers[0].answer == "Gap in equalised odds 0.200 → 0.030"


def test_nothing_proposed_is_said_first() -> None:
    found = document(result(NOTHING))
    assert found.badge.word == "Nothing proposed"
    assert found.answer.startswith("Nothing is proposed")
    assert document(result()).answer == "Nothing could be looked for. N."


def test_a_section_has_effects_trade_off_moves_cautions_and_policy() -> None:
    blocks = document(result(proposal())).sections[0].blocks
    titles = [b.title for b in blocks if isinstance(b, Grid | Figure | Code)]
    assert titles == [
        "All rows, before and after",
        "Accuracy against the gap in equalised odds",
        "Who gains and who loses",
        "Recall by group",
        "policy.json",
        "How it is applied",
    ]
    assert any(isinstance(b, Words) and b.listed for b in blocks)
    code = [b.text for b in blocks if isinstance(b, Code)]
    assert Policy.from_dict(json.loads(code[0])).random
    assert "policy.apply(rows['p'], rows['sex'], ids=rows[\"id\"])" in code[1]


def test_the_policy_is_written_with_a_line_for_each_group() -> None:
    assert json.loads(compact(POLICY)) == POLICY
    assert len(compact(POLICY).splitlines()) == len(POLICY) + 4


def test_the_trade_off_is_drawn_with_intervals_both_ways() -> None:
    found = frontier(proposal(), "Accuracy", True)
    points = found.spec["data"]["values"]
    assert [p["kind"] for p in points] == ["as it is", "proposed", "tried"]
    assert points[1]["gap_low"] == pytest.approx(0.02)
    assert points[1]["quality_high"] == pytest.approx(0.81)
    alt.Chart.from_dict({**found.spec, "width": 300}, validate=True)
    assert len(found.table.rows) == 4
    assert found.table.rows[1][2] == "3.00\u00a0% (2.00 to 4.00)"
    assert "nothing is proposed" in frontier(proposal(chosen=None), "Value", False).caption


def test_a_trade_off_without_numbers_is_a_table_only() -> None:
    steps = (Step(0.1, Undefined("no rows"), Undefined("no rows"), {}),)
    found = frontier(proposal(frontier=steps, deployed=None, chosen=None), "Accuracy", True)
    assert found.spec == {}
    assert found.table.rows == (("tried", "10\u00a0%", "no rows", "no rows"),)


@pytest.mark.parametrize("one", [proposal(), NOTHING, proposal(effects=(), frontier=(), moves=())])
def test_every_face_shows_it(one: Proposal) -> None:
    found = result(one)
    page = found.to_html()
    assert "F <b>" not in page
    assert one.sentence.split(".")[0] in page
    assert one.sentence.split(".")[0] in found.to_markdown()
    assert " ".join(one.sentence.split()) in " ".join(str(found).split())
    assert json.loads(found.to_json())["proposals"][0]["id"] == one.id
