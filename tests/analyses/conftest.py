"""Rows with faults that are known, and the study of them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import polars as pl
import pytest

from steelyard.analyses.study import Study
from steelyard.data import Roles, guess_roles, peek, read
from steelyard.evaluation.measuring import Request, Sources, study_of

BINARY = Roles(label="y", score="p", task="binary", slices=["site", "sex"])


@pytest.fixture
def binary_roles() -> Roles:
    return BINARY


@pytest.fixture
def binary_rows() -> Callable[..., pl.DataFrame]:
    """Calibrated scores: n rows, sharpness of the score (1 is calibrated), mean logit."""

    def make(n: int, seed: int, sharpness: float = 1.0, mean: float = -1.2) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        logit = rng.normal(mean, 1.5, n)
        return pl.DataFrame(
            {
                "y": (rng.random(n) < 1 / (1 + np.exp(-logit))).astype(int),
                "p": 1 / (1 + np.exp(-sharpness * logit)),
                "site": rng.choice(list("ABCDEFGH"), n),
                "sex": rng.choice(["F", "M"], n),
                "age": rng.choice(["young", "middle", "old", "oldest"], n, p=[0.5, 0.3, 0.15, 0.05]),
                "user": rng.integers(0, max(n // 5, 1), n),
                "w": rng.integers(1, 4, n).astype(float),
            }
        )

    return make


@pytest.fixture
def regression_rows() -> Callable[..., pl.DataFrame]:
    """An unbiased prediction with Student's t errors and right quantiles."""

    def make(n: int, seed: int) -> pl.DataFrame:
        rng = np.random.default_rng(seed)
        truth = 3 * rng.gamma(2, 2, n)
        return pl.DataFrame(
            {
                "y": truth + rng.standard_t(5, n),
                "pred": truth,
                "low": truth - 1.475884,
                "high": truth + 1.475884,
                "site": rng.choice(list("ABCDEFGH"), n),
                "step": rng.integers(1, 5, n),
            }
        )

    return make


@pytest.fixture
def study_from() -> Callable[..., Study]:
    """The study of a frame, without the rest of an evaluation."""

    def make(frame: pl.DataFrame, roles: Roles, reference: pl.DataFrame | None = None, **request: Any) -> Study:
        tables = {"current": read(frame)} | ({} if reference is None else {"reference": read(reference)})
        sources = Sources(tables, {name: peek(table) for name, table in tables.items()})
        complete, _ = guess_roles(tables["current"], sources.peeks["current"], roles)
        study, _, _ = study_of(sources, Request(roles=complete, columns=False, **request))
        return study

    return make
