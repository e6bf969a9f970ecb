"""Several models of the same rows in one table: each has its row columns under names of its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import reduce

from steelyard.analyses.paired.renaming import renamed
from steelyard.data import Roles, Table
from steelyard.data.border import kind_of
from steelyard.facts import CutGrid, Fact
from steelyard.metrics import Problem
from steelyard.metrics.rows import informed, prepare_rows


@dataclass(frozen=True)
class Entrant:
    """A model that is compared.

    Attributes:
        name: what its user calls it.
        roles: what its columns mean.
        problem: its task, classes and grids.
        columns: its row columns, and what each is called in the joint table.
        cuts: coarse bins of its score, in which two models' scores are counted jointly.
        scale: centre and scale of its score, so that sums of squares keep their digits.
    """

    name: str
    roles: Roles
    problem: Problem
    columns: Mapping[str, str] = field(default_factory=dict)
    cuts: CutGrid = field(default_factory=lambda: CutGrid(()))
    scale: tuple[float, float] = (0.0, 1.0)

    def asks(self, fact: Fact) -> Fact:
        """A fact about this model as one of the joint table."""
        return renamed(fact, self.columns)


def side_by_side(table: Table, entrants: Sequence[Entrant]) -> tuple[Table, tuple[Entrant, ...]]:
    """The table with the row columns of every model, and the models knowing theirs.

    Of rankings the table is that of the queries.

    Raises:
        ConfigError: a role that the task cannot do without is not given.
    """
    collapsed = entrants[0].problem.task == "ranking"
    joint, found, parts = table, [], []
    for place, entrant in enumerate(entrants):
        rows = prepare_rows(table if collapsed else replace(table, frame=joint.frame), entrant.roles, entrant.problem)
        made = [c for c in rows.columns if c not in joint.kinds or (collapsed and c.startswith("sy_"))]
        names = {c: f"sy_m{place}_{c}" for c in made}
        found.append(replace(entrant, columns=names, problem=informed(entrant.problem, rows)))
        frame = rows.frame.rename(names)
        if collapsed:
            parts.append(frame if not place else frame.select(str(entrant.roles.query), *names.values()))
        else:
            joint = replace(joint, frame=frame, kinds={**joint.kinds, **{names[c]: rows.kinds[c] for c in made}})
    if collapsed:
        query = entrants[0].roles.query
        frame = reduce(lambda a, b: a.join(b, on=query, how="inner"), parts)
        kinds = {name: kind_of(dtype) for name, dtype in frame.collect_schema().items()}
        joint = replace(table, frame=frame, kinds=kinds, rows=None)
    return joint, tuple(found)
