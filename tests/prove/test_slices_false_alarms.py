"""Where losses have nothing to do with features, segments are found no more often than is said."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from math import sqrt

import numpy as np
import polars as pl
import pytest

from steelyard.analyses import slices
from steelyard.analyses.slices.candidates import ALARMS
from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.plan import column_plans, features, types_of
from steelyard.evaluation.pose import bucket_by, pose
from steelyard.facts import measure
from steelyard.metrics.rows import informed, prepare_rows
from steelyard.records import Segment

SEEDS = 200
BINARY = Roles(label="y", prediction="d", task="binary")
NUMBERS = Roles(label="y", prediction="d", task="regression")
pytestmark = pytest.mark.prove


def found(frame: pl.DataFrame, roles: Roles, reference: pl.DataFrame | None = None) -> tuple[Segment, ...]:
    """What the search finds."""
    frames = {"current": frame} | ({} if reference is None else {"reference": reference})
    tables = {name: read(held) for name, held in frames.items()}
    peeks = {name: peek(table) for name, table in tables.items()}
    complete, _ = guess_roles(tables["current"], peeks["current"], roles)
    base = peeks.get("reference", peeks["current"])
    problem = pose(complete, peeks, tables)
    rows = {name: prepare_rows(table, complete, problem) for name, table in tables.items()}
    plans = column_plans(tables, base, complete)
    study = Study(
        problem=informed(problem, rows["current"]),
        roles=complete,
        metrics=(),
        bucket=bucket_by(complete),
        features=features(plans, base, tables),
        types={name: types_of(table) for name, table in tables.items()},
        looks=peeks,
    )
    facts = list(slices.facts(study))
    return slices.read(replace(study, profiles={name: measure(held, facts) for name, held in rows.items()})).segments


def associated(n: int, rng: np.random.Generator) -> pl.DataFrame:
    """Nine features, many of them nearly the same thing: a common cause, its bands, its noisy copies."""
    cause = rng.normal(0, 1, n)
    return pl.DataFrame(
        {
            "a": cause,
            "b": cause + rng.normal(0, 0.3, n),
            "c": cause**2 + rng.normal(0, 0.5, n),
            "band": np.array(list("wxyz"))[np.digitize(cause, [-1, 0, 1])],
            "flag": cause > 0.5,
            "site": rng.choice(list("ABCDEFGH"), n, p=[0.3, 0.2, 0.15, 0.1, 0.1, 0.05, 0.05, 0.05]),
            "grade": rng.integers(1, 6, n),
            "heavy": rng.standard_cauchy(n),
            "free": np.where(rng.random(n) < 0.1, np.nan, rng.exponential(1, n)),
        }
    )


def errors(n: int, rng: np.random.Generator, rate: float) -> pl.DataFrame:
    """Decisions that are wrong at one rate."""
    y = rng.integers(0, 2, n)
    return associated(n, rng).with_columns(y=y, d=np.where(rng.random(n) < rate, 1 - y, y))


def hold(make: Callable[[np.random.Generator], tuple[Segment, ...]]) -> None:
    """Data sets with any segment are no more than said, but for three standard errors of the simulation."""
    alarms = sum(bool(make(np.random.default_rng(seed))) for seed in range(SEEDS))
    print(f"{alarms} of {SEEDS} data sets with a false segment")
    assert alarms <= SEEDS * ALARMS + 3 * sqrt(SEEDS * ALARMS * (1 - ALARMS)), alarms


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.4, 0.9])
@pytest.mark.parametrize("n", [800, 5000])
def test_errors(n: int, rate: float) -> None:
    hold(lambda rng: found(errors(n, rng, rate), BINARY))


@pytest.mark.parametrize("law", ["lognormal", "cauchy", "few values"])
def test_amounts(law: str) -> None:
    def make(rng: np.random.Generator) -> tuple[Segment, ...]:
        n = 2000
        drawn = {
            "lognormal": rng.lognormal(0, 1.5, n),
            "cauchy": np.abs(rng.standard_cauchy(n)),
            "few values": rng.choice([0.0, 1.0, 5.0], n, p=[0.3, 0.65, 0.05]),
        }[law]
        return found(associated(n, rng).with_columns(y=np.zeros(n), d=drawn), NUMBERS)

    hold(make)


def test_weights() -> None:
    def make(rng: np.random.Generator) -> tuple[Segment, ...]:
        rows = errors(3000, rng, 0.15).with_columns(w=rng.lognormal(0, 1, 3000))
        return found(rows, BINARY.updated(weight="w"))

    hold(make)


@pytest.mark.parametrize("times", [2, 5])
def test_clusters(times: int) -> None:
    """Every row several times: the rows of a cluster are all alike."""

    def make(rng: np.random.Generator) -> tuple[Segment, ...]:
        rows = errors(1500, rng, 0.15).with_columns(user=pl.int_range(1500))
        return found(pl.concat([rows] * times), BINARY.updated(cluster="user"))

    hold(make)


def test_clusters_with_a_hardness_of_their_own() -> None:
    """Rows of a user share how hard they are, but not their features."""

    def make(rng: np.random.Generator) -> tuple[Segment, ...]:
        n, users = 4000, 200
        user = rng.integers(0, users, n)
        rate = rng.beta(1, 5, users)[user]
        y = rng.integers(0, 2, n)
        home = rng.choice(list("PQRS"), users)[user]
        rows = associated(n, rng).with_columns(
            user=pl.Series(user), home=pl.Series(home), y=y, d=np.where(rng.random(n) < rate, 1 - y, y)
        )
        return found(rows, BINARY.updated(cluster="user"))

    hold(make)


def test_two_data_sets_of_one_kind() -> None:
    hold(lambda rng: found(errors(3000, rng, 0.1), BINARY, errors(3000, rng, 0.1)))


def test_a_reference_with_other_errors_everywhere() -> None:
    hold(lambda rng: found(errors(3000, rng, 0.2), BINARY, errors(3000, rng, 0.05)))


def test_hard_rows_are_not_new() -> None:
    """What was as hard in the reference is found, but never as new."""

    def make(rng: np.random.Generator) -> tuple[Segment, ...]:
        studies = []
        for _ in range(2):
            rows = errors(4000, rng, 0.1)
            y, hard = rows["y"].to_numpy(), (rows["site"] == "A").to_numpy()
            studies.append(rows.with_columns(d=np.where(hard & (rng.random(4000) < 0.25), 1 - y, rows["d"])))
        current, reference = studies
        return tuple(s for s in found(current, BINARY, reference) if str(s.where) != "site = A")

    hold(make)
