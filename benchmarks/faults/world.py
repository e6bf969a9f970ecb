"""The world that faults are planted in: real people (US Census, ACS), a real model, reference and current at random.

A gradient boosting model learns who has work from half of the 2015 rows that come with the package. Reference and
current are two random halves of the others, so that without a fault nothing differs but chance. Two columns are made:
`day`, spread evenly over sixty days, and `commute_minutes`, which the model is given and cannot use.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import polars as pl
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from steelyard import Roles, datasets

NUMBERS = ("age", "commute_minutes")
CATEGORIES = ("sex", "race", "education", "marital_status", "citizenship", "disability", "military")
FEATURES = (*NUMBERS, *CATEGORIES)
ROLES = Roles(
    label="employed",
    prediction="prediction",
    score="probability",
    slices=("sex", "age_group"),
    id="id",
    time="day",
)
START = dt.date(2026, 1, 5)
DAYS = 60


@dataclass(frozen=True)
class Pair:
    """A reference and a current data set, before the model has answered."""

    reference: pl.DataFrame
    current: pl.DataFrame


@cache
def people() -> pl.DataFrame:
    """Everyone of 2015, with the two made columns."""
    frame = pl.read_parquet(datasets.path("acs_employment/reference.parquet"))
    rng = np.random.default_rng(2015)
    days = rng.integers(0, DAYS, frame.height)
    return frame.drop("prediction", "probability", "year").with_columns(
        pl.Series("day", [START + dt.timedelta(days=int(d)) for d in days]),
        pl.Series("commute_minutes", np.round(rng.lognormal(3.1, 0.6, frame.height), 1)),
        pl.col("age").cast(pl.Int64),
        pl.col("employed").cast(pl.Int64),
    )


@cache
def model() -> Any:
    """A model that has learnt from half of the people, and takes values it never saw as missing."""
    learnt = people().filter(pl.col("id") % 2 == 0)
    encoder = make_column_transformer(
        (
            OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan),
            list(range(len(NUMBERS), len(FEATURES))),
        ),
        remainder="passthrough",
    )
    made = make_pipeline(encoder, HistGradientBoostingClassifier(max_iter=60, random_state=0))
    made.fit(_inputs(learnt), learnt["employed"].to_numpy())
    return made


def pair(seed: int, rows: int) -> Pair:
    """Two random samples of people whom the model has not seen."""
    unseen = people().filter(pl.col("id") % 2 == 1).sample(2 * rows, seed=seed, shuffle=True)
    return Pair(unseen.head(rows), unseen.tail(rows))


def answered(frame: pl.DataFrame) -> pl.DataFrame:
    """The rows with the model's answers."""
    probability = model().predict_proba(_inputs(frame))[:, 1]
    return frame.with_columns(
        pl.Series("probability", probability), pl.Series("prediction", (probability >= 0.5).astype(int))
    )


def _inputs(frame: pl.DataFrame) -> np.ndarray:
    """The features as the serving code would hand them over: what is not there or not a number is missing."""
    columns: list[Any] = []
    for name in FEATURES:
        if name not in frame.columns:
            columns.append(np.full(frame.height, np.nan if name in NUMBERS else None, dtype=object))
        elif name in NUMBERS:
            columns.append(frame[name].cast(pl.Float64, strict=False).to_numpy().astype(object))
        else:
            columns.append(np.array(frame[name].cast(pl.String).to_list(), dtype=object))
    return np.column_stack(columns)
