"""Which columns hold the arm, the unit, the time and the metrics, where nobody said so."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from steelyard.analyses.experiment.settings import Settings
from steelyard.data import Guess, Kind, Peek, Table
from steelyard.data.guess_columns import Columns
from steelyard.data.names import CLUSTER, ID, TIME, folded
from steelyard.facts import names_in, quote
from steelyard.records import ColumnError, nearest

ARM = (
    *("arm", "variant", "variation", "treatment", "experiment_group", "test_group", "ab_group", "group", "cell"),
    *("treatment_group", "assignment", "experiment_arm", "experiment_variant", "variant_id", "bucket", "treated"),
    *("condition", "branch", "is_treatment", "in_treatment"),
)
UNIT = (
    *("unit", "unit_id", "user", "user_id", "customer", "customer_id", "visitor", "visitor_id", "account"),
    *("account_id", "device_id", "session_id", "subject", "subject_id", "patient_id", "member_id", "store_id"),
    *ID,
)
ASSIGNED = ("assigned_at", "assignment_time", "exposed_at", "first_seen", "enrolled_at", "joined_at", *TIME)
BEFORE = ("{}_pre", "pre_{}", "{}_before", "before_{}", "{}_covariate", "{}_cov", "{}_baseline", "baseline_{}")
"""What people call a metric of the time before the experiment."""
MOST_METRICS = 12


def guess_settings(given: Settings, main: Table, look: Peek, outcomes: Table | None) -> tuple[Settings, list[Guess]]:
    """Settings with the columns that were not said, as far as names tell them.

    Raises:
        ColumnError: a column is not there, or none looks like the arms, or outcomes have no unit to be joined by.
    """
    _require(given, main, outcomes)
    guesses: list[Guess] = []
    columns = Columns(main, look, _taken(given))
    made = given
    for role, wanted in (("arm", ARM), ("unit", UNIT), ("cluster", CLUSTER), ("time", ASSIGNED)):
        if getattr(made, role) is not None:
            continue
        found = _named(columns, role, wanted, main, outcomes)
        if found is not None:
            columns.use(found)
            made = replace(made, **{role: found})  # type: ignore[arg-type]
            guesses.append(Guess(role, found, "from its name" if role != "time" else "from its name or type"))
    if made.arm is None:
        raise ColumnError(
            f"It is not clear which column of {main.description} holds the arms. Name it: arm=…, or --arm. "
            f"{nearest('arm', main.columns)}"
        )
    if outcomes is not None:
        made = _with_outcomes(made, outcomes, guesses)
    if not made.slices:
        slices = columns.slices()
        if slices:
            made = replace(made, slices=slices)
            guesses.append(Guess("slices", slices, "from their names"))
    return made, guesses


def guess_metrics(given: Settings, main: Table, outcomes: Table | None) -> tuple[tuple[str, ...], Guess]:
    """Numbers and flags without another role, covariates left out.

    Raises:
        ColumnError: there is none.
    """
    source = main if outcomes is None else outcomes
    taken = _taken(given)
    free = [c for c, kind in source.kinds.items() if kind in (Kind.NUMBER, Kind.BOOLEAN) and c not in taken]
    befores = {before for column in free for before in _befores(column, source.columns)}
    found = tuple(quote(column) for column in free if column not in befores)[:MOST_METRICS]
    if not found:
        raise ColumnError(
            f"No column of {source.description} looks like a metric: none is a number or true/false without another "
            "role. Name one: metrics=[…], or --metric."
        )
    return found, Guess("metric", found, "because they are numbers")


def covariate_of(parts: Sequence[str], columns: Iterable[str]) -> tuple[str, ...]:
    """The columns of the time before the experiment that belong to a metric, one for each of its parts; else ()."""
    there = list(columns)
    found = [
        _befores(names[0], there) for part in parts if len(names := names_in(part)) == 1 and part == quote(names[0])
    ]
    if len(found) < len(parts) or not all(found):
        return ()
    return tuple(quote(before[0]) for before in found)


def _befores(column: str, columns: Iterable[str]) -> list[str]:
    by_name = {folded(c): c for c in columns}
    wanted = (folded(form.format(column)) for form in BEFORE)
    return [by_name[name] for name in wanted if name in by_name and by_name[name] != column]


def _named(columns: Columns, role: str, wanted: Sequence[str], main: Table, outcomes: Table | None) -> str | None:
    if role == "time":
        return columns.named(wanted, (Kind.TIME,)) or columns.only_time()
    found = columns.named(wanted)
    if role == "unit" and outcomes is not None and (found is None or found not in outcomes.kinds):
        shared = [c for c in columns.free() if c in outcomes.kinds and main.kinds[c] in (Kind.NUMBER, Kind.TEXT)]
        return shared[0] if len(shared) == 1 else None
    return found


def _with_outcomes(given: Settings, outcomes: Table, guesses: list[Guess]) -> Settings:
    if given.unit is None:
        raise ColumnError(
            f"It is not said which column joins the outcomes of {outcomes.description} to their units. Name the "
            "unit: "
            "unit=…, or --unit."
        )
    times = [c for c, kind in outcomes.kinds.items() if kind is Kind.TIME]
    if given.outcome_time is None and len(times) == 1:
        guesses.append(Guess("outcome-time", times[0], "because it is the only time"))
        return replace(given, outcome_time=times[0])
    return given


def _require(given: Settings, main: Table, outcomes: Table | None) -> None:
    for role, column in _columns(given):
        if column not in main.kinds:
            raise ColumnError(
                f"{main.description} has no column {column!r}, which was given as {role}. "
                f"{nearest(column, main.columns)}"
            )
    joined = {} if outcomes is None else {"unit": given.unit, "outcome_time": given.outcome_time}
    for role, name in joined.items():
        if outcomes is not None and name is not None and name not in outcomes.kinds:
            raise ColumnError(
                f"{outcomes.description} has no column {name!r}, which was given as {role}. "
                f"{nearest(name, outcomes.columns)}"
            )
    if given.weight is not None and main.kinds[given.weight] is not Kind.NUMBER:
        raise ColumnError(f"The weight {given.weight!r} is {main.kinds[given.weight]}; weights are numbers.")


def _columns(given: Settings) -> Iterator[tuple[str, str]]:
    named: Mapping[str, str | None] = {
        role: getattr(given, role) for role in ("arm", "unit", "time", "cluster", "weight", "exposed")
    }
    yield from ((role, column) for role, column in named.items() if column is not None)
    for item in given.slices:
        yield from (("slice", column) for column in ((item,) if isinstance(item, str) else item))
    yield from (("another experiment", column) for column in given.others)


def _taken(given: Settings) -> set[str]:
    return {column for _, column in _columns(given)} | ({given.outcome_time} if given.outcome_time else set())
