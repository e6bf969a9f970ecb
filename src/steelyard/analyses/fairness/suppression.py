"""Small cells: what may be published where a group is so small that a person could be made out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from itertools import combinations

from steelyard.analyses.fairness.telling import VERDICTS, listed_attributes
from steelyard.records import (
    ConfigError,
    Estimate,
    Fairness,
    GroupRate,
    ImpactRow,
    ImpactTable,
    Outcome,
    Parity,
    Slice,
    Undefined,
    Verdict,
)

SUPPRESSED = Undefined("suppressed: the group is too small to be published")
Sizes = dict[tuple[str, ...], dict[Slice, int]]


def suppressed(fairness: Fairness, min_cell: int) -> Fairness:
    """The audit without what tells of fewer than `min_cell` people, or lets it be worked out.

    Hidden are groups with fewer rows, with everything that is read of them and the number of their rows (0 is told
    instead); shares that rest on fewer people of one kind, though not on none; intersections inside a hidden group;
    and where one hidden group alone could be had as a total less the others, the smallest of those as well (greedily,
    until no total has one hidden part; data sets each by themselves). A largest gap between hidden groups keeps its
    verdict and loses its numbers.

    Local Law 144 asks for the number of people of small categories too: where both apply, a person has to decide.

    Raises:
        ConfigError: `min_cell` is negative.
    """
    if min_cell < 0:
        raise ConfigError(f"min_cell is a number of rows, so at least 0 (0 shows everything); got {min_cell}.")
    if min_cell <= 1:
        return replace(fairness, min_cell=min_cell)
    parities, impacts, hidden = [], [], 0
    told: list[Parity | ImpactTable] = [*fairness.parities, *fairness.impacts]
    for data in dict.fromkeys(one.data for one in told):
        sizes = _sizes(one for one in told if one.data == data)
        secret = hidden_groups(sizes, min_cell)
        hidden += len(secret)
        parities += [_parity(p, secret, min_cell) for p in fairness.parities if p.data == data]
        impacts += [_impact(t, secret, min_cell) for t in fairness.impacts if t.data == data]
    note = (
        f"{hidden} groups with fewer than {min_cell} rows, or from which such a group could be worked out, are "
        "suppressed, and so are shares that rest on fewer people than that."
    )
    return replace(
        fairness,
        parities=tuple(parities),
        impacts=tuple(impacts),
        notes=(*fairness.notes, note),
        min_cell=min_cell,
    )


def hidden_groups(sizes: Mapping[tuple[str, ...], Mapping[Slice, int]], min_cell: int) -> frozenset[Slice]:
    """The groups that must not be shown, of all attributes and intersections (by their columns)."""
    hidden: set[Slice] = set()
    for columns in sorted(sizes, key=len):
        groups = sizes[columns]
        hidden |= {where for where, rows in groups.items() if 0 < rows < min_cell}
        hidden |= {where for where in groups if any(_part(where, some) in hidden for some in _fewer(columns))}
        while more := _alone(columns, groups, hidden):
            hidden |= more
    return frozenset(hidden)


def _alone(columns: tuple[str, ...], groups: Mapping[Slice, int], hidden: set[Slice]) -> set[Slice]:
    """Groups to hide because one hidden group would else be what a published total lacks."""
    for some in ((), *_fewer(columns)):
        totals: dict[Slice, list[Slice]] = {}
        for where in groups:
            totals.setdefault(_part(where, some), []).append(where)
        for total, parts in totals.items():
            secret = [p for p in parts if p in hidden]
            shown = [p for p in parts if p not in hidden and groups[p] > 0]
            if total not in hidden and len(secret) == 1 and shown:
                return {min(shown, key=lambda p: (groups[p], p))}
    return set()


def _fewer(columns: tuple[str, ...]) -> Iterable[tuple[str, ...]]:
    """The attributes and intersections that an intersection is part of."""
    return [some for depth in range(1, len(columns)) for some in combinations(columns, depth)]


def _part(where: Slice, columns: tuple[str, ...]) -> Slice:
    return Slice(tuple(item for item in where.items if item[0] in columns))


def _sizes(told: Iterable[Parity | ImpactTable]) -> Sizes:
    sizes: Sizes = {}
    for one in told:
        groups = one.groups if isinstance(one, Parity) else one.rows
        of = sizes.setdefault(one.attribute, {})
        for group in groups:
            of[group.where] = max(of.get(group.where, 0), group.rows)
    return sizes


def _parity(parity: Parity, hidden: frozenset[Slice], min_cell: int) -> Parity:
    few = _few_of_a_kind(parity.groups, hidden, min_cell)
    base_hidden = parity.against in hidden or parity.against in few
    groups = tuple(_group(g, hidden, few, base_hidden) for g in parity.groups)
    if not set(parity.worst_pair) & (hidden | few):
        return replace(parity, groups=groups)
    verdict = VERDICTS[parity.verdict]
    by = listed_attributes(parity.attribute)
    return replace(
        parity,
        groups=groups,
        worst=SUPPRESSED,
        worst_pair=(Slice(), Slice()),
        p=None,
        by_chance=None,
        spread=None,
        rows_needed=None,
        sentence=f"{parity.criterion.capitalize()} by {by}: {verdict}. Its numbers are suppressed: a group is small.",
    )


def _few_of_a_kind(groups: Iterable[GroupRate], hidden: frozenset[Slice], min_cell: int) -> frozenset[Slice]:
    """Groups whose share tells of few people; where it is one, the group with the next fewest too."""
    counted = {
        g.where: min(g.outcome.value, 1 - g.outcome.value) * g.outcome.n
        for g in groups
        if g.where not in hidden and isinstance(g.outcome, Estimate) and g.outcome.method.startswith("wilson")
    }
    few = {where for where, people in counted.items() if 0.5 <= people < min_cell - 0.5}
    others = {where: people for where, people in counted.items() if where not in few}
    if len(few) == 1 and not hidden & {g.where for g in groups} and others:
        few.add(min(others, key=lambda where: (others[where], where)))
    return frozenset(few)


def _group(group: GroupRate, hidden: frozenset[Slice], few: frozenset[Slice], base_hidden: bool) -> GroupRate:
    if group.where not in hidden and group.where not in few:
        return replace(group, gap=_or_hidden(group.gap), ratio=_or_hidden(group.ratio)) if base_hidden else group
    return GroupRate(group.where, 0 if group.where in hidden else group.rows, SUPPRESSED)


def _or_hidden(outcome: Outcome | None) -> Outcome | None:
    return None if outcome is None else SUPPRESSED


def _impact(table: ImpactTable, hidden: frozenset[Slice], min_cell: int) -> ImpactTable:
    few = {
        row.where
        for row in table.rows
        if 0 < row.selected < min_cell or 0 < row.rows - row.selected < min_cell or row.where in hidden
    }
    if len(few) == 1 and len(table.rows) > 1:
        others = [row for row in table.rows if row.where not in few]
        few.add(min(others, key=lambda row: (row.rows, row.where)).where)
    favoured = table.favoured in few
    rows = tuple(_impact_row(row, row.where in few, row.where in hidden, favoured) for row in table.rows)

    def enough(count: int) -> int:
        return count if count >= min_cell else 0

    return replace(table, rows=rows, unknown=enough(table.unknown), without_outcome=enough(table.without_outcome))


def _impact_row(row: ImpactRow, few: bool, hidden: bool, favoured_hidden: bool) -> ImpactRow:
    if few:
        rows, share = (0, 0.0) if hidden else (row.rows, row.share)
        return ImpactRow(row.where, rows, share, 0.0, SUPPRESSED, SUPPRESSED, small=row.small)
    if favoured_hidden:
        return replace(
            row,
            ratio=SUPPRESSED,
            ratio_of_all=None,
            p=None,
            adjusted_p=None,
            shortfall=0.0,
            flips=False,
            verdict=Verdict.INCONCLUSIVE,
        )
    return row
