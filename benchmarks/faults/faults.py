"""The faults: what each does to a pair of data sets, and which finding has to come first.

A fault touches the inputs before the model answers, so that predictions suffer as they would in production, or it
touches what comes out. `names` are the columns that a right finding may be about, `kinds` the kinds of finding that
tell of the fault; a finding is right when one of its `kinds` fits and, where there are `names`, one of them too.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl
from world import START, Pair

Change = Callable[[Pair, np.random.Generator], Pair]
_DATA = ("quality", "drift", "cause")
"""Kinds of finding that tell of broken inputs."""


@dataclass(frozen=True)
class Fault:
    """One fault.

    Attributes:
        name: short.
        inputs: what it does before the model answers.
        outputs: what it does afterwards.
        kinds: kinds of finding that are right, without their details.
        names: columns one of which the finding must name; () for any.
        window: windows of time to look at, where the fault is one of time.
    """

    name: str
    kinds: tuple[str, ...]
    names: tuple[str, ...] = ()
    inputs: Change | None = None
    outputs: Change | None = None
    window: str | None = None


def _now(pair: Pair, *changes: pl.Expr) -> Pair:
    return replace(pair, current=pair.current.with_columns(*changes))


def _some(pair: Pair, rng: np.random.Generator, share: float) -> pl.Series:
    return pl.Series("sy", rng.random(pair.current.height) < share)


def _where(mask: pl.Series | pl.Expr, column: str, value: object) -> pl.Expr:
    return _either(mask, pl.lit(value), column)


def _either(mask: pl.Series | pl.Expr, then: pl.Expr, column: str) -> pl.Expr:
    return pl.when(mask).then(then).otherwise(pl.col(column)).alias(column)


def months_for_years(pair: Pair, rng: np.random.Generator) -> Pair:
    """A unit changes."""
    return _now(pair, pl.col("age") * 12)


def hours_for_minutes(pair: Pair, rng: np.random.Generator) -> Pair:
    """A unit changes in a column that the model cannot use."""
    return _now(pair, pl.col("commute_minutes") / 60)


def null_burst(pair: Pair, rng: np.random.Generator) -> Pair:
    """A third of one column is lost."""
    return _now(pair, _where(_some(pair, rng, 0.33), "education", None))


def null_burst_in_segment(pair: Pair, rng: np.random.Generator) -> Pair:
    """One column is lost for most of one group."""
    mask = _some(pair, rng, 0.8).to_numpy() & (pair.current["sex"] == "female").to_numpy()
    return _now(pair, _where(pl.Series(mask), "marital_status", None))


def category_rename(pair: Pair, rng: np.random.Generator) -> Pair:
    """A value gets another name."""
    return _now(pair, pl.col("sex").replace({"female": "F", "male": "M"}))


def upper_case(pair: Pair, rng: np.random.Generator) -> Pair:
    """A new form writes part of the values in capitals."""
    return _now(pair, _either(_some(pair, rng, 0.4), pl.col("marital_status").str.to_uppercase(), "marital_status"))


def trailing_space(pair: Pair, rng: np.random.Generator) -> Pair:
    """A fixed-width export leaves spaces."""
    return _now(pair, _either(_some(pair, rng, 0.3), pl.col("disability") + " ", "disability"))


def new_category(pair: Pair, rng: np.random.Generator) -> Pair:
    """A value appears that was never seen."""
    return _now(pair, _where(_some(pair, rng, 0.08), "education", "micro-credential"))


def sentinel(pair: Pair, rng: np.random.Generator) -> Pair:
    """Missing ages become 999."""
    return _now(pair, _where(_some(pair, rng, 0.06), "age", 999))


def negative(pair: Pair, rng: np.random.Generator) -> Pair:
    """Some ages change their sign."""
    return _now(pair, _either(_some(pair, rng, 0.1), -pl.col("age"), "age"))


def stale(pair: Pair, rng: np.random.Generator) -> Pair:
    """A feature stops being updated: one value for all."""
    return _now(pair, pl.lit("high school").alias("education"))


def clipped(pair: Pair, rng: np.random.Generator) -> Pair:
    """A new type cannot hold what is above 50."""
    return _now(pair, pl.col("age").clip(upper_bound=50))


def rounded(pair: Pair, rng: np.random.Generator) -> Pair:
    """A number is only told to the next ten."""
    return _now(pair, ((pl.col("age") / 10).round() * 10).cast(pl.Int64).alias("age"))


def noisy(pair: Pair, rng: np.random.Generator) -> Pair:
    """A sensor degrades."""
    noise = pl.Series(np.round(rng.normal(0, 15, pair.current.height)).astype(int))
    return _now(pair, (pl.col("age") + noise).clip(lower_bound=0).alias("age"))


def shuffled(pair: Pair, rng: np.random.Generator) -> Pair:
    """A join goes wrong: each age belongs to someone else. No column alone moves."""
    return _now(pair, pl.Series("age", rng.permutation(pair.current["age"].to_numpy())))


def swapped(pair: Pair, rng: np.random.Generator) -> Pair:
    """Two columns change places."""
    return _now(pair, pl.col("race").alias("citizenship"), pl.col("citizenship").alias("race"))


def dropped(pair: Pair, rng: np.random.Generator) -> Pair:
    """A column is gone."""
    return replace(pair, current=pair.current.drop("disability"))


def as_text(pair: Pair, rng: np.random.Generator) -> Pair:
    """Numbers arrive as text."""
    return _now(pair, pl.col("commute_minutes").cast(pl.String) + " min")


def joined_twice(pair: Pair, rng: np.random.Generator) -> Pair:
    """A join repeats rows."""
    again = pair.current.sample(fraction=0.15, seed=int(rng.integers(1 << 30)))
    return replace(pair, current=pl.concat([pair.current, again]))


def leaked(pair: Pair, rng: np.random.Generator) -> Pair:
    """Rows of the reference are among the current ones."""
    n = pair.current.height // 4
    return replace(pair, current=pl.concat([pair.current.head(pair.current.height - n), pair.reference.head(n)]))


def too_good(pair: Pair, rng: np.random.Generator) -> Pair:
    """A column gives the answer away."""

    def with_answer(frame: pl.DataFrame) -> pl.DataFrame:
        wages = np.where(frame["employed"] == 1, rng.lognormal(10, 0.5, frame.height), 0.0)
        return frame.with_columns(pl.Series("wages", np.round(wages)))

    return Pair(with_answer(pair.reference), with_answer(pair.current))


def impossible_dates(pair: Pair, rng: np.random.Generator) -> Pair:
    """Missing days become the beginning of time."""
    return _now(pair, _where(_some(pair, rng, 0.05), "day", dt.date(1970, 1, 1)))


def days_missing(pair: Pair, rng: np.random.Generator) -> Pair:
    """Five days of data do not arrive."""
    first = START + dt.timedelta(days=40)
    gap = pl.col("day").is_between(first, first + dt.timedelta(days=4))
    return replace(pair, current=pair.current.filter(~gap))


def late_labels(pair: Pair, rng: np.random.Generator) -> Pair:
    """The last days have no labels yet."""
    late = pl.col("day") >= START + dt.timedelta(days=45)
    return _now(pair, _where(late, "employed", None))


def labels_of_flagged(pair: Pair, rng: np.random.Generator) -> Pair:
    """Only those whom the model flags get a label."""
    mask = (pair.current["prediction"] == 0).to_numpy() & _some(pair, rng, 0.8).to_numpy()
    return _now(pair, _where(pl.Series(mask), "employed", None))


def wrong_labels(pair: Pair, rng: np.random.Generator) -> Pair:
    """Some labels are wrong, whatever the row."""
    return _now(pair, _either(_some(pair, rng, 0.1), 1 - pl.col("employed"), "employed"))


def concept_in_segment(pair: Pair, rng: np.random.Generator) -> Pair:
    """In one segment the world changes: work goes to others than before."""
    inside = (pl.col("education") == "high school") & (pl.col("sex") == "male")
    return _now(pair, _either(inside, 1 - pl.col("employed"), "employed"))


def fewer_positives(pair: Pair, rng: np.random.Generator) -> Pair:
    """Half of the positives are gone, whatever their features: the base rate falls."""
    keep = (pair.current["employed"] == 0).to_numpy() | (rng.random(pair.current.height) < 0.5)
    return replace(pair, current=pair.current.filter(pl.Series(keep)))


def older_people(pair: Pair, rng: np.random.Generator) -> Pair:
    """Other people are asked: the young mostly stay away."""
    age = pair.current["age"].to_numpy()
    return replace(pair, current=pair.current.filter(pl.Series(rng.random(len(age)) < np.where(age < 45, 0.25, 1.0))))


def other_threshold(pair: Pair, rng: np.random.Generator) -> Pair:
    """The decision is cut elsewhere."""
    return _now(pair, (pl.col("probability") >= 0.8).cast(pl.Int64).alias("prediction"))


def squared_scores(pair: Pair, rng: np.random.Generator) -> Pair:
    """A new version of the service returns p², and decides by it."""
    squared = pl.col("probability") ** 2
    return _now(pair, squared.alias("probability"), (squared >= 0.5).cast(pl.Int64).alias("prediction"))


def fallback_scores(pair: Pair, rng: np.random.Generator) -> Pair:
    """A time-out answers 0.5 for one row in five."""
    mask = _some(pair, rng, 0.2)
    return _now(pair, _where(mask, "probability", 0.5), _where(mask, "prediction", 1))


def lost_answers(pair: Pair, rng: np.random.Generator) -> Pair:
    """One answer in ten is lost."""
    mask = _some(pair, rng, 0.1)
    return _now(pair, _where(mask, "probability", None), _where(mask, "prediction", None))


FAULTS: tuple[Fault, ...] = (
    Fault("months for years", _DATA, ("age",), months_for_years),
    Fault("hours for minutes, unused column", _DATA, ("commute_minutes",), hours_for_minutes),
    Fault("null burst", _DATA, ("education",), null_burst),
    Fault("null burst in a segment", _DATA, ("marital_status",), null_burst_in_segment),
    Fault("categories renamed", _DATA, ("sex",), category_rename),
    Fault("capitals in part of a column", _DATA, ("marital_status",), upper_case),
    Fault("trailing spaces", _DATA, ("disability",), trailing_space),
    Fault("new category", _DATA, ("education",), new_category),
    Fault("999 for missing", _DATA, ("age",), sentinel),
    Fault("signs flipped", _DATA, ("age",), negative),
    Fault("stale feature", _DATA, ("education",), stale),
    Fault("clipped", _DATA, ("age",), clipped),
    Fault("rounded to tens", _DATA, ("age",), rounded),
    Fault("noise", _DATA, ("age",), noisy),
    Fault("values shuffled, marginals equal", _DATA, ("age",), shuffled),
    Fault("columns swapped", _DATA, ("race", "citizenship"), swapped),
    Fault("column gone", _DATA, ("disability",), dropped),
    Fault("numbers as text", _DATA, ("commute_minutes",), as_text),
    Fault("rows joined twice", ("quality",), (), joined_twice),
    Fault("reference rows leaked", ("quality",), (), leaked),
    Fault("target leaked into a feature", ("quality",), ("wages",), too_good),
    Fault("impossible dates", _DATA, ("day",), impossible_dates),
    Fault("days missing", ("over-time", "quality"), (), days_missing, window="1d"),
    Fault("late labels", ("missing", "quality"), ("label", "employed"), outputs=late_labels),
    Fault("labels of the flagged only", ("missing", "quality"), ("label", "employed"), outputs=labels_of_flagged),
    Fault("wrong labels", ("cause", "change", "quality"), (), outputs=wrong_labels),
    Fault("concept flips in a segment", ("cause", "segment"), ("education", "sex"), outputs=concept_in_segment),
    Fault("base rate falls", ("cause", "change"), (), fewer_positives),
    Fault("mix of people", ("cause", "drift"), ("age", "age_group"), older_people),
    Fault("threshold moved", ("cause", "decisions", "threshold", "change"), (), outputs=other_threshold),
    Fault("scores squared", ("cause", "drift", "calibration", "change"), (), outputs=squared_scores),
    Fault("fallback scores", ("cause", "quality", "drift"), (), outputs=fallback_scores),
    Fault("answers lost", ("missing", "quality"), ("score", "prediction", "probability"), outputs=lost_answers),
)


def planted(fault: Fault | None, pair: Pair, answered: Callable[[pl.DataFrame], pl.DataFrame], seed: int) -> Pair:
    """The pair with the model's answers, and with the fault in it (None: without any)."""
    rng = np.random.default_rng(seed)
    if fault is not None and fault.inputs is not None:
        pair = fault.inputs(pair, rng)
    pair = Pair(answered(pair.reference), answered(pair.current))
    if fault is not None and fault.outputs is not None:
        pair = fault.outputs(pair, rng)
    return pair
