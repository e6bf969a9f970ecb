"""Random splits of real, clean data: findings against the reference come no more often than they say.

Every family of tests is held to a false discovery rate of 1 %, and a fault must also touch enough rows to be told, so
that in all no more than one pair in twenty may raise anything above information that the reference has a part in.
"""

from __future__ import annotations

from collections import Counter
from math import sqrt

import polars as pl
import pytest

from steelyard import datasets
from steelyard.analyses import diagnosis
from steelyard.analyses import quality as analysis
from steelyard.analyses.findings import quality
from steelyard.analyses.findings.quality_columns import changed_values
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of
from steelyard.evaluation.plan import types_of
from steelyard.records import Severity

SEEDS = 200
PROMISED = 0.05
ROLES = Roles(label="employed", score="probability", task="binary", slices=["sex", "race", "age_group"], id="id")
QUESTIONS = (changed_values, quality.written_values, quality.repeated_rows, quality.leakage, quality.doubted)
OF_ONE_DATA_SET = ("quality-missing-tells", "quality-missing-where", "quality-slips", "quality-stand-in")


@pytest.mark.prove
@pytest.mark.parametrize("rows", [500, 4_000])
def test_random_splits(rows: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(diagnosis, "ANALYSES", (("quality", analysis),))
    everyone = pl.read_parquet(datasets.path("acs_employment/reference.parquet"))
    alarms: Counter[str] = Counter()
    alarmed = 0
    for seed in range(SEEDS):
        sample = everyone.sample(2 * rows, shuffle=True, seed=seed)
        found = told(sample.head(rows), sample.tail(rows))
        alarms.update(found)
        alarmed += bool(found)
    assert alarmed <= SEEDS * PROMISED + 3 * sqrt(SEEDS * PROMISED * (1 - PROMISED)), alarms


def told(current: pl.DataFrame, reference: pl.DataFrame) -> list[str]:
    tables = {"current": read(current), "reference": read(reference)}
    sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
    roles, _ = guess_roles(tables["current"], sources.peeks["current"], ROLES)
    types = {name: types_of(table) for name, table in tables.items()}
    study = study_of(sources, Request(roles=roles, only=[], types=types))[0]
    found = [f for question in QUESTIONS for f in question(study)]
    return [f.id for f in found if f.severity is not Severity.INFO and f.kind not in OF_ONE_DATA_SET]
