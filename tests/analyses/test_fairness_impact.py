"""Adverse impact: the tables of Local Law 144 and the four-fifths rule."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.records import Estimate, ImpactTable, Slice, Undefined, Verdict

GOLDEN = {
    "sex": {"Male": (50, 92, 1.00), "Female": (34, 76, 0.82)},
    "race": {
        "Hispanic": (18, 28, 1.00),
        "White": (15, 40, 0.58),
        "Black": (16, 32, 0.78),
        "NHPI": (5, 8, 0.97),
        "Asian": (10, 24, 0.65),
    },
}
"""The example of the final rule (6 RCNY § 5-301), selected of assessed and impact ratio."""


def rows(groups: dict[str, tuple[int, int]], column: str = "g") -> pl.DataFrame:
    """One row a person: d says whether selected."""
    made = [
        {"d": int(i < selected), "y": i % 2, column: name} for name, (selected, n) in groups.items() for i in range(n)
    ]
    return pl.DataFrame(made)


def tables(frame: pl.DataFrame, **roles) -> dict[tuple[str, tuple[str, ...]], ImpactTable]:
    given = {"label": "y", "prediction": "d", "task": "binary", "sensitive": "g", "features": ()} | roles
    evaluation = sy.evaluate(frame, sy.Roles(**given), columns=False, metrics=["selection_rate"])
    assert evaluation.fairness is not None, [f.detail for f in evaluation.findings]
    return {(t.measure, t.attribute): t for t in evaluation.fairness.impacts}


@pytest.mark.parametrize("kind", sorted(GOLDEN))
def test_golden_selection_rates(kind):
    expected = GOLDEN[kind]
    table = tables(rows({name: told[:2] for name, told in expected.items()}))["selection_rate", ("g",)]
    for row in table.rows:
        selected, n, ratio = expected[row.where.as_dict()["g"]]
        assert (row.selected, row.rows) == (selected, n)
        assert row.rate.value == pytest.approx(selected / n)
        assert row.ratio.value == pytest.approx(ratio, abs=0.005)
        assert row.share == pytest.approx(n / sum(told[1] for told in expected.values()))


@pytest.mark.parametrize("kind", sorted(GOLDEN))
def test_golden_scoring_rates(kind):
    """The rule's example is of scores: as many score above the median of all as were selected there.

    Ranks are built so that the stated number of each group lies above the median of all.
    """
    expected = GOLDEN[kind]
    total, above = sum(told[1] for told in expected.values()), sum(told[0] for told in expected.values())
    made = []
    for name, (selected, n, _) in expected.items():
        made += [{"p": 0.9 if i < selected else 0.1, "g": name} for i in range(n)]
    # People of no group bring the median between the two scores.
    made += [{"p": 0.1 if 2 * above > total else 0.9, "g": None}] * abs(2 * above - total)
    frame = pl.DataFrame(made).with_columns(y=pl.int_range(pl.len()) % 2)
    table = tables(frame, prediction=None, score="p", threshold=0.5)["scoring_rate", ("g",)]
    assert table.median == pytest.approx(0.5)
    assert table.unknown == abs(2 * above - total)
    for row in table.rows:
        selected, n, ratio = expected[row.where.as_dict()["g"]]
        assert (row.selected, row.rows) == (selected, n)
        assert row.ratio.value == pytest.approx(ratio, abs=0.005)


def test_interval_and_test_of_the_golden_example():
    """A ratio of 0.82 alone misleads: its interval holds four fifths and equality."""
    table = tables(rows({name: told[:2] for name, told in GOLDEN["sex"].items()}))["selection_rate", ("g",)]
    worst = table.worst
    assert (worst.ratio.value, worst.ratio.low, worst.ratio.high) == pytest.approx((0.823, 0.60, 1.12), abs=0.01)
    assert worst.p == pytest.approx(0.28, abs=0.01)
    assert worst.verdict is Verdict.INCONCLUSIVE
    assert worst.shortfall == 0


def test_intersections_of_two():
    rng = np.random.default_rng(0)
    frame = pl.DataFrame(
        {
            "y": rng.integers(0, 2, 900),
            "d": rng.integers(0, 2, 900),
            "sex": rng.choice(["f", "m"], 900),
            "race": rng.choice(["a", "b", "c"], 900),
        }
    )
    found = tables(frame, sensitive=("sex", "race"))
    table = found["selection_rate", ("sex", "race")]
    assert len(table.rows) == 6
    best = max(frame.group_by("sex", "race").agg(pl.col("d").mean())["d"])
    for row in table.rows:
        part = frame.filter(**row.where.as_dict())
        assert row.rate.value == pytest.approx(part["d"].mean())
        assert row.ratio.value == pytest.approx(part["d"].mean() / best)


def test_small_category_is_no_benchmark_and_both_ratios_are_told():
    found = tables(rows({"A": (500, 1000), "B": (400, 1000), "C": (9, 10)}))["selection_rate", ("g",)]
    told = {row.where.as_dict()["g"]: row for row in found.rows}
    assert found.favoured == Slice.of({"g": "A"})
    assert told["C"].small
    assert not told["B"].small
    assert told["B"].ratio.value == pytest.approx(0.8)
    assert told["B"].ratio_of_all == pytest.approx(0.4 / 0.9)
    assert told["C"].p is None
    assert found.worst.where == Slice.of({"g": "B"})


def test_unknown_and_undecided_are_counted_not_used():
    frame = rows({"A": (5, 10), "B": (4, 10)}).with_columns(
        g=pl.when(pl.int_range(pl.len()) > 1).then(pl.col("g")),
        d=pl.when(pl.int_range(pl.len()) < 19).then(pl.col("d")),
    )
    table = tables(frame)["selection_rate", ("g",)]
    assert table.unknown == 2
    assert table.without_outcome == 1
    assert sum(row.rows for row in table.rows) == 17


def test_ties_at_the_median_leave_no_ratio():
    """Sixty of a hundred at the top score: nobody is above the median."""
    frame = pl.DataFrame({"p": [0.9] * 60 + [0.1] * 40, "y": [0, 1] * 50, "g": ["a", "b"] * 50})
    table = tables(frame, prediction=None, score="p")["scoring_rate", ("g",)]
    assert table.median == 0.9
    assert all(row.selected == 0 for row in table.rows)
    assert all(isinstance(row.ratio, Undefined) for row in table.rows)
    assert table.worst is None


def test_median_lies_between_scores_or_at_one():
    even = pl.DataFrame({"p": [0.1, 0.2, 0.4, 0.5], "y": [0, 1, 0, 1], "g": list("aabb")})
    odd = pl.concat([even, pl.DataFrame({"p": [0.9], "y": [0], "g": ["a"]})])
    for frame in (even, odd):
        table = tables(frame, prediction=None, score="p")["scoring_rate", ("g",)]
        assert table.median == pytest.approx(frame["p"].median())
        above = frame.filter(pl.col("p") > frame["p"].median())
        for row in table.rows:
            assert row.selected == above.filter(**row.where.as_dict()).height


def test_binned_scores_tell_how_far_they_may_be_off():
    rng = np.random.default_rng(0)
    n = 60_000
    group = rng.choice(["a", "b"], n)
    score = 1 / (1 + np.exp(-rng.normal(np.where(group == "a", 0.3, 0.0), 1.0)))
    frame = pl.DataFrame({"p": score, "y": rng.integers(0, 2, n), "g": group})
    table = tables(frame, prediction=None, score="p")["scoring_rate", ("g",)]
    median = frame["p"].median()
    assert table.median == pytest.approx(median, abs=0.01)
    for row in table.rows:
        exact = (frame.filter(**row.where.as_dict())["p"] > median).mean()
        assert 0 < row.rate.discretisation < 0.03
        assert abs(row.rate.value - exact) <= row.rate.discretisation


def test_missing_scores_are_counted():
    frame = pl.DataFrame({"p": [0.1, None, 0.4, 0.5], "y": [0, 1, 0, 1], "g": list("aabb")})
    table = tables(frame, prediction=None, score="p")["scoring_rate", ("g",)]
    assert table.without_outcome == 1


def test_shortfall_and_flips():
    table = tables(rows({"A": (50, 100), "B": (39, 100), "C": (20, 100)}))["selection_rate", ("g",)]
    told = {row.where.as_dict()["g"]: row for row in table.rows}
    assert told["B"].shortfall == pytest.approx(1)
    assert told["B"].flips
    assert told["C"].shortfall == pytest.approx(20)
    assert not told["C"].flips
    assert told["C"].verdict is Verdict.FAIL
    assert told["A"].shortfall == 0


def test_nobody_selected():
    table = tables(rows({"A": (0, 10), "B": (0, 12)}))["selection_rate", ("g",)]
    assert all(isinstance(row.ratio, Undefined) for row in table.rows)
    assert all(row.verdict is not Verdict.FAIL for row in table.rows)


def test_none_of_one_group_gets_a_score_interval():
    table = tables(rows({"A": (30, 60), "B": (0, 60)}))["selection_rate", ("g",)]
    assert table.worst.ratio.method == "koopman score"
    assert table.worst.ratio.low == 0.0
    assert table.worst.verdict is Verdict.FAIL


def test_weights_take_the_score_test():
    frame = rows({"A": (50, 100), "B": (30, 100)}).with_columns(w=pl.Series(np.linspace(0.5, 1.5, 200)))
    table = tables(frame, weight="w")["selection_rate", ("g",)]
    assert 0 < table.worst.p < 1
    assert isinstance(table.worst.ratio, Estimate)
    assert table.worst.rate.value != 0.3
