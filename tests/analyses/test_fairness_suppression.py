"""Small cells: what is hidden, and that it cannot be worked out."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest

import steelyard as sy
from steelyard.analyses.fairness import suppressed
from steelyard.analyses.fairness.suppression import hidden_groups
from steelyard.records import ConfigError, Estimate, Fairness, Slice, Undefined


def sizes(counts: np.ndarray) -> dict[tuple[str, ...], dict[Slice, int]]:
    """Sizes of the groups of two attributes and of their intersection."""
    rows, columns = counts.shape
    both = {Slice.of({"a": i, "b": j}): int(counts[i, j]) for i, j in product(range(rows), range(columns))}
    return {
        ("a",): {Slice.of({"a": i}): int(counts[i].sum()) for i in range(rows)},
        ("b",): {Slice.of({"b": j}): int(counts[:, j].sum()) for j in range(columns)},
        ("a", "b"): both,
    }


@pytest.mark.parametrize("seed", range(8))
def test_no_total_has_one_hidden_part(seed):
    rng = np.random.default_rng(seed)
    known = sizes(rng.poisson(rng.choice([4, 15, 40], (5, 4))))
    hidden = hidden_groups(known, 11)
    for groups in known.values():
        for where, rows in groups.items():
            assert where in hidden or rows == 0 or rows >= 11
    for columns, groups in known.items():
        for some in [(), *((c,) for c in columns if len(columns) > 1)]:
            totals: dict[Slice, list[Slice]] = {}
            for where in groups:
                totals.setdefault(Slice(tuple(i for i in where.items if i[0] in some)), []).append(where)
            for total, parts in totals.items():
                lost = [p for p in parts if p in hidden]
                shown = [p for p in parts if p not in hidden and groups[p] > 0]
                assert total in hidden or len(lost) != 1 or not shown


def test_next_smallest_goes_too():
    known = {("a",): {Slice.of({"a": n}): n for n in (5, 20, 30, 500)}}
    assert hidden_groups(known, 11) == {Slice.of({"a": 5}), Slice.of({"a": 20})}
    assert hidden_groups(known, 5) == frozenset()


def test_parts_of_a_hidden_group_are_hidden():
    known = sizes(np.array([[6, 6, 2], [50, 40, 60], [30, 30, 30], [40, 40, 40]]))
    hidden = hidden_groups(known, 20)
    assert Slice.of({"a": 0}) in hidden
    assert {Slice.of({"a": 0, "b": j}) for j in range(3)} <= hidden


@pytest.fixture(scope="module")
def found() -> Fairness:
    rng = np.random.default_rng(0)
    n = 1500
    race = rng.choice(["a", "b", "c", "d"], n, p=[0.7, 0.2, 0.096, 0.004])
    y = rng.integers(0, 2, n)
    frame = pl.DataFrame(
        {"y": y, "d": np.where(rng.random(n) < 0.8, y, 1 - y), "race": race, "sex": rng.choice(["f", "m"], n)}
    )
    roles = sy.Roles(label="y", prediction="d", task="binary", sensitive=("race", "sex"), features=())
    evaluation = sy.evaluate(frame, roles, columns=False, metrics=["accuracy"])
    assert evaluation.fairness is not None
    return evaluation.fairness


def test_small_groups_say_nothing(found):
    told = suppressed(found, 11)
    hidden = Slice.of({"race": "d"})
    for parity in told.of():
        for group in parity.groups:
            if dict(group.where.items).get("race") == "d":
                assert group.rows == 0
                assert isinstance(group.outcome, Undefined)
                assert group.gap is None
                assert group.shrunken is None
        if hidden in found.parity(parity.measure, parity.attribute).worst_pair:
            assert isinstance(parity.worst, Undefined)
            assert parity.p is None
            assert not any(c.isdigit() for c in parity.sentence)
    assert told.min_cell == 11
    assert any("suppressed" in note for note in told.notes)
    for table in told.impacts:
        for row in table.rows:
            if dict(row.where.items).get("race") == "d":
                assert (row.rows, row.selected, row.share, row.shortfall) == (0, 0, 0, 0)


def test_verdicts_stay(found):
    for before, after in zip(found.parities, suppressed(found, 11).parities, strict=True):
        assert (before.measure, before.attribute, before.verdict) == (after.measure, after.attribute, after.verdict)


def test_shares_of_few_people_are_hidden_too():
    rows = [("x", 1, 1)] * 100 + [("x", 0, 0)] * 100 + [("y", 1, 1)] * 3 + [("y", 0, 0)] * 197 + [("z", 1, 1)] * 60
    rows += [("z", 0, 0)] * 140
    frame = pl.DataFrame(rows, schema=["g", "y", "d"], orient="row")
    roles = sy.Roles(label="y", prediction="d", task="binary", sensitive="g", features=())
    evaluation = sy.evaluate(frame, roles, columns=False, metrics=["accuracy"])
    told = suppressed(evaluation.fairness, 10)
    rates = {g.where.as_dict()["g"]: g for g in told.parity("selection_rate", "g").groups}
    assert isinstance(rates["y"].outcome, Undefined)
    assert rates["y"].rows == 200
    assert isinstance(rates["z"].outcome, Undefined)  # or the three could be had from the total
    assert isinstance(rates["x"].outcome, Estimate)


def test_nothing_asked_nothing_hidden(found):
    assert suppressed(found, 0) == found
    with pytest.raises(ConfigError, match="min_cell"):
        suppressed(found, -1)


def test_parts_of_a_group_that_is_hidden_for_another_are_hidden():
    """20 is hidden because of 5; its parts would add up to it."""
    known = sizes(np.array([[3, 2], [3, 22], [300, 15], [250, 250]]))
    hidden = hidden_groups(known, 11)
    assert Slice.of({"a": 1}) in hidden
    assert {Slice.of({"a": 1, "b": 0}), Slice.of({"a": 1, "b": 1})} <= hidden
